"""A job and its life, without any I/O.

queued -> running -> done | failed | cancelled. A job is charged when its budget is spent, which happens before the
first number is derived from rows; from then on it is never refunded.

``attempt`` counts the workers that took the job on. It is a fence: whoever works under an older number than the job's
may write nothing any more, neither its row nor its files.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """Why a job failed: a stable code and fixed text, never private data. ``where``: of a table that was refused."""

    code: str
    message: str
    where: tuple[dict[str, str | int], ...] = ()


SYNTHESIZE = "synthesize"
"""The kind of a job that asks for synthetic data."""

EVALUATE = "evaluate"
"""The kind of a job that judges a table which others made; it is no attempt at a release."""

CURVE = "curve"
"""The kind of a job that looks at utility over epsilon. Who chooses by it has tried: it counts as an attempt."""

PULL = "pull"
"""The kind of a job that brings a table in from elsewhere; it reads no dataset, it fills one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of work, of a ``kind`` with its own steps. ``plan`` is the encoded price list, public facts only.

    ``facts`` are public too: ``canaries``, their number, ``policy``, the gates of the release, and ``without_dp``,
    whether the owner wants it compared with the same fit without privacy. ``files`` says under which key each of the
    job's files was published, so that nobody's file is taken for another attempt's. A lower ``priority`` waits.
    ``asked_by``: a ``Principal.owner``; empty for a job of before there were owners, which is nobody's own.
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
    kind: str = SYNTHESIZE
    files: dict[str, str] = field(default_factory=dict)
    priority: int = 0
    asked_by: str = ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that it reads."""
        others = (self.facts.get(name) for name in ("synthetic_id", "control_id"))
        return (self.dataset_id, *(str(other) for other in others if other))

    @property
    def prefix(self) -> str:
        """What the keys of all files of the job begin with."""
        return f"{self.tenant}/jobs/{self.id}"

    def new_key(self, name: str) -> str:
        """The key under which this attempt publishes a file; no other attempt writes there."""
        return f"{self.prefix}/{self.attempt}/{name}"

    def key_of(self, name: str) -> str:
        """The key of a published file; for one that is not there a key that holds nothing."""
        return self.files.get(name, f"{self.prefix}/{name}")

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

    def with_files(self, keys: Mapping[str, str]) -> Job:
        """The job with files published, each in place of an earlier one of its name."""
        return replace(self._open(), files={**self.files, **keys})

    def done(self, bundle: str | None) -> Job:
        """The job with its results published; ``bundle`` is None for a kind that has none."""
        return replace(self._open(), state=JobState.DONE, stage="done", percent=100, bundle=bundle)

    def failed(self, error: JobError) -> Job:
        """The job ended without a bundle."""
        return replace(self._open(), state=JobState.FAILED, stage="failed", error=error)

    def cancelled(self, error: JobError) -> Job:
        """The job ended because its owner said so."""
        return replace(self._open(), state=JobState.CANCELLED, stage="cancelled", error=error)
