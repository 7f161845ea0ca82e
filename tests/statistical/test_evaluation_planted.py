"""Planted failures E1 to E8 of the study (text, E7, has its own file): each must turn the light that it is meant for.

Each case is seeded. The ideal runs of `test_evaluation_false_alarms.py` are the other side: what fires
here must not fire there.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.encode import encode
from evaluation.groups import groupings
from evaluation.judge import EvaluationInputs, evaluate
from evaluation.risk import risk
from evaluation.statement import PrivacyStatement
from evaluation.wp29 import triad
from understudy.schema import TableSchema

pytestmark = pytest.mark.statistical

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer"},
            {"name": "income", "type": "number"},
            {"name": "hours", "type": "integer"},
            {"name": "health", "type": "number"},
            {"name": "origin", "type": "string"},
            {"name": "region", "type": "string"},
            {"name": "insured", "type": "boolean", "understudy:target": True},
        ]
    }
)
N, AUDIT, LARGE = 3_000, 2_400, 5_600
Change = Callable[["Sets", np.random.Generator], pa.Table]


def population(n: int, rng: np.random.Generator) -> pa.Table:
    """Correlated mixed columns with a heavy tail, a 4 % group, and a target that age and income predict."""
    age = rng.integers(18, 90, n)
    income = np.exp(rng.normal(9.5 + 0.01 * age, 0.7, n))
    hours = np.clip(np.round(rng.normal(60 - 0.4 * age, 9, n)), 0, 80).astype(int)
    health = rng.normal(80 - 0.5 * age, 8, n) + rng.standard_t(3, n)
    origin = rng.choice(["a", "b", "c", "d"], n, p=[0.6, 0.26, 0.10, 0.04])
    region = np.array(["n", "s", "e", "w"])[(rng.random(n) * 4 * np.where(origin == "b", 0.6, 1)).astype(int)]
    insured = rng.random(n) < 1 / (1 + np.exp(-(0.06 * (age - 50) + 1.2 * (np.log(income) - 10))))
    columns = (age, income.round(2), hours, health.round(3), origin.tolist(), region.tolist(), insured.tolist())
    return pa.table(dict(zip(SCHEMA.names, map(pa.array, columns), strict=True)))


@functools.lru_cache(maxsize=2)
def sets_of(seed: int, audit: int) -> "Sets":
    return Sets(seed, audit)


class Sets:
    """Train, members and controls by a fair coin, and a fresh sample: the ideal synthetic table."""

    def __init__(self, seed: int, n_audit: int) -> None:
        rng = np.random.default_rng(seed)
        audit, coin = population(n_audit, rng), rng.random(n_audit) < 0.5
        self.members, self.controls = audit.filter(pa.array(coin)), audit.filter(pa.array(~coin))
        self.train = pa.concat_tables([self.members, population(max(0, N - n_audit // 2) + 200, rng)])
        self.fresh = population(N, rng)


def judged(change: Change, *, seed: int = 1, epsilon: float = 3.0, audit: int = AUDIT) -> tuple[dict[str, Any], Any]:
    """The metrics by id, and the owner report, of the table that `change` makes."""
    sets, rng = sets_of(seed, audit), np.random.default_rng(seed + 100)
    synthetic = change(sets, rng)
    inputs = EvaluationInputs(
        schema=SCHEMA,
        train=sets.train,
        members=sets.members,
        controls=sets.controls,
        synthetic=synthetic,
        statement={"epsilon": epsilon, "delta": 1e-5},
    )
    report: Any = evaluate(inputs).as_owner_json()
    return {m["id"]: m for s in report["sections"] for m in s["metrics"]}, report


def attacked(
    change: Change, *, seed: int = 1, epsilon: float | None = 3.0, audit: int = AUDIT
) -> tuple[dict[str, Any], bool]:
    """The same for the attacks alone, and whether the release must stop: without the models of a whole report."""
    sets, rng = sets_of(seed, audit), np.random.default_rng(seed + 100)
    tables = {"train": sets.train, "members": sets.members, "controls": sets.controls, "synthetic": change(sets, rng)}
    encoded = encode(SCHEMA, tables)
    statement = PrivacyStatement.from_dict({"epsilon": epsilon, "delta": 1e-5})
    criteria = triad(encoded, ("insured",), np.random.default_rng(seed))
    found = risk(encoded, statement, np.random.default_rng(seed), criteria=criteria, groups=groupings(encoded))
    return {metric.id: metric.as_dict() for metric in found.section.metrics}, found.stop


def _copies(table: pa.Table, share: float, rng: np.random.Generator) -> pa.Table:
    return table.take(rng.choice(len(table), round(share * len(table)), replace=False))


def _jitter(table: pa.Table, rng: np.random.Generator, sd: float = 0.03) -> pa.Table:
    for name in ("income", "health"):
        values = table[name].to_numpy()
        moved = values + sd * values.std() * rng.normal(size=len(values))
        table = table.set_column(table.schema.get_field_index(name), name, pa.array(moved))
    return table


def _outlying(table: pa.Table, share: float) -> pa.Table:
    values = np.column_stack([table[name].to_numpy().astype(float) for name in ("age", "income", "hours", "health")])
    scaled = (values - np.median(values, axis=0)) / values.std(axis=0)
    return table.take(np.argsort(-np.abs(scaled).sum(axis=1))[: round(share * len(table))])


@pytest.mark.parametrize("share", [0.005, 0.01, 0.2])
def test_verbatim_copies_are_red(share: float) -> None:
    found, _ = attacked(lambda s, rng: pa.concat_tables([s.fresh, _copies(s.train, share, rng)]), audit=LARGE)
    assert found["risk.verbatim"]["status"] == "red"


def test_a_copied_table_is_red_in_every_attack() -> None:
    found, report = judged(lambda s, rng: s.train)
    attacks = [id_ for id_ in found if id_.startswith("risk.")]
    assert {found[id_]["status"] for id_ in attacks} == {"red"}
    assert report["stop"] is True


@pytest.mark.parametrize(("copied", "light"), [(0.0, "grey"), (0.4, "red")])
def test_without_a_claim_nothing_proven_is_grey_and_a_leak_is_red_but_breaks_no_promise(
    copied: float, light: str
) -> None:
    found, stop = attacked(lambda s, rng: pa.concat_tables([s.fresh, _copies(s.train, copied, rng)]), epsilon=None)
    assert found["risk.audit"]["status"] == light
    assert found["risk.audit"]["reference"] == "no claim"
    assert not stop


def test_jittered_copies_are_red_though_verbatim_is_blind() -> None:
    found, _ = attacked(lambda s, rng: pa.concat_tables([s.fresh, _jitter(_copies(s.train, 0.3, rng), rng)]))
    assert found["risk.verbatim"]["status"] != "red"
    assert found["risk.membership"]["status"] == "red"


def test_memorised_outliers_are_red_on_the_most_isolated() -> None:
    found, _ = attacked(
        lambda s, rng: pa.concat_tables([s.fresh, _jitter(_outlying(s.train, 0.03), rng, 0.005)]), audit=LARGE
    )
    assert found["risk.membership"]["status"] != "red"
    assert found["risk.membership.isolated5"]["status"] == "red"


def test_shuffled_columns_fail_on_pairs_realism_and_utility_with_perfect_margins() -> None:
    def shuffle(s: Sets, rng: np.random.Generator) -> pa.Table:
        return pa.table({name: s.train[name].take(rng.permutation(len(s.train))) for name in SCHEMA.names})

    found, _ = judged(shuffle)
    assert found["fidelity.tvd1.worst"]["status"] == "green"
    assert "closer than a fresh sample" in found["fidelity.tvd1.mean"]["notes"][0]
    assert found["fidelity.tvd2.worst"]["status"] == "red"
    assert found["fidelity.tvd2.worst"]["value"] > 0.1
    assert set(found["fidelity.tvd2.worst"]["subject"].split(" × ")) <= {"age", "hours", "health", "income"}
    assert found["fidelity.detectable"]["value"] > 0.8
    assert found["utility.recovered.insured"]["status"] == "red"


def test_mode_collapse_is_red() -> None:
    found, _ = judged(lambda s, rng: _jitter(s.fresh.take(rng.choice(50, N)), rng, 0.01))
    assert found["diversity.coverage"]["status"] == "red"
    assert found["diversity.spacing"]["status"] == "red"


def test_half_a_collapse_is_red_where_averages_are_not() -> None:
    """E5b: half of the rows are 25 modes; the median distance still looks alive."""

    def half(s: Sets, rng: np.random.Generator) -> pa.Table:
        return pa.concat_tables([s.fresh.slice(0, N // 2), _jitter(s.fresh.take(rng.choice(25, N // 2)), rng, 0.01)])

    found, _ = judged(half)
    assert found["diversity.repeats"]["status"] == "red"
    assert found["diversity.regions"]["status"] == "red"
    assert found["profile.drift"]["status"] == "red"  # the second half is another table


def test_a_dropped_minority_is_red_and_named_by_its_column() -> None:
    """E3."""
    found, _ = judged(lambda s, rng: s.fresh.filter(pa.array(s.fresh["origin"].to_numpy(zero_copy_only=False) != "d")))
    assert found["fairness.representation"]["status"] == "red"
    assert "origin" in found["fairness.representation"]["subject"]
    assert found["fidelity.tvd2.mean"]["status"] == "green"  # averages do not see it


def test_a_halved_tiny_group_is_underpowered_and_not_green() -> None:
    """E3b: a group of 0.8 % loses half of its rows."""

    def with_tiny(table: pa.Table, every: int) -> pa.Table:
        origin = table["origin"].to_pylist()
        marked = ["tiny" if i % every == 0 else value for i, value in enumerate(origin)]
        return table.set_column(table.schema.get_field_index("origin"), "origin", pa.array(marked))

    sets = sets_of(1, AUDIT)
    inputs = EvaluationInputs(
        schema=SCHEMA,
        train=with_tiny(sets.train, 125),
        members=sets.members,
        controls=sets.controls,
        synthetic=with_tiny(sets.fresh, 250),
    )
    report: Any = evaluate(inputs).as_owner_json()
    section = next(s for s in report["sections"] if s["id"] == "fairness")
    found = {m["id"]: m for m in section["metrics"]}
    assert found["fairness.underpowered"]["status"] == "grey"
    assert "underpowered" in found["fairness.underpowered"]["notes"][0]
    assert section["status"] != "green"
    rows = next(t for t in section["tables"] if t["id"] == "fairness-representation")["rows"]
    assert next(row for row in rows if row[0] == "origin = tiny")[-1] == "underpowered"


def test_the_most_isolated_copied_exactly_are_red_though_few() -> None:
    """E6: the most isolated 1 % of the training rows stand in the output word for word."""
    found, _ = attacked(lambda s, rng: pa.concat_tables([s.fresh, _outlying(s.train, 0.01)]), audit=LARGE)
    assert found["risk.verbatim"]["status"] == "red"
    assert found["risk.membership"]["status"] != "red"


def test_a_leak_in_one_group_alone_is_found_there() -> None:
    """Equal privacy: only people of origin c are copied, jittered; nobody said which group to look at."""

    def leak(s: Sets, rng: np.random.Generator) -> pa.Table:
        group = s.train.filter(pa.array(s.train["origin"].to_numpy(zero_copy_only=False) == "c"))
        return pa.concat_tables([s.fresh, _jitter(group, rng, 0.005)])

    found, _ = attacked(leak, audit=LARGE)
    assert found["risk.subgroups"]["status"] == "red"
    assert found["risk.subgroups"]["subject"].endswith("origin = c")


def test_a_broken_mechanism_is_stopped_and_an_honest_one_is_not() -> None:
    def leak(s: Sets, rng: np.random.Generator) -> pa.Table:
        return pa.concat_tables([s.fresh, _copies(s.train, 0.2, rng)])

    found, stop = attacked(leak, epsilon=0.5)
    assert found["risk.audit"]["status"] == "red"
    assert found["risk.audit"]["value"] > 0.5
    assert stop
    found, stop = attacked(lambda s, rng: s.fresh, epsilon=0.5)
    assert found["risk.audit"]["status"] == "green"
    assert not stop


def test_an_audit_that_cannot_reach_the_claim_is_grey() -> None:
    found, _ = attacked(lambda s, rng: s.fresh, epsilon=9.0)
    assert found["risk.audit"]["status"] == "grey"
    assert "cannot test the claim" in found["risk.audit"]["notes"][0]
