"""What MST and MWEM are expected to leave: near what was measured, and never less than the default engine."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean

import pytest

from synthesizers.choice import choose
from synthesizers.sealed.catalogue import SPECS
from synthesizers.sealed.engine import SealedSynthesizer
from synthesizers.sealed.environments import Environments
from synthesizers.sealed.expected import RULES
from synthesizers.tabular.marginal import MarginalSynthesizer
from understudy.schema import TableSchema

RESULTS = Path(__file__).parents[4] / "docs" / "bench" / "engines.jsonl"
FACTOR = 2.0
TABLES = {
    "adult": (48_842, (85, 9, 100, 16, 7, 15, 6, 5, 2, 100, 100, 99, 42, 2)),
    "randhie": (20_190, (2, 5, 2, 9, 9, 4, 11, 2, 2, 2)),
    "diabetes": (442, (11, 2, 8, 7, 8, 8, 7, 5, 6, 7, 2)),
}
"""Rows, and codes of each column, of the tables of ``benchmarks.tables`` that were measured."""
BY = {spec.model: SealedSynthesizer(spec, Environments(None)) for spec in SPECS}


def schema_of(sizes: tuple[int, ...], max_rows: int = 1) -> TableSchema:
    fields: list[dict[str, object]] = [
        {"name": f"c{place}", "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
        for place, size in enumerate(sizes)
    ]
    who = {"name": "who", "type": "string", "understudy:kind": "identifier"}
    unit = {"understudy:privacyUnit": {"column": "who", "maxRows": max_rows}} if max_rows > 1 else {}
    return TableSchema.parse({"fields": [*fields, who], **unit})


def told(model: str, schema: TableSchema, epsilon: float, n_rows: int) -> float:
    plan = BY[model].plan(schema, epsilon=epsilon, delta=1e-6, n_rows=n_rows)
    found = BY[model].expected(schema, plan, n_rows)
    assert found is not None
    return found.two_way


def measured() -> dict[tuple[str, str, float], float]:
    """Mean 2-way error over the seeds, by (table, model, epsilon)."""
    found: dict[tuple[str, str, float], list[float]] = {}
    for line in RESULTS.read_text().splitlines():
        one = json.loads(line)
        model = str(one["engine"]).rpartition("-")[2]
        if model in RULES and "scores" in one and not one["most"]:
            found.setdefault((one["table"], model, one["epsilon"]), []).append(one["scores"]["tvd2"])
    return {case: mean(values) for case, values in found.items()}


@pytest.mark.parametrize("case", sorted(measured()), ids=str)
def test_it_is_within_a_factor_of_two_of_every_measurement(case: tuple[str, str, float]) -> None:
    table, model, epsilon = case
    n_rows, sizes = TABLES[table]
    assert 1 / FACTOR < told(model, schema_of(sizes), epsilon, n_rows) / measured()[case] < FACTOR


def test_every_rule_was_held_against_something() -> None:
    assert {model for _, model, _ in measured()} == set(RULES)


@pytest.mark.parametrize("model", RULES)
def test_it_falls_with_epsilon_and_with_rows_and_never_below_the_default_engine_s(model: str) -> None:
    schema, ours = schema_of((2, 5, 8, 3, 4)), MarginalSynthesizer()
    low, high, many = (
        told(model, schema, 1.0, 2_000),
        told(model, schema, 10.0, 2_000),
        told(model, schema, 1.0, 90_000),
    )
    assert low > high
    assert low > many
    plan = ours.plan(schema, epsilon=1.0, delta=1e-6, n_rows=90_000)
    assert many >= ours.expected(schema, plan, 90_000).two_way


def test_more_rows_of_a_person_leave_more() -> None:
    assert told("mst", schema_of((2, 5, 8), 5), 1.0, 2_000) > told("mst", schema_of((2, 5, 8)), 1.0, 2_000)


def test_pairs_in_different_histograms_are_lost_at_any_price() -> None:
    """Two columns of a hundred codes do not fit into one histogram of MWEM, two of ten do."""
    apart, together = schema_of((100, 100)), schema_of((10, 10))
    assert told("mwem", apart, 1e3, 10**6) > 2 * told("mwem", together, 1e3, 10**6)


@pytest.mark.parametrize("model", ["aim", "dpctgan", "gaussian-copula", "pacsynth"])
def test_engines_without_a_rule_or_a_guarantee_tell_nothing(model: str) -> None:
    schema = schema_of((2, 3))
    plan = BY[model].plan(schema, epsilon=1.0, delta=1e-6, n_rows=500)
    assert BY[model].expected(schema, plan, 500) is None


def test_auto_takes_the_default_engine_where_others_expect_as_much() -> None:
    offered = {"marginal": MarginalSynthesizer(), **{model: BY[model] for model in RULES}}
    for epsilon in (0.1, 10.0):
        assert choose(offered, schema_of((2, 5, 8, 3)), epsilon=epsilon, delta=1e-6, n_rows=5_000).name == "marginal"
