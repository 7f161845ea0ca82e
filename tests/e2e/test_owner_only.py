"""What an owner may ask beside a release: a curve over epsilon, and the same job without privacy. None of it leaves."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from service.context import TenantId
from service.rpc.generated import understudy_pb2 as pb
from tests.e2e.houses import GrpcDoor, House, Refused, shell
from understudy import endpoints
from understudy.client import Client
from understudy.errors import Conflict, Failed, NotFound, UnderstudyError
from understudy.messages import CurveCreate, DatasetCreate, EvaluationCreate, JobState

pytestmark = pytest.mark.slow

Connect = Callable[[str], Client]

RARE = "zebra-7"


def schema_of(population: str) -> dict[str, Any]:
    return {
        "fields": [
            {"name": "id", "type": "string", "understudy:kind": "identifier"},
            {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110, "required": True}},
            {"name": "ward", "type": "string", "constraints": {"enum": ["n", "s", "e"]}, "understudy:target": True},
            {"name": "code", "type": "string"},
        ],
        "understudy:population": population,
        "understudy:privacyUnit": {"column": "id", "maxRows": 1},
    }


def rows(n: int, seed: int) -> pa.Table:
    """Some persons have a code that so few have that no private fit may tell it."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 111, n)
    code = np.where(rng.random(n) < 0.5, "common", "usual").astype(object)
    code[:10] = RARE
    return pa.table(
        {
            "id": [f"{seed}-{i}" for i in range(n)],
            "age": age,
            "ward": np.where(age > 60, "n", rng.choice(["s", "e"], n)).tolist(),
            "code": code.tolist(),
        }
    )


def write(path: Path, table: pa.Table) -> Path:
    pyarrow.csv.write_csv(table, path)
    return path


def metrics(path: Path) -> dict[str, Any]:
    return {m["id"]: m for section in json.loads(path.read_text())["sections"] for m in section["metrics"]}


# --- a curve over epsilon ---------------------------------------------------------------------------------------


def test_a_curve_costs_nothing_leaves_nothing_and_counts(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    real = write(tmp_path / "real.csv", rows(700, 1))
    before = house.files()
    files = client.curve(real, schema=schema_of("curve"), epsilons=[5, 0.2, 5], out=tmp_path / "curve")
    assert set(files) == {"curve.owner.json", "curve.owner.html"}
    found = json.loads(files["curve.owner.json"].read_text())
    assert [point["epsilon"] for point in found["points"]] == [0.2, 5.0]
    for point in found["points"]:
        (target,) = point["targets"]
        assert target["refusal"] == ""
        assert target["synthetic"]["ci"][0] <= target["synthetic"]["value"] <= target["synthetic"]["ci"][1]
        assert point["distance"]["ci"][0] < point["distance"]["value"] < point["distance"]["ci"][1]
    page = files["curve.owner.html"].read_text()
    assert "a choice made on private data" in page
    assert "counted as an attempt" in page
    assert RARE not in page + files["curve.owner.json"].read_text()

    kept = house.files() - before
    assert {Path(str(name)).name for name in kept} == {"report.owner.json", "report.owner.html"}
    with pytest.raises(NotFound):
        client.budget("curve")
    (job,) = [job for job in client.call(endpoints.list_jobs()).jobs if job.population == "curve"]
    assert (job.state, job.kind, job.epsilon, job.delta) == (JobState.DONE, "curve", 0.0, 0.0)
    with pytest.raises(Conflict):
        client.report(job.id)
    with pytest.raises(Conflict):
        client.download(job.id, tmp_path / "none")

    result = client.synth(real, schema=schema_of("curve"), epsilon=1.0, out=tmp_path / "out")
    assert json.loads(result.files["report.release.json"].read_text())["attempts"] == 2
    assert "looks at a curve over epsilon included" in result.files["report.release.html"].read_text()


def test_both_doors_draw_it(house: House, http: Connect) -> None:
    door = GrpcDoor(house, house.keys["bank"])
    text = io.BytesIO()
    pyarrow.csv.write_csv(rows(200, 2), text)
    dataset = door.declare(schema_of("curve"))
    door.send(dataset, text.getvalue())
    answer = door._call(door._jobs.Curve, pb.CurveCreate(dataset_id=dataset, epsilons=[2.0]))
    with pytest.raises(Refused) as caught:
        door._call(door._jobs.Curve, pb.CurveCreate(dataset_id=dataset, epsilons=[-1.0]))
    client = http(house.keys["bank"])
    assert client.wait(answer.id).kind == "curve"
    chunks = door._call(door._jobs.DownloadOwnerReport, pb.DownloadOwnerReportRequest(job_id=answer.id))
    assert b"".join(chunk.chunk for chunk in chunks) == client.report(answer.id, owner=True)
    door.close()
    assert caught.value.problem.kind == "privacy-parameter-invalid"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"epsilons": list(range(1, 20))}, "epsilons-invalid"),
        ({"audit_share": 0.0}, "audit-share-invalid"),
        ({"audit_share": 0.6}, "audit-share-invalid"),
        ({"engine": "none"}, "engine-unknown"),
        ({"n_rows": 0}, "row-count-invalid"),
        ({"report_share": 0.9}, "report-share-invalid"),
        ({}, "dataset-empty"),
    ],
)
def test_odd_wishes_are_refused(house: House, http: Connect, asked: dict[str, Any], code: str) -> None:
    client = http(house.keys["clinic"])
    dataset = client.call(endpoints.create_dataset(DatasetCreate(table_schema=schema_of("odd"))))
    with pytest.raises(UnderstudyError) as caught:
        client.call(endpoints.create_curve(CurveCreate(dataset_id=dataset.id, **asked)))
    assert caught.value.reason == code


@pytest.mark.parametrize("kind", ["curve", "evaluation"])
def test_it_is_cancelled_and_leaves_nothing(house: House, http: Connect, tmp_path: Path, kind: str) -> None:
    client = http(house.keys["clinic"])
    table = client.upload(write(tmp_path / "t.csv", rows(400, 4)), schema_of(f"cancelled-{kind}")).id
    before = house.files()
    asked = (
        endpoints.create_curve(CurveCreate(dataset_id=table))
        if kind == "curve"
        else endpoints.create_evaluation(EvaluationCreate(real_id=table, synthetic_id=table))
    )
    job = client.call(asked).id
    assert client.cancel(job).state is JobState.CANCELLED
    with pytest.raises(Failed) as caught:
        client.wait(job)
    assert caught.value.reason == "cancelled"
    with pytest.raises(Conflict):
        client.report(job, owner=True)
    assert not [path for path in house.files() - before if job in path]


def test_reading_an_owner_report_is_in_the_audit_log(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    table = client.upload(write(tmp_path / "t.csv", rows(300, 4)), schema_of("read")).id
    job = client.call(endpoints.create_evaluation(EvaluationCreate(real_id=table, synthetic_id=table))).id
    client.wait(job)

    def read() -> list[str]:
        with house.ports.database.read() as tx:
            events = [entry.event for entry in tx.for_tenant(TenantId("clinic")).audit.entries()]
        return [f"{e.action} {e.outcome.value}" for e in events if e.entity == job and "owner_report" in e.action]

    assert read() == []
    client.report(job, owner=True)
    assert read() == ["get_owner_report success"]


def test_another_tenants_table_has_no_curve(house: House, http: Connect, tmp_path: Path) -> None:
    mine = http(house.keys["clinic"]).upload(write(tmp_path / "t.csv", rows(40, 3)), schema_of("mine"))
    with pytest.raises(NotFound):
        http(house.keys["bank"]).call(endpoints.create_curve(CurveCreate(dataset_id=mine.id)))


# --- the same job without privacy ---------------------------------------------------------------------------------


def test_the_table_without_privacy_never_leaves(
    house: House, http: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = http(house.keys["clinic"])
    kept: list[pa.Table] = []
    run_task = type(house.ports.sandbox).__call__

    def spy(sandbox: Any, task: str, request: dict[str, object], **more: Any) -> dict[str, object]:
        if task == "judge":
            kept.append(pq.read_table(str(request["without_dp"])))
        return run_task(sandbox, task, request, **more)

    monkeypatch.setattr(type(house.ports.sandbox), "__call__", spy)
    real = write(tmp_path / "real.csv", rows(800, 5))
    before = house.files()
    result = client.synth(real, schema=schema_of("bar"), epsilon=0.5, n_rows=600, without_dp=True, out=tmp_path / "out")
    (reference,) = kept
    assert reference.num_rows == 600
    assert RARE in reference["code"].to_pylist()  # as private as the real rows

    price = metrics(result.files["report.owner.json"])["fidelity.price"]
    assert price["disclosure"] == "owner"
    assert price["value"] > 0
    release = result.files["report.release.json"].read_text() + result.files["report.release.html"].read_text()
    assert "fidelity.price" not in release
    assert "without privacy" not in release
    assert str(price["value"]) not in release
    assert set(result.files) == {
        "manifest.json",
        "manifest.sig",
        "privacy_statement.json",
        *(f"report.{who}.{kind}" for who in ("owner", "release") for kind in ("html", "json")),
        *(f"synthetic.{kind}" for kind in ("csv", "parquet")),
    }
    assert RARE not in pq.read_table(result.files["synthetic.parquet"])["code"].to_pylist()
    assert not [name for name, path in result.files.items() if RARE.encode() in path.read_bytes()]
    assert [path for path in house.files() - before if path.endswith("bundle.zip")]
    with zipfile.ZipFile(io.BytesIO(client._fetched(endpoints.get_bundle(result.job.id)))) as bundle:
        assert set(bundle.namelist()) == {name for name in result.files if not name.startswith("report.owner.")}
        assert b"without_dp" not in b"".join(bundle.read(name) for name in bundle.namelist())
    assert not [path for path in house.files() if "without_dp" in path]
    assert client.budget("bar").epsilon_spent == pytest.approx(0.5)
    assert "without-dp" in {step.name for step in result.job.steps}


def test_a_withheld_job_leaves_no_table_without_privacy(house: House, http: Connect, tmp_path: Path) -> None:
    client = http(house.keys["clinic"])
    real = write(tmp_path / "real.csv", rows(200, 6))
    before = house.files()
    with pytest.raises(Failed) as caught:
        client.synth(
            real,
            schema=schema_of("stopped"),
            epsilon=0.5,
            policy={"min_fidelity": 1.0},
            without_dp=True,
            out=tmp_path / "out",
        )
    assert caught.value.reason == "gate-refused"
    assert {Path(name).name for name in house.files() - before} == {"report.owner.json", "report.owner.html"}


# Last: a service inside the caller's process ends the worker of the one that all the others share.
def test_the_command_line_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "real.csv", rows(200, 4))
    (tmp_path / "s.json").write_text(json.dumps(schema_of("shell")))

    def run(*words: str) -> tuple[int, str, str]:
        return shell(tmp_path, "curve", "real.csv", "--schema", "s.json", *words)

    code, out, err = run("--epsilons", "1,4", "--out", "curve", "--json")
    assert code == 0, err
    said = json.loads(out.splitlines()[-1])
    assert [point["epsilon"] for point in said["points"]] == [1.0, 4.0]
    assert sorted(path.name for path in Path("curve").iterdir()) == ["curve.owner.html", "curve.owner.json"]
    assert run("--epsilons", "1;4")[0] == 2
