"""The error to expect of engines that choose by the rows what they learn, so that no formula has it from their noise.

The marginal engine's own prediction (``tabular.expected``) gives what is common: stand-ins for a table's columns and
their dependences, and the error of noisy one-way marginals. An engine's rule adds one number: the part of the
dependence between columns that it leaves, from 0 (all of it learnt) to 1 (columns drawn apart). Reads no row.
"""

from __future__ import annotations

import math
from dataclasses import replace

from synthesizers.base import ExpectedError
from synthesizers.tabular.budget import Budget
from synthesizers.tabular.expected import expected as of_marginals
from understudy.schema import ColumnSchema, TableSchema

_BINS = 30
"""Codes that a column is taken to have whose values are not listed."""


def foretold(schema: TableSchema, ones: Budget, rival: Budget, n_rows: int, *, left: float) -> ExpectedError:
    """The error to expect of a fit to ``n_rows`` rows (a public guess, at least 1).

    ``ones``: what pays for domain and one-way marginals, and nothing else. ``rival``: how the marginal engine would
    split the same price. It is never told better than what that engine expects of itself, for none has been
    (docs/bench/engines.md): the stand-ins for dependence are of two kinds, so the wrong guess could win.
    """
    alone = of_marginals(schema, ones, n_rows)
    from_ones = 2 * alone.one_way**2
    dependence = max(alone.two_way**2 - from_ones, 0.0)
    own = math.sqrt(from_ones + left**2 * dependence)
    return replace(alone, two_way=max(own, of_marginals(schema, rival, n_rows).two_way))


def drowned(noise: float, half: float) -> float:
    """The part that noise hides: half of it where the noise is ``half``, all of it where there is nothing else."""
    return noise / (noise + half)


def codes_of(column: ColumnSchema) -> int:
    """How many codes a column has, or is taken to have; one of them may be that of missing values."""
    if column.enum is not None:
        return len(column.enum) + (not column.required)
    return (2 if column.type == "boolean" else _BINS) + (not column.required)
