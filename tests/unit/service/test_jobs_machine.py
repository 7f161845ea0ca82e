"""A job's life: queued -> running -> done | failed | cancelled, and nothing after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.jobs import Job, JobError, StepRecord
from understudy.errors import Conflict
from understudy.messages import JobState

ERROR = JobError(code="failed", message="Something broke.")
QUEUED = Job(
    id="j1",
    tenant="t",
    dataset_id="d1",
    population="p",
    engine="marginal",
    epsilon=1.0,
    delta=1e-6,
    n_rows=None,
    audit_share=0.1,
    fingerprint="f",
    plan={},
    created_at=datetime(2026, 3, 1, tzinfo=UTC),
)
CHANGES: dict[str, Callable[[Job], Job]] = {
    "start": lambda job: job.started(),
    "move": lambda job: job.at("fit", 50),
    "record": lambda job: job.with_step(StepRecord(name="fit", seconds=1.0)),
    "finish": lambda job: job.done("bundle"),
    "fail": lambda job: job.failed(ERROR),
    "publish": lambda job: job.with_files({"a": job.new_key("a")}),
    "cancel": lambda job: job.cancelled(ERROR),
}


def test_a_new_job_waits() -> None:
    assert (QUEUED.state, QUEUED.stage, QUEUED.percent, QUEUED.attempt) == (JobState.QUEUED, "queued", 0, 0)


def test_each_start_is_an_attempt() -> None:
    assert QUEUED.started().state is JobState.RUNNING
    assert QUEUED.started().started().attempt == 2


def test_done_has_a_bundle_and_all_of_its_percent() -> None:
    done = QUEUED.started().at("bundle", 97).done("jobs/j1/bundle.zip")
    assert (done.state, done.stage, done.percent, done.bundle, done.error) == (
        JobState.DONE,
        "done",
        100,
        "jobs/j1/bundle.zip",
        None,
    )


def test_failed_has_an_error_and_no_bundle() -> None:
    failed = QUEUED.started().at("fit", 40).failed(ERROR)
    assert (failed.state, failed.stage, failed.error, failed.bundle) == (JobState.FAILED, "failed", ERROR, None)


ENDED = {"done": QUEUED.started().done("bundle"), "failed": QUEUED.failed(ERROR), "cancelled": QUEUED.cancelled(ERROR)}


def test_attempts_publish_under_keys_of_their_own() -> None:
    first, second = QUEUED.started(), QUEUED.started().started()
    assert first.new_key("a") != second.new_key("a")
    assert first.with_files({"a": first.new_key("a")}).key_of("a") == "t/jobs/j1/1/a"
    again = second.with_files({"a": first.new_key("a"), "b": "x"}).with_files({"a": second.new_key("a")})
    assert again.files == {"a": "t/jobs/j1/2/a", "b": "x"}
    assert again.key_of("c").startswith(again.prefix)


@pytest.mark.parametrize("ended", ENDED.values(), ids=ENDED)
@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_what_has_ended(ended: Job, change: str) -> None:
    with pytest.raises(Conflict):
        CHANGES[change](ended)


@pytest.mark.parametrize(("given_percent", "kept"), [(-5, 0), (0, 0), (50, 50), (100, 100), (250, 100)])
def test_percent_is_a_percentage(given_percent: int, kept: int) -> None:
    assert QUEUED.started().at("fit", given_percent).percent == kept


def test_a_repeated_step_replaces_its_record() -> None:
    job = QUEUED.started()
    for name, seconds in (("scrub", 1.0), ("fit", 2.0), ("scrub", 3.0)):
        job = job.with_step(StepRecord(name=name, seconds=seconds))
    assert [(step.name, step.seconds) for step in job.steps] == [("fit", 2.0), ("scrub", 3.0)]


@given(st.lists(st.sampled_from(sorted(CHANGES)), max_size=12))
def test_any_life_ends_at_most_once_and_keeps_its_terms(life: list[str]) -> None:
    job, n_ends = QUEUED, 0
    for change in life:
        try:
            job = CHANGES[change](job)
        except Conflict:
            assert job.state.is_final
            continue
        n_ends += job.state.is_final
    assert n_ends <= 1
    assert (job.id, job.tenant, job.epsilon, job.delta, job.plan) == ("j1", "t", 1.0, 1e-6, {})
    assert (job.bundle is not None) == (job.state is JobState.DONE)
    assert (job.error is not None) == (job.state in (JobState.FAILED, JobState.CANCELLED))
