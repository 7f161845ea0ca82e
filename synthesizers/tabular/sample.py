"""Rows from a fitted junction tree, with counts rounded rather than drawn row by row.

Each node gives every group of rows that share a separator value its expected counts, rounded so that they add
up (systematic rounding: each count is the floor or the ceiling of its expectation, and unbiased), dealt out to the
group's rows in random order. Columns that the model holds conditionally independent are so in the rows. A node that
tells nothing new (all its columns are known as finely already) is passed over.

Rows are made in shards that fit a core's cache, each by its own (seed, shard), so a count of many rows is within
one row for each shard of its expectation, and any shard can be made again without the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.propagate import Table
from synthesizers.tabular.steps import Codes, Step, steps_of

SHARD = 2**17
"""Rows of a shard."""
COMPILED_FROM = 2**22
"""Rows from which on compiling the loops takes less time than it saves."""
_BLOCK = 2**15
"""Rows that are looked up at a time, so that what stands between two look-ups stays in the nearest cache."""


class Sampler:
    """Shards of rows of one tree. Every column must be at its finest level in some node."""

    def __init__(self, axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table]) -> None:
        self._n_columns = len(axes)
        self._steps = steps_of(axes, nodes, beliefs)
        self._orders = [(axis.order.astype(np.int32), column, column) for column, axis in enumerate(axes)]

    def shard(self, n_rows: int, *, seed: int, shard: int, compiled: bool = False) -> list[Codes]:
        """``n_rows`` rows, at most ``SHARD``, as codes by column. The same arguments give the same rows.

        ``compiled`` changes the time, not the rows.
        Time: about 25 ns a row and node that tells something, 12 compiled.
        """
        groups = np.empty((self._n_columns, n_rows), dtype=np.int32)
        rows = Rows(groups, np.random.Generator(np.random.SFC64([seed, shard])), compiled=compiled)
        for step in self._steps:
            rows.extend(step)
        rows.look_up(self._orders)
        return list(groups)


def shards(n_rows: int) -> Iterator[tuple[int, int]]:
    """(shard, its number of rows) of so many rows; one of none for none."""
    for shard, low in enumerate(range(0, max(n_rows, 1), SHARD)):
        yield shard, min(SHARD, n_rows - low)


def sample(
    axes: Sequence[Axis], nodes: Sequence[Node], beliefs: Sequence[Table], n_rows: int, *, seed: int
) -> list[Codes]:
    """``n_rows`` rows as codes by column, all shards together."""
    sampler, compiled = Sampler(axes, nodes, beliefs), n_rows >= COMPILED_FROM
    parts = [sampler.shard(size, seed=seed, shard=shard, compiled=compiled) for shard, size in shards(n_rows)]
    return [np.concatenate([part[column] for part in parts]) for column in range(len(axes))]


class Rows:
    """One shard: what is known of its rows so far, each column's groups at some level."""

    def __init__(self, groups: Codes, rng: np.random.Generator, *, compiled: bool) -> None:
        """``groups``: by column and row, which is written to."""
        self._groups, self._rng, self._n_rows = groups, rng, groups.shape[1]
        self._key, self._places, self._cells = (np.empty(self._n_rows, dtype=np.int32) for _ in range(3))
        self._ends = np.arange(self._n_rows + 1, dtype=np.int32)
        self._blocks = [slice(low, min(low + _BLOCK, self._n_rows)) for low in range(0, self._n_rows, _BLOCK)]
        self._find_groups: Callable[[Step], NDArray[np.int64]] = self._find_groups_by_numpy
        self._deal: Callable[[NDArray[np.int64], Codes], None] = self._deal_by_numpy
        if compiled:
            self._find_groups, self._deal = self._find_groups_compiled, self._deal_compiled

    def extend(self, step: Step) -> None:
        """Draw the columns of a node that are not known as finely yet, given its separator."""
        sizes = self._find_groups(step)
        counts = step.rounded(sizes, self._rng)
        self._deal(sizes, np.repeat(np.arange(counts.size, dtype=np.int32), counts))
        self.look_up([(ranks, column, None) for column, ranks in step.news])

    def look_up(self, tables: Sequence[tuple[Codes, int, int | None]]) -> None:
        """For each (table, column, source): the column becomes the table at the source column, or at the cells."""
        for block in self._blocks:
            for table, column, source in tables:
                ranks = self._cells if source is None else self._groups[source]
                self._groups[column][block] = table.take(ranks[block])

    def _find_groups_by_numpy(self, step: Step) -> NDArray[np.int64]:
        """Set each row's key to its separator group. Returns the groups' sizes."""
        sizes = np.zeros(step.first.size, dtype=np.int64)
        for block in self._blocks:
            key = self._key[block]
            key[:] = 0
            for column, ranks in step.keys:
                key += ranks.take(self._groups[column][block])
            sizes += np.bincount(key, minlength=sizes.size)
        return sizes

    def _deal_by_numpy(self, sizes: NDArray[np.int64], owner: Codes) -> None:
        """Set each row's cell: ``owner`` holds the cells of each group's rows, one group after the other.

        Each group owns as many places as it has rows; each of its rows goes to a random one, and a counting sort by
        place puts the rows in order: turning a compressed column matrix with one entry a column into rows is one.
        Rows that meet in a place stay in the order of their numbers. That order is random itself, from the first
        node on, and matters only where the place is cut by the end of a cell's run. A permutation of all rows first
        would take three times as long.
        """
        first, wide = (np.cumsum(sizes) - sizes).astype(np.int32), sizes.astype(np.float32)
        for block in self._blocks:
            key = self._key[block]
            # A float of 24 bits below 1, times a whole number of fewer bits, stays below that number.
            share = self._rng.random(key.size, dtype=np.float32)
            share *= wide.take(key)
            np.add(share.astype(np.int32), first.take(key), out=self._places[block])
        flags = np.empty(self._n_rows, dtype=np.int8)
        table = sparse.csc_array((flags, self._places, self._ends), shape=(self._n_rows, self._n_rows))
        self._cells[np.asarray(table.tocsr().indices)] = owner

    def _find_groups_compiled(self, step: Step) -> NDArray[np.int64]:
        from synthesizers.tabular.compiled import find_groups

        sizes = np.zeros(step.first.size, dtype=np.int64)
        columns = np.array([column for column, _ in step.keys], dtype=np.int64)
        tables = np.concatenate([np.zeros(0, dtype=np.int32), *(ranks for _, ranks in step.keys)])
        starts = np.cumsum([0, *(ranks.size for _, ranks in step.keys)], dtype=np.int64)
        find_groups(self._groups, columns, tables, starts, self._key, sizes)
        return sizes

    def _deal_compiled(self, sizes: NDArray[np.int64], owner: Codes) -> None:
        from synthesizers.tabular.compiled import deal

        first = (np.cumsum(sizes) - sizes).astype(np.int32)
        shares = np.asarray(self._rng.random(self._n_rows, dtype=np.float32), dtype=np.float32)
        deal(self._key, shares, first, sizes, owner, self._ends, self._cells)
