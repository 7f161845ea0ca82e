"""A Parquet file of canonical rows as batches of codes, in bounded memory.

Text stays dictionary-coded as it lies in the file: its dictionary is encoded, and each row looks its code up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as pt
from numpy.typing import NDArray

from privacy.codecs import ARROW_TYPES
from privacy.domain import Domain
from privacy.sources.codes import Codes, Layout
from privacy.sources.rules import Rule
from privacy.sources.view import View

_BATCH_ROWS = 1 << 16
_BUFFER_BYTES = 1 << 20

T = TypeVar("T")


class Stream:
    """Reads and encodes; holds no rows."""

    def __init__(self, path: Path, rules: Mapping[str, Rule], domain: Domain, *, threads: int) -> None:
        """Raises: KeyError for a column that the file has not, ValueError for one that is not of its canonical type."""
        self._path, self._rules, self._domain, self._threads = path, rules, domain, threads
        metadata, schema = pq.read_metadata(path), pq.read_schema(path)
        for name, rule in rules.items():
            if schema.field(name).type != ARROW_TYPES[rule.type]:
                raise ValueError("A column is not of the canonical type.")
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._starts = [0, *np.cumsum(sizes, dtype=np.int64).tolist()]
        self._text = [name for name, rule in rules.items() if pt.is_string(ARROW_TYPES[rule.type])]

    @property
    def domain(self) -> Domain:
        """The columns that are encoded."""
        return self._domain

    @property
    def n_rows(self) -> int:
        """Rows of the file."""
        return int(self._starts[-1])

    def read(self) -> Codes:
        """The codes of all rows."""
        codes = Layout.of(self._domain).empty(self.n_rows)
        view = View.of(self._domain)

        def fill(groups: Iterator[int]) -> None:
            for start, part in self.batches(groups, view, codes.layout):
                codes.small[:, start : start + part.n_rows] = part.small
                codes.wide[:, start : start + part.n_rows] = part.wide

        self.each_thread(fill)
        return codes

    def each_thread(self, work: Callable[[Iterator[int]], T]) -> list[T]:
        """Run ``work`` in each thread; all of them draw row groups from one queue."""
        groups: SimpleQueue[int] = SimpleQueue()
        n_groups = len(self._starts) - 1
        for group in range(n_groups):
            groups.put(group)
        n_threads = max(1, min(self._threads, n_groups))
        if n_threads == 1:
            return [work(_drawn(groups))]
        with ThreadPoolExecutor(n_threads) as pool:
            return list(pool.map(lambda _: work(_drawn(groups)), range(n_threads)))

    def batches(self, groups: Iterator[int], view: View, layout: Layout) -> Iterator[tuple[int, Codes]]:
        """(number of the first row, codes) of each batch of the row groups: the layout's columns of the view."""
        columns = list(view.bases(layout.domain))
        text = [name for name in columns if name in self._text]
        with pq.ParquetFile(self._path, read_dictionary=text, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
            for group in groups:
                start = self._starts[group]
                for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False):
                    yield start, self._codes(batch, view, layout)
                    start += batch.num_rows

    def _codes(self, batch: pa.RecordBatch, view: View, layout: Layout) -> Codes:
        codes = layout.empty(batch.num_rows)
        bases = {name: _encode(self._rules[name], batch.column(name)) for name in view.bases(layout.domain)}
        for name in layout.domain:
            source = view.columns[name]
            base = bases[source.base]
            codes[name][:] = base if source.mapping is None else source.mapping[base]
        return codes


def _drawn(groups: SimpleQueue[int]) -> Iterator[int]:
    while True:
        try:
            yield groups.get_nowait()
        except Empty:
            return


def _encode(rule: Rule, array: pa.Array) -> NDArray[np.int64]:
    if not pt.is_dictionary(array.type):
        return rule.encode(array)
    codes = np.append(rule.encode(array.dictionary), rule.missing)
    rows = np.asarray(pc.fill_null(array.indices, len(array.dictionary)))
    return np.asarray(codes[rows], dtype=np.int64)
