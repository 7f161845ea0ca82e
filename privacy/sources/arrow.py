"""Exact counts from code arrays in memory.

Small work goes through numpy, which starts at once; large work through a loop that numba compiles in about two
seconds, and that then counts 0.4 to 3 billion pairs of codes a second and core (docs/bench/counting.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.sources.codes import Codes, Layout
from privacy.sources.cover import cover, waves
from privacy.sources.rules import canonical_zero
from privacy.sources.tally import Add, Loops, Program, Totals
from privacy.sources.view import View

_SLICE = 1 << 17
"""Rows encoded or recoded at a time."""


class ArrowRows:
    """A canonical table in memory."""

    is_readable = True

    def __init__(self, table: pa.Table, *, threads: int = 1) -> None:
        self._table = table
        self._threads = threads

    @property
    def column_names(self) -> Sequence[str]:
        """The columns."""
        names: list[str] = self._table.column_names
        return names

    @property
    def num_rows(self) -> int:
        """Rows, exactly."""
        return int(self._table.num_rows)

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """One column. Raises: KeyError for an unknown one."""
        return self._table[name]

    def coded(self, discretisation: Discretisation) -> ArrowCounts:
        """The rows as codes, encoded slice by slice."""
        codes = Layout.of(discretisation.domain).empty(self._table.num_rows)
        for start in range(0, self._table.num_rows, _SLICE):
            rows = self._table.slice(start, _SLICE)
            for codec in discretisation.codecs:
                codes.fill(codec.name, start, codec.encode(canonical_zero(rows[codec.name])))
        return ArrowCounts.of(codes, threads=self._threads)


class ArrowCounts:
    """Code arrays of one table; unsigned integers, a byte each where the column's size allows."""

    def __init__(self, codes: Mapping[str, NDArray[np.integer[Any]]], domain: Domain, *, n_rows: int) -> None:
        """Raises: ValueError if a column has another length, or a code outside of its size; KeyError for none."""
        if any(codes[name].size != n_rows for name in domain):
            raise ValueError("All columns have the same number of rows.")
        stored = Layout.of(domain).empty(n_rows)
        for name in domain:
            stored.fill(name, 0, codes[name])
        self._set(stored, View.of(domain), Loops(), 1)

    @classmethod
    def of(cls, codes: Codes, *, threads: int = 1) -> ArrowCounts:
        """Counts of codes that are already in matrices, counted by up to ``threads`` threads."""
        counts = cls.__new__(cls)
        counts._set(codes, View.of(codes.layout.domain), Loops(), threads)
        return counts

    def _set(self, codes: Codes, view: View, loops: Loops, threads: int) -> None:
        self._codes, self._view, self._loops, self._threads = codes, view, loops, threads

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        return self._view.domain

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, of shape ``domain.shape(clique)``; the empty clique counts the rows."""
        for clique in cliques:
            self.domain.shape(clique)
        return self._counts(cliques)

    def _counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        for wave in waves(cliques, self.domain):
            covered = cover(wave, self.domain)
            count = _Count(self._codes, self._view, covered.columns)
            program = Program.of(covered, count.layout)
            add = self._loops.pick(program, self._codes.n_rows)
            yield from program.margins(count.totals(program, add, self._threads))

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> ArrowCounts:
        """The same rows over derived columns, each code mapped to a new one when it is counted."""
        counts = ArrowCounts.__new__(ArrowCounts)
        counts._set(self._codes, self._view.recoded(columns), self._loops, self._threads)
        return counts


class _Count:
    """One pass over the codes, for some columns of a view."""

    def __init__(self, codes: Codes, view: View, names: Sequence[str]) -> None:
        self.codes, self.view, self.names = codes, view, names
        self.is_plain = all(view.columns[name].mapping is None and view.columns[name].base == name for name in names)
        self.layout = codes.layout if self.is_plain else Layout.of(view.domain.project(names))

    def totals(self, program: Program, add: Add, threads: int) -> Totals:
        """Counts of all rows; each thread has its own part of the rows, and its own counts if there are few cells."""
        n_rows = self.codes.n_rows
        n_parts = max(1, min(threads, n_rows // max(_SLICE, int(program.offsets[-1]))))
        edges = [n_rows * part // n_parts for part in range(n_parts + 1)]
        if n_parts == 1:
            return self.part(program, add, (0, n_rows))
        with ThreadPoolExecutor(n_parts) as pool:
            parts = pool.map(lambda rows: self.part(program, add, rows), pairwise(edges))
            return np.asarray(sum(parts), dtype=np.int64)

    def part(self, program: Program, add: Add, rows: tuple[int, int]) -> Totals:
        """Counts of some rows."""
        totals = program.zeros()
        if self.is_plain:
            add(program, self.codes, rows, totals)
            return totals
        for start in range(rows[0], rows[1], _SLICE):
            stop = min(start + _SLICE, rows[1])
            add(program, self.slice(start, stop), (0, stop - start), totals)
        return totals

    def slice(self, start: int, stop: int) -> Codes:
        """Derived codes of a few rows."""
        derived = self.layout.empty(stop - start)
        for name in self.names:
            source = self.view.columns[name]
            codes = self.codes[source.base][start:stop]
            derived[name][:] = codes if source.mapping is None else source.mapping[codes]
        return derived
