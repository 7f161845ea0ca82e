"""Every use case through real gRPC on loopback."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from service.jobs import Job
from service.ports import Ports
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.generated import understudy_pb2_grpc as pb_grpc
from service.rpc.servicer import CHUNK_BYTES
from understudy import __version__


def test_a_table_is_declared_sent_seen_and_removed(face: Any) -> None:
    dataset_id = face.declare()
    ready = face.upload(dataset_id, [b"age,sex\n", b"", b"40,F\n"])
    assert ready.state == pb.DATASET_STATE_READY
    assert (ready.population, ready.n_columns, ready.format) == ("ward", 2, pb.TABLE_FORMAT_CSV)
    assert (ready.size_bytes, ready.sha256) == (13, hashlib.sha256(b"age,sex\n40,F\n").hexdigest())
    assert face.call("Datasets.Get", pb.GetDatasetRequest(dataset_id=dataset_id)) == ready
    assert list(face.call("Datasets.List", pb.ListDatasetsRequest()).datasets) == [ready]
    face.call("Datasets.Delete", pb.DeleteDatasetRequest(dataset_id=dataset_id))
    assert not face.call("Datasets.List", pb.ListDatasetsRequest()).datasets


def test_a_job_is_queued_and_its_price_held(face: Any, ports: Any) -> None:
    job = face.call("Jobs.Create", pb.JobCreate(dataset_id=face.ready(), epsilon=1.0))
    assert (job.state, job.population, job.epsilon, job.delta) == (pb.JOB_STATE_QUEUED, "ward", 1.0, 1e-6)
    assert ports.queue.queued == [job.id]
    assert face.call("Jobs.Get", pb.GetJobRequest(job_id=job.id)) == job
    assert list(face.call("Jobs.List", pb.ListJobsRequest()).jobs) == [job]
    account = face.call("Budgets.Get", pb.GetBudgetRequest(population="ward"))
    assert (account.epsilon_held, account.epsilon_spent, account.epsilon_left) == (1.0, 0.0, 9.0)


def test_a_watch_shows_each_change_and_ends_with_the_job(face: Any, ports: Ports) -> None:
    job = face.call("Jobs.Create", pb.JobCreate(dataset_id=face.ready(), epsilon=1.0))
    stub = pb_grpc.JobsStub(face.channel)
    views = stub.Watch(pb.WatchJobRequest(job_id=job.id), metadata=face.metadata, timeout=10.0)
    assert next(views).state == pb.JOB_STATE_QUEUED
    change(ports, job.id, lambda known: known.started().at("fit", 40))
    running = next(views)
    assert (running.state, running.stage, running.percent) == (pb.JOB_STATE_RUNNING, "fit", 40)
    change(ports, job.id, lambda known: known.done("some/bundle"))
    assert [view.state for view in views] == [pb.JOB_STATE_DONE]


def test_a_watch_whose_caller_has_gone_makes_room_again(face: Any) -> None:
    job = face.call("Jobs.Create", pb.JobCreate(dataset_id=face.ready(), epsilon=1.0))
    stub = pb_grpc.JobsStub(face.channel)
    watches = [stub.Watch(pb.WatchJobRequest(job_id=job.id), metadata=face.metadata) for _ in range(8)]
    assert {next(watch).id for watch in watches} == {job.id}
    assert not has_room(face)
    for watch in watches:
        watch.cancel()
    pause = threading.Event()
    assert any(has_room(face) or pause.wait(0.1) for _ in range(50))


def has_room(face: Any) -> bool:
    call = pb_grpc.ServiceStub(face.channel).GetHealth.future(pb.GetHealthRequest(), timeout=10.0)
    assert call.code() in (grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED)
    return call.code() is grpc.StatusCode.OK


def test_a_bundle_arrives_whole_in_chunks(face: Any, ports: Ports) -> None:
    content = bytes(range(256)) * 2500
    job = face.call("Jobs.Create", pb.JobCreate(dataset_id=face.ready(), epsilon=1.0))
    with ports.blobs.create("some/bundle") as writer:
        writer.write(content)
    change(ports, job.id, lambda known: known.started().done("some/bundle"))
    chunks = [answer.chunk for answer in face.call("Jobs.DownloadBundle", pb.DownloadBundleRequest(job_id=job.id))]
    assert b"".join(chunks) == content
    assert [len(chunk) for chunk in chunks] == [CHUNK_BYTES, CHUNK_BYTES, len(content) - 2 * CHUNK_BYTES]


def test_a_cap_is_granted_and_seen(face: Any) -> None:
    grant = pb.GrantBudgetRequest(population="ward", grant=pb.BudgetGrant(epsilon=2.5, delta=0.0))
    granted = face.call("Budgets.Grant", grant)
    assert (granted.epsilon, granted.epsilon_left, granted.delta) == (2.5, 2.5, 0.0)
    assert face.call("Budgets.Get", pb.GetBudgetRequest(population="ward")) == granted
    own, *others = face.call("Budgets.List", pb.ListBudgetsRequest()).budgets
    assert (own.scope, own.is_limited, others) == ("tenant", False, [granted])


def test_a_schema_is_proposed_and_nothing_of_the_file_stays(face: Any, ports: Ports) -> None:
    metadata = pb.ProposeSchemaMetadata(format=pb.TABLE_FORMAT_PARQUET, include_data=True)
    messages = [
        pb.ProposeSchemaRequest(metadata=metadata),
        pb.ProposeSchemaRequest(chunk=b"age\n40\n"),
        pb.ProposeSchemaRequest(end=pb.StreamEnd(size_bytes=7)),
    ]
    proposal = face.call("Datasets.ProposeSchema", iter(messages))
    assert proposal.table_schema == '{"format": "parquet"}'
    assert proposal.guesses == [pb.Guess(column="age", kind="", why="name")]
    assert proposal.data_derived
    assert not list(ports.scratch.iterdir())


def test_the_bootstrap_credential_opens_one_tenant(newcomer: Any) -> None:
    made = newcomer.call("Service.CreateTenant", pb.TenantCreate(name="clinic"))
    assert made.name == "clinic"
    assert replace(newcomer, key=made.api_key).call("Service.ListEngines", pb.ListEnginesRequest()).engines
    with pytest.raises(grpc.RpcError) as caught:
        newcomer.call("Service.CreateTenant", pb.TenantCreate(name="other"))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_the_version_needs_no_key(nobody: Any) -> None:
    assert nobody.call("Service.GetHealth", pb.GetHealthRequest()) == pb.Health(status="ok", version=__version__)


@pytest.mark.parametrize("service", ["", "understudy.v1.Datasets", "understudy.v1.Jobs"])
def test_the_standard_health_service_says_serving(channel: grpc.Channel, service: str) -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5.0)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_lists_every_service(channel: grpc.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    wanted = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([wanted]), timeout=5.0)
    assert {service.name for service in answer.list_services_response.service} == {
        *(service.full_name for service in pb.DESCRIPTOR.services_by_name.values()),
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


def change(ports: Ports, job_id: str, how: Callable[[Job], Job]) -> None:
    (tenant,) = (tenant for tenant, known in ports.database.open_jobs() if known == job_id)
    with ports.database.begin() as tx:
        jobs = tx.for_tenant(tenant).jobs
        jobs.put(how(jobs.get(job_id)))
