"""Every gRPC method, each a thin handler over one command: the twin of rest.routes.

The guard stands before all of them: it turns errors into statuses and hands over a ``Call`` in place of grpc's
context. The methods are found by name, so the classes need no generated base; grpc refuses to start if one lacks.
"""
# ruff: noqa: N802 - methods are named as in the .proto

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from service.commands import (
    audits,
    budgets,
    choices,
    curves,
    datasets,
    evaluations,
    health,
    job_reports,
    jobs,
    keys,
    plans,
    pulls,
    schemas,
    scrubs,
    tenants,
    uploads,
)
from service.commands.pages import DEFAULT_LIMIT
from service.rpc.convert import from_proto, member_of, to_proto
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.parts import broke_off, metadata_of, receive, receive_from
from service.rpc.visit import Call
from understudy import __version__
from understudy.messages import (
    BudgetGrant,
    CurveCreate,
    DatasetCreate,
    DatasetState,
    DatasetView,
    EvaluationCreate,
    Health,
    JobCreate,
    JobState,
    KeyCreate,
    PlanCreate,
    PullCreate,
    ReportFormat,
    ScrubCreate,
    TableFormat,
    TenantCreate,
)

CHUNK_BYTES = 256 * 1024

WATCH_S = 0.5
"""How long a watch may go without noticing that its caller has gone."""


def _page_asked(request: Any, kind: type[Enum]) -> dict[str, Any]:
    """What part of a list a request asks for."""
    state = member_of(kind, request.state, default=None)
    limit = request.limit or DEFAULT_LIMIT
    return {"limit": limit, "cursor": request.cursor, "population": request.population, "state": state}


def _append(requests: Iterator[pb.UploadRequest], wanted: pb.UploadMetadata, sha256: str, call: Call) -> DatasetView:
    """What arrives is kept, also of a stream that breaks off; only the end of a stream can make a table whole."""
    caller, dataset_id, ports = call.caller, wanted.dataset_id, call.ports
    with uploads.appending(caller, dataset_id, wanted.offset_bytes, ports) as receiver:
        is_whole = receive_from(requests, receiver, wanted.offset_bytes)
    if not is_whole:
        raise broke_off()
    if wanted.incomplete:
        return uploads.progress_view(caller, dataset_id, ports, receiver.size_bytes)
    return uploads.complete(caller, dataset_id, sha256, ports)


class Datasets:
    """Declare a table and send its bytes."""

    def Create(self, request: pb.DatasetCreate, call: Call) -> Any:
        """The schema is checked now; the bytes come with Upload."""
        return to_proto(datasets.create(call.caller, from_proto(request, DatasetCreate), call.ports))

    def Upload(self, requests: Iterator[pb.UploadRequest], call: Call) -> Any:
        """A refused table leaves nothing behind; a stream that broke off leaves the dataset empty."""
        caller, wanted = call.caller, metadata_of(requests)
        sha256 = uploads.checked_digest(wanted.sha256)
        if wanted.HasField("offset_bytes"):
            return to_proto(_append(requests, wanted, sha256, call))
        with datasets.receiving(caller, wanted.dataset_id, call.ports) as upload:
            receive(requests, upload)
            uploads.check_digest(upload.received, sha256)
        return to_proto(datasets.finish_upload(caller, wanted.dataset_id, upload, call.ports))

    def Pull(self, request: pb.PullCreate, call: Call) -> Any:
        """From a connection that the operator has declared: a job."""
        return to_proto(pulls.create(call.caller, from_proto(request, PullCreate), call.ports))

    def GetUpload(self, request: pb.GetUploadRequest, call: Call) -> Any:
        """The offset to go on from."""
        return to_proto(uploads.state(call.caller, request.dataset_id, call.ports))

    def Get(self, request: pb.GetDatasetRequest, call: Call) -> Any:
        """Its state, size and digest."""
        return to_proto(datasets.view(datasets.get(call.caller, request.dataset_id, call.ports)))

    def List(self, request: pb.ListDatasetsRequest, call: Call) -> Any:
        """Oldest first, page by page."""
        return to_proto(datasets.page(call.caller, call.ports, **_page_asked(request, DatasetState)))

    def Delete(self, request: pb.DeleteDatasetRequest, call: Call) -> Any:
        """Its bytes go. What was spent on its population stays spent."""
        datasets.remove(call.caller, request.dataset_id, call.ports)
        return pb.DeleteDatasetResponse()

    def ProposeSchema(self, requests: Iterator[pb.ProposeSchemaRequest], call: Call) -> Any:
        """Types and PII guesses. Nothing of the file is kept."""
        wanted = metadata_of(requests)
        table_format = member_of(TableFormat, wanted.format, default=TableFormat.CSV)
        with schemas.receiving(call.ports) as (folder, upload):
            receive(requests, upload)
            return to_proto(schemas.propose(folder, table_format, call.ports, include_data=wanted.include_data))


class Jobs:
    """Ask for synthetic data, watch, fetch the bundle."""

    def Create(self, request: pb.JobCreate, call: Call) -> Any:
        """Holds the price and queues the job, or refuses with what is left."""
        return to_proto(jobs.submit(call.caller, from_proto(request, JobCreate), call.ports))

    def Plan(self, request: pb.PlanCreate, call: Call) -> Any:
        """From the schema alone; nothing is held."""
        return to_proto(plans.create(call.caller, from_proto(request, PlanCreate), call.ports))

    def Get(self, request: pb.GetJobRequest, call: Call) -> Any:
        """Stage and percent."""
        return to_proto(jobs.get(call.caller, request.job_id, call.ports))

    def List(self, request: pb.ListJobsRequest, call: Call) -> Any:
        """Oldest first, page by page."""
        return to_proto(jobs.page(call.caller, call.ports, **_page_asked(request, JobState)))

    def Watch(self, request: pb.WatchJobRequest, call: Call) -> Iterator[Any]:
        """The job now, then at each change, until it has ended."""
        caller = call.caller
        view = jobs.get(caller, request.job_id, call.ports)
        yield to_proto(view)
        while not view.state.is_final and call.is_active:
            known, view = view, jobs.get(caller, request.job_id, call.ports, wait_s=WATCH_S)
            if view != known:
                yield to_proto(view)

    def Cancel(self, request: pb.CancelJobRequest, call: Call) -> Any:
        """What was spent stays spent."""
        return to_proto(jobs.cancel(call.caller, request.job_id, call.ports))

    def Evaluate(self, request: pb.EvaluationCreate, call: Call) -> Any:
        """Costs no budget; claims no guarantee."""
        return to_proto(evaluations.evaluate(call.caller, from_proto(request, EvaluationCreate), call.ports))

    def Curve(self, request: pb.CurveCreate, call: Call) -> Any:
        """For the owner only. Costs no budget, counts as an attempt."""
        return to_proto(curves.create(call.caller, from_proto(request, CurveCreate), call.ports))

    def DownloadBundle(self, request: pb.DownloadBundleRequest, call: Call) -> Iterator[Any]:
        """Rows as Parquet and CSV, both reports, the privacy statement and a manifest of digests, as a zip."""
        file, _ = jobs.bundle(call.caller, request.job_id, call.ports)
        with file:
            while chunk := file.read(CHUNK_BYTES):
                yield pb.DownloadBundleResponse(chunk=chunk)

    def DownloadOwnerReport(self, request: pb.DownloadOwnerReportRequest, call: Call) -> Iterator[Any]:
        """Also of a job whose bundle was withheld. Not private: for the data owner only."""
        wanted = member_of(ReportFormat, request.format, default=ReportFormat.JSON)
        content = job_reports.owner(call.caller, request.job_id, wanted, call.ports)
        for start in range(0, len(content), CHUNK_BYTES):
            yield pb.DownloadOwnerReportResponse(chunk=content[start : start + CHUNK_BYTES])

    def DownloadReleaseReport(self, request: pb.DownloadReleaseReportRequest, call: Call) -> Iterator[Any]:
        """What may travel with the data, as it stands in the bundle."""
        wanted = member_of(ReportFormat, request.format, default=ReportFormat.JSON)
        content = job_reports.release(call.caller, request.job_id, wanted, call.ports)
        for start in range(0, len(content), CHUNK_BYTES):
            yield pb.DownloadReleaseReportResponse(chunk=content[start : start + CHUNK_BYTES])


class Scrubs:
    """Take identifiers out of a table or of notes."""

    def Create(self, request: pb.ScrubCreate, call: Call) -> Any:
        """The schema is checked now; the file comes with Upload."""
        return to_proto(scrubs.create(call.caller, from_proto(request, ScrubCreate), call.ports))

    def Upload(self, requests: Iterator[pb.UploadScrubRequest], call: Call) -> Any:
        """Answers when the file is scrubbed; a refused one leaves nothing behind."""
        caller = call.caller
        scrub_id = metadata_of(requests).scrub_id
        with scrubs.receiving(caller, scrub_id, call.ports) as upload:
            receive(requests, upload)
        return to_proto(scrubs.finish(caller, scrub_id, call.ports))

    def Download(self, request: pb.DownloadScrubRequest, call: Call) -> Iterator[Any]:
        """The scrubbed file."""
        with scrubs.output(call.caller, request.scrub_id, call.ports).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield pb.DownloadScrubResponse(chunk=chunk)

    def Delete(self, request: pb.DeleteScrubRequest, call: Call) -> Any:
        """The file is forgotten."""
        scrubs.remove(call.caller, request.scrub_id, call.ports)
        return pb.DeleteScrubResponse()


class Budgets:
    """What may be spent on a population, and what is left."""

    def Get(self, request: pb.GetBudgetRequest, call: Call) -> Any:
        """Cap, spent, held and left."""
        return to_proto(budgets.show(call.caller, request.population, call.ports, project=request.project))

    def List(self, _request: pb.ListBudgetsRequest, call: Call) -> Any:
        """Cap, spent, held and left of every population."""
        return to_proto(budgets.show_all(call.caller, call.ports))

    def Grant(self, request: pb.GrantBudgetRequest, call: Call) -> Any:
        """Opens the account if there is none. What was spent stays spent."""
        grant = from_proto(request.grant, BudgetGrant)
        return to_proto(budgets.grant(call.caller, request.population, grant, call.ports, project=request.project))

    def History(self, request: pb.ListEntriesRequest, call: Call) -> Any:
        """Lines of the ledger, oldest first."""
        return to_proto(
            budgets.history(
                call.caller,
                call.ports,
                population=request.population,
                project=request.project,
                after=request.after,
                limit=request.limit or budgets.MAX_ENTRIES,
            )
        )

    def Verify(self, _request: pb.VerifyLedgerRequest, call: Call) -> Any:
        """The chain, the accounts against a replay, the end, the anchor."""
        return to_proto(budgets.check(call.caller, call.ports))


class Keys:
    """API keys of the tenant."""

    def Create(self, request: pb.KeyCreate, call: Call) -> Any:
        """Its secret is shown this one time."""
        return to_proto(keys.create(call.caller, from_proto(request, KeyCreate), call.ports))

    def List(self, _request: pb.ListKeysRequest, call: Call) -> Any:
        """Oldest first, those that are revoked too. Never a secret."""
        return to_proto(keys.all_of(call.caller, call.ports))

    def Revoke(self, request: pb.RevokeKeyRequest, call: Call) -> Any:
        """From the next call on it opens nothing."""
        keys.revoke(call.caller, request.key_id, call.ports)
        return pb.RevokeKeyResponse()


class Audit:
    """The audit log of the tenant."""

    def Export(self, request: pb.ExportAuditRequest, call: Call) -> Iterator[Any]:
        """FHIR AuditEvents, oldest first."""
        limit = request.limit or audits.MAX_ENTRIES
        for line in audits.export(call.caller, call.ports, after=request.after, limit=limit):
            yield pb.ExportAuditResponse(entry=line)

    def Check(self, _request: pb.CheckAuditRequest, call: Call) -> Any:
        """The chain of digests of the whole log, and its end."""
        return to_proto(audits.check(call.caller, call.ports))


class Service:
    """Tenants, engines, version, readiness."""

    def GetReadiness(self, _request: pb.GetReadinessRequest, call: Call) -> Any:
        """Needs no key."""
        return to_proto(health.readiness(call.ports))

    def GetHealth(self, _request: pb.GetHealthRequest, _call: Call) -> Any:
        """Needs no key."""
        return to_proto(Health(version=__version__))

    def ListEngines(self, _request: pb.ListEnginesRequest, call: Call) -> Any:
        """Each with what it is and whether its output is differentially private."""
        return to_proto(choices.list_engines(call.ports.settings))

    def CreateTenant(self, request: pb.TenantCreate, call: Call) -> Any:
        """Needs the one-time credential that the service printed at its first start; uses it up."""
        return to_proto(tenants.create_tenant(call.credential, from_proto(request, TenantCreate), call.ports))
