"""Membership: can the output tell who was trained on?

Owner side. Members and controls were told apart by a fair coin, so an attack that scores members higher
has found leakage. Scores and strata never look at the label.
Sources: isolated records, Meeus et al. arXiv:2306.10308; one-run audit, Steinke, Nasr and Jagielski
arXiv:2305.08846.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from evaluation.distance import isolation, nearest, points, stack
from evaluation.encode import Encoded, Ints
from evaluation.intervals import Interval, auc, auc_interval, rank_sum_p
from evaluation.subgroups import Outcome

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NEIGHBOURS = 5
MAX_PERSONS = 10_000
_FLOOR = 1e-3
"""Distances below this (in standard deviations) are as good as none; keeps the log finite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One entry per audit person: attack score, isolation, and whether the person was trained on.

    `row` is the place of one of the person's rows among the members, or among the controls.
    """

    score: Floats
    isolation: Floats
    member: Flags
    row: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def outcome(self) -> Outcome:
        """The scores with a row of each person, for a look at groups."""
        sides = {"trained": self.member, "unseen": ~self.member}
        return Outcome(
            attack="Membership",
            role={"trained": "members", "unseen": "controls"},
            rows={side: self.row[inside] for side, inside in sides.items()},
            value={side: self.score[inside] for side, inside in sides.items()},
            scored=True,
        )

    def most_isolated(self, share: float) -> Audit:
        """The share of persons who are farthest from everybody else."""
        count = round(share * len(self.score))
        order = np.argsort(-self.isolation, kind="stable")[:count]
        return Audit(score=self.score[order], isolation=self.isolation[order], member=self.member[order])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """How well the score separates members from controls."""

    auc: float
    ci: Interval
    p_value: float
    n: int
    n_control: int


def audit(encoded: Encoded, rng: np.random.Generator) -> Audit:
    """Score every audit person by the distance to the nearest synthetic row, relative to the neighbourhood.

    A row's score is log(distance to its 5th nearest other audit row / distance to the nearest synthetic
    row); a person's score is the highest of its rows. At most 10,000 persons, chosen label-blind; the
    synthetic side is whole.
    """
    placed = points(encoded.columns, ("members", "controls"), ("members", "controls", "synthetic"))
    persons = np.concatenate([encoded.unit["members"], encoded.unit["controls"]])
    member = np.arange(len(persons)) < len(encoded.unit["members"])
    pool = stack([placed["members"], placed["controls"]])
    chosen = _sample(persons, rng)
    persons, member, pool = persons[chosen], member[chosen], pool.take(chosen)
    near, _ = nearest(pool, placed["synthetic"])
    local = isolation(pool, NEIGHBOURS)
    local = np.where(np.isfinite(local), local, 1.0)
    near = np.where(np.isfinite(near), near, 1.0)
    place = np.where(member, chosen, chosen - len(encoded.unit["members"]))
    return _by_person(persons, member, np.log((local + _FLOOR) / (near + _FLOOR)), local, place)


def attack(found: Audit, rng: np.random.Generator) -> Attack:
    """AUC of the score with its interval and permutation p."""
    inside, outside = found.score[found.member], found.score[~found.member]
    value = auc(inside, outside)
    return Attack(
        auc=value,
        ci=auc_interval(value, len(inside), len(outside)) if np.isfinite(value) else (0.0, 1.0),
        p_value=rank_sum_p(inside, outside, rng),
        n=len(inside),
        n_control=len(outside),
    )


def epsilon_lower_bound(found: Audit, *, delta: float, level: float = 0.95) -> tuple[float, float]:
    """(proven epsilon, most that this audit could have proven), both at this confidence.

    The auditor names the k highest scores "trained on", for several k with a Bonferroni share each.
    Source: Steinke et al. 2023, theorem 5.2; assumes that each person was included by a fair coin.
    """
    m = len(found.score)
    sizes = sorted({k for share in (0.01, 0.02, 0.05, 0.1, 0.25) if (k := round(share * m)) >= 5})
    if not sizes:
        return 0.0, 0.0
    order = np.lexsort((found.isolation, found.score))[::-1]
    hits = np.cumsum(found.member[order])
    alpha = (1 - level) / len(sizes)
    proven = max(_invert(m, k, int(hits[k - 1]), delta, alpha) for k in sizes)
    return proven, max(_invert(m, k, k, delta, alpha) for k in sizes)


def roc(found: Audit, fractions: Floats) -> Floats:
    """Share of members above the score that this fraction of the controls exceeds."""
    inside, outside = np.sort(found.score[found.member]), np.sort(found.score[~found.member])
    if len(inside) == 0 or len(outside) == 0:
        return np.full(len(fractions), np.nan)
    allowed = np.floor(fractions * len(outside) + 1e-9).astype(np.int64)
    cuts = outside[np.maximum(len(outside) - 1 - allowed, 0)]
    rates = 1 - np.searchsorted(inside, cuts, side="right") / len(inside)
    return np.where(allowed >= len(outside), 1.0, rates)


def _sample(persons: Ints, rng: np.random.Generator) -> Ints:
    names = np.unique(persons)
    if len(names) > MAX_PERSONS:
        names = rng.choice(names, MAX_PERSONS, replace=False)
    return np.flatnonzero(np.isin(persons, names))


def _by_person(persons: Ints, member: Flags, score: Floats, local: Floats, place: Ints) -> Audit:
    names, first, group = np.unique(persons, return_index=True, return_inverse=True)
    best, far = np.full(len(names), -np.inf), np.zeros(len(names))
    np.maximum.at(best, group, score)
    np.maximum.at(far, group, local)
    inside = np.zeros(len(names), dtype=np.bool_)
    inside[group[member]] = True
    return Audit(score=best, isolation=far, member=inside, row=place[first])


def _invert(m: int, guesses: int, right: int, delta: float, alpha: float) -> float:
    """Largest epsilon on a fine grid that this many right guesses rule out; 0 if none."""
    low, high = 0.0, 20.0
    if _p_value(m, guesses, right, 0.0, delta) >= alpha:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _p_value(m, guesses, right, middle, delta) < alpha else (low, middle)
    return low


def _p_value(m: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """P[at least `right` of `guesses` are right] under (epsilon, delta), at most."""
    rate = 1 / (1 + np.exp(-epsilon))
    beta = float(binom.sf(right - 1, guesses, rate))
    if delta == 0 or right == 0:
        return beta
    below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, rate))
    extra = float(np.max(below / np.arange(1, right + 1)))
    return min(1.0, beta + 2 * m * delta * extra)
