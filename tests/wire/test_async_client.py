"""The client for asyncio does what the other does: every method, every parameter, the same answers and errors."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.inprocess import InProcessTransport
from tests.wire.doors import NOBODYS, Doors
from understudy import endpoints, retry
from understudy.aio import AsyncClient
from understudy.client import Client
from understudy.errors import Failed, NotFound, RateLimited, Unauthenticated
from understudy.messages import JobCreate, Role

SCHEMA = {
    "fields": [{"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}}],
    "understudy:population": "ward",
}
ITSELF = {"close": "aclose"}


def methods(kind: type[Any]) -> dict[str, Callable[..., Any]]:
    return {name: member for name, member in inspect.getmembers(kind, inspect.isfunction) if name[0] != "_"}


def differences(one: type[Any], other: type[Any]) -> list[str]:
    """What the second lacks of the first, in words."""
    found = []
    for name, method in methods(one).items():
        twin = methods(other).get(ITSELF.get(name, name))
        if twin is None:
            found.append(f"{name} is missing")
        elif name != "call" and [*inspect.signature(method).parameters] != [*inspect.signature(twin).parameters]:
            found.append(f"{name} takes other parameters")
    return found


def test_every_method_is_in_both() -> None:
    assert differences(Client, AsyncClient) == [], "add 'name = _beside(Client.name)' to understudy/aio.py"
    extra = set(methods(AsyncClient)) - set(methods(Client)) - set(ITSELF.values())
    assert extra == set()


def test_a_method_that_is_missing_or_another_would_be_found() -> None:
    class Fuller(Client):
        def more(self) -> None:
            """One that the other lacks."""

        def job(self, job_id: str, *, wait_s: float = 0.0, more: int = 0) -> Any:
            """One with a parameter that the other lacks."""

    assert differences(Fuller, AsyncClient) == ["job takes other parameters", "more is missing"]


@asynccontextmanager
async def connected(doors: Doors, key: str) -> AsyncIterator[AsyncClient]:
    inside = httpx.ASGITransport(app=doors.app, raise_app_exceptions=False)
    blocking = InProcessTransport(doors.app)
    async with AsyncClient(api_key=key, transport=inside, blocking_transport=blocking) as client:
        yield client


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_it_asks_lists_and_waits_as_the_other_does(doors: Doors, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("age\n1\n")

    async def work() -> None:
        async with connected(doors, doors.keys[Role.TENANT_ADMIN]) as client:
            assert (await client.health()).status == "ok"
            assert (await client.ready()).ready
            made = await asyncio.gather(*(client.upload(table, SCHEMA) for _ in range(3)))
            listed = [dataset.id async for dataset in client.datasets(population="ward")]
            assert {view.id for view in made} <= set(listed)
            job = await client.submit(asked(made[0].id))
            assert (await client.job(job.id)).state == "queued"
            assert job.id in [found.id async for found in client.jobs()]
            assert [entry.kind async for entry in client.history(population="ward")][-1] == "hold"
            assert (await client.cancel(job.id)).state.is_final
            with pytest.raises(Failed):
                await client.wait(job.id)
            acts = [entry["subtype"][0]["code"] async for entry in client.audit()]  # type: ignore[index]
            assert acts.count("append_content") == 3
            assert (await client.check_audit()).ok
            with pytest.raises(NotFound):
                await client.job(f"job_{NOBODYS}")
        async with connected(doors, "none") as nobody:
            with pytest.raises(Unauthenticated):
                await nobody.budgets()

    run(work())


def asked(dataset_id: str) -> JobCreate:
    return JobCreate(dataset_id=dataset_id, epsilon=0.01)


# --- sent again -------------------------------------------------------------------------------------------------


class Moody(httpx.BaseTransport):
    """Answers in turn what it was told to; an exception is raised."""

    def __init__(self, *turns: httpx.Response | Exception) -> None:
        self.turns = list(turns)
        self.seen: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        turn = self.turns.pop(0)
        if isinstance(turn, Exception):
            raise turn
        return turn


class AsyncMoody(Moody, httpx.AsyncBaseTransport):  # type: ignore[misc]
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)


BUSY = {"type": "u", "title": "t", "status": 429, "code": "rate-limited", "kind": "rate-limited", "detail": "d"}


def busy(after: str = "0") -> httpx.Response:
    return httpx.Response(429, json=BUSY | {"facts": {"retry_after_s": "7"}}, headers={"Retry-After": after})


HEALTH = {"status": "ok", "version": "1"}


@pytest.fixture(params=["blocking", "asyncio"])
def health(request: pytest.FixtureRequest) -> Iterator[Callable[[Moody], str]]:
    """Asks for the health over a transport."""

    def ask(moody: Moody) -> str:
        if request.param == "blocking":
            with Client(api_key="k", transport=moody) as client:
                return client.health().status

        async def work() -> str:
            async with AsyncClient(api_key="k", transport=moody) as client:  # type: ignore[arg-type]
                return (await client.health()).status

        return asyncio.run(work())

    return ask


def test_what_was_not_begun_is_sent_again(health: Callable[[Moody], str]) -> None:
    moody = AsyncMoody(busy(), httpx.ReadError("cut"), httpx.Response(503, headers={"Retry-After": "0"}), good())
    assert health(moody) == "ok"
    assert len(moody.seen) == 4


def good() -> httpx.Response:
    return httpx.Response(200, json=HEALTH)


def test_it_is_given_up_in_the_end(health: Callable[[Moody], str]) -> None:
    with pytest.raises(RateLimited) as caught:
        health(AsyncMoody(*(busy() for _ in range(9))))
    assert caught.value.retry_after_s == 7
    with pytest.raises(RateLimited):
        health(AsyncMoody(busy("3600"), good()))


def test_a_job_is_sent_again_with_the_same_key() -> None:
    moody = Moody(httpx.ReadError("cut"), httpx.Response(404, json=BUSY | {"status": 404}))
    with Client(api_key="k", transport=moody) as client, pytest.raises(RateLimited):
        client.submit(asked("ds"))
    first, second = (request.headers["idempotency-key"] for request in moody.seen)
    assert first == second


def test_what_may_not_be_repeated_is_not() -> None:
    moody = Moody(httpx.ReadError("cut"))
    with Client(api_key="k", transport=moody) as client, pytest.raises(Failed):
        client.call(endpoints.revoke_key("x"))
    assert len(moody.seen) == 1
    assert retry.wait_s(1, status=None, repeatable=False) is None
    assert retry.wait_s(1, status=500, repeatable=True) is None
    assert retry.wait_s(3, status=503, repeatable=True) == 2.0
