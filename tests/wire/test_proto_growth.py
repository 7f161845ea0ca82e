"""The .proto only grows: what a client was built against goes on meaning the same.

``understudy.proto.lock`` has every message, field number, type, enum value and method that was ever released. A new one
is added to it by ``python -m tests.wire.test_proto_growth``; one that is changed or gone fails here.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from service.rpc.generated import understudy_pb2 as pb

LOCK = Path(__file__).with_name("understudy.proto.lock")
Surface = dict[str, dict[str, str]]


def surface(file: Any = pb.DESCRIPTOR) -> Surface:
    """Everything that a client is built against, by place and name."""
    found: Surface = {}
    for name, message in file.message_types_by_name.items():
        found[f"message {name}"] = {str(field.number): shape(field) for field in message.fields}
    for name, enum in file.enum_types_by_name.items():
        found[f"enum {name}"] = {str(value.number): value.name for value in enum.values}
    for name, service in file.services_by_name.items():
        found[f"service {name}"] = {method.name: method_shape(method) for method in service.methods}
    return found


def shape(field: Any) -> str:
    kind = field.message_type or field.enum_type
    oneof = field.containing_oneof.name if field.containing_oneof is not None and not field.has_presence else ""
    named = kind.full_name if kind is not None else f"type {field.type}"
    return f"{field.name}: {'repeated ' if field.is_repeated else ''}{named}{f' in {oneof}' if oneof else ''}"


def method_shape(method: Any) -> str:
    sent = f"{'stream ' if method.client_streaming else ''}{method.input_type.name}"
    return f"{sent} -> {'stream ' if method.server_streaming else ''}{method.output_type.name}"


def broken(before: Surface, now: Surface) -> list[str]:
    """What a client built against ``before`` would miss, in words."""
    faults = [f"{place} is gone" for place in before if place not in now]
    for place in sorted(set(before) & set(now)):
        for name, known in before[place].items():
            if (found := now[place].get(name)) != known:
                faults.append(f"{place}, {name}: was {known!r}, is {found!r}")
    return faults


def added(before: Surface, now: Surface) -> list[str]:
    """What is new and not yet in the lock."""
    return [f"{place} {name}" for place, names in now.items() for name in names if name not in before.get(place, {})]


def locked() -> Surface:
    found: Surface = json.loads(LOCK.read_text())
    return found


def test_nothing_that_was_released_is_changed_or_gone() -> None:
    assert broken(locked(), surface()) == []


def test_what_is_new_is_in_the_lock() -> None:
    assert added(locked(), surface()) == [], "run: .venv/bin/python -m tests.wire.test_proto_growth"


@pytest.mark.parametrize(
    ("place", "name", "becomes"),
    [
        ("message JobView", "1", "identity: type 9"),
        ("message JobView", "7", "epsilon: type 9"),
        ("message JobList", "1", "jobs: understudy.v1.JobView"),
        ("enum JobState", "3", "JOB_STATE_FINISHED"),
        ("service Jobs", "Watch", "WatchJobRequest -> JobView"),
        ("service Jobs", "Create", None),
        ("message KeyView", None, None),
    ],
)
def test_a_breaking_change_is_found(place: str, name: str | None, becomes: str | None) -> None:
    other = copy.deepcopy(surface())
    if name is None:
        del other[place]
    elif becomes is None:
        del other[place][name]
    else:
        assert name in other[place]
        other[place][name] = becomes
    assert len(broken(surface(), other)) == 1


def test_growth_is_no_breaking_change() -> None:
    other = copy.deepcopy(surface())
    other["message JobView"]["99"] = "more: type 9"
    other["service Jobs"]["More"] = "GetJobRequest -> JobView"
    assert broken(surface(), other) == []
    assert added(surface(), other) == ["message JobView 99", "service Jobs More"]


if __name__ == "__main__":
    before = locked() if LOCK.exists() else {}
    if faults := broken(before, surface()):
        raise SystemExit("not written, since it breaks clients:\n" + "\n".join(faults))
    LOCK.write_text(json.dumps(surface(), indent=1, sort_keys=True) + "\n")
