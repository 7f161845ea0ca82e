"""Plans, jobs, bundles, evaluations and curves."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from service.commands import curves, evaluations, jobs, plans
from service.commands.pages import DEFAULT_LIMIT
from service.rest.asking import Caller, OnlyPopulation, PageCursor, PageLimit, PortsOf, download, off_loop
from service.rest.watching import changed
from understudy.messages import (
    CurveCreate,
    EvaluationCreate,
    JobCreate,
    JobList,
    JobState,
    JobView,
    PlanCreate,
    PlanView,
)

router = APIRouter()


@router.post("/v1/jobs", status_code=202, tags=["jobs"], summary="Ask for synthetic data")
async def create_job(message: JobCreate, response: Response, caller: Caller, ports: PortsOf) -> JobView:
    """Holds the price and queues the job, or answers 409 with what is left."""
    view = await off_loop(jobs.submit, caller, message, ports)
    response.headers["Location"] = f"/v1/jobs/{view.id}"
    response.headers["Retry-After"] = "1"
    return view


@router.get("/v1/jobs", tags=["jobs"], summary="Jobs of the tenant")
async def list_jobs(
    caller: Caller,
    ports: PortsOf,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = "",
    population: OnlyPopulation = "",
    state: Annotated[JobState | None, Query(description="Only those in this state.")] = None,
) -> JobList:
    """Oldest first, page by page."""
    return await off_loop(jobs.page, caller, ports, limit=limit, cursor=cursor, population=population, state=state)


@router.get("/v1/jobs/{job_id}", tags=["jobs"], summary="One job, with stage and percent")
async def get_job(
    job_id: str,
    caller: Caller,
    ports: PortsOf,
    wait_s: Annotated[float, Query(ge=0, description="Wait so long for a change.")] = 0.0,
) -> JobView:
    """With `wait_s` it answers when stage or percent change, or the job ends."""
    until = time.monotonic() + min(wait_s, ports.settings.max_wait_s)
    return await changed(caller, job_id, ports, known=None, until=until)


@router.post("/v1/jobs/{job_id}/cancel", tags=["jobs"], summary="Stop a job")
async def cancel_job(job_id: str, caller: Caller, ports: PortsOf) -> JobView:
    """Its child process is dead within a second. What it held is free again; what was spent stays spent."""
    return await off_loop(jobs.cancel, caller, job_id, ports)


@router.get(
    "/v1/jobs/{job_id}/bundle",
    tags=["jobs"],
    summary="The bundle, a zip",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "Rows, reports, statement, manifest."}},
)
async def get_bundle(job_id: str, caller: Caller, ports: PortsOf) -> StreamingResponse:
    """Rows as Parquet and CSV, both reports, the privacy statement and a manifest of digests."""
    file, size_bytes = await off_loop(jobs.bundle, caller, job_id, ports)
    return download(file, size_bytes, media_type="application/zip", filename=f"{job_id}.zip")


@router.post("/v1/plans", tags=["jobs"], summary="What a job would cost")
async def create_plan(message: PlanCreate, caller: Caller, ports: PortsOf) -> PlanView:
    """From the schema alone, before any row is read: events, price in every scope, other engines. Nothing is held."""
    return await off_loop(plans.create, caller, message, ports)


@router.post("/v1/evaluations", status_code=202, tags=["jobs"], summary="Judge any synthetic table")
async def create_evaluation(message: EvaluationCreate, response: Response, caller: Caller, ports: PortsOf) -> JobView:
    """Two datasets, best with a third that the table's maker never saw. A job whose reports are there when it is done.

    Costs no budget; claims no guarantee.
    """
    return _accepted(await off_loop(evaluations.evaluate, caller, message, ports), response)


@router.post("/v1/curves", status_code=202, tags=["jobs"], summary="Utility at several prices")
async def create_curve(message: CurveCreate, response: Response, caller: Caller, ports: PortsOf) -> JobView:
    """For the owner only: a job whose owner report is the curve. Costs no budget, counts as an attempt."""
    return _accepted(await off_loop(curves.create, caller, message, ports), response)


def _accepted(view: JobView, response: Response) -> JobView:
    response.headers["Location"] = f"/v1/jobs/{view.id}"
    response.headers["Retry-After"] = "1"
    return view
