"""Which tables to count so that every wanted one can be read off by summing.

A pass over the rows costs about as much for a table over four columns as for one over two, and the former holds
six pairs. So pairs with few cells are packed into blocks: tables over more columns, of at most BLOCK_CELLS cells,
which stay in the fastest cache. Fifteen columns of eight codes need 21 blocks for their 105 pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique, Domain

BLOCK_CELLS = 4096
"""Most cells of a packed block: 32 KiB of counters, the first-level cache of a core."""
WAVE_CELLS = 1 << 25
"""Wanted and counted cells held at a time, unless a single clique has more."""
_MOST_CELLS = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Tables to count, and for each wanted clique the table that it is a margin of."""

    cliques: tuple[Clique, ...]
    blocks: tuple[Clique, ...]
    owner: tuple[int, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are counted, each once."""
        return tuple(dict.fromkeys(name for block in self.blocks for name in block))


def waves(cliques: Sequence[Clique], domain: Domain) -> Iterator[Sequence[Clique]]:
    """The cliques in order, in runs that hold at most WAVE_CELLS cells each (or one clique)."""
    first, held = 0, 0
    for index, clique in enumerate(cliques):
        cells = domain.size(clique) + BLOCK_CELLS
        if index > first and held + cells > WAVE_CELLS:
            yield cliques[first:index]
            first, held = index, 0
        held += cells
    if first < len(cliques):
        yield cliques[first:]


def cover(cliques: Sequence[Clique], domain: Domain) -> Cover:
    """Blocks for cliques of one wave.

    Raises: ValueError if a clique has more cells than any memory.
    """
    if any(domain.size(clique) >= _MOST_CELLS for clique in cliques):
        raise ValueError("A clique has too many cells to be counted.")
    packer = _Packer(domain)
    for clique in sorted(set(cliques), key=len, reverse=True):
        if len(clique) > 2 or (len(clique) == 2 and domain.size(clique) > BLOCK_CELLS // 2):
            packer.alone(clique)
    for clique in cliques:
        if len(clique) == 2:
            packer.want(clique)
    packer.pack()
    for clique in cliques:
        packer.alone(clique)
    return Cover(
        cliques=tuple(cliques),
        blocks=tuple(packer.blocks),
        owner=tuple(packer.owner[tuple(sorted(clique))] for clique in cliques),
    )


class _Packer:
    """Greedy: a block grows by the column that covers most pairs that are still wanted."""

    def __init__(self, domain: Domain) -> None:
        self.names = tuple(domain)
        self.sizes = np.array(domain.sizes, dtype=np.int64)
        self.place = {name: place for place, name in enumerate(self.names)}
        self.wanted = np.zeros((len(self.names), len(self.names)), dtype=bool)
        self.blocks: list[Clique] = []
        self.owner: dict[Clique, int] = {}

    def alone(self, clique: Clique) -> None:
        """A block of its own, unless it is a margin of a block that is there already."""
        if tuple(sorted(clique)) not in self.owner:
            self.add(clique)

    def want(self, clique: Clique) -> None:
        """A pair for ``pack``."""
        if tuple(sorted(clique)) not in self.owner:
            first, second = (self.place[name] for name in clique)
            self.wanted[first, second] = self.wanted[second, first] = True

    def pack(self) -> None:
        """Blocks until no pair is wanted."""
        while self.wanted.any():
            block = self.grow(int(np.argmax(self.wanted.sum(axis=1))))
            self.wanted[np.ix_(block, block)] = False
            self.add(tuple(self.names[place] for place in block))

    def grow(self, first: int) -> list[int]:
        """A block around a column."""
        block, cells = [first], int(self.sizes[first])
        while True:
            gain: NDArray[np.int64] = self.wanted[block].sum(axis=0)
            gain[block] = 0
            gain[cells * self.sizes > BLOCK_CELLS] = 0
            best = int(np.argmax(gain))
            if not gain[best]:
                return block
            block.append(best)
            cells *= int(self.sizes[best])

    def add(self, block: Clique) -> None:
        """Note the block, and all its small margins as owned by it."""
        index = len(self.blocks)
        self.blocks.append(block)
        for n in range(min(len(block), 2) + 1):
            for part in combinations(sorted(block), n):
                self.owner.setdefault(part, index)
        self.owner[tuple(sorted(block))] = index
