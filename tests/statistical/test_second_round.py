"""An audit of the engine's adaptive second round: what is asked there depends on what was released before.

The attack is the best there is for Gaussian noise: over all answers of the pairs' purpose, first round and second, the
noise that would be in the lone person's cells if she were not there, weighted by precision. By the plan that is one
Gaussian of mean 0, or of mean mu, with mu^2 the pairs' budget, however the questions were chosen (privacy.meter). The
engine's own meter would refuse the planted fault, so there it is given a larger one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from privacy.accounting import gaussian_event
from privacy.counting import CountingSession
from privacy.domain import Clique, Domain
from privacy.marginals import NoisyMarginal
from privacy.meter import Meter
from privacy.sources.arrow import ArrowCounts
from synthesizers.tabular import rounds
from synthesizers.tabular.budget import ONE_WAYS, PAIRS, SCORES, Budget
from synthesizers.tabular.interactions import HELD, SCORE_SHARE
from synthesizers.tabular.known import Settings
from synthesizers.tabular.levels import Coding
from synthesizers.tabular.model import fit_model

pytestmark = pytest.mark.statistical

SIZES = (3, 3, 3)
N, FITS = 2_000, 50
BUDGET = Budget(domain=0, domain_delta=0, one_ways=4.0, scores=1.0, pairs=1.0)
QUICK = Settings(max_iterations=2, first_iterations=2, second_iterations=2, most_growth=1.0)
SHE = 2
"""The lone person's code in every column: nobody else has it."""


def table() -> NDArray[np.int64]:
    """Three columns of two codes, each pair of which depends, and the third beyond what pairs say of it."""
    rng = np.random.default_rng(0)
    first, second, third = rng.integers(0, 2, (3, N))
    second = np.where(rng.random(N) < 0.3, first, second)
    third = np.where(rng.random(N) < 0.7, first & second, third)
    return np.stack([first, second, third], axis=1)


class Watched:
    """A session that adds up what its answers say of the lone person."""

    def __init__(self, session: Any, codes: Mapping[str, int], total: list[float], exact: Any) -> None:
        self._session, self._codes, self._total, self._exact = session, codes, total, exact
        self.domain = session.domain

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        found: list[NoisyMarginal] = self._session.measure(cliques, stddev=stddev, purpose=purpose)
        if purpose == PAIRS:
            for one in found:
                cell = tuple(self._codes[name] for name in one.clique)
                without = self._exact.measure([one.clique], stddev=1e-9, purpose="exact")[0].counts[cell]
                self._total[0] += (one.counts[cell] - without) / stddev**2
        return found

    def choose(self, candidates: Sequence[Clique], expected: Any, *, stddev: float, purpose: str) -> Any:
        found = self._session.choose(candidates, expected, stddev=stddev, purpose=purpose)
        if purpose == PAIRS:
            exact = self._exact.choose(candidates, expected, stddev=1e-9, purpose="exact")
            self._total[0] += float((found - exact).sum()) / stddev**2
        return found

    def recoded(self, columns: Mapping[str, tuple[str, NDArray[np.intp]]]) -> Watched:
        codes = {name: int(mapping[self._codes[source]]) for name, (source, mapping) in columns.items()}
        return Watched(self._session.recoded(columns), codes, self._total, self._exact.recoded(columns))


def told(extra: int, seed: int, *, mu2: float) -> float:
    """What one fit says of the lone person, who has ``extra`` rows. ``mu2``: what the meter lets it spend on pairs."""
    rows = np.concatenate([table(), np.full((extra, len(SIZES)), SHE)])
    domain = Domain.of({f"c{column}": size for column, size in enumerate(SIZES)})

    def session(of: NDArray[np.int64], meter: Meter, entropy: Callable[[int], bytes]) -> CountingSession:
        source = ArrowCounts({name: of[:, column] for column, name in enumerate(domain.names)}, domain, n_rows=len(of))
        return CountingSession(source, meter, entropy, max_rows=1)

    purposes = {ONE_WAYS: BUDGET.one_ways, SCORES: BUDGET.scores, PAIRS: 1.01 * mu2}
    meter = Meter([(name, gaussian_event(mu2**-0.5)) for name, mu2 in purposes.items()])
    open_ = Meter([("exact", gaussian_event(1e-12))])
    rng = np.random.default_rng(seed)
    exact = session(table(), open_, rng.bytes)
    total = [0.0]
    watched = Watched(session(rows, meter, rng.bytes), dict.fromkeys(domain.names, SHE), total, exact)
    fit_model(watched, BUDGET, [Coding(size=size, n_ordered=0) for size in SIZES], max_rows=1, settings=QUICK)
    return total[0]


@pytest.mark.parametrize("fault", [False, True])
def test_the_second_round_costs_what_was_held_back_for_it(
    mu_lower_bound: Callable[[NDArray[np.bool_], NDArray[np.bool_]], float],
    monkeypatch: pytest.MonkeyPatch,
    fault: bool,
) -> None:
    """Planted: scores of triples with a hundredth of their noise, so that they alone cost 300 times the budget."""
    asked, calls = rounds.interactions, []

    def counted(*given: Any) -> Any:
        calls.append(1)
        return asked(*given[:-1], (10_000 if fault else 1) * given[-1])

    monkeypatch.setattr(rounds, "interactions", counted)
    spent = BUDGET.pairs * (1 + 10_000 * HELD * SCORE_SHARE * fault)
    told_ = [np.array([told(extra, 1000 * extra + fit, mu2=spent) for fit in range(FITS)]) for extra in (0, 1)]
    assert len(calls) == 2 * FITS  # every fit had a second round
    assert told_[1].mean() - told_[0].mean() == pytest.approx(spent, rel=0.6)  # and it is what is watched
    found = mu_lower_bound(told_[0] > spent / 2, told_[1] > spent / 2)
    assert (found > math.sqrt(BUDGET.pairs)) == fault
