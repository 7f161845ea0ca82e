"""Plans, jobs, bundles, evaluations and curves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from service.commands import curves, evaluations, jobs, plans
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import (
    CurveCreate,
    CurveView,
    EvaluationCreate,
    EvaluationView,
    JobCreate,
    JobList,
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


@router.get("/v1/jobs", tags=["jobs"], summary="All jobs of the tenant")
async def list_jobs(caller: Caller, ports: PortsOf) -> JobList:
    """Oldest first."""
    return JobList(jobs=await off_loop(jobs.all_of, caller, ports))


@router.get("/v1/jobs/{job_id}", tags=["jobs"], summary="One job, with stage and percent")
async def get_job(
    job_id: str,
    caller: Caller,
    ports: PortsOf,
    wait_s: Annotated[float, Query(ge=0, description="Wait so long for a change.")] = 0.0,
) -> JobView:
    """With `wait_s` it answers when stage or percent change, or the job ends."""
    return await off_loop(jobs.get, caller, job_id, ports, wait_s=wait_s)


@router.get(
    "/v1/jobs/{job_id}/bundle",
    tags=["jobs"],
    summary="The bundle, a zip",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}, "description": "Rows, reports, statement, manifest."}},
)
async def get_bundle(job_id: str, caller: Caller, ports: PortsOf) -> FileResponse:
    """Rows as Parquet and CSV, both reports, the privacy statement and a manifest of digests."""
    path = await off_loop(jobs.bundle, caller, job_id, ports)
    return FileResponse(path, media_type="application/zip", filename=f"{job_id}.zip")


@router.post("/v1/plans", tags=["jobs"], summary="What a job would cost")
async def create_plan(message: PlanCreate, caller: Caller, ports: PortsOf) -> PlanView:
    """From the schema alone, before any row is read: events, price in every scope, other engines. Nothing is held."""
    return await off_loop(plans.create, caller, message, ports)


@router.post("/v1/evaluations", tags=["jobs"], summary="Judge any synthetic table")
async def create_evaluation(message: EvaluationCreate, caller: Caller, ports: PortsOf) -> EvaluationView:
    """Two datasets, best with a third that the table's maker never saw. Costs no budget; claims no guarantee."""
    return await off_loop(evaluations.evaluate, caller, message, ports)


@router.post("/v1/curves", tags=["jobs"], summary="Utility at several prices")
async def create_curve(message: CurveCreate, caller: Caller, ports: PortsOf) -> CurveView:
    """For the owner only: nothing of it is private. Costs no budget, counts as an attempt, answers when it is done."""
    return await off_loop(curves.create, caller, message, ports)
