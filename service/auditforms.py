"""An entry of the audit log as others read it: a FHIR R4 AuditEvent, or a line of syslog (RFC 5424).

Shapes: hl7.org/fhir/R4/auditevent.html; action codes from there, roles of agents and entities from its value sets.
"""

from __future__ import annotations

from typing import Any

from service.audit import AuditEntry, Outcome
from service.auth.access import Action, rule_of

_SYSTEM = "urn:understudy:audit"
_FHIR_OUTCOME = {Outcome.SUCCESS: "0", Outcome.DENIED: "4", Outcome.REFUSED: "4", Outcome.FAILED: "8"}
_SEVERITY = {Outcome.SUCCESS: 6, Outcome.DENIED: 4, Outcome.REFUSED: 5, Outcome.FAILED: 3}
_FACILITY = 13  # log audit
_ENTERPRISE = "32473"  # reserved for documentation by RFC 5612: we have no number of our own


def fhir(entry: AuditEntry) -> dict[str, Any]:
    """The entry as a FHIR R4 AuditEvent. ``entity`` says what was acted on; extensions carry the chain."""
    act = entry.event
    document: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(entry.n),
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": [{"system": f"{_SYSTEM}:operation", "code": act.action}],
        "action": _action(act.action),
        "recorded": act.at.isoformat(timespec="milliseconds"),
        "outcome": _FHIR_OUTCOME[act.outcome],
        "agent": [{"who": {"identifier": {"system": f"{_SYSTEM}:actor", "value": act.actor}}, "requestor": True}],
        "source": {"observer": {"display": "Understudy"}, "site": entry.tenant},
        "extension": [
            {"url": f"{_SYSTEM}:outcome", "valueCode": str(act.outcome)},
            {"url": f"{_SYSTEM}:n", "valueInteger": entry.n},
            {"url": f"{_SYSTEM}:previous", "valueString": entry.previous_digest or "none"},
            {"url": f"{_SYSTEM}:digest", "valueString": entry.digest},
        ],
    }
    if act.code:
        document["outcomeDesc"] = act.code
    about = [(f"{_SYSTEM}:entity", act.entity), (f"{_SYSTEM}:request", act.request_id)]
    entities = [{"what": {"identifier": {"system": system, "value": value}}} for system, value in about if value]
    return document | ({"entity": entities} if entities else {})


def syslog(entry: AuditEntry, *, host: str) -> str:
    """The entry as a line of syslog, RFC 5424, all of it in structured data."""
    act = entry.event
    fields = {
        "n": str(entry.n),
        "tenant": entry.tenant,
        "actor": act.actor,
        "outcome": str(act.outcome),
        "entity": act.entity,
        "code": act.code,
        "request": act.request_id,
        "digest": entry.digest,
    }
    data = " ".join(f'{name}="{_escaped(value)}"' for name, value in fields.items() if value)
    priority = _FACILITY * 8 + _SEVERITY[act.outcome]
    at = act.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f"<{priority}>1 {at} {host} understudy - {act.action[:32]} [audit@{_ENTERPRISE} {data}]"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _action(name: str) -> str:
    rule = rule_of(name)
    return str(Action.EXECUTE if rule is None else rule.action)
