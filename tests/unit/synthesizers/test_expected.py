"""The predicted error: near the measured one, moves as it should, and defined for every schema."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.session import Meter, PrivateSession
from synthesizers.base import ExpectedError
from synthesizers.registry import engine
from understudy.schema import TableSchema

FACTOR = 2.0
BELOW = 0.005
N = 6000


def mixed() -> tuple[pa.Table, TableSchema]:
    """Seven declared columns, some skewed, half of them driven by one hidden factor."""
    rng = np.random.default_rng(0)
    factor, columns, fields = rng.random(N), {}, []
    for index, size in enumerate([2, 3, 5, 8, 12, 20, 6]):
        own = np.where(rng.random(N) < (0.5 if index % 2 else 0.15), factor, rng.random(N))
        codes = np.minimum((own ** (2 if index % 3 else 1) * size).astype(np.int64), size - 1)
        columns[f"c{index}"] = [f"v{code}" for code in codes]
        enum = [f"v{code}" for code in range(size)]
        fields.append({"name": f"c{index}", "type": "string", "constraints": {"required": True, "enum": enum}})
    return pa.table(columns), TableSchema.parse({"fields": fields})


def measures() -> tuple[pa.Table, TableSchema]:
    """Binned amounts that go together, a rare flag and a category with a long tail; some missing."""
    rng = np.random.default_rng(1)
    size = rng.gamma(3.0, 1.0, N)
    kind = np.minimum(rng.zipf(1.6, N), 15)
    table = pa.table(
        {
            "weight": pa.array(np.clip(40 + 12 * size + rng.normal(0, 6, N), 0, 199).astype(np.int64)),
            "dose": pa.array(np.clip(size * 50 * rng.lognormal(0, 0.4, N), 0, 999), mask=rng.random(N) < 0.05),
            "flag": pa.array((size > 6) & (rng.random(N) < 0.8)),
            "kind": pa.array([f"k{one}" for one in kind], mask=rng.random(N) < 0.1),
        }
    )
    fields = [
        {"name": "weight", "type": "integer", "constraints": {"minimum": 0, "maximum": 199}},
        {"name": "dose", "type": "number", "constraints": {"minimum": 0, "maximum": 999}},
        {"name": "flag", "type": "boolean"},
        {"name": "kind", "type": "string", "constraints": {"enum": [f"k{one}" for one in range(1, 16)]}},
    ]
    return table, TableSchema.parse({"fields": fields})


def told(schema: TableSchema, epsilon: float, n_rows: int, delta: float = 1e-6) -> ExpectedError:
    plan = engine("marginal").plan(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
    found = engine("marginal").expected(schema, plan, n_rows)
    assert found is not None
    return found


def measured(table: pa.Table, schema: TableSchema, epsilon: float) -> tuple[float, float]:
    """Mean distance over columns and over pairs, of codes, for one fit with seeded noise."""
    plan = engine("marginal").plan(schema, epsilon=epsilon, delta=1e-6, n_rows=N)
    session = PrivateSession(table, schema, Meter(plan.events), np.random.default_rng(5).bytes)
    made = engine("marginal").fit(session, plan).sample(N, seed=0)
    domain = session.discretisation.domain
    both = [session.discretisation.encode(rows) for rows in (table, made)]

    def distance(clique: tuple[str, ...]) -> float:
        shape = domain.shape(clique)
        real, fake = (
            np.bincount(np.ravel_multi_index([rows[name] for name in clique], shape), minlength=int(np.prod(shape))) / N
            for rows in both
        )
        return 0.5 * float(np.abs(real - fake).sum())

    ones = [distance((name,)) for name in domain.names]
    return float(np.mean(ones)), float(np.mean([distance(pair) for pair in combinations(domain.names, 2)]))


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("made", [mixed, measures])
def test_the_prediction_is_near_the_measured_error(made: object, epsilon: float) -> None:
    """Within a factor of 2, or both below 0.005. Fixed seeds."""
    table, schema = made()  # type: ignore[operator]
    expected = told(schema, epsilon, N)
    for predicted, found in zip((expected.one_way, expected.two_way), measured(table, schema, epsilon), strict=True):
        assert predicted < FACTOR * max(found, BELOW)
        assert found < FACTOR * max(predicted, BELOW)


def test_more_budget_and_more_rows_leave_less_error() -> None:
    for _, schema in (mixed(), measures()):
        by_epsilon = [told(schema, epsilon, N) for epsilon in (0.05, 0.2, 1.0, 5.0)]
        by_rows = [told(schema, 0.5, n_rows) for n_rows in (1000, 10_000, 100_000)]
        for run in (by_epsilon, by_rows):
            for first, then in pairwise(run):
                assert then.one_way < first.one_way
                assert then.two_way < first.two_way
        assert all(a.smallest_group > b.smallest_group for a, b in pairwise(by_epsilon))


def test_a_group_of_the_smallest_size_stands_above_the_noise() -> None:
    """Three columns of equal size share mu^2, so a cell has noise sqrt(3) / mu; a person with ten rows, ten times."""
    flags = [{"name": f"f{i}", "type": "boolean", "constraints": {"required": True}} for i in range(3)]
    identifier = {"name": "id", "type": "string", "understudy:kind": "identifier"}
    document = {"fields": [*flags, identifier], "understudy:privacyUnit": {"column": "id", "maxRows": 10}}
    once, often = TableSchema.parse({"fields": flags}), TableSchema.parse(document)
    plan = engine("marginal").plan(once, epsilon=1.0, delta=1e-6, n_rows=10_000)
    stddev = (3 / plan.params["budget"]["one_ways"]) ** 0.5
    assert told(once, 1.0, 10_000).smallest_group == int(np.ceil(3 * stddev))
    assert told(often, 1.0, 10_000).smallest_group > 5 * told(once, 1.0, 10_000).smallest_group


def test_categories_that_must_be_found_must_be_frequent() -> None:
    listed = {"name": "a", "type": "string", "constraints": {"enum": ["x", "y"]}}
    declared, open_ = (TableSchema.parse({"fields": [one]}) for one in (listed, {"name": "a", "type": "string"}))
    assert told(open_, 1.0, 5000).smallest_group > 2 * told(declared, 1.0, 5000).smallest_group


FIELDS = st.lists(
    st.sampled_from(
        [
            {"type": "integer"},
            {"type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
            {"type": "number"},
            {"type": "string"},
            {"type": "string", "understudy:hierarchy": "icd10"},
            {"type": "string", "constraints": {"enum": ["x"], "required": True}},
            {"type": "boolean"},
            {"type": "date"},
            {"type": "text"},
        ]
    ),
    min_size=1,
    max_size=9,
)


@settings(max_examples=20, deadline=None)
@given(FIELDS, st.floats(0.001, 50), st.integers(1, 10**9))
def test_every_plan_has_a_prediction(fields: list[dict[str, object]], epsilon: float, n_rows: int) -> None:
    schema = TableSchema.parse({"fields": [{"name": f"f{i}", **field} for i, field in enumerate(fields)]})
    found = told(schema, epsilon, n_rows)
    assert 0 <= found.one_way <= 0.5
    assert 0 <= found.two_way <= 1
    assert found.smallest_group >= 0


def test_a_wide_table_is_told_quickly() -> None:
    """Two hundred columns: pairs are sampled."""
    fields = [{"name": f"f{i}", "type": "boolean"} for i in range(200)]
    found = told(TableSchema.parse({"fields": fields}), 1.0, 10_000)
    assert 0 < found.one_way < found.two_way < 1
