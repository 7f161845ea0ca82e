"""Exact counts of a Parquet file that may be larger than memory.

Rows are read batch by batch, encoded, and added to the counts: cells add up, so the order and the number of threads
make no difference. What is held is the counts and one batch a thread. If the codes of all rows fit a stated number of
bytes they are kept, so that a session's later questions read no file; else each question reads its own columns again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.sources.arrow import ArrowCounts
from privacy.sources.base import CountSource
from privacy.sources.codes import Layout
from privacy.sources.cover import cover, waves
from privacy.sources.rules import rule_of
from privacy.sources.stream import Stream
from privacy.sources.tally import Loops, Program, Totals
from privacy.sources.view import View

CODES_BYTES = 2 << 30
"""Codes of all rows are kept in memory up to this size: 2 GiB are 100 million rows of 20 columns."""


class ParquetRows:
    """A file of canonical rows, already capped per unit (``privacy.ingest.bound_rows``)."""

    is_readable = True

    def __init__(self, path: Path, *, threads: int = 1, codes_bytes: int = CODES_BYTES) -> None:
        """``threads`` read row groups side by side. ``codes_bytes``: most bytes of codes to keep."""
        self._path, self._threads, self._codes_bytes = path, threads, codes_bytes
        self._names: list[str] = pq.read_schema(path).names

    @property
    def column_names(self) -> Sequence[str]:
        """The columns."""
        return self._names

    @property
    def num_rows(self) -> int:
        """Rows, exactly."""
        return int(pq.read_metadata(self._path).num_rows)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """One column, all of it in memory. Raises: KeyError for an unknown one."""
        if name not in self._names:
            raise KeyError(name)
        return pq.read_table(self._path, columns=[name])[name]

    def coded(self, discretisation: Discretisation) -> CountSource:
        """The rows as codes: in memory if they fit, else read anew for every question.

        Raises: KeyError for a column that the file has not, ValueError for one that is not of its canonical type.
        """
        rules = {codec.name: rule_of(codec) for codec in discretisation.codecs}
        stream = Stream(self._path, rules, discretisation.domain, threads=self._threads)
        if stream.n_rows * Layout.of(stream.domain).row_bytes > self._codes_bytes:
            return ParquetCounts(stream)
        return ArrowCounts.of(stream.read(), threads=self._threads)


class ParquetCounts:
    """Counts straight from the file."""

    def __init__(self, stream: Stream, view: View | None = None, loops: Loops | None = None) -> None:
        self._stream = stream
        self._view = view or View.of(stream.domain)
        self._loops = loops or Loops()

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        return self._view.domain

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, of shape ``domain.shape(clique)``; the empty clique counts the rows.

        One pass over the columns that the cliques need, unless they have more than ``cover.WAVE_CELLS`` cells.
        """
        for clique in cliques:
            self.domain.shape(clique)
        return self._counts(cliques)

    def _counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        for wave in waves(cliques, self.domain):
            covered = cover(wave, self.domain)
            program = Program.of(covered, Layout.of(self.domain.project(covered.columns)))
            yield from program.margins(self._totals(program))

    def _totals(self, program: Program) -> Totals:
        add = self._loops.pick(program, self._stream.n_rows)

        def count(groups: Iterator[int]) -> Totals:
            totals = program.zeros()
            for _, codes in self._stream.batches(groups, self._view, program.layout):
                add(program, codes, (0, codes.n_rows), totals)
            return totals

        return np.asarray(sum(self._stream.each_thread(count)), dtype=np.int64)

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> ParquetCounts:
        """The same rows over derived columns, each code mapped to a new one when it is counted."""
        return ParquetCounts(self._stream, self._view.recoded(columns), self._loops)
