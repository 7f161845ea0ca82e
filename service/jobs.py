"""A job and its life, without any I/O.

queued -> running -> done | failed. A job is charged when its budget is spent, which happens before the
first number is derived from rows; from then on it is never refunded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from understudy.errors import Conflict
from understudy.messages import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """A finished step and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job failed: a stable code and fixed text, never private data."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request for synthetic data. ``plan`` is the encoded price list, public facts only.

    ``facts`` are public too: ``canaries``, their number, ``policy``, the gates of the release, and ``without_dp``,
    whether the owner wants it compared with the same fit without privacy.
    """

    id: str
    tenant: str
    dataset_id: str
    population: str
    engine: str
    epsilon: float
    delta: float
    n_rows: int | None
    audit_share: float
    fingerprint: str
    plan: dict[str, object]
    created_at: datetime
    state: JobState = JobState.QUEUED
    stage: str = "queued"
    percent: int = 0
    steps: tuple[StepRecord, ...] = ()
    error: JobError | None = None
    bundle: str | None = None
    attempt: int = 0
    project: str = ""
    facts: dict[str, object] = field(default_factory=dict)

    def _open(self) -> Job:
        if self.state.is_final:
            raise Conflict("The job has ended.")
        return self

    def started(self) -> Job:
        """The job with one more attempt under way."""
        return replace(self._open(), state=JobState.RUNNING, attempt=self.attempt + 1)

    def at(self, stage: str, percent: int) -> Job:
        """The job at a stage and 0 to 100 percent. A step that runs again after a crash goes back to its start."""
        return replace(self._open(), stage=stage, percent=max(0, min(100, percent)))

    def with_step(self, step: StepRecord) -> Job:
        """The job with a step recorded; a repeated step replaces its earlier record."""
        kept = tuple(known for known in self.steps if known.name != step.name)
        return replace(self._open(), steps=(*kept, step))

    def done(self, bundle: str) -> Job:
        """The job with its bundle published."""
        return replace(self._open(), state=JobState.DONE, stage="done", percent=100, bundle=bundle)

    def failed(self, error: JobError) -> Job:
        """The job ended without a bundle."""
        return replace(self._open(), state=JobState.FAILED, stage="failed", error=error)
