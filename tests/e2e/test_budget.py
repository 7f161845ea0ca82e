"""The budget through both doors: what a job would cost, what it cost, on what, and whether the books are in order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from evaluation.recompute import recompute
from evaluation.statement import PrivacyStatement
from service.context import TenantId
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from tests.e2e.houses import SCHEMA, House, problem_in, rows
from understudy.client import Client
from understudy.errors import BudgetExceeded, Conflict, PrivacyParameterError, UsageError
from understudy.messages import JobCreate, PlanCreate

Connect = Callable[[str], Client]


@pytest.fixture
def client(house: House, http: Connect) -> Client:
    return http(house.keys["clinic"])


def schema_of(population: str) -> dict[str, object]:
    return SCHEMA | {"understudy:population": population}


def plan(client: Client, population: str, epsilon: float = 1.0, **more: Any) -> Any:
    return client.plan(PlanCreate(table_schema=schema_of(population), epsilon=epsilon, **more))


def test_a_plan_says_what_a_job_costs_and_changes_nothing(house: House, client: Client) -> None:
    before = [client.budgets(), list(client.history())]
    found = plan(client, "planned", project="trial")
    assert (found.epsilon, found.delta, found.fits) == (1.0, 1e-6, True)
    assert found.epsilon_of_events == pytest.approx(1.0, abs=1e-6)
    assert found.epsilon_of_events <= 1.0
    assert sum(event.share for event in found.events) == pytest.approx(1.0)
    assert [(step.scope, step.is_limited, step.fits) for step in found.scopes] == [
        ("tenant", False, True),
        ("population", True, True),
        ("project", False, True),
    ]
    assert (found.scopes[1].epsilon_left, found.scopes[1].epsilon_left_after) == (10.0, 9.0)
    assert not plan(client, "planned", epsilon=11.0).fits
    assert [client.budgets(), list(client.history())] == before


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"epsilon": 0.0}, PrivacyParameterError),
        ({"engine": "magic"}, UsageError),
        ({"project": "\n"}, UsageError),
        ({"n_rows": 0}, UsageError),
    ],
)
def test_a_plan_that_cannot_be_is_refused(client: Client, more: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        plan(client, "planned", **more)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "ward.csv"
    path.write_bytes(rows(300))
    return path


@pytest.mark.slow
def test_a_zcdp_scope_from_grant_to_statement(client: Client, table: Path, tmp_path: Path) -> None:
    granted = client.grant("adaptive", epsilon=2.0, delta=1e-5, composition="zcdp")
    assert granted.composition_rule == "zcdp"
    assert "2203.05481" in granted.composition
    client.grant("adaptive", project="trial", epsilon=1.5, delta=1e-5, window_days=30, window_epsilon=1.2)
    first = client.synth(
        table, schema=schema_of("adaptive"), epsilon=1.0, n_rows=50, project="trial", out=tmp_path / "out"
    )

    with pytest.raises(BudgetExceeded) as refused:
        client.synth(table, schema=schema_of("adaptive"), epsilon=0.5, project="trial", out=tmp_path / "more")
    assert refused.value.facts["scope"] == "population adaptive, project trial"
    assert (refused.value.facts["window_days"], refused.value.facts["epsilon_left"]) == ("30", "0.2")
    assert not plan(client, "adaptive", epsilon=0.5, project="trial").fits
    with pytest.raises(Conflict):
        client.grant("adaptive", epsilon=2.0, delta=1e-5, composition="basic")

    whole, project = client.budget("adaptive"), client.budget("adaptive", project="trial")
    assert (whole.epsilon_sum, project.epsilon_spent) == (1.0, 1.0)
    assert whole.epsilon_spent == pytest.approx(0.989, abs=0.01)  # rho of the job, at delta 5e-6
    assert project.window_epsilon_left == pytest.approx(0.2)
    history = [entry for entry in client.history(population="adaptive") if entry.job_id]
    assert [(entry.kind, entry.project) for entry in history] == [("hold", "trial"), ("spend", "trial")]
    assert json.loads(history[0].events)
    assert client.verify_ledger().ok

    text = first.files["privacy_statement.json"].read_text()
    statement = PrivacyStatement.from_json(text)
    assert [(scope.scope, scope.rule) for scope in statement.scopes] == [
        ("tenant", "basic"),
        ("population", "zcdp"),
        ("project", "basic"),
    ]
    found = recompute(statement)
    assert found.agrees
    assert found.ours == pytest.approx(found.dp_accounting["gaussian"], abs=1e-6)
    assert found.ours == pytest.approx(1.0, abs=1e-6)


@pytest.fixture
def budgets(house: House) -> Iterator[Callable[[str, Any], Any]]:
    """Calls of the gRPC service."""
    with grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}") as channel:
        stubs = {"Plan": pb_grpc.JobsStub(channel)}
        others = pb_grpc.BudgetsStub(channel)
        metadata = (("authorization", f"Bearer {house.keys['bank']}"),)

        def call(method: str, request: Any) -> Any:
            return getattr(stubs.get(method, others), method)(request, metadata=metadata)

        yield call


def test_the_same_over_grpc(budgets: Callable[[str, Any], Any]) -> None:
    granted = budgets("Grant", pb.GrantBudgetRequest(population="loans", grant=pb.BudgetGrant(epsilon=1.0, delta=1e-6)))
    assert (granted.scope, granted.epsilon_left, granted.is_limited) == ("population", 1.0, True)
    own = budgets("Grant", pb.GrantBudgetRequest(grant=pb.BudgetGrant(epsilon=5.0, delta=1e-5)))
    assert (own.scope, own.epsilon) == ("tenant", 5.0)
    document = json.dumps(schema_of("loans"))
    found = budgets("Plan", pb.PlanCreate(table_schema=document, epsilon=2.0))
    assert [(step.scope, step.fits) for step in found.scopes] == [("tenant", True), ("population", False)]
    history = budgets("History", pb.ListEntriesRequest()).entries
    assert [entry.kind for entry in history] == ["grant"] * 3
    assert len(budgets("History", pb.ListEntriesRequest(after=1, limit=1)).entries) == 1
    assert budgets("Verify", pb.VerifyLedgerRequest()).ok
    with pytest.raises(grpc.RpcError) as refused:
        budgets("History", pb.ListEntriesRequest(limit=5000))
    assert problem_in(refused.value).code == "page-invalid"


def test_a_refusal_names_the_tenants_own_scope(house: House, http: Connect, table: Path) -> None:
    bank = http(house.keys["bank"])
    dataset = bank.upload(table, schema_of("cards"))
    bank.call(_grant_tenant(epsilon=0.5))
    with pytest.raises(BudgetExceeded) as refused:
        bank.submit(JobCreate(dataset_id=dataset.id, epsilon=0.6))
    assert (refused.value.facts["scope"], refused.value.facts["epsilon_left"]) == ("tenant", "0.5")
    with house.ports.database.read() as tx:
        assert tx.for_tenant(TenantId("bank")).ledger.open_holds() == []


def _grant_tenant(epsilon: float) -> Any:
    from understudy import endpoints
    from understudy.messages import BudgetGrant

    return endpoints.grant_budget("", BudgetGrant(epsilon=epsilon, delta=1e-5))


def test_the_same_people_under_another_name_wait_for_a_steward(client: Client, tmp_path: Path) -> None:
    table = tmp_path / "patients.csv"
    numbers = (10_000_019 + 7919 * n for n in range(300))  # given out by somebody, not 1, 2, 3
    table.write_text("id,age,sex\n" + "".join(f"{number},{number % 90},F\n" for number in numbers))
    client.upload(table, schema_of("clinic-a"))
    again = client.upload(table, schema_of("clinic-b"))
    wanted = JobCreate(dataset_id=again.id, epsilon=0.1, delta=1e-7)
    with pytest.raises(Conflict) as refused:
        client.submit(wanted)
    assert refused.value.reason == "population-overlap"
    assert "clinic-a" in refused.value.facts["seems_to_be"]
    assert not list(client.history(population="clinic-b")), "nothing was charged"
    others = refused.value.facts["seems_to_be"].split(", ")
    client.grant("clinic-b", epsilon=1.0, delta=1e-6, distinct_from=others)
    assert client.submit(wanted).population == "clinic-b"
    granted = next(entry for entry in client.history(population="clinic-b") if entry.kind == "grant")
    assert json.loads(granted.events) == {"distinct_from": others}


UNDERSTUDY = str(Path(sys.executable).parent / "understudy")


def statement(epsilon: float, noise_multiplier: float) -> str:
    document = {
        "format": "understudy.privacy-statement/1",
        "epsilon": epsilon,
        "delta": 1e-6,
        "events": [{"purpose": "counts", "event": {"type": "gaussian", "noise_multiplier": noise_multiplier}}],
    }
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "exit_code", "says"),
    [
        (statement(1.0, 4.3), 0, "dp_accounting"),
        (statement(1.0, 2.0), 2, "statement-wrong"),
        ("[", 2, "statement-unknown"),
    ],
)
def test_anyone_can_verify_a_statement(text: str, exit_code: int, says: str, tmp_path: Path) -> None:
    file = tmp_path / "privacy_statement.json"
    file.write_text(text)
    command = [UNDERSTUDY, "statement", "verify", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"HOME": str(tmp_path)})
    assert done.returncode == exit_code, done.stderr
    assert says in done.stdout + done.stderr
