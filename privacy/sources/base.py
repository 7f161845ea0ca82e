"""What a source of exact counts can do.

Only ``privacy.session`` may hold one: what it returns is not private.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique, Domain


class CountSource(Protocol):
    """Rows, as codes of a domain, that can be counted exactly."""

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""
        ...

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, one after the other, of shape ``domain.shape(clique)``.

        The empty clique counts the rows.
        Raises: KeyError for a column that the domain does not have, before any row is read.
        """
        ...

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.integer[Any]]]]) -> CountSource:
        """The same rows over derived columns: ``columns[new name] = (column, map from its codes to new ones)``.

        Raises: KeyError for an unknown column, ValueError for a map of the wrong length or with negative codes.
        """
        ...
