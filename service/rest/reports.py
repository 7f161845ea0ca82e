"""The reports of a job, each under a route of its own, so that a role can be given one without the other."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.commands import job_reports
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import ReportFormat

router = APIRouter()

_MEDIA = {ReportFormat.JSON: "application/json", ReportFormat.HTML: "text/html; charset=utf-8"}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}},
        "description": "The report, in the format that was asked for.",
    }
}
Format = Annotated[ReportFormat, Query(alias="format", description="The page, or what it is rendered from.")]


@router.get(
    "/v1/jobs/{job_id}/reports/owner",
    tags=["jobs"],
    summary="The owner's report",
    response_class=Response,
    responses=_ANSWERS,
)
async def get_owner_report(
    job_id: str, caller: Caller, ports: PortsOf, report_format: Format = ReportFormat.JSON
) -> Response:
    """Of a job that has ended, also of one whose bundle was withheld. Not private: for the data owner only."""
    return _answer(await off_loop(job_reports.owner, caller, job_id, report_format, ports), report_format)


@router.get(
    "/v1/jobs/{job_id}/reports/release",
    tags=["jobs"],
    summary="The release report",
    response_class=Response,
    responses=_ANSWERS,
)
async def get_release_report(
    job_id: str, caller: Caller, ports: PortsOf, report_format: Format = ReportFormat.JSON
) -> Response:
    """Of a job that ended well: what may travel with the data, as it stands in the bundle."""
    return _answer(await off_loop(job_reports.release, caller, job_id, report_format, ports), report_format)


def _answer(content: bytes, report_format: ReportFormat) -> Response:
    return Response(content, media_type=_MEDIA[report_format])
