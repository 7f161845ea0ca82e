"""What error a plan of the network will leave, from public facts: columns, noise and a guess of the number of rows.

The start, noisy one-way marginals, is told by the marginal engine's own formula without a single pair. Of the
dependence between columns the training leaves a part: ``FLOOR`` where there is no noise at all, for the network is
small and learns for a fixed number of steps, and all of it where noise drowns the gradient. In between,

    part = FLOOR + (1 - FLOOR) s / (s + HALF),   s = sigma sqrt(P) / (q n sqrt(T))

where s is the length of the noise in the mean of all T steps' gradients of P parameters, in clipping norms (persons n,
sample rate q, noise multiplier sigma). FLOOR and HALF were set by hand from Adult and held against randhie and diabetes
(docs/engines.md): within a factor of 2, which is all that is claimed.
"""

from __future__ import annotations

import math

from synthesizers.base import ExpectedError
from synthesizers.foretold import codes_of, drowned, foretold
from synthesizers.network.sizes import Costs
from synthesizers.tabular.budget import Budget
from understudy.schema import TableSchema

FLOOR, HALF = 0.31, 0.1


def expected(schema: TableSchema, costs: Costs, rival: Budget, n_rows: int) -> ExpectedError:
    """The error to expect of a fit to ``n_rows`` rows (a public guess, at least 1). Reads no row.

    ``rival``: how the marginal engine would split the same price.
    """
    ones = Budget(domain=costs.domain, domain_delta=costs.domain_delta, one_ways=costs.one_ways, scores=0.0, pairs=0.0)
    left = FLOOR + (1 - FLOOR) * drowned(_noise(schema, costs, n_rows), HALF)
    return foretold(schema, ones, rival, n_rows, left=left)


def _noise(schema: TableSchema, costs: Costs, n_rows: int) -> float:
    """The length of the noise that is left in the mean gradient, in clipping norms."""
    training = costs.training
    n_units = max(1.0, n_rows / schema.unit.max_rows)
    parameters = _parameters([codes_of(column) for column in schema.modelled], costs.width)
    return (
        training.noise_multiplier * math.sqrt(parameters) / (training.sample_rate * n_units * math.sqrt(training.steps))
    )


def _parameters(sizes: list[int], width: int) -> int:
    """Of a network over columns of these numbers of codes (see ``weights``): vectors, maps, heads and biases."""
    n = len(sizes)
    return (2 * width + 1) * sum(sizes) + width**2 * (n * (n - 1) // 2)
