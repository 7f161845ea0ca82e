"""Nested groupings of one column's codes, from fine to coarse.

A pair of columns is measured on groups of codes, not on codes, so that each cell holds enough rows to stand
above the noise. All groupings of one column are nested: a coarse group is a union of finer ones. They are made
from released numbers and the schema only, so nothing here is private.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Numbers of groups that a grouping may have, apart from all codes on their own."""
_SMOOTH = 0.5
_REFUTES = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What a column's codes are, a public fact: codes 0 to n_ordered - 1 are in a meaningful order.

    The others (a zero apart, OTHER, missing) stand by themselves; ``zero`` is the code of a zero apart, which
    belongs before the ordered ones. n_ordered is 0 for a nominal column. ``certain`` is False if the order is a
    guess, which released counts may refute (see ``settled``).
    """

    size: int
    n_ordered: int
    zero: int | None = None
    certain: bool = True

    @property
    def is_ordered(self) -> bool:
        """Whether some codes are in order."""
        return self.n_ordered > 0

    def settled(self, counts: NDArray[np.float64], stddev: float = 0.0) -> Coding:
        """A guessed order stands if neighbouring codes have alike (released) counts, as they have in most orders.

        Von Neumann's ratio of the counts' ranks: about 1 for codes in no order, well below for a smooth run. Counts
        that differ by little more than their noise (``stddev``) refute nothing.
        """
        if self.certain:
            return self
        own = counts[: self.n_ordered]
        if float(own.var()) < _REFUTES * stddev**2:
            return replace(self, certain=True)
        ranks = rankdata(own)
        ratio = float((np.diff(ranks) ** 2).mean() / max(2 * ranks.var(), 1e-12))
        return replace(self, n_ordered=self.n_ordered if ratio < _SMOOTH else 0, certain=True)

    def order(self) -> NDArray[np.intp]:
        """All codes of an ordered column: zero, then the ordered ones, then the rest."""
        head = [] if self.zero is None else [self.zero]
        tail = [code for code in range(self.n_ordered, self.size) if code != self.zero]
        return np.array([*head, *range(self.n_ordered), *tail], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Axis:
    """The groupings of one column.

    ``order[position]`` is a code; every group of every level is a run of positions. ``starts[level]`` holds
    the first position of each group; the last level has every code on its own.
    """

    order: NDArray[np.intp]
    starts: tuple[NDArray[np.intp], ...]

    @property
    def finest(self) -> int:
        """The level where every code is a group."""
        return len(self.starts) - 1

    def groups(self, level: int) -> int:
        """How many groups a level has."""
        return len(self.starts[level])

    def coarser(self, fine: int, coarse: int) -> NDArray[np.intp]:
        """Map of the groups at level ``fine`` to the groups at level ``coarse``."""
        return np.searchsorted(self.starts[coarse], self.starts[fine], side="right") - 1

    def offsets(self, fine: int, coarse: int) -> NDArray[np.intp]:
        """For each group at ``coarse``, the index of its first group at ``fine``."""
        return np.searchsorted(self.starts[fine], self.starts[coarse])

    def code_map(self, level: int) -> NDArray[np.intp]:
        """Map of codes to groups at ``level``."""
        groups = np.empty(len(self.order), dtype=np.intp)
        groups[self.order] = self.coarser(self.finest, level)
        return groups

    def collapse(self, counts: NDArray[np.float64], level: int) -> NDArray[np.float64]:
        """Counts by code, added up by group."""
        return np.add.reduceat(counts[self.order], self.starts[level])


def make_axis(counts: NDArray[np.float64], code: Coding, *, ladder: Sequence[int] = LADDER) -> Axis:
    """The groupings of a column with these (released, non-negative) counts by code.

    Ordered codes: the heaviest run is cut near its middle, again and again (as quantiles would, but nested).
    Unordered codes: the frequent ones stand alone, the rest stays together.
    """
    size = len(counts)
    order = code.order() if code.is_ordered else np.argsort(-counts, kind="stable")
    cuts = _balanced_cuts(counts[order]) if code.is_ordered else np.arange(1, size)
    sizes = [groups for groups in ladder if groups < size] + [size]
    starts = tuple(np.sort(np.concatenate([[0], cuts[: groups - 1]])).astype(np.intp) for groups in sizes)
    return Axis(order.astype(np.intp), starts)


def _balanced_cuts(mass: NDArray[np.float64]) -> NDArray[np.intp]:
    """All cuts of an ordered column, the most useful first."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    heap = [(-total[-1], 0, len(mass))]
    cuts: list[int] = []
    while heap:
        _, low, high = heapq.heappop(heap)
        if high - low < 2:
            continue
        middle = (total[low] + total[high]) / 2
        cut = low + 1 + int(np.argmin(np.abs(total[low + 1 : high] - middle)))
        cuts.append(cut)
        for first, last in ((low, cut), (cut, high)):
            heapq.heappush(heap, (-(total[last] - total[first]), first, last))
    return np.array(cuts, dtype=np.intp)
