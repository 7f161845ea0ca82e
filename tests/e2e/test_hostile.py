"""What bad input gets, through both doors: a stable code, a place, nothing charged, nothing left behind."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.context import TenantId
from tests.e2e.houses import DOORS, SCHEMA, Door, House, Refused, rows
from understudy.messages import PlaceView

SECRET = "Jane-Q-4711"


@pytest.fixture(params=sorted(DOORS))
def door(request: pytest.FixtureRequest, house: House) -> Iterator[Door]:
    opened = DOORS[request.param](house, house.keys["clinic"])
    yield opened
    opened.close()


@dataclass(frozen=True)
class State:
    """Everything that a refusal must leave as it was."""

    files: set[str]
    datasets: set[str]
    entries: int
    jobs: int


def state(house: House) -> State:
    with house.ports.database.begin() as tx:
        stores = tx.for_tenant(TenantId("clinic"))
        return State(
            files=house.files(),
            datasets={dataset.id for dataset in stores.datasets.all()},
            entries=len(stores.ledger.entries()),
            jobs=len(stores.jobs.all()),
        )


def bomb() -> bytes:
    """Some kilobytes that decode to far more than they should: one long value, repeated by reference."""
    value = pa.array(["x" * 100_000])
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), value)
    ints = pa.array([1] * 200_000, pa.int64())
    sink = io.BytesIO()
    pq.write_table(pa.table({"id": ints, "age": ints, "sex": column}), sink, compression="zstd")
    return sink.getvalue()


def late_fault(n: int) -> bytes:
    lines = rows(n).split(b"\n")
    lines[n - 1] = f"{n},{SECRET},F".encode()
    return b"\n".join(lines)


TABLES: dict[str, tuple[str, bytes, str, PlaceView | None]] = {
    "wrong type in row 70,000": ("csv", late_fault(70_001), "value-not-integer", PlaceView(line=70_001, column="age")),
    "a column missing": ("csv", b"id,age\n1,2\n", "column-missing", PlaceView(line=None, column="sex")),
    "a column too many": ("csv", b"id,age,sex,x\n1,2,F,3\n", "column-unknown", PlaceView(line=None, column="x")),
    "an empty file": ("csv", b"", "empty-file", None),
    "a header only": ("csv", b"id,age,sex\n", "no-rows", None),
    "not UTF-8": ("csv", b"id,age,sex\n1,2,F\n2,3,\xff\xfe\n", "not-utf8", PlaceView(line=3)),
    "a header twice": ("csv", b"id,age,age\n1,2,3\n", "header-twice", PlaceView(line=None, column="age")),
    "a ragged row": ("csv", b"id,age,sex\n1,2,F\n1,2\n", "row-ragged", PlaceView(line=3)),
    "not in the enum": (
        "csv",
        f"id,age,sex\n1,2,{SECRET}\n".encode(),
        "value-not-in-enum",
        PlaceView(line=2, column="sex"),
    ),
    "above the maximum": ("csv", b"id,age,sex\n1,121,F\n", "value-above-maximum", PlaceView(line=2, column="age")),
    "a person without an id": ("csv", b"id,age,sex\n,2,F\n", "unit-missing", PlaceView(line=2, column="id")),
    "a Parquet bomb": ("parquet", bomb(), "decoded-too-large", None),
    "no Parquet at all": ("parquet", b"PAR1 but not really", "not-parquet", None),
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_bad_table_is_refused_with_its_place(name: str, door: Door, house: House) -> None:
    table_format, content, code, place = TABLES[name]
    before = state(house)
    dataset = door.declare(SCHEMA, table_format)
    with pytest.raises(Refused) as caught:
        door.send(dataset, content)
    problem = caught.value.problem
    assert problem.code == code
    if place is not None:
        found = problem.where[0]
        assert found.column == place.column
        assert place.line in (None, found.line)
    assert SECRET not in problem.model_dump_json()
    assert "Traceback" not in problem.model_dump_json()
    assert state(house) == before


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        (SCHEMA | {"understudy:secret": 1}, "schema-invalid"),
        (SCHEMA | {"fields": []}, "schema-invalid"),
        (SCHEMA | {"understudy:privacyUnit": {"column": "nobody", "maxRows": 1}}, "schema-invalid"),
    ],
)
def test_a_bad_schema_is_refused_with_a_pointer(schema: dict[str, object], code: str, door: Door, house: House) -> None:
    before = state(house)
    with pytest.raises(Refused) as caught:
        door.declare(schema)
    assert caught.value.problem.code == code
    assert caught.value.problem.where[0].pointer
    assert state(house) == before


@pytest.fixture(scope="module")
def ready(house: House) -> str:
    """A good dataset of a population with a small budget."""
    opened = DOORS["http"](house, house.keys["clinic"])
    dataset: str = opened.declare(SCHEMA | {"understudy:population": "poor"})
    opened.send(dataset, rows(50))
    opened.client.grant("poor", epsilon=0.5, delta=1e-6)
    opened.close()
    return dataset


@pytest.mark.parametrize(
    ("epsilon", "delta", "code"),
    [
        (0.0, 1e-6, "privacy-parameter-invalid"),
        (-1.0, 1e-6, "privacy-parameter-invalid"),
        (math.nan, 1e-6, "privacy-parameter-invalid"),
        (math.inf, 1e-6, "privacy-parameter-invalid"),
        (1.0, 1.0, "privacy-parameter-invalid"),
        (1.0, -1e-9, "privacy-parameter-invalid"),
        (1.0, math.nan, "privacy-parameter-invalid"),
        (0.6, 1e-6, "budget-exceeded"),
        (0.4, 2e-6, "budget-exceeded"),
    ],
)
def test_a_price_that_cannot_be_is_refused(
    epsilon: float, delta: float, code: str, ready: str, door: Door, house: House
) -> None:
    before = state(house)
    with pytest.raises(Refused) as caught:
        door.submit(ready, epsilon, delta)
    assert caught.value.problem.code == code
    if code == "budget-exceeded":
        assert caught.value.problem.facts["epsilon_left"] == "0.5"
    assert state(house) == before


@pytest.mark.parametrize("name", sorted(DOORS))
def test_another_tenants_things_are_not_there(name: str, ready: str, house: House) -> None:
    bank = DOORS[name](house, house.keys["bank"])
    try:
        assert bank.datasets() == []
        for act in (
            lambda: bank.dataset(ready),
            lambda: bank.submit(ready, 0.1, 1e-7),
            lambda: bank.send(ready, b"x"),
            lambda: bank.job("job_0"),
        ):
            with pytest.raises(Refused) as caught:
                act()
            assert caught.value.problem.code == "not-found"
    finally:
        bank.close()


@pytest.mark.parametrize("name", sorted(DOORS))
@pytest.mark.parametrize("key", ["us_0000000000000000." + "0" * 64, "nonsense"])
def test_a_bad_key_is_nobody(name: str, key: str, house: House) -> None:
    stranger = DOORS[name](house, key)
    try:
        with pytest.raises(Refused) as caught:
            stranger.datasets()
        assert caught.value.problem.code == "unauthenticated"
    finally:
        stranger.close()


def test_a_request_of_the_wrong_form_is_a_problem_without_its_values(house: House) -> None:
    opened = DOORS["http"](house, house.keys["clinic"])
    try:
        for body in (b"{", b"[]", json.dumps({"dataset_id": SECRET, "epsilon": "x", "y": SECRET}).encode()):
            with pytest.raises(Refused) as caught:
                opened._call("POST", "/v1/jobs", body)
            assert caught.value.problem.code == "request-invalid"
            assert SECRET not in caught.value.problem.model_dump_json()
        for method, path in (("GET", "/v1/nowhere"), ("PATCH", "/v1/jobs")):
            with pytest.raises(Refused):
                opened._call(method, path)
    finally:
        opened.close()
