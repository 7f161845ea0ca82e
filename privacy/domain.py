"""Discrete domains: which columns a model knows and how many codes each has.

Anyone may import this. It holds sizes only, never a value and never a row. The algebra (project, merge,
size) follows the ``Domain`` of private-pgm: McKenna et al. 2019, arXiv:1901.09136.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Clique = tuple[str, ...]
"""Names of distinct columns. The order is the order of the axes of an array over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Columns and their numbers of codes; codes of a column run from 0 to its size - 1.

    >>> domain = Domain(names=("age", "sex"), sizes=(8, 2))
    >>> domain.size(), domain.shape(("sex",)), domain["age"]
    (16, (2,), 8)
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        index = {name: position for position, name in enumerate(self.names)}
        if len(self.names) != len(self.sizes) or len(index) != len(self.names):
            raise ValueError("A domain has distinct names and one size for each.")
        if any(size < 1 for size in self.sizes):
            raise ValueError("A column has at least one code.")
        object.__setattr__(self, "_index", index)

    @classmethod
    def of(cls, sizes: Mapping[str, int]) -> Domain:
        """A domain from names and sizes, in the mapping's order."""
        return cls(names=tuple(sizes), sizes=tuple(sizes.values()))

    def __getitem__(self, name: str) -> int:
        return self.sizes[self._index[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def shape(self, clique: Iterable[str]) -> tuple[int, ...]:
        """The shape of an array over ``clique``, axes in the clique's order. Raises: KeyError."""
        return tuple(self[name] for name in clique)

    def size(self, clique: Iterable[str] | None = None) -> int:
        """Number of cells of ``clique``, as an exact integer; of the whole domain without one."""
        return math.prod(self.sizes if clique is None else self.shape(clique))

    def axes(self, clique: Iterable[str]) -> tuple[int, ...]:
        """Positions of the clique's columns in this domain."""
        return tuple(self._index[name] for name in clique)

    def project(self, clique: Iterable[str]) -> Domain:
        """The domain of ``clique`` alone, in the clique's order. Raises: KeyError."""
        names = tuple(clique)
        return Domain(names=names, sizes=self.shape(names))

    def merge(self, other: Domain) -> Domain:
        """All columns of both; the columns of ``self`` come first.

        Raises: ValueError if a shared column has two sizes.
        """
        if any(self[name] != other[name] for name in other if name in self):
            raise ValueError("A shared column has two sizes.")
        extra = other.project(name for name in other if name not in self)
        return Domain(names=self.names + extra.names, sizes=self.sizes + extra.sizes)

    def as_dict(self) -> dict[str, int]:
        """Names and sizes, in order; ``Domain.of`` gives it back."""
        return dict(zip(self.names, self.sizes, strict=True))
