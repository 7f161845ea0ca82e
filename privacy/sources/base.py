"""What rows can do for a session, wherever they lie: give a column's values, or be counted exactly.

Only ``privacy.session`` may hold either: what they return is not private.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
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


class RowSource(Protocol):
    """Canonical rows, at most the schema's max_rows of each unit."""

    @property
    def column_names(self) -> Sequence[str]:
        """The columns."""
        ...

    @property
    def num_rows(self) -> int:
        """Rows, exactly. Raises: UsageError if the rows are not readable."""
        ...

    @property
    def is_readable(self) -> bool:
        """Values of a column can be had: a domain that is not declared can be bought.

        False where only counts may leave the place that the rows are in.
        """
        ...

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """One column, in memory. Raises: KeyError for an unknown one; UsageError if the rows are not readable."""
        ...

    def coded(self, discretisation: Discretisation) -> CountSource:
        """The rows as codes: for every row exactly what ``discretisation.encode`` gives."""
        ...
