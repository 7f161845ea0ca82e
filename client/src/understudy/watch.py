"""Server-sent events of a job, read line by line; no I/O of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from understudy.messages import JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """The job as it stood. ``id`` is given back as ``Last-Event-ID`` to go on from there."""

    kind: str
    id: str
    job: JobView


class JobEvents:
    """Takes the lines of a stream one by one. Comments, and fields that are not known, are passed over."""

    def __init__(self) -> None:
        self._fields: dict[str, str] = {}

    def feed(self, line: str) -> JobEvent | None:
        """The event that ends with this line; None if none does."""
        name, _, value = line.partition(":")
        if line:
            if name:
                self._fields[name] = value.removeprefix(" ")
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        job = JobView.model_validate_json(fields["data"])
        return JobEvent(kind=fields.get("event", "message"), id=fields.get("id", ""), job=job)


def job_events(lines: Iterable[str]) -> Iterator[JobEvent]:
    """The events among the lines of a stream."""
    known = JobEvents()
    for line in lines:
        if (event := known.feed(line)) is not None:
            yield event
