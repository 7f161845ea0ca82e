"""One call over gRPC: what its method gets to see of it, and how it goes through the gate."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import grpc

from service.audit import Outcome
from service.auth import bearer
from service.auth.access import Rule
from service.commands import gate
from service.commands.gate import Ending
from service.context import RequestContext
from service.faults import http_status
from service.ports import Ports
from understudy.errors import AccessError, NotFound, Unauthenticated, UnderstudyError

IDEMPOTENCY_KEY = "idempotency-key"


def sent_once(rpc: grpc.ServicerContext, name: str) -> str | None:
    """The one value of this name in the call's metadata; None if there is none, or more than one."""
    sent = [value for key, value in rpc.invocation_metadata() if key == name]
    return str(sent[0]) if len(sent) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call under way."""

    rpc: grpc.ServicerContext
    request_id: str
    ports: Ports
    known: RequestContext | None = None

    @property
    def credential(self) -> str:
        """What the caller sent in place of a password. Raises Unauthenticated if it is not there."""
        return bearer(sent_once(self.rpc, "authorization"))

    @property
    def caller(self) -> RequestContext:
        """Who calls. Raises Unauthenticated in a method that needs no key."""
        if self.known is None:
            raise Unauthenticated("This needs an API key.")
        return self.known

    @property
    def is_active(self) -> bool:
        """False as soon as it is known that the caller has gone."""
        return bool(self.rpc.is_active())


class Names:
    """What a call names: ids in its request, and the id of what its answer says was made."""

    def __init__(self) -> None:
        self.by_field: dict[str, str] = {}
        self.of_answer = ""

    def asked(self, request: Any) -> None:
        """Note the texts of a request, and of the metadata that opens a stream."""
        for descriptor, value in request.ListFields():
            if isinstance(value, str):
                self.by_field.setdefault(descriptor.name, value)
            elif descriptor.name == "metadata":
                self.asked(value)

    def made(self, answer: Any) -> None:
        """Note the id in an answer, or in the one message inside it."""
        inner = getattr(answer, "key", answer)
        identity = getattr(inner, "id", "")
        self.of_answer = identity if isinstance(identity, str) else ""


@dataclass(slots=True, kw_only=True)
class Visit:
    """A call on its way through the gate."""

    call: Call
    rule: Rule | None
    names: Names = field(default_factory=Names)
    is_recorded: bool = False

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Find out who calls and whether they may; hold one of the tenant's threads for the block."""
        rule, ports = gate.ruled(self.rule), self.call.ports
        if rule.is_public:
            yield
            return
        repeat = gate.idempotency_key_of(sent_once(self.call.rpc, IDEMPOTENCY_KEY))
        known = gate.identified(self.call.credential, self.call.request_id, repeat, ports)
        self.call = replace(self.call, known=known)
        gate.admit(known, rule, ports)
        with nullcontext() if ports.limits is None else ports.limits.slot(known.tenant):
            yield

    def record(self, error: UnderstudyError | None) -> None:
        """Write the act into the audit log, once."""
        if self.rule is None or self.is_recorded:
            return
        self.is_recorded = True
        ending = Ending(outcome=Outcome.SUCCESS) if error is None else ending_of(error)
        made = self.names.of_answer
        gate.record(self.call.known, self.rule, ending, self.call.ports, names=self.names.by_field, made=made)


def ending_of(error: UnderstudyError) -> Ending:
    """How the audit log sees an error; the same as over HTTP."""
    if isinstance(error, AccessError) and not isinstance(error, NotFound):
        return Ending(outcome=Outcome.DENIED, code=error.reason)
    outcome = Outcome.FAILED if http_status(error) >= 500 else Outcome.REFUSED
    return Ending(outcome=outcome, code=error.reason)
