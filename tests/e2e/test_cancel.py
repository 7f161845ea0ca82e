"""A job is cancelled through both doors, and followed by server-sent events."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from service.rest.watching import event_id
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from tests.e2e.houses import SCHEMA, House, problem_in, rows
from understudy.client import Client
from understudy.errors import Conflict, Failed, NotFound, UsageError
from understudy.messages import JobCreate, JobState

Connect = Callable[[str], Client]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "ward.csv"
    path.write_bytes(rows(300))
    return path


@pytest.fixture(scope="module")
def dataset(house: House, table: Path) -> str:
    from service.inprocess import InProcessTransport

    transport = InProcessTransport(house.app)
    try:
        return Client(api_key=house.keys["clinic"], transport=transport).upload(table, SCHEMA).id
    finally:
        transport.close()


def submit(client: Client, dataset: str, **more: object) -> str:
    return client.submit(JobCreate.model_validate({"dataset_id": dataset, "epsilon": 0.1, "delta": 1e-7} | more)).id


class TestCancelling:
    def test_frees_what_was_held_and_says_so(self, house: House, http: Connect, dataset: str) -> None:
        client, before = http(house.keys["clinic"]), house.files()
        job = submit(client, dataset)
        held = client.budget("ward").epsilon_held
        view = client.cancel(job)
        assert (view.state, view.error and view.error.code) == (JobState.CANCELLED, "cancelled")
        assert held == pytest.approx(0.1)
        assert client.budget("ward").epsilon_held == 0
        assert client.cancel(job).state is JobState.CANCELLED
        with pytest.raises(Failed) as caught:
            client.wait(job)
        assert caught.value.reason == "cancelled"
        assert {path for path in house.files() - before if job in path} == set()

    def test_through_grpc(self, house: House, http: Connect, dataset: str) -> None:
        job = submit(http(house.keys["clinic"]), dataset)
        with grpc.insecure_channel(f"127.0.0.1:{house.grpc_port}") as channel:
            stub, metadata = pb_grpc.JobsStub(channel), (("authorization", f"Bearer {house.keys['clinic']}"),)
            view = stub.Cancel(pb.CancelJobRequest(job_id=job), metadata=metadata)
            assert view.state == pb.JOB_STATE_CANCELLED
            watched = list(stub.Watch(pb.WatchJobRequest(job_id=job), metadata=metadata))
            assert [seen.state for seen in watched] == [pb.JOB_STATE_CANCELLED]
            theirs = (("authorization", f"Bearer {house.keys['bank']}"),)
            with pytest.raises(grpc.RpcError) as refused:
                stub.Cancel(pb.CancelJobRequest(job_id=job), metadata=theirs)
        assert problem_in(refused.value).code == "not-found"

    def test_another_tenants_job_is_not_there(self, house: House, http: Connect, dataset: str) -> None:
        job = submit(http(house.keys["clinic"]), dataset)
        with pytest.raises(NotFound):
            http(house.keys["bank"]).cancel(job)
        with pytest.raises(NotFound):
            list(http(house.keys["bank"]).events(job))
        http(house.keys["clinic"]).cancel(job)

    def test_what_ended_by_itself_is_told_apart(self, house: House, http: Connect, dataset: str) -> None:
        client = http(house.keys["clinic"])
        job = submit(client, dataset)
        stages = [event.job.stage for event in client.events(job)]
        assert stages[-1] == "done"
        with pytest.raises(Conflict) as caught:
            client.cancel(job)
        assert caught.value.reason == "job-ended"
        (last,) = client.events(job, after="1-fit-30")
        assert (last.kind, last.id) == ("end", event_id(client.job(job)))


class TestWishes:
    def test_a_priority_has_its_bounds(self, house: House, http: Connect, dataset: str) -> None:
        with pytest.raises(UsageError) as caught:
            submit(http(house.keys["clinic"]), dataset, priority=10)
        assert caught.value.reason == "priority-invalid"

    def test_a_tenant_has_so_many_unfinished_jobs(self, house: House, http: Connect, dataset: str) -> None:
        client = http(house.keys["clinic"])
        object.__setattr__(house.ports.settings, "max_open_jobs", 0)
        try:
            with pytest.raises(Conflict) as caught:
                submit(client, dataset)
        finally:
            object.__setattr__(house.ports.settings, "max_open_jobs", 100)
        assert caught.value.reason == "too-many-jobs"
        assert client.budget("ward").epsilon_held == 0
