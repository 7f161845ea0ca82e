"""Derived columns over the columns that a source encodes: one table of names, the same for every source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Domain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Derived:
    """A column made from an encoded one. ``mapping[code]`` is the new code; None if codes stay as they are."""

    base: str
    mapping: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """The domain that a source shows, and what each of its columns is made of."""

    domain: Domain
    columns: Mapping[str, Derived]

    @classmethod
    def of(cls, domain: Domain) -> View:
        """The encoded columns themselves."""
        return cls(domain=domain, columns={name: Derived(base=name) for name in domain})

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> View:
        """New columns over these. Raises: KeyError, ValueError as ``CountSource.recoded``."""
        sizes, derived = {}, {}
        for new, (old, mapping) in columns.items():
            if mapping.shape != (self.domain[old],) or int(mapping.min()) < 0:
                raise ValueError("A map gives a new code, not negative, to each code of its column.")
            known, codes = self.columns[old], np.asarray(mapping, dtype=np.int64)
            derived[new] = Derived(base=known.base, mapping=codes if known.mapping is None else codes[known.mapping])
            sizes[new] = int(mapping.max()) + 1
        return View(domain=Domain.of(sizes), columns=derived)

    def bases(self, names: Iterable[str]) -> tuple[str, ...]:
        """The encoded columns behind some columns, each once."""
        return tuple(dict.fromkeys(self.columns[name].base for name in names))
