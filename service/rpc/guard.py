"""What stands before every method of ours: one place for errors, logs and the caller's identity.

A method gets a ``Call`` in place of grpc's context. Who may call it stands in ``service.auth.access``; every write,
every read that discloses and every denial goes to the tenant's audit log. A method can neither forget to answer an
error properly nor send one of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.message import Message as Proto
from grpc_status import rpc_status

from service.auth.access import rule_of_method
from service.commands import gate
from service.faults import unexpected
from service.ports import Ports
from service.rpc.convert import refuse_unknown
from service.rpc.generated import understudy_pb2 as pb
from service.rpc.status import status_of
from service.rpc.visit import Call, Names, Visit, ending_of, sent_once
from service.telemetry import event, redacted
from service.tracing import Span
from understudy.errors import UnderstudyError

Method = Callable[[Any, Any], Any]
"""(request or an iterator of them, Call or grpc's context) -> answer or an iterator of them."""

REQUEST_ID, TRACEPARENT = "x-request-id", "traceparent"

_OURS = f"/{pb.DESCRIPTOR.package}."


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

    def _single(self, method: Method, name: str, known: Callable[[Any, Names], Any]) -> Method:
        def answer(request: Any, rpc: grpc.ServicerContext) -> Any:
            with self._call(rpc, name) as visit:
                given = method(known(request, visit.names), visit.call)
                visit.names.made(given)
                return given

        return answer

    def _stream(self, method: Method, name: str) -> Method:
        def answers(request: Any, rpc: grpc.ServicerContext) -> Iterator[Any]:
            with self._call(rpc, name) as visit:
                parts = iter(method(_known(request, visit.names), visit.call))
                first = next(parts, None)
                # As over HTTP, the act is written down before anything of its answer goes out.
                visit.record(None)
                yield from () if first is None else (first,)
                yield from parts

        return answers

    @contextmanager
    def _call(self, rpc: grpc.ServicerContext, method: str) -> Iterator[Visit]:
        offered = sent_once(rpc, REQUEST_ID)
        call = Call(rpc=rpc, request_id=gate.request_id_of(offered, self._ports), ports=self._ports)
        visit = Visit(call=call, rule=rule_of_method(method.removeprefix(_OURS).replace("/", ".")))
        started, outcome, error = time.monotonic(), "cancelled", None
        trace = {"trace": call.request_id, "parent": sent_once(rpc, TRACEPARENT) or ""}
        with self._ports.span("request", **trace, door="grpc", request=call.request_id) as span:
            try:
                rpc.send_initial_metadata(((REQUEST_ID, call.request_id),))
                with visit.entered():
                    yield visit
                    visit.record(None)
                outcome = "success"
            except grpc.RpcError:
                raise  # grpc's own sign that the caller has gone: there is nobody to answer
            except UnderstudyError as known:
                error = self._recorded(visit, known)
            except Exception as unforeseen:
                event("rpc.failed", request=call.request_id, **redacted(unforeseen))
                error = self._recorded(visit, unexpected())
            finally:
                outcome = outcome if error is None else str(ending_of(error).outcome)
                span.tell(outcome=outcome, code="" if error is None else error.reason)
                self._told(visit, outcome, time.monotonic() - started, span)
        if error is not None:
            rpc.abort_with_status(rpc_status.to_status(status_of(error)))

    def _recorded(self, visit: Visit, error: UnderstudyError) -> UnderstudyError:
        """The error to answer with: that the act could not be written down comes before what it was."""
        try:
            visit.record(error)
        except Exception as unforeseen:
            event("audit.failed", request=visit.call.request_id, **redacted(unforeseen))
            return unexpected()
        return error

    def _told(self, visit: Visit, outcome: str, seconds: float, span: Span) -> None:
        operation = "none" if visit.rule is None else visit.rule.operation
        span.tell(operation=operation)
        event("rpc", request=visit.call.request_id, operation=operation, status=outcome, seconds=round(seconds, 4))
        if self._ports.metrics is not None:
            self._ports.metrics.request("grpc", operation, outcome, seconds)


def _known(request: Proto, names: Names) -> Proto:
    refuse_unknown(request)
    names.asked(request)
    return request


def _each_known(requests: Iterator[Proto], names: Names) -> Iterator[Proto]:
    return (_known(request, names) for request in requests)
