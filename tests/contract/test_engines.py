"""One suite x every engine. A gap is an entry of ``GAPS`` that names the refusal.

Engines of our own and the door's test engine always run. Of each sealed one a stand-in does: its own plan, price,
limits, options and artifact, with noisy one-ways in this process for its library in its own. The real ones run where
their environments are: ``make test-engines`` makes them and sets UNDERSTUDY_TEST_ENGINES to their folder. They are
trained for few steps here: the suite is about types, prices and what comes through the door, not about how good their
rows are.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from privacy.accounting import compose, decode, encode, epsilon_of, gaussian_price, without_guarantee
from privacy.charging import charge_of
from privacy.session import Meter, PrivateSession
from synthesizers.base import FittedSynthesizer, Plan, Synthesizer
from synthesizers.conditions import Conditions, sampled
from synthesizers.network import fitted as network_fitted
from synthesizers.network import sizes as network_sizes
from synthesizers.registry import engines, is_ready
from synthesizers.sealed import door
from synthesizers.sealed import fitted as sealed_fitted
from synthesizers.sealed.catalogue import INDEPENDENT, SPECS
from synthesizers.sealed.engine import SealedSynthesizer
from synthesizers.sealed.environments import Environments
from synthesizers.sealed.worker import fake
from synthesizers.tabular import fitted as tabular_fitted
from understudy.errors import UnderstudyError, UsageError
from understudy.schema import TableSchema

_FOLDER = os.environ.get("UNDERSTUDY_TEST_ENGINES")
_PLACES = Path(_FOLDER) if _FOLDER else None
_ONLY = set(filter(None, os.environ.get("UNDERSTUDY_TEST_ENGINES_ONLY", "").split(",")))
_FEW = {"epochs": 2, "iterations": 3, "mirror_steps": 300, "rounds_per_column": 1, "steps": 20}
"""Of options that an engine has, the values with which it is tried."""
SLOW_FITS = int(os.environ.get("UNDERSTUDY_TEST_ENGINES_FITS", "3"))
OUTPUTS = 200
STAND_IN = "stand-in"
_DOOR = door.run
LITERAL = "UNIQUE_PATIENT_X"
ARTIFACTS = Path(__file__).parent / "artifacts"

GAPS = {"engine-too-wide", "engine-one-row"}
"""Codes with which an engine may refuse a table from public facts, before anything is read."""


def _known() -> dict[str, Synthesizer]:
    places = Environments(_PLACES)
    every = {**engines(_PLACES), INDEPENDENT.name: SealedSynthesizer(INDEPENDENT, places)}
    every |= {name: _brief(one, places) for name, one in every.items() if isinstance(one, SealedSynthesizer)}
    for spec in SPECS:
        every[f"{spec.name}-{STAND_IN}"] = SealedSynthesizer(replace(spec, environment="", runner=STAND_IN), places)
    return {name: one for name, one in every.items() if is_ready(one) and (not _ONLY or name in _ONLY) and _here(name)}


def _stand_in(
    sealed: door.Sealed, folder: Path, runner: str, task: dict[str, Any], *, sizes: tuple[int, ...], n_rows: int
) -> door.Made:
    """The door, with the stand-ins' runner behind it in this process."""
    if runner != STAND_IN:
        return _DOOR(sealed, folder, runner, task, sizes=sizes, n_rows=n_rows)
    with np.load(folder / "codes.npz", allow_pickle=False) as stored:
        return door.Made(fake.run(stored["codes"].astype(np.int64), task), "none")


def _brief(one: SealedSynthesizer, places: Environments) -> SealedSynthesizer:
    options = {key: _FEW.get(key, value) for key, value in one.spec.options.items()}
    return SealedSynthesizer(replace(one.spec, options=options), places)


def _here(name: str) -> bool:
    """The network needs an extra; without it, its own tests say so."""
    return name != "network" or all(find_spec(package) for package in ("torch", "opacus"))


ENGINES = _known()


@pytest.fixture(scope="module", autouse=True)
def brief_training() -> Iterator[None]:
    """The network too is trained for few steps only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "run", _stand_in)
        patch.setattr(network_sizes, "_STEPS", _FEW["steps"])
        yield


@pytest.fixture(scope="module", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Synthesizer:
    return ENGINES[request.param]


MIXED = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110}},
            {"name": "weight", "type": "number", "constraints": {"minimum": 0, "maximum": 200}},
            {
                "name": "ward",
                "type": "string",
                "constraints": {"required": True, "enum": ["A", "B", "C", "never seen"]},
            },
            {"name": "smoker", "type": "boolean"},
            {"name": "born", "type": "date", "constraints": {"minimum": "1920-01-01", "maximum": "2020-12-31"}},
            {
                "name": "seen",
                "type": "datetime",
                "constraints": {"minimum": "2020-01-01T00:00:00", "maximum": "2024-12-31T00:00:00"},
            },
            {"name": "site", "type": "string", "constraints": {"required": True, "enum": ["only"]}},
            {"name": "void", "type": "string", "constraints": {"enum": ["x", "y"]}},
        ]
    }
)


_FIRST = date(1930, 1, 1).toordinal()


def mixed(n_rows: int) -> pa.Table:
    """Every type, nulls, a constant column and one that is always missing."""
    rng = np.random.default_rng(0)
    holes = rng.random(n_rows) < 0.1
    days = rng.integers(0, 30_000, n_rows)
    return pa.table(
        {
            "age": pa.array(rng.integers(20, 90, n_rows), mask=holes),
            "weight": pa.array(rng.normal(75, 10, n_rows).clip(30, 150), mask=np.roll(holes, 1)),
            "ward": pa.array(rng.choice(["A", "B", "C"], n_rows, p=[0.6, 0.3, 0.1])),
            "smoker": pa.array(rng.random(n_rows) < 0.3, mask=np.roll(holes, 2)),
            "born": pa.array([date.fromordinal(_FIRST + int(day)) for day in days], pa.date32()),
            "seen": pa.array([datetime(2022, 1, 1)] * n_rows, pa.timestamp("us")),  # noqa: DTZ001 - as rows have it
            "site": pa.array(["only"] * n_rows),
            "void": pa.array([None] * n_rows, pa.string()),
        }
    )


def with_strangers(rows: pa.Table) -> pa.Table:
    """The first rows have values that nobody declared: a ward, an age and a day."""
    for name, value in (("ward", "Z"), ("age", 500), ("born", date(1800, 1, 1))):
        column = pa.concat_arrays([pa.array([value], rows.schema.field(name).type), rows[name][1:].combine_chunks()])
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def plan_of(engine: Synthesizer, schema: TableSchema, *, epsilon: float = 2.0, n_rows: int | None = None) -> Plan:
    return engine.plan(schema, epsilon=epsilon, delta=1e-6, n_rows=n_rows)


def _refusal(engine: Synthesizer, schema: TableSchema) -> str:
    """The code with which the engine refuses to plan, which must be a known gap; empty if it plans."""
    code = ""
    try:
        plan_of(engine, schema)
    except UsageError as refused:
        code = refused.reason
    assert code in GAPS | {""}
    return code


def fit(
    engine: Synthesizer, table: pa.Table, schema: TableSchema, *, epsilon: float = 2.0, n_rows: int | None = None
) -> tuple[FittedSynthesizer, Meter, Plan]:
    plan = plan_of(engine, schema, epsilon=epsilon, n_rows=n_rows)
    meter = Meter(plan.events)
    return engine.fit(PrivateSession(table, schema, meter, os.urandom), plan), meter, plan


@pytest.fixture(scope="module")
def fitted(engine: Synthesizer) -> tuple[FittedSynthesizer, Meter, Plan]:
    return fit(engine, with_strangers(mixed(1500)), MIXED)


Fitted = tuple[FittedSynthesizer, Meter, Plan]


def test_every_type_comes_back_as_it_is_declared(fitted: Fitted) -> None:
    rows = fitted[0].sample(400, seed=1)
    assert rows.num_rows == 400
    assert rows.column_names == [column.name for column in MIXED.modelled]
    kinds = [str(one) for one in rows.schema.types]
    assert kinds == ["int64", "double", "string", "bool", "date32[day]", "timestamp[us]", "string", "string"]


def test_values_stay_in_what_was_declared(fitted: Fitted) -> None:
    """Also where the rows do not, and for a value that no row has."""
    rows = fitted[0].sample(400, seed=2).to_pydict()
    assert all(value is None or 0 <= value <= 110 for value in rows["age"])
    assert all(value is None or 0 <= value <= 200 for value in rows["weight"])
    assert set(rows["ward"]) <= {"A", "B", "C", "never seen"}
    assert all(value is None or date(1920, 1, 1) <= value <= date(2020, 12, 31) for value in rows["born"])
    assert set(rows["site"]) == {"only"}


def test_a_column_without_a_value_stays_mostly_without(engine: Synthesizer, fitted: Fitted) -> None:
    rows = fitted[0].sample(400, seed=3)
    learns = not (isinstance(engine, SealedSynthesizer) and "steps" in engine.spec.options)  # not in so few steps
    assert rows["void"].null_count >= (150 if learns else 1)


def test_required_columns_are_never_missing(fitted: Fitted) -> None:
    rows = fitted[0].sample(400, seed=4)
    assert rows["ward"].null_count == rows["site"].null_count == 0


def test_sampling_repeats_by_its_seed(fitted: Fitted) -> None:
    model = fitted[0]
    assert model.sample(200, seed=7).equals(model.sample(200, seed=7))
    assert not model.sample(200, seed=7).equals(model.sample(200, seed=8))


def test_more_rows_than_there_were_can_be_made(fitted: Fitted) -> None:
    assert fitted[0].sample(4000, seed=1).num_rows == 4000


def test_without_a_number_there_are_about_as_many_rows_as_there_were(fitted: Fitted) -> None:
    assert 1000 < fitted[0].sample(None, seed=1).num_rows < 2000


def test_a_saved_model_gives_the_same_rows(engine: Synthesizer, fitted: Fitted, tmp_path: Path) -> None:
    fitted[0].save(tmp_path)
    assert engine.load(tmp_path).sample(150, seed=5).equals(fitted[0].sample(150, seed=5))


def test_a_saved_model_holds_no_pickle(fitted: Fitted, tmp_path: Path) -> None:
    fitted[0].save(tmp_path)
    names = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert {Path(name).suffix for name in names} <= {".json", ".npz", ".safetensors"}
    for path in tmp_path.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_model_of_another_engine_is_refused(engine: Synthesizer, fitted: Fitted, tmp_path: Path) -> None:
    fitted[0].save(tmp_path)
    text = (tmp_path / "manifest.json").read_text()
    (tmp_path / "manifest.json").write_text(text.replace('"kind": "', '"kind": "other-'))
    with pytest.raises(UnderstudyError) as caught:
        engine.load(tmp_path)
    assert caught.value.reason == "artifact-unreadable"


def test_what_is_spent_is_what_the_plan_holds(fitted: Fitted) -> None:
    """Whole events once each; Gaussian ones may be split within their purpose, up to what it holds."""
    _, meter, plan = fitted
    held, spent = Counter(), Counter()  # type: ignore[var-annotated]
    for into, events in ((held, plan.events), (spent, meter.spent)):
        for purpose, event in events:
            price = gaussian_price(event)
            if price is None:
                into[purpose, str(encode(event))] += 1
            else:
                into[purpose] += price.mu_squared
    assert set(spent) <= set(held)
    for purpose, amount in held.items():
        assert spent[purpose] == pytest.approx(amount, rel=1e-6) or purpose in ("dependence scores", "pair marginals")


def test_the_ledger_is_charged_the_price_of_the_events(engine: Synthesizer, fitted: Fitted) -> None:
    plan = fitted[2]
    priced = [event for _, event in plan.events if not without_guarantee(event)]
    charge = charge_of(priced, epsilon=plan.epsilon, delta=plan.delta)
    assert charge.dp.epsilon == pytest.approx(plan.epsilon)
    assert epsilon_of(compose(priced), plan.delta) <= plan.epsilon
    assert (engine.formal_guarantee is None) == any(without_guarantee(event) for _, event in plan.events)
    if engine.formal_guarantee is not None:
        assert plan.epsilon == 2.0


def test_a_second_fit_must_be_paid_again(engine: Synthesizer, fitted: Fitted) -> None:
    """Nothing resumes: what a fit has spent buys no other one, and nothing is read for it."""
    _, meter, plan = fitted
    before = meter.spent
    with pytest.raises(UnderstudyError) as caught:
        engine.fit(PrivateSession(mixed(20), MIXED, meter, os.urandom), plan)
    assert caught.value.reason == "plan-exceeded"
    assert meter.spent == before


def test_a_plan_survives_its_json(fitted: Fitted) -> None:
    plan = fitted[2]
    assert Plan.from_dict(plan.as_dict()) == plan
    assert all(decode(encode(event)) == event for _, event in plan.events)


def test_a_plan_of_another_schema_reads_nothing(engine: Synthesizer) -> None:
    plan = plan_of(engine, TableSchema.parse({"fields": [{"name": "a", "type": "boolean"}]}))
    meter = Meter(plan.events)
    with pytest.raises(UnderstudyError) as caught:
        engine.fit(PrivateSession(mixed(20), MIXED, meter, os.urandom), plan)
    assert caught.value.reason == "plan-mismatch"
    assert meter.spent == ()


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0.0, 1e-6), (-1.0, 1e-6), (float("nan"), 1e-6), (1.0, 0.0), (1.0, 1.0)]
)
def test_a_price_that_cannot_be_is_refused(engine: Synthesizer, epsilon: float, delta: float) -> None:
    with pytest.raises(UnderstudyError):
        engine.plan(MIXED, epsilon=epsilon, delta=delta, n_rows=None)


def test_one_row_is_enough(engine: Synthesizer) -> None:
    model, _, _ = fit(engine, mixed(1), MIXED, n_rows=20)
    assert model.sample(20, seed=0).num_rows == 20


def test_two_hundred_columns_are_modelled_or_refused_before_anything_is_read(engine: Synthesizer) -> None:
    names = [f"f{column}" for column in range(200)]
    wide = TableSchema.parse(
        {"fields": [{"name": name, "type": "boolean", "constraints": {"required": True}} for name in names]}
    )
    rng = np.random.default_rng(0)
    table = pa.table({name: pa.array(rng.random(200) < 0.5) for name in names})
    if _refusal(engine, wide):
        return
    model, _, _ = fit(engine, table, wide)
    assert model.sample(50, seed=0).num_columns == 200


def test_several_rows_of_a_person_are_paid_for_or_refused(engine: Synthesizer) -> None:
    """The noise is that of all of a person's rows: a zCDP engine gets a sixteenth of rho for four rows."""
    many = TableSchema.parse(
        {
            "fields": [
                {"name": "person", "type": "string", "understudy:kind": "identifier"},
                {"name": "a", "type": "boolean"},
                {"name": "b", "type": "boolean"},
            ],
            "understudy:privacyUnit": {"column": "person", "maxRows": 4},
        }
    )
    if _refusal(engine, many):
        return
    plan = plan_of(engine, many)
    assert epsilon_of(compose(event for _, event in plan.events if not without_guarantee(event)), 1e-6) <= 2.0


def _made(fitted: Fitted, wanted: Conditions, n_rows: int, *values: str) -> Counter[str] | None:
    """The wards of rows that meet conditions; None where they are refused because the model has not all the values."""
    code = ""
    try:
        return Counter(fitted[0].sample(n_rows, seed=1, conditions=wanted)["ward"].to_pylist())
    except UsageError as refused:
        code = refused.reason
    assert code == "condition-too-rare"
    made = Counter(fitted[0].sample(4000, seed=2)["ward"].to_pylist())
    assert min(made[value] for value in values) <= 4  # of 4,000, in a model trained for few steps
    return None


def test_conditions_are_met_by_every_engine(fitted: Fitted) -> None:
    wanted = Conditions.parse(MIXED, where={"ward": ["A"]}, rebalance={})
    assert _made(fitted, wanted, 100, "A") in (None, {"A": 100})


def test_shares_are_met_by_every_engine(fitted: Fitted) -> None:
    wanted = Conditions.parse(MIXED, where={}, rebalance={"ward": {"A": 0.2, "B": 0.8}})
    counts = _made(fitted, wanted, 200, "A", "B")
    if counts is not None:
        assert abs(counts["A"] - 40) <= 15
        assert abs(counts["B"] - 160) <= 15


FILLED = ["age", "weight", "smoker", "seen"]


def test_empty_cells_are_filled_by_every_engine_also_by_a_saved_model(
    engine: Synthesizer, fitted: Fitted, tmp_path: Path
) -> None:
    """Whole rows of gaps, rows of one gap, and cells that are given, which stay what they are."""
    rows = mixed(120)
    blank = pa.table({name: [None] * 5 for name in rows.column_names}, schema=rows.schema)
    rows = pa.concat_tables([rows, blank]).append_column("id", pa.array(range(125)))
    made = fitted[0].impute(rows, FILLED, seed=3)
    assert made.schema == rows.schema
    for name in rows.column_names:
        known = rows[name].is_valid()
        assert made[name].filter(known).equals(rows[name].filter(known))
        assert made[name].null_count == (0 if name in FILLED else rows[name].null_count)
    assert all(0 <= value <= 110 for value in made["age"].to_pylist())
    fitted[0].save(tmp_path)
    assert engine.load(tmp_path).impute(rows, FILLED, seed=3).equals(made)


def test_a_column_without_any_value_is_filled_with_a_declared_one_or_refused(fitted: Fitted) -> None:
    """Noise may have told of a value where there is none; where it has not, there is nothing to draw."""
    code = ""
    try:
        assert set(fitted[0].impute(mixed(30), ["void"], seed=1)["void"].to_pylist()) <= {"x", "y"}
    except UsageError as refused:
        code = refused.reason
    assert code in ("", "impute-unknown")


def test_rows_without_a_missing_value_are_made_by_every_engine(fitted: Fitted) -> None:
    wanted = Conditions.parse(MIXED, where={}, rebalance={}, impute=["age", "smoker"])
    made = sampled(fitted[0], 400, seed=1, conditions=wanted)
    assert made.rows["age"].null_count == made.rows["smoker"].null_count == 0
    assert made.rows.num_rows == 400
    assert made.imputed["age"] > 0


RULED = TableSchema.parse(
    {
        "fields": [
            {"name": "low", "type": "integer", "constraints": {"required": True, "minimum": 0, "maximum": 9}},
            {"name": "high", "type": "integer", "constraints": {"required": True, "minimum": 0, "maximum": 9}},
            {"name": "sex", "type": "string", "constraints": {"required": True, "enum": ["f", "m"]}},
            {"name": "ward", "type": "string", "constraints": {"required": True, "enum": ["A", "B", "maternity"]}},
        ],
        "understudy:constraints": [
            {"kind": "order", "columns": ["low", "high"]},
            {"kind": "forbidden", "where": {"sex": ["m"], "ward": ["maternity"]}},
        ],
    }
)


def test_constraints_are_kept_by_every_engine_also_in_a_saved_model(engine: Synthesizer, tmp_path: Path) -> None:
    """The columns are independent in the real rows, so a model that learns of them alone breaks both rules."""
    rng = np.random.default_rng(0)
    table = pa.table({name: pa.array(rng.integers(0, 10, 600)) for name in ("low", "high")})
    for name, values in (("sex", ["f", "m"]), ("ward", ["A", "B", "maternity"])):
        table = table.append_column(name, pa.array(rng.choice(values, 600)))
    model, _, _ = fit(engine, table, RULED)
    model.save(tmp_path)
    made = sampled(engine.load(tmp_path), 300, seed=1)
    rows = made.rows.to_pydict()
    assert made.rows.num_rows == 300
    assert all(low <= high for low, high in zip(rows["low"], rows["high"], strict=True))
    assert ("m", "maternity") not in set(zip(rows["sex"], rows["ward"], strict=True))
    if isinstance(engine, SealedSynthesizer):  # it cannot know of them: rows were turned down
        assert made.broke_constraints > 0


OPEN = TableSchema.parse({"fields": [{"name": "who", "type": "string"}, {"name": "a", "type": "boolean"}]})


def _with_literal() -> pa.Table:
    """500 persons; one of them alone has the literal."""
    names = ["common"] * 300 + ["usual"] * 199 + [LITERAL]
    return pa.table({"who": pa.array(names), "a": pa.array([True, False] * 250)})


def _fits(engine: Synthesizer) -> int:
    return {"marginal": OUTPUTS, INDEPENDENT.name: 10}.get(engine.name, SLOW_FITS)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_literal_of_one_person_is_in_no_output(engine: Synthesizer) -> None:
    """200 outputs at epsilon 0.1, of as many fits, or of fewer where each trains a network or starts a process.

    What makes it so for all of them is the next test's matter: they never get the literal. False alarms: the domain
    stage may find it with a chance of 1e-7 a fit.
    """
    table, fits = _with_literal(), _fits(engine)
    for first in range(fits):
        model, _, _ = fit(engine, table, OPEN, epsilon=0.1, n_rows=500)
        for seed in range(first, OUTPUTS, fits):
            assert LITERAL not in set(model.sample(500, seed=seed)["who"].to_pylist())


def test_a_sealed_engine_is_given_no_literal(tmp_path: Path) -> None:
    """200 domains bought as every sealed engine buys its own: the literal is in none, and codes are all there is."""
    engine = SealedSynthesizer(INDEPENDENT, Environments(None))
    plan = plan_of(engine, OPEN, epsilon=0.1)
    from synthesizers.sealed.prices import SEALED, Price

    prices = Price.from_dict(plan.params["price"])
    for _ in range(200):
        session = PrivateSession(_with_literal(), OPEN, Meter(plan.events), os.urandom)
        domain, arrays = session.discretise(prices.domain_plan(OPEN)).parts()
        assert LITERAL not in f"{domain}{[array.tolist() for array in arrays.values()]}"
        with session.sealed(tmp_path, prices.engine_event(), purpose=SEALED) as path:
            blob = path.read_bytes()
            with np.load(path, allow_pickle=False) as stored:
                assert stored.files == ["codes"]
                assert stored["codes"].dtype == np.uint32
        assert LITERAL.encode() not in blob
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", sorted(path.name for path in ARTIFACTS.iterdir()) if ARTIFACTS.is_dir() else [])
def test_models_of_older_versions_are_read(folder: str) -> None:
    """Each folder is an engine's artifact of a released version, ``ENGINE-VERSION``; they are only ever added."""
    name, _ = folder.rsplit("-", 1)
    known: dict[str, Any] = {**engines(), "sealed": SealedSynthesizer(INDEPENDENT, Environments(None))}
    model = known[name].load(ARTIFACTS / folder)
    rows = model.sample(200, seed=1)
    assert rows.num_rows == 200
    holed = next(column for column in rows.column_names if 0 < rows[column].null_count < 200)
    assert model.impute(rows, [holed], seed=1)[holed].null_count == 0


def test_every_kind_of_artifact_is_kept_in_each_of_its_versions() -> None:
    kinds = (tabular_fitted, network_fitted, sealed_fitted)
    wanted = {f"{kind.KIND}-{version}" for kind in kinds for version in range(1, kind.VERSION + 1)}
    assert {path.name for path in ARTIFACTS.iterdir()} == wanted
