"""Following a job without holding a thread: long polling and server-sent events.

An event is the whole job as it stands, so that one which was missed matters to nobody. Its id tells what it shows:
who comes back with ``Last-Event-ID`` is not told the same again.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from anyio import sleep
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from service.commands import jobs
from service.context import RequestContext
from service.ports import Ports
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import JobView

POLL_S = 0.25
HEARTBEAT_S = 15.0
RETRY_MS = 2000

router = APIRouter()


def event_id(view: JobView) -> str:
    """What a view shows of the job's way; equal for two views that show the same."""
    return f"{view.attempt}-{view.stage}-{view.percent}"


async def changed(context: RequestContext, job_id: str, ports: Ports, *, known: str | None, until: float) -> JobView:
    """The job as soon as its event differs from ``known``, it has ended, or ``until`` (monotonic) is past."""
    while True:
        view = await off_loop(jobs.get, context, job_id, ports)
        known = event_id(view) if known is None else known
        if view.state.is_final or event_id(view) != known or time.monotonic() >= until:
            return view
        await sleep(min(POLL_S, max(0.0, until - time.monotonic())))


async def events(context: RequestContext, first: JobView, ports: Ports, *, last_id: str) -> AsyncIterator[str]:
    """The stream: ``progress`` at each change, ``end`` once, and a comment whenever nothing was said for a while."""
    yield f"retry: {RETRY_MS}\n\n"
    view, told = first, last_id
    while not view.state.is_final:
        if event_id(view) == told:
            yield ": still there\n\n"
        else:
            told = event_id(view)
            yield _event("progress", view)
        until = time.monotonic() + HEARTBEAT_S
        view = await changed(context, first.id, ports, known=told, until=until)
    yield _event("end", view)


def _event(kind: str, view: JobView) -> str:
    return f"event: {kind}\nid: {event_id(view)}\ndata: {view.model_dump_json()}\n\n"


@router.get(
    "/v1/jobs/{job_id}/events",
    tags=["jobs"],
    summary="A job's progress as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events progress and end; data is the job."}},
)
async def get_job_events(
    job_id: str,
    caller: Caller,
    ports: PortsOf,
    last_event_id: Annotated[str, Header(description="The last event that was seen.")] = "",
) -> StreamingResponse:
    """`progress` with stage and percent at each change, `end` at the end; the data of each is the job."""
    first = await off_loop(jobs.get, caller, job_id, ports)
    stream = events(caller, first, ports, last_id=last_event_id)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
