"""The stream of a job's events: each change once, a sign of life in between, and an end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from service.rest import watching
from understudy.messages import JobState, JobView
from understudy.watch import job_events


def view(stage: str, percent: int, state: JobState = JobState.RUNNING) -> JobView:
    return JobView(
        id="job_1",
        dataset_id="ds",
        population="p",
        state=state,
        stage=stage,
        percent=percent,
        epsilon=1.0,
        delta=0.0,
        engine="marginal",
        created_at="2026-03-01T00:00:00Z",
        attempt=1,
    )


DONE = view("done", 100, JobState.DONE)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """``told(views, last_id)``: the text of a stream over a job that looks like this, one look after the other."""

    async def at_once(function, *_args):  # type: ignore[no-untyped-def]
        return function()

    async def no_sleep(_seconds: float) -> None: ...

    def tell(looks: list[JobView], last_id: str = "", heartbeat_s: float = 60.0) -> str:
        queue: Iterator[JobView] = iter(looks[1:])
        monkeypatch.setattr(watching, "HEARTBEAT_S", heartbeat_s)
        monkeypatch.setattr(watching, "sleep", no_sleep)
        monkeypatch.setattr(watching, "off_loop", at_once)
        monkeypatch.setattr(watching.jobs, "get", lambda: next(queue))

        async def collect() -> str:
            stream = watching.events(None, looks[0], None, last_id=last_id)  # type: ignore[arg-type]
            return "".join([text async for text in stream])

        return asyncio.run(collect())

    return tell


def test_each_change_is_told_once_and_then_the_end(told) -> None:  # type: ignore[no-untyped-def]
    text = told([view("queued", 0), view("queued", 0), view("fit", 30), view("fit", 30), DONE])
    seen = [(event.kind, event.job.stage, event.id) for event in job_events(text.splitlines())]
    assert seen == [
        ("progress", "queued", "1-queued-0"),
        ("progress", "fit", "1-fit-30"),
        ("end", "done", "1-done-100"),
    ]


def test_who_comes_back_is_not_told_the_same_again(told) -> None:  # type: ignore[no-untyped-def]
    text = told([view("fit", 30), view("fit", 31), DONE], last_id="1-fit-30")
    assert [event.id for event in job_events(text.splitlines())] == ["1-fit-31", "1-done-100"]


def test_a_job_that_has_ended_has_one_event(told) -> None:  # type: ignore[no-untyped-def]
    assert [event.kind for event in job_events(told([DONE]).splitlines())] == ["end"]


def test_a_long_silence_is_broken_by_a_comment(told) -> None:  # type: ignore[no-untyped-def]
    text = told([view("fit", 30), view("fit", 30), view("fit", 30), DONE], heartbeat_s=0.0)
    assert text.count("\n: still there\n") == 2
    assert [event.kind for event in job_events(text.splitlines())] == ["progress", "end"]


def test_what_is_not_known_in_a_stream_is_passed_over() -> None:
    lines = ["retry: 2000", "", ": comment", "odd: field", "event: end", f"data: {DONE.model_dump_json()}", ""]
    (event,) = job_events(lines)
    assert (event.kind, event.id, event.job) == ("end", "", DONE)
