"""The intervals of the noised figures hold at their level, and the noise is what the plan paid for.

Stated false-alarm rate: each test fails for an honest mechanism with chance below 1e-3, and its seeds are fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom

from evaluation.noised import GROUPS, PAIRS, ROWS, coarse, group_columns, measure, report_events
from evaluation.released import released_section
from evaluation.statement import PrivacyStatement
from privacy.accounting import gaussian_event, gaussian_price
from privacy.domain_plan import plan_domain
from privacy.session import Meter, PrivateSession
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "person", "type": "integer", "understudy:kind": "identifier"},
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 39, "required": True}},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
            {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e"], "required": True}},
        ],
        "understudy:privacyUnit": {"column": "person", "maxRows": 2},
    }
)
RUNS = 300


def rows(n: int, seed: int, *, tilt: float = 0.0) -> pa.Table:
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 40, n)
    sex = np.where(rng.random(n) < 0.3 + tilt, "F", "M")
    ward = np.where(age < 20, rng.choice(["n", "s"], n), rng.choice(["s", "e"], n, p=[0.8, 0.2]))
    return pa.table({"person": np.arange(n) // 2, "age": age, "sex": sex.tolist(), "ward": ward.tolist()})


def entropy(seed: int) -> Callable[[int], bytes]:
    return np.random.default_rng(seed).bytes


def bought(real: pa.Table, synthetic: pa.Table, *, mu_squared: float, seed: int) -> tuple[dict, PrivateSession]:
    events = report_events(SCHEMA, mu_squared)
    session = PrivateSession(real, SCHEMA, Meter(events), entropy(seed))
    session.discretise(plan_domain(SCHEMA, mu=1.0, delta=1e-7))
    return measure(session, events, synthetic), session


def truth(real: pa.Table, synthetic: pa.Table, session: PrivateSession) -> dict[str, float]:
    """The exact figures, computed from both tables by other code than the one under test."""
    made, own = session.discretisation.encode(synthetic), session.discretisation.encode(real)
    names = session.domain.names
    maps = {
        name: coarse(made[name], SCHEMA[name], session.domain[name], int(not SCHEMA[name].required)) for name in names
    }

    def tvd(*clique: str, merged: bool) -> float:
        def shares(codes: dict) -> dict[tuple[int, ...], float]:
            picked = [maps[name][codes[name]] if merged else codes[name] for name in clique]
            cells, counts = np.unique(np.stack(picked), axis=1, return_counts=True)
            return dict(zip(map(tuple, cells.T.tolist()), counts / counts.sum(), strict=True))

        p, q = shares(own), shares(made)
        return sum(abs(p.get(cell, 0.0) - q.get(cell, 0.0)) for cell in {*p, *q}) / 2

    pairs = [tvd(*pair, merged=True) for pair in combinations(names, 2)]
    ratios = []
    for name in group_columns(SCHEMA):
        p, q = (np.bincount(codes[name], minlength=4) / len(codes[name]) for codes in (own, made))
        ratios += [b / a for a, b in zip(p, q, strict=True) if a > 0]
    return {
        "released.tvd2.mean": float(np.mean(pairs)),
        "released.tvd2.worst": max(pairs),
        "released.tvd1.mean": float(np.mean([tvd(name, merged=False) for name in names])),
        "released.groups": min(ratios),
    }


@pytest.mark.parametrize(("n_synthetic", "tilt"), [(3_000, 0.15), (1_700, 0.0)])
def test_intervals_cover_the_truth_and_are_of_use(n_synthetic: int, tilt: float) -> None:
    real, synthetic = rows(4_000, 1), rows(n_synthetic, 2, tilt=tilt)
    covered: dict[str, int] = {}
    width: dict[str, list[float]] = {}
    exact: dict[str, float] = {}
    for run in range(RUNS):
        released, session = bought(real, synthetic, mu_squared=0.04, seed=run)
        exact = exact or truth(real, synthetic, session)
        section = released_section(released, PrivacyStatement.from_dict({"delta": 1e-6}))
        assert section is not None
        for metric in section.metrics:
            assert metric.ci is not None
            low, high = metric.ci
            covered[metric.id] = covered.get(metric.id, 0) + (low <= exact[metric.id] <= high)
            width.setdefault(metric.id, []).append(high - low)
    least = int(binom.ppf(2e-5, RUNS, 0.95))
    assert min(covered.values()) >= least, covered
    assert np.mean(width["released.tvd2.mean"]) < 0.05
    assert set(covered) == set(exact)


def test_the_point_estimates_are_centred() -> None:
    real, synthetic = rows(4_000, 1), rows(4_000, 2, tilt=0.2)
    found = []
    for run in range(RUNS):
        released, session = bought(real, synthetic, mu_squared=0.04, seed=run)
        distances = np.array(released["pairs"]["distances"])
        found.append(distances.mean() / (2 * released["rows"]["value"]))
    exact = truth(real, synthetic, session)["released.tvd2.mean"]
    assert abs(np.mean(found) - exact) < 4 * np.std(found) / np.sqrt(RUNS) + 1e-3


def test_the_noise_is_what_the_plan_pays_for() -> None:
    events = dict(report_events(SCHEMA, 0.04))
    real = rows(4_000, 1)
    draws: dict[str, list[float]] = {ROWS: [], PAIRS: [], GROUPS: []}
    for run in range(RUNS):
        released, _ = bought(real, real, mu_squared=0.04, seed=run)
        draws[ROWS].append(released["rows"]["value"] - 4_000)
        draws[GROUPS].append(released["groups"]["cells"][0]["real"] - released["groups"]["cells"][0]["synthetic"])
        # Equal tables: the distance is the noise and what the noisy number of rows does, which is known.
        draws[PAIRS].append(released["pairs"]["distances"][0] - abs(released["rows"]["value"] - 4_000))
    cliques = {ROWS: 1, PAIRS: 3, GROUPS: 2}
    for purpose, values in draws.items():
        paid = SCHEMA.unit.max_rows * np.sqrt(cliques[purpose]) / gaussian_price(events[purpose]).mu
        slack = 4 / np.sqrt(2 * RUNS) + (0.02 if purpose == PAIRS else 0.0)
        assert np.std(values) / paid == pytest.approx(1.0, abs=slack), purpose


# --- the figures themselves are private -------------------------------------------------------------------------

AUDIT_RUNS = 600


def attacked(mu_lower_bound: Callable[..., float], *, noise: float) -> float:
    """Proven mu of a report paid with mu 1, attacked along the very change that one unit makes.

    ``noise`` scales what the session adds, to break it on purpose. The unit has two rows in a cell that is rare.
    """
    with_ = pa.concat_tables(
        [rows(200, 1), pa.table({"person": [999] * 2, "age": [39] * 2, "sex": ["F"] * 2, "ward": ["n"] * 2})]
    )
    without = with_.slice(0, 200)
    synthetic = rows(200, 2)
    events = list(report_events(SCHEMA, 1.0))
    scale = SCHEMA.unit.max_rows * noise

    def statistic(real: pa.Table, seed: int) -> float:
        held = [(purpose, gaussian_event(1 / (gaussian_price(event).mu / noise))) for purpose, event in events]
        session = PrivateSession(real, SCHEMA, Meter(held), entropy(seed))
        session.discretise(plan_domain(SCHEMA, mu=1.0, delta=1e-7))
        released = measure(session, held, synthetic)
        n = released["rows"]["value"]
        prices = {purpose: gaussian_price(event).mu for purpose, event in events}
        cells = {(cell["column"], cell["value"]): cell["real"] for cell in released["groups"]["cells"]}
        # Each answer moves by at most 2 rows, by its own noise: the best linear statistic weighs by the variance.
        return float(prices[ROWS] ** 2 * n + prices[GROUPS] ** 2 / 2 * (cells["sex", "F"] + cells["ward", "n"])) / scale

    a = np.array([statistic(without, run) for run in range(AUDIT_RUNS)])
    b = np.array([statistic(with_, 10_000_000 + run) for run in range(AUDIT_RUNS)])
    half = AUDIT_RUNS // 2
    cut = (a[:half].mean() + b[:half].mean()) / 2  # fixed before the draws that count are looked at
    return mu_lower_bound(a[half:] > cut, b[half:] > cut)


def test_an_audit_proves_no_more_than_was_paid_and_finds_a_fault(mu_lower_bound: Callable[..., float]) -> None:
    assert attacked(mu_lower_bound, noise=1.0) <= 1.0
    assert attacked(mu_lower_bound, noise=0.2) > 1.0
