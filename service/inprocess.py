"""The service without a socket: a synchronous httpx transport over an ASGI application in this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx


class _Body(httpx.AsyncByteStream):
    """A synchronous body, handed over chunk by chunk."""

    def __init__(self, stream: Iterator[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._stream:
            yield chunk


class InProcessTransport(httpx.BaseTransport):
    """Runs the application on an event loop of its own thread. Close it to end the thread."""

    def __init__(self, app: Any) -> None:
        # Any: an ASGI application; httpx names no type for it that all frameworks share.
        self._inner = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="understudy-app", daemon=True)
        self._thread.start()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; the whole answer is in memory when this returns."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        forwarded = httpx.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=_Body(iter(request.stream)),
            extensions=request.extensions,
        )
        answer = asyncio.run_coroutine_threadsafe(self._send(forwarded), self._loop).result()
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        return answer

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
