"""What one tenant may keep and how much it may ask at once; another tenant notices nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from service.limiter import Limiter
from service.ports import Door
from tests.e2e.houses import SCHEMA
from tests.wire.doors import Doors, light_ports, opened
from understudy.messages import Role

MOST_BYTES = 100


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    limits = Limiter(per_minute=0, at_once=16, http_at_once=2)
    ports = light_ports(tmp_path_factory.mktemp("small"), limits=limits)
    with opened(replace(ports, settings=replace(ports.settings, max_tenant_bytes=MOST_BYTES))) as doors:
        yield doors


@pytest.fixture
def declare(small: Doors) -> Iterator[Callable[[], str]]:
    """Declares a table of ours; all are removed at the end."""
    made: list[str] = []

    def declared() -> str:
        answer = small.ask("POST", "/v1/datasets", small.keys[Role.STEWARD], json={"table_schema": SCHEMA})
        made.append(answer.json()["id"])
        return made[-1]

    yield declared
    for dataset in made:
        small.ask("DELETE", f"/v1/datasets/{dataset}", small.keys[Role.STEWARD])


def put(small: Doors, dataset: str, content: bytes, key: str = "") -> tuple[int, str]:
    answer = small.ask("PUT", f"/v1/datasets/{dataset}/content", key or small.keys[Role.STEWARD], content=content)
    return answer.status_code, answer.json().get("code", "")


def files(small: Doors) -> list[str]:
    return sorted(str(path) for path in (small.ports.settings.home / "blobs").rglob("*") if path.is_file())


def test_a_tenant_keeps_no_more_than_it_may_and_removing_makes_room(small: Doors, declare: Callable[[], str]) -> None:
    first, second = declare(), declare()
    assert put(small, first, b"x" * 60)[0] == 200
    before = files(small)
    assert put(small, second, b"x" * 41) == (409, "tenant-storage-full")
    assert files(small) == before, "nothing is left of what was refused"
    assert put(small, second, b"x" * 40)[0] == 200
    third = declare()
    assert put(small, third, b"x") == (409, "tenant-storage-full")
    small.ask("DELETE", f"/v1/datasets/{first}", small.keys[Role.STEWARD])
    assert put(small, third, b"x" * 60)[0] == 200


def test_uploads_under_way_count_and_what_has_arrived_stays(small: Doors, declare: Callable[[], str]) -> None:
    steward, dataset = small.keys[Role.STEWARD], declare()

    def append(offset: int, size: int) -> Any:
        return small.ask(
            "PATCH",
            f"/v1/datasets/{dataset}/content",
            steward,
            content=b"x" * size,
            headers={"Upload-Offset": str(offset), "Content-Type": "application/octet-stream"},
        )

    assert append(0, 70).status_code < 300
    assert put(small, declare(), b"x" * 31) == (409, "tenant-storage-full")
    refused = append(70, 31)
    assert (refused.status_code, refused.json()["code"]) == (409, "tenant-storage-full")
    found = small.ask("GET", f"/v1/datasets/{dataset}/content", steward).json()
    assert found["offset_bytes"] == 70


def test_another_tenant_has_room_of_its_own(small: Doors, declare: Callable[[], str]) -> None:
    assert put(small, declare(), b"x" * 100)[0] == 200
    theirs = small.ask("POST", "/v1/datasets", small.theirs, json={"table_schema": SCHEMA}).json()["id"]
    assert put(small, theirs, b"x" * 100, small.theirs)[0] == 200


def test_a_tenant_has_so_many_requests_under_way(small: Doors) -> None:
    assert small.ports.limits is not None
    slot, ours = small.ports.limits.slot, small.keys[Role.STEWARD]
    with slot("ours", Door.HTTP), slot("ours", Door.HTTP):  # type: ignore[arg-type]
        refused = small.ask("GET", "/v1/datasets", ours)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
        assert int(refused.headers["retry-after"]) >= 1
        assert small.ask("GET", "/v1/datasets", small.theirs).status_code == 200
        with slot("ours"):  # type: ignore[arg-type]
            pass
    assert small.ask("GET", "/v1/datasets", ours).status_code == 200
    assert small.ask("GET", "/v1/datasets/none", ours).status_code == 404
    assert small.ask("GET", "/v1/datasets", ours).status_code == 200, "who was refused has given its place back"
