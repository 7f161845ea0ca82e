"""The main story through the service: upload, ask, wait, fetch; what it costs; what stays behind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from privacy.ledger import EntryKind, Scope
from service.context import TenantId
from service.execution import Claim, fail, run_step
from service.jobs import SYNTHESIZE, JobError
from service.pipeline import FLOWS
from tests.e2e.houses import SCHEMA, House, rows
from understudy.client import Client, SynthResult
from understudy.messages import JobState
from understudy.report import figures

Connect = Callable[[str], Client]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "ward.csv"
    path.write_bytes(rows(900))
    return path


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    return SCHEMA | {"understudy:population": "story"}


@pytest.fixture
def result(house: House, http: Connect, table: Path, schema: dict[str, object], tmp_path: Path) -> SynthResult:
    return http(house.keys["clinic"]).synth(table, schema=schema, epsilon=1.0, n_rows=500, out=tmp_path / "out")


def test_a_table_becomes_a_bundle(
    house: House, http: Connect, result: SynthResult, table: Path, schema: dict[str, object]
) -> None:
    synthetic = pq.read_table(result.files["synthetic.parquet"])
    assert synthetic.num_rows == 500
    assert synthetic.column_names == ["id", "age", "sex"]
    assert set(synthetic["sex"].to_pylist()) <= {"F", "M", None}
    assert pyarrow.csv.read_csv(result.files["synthetic.csv"]).num_rows == 500

    manifest = json.loads(result.files["manifest.json"].read_text())
    for name, entry in manifest["files"].items():
        assert hashlib.sha256(result.files[name].read_bytes()).hexdigest() == entry["sha256"]
    beside = {"manifest.json", "manifest.sig", "report.owner.json", "report.owner.html"}
    assert set(manifest["files"]) | beside == set(result.files)

    statement = json.loads(result.files["privacy_statement.json"].read_text())
    assert (statement["epsilon"], statement["delta"]) == (1.0, 1e-6)
    assert "raw" not in statement["provenance"].values()
    assert len(figures(result.files["report.owner.json"])) == 6

    budget = http(house.keys["clinic"]).budget("story")
    assert budget.epsilon_held == 0
    assert budget.epsilon_spent == pytest.approx(1.0)
    with house.ports.database.begin() as tx:
        entries = tx.for_tenant(TenantId("clinic")).ledger.entries(Scope("story"))
    assert [entry.kind for entry in entries if entry.job_id == result.job.id] == [EntryKind.HOLD, EntryKind.SPEND]


def test_after_the_job_no_copy_of_the_rows_is_left(house: House, result: SynthResult) -> None:
    left = {Path(path).name for path in house.files() if result.job.id in path}
    assert left.isdisjoint({"train.parquet", "members.parquet", "controls.parquet", "raw", "canonical.parquet"})
    assert not any(path.is_file() for path in (house.ports.settings.home / "scratch").rglob("*"))
    assert house.ports.database.open_jobs() == []


def test_a_proposal_says_types_and_guesses_and_nothing_else(house: House, http: Connect, table: Path) -> None:
    proposal = http(house.keys["clinic"]).propose_schema(table)
    assert {field["name"]: field["type"] for field in proposal.table_schema["fields"]} == {  # type: ignore[attr-defined]
        "id": "integer",
        "age": "integer",
        "sex": "string",
    }
    assert "constraints" not in json.dumps(proposal.table_schema)
    assert not proposal.data_derived
    asked = http(house.keys["clinic"]).propose_schema(table, include_data=True)
    assert asked.data_derived
    assert "constraints" in json.dumps(asked.table_schema)


def test_a_last_step_that_runs_twice_keeps_the_bundle(house: House, http: Connect, result: SynthResult) -> None:
    """A process may die after it has recorded the end of a job and before its engine has heard of it."""
    tenant = TenantId("clinic")
    claim = Claim(tenant=tenant, job_id=result.job.id, attempt=1)
    assert run_step(FLOWS[SYNTHESIZE], "bundle", claim, house.ports) is None
    fail(tenant, result.job.id, JobError(code="failed", message="late"), house.ports)
    client = http(house.keys["clinic"])
    assert client.job(result.job.id).state is JobState.DONE
    assert "manifest.json" in client.download(result.job.id, result.folder / "again")
