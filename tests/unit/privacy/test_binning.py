"""From rows to a fixed domain and back: declared facts are kept, others bought, nothing else is used."""
# ruff: noqa: DTZ001 -- canonical moments have no zone

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from privacy.accounting import DpEvent
from privacy.binning import Discretisation, discretise, plan_domain
from privacy.codecs import ARROW_TYPES, OTHER, BinsCodec
from privacy.meter import Meter
from understudy.errors import PlanExceeded
from understudy.schema import TableSchema


def schema(fields: Mapping[str, dict[str, object]], **table: object) -> TableSchema:
    return TableSchema.parse({"fields": [{"name": name, **field} for name, field in fields.items()], **table})


def rows(schema_: TableSchema, values: Mapping[str, Any]) -> pa.Table:
    return pa.table({c.name: pa.array(values[c.name], ARROW_TYPES[c.type]) for c in schema_.columns})


def learn(schema_: TableSchema, table: pa.Table, *, mu: float = 50.0, seed: int = 1) -> Discretisation:
    plan = plan_domain(schema_, mu=mu, delta=1e-6)
    meter = Meter(plan.events)
    result = discretise(table, schema_, plan, debit=meter.debit, entropy=np.random.default_rng(seed).bytes)
    assert meter.spent == plan.events
    return result


def there_and_back(schema_: TableSchema, table: pa.Table, **kwargs: Any) -> tuple[Discretisation, pa.Table]:
    found = learn(schema_, table, **kwargs)
    codes = found.encode(table)
    for name, column in codes.items():
        assert column.size == table.num_rows
        assert column.size == 0 or 0 <= column.min() <= column.max() < found.domain[name]
    out = found.decode(codes, np.random.default_rng(0))
    assert out.schema.names == [c.name for c in schema_.modelled]
    assert [f.type for f in out.schema] == [ARROW_TYPES[c.type] for c in schema_.modelled]
    for c in schema_.modelled:
        missing = [v is None for v in table[c.name].to_pylist()]
        if not c.required:
            assert [v is None for v in out[c.name].to_pylist()] == missing
    return found, out


DECLARED = schema(
    {
        "flag": {"type": "boolean"},
        "colour": {"type": "string", "constraints": {"enum": ["rot", "grün", "💙"]}},
        "grade": {"type": "integer", "constraints": {"minimum": -2, "maximum": 3, "required": True}},
        "level": {"type": "number", "constraints": {"enum": [0.1, 2.5]}},
        "day": {"type": "date", "constraints": {"enum": ["2020-02-29", "2021-01-01"]}},
        "at": {"type": "datetime", "constraints": {"enum": ["2020-02-29T01:02:03"]}},
    }
)


def test_declared_values_come_back_as_they_were_and_cost_nothing() -> None:
    table = rows(
        DECLARED,
        {
            "flag": [True, None, False],
            "colour": ["💙", "rot", None],
            "grade": [-2, 3, 0],
            "level": [2.5, None, 0.1],
            "day": [None, date(2021, 1, 1), date(2020, 2, 29)],
            "at": [datetime(2020, 2, 29, 1, 2, 3), None, None],
        },
    )
    found, out = there_and_back(DECLARED, table)
    assert out.to_pylist() == table.to_pylist()
    assert dict(found.domain.as_dict()) == {"flag": 3, "colour": 4, "grade": 6, "level": 3, "day": 3, "at": 2}
    assert found.provenance["colour"] == {"values": "declared", "missing": "declared"}


def test_values_outside_of_what_is_declared_get_a_fixed_code() -> None:
    """Ingest refuses such rows; were one to come through, it could not change the domain."""
    table = rows(
        DECLARED,
        {"flag": [None], "colour": ["Jane Doe"], "grade": [99], "level": [7.0], "day": [date(1, 1, 1)], "at": [None]},
    )
    found = learn(DECLARED, table)
    assert {name: int(codes[0]) for name, codes in found.encode(table).items()} == {
        "flag": 2,
        "colour": 3,
        "grade": 0,
        "level": 2,
        "day": 2,
        "at": 1,
    }
    assert "Jane" not in json.dumps(found.parts()[0])


MIXED = schema(
    {
        "age": {"type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        "gain": {"type": "integer"},
        "cost": {"type": "number"},
        "rate": {"type": "number"},
        "born": {"type": "date"},
        "seen": {"type": "datetime"},
        "city": {"type": "string"},
    }
)


def mixed(n: int) -> pa.Table:
    rng = np.random.default_rng(4)
    missing = rng.random(n) < 0.1

    def holes(values: list[Any]) -> list[Any]:
        return [None if hole else value for value, hole in zip(values, missing, strict=True)]

    return rows(
        MIXED,
        {
            "age": rng.normal(50, 15, n).clip(0, 120).astype(int).tolist(),
            "gain": holes(np.where(rng.random(n) < 0.8, 0, rng.integers(100, 9000, n)).tolist()),
            "cost": [round(x, 2) for x in rng.lognormal(3, 1, n).tolist()],
            "rate": holes(rng.normal(0, 1, n).tolist()),
            "born": [date(1950, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 20_000, n)],
            "seen": holes([datetime(2023, 1, 1) + timedelta(minutes=int(m)) for m in rng.integers(0, 500_000, n)]),
            "city": rng.choice(["Aarhus", "Brno", "Cádiz"], n).tolist(),
        },
    )


def test_ordered_columns_come_back_close_and_on_their_grid() -> None:
    table = mixed(4_000)
    found, out = there_and_back(MIXED, table)
    for name, width in (("age", 8), ("cost", 20), ("rate", 1.0)):
        real, fake = (np.array(t[name].drop_null().to_pylist(), dtype=float) for t in (table, out))
        assert np.median(np.abs(real - fake)) < width
        assert abs(np.median(real) - np.median(fake)) < width
    assert all(value == round(value, 2) for value in out["cost"].to_pylist())
    assert all(value is None or value.second == 0 for value in out["seen"].to_pylist())
    gaps = [abs((a - b).days) for a, b in zip(out["born"].to_pylist(), table["born"].to_pylist(), strict=True)]
    assert np.median(gaps) < 700
    assert Counter(out["city"].to_pylist()) == Counter(table["city"].to_pylist())
    real_zeros, fake_zeros = (Counter(t["gain"].to_pylist())[0] for t in (table, out))
    assert real_zeros == fake_zeros
    assert found.provenance["age"] == {"grid": "declared", "bounds": "declared", "bins": "dp", "missing": "declared"}
    assert found.provenance["cost"] == {"grid": "dp", "bounds": "dp", "bins": "dp", "missing": "declared"}
    assert found.provenance["city"] == {"values": "dp", "missing": "declared"}


def test_a_discretisation_survives_json_and_npz(tmp_path: Path) -> None:
    table = mixed(500)
    found = learn(MIXED, table)
    found.save(tmp_path)
    loaded = Discretisation.load(tmp_path)
    assert loaded.domain == found.domain
    assert loaded.provenance == found.provenance
    codes = found.encode(table)
    assert all(np.array_equal(codes[name], column) for name, column in loaded.encode(table).items())
    assert loaded.decode(codes, np.random.default_rng(1)).equals(found.decode(codes, np.random.default_rng(1)))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".npz"}


def test_decoding_repeats_with_the_seed() -> None:
    table = mixed(300)
    found = learn(MIXED, table)
    codes = found.encode(table)
    assert found.decode(codes, np.random.default_rng(5)).equals(found.decode(codes, np.random.default_rng(5)))


@pytest.mark.parametrize("mu", [1e-3, 0.1, 50.0])
@pytest.mark.parametrize("n", [0, 1, 40])
def test_tiny_tables_and_loud_noise_are_no_trouble(n: int, mu: float) -> None:
    for seed in range(3):
        there_and_back(MIXED, mixed(40).slice(0, n), mu=mu, seed=seed)


@pytest.mark.parametrize("mu", [0.01, 50.0])
def test_columns_that_are_all_missing_or_constant(mu: float) -> None:
    empty = pa.table({c.name: pa.nulls(50, ARROW_TYPES[c.type]) for c in MIXED.columns})
    _, out = there_and_back(MIXED, empty, mu=mu)
    assert out.to_pylist() == empty.to_pylist()
    first = mixed(1).to_pylist()[0]
    constant = rows(MIXED, {name: [value] * 3000 for name, value in {**first, "gain": 7, "rate": 0.5}.items()})
    _, out = there_and_back(MIXED, constant)
    assert set(out["rate"].to_pylist()) == {0.5}
    assert set(out["gain"].to_pylist()) == {7}


def test_an_empty_column_without_chunks_is_no_trouble() -> None:
    bare = pa.table({c.name: pa.chunked_array([], ARROW_TYPES[c.type]) for c in MIXED.columns})
    there_and_back(MIXED, bare, mu=0.1)


@pytest.mark.parametrize(
    ("type_", "low", "high", "values"),
    [
        ("integer", -(2**63), 2**63 - 1, [-(2**63), 0, 2**63 - 1]),
        ("integer", 10**18, 10**18 + 10**6, [10**18, 10**18 + 5]),
        ("integer", 500, 500, [500]),
        ("number", 0.125, 0.125, [0.125]),
        ("number", -1e308, 1e308, [-1e308, 0.0, 1e308]),
        ("number", 0.0, 1e-9, [0.0, 1e-9]),
        ("date", "2020-01-01", "2020-01-01", [date(2020, 1, 1)]),
        ("datetime", "2020-01-01T05:00:00", "2020-01-01T05:00:00", [datetime(2020, 1, 1, 5)]),
    ],
)
@pytest.mark.parametrize("mu", [0.01, 50.0])
def test_odd_bounds_are_kept(type_: str, low: object, high: object, values: list[Any], mu: float) -> None:
    one = schema({"x": {"type": type_, "constraints": {"minimum": low, "maximum": high}}})
    _, out = there_and_back(one, rows(one, {"x": values * 20}), mu=mu)
    column = one["x"]
    assert all(column.minimum <= value <= column.maximum for value in out["x"].to_pylist())


@pytest.mark.parametrize(("low", "high"), [(None, 10), (10, None), (10**9, None), (None, -(10**9))])
def test_a_declared_bound_is_kept_whatever_is_bought(low: int | None, high: int | None) -> None:
    bounds = {key: value for key, value in (("minimum", low), ("maximum", high)) if value is not None}
    one = schema({"x": {"type": "integer", "constraints": bounds}})
    for mu in (0.01, 50.0):
        _, out = there_and_back(one, rows(one, {"x": [3, 4, 5] * 100}), mu=mu)
        assert all((low is None or low <= x) and (high is None or x <= high) for x in out["x"].to_pylist())


def test_rare_categories_become_other() -> None:
    one = schema({"name": {"type": "string"}})
    table = rows(one, {"name": ["common"] * 900 + [f"Jane Doe {i}" for i in range(100)]})
    found, out = there_and_back(one, table, mu=2.0)
    assert Counter(out["name"].to_pylist()) == {"common": 900, OTHER: 100}
    assert "Jane" not in json.dumps(found.parts()[0])


def test_the_domain_does_not_depend_on_whether_values_are_missing() -> None:
    """Metadata audit: with the same noise, neighbours have the same columns, types and missing codes."""
    full, holed = mixed(200), mixed(200).slice(0, 199)
    for table in (full, holed):
        found = learn(MIXED, table, mu=0.05, seed=9)
        assert all(codec.parts()[0]["nullable"] is True for codec in found.codecs)
    required = schema({"x": {"type": "integer", "constraints": {"required": True}}})
    found = learn(required, rows(required, {"x": [1, 2, 3]}))
    assert isinstance(found["x"], BinsCodec)
    assert not found["x"].nullable


def test_a_unit_column_outside_of_the_model_is_used_for_units() -> None:
    by_person = schema(
        {"person": {"type": "integer", "understudy:kind": "identifier"}, "key": {"type": "string"}},
        **{"understudy:privacyUnit": {"column": "person", "maxRows": 100}},
    )
    values = {"person": [1] * 100 + list(range(100)), "key": ["mine"] * 100 + ["ours"] * 100}
    found = learn(by_person, rows(by_person, values), mu=20.0)
    assert found["key"].parts()[0]["values"] == ["ours"]
    assert found.domain.names == ("key",)
    without = learn(by_person, rows(by_person, values).drop_columns(["person"]), mu=20.0)
    assert without["key"].parts()[0]["values"] == []


def test_an_unpaid_plan_reads_nothing() -> None:
    plan = plan_domain(MIXED, mu=1.0, delta=1e-6)

    def refuse(purpose: str, event: DpEvent) -> None:
        raise PlanExceeded("no")

    with pytest.raises(PlanExceeded):
        discretise(None, MIXED, plan, debit=refuse, entropy=np.random.default_rng(1).bytes)


def test_two_hundred_columns_are_quick() -> None:
    wide = schema({f"c{i}": {"type": "integer"} for i in range(200)})
    table = rows(wide, {f"c{i}": [1, 2, 3, 500] * 50 for i in range(200)})
    found, _ = there_and_back(wide, table, mu=0.5)
    assert len(found.domain) == 200


def test_a_replay_from_the_same_entropy_gives_the_same_domain_whatever_the_order_of_rows() -> None:
    """Noise is keyed by the job: neither the order of rows nor that of keys in a hash table may change its use."""
    table = mixed(2_000)
    shuffled = table.take(pa.array(np.random.default_rng(9).permutation(table.num_rows)))
    first, again, other = (learn(MIXED, t, mu=1.0, seed=5).parts() for t in (table, table, shuffled))
    for document, arrays in (again, other):
        assert json.dumps(document) == json.dumps(first[0])
        assert all(np.array_equal(array, first[1][name]) for name, array in arrays.items())


def test_a_rare_far_tail_comes_back() -> None:
    """capital_gain of Adult: mostly zero, and 0.5 % at a placeholder beyond a gap."""
    one = schema({"gain": {"type": "integer"}})
    rng = np.random.default_rng(3)
    gain = np.where(rng.random(30_000) < 0.92, 0, rng.lognormal(8.5, 0.6, 30_000).astype(int).clip(100, 30_000))
    gain[:150] = 99_999
    far = []
    for seed in range(5):
        _, out = there_and_back(one, rows(one, {"gain": gain.tolist()}), mu=0.1, seed=seed)
        far.append(np.mean(np.array(out["gain"].to_pylist()) > 60_000))
    assert 0.002 < np.mean(far) < 0.01


def test_round_values_and_spikes_come_back() -> None:
    one = schema({"amount": {"type": "integer", "constraints": {"minimum": 0, "maximum": 100_000}}})
    rng = np.random.default_rng(3)
    amount = rng.lognormal(8, 1, 20_000).astype(int).clip(1, 99_999)
    amount = np.where(rng.random(20_000) < 0.5, (amount + 500) // 1000 * 1000, amount)
    amount[:3_000] = 5_000
    _, out = there_and_back(one, rows(one, {"amount": amount.tolist()}), mu=1.0)
    fake = np.array(out["amount"].to_pylist())
    assert abs(np.mean(fake == 5_000) - np.mean(amount == 5_000)) < 0.03
    assert abs(np.mean(fake % 1000 == 0) - np.mean(amount % 1000 == 0)) < 0.12
    assert len(set(fake.tolist())) > 1_000


def test_a_coarse_grid_is_kept_exactly() -> None:
    one = schema({"limit": {"type": "integer"}, "price": {"type": "number"}})
    rng = np.random.default_rng(3)
    limits, prices = rng.integers(1, 80, 5_000) * 10_000, rng.integers(1, 400, 5_000) * 0.25
    _, out = there_and_back(one, rows(one, {"limit": limits.tolist(), "price": prices.tolist()}), mu=1.0)
    assert all(value % 10_000 == 0 for value in out["limit"].to_pylist())
    assert all(round(value, 2) == value for value in out["price"].to_pylist())


def test_nested_codes_back_off_to_their_parent() -> None:
    """A chapter's letter is public, so it stands for a lone code; what is no code of ICD-10 is OTHER."""
    one = schema({"icd10": {"type": "string", "understudy:hierarchy": "icd10"}})
    values = ["I21.4"] * 500 + [f"I21.{i}" for i in range(100, 200)] * 2 + ["Z99.9", "?"]
    found, out = there_and_back(one, rows(one, {"icd10": values}), mu=1.0)
    assert Counter(out["icd10"].to_pylist()) == {"I21.4": 500, "I21": 200, "Z": 1, OTHER: 1}
    assert found.provenance["icd10"] == {"values": "dp", "missing": "declared"}
    assert Discretisation.from_parts(*found.parts())["icd10"] == found["icd10"]


def test_declared_nested_codes_stay_within_the_list() -> None:
    codes = [f"{chapter}{i:02d}.{j}" for chapter in "IJ" for i in range(10) for j in range(5)]
    one = schema({"icd10": {"type": "string", "understudy:hierarchy": "icd10", "constraints": {"enum": codes}}})
    found, out = there_and_back(one, rows(one, {"icd10": codes[:5] * 100 + codes}), mu=1.0)
    assert set(out["icd10"].to_pylist()) <= set(codes)
    assert found.domain["icd10"] < 20


def test_values_that_a_rule_lists_need_no_enum() -> None:
    fields: dict[str, dict[str, object]] = {"ward": {"type": "string"}, "rate": {"type": "number"}}
    rule = {"kind": "combinations", "columns": ["ward", "rate"], "rows": [["B", 2.5], ["A", 1.5], ["C", 1.5]]}
    schema_ = schema(fields, **{"understudy:constraints": [rule]})
    table = rows(schema_, {"ward": ["A", "rare", None, "B"], "rate": [1.5, None, 9.0, 2.5]})
    found, out = there_and_back(
        schema_,
        table.set_column(1, "rate", pa.array([1.5, None, 2.5, 2.5])),
    )
    assert found.domain.sizes == (5, 3)
    assert out["ward"].to_pylist() == ["A", OTHER, None, "B"]
    assert found.provenance["ward"]["values"] == "declared"
    assert learn(schema_, table).encode(table)["rate"].tolist() == [0, 2, 2, 1]  # 9.0 breaks the rule
