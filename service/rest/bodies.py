"""Caps on JSON bodies, before anything parses them: so many bytes, so deep. Files are streamed and have their own."""

from __future__ import annotations

import re

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.rest.asking import off_loop
from service.rest.problems import answer_of
from understudy.errors import InputRefused, UsageError

MAX_DEPTH = 64
"""How deep objects and arrays may be inside each other. A schema needs 5."""


class Bodies:
    """Wraps an ASGI application: reads the whole body of a route that takes a message, and hands it on."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; what is not for a route with a message passes untouched."""
        route = scope.get("state", {}).get("route")
        if not isinstance(route, APIRoute) or route.body_field is None:
            await self._app(scope, receive, send)
            return
        try:
            _check_kind(Headers(scope=scope).get("content-type", ""))
            body = await self._read(receive)
        except (InputRefused, UsageError) as error:
            scope["state"]["code"] = error.reason
            await answer_of(error)(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > self._max_bytes:
                raise InputRefused("The request has more bytes than this service takes.", code="too-large")
        body = b"".join(parts)
        if await off_loop(is_deeper, body, MAX_DEPTH):
            raise UsageError("The request is nested too deep.", code="request-invalid")
        return body


def _check_kind(content_type: str) -> None:
    """Raises: UsageError (content-type-wrong) for what says that it is something else than JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UsageError("Send JSON, as Content-Type: application/json.", code="content-type-wrong")


# Possessive, and a string that does not end is taken to the end: linear in the text, whatever it is.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def is_deeper(text: bytes, limit: int) -> bool:
    """True if arrays and objects are nested deeper than ``limit``, counted outside of strings."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > limit:
                return True
        elif token[0] in (b"]", b"}"):
            depth -= 1
    return False


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then whatever comes after it."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
