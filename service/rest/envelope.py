"""What is around every HTTP answer: an id of the request, security headers, a log line, a count, no exception's text.

The outermost layer. Plain ASGI, so that streams pass as they are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.commands.gate import request_id_of
from service.faults import unexpected
from service.ports import Ports
from service.rest.problems import answer_of
from service.telemetry import event, redacted
from service.tracing import Span

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = "max-age=31536000"


@dataclass(slots=True)
class _Seen:
    """What is known of an answer once it has begun."""

    started: float = field(default_factory=time.monotonic)
    status: int = 0


class Envelope:
    """Wraps an ASGI application. The request's id is in ``scope["state"]["request_id"]``."""

    def __init__(self, app: ASGIApp, ports: Ports) -> None:
        self._app = app
        self._ports = ports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. Lifespan events pass as they are."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        offered = headers.get("x-request-id")
        state = scope.setdefault("state", {})
        state["request_id"] = request_id_of(offered, self._ports)
        seen = _Seen()

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                _dress(message, state["request_id"], is_secure=scope["scheme"] == "https")
            await send(message)

        trace = {"trace": state["request_id"], "parent": headers.get("traceparent", "")}
        with self._ports.span("request", **trace, door="http", request=state["request_id"]) as span:
            try:
                await self._app(scope, receive, dressed)
            except Exception as error:
                event("request.failed", request=state["request_id"], **redacted(error))
                if seen.status:
                    raise  # half an answer is out: only a broken connection can say that it is not whole
                await answer_of(unexpected())(scope, receive, dressed)
            finally:
                self._told(scope, seen, span)

    def _told(self, scope: Scope, seen: _Seen, span: Span) -> None:
        operation = scope["state"].get("operation", "none")
        code = scope["state"].get("code", "")
        span.tell(operation=operation, status=seen.status, outcome=outcome_of(seen.status), code=code)
        seconds = round(time.monotonic() - seen.started, 4)
        event(
            "request",
            request=scope["state"]["request_id"],
            method=scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 10 else "other",
            operation=operation,
            status=seen.status,
            seconds=seconds,
        )
        if self._ports.metrics is not None:
            self._ports.metrics.request("http", operation, outcome_of(seen.status), seconds)


def outcome_of(status: int) -> str:
    """How a request ended, by its status; 0 for a caller that went before there was an answer."""
    if status in (401, 403):
        return "denied"
    if status == 0:
        return "cancelled"
    return "success" if status < 400 else "refused" if status < 500 else "failed"


def _dress(message: Message, request_id: str, *, is_secure: bool) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if is_secure:
        headers["Strict-Transport-Security"] = HSTS
    headers["X-Request-Id"] = request_id
