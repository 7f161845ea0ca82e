"""Peer faults we do not have: each line of the study's soundness checklist, and each defect found in a peer that could
be ours too, by name. Where a fault has a test of its own elsewhere, the name of that test stands in ELSEWHERE, and is
looked up.

The numbers D1.1 to D1.13 are those of the checklist (schema first ... timing). Not ours: faults of GANs and of PATE
(one network for all teachers, a clip norm set by the gradients): there is neither here.
"""

from __future__ import annotations

import inspect
import json
import logging
import math
import os
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from privacy.accounting import compose, epsilon_of, gaussian_price
from privacy.domain_plan import DomainPlan
from privacy.session import Meter, PrivateSession
from synthesizers.base import Plan
from synthesizers.registry import engine
from synthesizers.tabular.budget import Budget
from synthesizers.tabular.fitted import FittedMarginal
from synthesizers.tabular.select import MOST_GROWTH, Caps
from understudy.errors import PlanExceeded, PrivacyParameterError
from understudy.schema import TableSchema

TESTS = Path(__file__).parents[1]

ELSEWHERE = {
    "D1.1 what is not declared is bought or refused": "unit/privacy/test_domain_plan.py::"
    "test_a_schema_that_declares_everything_is_free",
    "D1.7 one meter, which an event passes once": "unit/privacy/test_meter.py::test_an_event_that_is_held_passes_once",
    "D1.13 as many random bytes whatever the noise": "unit/privacy/test_noise.py::test_shapes_types_and_bytes",
    "D4 an audit of what is chosen by what was released": "statistical/test_second_round.py::"
    "test_the_second_round_costs_what_was_held_back_for_it",
    "D1.2 categories by thresholding, never unique()": "statistical/test_privacy_audits.py::"
    "test_discovery_fails_no_more_often_than_delta",
    "D1.3 bins inside the ledger": "unit/privacy/test_binning.py::test_an_unpaid_plan_reads_nothing",
    "D1.4 nullability is declared": "unit/privacy/test_binning.py::"
    "test_the_domain_does_not_depend_on_whether_values_are_missing",
    "D1.6 a person's rows are capped and paid for": "unit/privacy/test_session.py::"
    "test_the_price_is_the_sensitivity_of_all_cliques_together",
    "D1.9 the owner's figures never leave": "e2e/test_owner_only.py::test_the_table_without_privacy_never_leaves",
    "mbi 1.1.0: rounding breaks conditional independence": "unit/synthesizers/test_sample.py::"
    "test_conditionally_independent_columns_stay_independent",
    "dpmm: a float sum shows what a count was": "unit/privacy/test_session.py::"
    "test_floats_of_the_caller_cannot_leak_low_order_bits",
    "opendp: end bins of width one": "unit/privacy/test_binning.py::test_a_rare_far_tail_comes_back",
}


@pytest.mark.parametrize("fault", list(ELSEWHERE))
def test_the_fault_has_its_test(fault: str) -> None:
    """A test that is renamed or dropped is missed here."""
    path, _, name = ELSEWHERE[fault].partition("::")
    assert re.search(rf"^def {name}\(", (TESTS / path).read_text(), re.MULTILINE)


def test_every_line_of_the_checklist_has_a_test() -> None:
    """Each line of it stands in the docstring of a test here, or among those that are elsewhere."""
    here = [one.__doc__ or "" for name, one in globals().items() if name.startswith("test_")]
    told = " ".join([*ELSEWHERE, *here])
    assert [line for line in range(1, 14) if not re.search(rf"D1\.{line}\b", told)] == []


WORDS = {"name": "word", "type": "string"}
LISTED = {"name": "listed", "type": "string", "constraints": {"enum": ["a", "b", "c"]}}
NUMBER = {"name": "number", "type": "number"}
FLAG = {"name": "flag", "type": "boolean"}


def schema_of(*fields: dict[str, object], max_rows: int = 1) -> TableSchema:
    document: dict[str, object] = {"fields": [*fields, {"name": "id", "type": "string", "understudy:kind": "mrn"}]}
    if max_rows > 1:
        document["understudy:privacyUnit"] = {"column": "id", "maxRows": max_rows}
    return TableSchema.parse(document)


def table(n_rows: int) -> pa.Table:
    rng = np.random.default_rng(1)
    return pa.table(
        {
            "word": pa.array(rng.choice(["x", "y"], n_rows).tolist(), pa.string()),
            "listed": pa.array(rng.choice(["a", "b"], n_rows).tolist(), pa.string()),
            "number": pa.array(rng.normal(50, 9, n_rows).round(2), pa.float64()),
            "flag": pa.array(rng.random(n_rows) < 0.3),
            "id": pa.array([str(row) for row in range(n_rows)], pa.string()),
        }
    )


ALL = schema_of(WORDS, LISTED, NUMBER, FLAG)


def plan_of(schema: TableSchema, epsilon: float = 1.0) -> Plan:
    return engine("marginal").plan(schema, epsilon=epsilon, delta=1e-6, n_rows=1000)


def fit(rows: pa.Table, schema: TableSchema = ALL, epsilon: float = 1.0) -> tuple[FittedMarginal, Meter]:
    plan = plan_of(schema, epsilon)
    meter = Meter(plan.events)
    fitted = engine("marginal").fit(PrivateSession(rows, schema, meter, os.urandom), plan)
    assert isinstance(fitted, FittedMarginal)
    return fitted, meter


def mu_squared(meter: Meter) -> dict[str, float]:
    """What was debited, by purpose."""
    found: dict[str, float] = {}
    for purpose, event in meter.spent:
        price = gaussian_price(event)
        assert price is not None
        found[purpose] = found.get(purpose, 0.0) + price.mu_squared
    return found


@pytest.mark.parametrize("max_rows", [1, 5])
def test_dpsynth_and_opendp_scores_are_paid_for_in_full(max_rows: int) -> None:
    """dpsynth's AIM prices a choice by non-monotone scores as if they were monotone, its AIM-GDP forgets a person's
    number of rows. Here m distances cost mu^2 = m (max_rows / stddev)^2, before rows are read."""
    schema = schema_of(LISTED, FLAG, max_rows=max_rows)
    plan = plan_of(schema)
    meter = Meter(plan.events)
    session = PrivateSession(table(50), schema, meter, os.urandom)
    session.discretise(_domain(plan, schema))
    pairs = [("listed", "flag"), ("listed",), ("flag",)]
    session.choose(
        pairs, lambda clique: np.zeros(session.domain.shape(clique)), stddev=5e3, purpose="dependence scores"
    )
    assert mu_squared(meter)["dependence scores"] == pytest.approx(3 * (max_rows / 5e3) ** 2)


def _domain(plan: Plan, schema: TableSchema) -> DomainPlan:
    return Budget.from_dict(plan.params["budget"]).domain_plan(schema)


def test_mbi_initial_cliques_every_measurement_is_paid_for() -> None:
    """mbi's AIM charges for its one-ways only if it is given cliques to start from."""
    _, meter = fit(table(400))
    promised = plan_of(ALL)
    assert epsilon_of(compose([event for _, event in meter.spent]), promised.delta) <= promised.epsilon
    assert {purpose for purpose, _ in meter.spent} <= {purpose for purpose, _ in promised.events}


@pytest.mark.parametrize("schema", [ALL, schema_of(LISTED, FLAG)])
@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
def test_dpmm_two_epsilons_the_domain_is_inside_of_the_one_that_is_asked_for(
    schema: TableSchema, epsilon: float
) -> None:
    """dpmm's total is epsilon plus a second one for its bins; dpsynth leaves a part of the budget unused."""
    plan = plan_of(schema, epsilon)
    price = epsilon_of(compose([event for _, event in plan.events]), plan.delta)
    assert 0.98 * epsilon < price <= epsilon


def test_smartnoise_stops_after_the_budget_is_passed_a_debit_comes_first() -> None:
    plan = plan_of(ALL)
    meter = Meter(plan.events[:-1])
    with pytest.raises(PlanExceeded):
        engine("marginal").fit(PrivateSession(table(50), ALL, meter, os.urandom), plan)


def test_dpmm_a_missing_value_is_never_filled_from_a_record() -> None:
    """dpmm fills all missing cells with one real value: 20 of 2,000 known, and it stands 1,900 times in the output."""
    values = [None] * 1980 + [1000.25 + 7.31 * row for row in range(20)]
    rows = pa.table({"number": pa.array(values, pa.float64()), "id": pa.array([str(row) for row in range(2000)])})
    made = fit(rows, schema_of(NUMBER))[0].sample(2000, seed=1)["number"]
    assert made.null_count > 1500
    known = made.drop_null()
    assert not len(known) or max(entry["counts"] for entry in known.value_counts().to_pylist()) < 200


def test_dpsynth_a_missing_value_is_not_the_least_one() -> None:
    rows = table(600).set_column(2, "number", pa.array([None] * 300 + [60.0] * 300, pa.float64()))
    made = fit(rows, schema_of(NUMBER), epsilon=5.0)[0].sample(600, seed=1)["number"]
    assert 200 < made.null_count < 400
    assert pc.mean(made).as_py() > 40


def test_smartnoise_the_category_of_a_lone_person_never_comes_out() -> None:
    rows = table(800)
    rows = rows.set_column(0, "word", pa.array(["only me", *rows["word"].to_pylist()[1:]], pa.string()))
    for _ in range(5):
        fitted, _ = fit(rows)
        assert "only me" not in fitted.sample(2000, seed=1)["word"].to_pylist()


def test_smartnoise_the_number_of_rows_is_noisy() -> None:
    """D1.5. Six fits of one table: not all of them make as many rows as it has."""
    assert {fit(table(700))[0].sample(None, seed=1).num_rows for _ in range(6)} != {700}


def test_smartnoise_aim_the_junction_tree_is_bounded() -> None:
    """Its bound is on the sum of the cliques, not on the tree that they make. Twelve columns that all depend."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 12, 3000)
    fields: list[dict[str, object]] = []
    columns = {}
    for place in range(12):
        fields.append(
            {"name": f"c{place}", "type": "integer", "constraints": {"enum": list(range(12)), "required": True}}
        )
        columns[f"c{place}"] = np.where(rng.random(3000) < 0.5, base, rng.integers(0, 12, 3000))
    fitted, _ = fit(pa.table(columns), TableSchema.parse({"fields": fields}), epsilon=50.0)
    caps = Caps()
    assert sum(belief.size for belief in fitted._model.beliefs) <= MOST_GROWTH * caps.max_tree_cells
    assert max(belief.size for belief in fitted._model.beliefs) <= MOST_GROWTH * caps.max_clique_cells


def test_dpsynth_and_mbi_nobody_can_set_the_seed_of_the_noise() -> None:
    """D1.10: a fit takes no seed; only sampling does."""
    ours = engine("marginal")
    assert "seed" not in inspect.signature(ours.fit).parameters
    assert "seed" not in inspect.signature(ours.plan).parameters
    assert "seed" in inspect.signature(fit(table(30))[0].sample).parameters


def test_measured_counts_are_whole_numbers_and_the_artifact_has_released_ones_only(tmp_path: Path) -> None:
    """D1.10, D3."""
    rows, schema = table(300), schema_of(LISTED, FLAG)
    plan = plan_of(schema)
    session = PrivateSession(rows, schema, Meter(plan.events), os.urandom)
    session.discretise(_domain(plan, schema))
    (noisy,) = session.measure([("listed",)], stddev=50.0, purpose="one-way marginals")
    assert (noisy.counts == np.rint(noisy.counts)).all()
    fit(rows)[0].save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays.npz", "manifest.json"]
    assert "seed" not in (tmp_path / "manifest.json").read_text()


def test_structure_follows_from_noisy_answers_alone() -> None:
    """D1.12, D1.8: the same answers give the same model, byte for byte, whatever the rows were."""

    class Same:
        """The noise of one run, again and again."""

        def __init__(self) -> None:
            self.rng = np.random.default_rng(5)

        def __call__(self, n_bytes: int) -> bytes:
            return self.rng.bytes(n_bytes)

    made = []
    for rows in (table(500), table(500).take(np.random.default_rng(2).permutation(500))):
        plan = plan_of(ALL)
        fitted = engine("marginal").fit(PrivateSession(rows, ALL, Meter(plan.events), Same()), plan)
        made.append(fitted.sample(100, seed=1))
    assert made[0].equals(made[1])


NEIGHBOURS: dict[str, tuple[pa.Table, pa.Table]] = {
    "nobody and one person": (table(0), table(1)),
    "one person more": (table(300), table(301)),
    "a category that nobody else has": (
        table(300),
        pa.concat_tables(
            [
                table(300),
                pa.table({"word": ["rare"], "listed": ["c"], "number": [1e9], "flag": [True], "id": ["x"]}),
            ]
        ),
    ),
    "the first missing values": (
        table(300),
        pa.concat_tables(
            [
                table(300),
                pa.Table.from_pylist(
                    [{"word": None, "listed": None, "number": None, "flag": None, "id": "x"}], schema=table(0).schema
                ),
            ]
        ),
    ),
    "a column that was constant": (
        table(300).set_column(3, "flag", pa.array([False] * 300)),
        pa.concat_tables(
            [
                table(300).set_column(3, "flag", pa.array([False] * 300)),
                pa.table({"word": ["x"], "listed": ["a"], "number": [50.0], "flag": [True], "id": ["x"]}),
            ]
        ),
    ),
}


def metadata(rows: pa.Table, folder: Path, records: list[logging.LogRecord]) -> dict[str, object]:
    """All that a fit shows beside its noisy numbers."""
    start = len(records)
    fitted, meter = fit(rows)
    fitted.save(folder)
    made = fitted.sample(200, seed=1)
    manifest = json.loads((folder / "manifest.json").read_text())
    codecs = manifest["content"]["domain"]["columns"]
    return {
        "schema": made.schema.to_string(),
        "rows": made.num_rows,
        "files": sorted(path.name for path in folder.iterdir()),
        "manifest": sorted(manifest["content"]),
        "codecs": [(codec["codec"], codec["name"], codec["nullable"]) for codec in codecs],
        "listed": [codec["values"] for codec in codecs if codec["name"] == "listed"],
        "purposes": sorted({purpose for purpose, _ in meter.spent}),
        "mu squared": {purpose: round(value, 9) for purpose, value in mu_squared(meter).items()},
        "log": [record.getMessage() for record in records[start:]],
    }


@pytest.mark.parametrize("neighbours", list(NEIGHBOURS))
def test_metadata_audit(neighbours: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """D4 (d): schema, null pattern, sizes, log lines, debits and exceptions are the same for neighbours."""
    caplog.set_level(logging.DEBUG)
    one, other = (
        metadata(rows, tmp_path / str(place), caplog.records) for place, rows in enumerate(NEIGHBOURS[neighbours])
    )
    assert one == other


def test_the_metadata_audit_sees_a_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nullability taken from the rows, as dpmm does: planted, and caught."""
    audits = []
    for place, rows in enumerate(NEIGHBOURS["the first missing values"]):
        fields = [dict(one) for one in (WORDS, LISTED, NUMBER, FLAG)]
        for field in fields:
            known = dict(field.get("constraints", {}))  # type: ignore[call-overload]
            field["constraints"] = known | {"required": rows[str(field["name"])].null_count == 0}
        leaky = schema_of(*fields)
        plan = plan_of(leaky)
        fitted = engine("marginal").fit(PrivateSession(rows, leaky, Meter(plan.events), os.urandom), plan)
        fitted.save(tmp_path / str(place))
        manifest = json.loads((tmp_path / str(place) / "manifest.json").read_text())
        audits.append([codec["nullable"] for codec in manifest["content"]["domain"]["columns"]])
    assert audits[0] != audits[1]
    assert not caplog.records


def test_delta_is_small_and_refused_where_it_is_not_one() -> None:
    """D1.11: the price is exact at any delta; a delta of 0 or 1 is refused, not clamped."""
    for delta in (0.0, 1.0, math.nan):
        with pytest.raises(PrivacyParameterError):
            engine("marginal").plan(ALL, epsilon=1.0, delta=delta, n_rows=None)
