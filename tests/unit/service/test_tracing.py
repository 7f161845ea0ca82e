"""Traces and metrics: off by default, inside by default, ids and sizes only, and really sent when asked for."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from service.settings import Settings
from service.tracing import Otlp, Span, open_otlp, with_exporters
from understudy.errors import Failed, UsageError

REQUEST = "0123456789abcdef0123456789abcdef"
JOB = f"job_{REQUEST}"


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def reader() -> InMemoryMetricReader:
    return InMemoryMetricReader()


@pytest.fixture
def otlp(spans: InMemorySpanExporter, reader: InMemoryMetricReader) -> Iterator[Otlp]:
    made = with_exporters(SimpleSpanProcessor(spans), reader)
    yield made
    made.close()


def test_a_job_is_found_by_its_id(otlp: Otlp, spans: InMemorySpanExporter) -> None:
    for step in ("scrub", "fit"):
        with otlp.span("step", trace=JOB, job=JOB, step=step) as span:
            span.stage(stage="fit", percent=3)
            span.tell(outcome="success")
    first, second = spans.get_finished_spans()
    assert first.context is not None
    assert f"{first.context.trace_id:032x}" == REQUEST
    assert first.parent == second.parent
    assert first.attributes == {
        "understudy.job": JOB,
        "understudy.step": "scrub",
        "understudy.outcome": "success",
    }
    assert first.events[0].attributes == {"understudy.stage": "fit", "understudy.percent": 3}


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-00", "a" * 32),
        (f"00-{'0' * 32}-{'b' * 16}-01", REQUEST),
        ("Jane Doe", REQUEST),
        ("", REQUEST),
    ],
)
def test_a_callers_trace_is_joined_if_it_is_one(
    otlp: Otlp, spans: InMemorySpanExporter, given: str, trace: str
) -> None:
    with otlp.span("request", trace=REQUEST, parent=given):
        pass
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == trace


def test_nothing_of_an_exception_and_no_odd_text_is_told(otlp: Otlp, spans: InMemorySpanExporter) -> None:
    def fit() -> None:
        with otlp.span("step", trace=JOB, step="Jane Doe, 40") as span:
            span.stage(stage="Jane Doe")
            raise RuntimeError("row: Jane Doe")

    with pytest.raises(RuntimeError):
        fit()
    (found,) = spans.get_finished_spans()
    assert "Jane" not in found.to_json()
    assert found.status.is_ok is False
    assert found.attributes == {"understudy.outcome": "failed"}


def test_a_fact_that_is_not_on_the_list_is_refused(otlp: Otlp) -> None:
    with otlp.span("x") as told:
        for span in (told, Span()):  # also where there is no collector, or nobody would notice
            with pytest.raises(ValueError, match="patient"):
                span.tell(patient="7")


def test_metrics_know_nobody(otlp: Otlp, reader: InMemoryMetricReader) -> None:
    with otlp.span("intake", trace=JOB, dataset="ds_1", size_bytes=77):
        pass
    with otlp.span("request", door="http", operation="get_job", request=REQUEST):
        pass
    data = reader.get_metrics_data()
    assert data is not None
    text = data.to_json()
    assert '"value": 77' in text
    assert '"operation": "get_job"' in text
    assert REQUEST not in text
    assert "ds_1" not in text


class Collector(BaseHTTPRequestHandler):
    """A stub of a collector; what it got is in ``got``."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        self.got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_a_real_round_trip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # not taken: a proxy is a way off the network
    Collector.got = []
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        otlp = open_otlp(f"http://127.0.0.1:{server.server_port}/")
        with otlp.span("step", trace=JOB, step="fit"):
            pass
        otlp.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    bodies = dict(Collector.got)
    assert set(bodies) == {"/v1/traces", "/v1/metrics"}
    assert bytes.fromhex(REQUEST) in bodies["/v1/traces"]
    assert b"understudy.seconds" in bodies["/v1/metrics"]


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(Failed) as caught:
        open_otlp("http://127.0.0.1:4318")
    assert caught.value.reason == "telemetry-missing"


def test_off_unless_asked_for(tmp_path: Path) -> None:
    assert Settings.from_environment({"UNDERSTUDY_HOME": str(tmp_path)}).otlp_endpoint == ""


@pytest.mark.parametrize(
    ("url", "off_host", "is_taken"),
    [
        ("http://127.0.0.1:4318", "", True),
        ("http://[::1]:4318", "", True),
        ("http://localhost:4318", "", True),
        ("https://10.1.2.3", "", True),
        ("https://8.8.8.8", "", False),
        ("https://collector.example", "", False),
        ("https://collector.example", "1", True),
        ("https://user:word@collector.example", "1", False),
        ("ftp://127.0.0.1", "", False),
        ("127.0.0.1:4318", "", False),
    ],
)
def test_where_it_may_go(url: str, off_host: str, is_taken: bool) -> None:
    environment = {"UNDERSTUDY_OTLP_ENDPOINT": url, "UNDERSTUDY_OTLP_OFF_HOST": off_host}
    if is_taken:
        assert Settings.from_environment(environment).otlp_endpoint == url
        return
    with pytest.raises(UsageError) as caught:
        Settings.from_environment(environment)
    assert caught.value.reason == "settings-invalid"
