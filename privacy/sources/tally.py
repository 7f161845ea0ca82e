"""Adds rows to the exact counts of many cliques at once, with numpy or with compiled loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique
from privacy.sources.codes import Codes, Layout
from privacy.sources.cover import Cover

COMPILE_ABOVE = 150_000_000
"""Rows times blocks, over a source's life, from which compiling pays: numpy takes about 1.5 s for them."""
_SLICE = 1 << 16

Totals = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """The blocks of a cover as arrays, for codes of one layout."""

    cover: Cover
    layout: Layout
    starts: NDArray[np.int64]
    places: NDArray[np.int64]
    sizes: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, cover: Cover, layout: Layout) -> Program:
        """Every column of the cover is in the layout."""
        columns = [name for block in cover.blocks for name in block]
        return cls(
            cover=cover,
            layout=layout,
            starts=_ends([len(block) for block in cover.blocks]),
            places=np.array([layout.place[name] for name in columns], dtype=np.int64),
            sizes=np.array([layout.domain[name] for name in columns], dtype=np.int64),
            offsets=_ends([layout.domain.size(block) for block in cover.blocks]),
        )

    def zeros(self) -> Totals:
        """Counts of no rows."""
        return np.zeros(int(self.offsets[-1]), dtype=np.int64)

    def margins(self, totals: Totals) -> Iterator[NDArray[np.int64]]:
        """The counts of each wanted clique, in order."""
        for clique, owner in zip(self.cover.cliques, self.cover.owner, strict=True):
            block = self.cover.blocks[owner]
            counts = totals[self.offsets[owner] : self.offsets[owner + 1]].reshape(self.layout.domain.shape(block))
            yield margin(counts, block, clique)


def margin(counts: NDArray[np.int64], block: Clique, clique: Clique) -> NDArray[np.int64]:
    """Counts over ``block`` summed to its part ``clique``, axes in the clique's order; an array of its own."""
    rest = tuple(axis for axis, name in enumerate(block) if name not in clique)
    kept = [name for name in block if name in clique]
    summed = np.asarray(counts.sum(axis=rest) if rest else counts, dtype=np.int64)
    return summed.transpose([kept.index(name) for name in clique]).copy()


Add = Callable[[Program, Codes, tuple[int, int], Totals], None]


class Loops:
    """Picks the loops: numpy's start at once, compiled ones count several times faster once they are there."""

    def __init__(self) -> None:
        self._work = 0

    def pick(self, program: Program, n_rows: int) -> Add:
        """Loops for this many rows. What is compiled once stays in use."""
        self._work += n_rows * len(program.cover.blocks)
        return _add_compiled if self._work > COMPILE_ABOVE else _add


def _add(program: Program, codes: Codes, rows: tuple[int, int], totals: Totals) -> None:
    for index, block in enumerate(program.cover.blocks):
        total = totals[program.offsets[index] : program.offsets[index + 1]]
        step = _SLICE if total.size <= _SLICE else max(rows[1] - rows[0], 1)
        for start in range(rows[0], rows[1], step):
            stop = min(start + step, rows[1])
            cells = np.zeros(stop - start, dtype=np.intp)
            for name in block:
                cells *= program.layout.domain[name]
                cells += codes[name][start:stop]
            total += np.bincount(cells, minlength=total.size)


def _add_compiled(program: Program, codes: Codes, rows: tuple[int, int], totals: Totals) -> None:
    from privacy.sources.compiled import tally

    tally(codes.small, codes.wide, rows, program.starts, program.places, program.sizes, program.offsets, totals)


def _ends(lengths: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
