"""What may leave: noised figures and canaries in the release report, gates that withhold, attempts that count."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from evaluation.recompute import recompute
from evaluation.statement import PrivacyStatement
from service.rpc.generated import understudy_pb2 as pb
from tests.e2e.houses import GrpcDoor, House, shell
from understudy import endpoints
from understudy.client import Client
from understudy.errors import Conflict, Failed, NotFound, UsageError
from understudy.messages import EvaluationCreate, PlanCreate

pytestmark = pytest.mark.slow

Connect = Callable[[str], Client]

SCHEMA: dict[str, object] = {
    "fields": [
        {"name": "name", "type": "string", "understudy:kind": "name"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110, "required": True}},
        {"name": "day", "type": "integer", "constraints": {"minimum": 0, "maximum": 9999, "required": True}},
        {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"], "required": True}},
        {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e", "w"]}, "understudy:target": True},
        {"name": "sent_by", "type": "string"},
    ],
}


def table(n: int, seed: int, *, sender: str = "the district clinic") -> pa.Table:
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 111, n)
    return pa.table(
        {
            "name": [f"Person {seed} {i}" if i else "Ada Quux Lovelace" for i in range(n)],
            "age": age,
            "day": rng.integers(0, 10_000, n),
            "sex": rng.choice(["F", "M"], n, p=[0.3, 0.7]).tolist(),
            "ward": np.where(age > 60, "n", rng.choice(["s", "e", "w"], n)).tolist(),
            "sent_by": [sender] * n,
        }
    )


def write(path: Path, rows: pa.Table) -> Path:
    pyarrow.csv.write_csv(rows, path)
    return path


def schema_of(population: str) -> dict[str, object]:
    return SCHEMA | {"understudy:population": population}


def sections(path: Path) -> dict[str, Any]:
    return {section["id"]: section for section in json.loads(path.read_text())["sections"]}


def test_noised_figures_and_canaries_leave_inside_the_stated_total(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    real = write(tmp_path / "real.csv", table(1_200, 1))
    result = client.synth(
        real, schema=schema_of("release"), epsilon=2.0, n_rows=900, canaries=80, report_share=0.2, out=tmp_path / "out"
    )
    release = sections(result.files["report.release.json"])
    assert {"released.tvd2.mean", "released.tvd2.worst", "released.tvd1.mean", "released.groups"} == {
        metric["id"] for metric in release["released"]["metrics"]
    }
    assert {"canary.exposure", "canary.audit", "canary.returned"} == {m["id"] for m in release["canaries"]["metrics"]}
    assert all(metric["disclosure"] == "releasable" for metric in release["released"]["metrics"])
    assert all(0 < metric["eps_spent"] < 2.0 for metric in release["released"]["metrics"])
    assert all(metric["ci"] is not None for metric in release["released"]["metrics"])
    page = result.files["report.release.html"].read_text()
    assert "Fidelity, with noise" in page
    assert "Canaries" in page

    statement = json.loads(result.files["privacy_statement.json"].read_text())
    assert statement["canaries"] == 80
    assert "about 40" in statement["canaries_note"]
    assert {"report/rows", "report/columns", "report/pairs", "report/groups"} <= {
        event["purpose"] for event in statement["events"]
    }
    found = recompute(PrivacyStatement.from_dict(statement))
    assert found.agrees, found.faults
    assert found.ours == pytest.approx(2.0, abs=1e-6)
    assert client.budget("release").epsilon_spent == pytest.approx(2.0)
    exact = json.loads(result.files["report.owner.json"].read_text())
    trained = next(fact["value"] for fact in exact["facts"] if fact["label"] == "Training rows")
    assert trained not in page


def test_a_refused_release_is_spent_withheld_and_counted(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    real = write(tmp_path / "real.csv", table(300, 2))
    asked: dict[str, Any] = {"schema": schema_of("refused"), "epsilon": 0.5, "n_rows": 200, "out": tmp_path / "out"}
    with pytest.raises(UsageError) as priced:
        client.synth(real, **asked, policy={"max_epsilon": 0.1})
    assert (priced.value.reason, priced.value.facts["gate"]) == ("gate-refused", "max_epsilon")
    with pytest.raises(UsageError) as unread:
        client.synth(real, **asked, policy={"max_eps": 1})
    assert unread.value.reason == "policy-invalid"
    before = house.files()
    with pytest.raises(Failed) as caught:
        client.synth(real, **asked, policy={"min_fidelity": 1.0})
    assert caught.value.reason == "gate-refused"
    assert "min_fidelity" in caught.value.message
    assert client.budget("refused").epsilon_spent == pytest.approx(0.5)
    kept = house.files() - before
    assert {Path(name).name for name in kept} == {"report.owner.json", "report.owner.html"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"report.owner.json", "report.owner.html"}
    assert caught.value.facts["report.owner.html"] == str(tmp_path / "out" / "report.owner.html")
    why = json.loads((tmp_path / "out" / "report.owner.json").read_text())
    assert [gate["gate"] for gate in why["gates"] if gate["refused"]] == ["min_fidelity"]
    assert "Withheld by its policy" in (tmp_path / "out" / "report.owner.html").read_text()
    (withheld,) = [job for job in client.call(endpoints.list_jobs()).jobs if job.population == "refused"]
    assert json.loads(client.report(withheld.id, owner=True)) == why
    for locked in (lambda: client.report(withheld.id), lambda: client.download(withheld.id, tmp_path / "none")):
        with pytest.raises(Conflict):
            locked()
    with pytest.raises(NotFound):
        http(house.keys["bank"]).report(withheld.id, owner=True)

    result = client.synth(real, **asked, report_share=0.0)
    report = json.loads(result.files["report.release.json"].read_text())
    assert report["attempts"] == 2
    assert "2 releases were tried" in result.files["report.release.html"].read_text()
    assert {"released", "canaries"}.isdisjoint(section["id"] for section in report["sections"])


def test_an_identifying_literal_in_the_output_withholds_it(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    real = write(tmp_path / "real.csv", table(500, 3, sender="ada  quux LOVELACE"))
    with pytest.raises(Failed) as caught:
        client.synth(real, schema=schema_of("literal"), epsilon=4.0, n_rows=200, out=tmp_path / "out")
    assert caught.value.reason == "gate-refused"
    assert "no_pii_literal" in caught.value.message
    assert "lovelace" not in caught.value.message.lower()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"canaries": 3}, "canaries-invalid"),
        ({"report_share": 0.7}, "report-share-invalid"),
        ({"report_share": float("nan")}, "report-share-invalid"),
    ],
)
def test_odd_wishes_are_refused(house: House, http: Connect, tmp_path: Path, asked: dict[str, Any], code: str) -> None:
    real = write(tmp_path / "real.csv", table(20, 4))
    with pytest.raises(UsageError) as caught:
        http(house.keys["clinic"]).synth(real, schema=schema_of("odd"), epsilon=1.0, **asked)
    assert caught.value.reason == code


def test_a_plan_shows_what_the_report_costs(house: House, http: Connect) -> None:
    plan = http(house.keys["clinic"]).plan(PlanCreate(table_schema=schema_of("plan"), epsilon=1.0, report_share=0.1))
    shares = {event.purpose: event.share for event in plan.events}
    assert sum(share for purpose, share in shares.items() if purpose.startswith("report/")) == pytest.approx(0.1, 1e-6)
    assert plan.epsilon_of_events <= 1.0


# --- anybody's table --------------------------------------------------------------------------------------------


def evaluated(client: Client, folder: Path, synthetic: pa.Table, *, control: bool = True) -> dict[str, Path]:
    real = write(folder / "real.csv", table(400, 5))
    held = write(folder / "held.csv", table(300, 6)) if control else None
    pq.write_table(synthetic, folder / "made.parquet")
    return client.evaluate(
        real, folder / "made.parquet", schema=schema_of("judged"), control=held, out=folder / "reports"
    )


def test_a_copy_is_called_one_and_no_guarantee_is_claimed(house: House, http: Connect, tmp_path: Path) -> None:
    files = evaluated(http(house.keys["clinic"]), tmp_path, table(400, 5))
    owner = sections(files["report.owner.json"])
    lights = {metric["id"]: metric["status"] for section in owner.values() for metric in section["metrics"]}
    assert lights["risk.verbatim"] == "red"
    assert lights["guarantee.epsilon"] == "red"
    assert "no formal privacy guarantee" in files["report.release.html"].read_text()
    assert "risk.verbatim" not in files["report.release.json"].read_text()
    assert [path for path in house.files() if "/scratch/" in path] == []
    with pytest.raises(Exception, match="account"):
        http(house.keys["clinic"]).budget("judged")


def test_both_doors_judge_alike(house: House, http: Connect) -> None:
    door = GrpcDoor(house, house.keys["bank"])
    rows = io.BytesIO()
    pyarrow.csv.write_csv(table(60, 7), rows)
    ids = []
    for _ in range(2):
        ids.append(door.declare(schema_of("judged")))
        door.send(ids[-1], rows.getvalue())
    answer = door._call(door._jobs.Evaluate, pb.EvaluationCreate(real_id=ids[0], synthetic_id=ids[1]))
    client = http(house.keys["bank"])
    same = client.call(endpoints.create_evaluation(EvaluationCreate(real_id=ids[0], synthetic_id=ids[1])))
    with pytest.raises(Conflict):
        client.call(endpoints.delete_dataset(ids[1]))
    assert [client.wait(job).kind for job in (answer.id, same.id)] == ["evaluate", "evaluate"]
    for method, request, owner in (
        (door._jobs.DownloadOwnerReport, pb.DownloadOwnerReportRequest, True),
        (door._jobs.DownloadReleaseReport, pb.DownloadReleaseReportRequest, False),
    ):
        sent = b"".join(part.chunk for part in method(request(job_id=answer.id), metadata=door._metadata))
        mine, theirs = (json.loads(text) for text in (client.report(same.id, owner=owner), sent))
        assert mine["sections"] == theirs["sections"]
    door.close()
    report = json.loads(client.report(answer.id, owner=True))
    risk = next(section for section in report["sections"] if section["id"] == "risk")
    assert {m["status"] for m in risk["metrics"] if m["id"] in ("risk.verbatim", "risk.membership")} == {"grey"}


def test_another_tenants_table_cannot_be_judged(house: House, http: Connect, tmp_path: Path) -> None:
    mine = http(house.keys["clinic"]).upload(write(tmp_path / "t.csv", table(30, 8)), schema_of("judged"))

    with pytest.raises(NotFound):
        http(house.keys["bank"]).call(
            endpoints.create_evaluation(EvaluationCreate(real_id=mine.id, synthetic_id=mine.id))
        )


def test_the_command_line_judges_and_gates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "real.csv", table(120, 9))
    write(tmp_path / "made.csv", table(90, 10).drop_columns(["name"]))
    (tmp_path / "s.json").write_text(json.dumps(schema_of("shell")))
    (tmp_path / "policy.json").write_text('{"max_epsilon": 0.5}')

    def run(*words: str) -> tuple[int, str, str]:
        return shell(tmp_path, *words)

    code, out, err = run("evaluate", "real.csv", "made.csv", "--schema", "s.json", "--out", "judged", "--json")
    assert code == 0, err
    said = json.loads(out.splitlines()[-1])
    assert {Path(path).name for path in said["paths"].values()} == {path.name for path in Path("judged").iterdir()}
    assert [figure["group"] for figure in said["figures"]] == ["fidelity"] * 3 + ["risk"] * 3
    code, _, err = run("synth", "real.csv", "--schema", "s.json", "--epsilon", "1", "--policy", "policy.json")
    assert code == 2
    assert "gate-refused" in err
    assert "max_epsilon" in err
