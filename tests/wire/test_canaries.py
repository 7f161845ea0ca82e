"""Words planted wherever a caller can put some are nowhere to be found: not in a log, the audit log, a metric, an
error, an answer to another request, or the system log that goes off-host.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.auditforms import fhir, syslog
from service.context import TenantId
from service.limiter import Limiter
from service.metrics import Metrics
from service.rpc.generated import understudy_pb2 as pb
from service.tracing import with_exporters
from tests.wire.doors import METHODS, ROUTES, Doors, empty_request, light_ports, opened
from understudy.errors import InputRefused, Place
from understudy.messages import Role

CANARY = "Canary-Jane-4711"
SCHEMA = {
    "fields": [{"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}}],
    "understudy:population": "ward",
}


def loose_sandbox(task: str, request: dict[str, Any], **_more: object) -> dict[str, object]:
    """A child that fails with a row in its hands."""
    row = Path(str(request["source"])).read_text() if "source" in request else CANARY
    if "refuse" in row:
        raise InputRefused("A cell is not an integer.", code="value-not-integer", where=(Place(line=2, column="age"),))
    raise RuntimeError(f"could not read the row: {row}")


@pytest.fixture(scope="module")
def spans() -> InMemorySpanExporter:
    """Every span that would have gone to a collector."""
    return InMemorySpanExporter()


@pytest.fixture(scope="module")
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture(scope="module")
def doors(
    tmp_path_factory: pytest.TempPathFactory, spans: InMemorySpanExporter, reader: InMemoryMetricReader
) -> Iterator[Doors]:
    traces = with_exporters(SimpleSpanProcessor(spans), reader)
    more = {"limits": Limiter(per_minute=5000, at_once=16), "metrics": Metrics(), "traces": traces}
    with opened(light_ports(tmp_path_factory.mktemp("home"), sandbox=loose_sandbox, **more)) as both:
        yield both


class Lines(logging.Handler):
    """Everything that any logger of this process says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] in ("httpx", "httpcore"):
            return  # the caller's own
        self.text.append(f"{record.name} {record.getMessage()} {record.exc_text or ''} {record.args!r}")


@pytest.fixture(scope="module")
def heard(doors: Doors) -> list[str]:
    """What was logged and answered while canaries were sent everywhere."""
    lines = Lines()
    root = logging.getLogger()
    ours = logging.getLogger("understudy")
    levels = (root.level, ours.level)
    for logger in (root, ours):
        logger.addHandler(lines)
        logger.setLevel(logging.INFO)
    answers = [*plant_http(doors), *plant_grpc(doors)]
    for logger, level in zip((root, ours), levels, strict=True):
        logger.removeHandler(lines)
        logger.setLevel(level)
    assert len(lines.text) > 100
    return [*lines.text, *answers]


HEADERS = {
    "X-Request-Id": CANARY,
    "User-Agent": CANARY,
    "Accept": CANARY,
    "If-None-Match": CANARY,
    "X-Forwarded-For": CANARY,
    "Last-Event-ID": CANARY,
    "Cookie": f"session={CANARY}",
    "traceparent": CANARY,
    "tracestate": f"x={CANARY}",
    "baggage": f"patient={CANARY}",
}

METADATA = {"x-request-id": CANARY, "user-agent-extra": CANARY, "traceparent": CANARY}


def plant_http(doors: Doors) -> Iterator[str]:
    """Every route with the canary as each path parameter, query, header, field and body; with and without a key."""
    for name, route in sorted(ROUTES.items()):
        (method,) = route.methods
        path = route.path_format.format(**dict.fromkeys(route.param_convertors, CANARY))
        for key in (doors.keys[Role.TENANT_ADMIN], doors.keys[Role.OPERATOR], f"us_{CANARY}", ""):
            for body in BODIES if key == doors.keys[Role.TENANT_ADMIN] else BODIES[:1]:
                query = {field.alias: CANARY for field in route.dependant.query_params} or {CANARY: CANARY}
                more = {"params": query if body else {CANARY: CANARY}}
                answer = doors.ask(method, path, key, content=body, headers=HEADERS, **more)
                if name == "grant_budget" and answer.status_code == 200:
                    continue  # the name of one's own account, told back to who gave it
                yield f"{name} {answer.status_code} {answer.headers!r} {answer.text if answer.is_error else ''}"
    yield from plant_uploads(doors)
    yield doors.ask(CANARY.replace("-", ""), f"/v1/{CANARY}", headers=HEADERS).text


def deep() -> bytes:
    return b"[" * 99 + json.dumps(CANARY).encode() + b"]" * 99


BODIES = (json.dumps({CANARY: CANARY, "name": [CANARY]}).encode(), b"", CANARY.encode(), deep())


def plant_uploads(doors: Doors) -> Iterator[str]:
    key = doors.keys[Role.STEWARD]
    for content in (f"age\n{CANARY}\n", f"age\nrefuse {CANARY}\n", f"{CANARY}\n1\n"):
        made = doors.ask("POST", "/v1/datasets", key, json={"table_schema": SCHEMA, "format": "csv"})
        answer = doors.ask("PUT", f"{made.headers['location']}/content", key, content=content.encode())
        assert answer.is_error
        yield answer.text
        yield doors.ask("POST", "/v1/schema-proposals", key, content=content.encode()).text


def plant_grpc(doors: Doors) -> Iterator[str]:
    for name in sorted(METHODS):
        for key in (doors.keys[Role.TENANT_ADMIN], doors.keys[Role.OPERATOR], CANARY):
            request = empty_request(name)
            for field in request.DESCRIPTOR.fields:
                if field.type == field.TYPE_STRING and not field.is_repeated:
                    setattr(request, field.name, CANARY)
            with contextlib.suppress(UnicodeError):
                try:
                    doors.call(
                        name,
                        request,
                        key,
                        **{"x-request-id": CANARY, "user-agent-extra": CANARY, "traceparent": CANARY},
                    )
                except grpc.RpcError as error:
                    yield f"{name} {error.details()} {error.trailing_metadata()}"
    bad = pb.DatasetCreate(table_schema=json.dumps({"fields": [{"name": "a", "type": CANARY}]}))
    yield doors.refusal("Datasets.Create", bad, doors.keys[Role.STEWARD])


def test_no_log_and_no_error_has_it(heard: list[str]) -> None:
    assert [line for line in heard if CANARY.lower() in line.lower()] == []


def test_no_audit_log_has_it_in_any_form(doors: Doors, heard: list[str]) -> None:
    with doors.ports.database.read() as tx:
        entries = tx.for_tenant(TenantId("ours")).audit.entries()
    assert len(entries) > 50
    forms = [text for entry in entries for text in (repr(entry), json.dumps(fhir(entry)), syslog(entry, host="h"))]
    assert [form for form in forms if CANARY.lower() in form.lower()] == []


def test_no_metric_has_it(doors: Doors, heard: list[str]) -> None:
    assert isinstance(doors.ports.metrics, Metrics)
    text = doors.ports.metrics.text()
    assert "understudy_requests_total" in text
    assert CANARY.lower() not in text.lower()


def test_no_trace_has_it(heard: list[str], spans: InMemorySpanExporter, reader: InMemoryMetricReader) -> None:
    told = [span.to_json() for span in spans.get_finished_spans()]
    assert len(told) > 100
    assert all(any(f'"understudy.door": "{door}"' in text for text in told) for door in ("http", "grpc"))
    data = reader.get_metrics_data()
    assert data is not None
    assert [text for text in (*told, data.to_json()) if CANARY.lower() in text.lower()] == []


def test_a_log_that_had_it_would_be_found(doors: Doors) -> None:
    lines = Lines()
    logger = logging.getLogger("understudy.leak")
    logger.addHandler(lines)
    logger.warning("a row: %s", CANARY)
    assert CANARY in lines.text[0]
