"""What stands before every method of ours: one place for errors, logs and the caller's identity.

A method gets a ``Call`` in place of grpc's context. It is closed to who has no key unless it is on the list here,
and it can neither forget to answer an error properly nor send one of its own.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc
from google.protobuf.message import Message as Proto
from grpc_status import rpc_status

from service.auth import bearer
from service.commands import tenants
from service.context import Principal, RequestContext
from service.faults import unexpected
from service.ports import Ports
from service.rpc.convert import refuse_unknown
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.status import status_of
from service.telemetry import event, redacted
from understudy.errors import Unauthenticated, UnderstudyError

Method = Callable[[Any, Any], Any]
"""(request or an iterator of them, Call or grpc's context) -> answer or an iterator of them."""

REQUEST_ID = "x-request-id"

_OURS = f"/{pb.DESCRIPTOR.package}."

NEEDS_NO_KEY = frozenset({f"{_OURS}Service/GetHealth", f"{_OURS}Service/CreateTenant"})
"""The second checks its one-time credential itself. Every other method is closed to who has no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call under way."""

    rpc: grpc.ServicerContext
    request_id: str
    ports: Ports
    principal: Principal | None = None

    @property
    def credential(self) -> str:
        """What the caller sent in place of a password. Raises Unauthenticated if it is not there."""
        sent = [value for key, value in self.rpc.invocation_metadata() if key == "authorization"]
        return bearer(str(sent[0]) if len(sent) == 1 else None)

    @property
    def caller(self) -> RequestContext:
        """Who calls. Raises Unauthenticated in a method that needs no key."""
        if self.principal is None:
            raise Unauthenticated("This needs an API key.")
        return RequestContext(principal=self.principal, request_id=self.request_id)

    @property
    def is_active(self) -> bool:
        """False as soon as it is known that the caller has gone."""
        return bool(self.rpc.is_active())


class Guard(grpc.ServerInterceptor):  # type: ignore[type-arg]  # no generic class when it runs
    """Wraps every method of our services; health and reflection pass as they are."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Any], details: grpc.HandlerCallDetails
    ) -> Any:
        """The handler of a method, wrapped."""
        handler = continuation(details)
        if handler is None or not details.method.startswith(_OURS):
            return handler
        return self._wrapped(handler, details.method)

    def _wrapped(self, handler: Any, method: str) -> Any:
        coders = (handler.request_deserializer, handler.response_serializer)
        if handler.request_streaming:
            answer = self._single(handler.stream_unary, method, _each_known)
            return grpc.stream_unary_rpc_method_handler(answer, *coders)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(self._stream(handler.unary_stream, method), *coders)
        return grpc.unary_unary_rpc_method_handler(self._single(handler.unary_unary, method, _known), *coders)

    def _single(self, method: Method, name: str, known: Callable[[Any], Any]) -> Method:
        def answer(request: Any, rpc: grpc.ServicerContext) -> Any:
            with self._call(rpc, name) as call:
                return method(known(request), call)

        return answer

    def _stream(self, method: Method, name: str) -> Method:
        def answers(request: Any, rpc: grpc.ServicerContext) -> Iterator[Any]:
            with self._call(rpc, name) as call:
                yield from method(_known(request), call)

        return answers

    @contextmanager
    def _call(self, rpc: grpc.ServicerContext, method: str) -> Iterator[Call]:
        call = Call(rpc=rpc, request_id=uuid.uuid4().hex, ports=self._ports)
        started, status, error = time.monotonic(), "cancelled", None
        try:
            rpc.send_initial_metadata(((REQUEST_ID, call.request_id),))
            yield call if method in NEEDS_NO_KEY else _identified(call)
            status = "ok"
        except grpc.RpcError:
            raise  # grpc's own sign that the caller has gone: there is nobody to answer
        except UnderstudyError as known:
            error, status = known, known.reason
        except Exception as unforeseen:
            event("rpc.failed", request=call.request_id, **redacted(unforeseen))
            error, status = unexpected(), "failed"
        finally:
            seconds = round(time.monotonic() - started, 4)
            event("rpc", request=call.request_id, method=method, status=status, seconds=seconds)
        if error is not None:
            rpc.abort_with_status(rpc_status.to_status(status_of(error)))


def _identified(call: Call) -> Call:
    return replace(call, principal=tenants.identify(call.credential, call.ports))


def _known(request: Proto) -> Proto:
    refuse_unknown(request)
    return request


def _each_known(requests: Iterator[Proto]) -> Iterator[Proto]:
    return map(_known, requests)
