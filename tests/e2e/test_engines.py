"""Engines from the caller's side: listed, chosen, planned, and refused before anything is held."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from synthesizers.registry import engines
from tests.e2e.houses import SCHEMA, House, rows
from understudy.client import Client
from understudy.errors import UsageError
from understudy.messages import JobCreate, PlanCreate

Connect = Callable[[str], Client]


@pytest.fixture
def client(house: House, http: Connect) -> Client:
    return http(house.keys["clinic"])


def schema_of(population: str) -> dict[str, object]:
    return SCHEMA | {"understudy:population": population}


def test_every_engine_is_listed_and_what_it_lacks_is_said(client: Client) -> None:
    found = {one.name: one for one in client.engines()}
    assert set(found) == set(engines())
    assert found["marginal"].is_ready
    assert not found["sdv-ctgan"].is_ready
    assert (found["sdv-ctgan"].licence, found["sdv-ctgan"].environment) == ("BUSL-1.1", "sdv")
    assert (found["marginal"].conditions, found["marginal"].imputation) == ("exact", "exact")
    assert all(one.rebalancing and one.constraints and one.imputation for one in found.values())


def test_a_plan_chooses_says_why_and_names_the_others(client: Client) -> None:
    found = client.plan(PlanCreate(table_schema=schema_of("chosen"), epsilon=1.0, engine="auto", n_rows=2_000))
    assert found.engine in engines()
    assert "2 columns, about 2,000 rows" in found.reason
    assert found.formal_guarantee
    refused = {offer.engine: offer.refusal for offer in found.offers}
    told = {offer.engine: offer.expected for offer in found.offers if not offer.refusal}
    assert told.get("network", found.expected) is not None
    assert refused["smartnoise-mst"] == "engine-not-installed"
    assert refused["sdv-tvae"] == "engine-not-allowed"


@pytest.mark.parametrize(
    ("engine", "code"),
    [("sdv-tvae", "engine-not-allowed"), ("smartnoise-mst", "engine-not-installed"), ("magic", "engine-unknown")],
)
def test_a_job_that_may_not_run_holds_nothing(client: Client, tmp_path: Path, engine: str, code: str) -> None:
    (tmp_path / "ward.csv").write_bytes(rows(40))
    population = f"refused-{engine}"
    dataset = client.upload(tmp_path / "ward.csv", schema=schema_of(population))
    with pytest.raises(UsageError) as caught:
        client.submit(JobCreate(dataset_id=dataset.id, epsilon=1.0, engine=engine))
    assert caught.value.reason == code
    assert not list(client.history(population=population))


@pytest.mark.slow
def test_auto_runs_as_the_engine_that_it_chose(client: Client, tmp_path: Path) -> None:
    (tmp_path / "ward.csv").write_bytes(rows(200))
    made = client.synth(
        tmp_path / "ward.csv", schema=schema_of("auto"), epsilon=1.0, n_rows=50, engine="auto", out=tmp_path / "out"
    )
    assert made.job.engine in engines()
    statement = json.loads(made.files["privacy_statement.json"].read_text())
    assert (statement["engine"], statement["epsilon"]) == (made.job.engine, 1.0)
