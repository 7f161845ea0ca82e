"""The client for asyncio: the same requests, answers, errors and retries, over the same sans-IO endpoints.

>>> from understudy.aio import AsyncClient
>>> async def main() -> None:                                                      # doctest: +SKIP
...     async with AsyncClient("https://understudy.hospital.internal", api_key="us_...") as client:
...         async for job in client.jobs(state="running"):
...             print(job.id, job.percent)

What a program does a hundred of at once, asking and waiting, holds no thread. What reads or writes files is the
code of ``Client`` itself, run beside the loop: it is written once, and asyncio has no files.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

import httpx

from understudy import endpoints, retry
from understudy.client import WAIT_S, Client, Observer, ended
from understudy.endpoints import Request
from understudy.errors import Failed
from understudy.messages import AuditCheck, DatasetView, EntryView, Health, JobCreate, JobView, Message
from understudy.watch import JobEvent, JobEvents

M = TypeVar("M", bound=Message)
P = ParamSpec("P")
R = TypeVar("R")


def _beside(
    method: Callable[Concatenate[Client, P], R],
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, R]]:
    """A method of ``Client``, run in a thread. Cancelling stops the waiting for it, not the work."""

    @functools.wraps(method)
    async def run(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(method, self._blocking, *args, **kwargs)

    return run


class AsyncClient:
    """A connection to a service. Close it with ``aclose``, or use it as an asynchronous context manager.

    Every method of ``Client`` is here, with the same parameters; those that give an iterator give an asynchronous one.
    """

    def __init__(
        self,
        url: str = "http://understudy",
        *,
        api_key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        blocking_transport: httpx.BaseTransport | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        self._blocking = Client(url, api_key=api_key, transport=blocking_transport, timeout_s=timeout_s)
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            transport=transport,
            timeout=httpx.Timeout(timeout_s, connect=10.0),
        )

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()
        await asyncio.to_thread(self._blocking.close)

    async def call(self, request: Request[M], content: AsyncIterator[bytes] | None = None) -> M:
        """One request, one answer. Raises what the service names, or Failed if it cannot be reached."""
        answer = await self._answer(request, content)
        return endpoints.read(request, answer.status_code, answer.content)

    async def _answer(self, request: Request[M], content: AsyncIterator[bytes] | None = None) -> httpx.Response:
        kind = "application/octet-stream" if request.streams else "application/json"
        headers = {"Content-Type": kind, **request.headers}
        tries = 0
        while True:
            tries += 1
            wait = await self._send(request, content if request.streams else request.body, headers, tries)
            if isinstance(wait, httpx.Response):
                return wait
            await asyncio.sleep(wait)

    async def _send(
        self, request: Request[M], body: AsyncIterator[bytes] | bytes | None, headers: dict[str, str], tries: int
    ) -> httpx.Response | float:
        can_repeat = retry.may_repeat(request.method, headers)
        try:
            answer = await self._http.request(
                request.method, request.path, params=dict(request.params), content=body, headers=headers
            )
        except httpx.HTTPError as error:
            wait = retry.wait_s(tries, status=None, repeatable=can_repeat and isinstance(error, retry.CUT))
            if wait is None:
                raise _unreachable(error) from None
            return wait
        told = answer.headers.get("retry-after", "")
        wait = retry.wait_s(tries, status=answer.status_code, retry_after=told, repeatable=can_repeat)
        return answer if wait is None or request.streams else wait

    async def health(self) -> Health:
        """Is the service up?"""
        return await self.call(endpoints.health())

    async def submit(self, message: JobCreate, *, idempotency_key: str = "") -> JobView:
        """As ``Client.submit``."""
        return await self.call(endpoints.create_job(message, idempotency_key=idempotency_key or uuid.uuid4().hex))

    async def job(self, job_id: str, *, wait_s: float = 0.0) -> JobView:
        """A job as it stands, or after its next change within ``wait_s``."""
        return await self.call(endpoints.get_job(job_id, wait_s=wait_s))

    async def cancel(self, job_id: str) -> JobView:
        """As ``Client.cancel``."""
        return await self.call(endpoints.cancel_job(job_id))

    async def wait(self, job_id: str, *, on_progress: Observer | None = None) -> JobView:
        """Wait for the end of a job. Raises Failed with the job's own code if it failed or was cancelled."""
        job = await self.job(job_id)
        while True:
            if on_progress is not None:
                on_progress(job.stage, job.percent)
            if job.state.is_final:
                return ended(job)
            job = await self.job(job_id, wait_s=WAIT_S)

    async def events(self, job_id: str, *, after: str = "") -> AsyncIterator[JobEvent]:
        """The job at each change until its end, as the service sends it. ``after``: the id of the last event seen."""
        request = endpoints.get_job_events(job_id)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after}
        known = JobEvents()
        try:
            async with self._http.stream(request.method, request.path, headers=headers) as answer:
                if answer.status_code >= 400:
                    raise endpoints.error_of(answer.status_code, await answer.aread())
                async for line in answer.aiter_lines():
                    if (event := known.feed(line)) is not None:
                        yield event
        except httpx.HTTPError as error:
            raise _unreachable(error) from None

    async def datasets(self, *, population: str = "", state: str = "") -> AsyncIterator[DatasetView]:
        """The tenant's tables, oldest first, fetched page by page."""
        cursor = ""
        while True:
            page = await self.call(endpoints.list_datasets(cursor=cursor, population=population, state=state))
            for dataset in page.datasets:
                yield dataset
            if not (cursor := page.next_cursor):
                return

    async def jobs(self, *, population: str = "", state: str = "") -> AsyncIterator[JobView]:
        """The tenant's jobs, oldest first, fetched page by page."""
        cursor = ""
        while True:
            page = await self.call(endpoints.list_jobs(cursor=cursor, population=population, state=state))
            for job in page.jobs:
                yield job
            if not (cursor := page.next_cursor):
                return

    async def history(self, *, population: str = "", project: str = "") -> AsyncIterator[EntryView]:
        """Lines of the ledger, oldest first, fetched page by page."""
        after = 0
        while page := (await self.call(endpoints.list_entries(population, project, after=after))).entries:
            for entry in page:
                yield entry
            after = page[-1].n

    async def audit(self, *, after: int = 0) -> AsyncIterator[dict[str, object]]:
        """Entries of the audit log after a number, as ``Client.audit``."""
        last = (await self.check_audit()).n_entries
        while after < last:
            answer = await self._answer(endpoints.export_audit(after=after, limit=min(1000, last - after)))
            if answer.status_code >= 400:
                raise endpoints.error_of(answer.status_code, answer.content)
            page = endpoints.lines(answer.content)
            for entry in page:
                yield entry
            after += max(1, len(page))

    async def check_audit(self) -> AuditCheck:
        """Check the tenant's whole audit log."""
        return await self.call(endpoints.check_audit())

    api_keys = _beside(Client.api_keys)
    budget = _beside(Client.budget)
    budgets = _beside(Client.budgets)
    create_key = _beside(Client.create_key)
    create_tenant = _beside(Client.create_tenant)
    curve = _beside(Client.curve)
    download = _beside(Client.download)
    engines = _beside(Client.engines)
    erase_subject = _beside(Client.erase_subject)
    evaluate = _beside(Client.evaluate)
    grant = _beside(Client.grant)
    plan = _beside(Client.plan)
    propose_schema = _beside(Client.propose_schema)
    pull = _beside(Client.pull)
    ready = _beside(Client.ready)
    releases = _beside(Client.releases)
    report = _beside(Client.report)
    retention = _beside(Client.retention)
    revoke_key = _beside(Client.revoke_key)
    scrub = _beside(Client.scrub)
    set_retention = _beside(Client.set_retention)
    signing_key = _beside(Client.signing_key)
    synth = _beside(Client.synth)
    upload = _beside(Client.upload)
    verify_ledger = _beside(Client.verify_ledger)


def _unreachable(error: httpx.HTTPError) -> Failed:
    return Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable")
