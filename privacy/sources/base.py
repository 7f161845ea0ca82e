"""What a source of exact counts can do.

Only ``privacy.session`` may hold one: what it returns is not private.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from privacy.domain import Clique, Domain


class CountSource(Protocol):
    """Rows, as codes of a domain, that can be counted exactly."""

    @property
    def domain(self) -> Domain:
        """The columns and their numbers of codes."""

    def counts(self, cliques: Sequence[Clique]) -> Iterator[NDArray[np.int64]]:
        """Exact counts of each clique, one after the other, of shape ``domain.shape(clique)``.

        Raises: KeyError for a column that the domain does not have, before any row is read.
        """
