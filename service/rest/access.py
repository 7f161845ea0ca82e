"""The guard of HTTP: who asks, may they, and the audit log, before and after every route there is.

It finds the operation itself, before the request's body is read, so that no handler can forget to ask. Handlers find
the caller in ``request.state.caller``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.audit import Outcome
from service.auth import bearer
from service.auth.access import Rule, rule_of
from service.commands import gate
from service.commands.gate import Ending
from service.context import RequestContext
from service.ports import Door, Ports
from service.rest.asking import off_loop
from service.rest.envelope import outcome_of
from service.rest.problems import answer_of
from understudy.errors import Place, UnderstudyError, UsageError

_MADE = re.compile(r"/v1/[a-z-]+/([a-z]{2,10}_[0-9a-f]{32}|[0-9a-f]{16})(/[a-z]+)?")


class Access:
    """Wraps an ASGI application whose ``routes`` it knows."""

    def __init__(self, app: ASGIApp, ports: Ports, routes: Sequence[APIRoute]) -> None:
        self._app = app
        self._ports = ports
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. What is no operation of ours (404, 405, the OpenAPI document) passes."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            scope.setdefault("state", {})["allow"] = self._allowed(scope) if scope["type"] == "http" else ""
            await self._app(scope, receive, send)
            return
        route, names = found
        state = scope["state"]
        state["route"], state["operation"] = route, route.name
        try:
            rule = gate.ruled(rule_of(route.name))
        except UnderstudyError as error:
            await answer_of(error)(scope, receive, send)
            return
        with ExitStack() as held:
            try:
                if not rule.is_public:
                    context = await off_loop(self._admitted, scope, rule)
                    if self._ports.limits is not None:
                        held.enter_context(self._ports.limits.slot(context.tenant, Door.HTTP))
                _check_query(route, scope)
            except UnderstudyError as error:
                state["code"] = error.reason
                await answer_of(error)(scope, receive, self._recording(scope, rule, names, send))
                return
            await self._app(scope, receive, self._recording(scope, rule, names, send))

    def _find(self, scope: Scope) -> tuple[APIRoute, Mapping[str, str]] | None:
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                return route, found["path_params"]
        return None

    def _allowed(self, scope: Scope) -> str:
        """The methods that this address has, for a request with another one."""
        there = (route for route in self._routes if route.matches(scope)[0] is Match.PARTIAL)
        return ", ".join(sorted({method for route in there for method in route.methods or ()}))

    def _admitted(self, scope: Scope, rule: Rule) -> RequestContext:
        """Who asks, if they may: known to the request before it is decided, so that a denial is theirs."""
        context = scope["state"]["caller"] = self._identified(scope)
        gate.admit(context, rule, self._ports)
        return context

    def _identified(self, scope: Scope) -> RequestContext:
        headers = Headers(scope=scope)
        credentials = headers.getlist("authorization")
        credential = bearer(credentials[0] if len(credentials) == 1 else None)
        repeat = gate.idempotency_key_of(headers.get("idempotency-key"))
        return gate.identified(credential, scope["state"]["request_id"], repeat, self._ports)

    def _recording(self, scope: Scope, rule: Rule, names: Mapping[str, str], send: Send) -> Send:
        """Writes the act down before anything of its answer goes out."""

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                status, state = message["status"], scope["state"]
                ending = Ending(outcome=Outcome(outcome_of(status)), code=_code(status, state.get("code", "")))
                if gate.is_recorded(rule, ending):
                    made = _made(Headers(raw=message.get("headers", [])))
                    caller = state.get("caller")
                    await off_loop(gate.record, caller, rule, ending, self._ports, names=names, made=made)
            await send(message)

        return recorded


def _check_query(route: APIRoute, scope: Scope) -> None:
    """Raises: UsageError (request-invalid) for a parameter that the operation has not: a filter with a slip in its name
    would else be none, and show everything. Its name is not repeated."""
    known = {field.alias for field in route.dependant.query_params}
    given = {name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
    if given - known:
        there = f"known are {', '.join(sorted(known))}" if known else "it takes none"
        raise UsageError(
            f"A query parameter is not known to this operation: {there}.",
            code="request-invalid",
            where=(Place(pointer="/query"),),
            facts={"/query": "extra_forbidden"},
        )


def _code(status: int, code: str) -> str:
    return "" if status < 400 else code or "failed"


def _made(headers: Headers) -> str:
    """The id of what was made, which the answer's Location ends with."""
    match = _MADE.fullmatch(headers.get("location", ""))
    return match[1] if match else ""
