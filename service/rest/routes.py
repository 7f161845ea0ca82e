"""Every route, each a thin handler over one command."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated, ParamSpec, TypeVar

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import FileResponse

from service.auth import bearer
from service.commands import budgets, curves, datasets, evaluations, jobs, plans, schemas, scrubs, tenants
from service.context import RequestContext
from service.ports import Ports
from understudy import __version__
from understudy.errors import InputRefused
from understudy.messages import (
    BudgetGrant,
    BudgetList,
    BudgetView,
    CurveCreate,
    CurveView,
    DatasetCreate,
    DatasetList,
    DatasetView,
    EngineList,
    EntryList,
    EvaluationCreate,
    EvaluationView,
    Health,
    JobCreate,
    JobList,
    JobView,
    LedgerCheck,
    PlanCreate,
    PlanView,
    SchemaProposal,
    ScrubCreate,
    ScrubView,
    TableFormat,
    TenantCreate,
    TenantView,
)

TAGS = [
    {"name": "datasets", "description": "Declare a table and send its bytes."},
    {"name": "jobs", "description": "Ask for synthetic data, watch, fetch the bundle."},
    {"name": "budgets", "description": "What may be spent on a population, and what is left."},
    {"name": "scrubs", "description": "Take identifiers out of a table or of notes."},
    {"name": "service", "description": "Tenants, engines, health."},
]

router = APIRouter()

P = ParamSpec("P")
R = TypeVar("R")


def _ports(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


async def _off_loop(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking work beside the event loop."""
    return await to_thread.run_sync(lambda: function(*args, **kwargs))


async def _context(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> RequestContext:
    principal = await _off_loop(tenants.identify, bearer(authorization), _ports(request))
    return RequestContext(principal=principal, request_id=request.state.request_id)


PortsOf = Annotated[Ports, Depends(_ports)]
Caller = Annotated[RequestContext, Depends(_context)]


@router.get("/healthz", tags=["service"], summary="Is the service up?")
async def health() -> Health:
    """Answers as soon as the service takes requests. Needs no key."""
    return Health(version=__version__)


@router.post("/v1/tenants", status_code=201, tags=["service"], summary="Open the first tenant")
async def create_tenant(
    message: TenantCreate,
    ports: PortsOf,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> TenantView:
    """Needs the one-time credential that the service printed at its first start; uses it up."""
    return await _off_loop(tenants.create_tenant, bearer(authorization), message, ports)


@router.get("/v1/engines", tags=["service"], summary="Synthesizers on offer")
async def list_engines(_caller: Caller) -> EngineList:
    """Each with what it is and whether its output is differentially private."""
    return jobs.list_engines()


@router.post("/v1/datasets", status_code=201, tags=["datasets"], summary="Declare a table")
async def create_dataset(message: DatasetCreate, response: Response, caller: Caller, ports: PortsOf) -> DatasetView:
    """The schema is checked now; the bytes come with PUT."""
    view = await _off_loop(datasets.create, caller, message, ports)
    response.headers["Location"] = f"/v1/datasets/{view.id}"
    return view


@router.get("/v1/datasets", tags=["datasets"], summary="All tables of the tenant")
async def list_datasets(caller: Caller, ports: PortsOf) -> DatasetList:
    """Oldest first."""
    return DatasetList(datasets=await _off_loop(datasets.all_of, caller, ports))


@router.get("/v1/datasets/{dataset_id}", tags=["datasets"], summary="One table")
async def get_dataset(dataset_id: str, caller: Caller, ports: PortsOf) -> DatasetView:
    """Its state, size and digest."""
    return datasets.view(await _off_loop(datasets.get, caller, dataset_id, ports))


@router.delete("/v1/datasets/{dataset_id}", status_code=204, tags=["datasets"], summary="Remove a table")
async def delete_dataset(dataset_id: str, caller: Caller, ports: PortsOf) -> None:
    """Its bytes go. What was spent on its population stays spent."""
    await _off_loop(datasets.remove, caller, dataset_id, ports)


_BINARY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.put("/v1/datasets/{dataset_id}/content", tags=["datasets"], summary="Send the bytes", openapi_extra=_BINARY)
async def put_content(dataset_id: str, request: Request, caller: Caller, ports: PortsOf) -> DatasetView:
    """The raw file as the request's body, streamed. A refused table leaves nothing behind: declare it again."""
    with datasets.receiving(caller, dataset_id, ports) as upload:
        async with aclosing(_body(request)) as chunks:
            async for chunk in chunks:
                upload.write(chunk)
    return await _off_loop(datasets.finish_upload, caller, dataset_id, upload, ports)


async def _body(request: Request) -> AsyncGenerator[bytes, None]:
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise InputRefused("Send the file itself as the body, not a form.", code="multipart-refused")
    async for chunk in request.stream():
        yield chunk


@router.post("/v1/schema-proposals", tags=["datasets"], summary="Propose a schema for a file", openapi_extra=_BINARY)
async def propose_schema(
    request: Request,
    _caller: Caller,
    ports: PortsOf,
    format: Annotated[TableFormat, Query()] = TableFormat.CSV,
    include_data: Annotated[bool, Query(description="Also read enums and bounds from the rows. NOT private.")] = False,
) -> SchemaProposal:
    """Types and PII guesses. Nothing of the file is kept."""
    with schemas.receiving(ports) as (folder, upload):
        async with aclosing(_body(request)) as chunks:
            async for chunk in chunks:
                upload.write(chunk)
        return await _off_loop(schemas.propose, folder, format, ports, include_data=include_data)


@router.post("/v1/scrubs", status_code=201, tags=["scrubs"], summary="Say what file is to be scrubbed")
async def create_scrub(message: ScrubCreate, response: Response, caller: Caller, ports: PortsOf) -> ScrubView:
    """The schema is checked now; the file comes with PUT."""
    view = await _off_loop(scrubs.create, caller, message, ports)
    response.headers["Location"] = f"/v1/scrubs/{view.id}/content"
    return view


@router.put("/v1/scrubs/{scrub_id}/content", tags=["scrubs"], summary="Send the file", openapi_extra=_BINARY)
async def put_scrub(scrub_id: str, request: Request, caller: Caller, ports: PortsOf) -> ScrubView:
    """The raw file as the request's body, streamed. Answers when it is scrubbed; a refused one leaves nothing."""
    with scrubs.receiving(caller, scrub_id, ports) as upload:
        async with aclosing(_body(request)) as chunks:
            async for chunk in chunks:
                upload.write(chunk)
    return await _off_loop(scrubs.finish, caller, scrub_id, ports)


@router.get(
    "/v1/scrubs/{scrub_id}/content",
    tags=["scrubs"],
    summary="The scrubbed file",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "In the format that was sent."}},
)
async def get_scrubbed(scrub_id: str, caller: Caller, ports: PortsOf) -> FileResponse:
    """Pseudonymised, not anonymous."""
    path = await _off_loop(scrubs.output, caller, scrub_id, ports)
    return FileResponse(path, media_type="application/octet-stream", filename=scrub_id)


@router.delete("/v1/scrubs/{scrub_id}", status_code=204, tags=["scrubs"], summary="Forget the file")
async def delete_scrub(scrub_id: str, caller: Caller, ports: PortsOf) -> None:
    """It is forgotten by itself after an hour."""
    await _off_loop(scrubs.remove, caller, scrub_id, ports)


@router.post("/v1/jobs", status_code=202, tags=["jobs"], summary="Ask for synthetic data")
async def create_job(message: JobCreate, response: Response, caller: Caller, ports: PortsOf) -> JobView:
    """Holds the price and queues the job, or answers 409 with what is left."""
    view = await _off_loop(jobs.submit, caller, message, ports)
    response.headers["Location"] = f"/v1/jobs/{view.id}"
    response.headers["Retry-After"] = "1"
    return view


@router.get("/v1/jobs", tags=["jobs"], summary="All jobs of the tenant")
async def list_jobs(caller: Caller, ports: PortsOf) -> JobList:
    """Oldest first."""
    return JobList(jobs=await _off_loop(jobs.all_of, caller, ports))


@router.get("/v1/jobs/{job_id}", tags=["jobs"], summary="One job, with stage and percent")
async def get_job(
    job_id: str,
    caller: Caller,
    ports: PortsOf,
    wait_s: Annotated[float, Query(ge=0, description="Wait so long for a change.")] = 0.0,
) -> JobView:
    """With `wait_s` it answers when stage or percent change, or the job ends."""
    return await _off_loop(jobs.get, caller, job_id, ports, wait_s=wait_s)


@router.get(
    "/v1/jobs/{job_id}/bundle",
    tags=["jobs"],
    summary="The bundle, a zip",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "Rows, reports, statement, manifest."}},
)
async def get_bundle(job_id: str, caller: Caller, ports: PortsOf) -> FileResponse:
    """Rows as Parquet and CSV, both reports, the privacy statement and a manifest of digests."""
    path = await _off_loop(jobs.bundle, caller, job_id, ports)
    return FileResponse(path, media_type="application/zip", filename=f"{job_id}.zip")


@router.post("/v1/plans", tags=["jobs"], summary="What a job would cost")
async def create_plan(message: PlanCreate, caller: Caller, ports: PortsOf) -> PlanView:
    """From the schema alone, before any row is read: events, price in every scope, other engines. Nothing is held."""
    return await _off_loop(plans.create, caller, message, ports)


@router.post("/v1/evaluations", tags=["jobs"], summary="Judge any synthetic table")
async def create_evaluation(message: EvaluationCreate, caller: Caller, ports: PortsOf) -> EvaluationView:
    """Two datasets, best with a third that the table's maker never saw. Costs no budget; claims no guarantee."""
    return await _off_loop(evaluations.evaluate, caller, message, ports)


@router.post("/v1/curves", tags=["jobs"], summary="Utility at several prices")
async def create_curve(message: CurveCreate, caller: Caller, ports: PortsOf) -> CurveView:
    """For the owner only: nothing of it is private. Costs no budget, counts as an attempt, answers when it is done."""
    return await _off_loop(curves.create, caller, message, ports)


Project = Annotated[str, Query(description="A project of the population.")]


@router.get("/v1/budgets", tags=["budgets"], summary="All accounts of the tenant")
async def list_budgets(caller: Caller, ports: PortsOf) -> BudgetList:
    """Cap, spent, held and left of the tenant, of every population and of every project."""
    return await _off_loop(budgets.show_all, caller, ports)


@router.put("/v1/budgets", tags=["budgets"], summary="Set the tenant's own cap")
async def grant_tenant_budget(message: BudgetGrant, caller: Caller, ports: PortsOf) -> BudgetView:
    """Every job of the tenant counts here. Without a cap it only keeps count."""
    return await _off_loop(budgets.grant, caller, "", message, ports)


@router.get("/v1/budgets/{population}", tags=["budgets"], summary="One account")
async def get_budget(population: str, caller: Caller, ports: PortsOf, project: Project = "") -> BudgetView:
    """Cap, spent, held and left."""
    return await _off_loop(budgets.show, caller, population, ports, project=project)


@router.put("/v1/budgets/{population}", tags=["budgets"], summary="Set a lifetime cap")
async def grant_budget(
    population: str, message: BudgetGrant, caller: Caller, ports: PortsOf, project: Project = ""
) -> BudgetView:
    """Opens the account if there is none. What was spent stays spent."""
    return await _off_loop(budgets.grant, caller, population, message, ports, project=project)


@router.get("/v1/ledger", tags=["budgets"], summary="Lines of the ledger")
async def list_entries(
    caller: Caller,
    ports: PortsOf,
    population: Annotated[str, Query(description="Only this one and its projects.")] = "",
    project: Project = "",
    after: Annotated[int, Query(description="Lines after this number.")] = 0,
    limit: Annotated[int, Query(description="At most so many.")] = budgets.MAX_ENTRIES,
) -> EntryList:
    """What was granted, held, spent and released, with the encoded events; oldest first."""
    return await _off_loop(
        budgets.history, caller, ports, population=population, project=project, after=after, limit=limit
    )


@router.get("/v1/ledger/check", tags=["budgets"], summary="Check the ledger")
async def verify_ledger(caller: Caller, ports: PortsOf) -> LedgerCheck:
    """The chain of digests, the accounts against a replay, the end of the chain, the anchor outside the database."""
    return await _off_loop(budgets.check, caller, ports)
