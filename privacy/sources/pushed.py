"""What all sources that count inside a database share: rows stay there, and group-by results become arrays here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from privacy.discretisation import Discretisation
from privacy.domain import Clique, Domain
from privacy.sources.rules import Rule, Steps, rule_of
from understudy.errors import UsageError


def keep_in() -> NoReturn:
    """Raises: UsageError, for a value that was asked to leave its database."""
    raise UsageError("Only counts leave a database: declare every domain.", code="domain-undeclared")


def rules_of(discretisation: Discretisation, available: Sequence[str]) -> dict[str, Rule]:
    """The rule of each column. Raises: KeyError for a column that the table has not; UsageError (codec-unknown)."""
    rules = {codec.name: rule_of(codec) for codec in discretisation.codecs}
    for name in rules:
        if name not in available:
            raise KeyError(name)
    return rules


def strides(clique: Clique, domain: Domain) -> list[int]:
    """What each column's code is multiplied by in the number of a cell; the last column runs fastest."""
    shape = domain.shape(clique)
    return [int(np.prod(shape[axis + 1 :], dtype=np.int64)) for axis in range(len(shape))]


def dense(cells: NDArray[Any], counts: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Counts of the cells that occur as an array of all cells."""
    total = np.zeros(int(np.prod(shape, dtype=np.int64)), dtype=np.int64)
    total[np.asarray(cells, dtype=np.int64)] = np.asarray(counts, dtype=np.int64)
    return total.reshape(shape)


def merged(rule: Steps) -> tuple[list[Any], list[int]]:
    """The rule's cuts and codes, without cuts that change nothing."""
    cuts: list[Any] = []
    codes = [int(rule.codes[0])]
    for cut, code in zip(rule.cuts.tolist(), rule.codes[1:].tolist(), strict=True):
        if cuts and cuts[-1] == cut:
            codes[-1] = code
        elif code != codes[-1]:
            cuts.append(cut)
            codes.append(code)
    return cuts, codes
