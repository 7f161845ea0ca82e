"""Traces and metrics by OpenTelemetry, off unless the operator names a collector: the only door to ``opentelemetry``.

What a span says is on a list (``FACTS``): names from fixed lists, our own ids, numbers. A text that does not look like
one is left out, and no exception's text is ever recorded. The trace of a job has the job's id, that of a request the
request's, so that either can be found without a search; a ``traceparent`` of the caller's comes before.

The SDK is an extra (``understudy-server[telemetry]``) and is imported when a collector is named. Nothing is global:
what other libraries would trace goes nowhere.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from understudy.errors import Failed, UsageError

Fact = str | int | float

FACTS = frozenset(
    {"request", "door", "operation", "status", "outcome", "code", "job", "step", "kind", "attempt", "task", "dataset"}
    | {"stage", "percent", "size_bytes", "seconds"}
)
"""What a span may say."""

_COUNTED = frozenset({"door", "operation", "outcome", "step", "kind", "task"})
"""What metrics are kept apart by: names of fixed lists, nobody's id."""

_SAFE = re.compile(r"[A-Za-z0-9_.:/-]{1,80}")
_TRACE_ID = re.compile(r"(?:[a-z]{2,10}_)?([0-9a-f]{32})")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_FLUSH_MS = 3000
_EVERY_MS = 15_000


class Span:
    """Work under way. Without a collector this one, which keeps nothing."""

    def tell(self, **facts: Fact) -> None:
        """Add facts. Raises ValueError for one that is not on the list."""
        _check(facts)

    def stage(self, **facts: Fact) -> None:
        """A stage that began meanwhile, and how far it is."""
        _check(facts)


class _Recorded(Span):
    """A span of the SDK."""

    def __init__(self, span: Any, facts: dict[str, Fact]) -> None:
        # Any: the SDK is not there unless it is asked for.
        self._span = span
        self.facts = facts

    def tell(self, **facts: Fact) -> None:
        self.facts |= _checked(facts)

    def stage(self, **facts: Fact) -> None:
        self._span.add_event("stage", _attributes(_checked(facts)))


class Otlp:
    """Spans and metrics of one process, on their way to one collector."""

    def __init__(self, tracing: Any, metering: Any) -> None:
        """A ``TracerProvider`` and a ``MeterProvider`` of the SDK."""
        self._tracing, self._metering = tracing, metering
        self._tracer = tracing.get_tracer("understudy")
        meter = metering.get_meter("understudy")
        self._seconds = meter.create_histogram("understudy.seconds", unit="s", description="How long work took.")
        self._bytes = meter.create_counter("understudy.bytes", unit="By", description="Bytes of tables taken in.")

    @contextmanager
    def span(self, name: str, *, trace: str = "", parent: str = "", **facts: Fact) -> Iterator[Span]:
        """Time the block. ``trace``: an id that the trace takes its own from; ``parent``: a caller's traceparent.

        Never raises for what a collector does; an exception of the block ends the span as failed, without its text.
        """
        from opentelemetry.trace import Status, StatusCode

        span = self._tracer.start_span(
            name, context=_context(trace, parent), record_exception=False, set_status_on_exception=False
        )
        known = _Recorded(span, _checked(facts))
        started = time.monotonic()
        try:
            yield known
        except BaseException:
            known.facts.setdefault("outcome", "failed")
            raise
        finally:
            if known.facts.get("outcome") == "failed":
                span.set_status(Status(StatusCode.ERROR))
            span.set_attributes(_attributes(known.facts))
            span.end()
            self._count(name, known.facts, time.monotonic() - started)

    def _count(self, name: str, facts: dict[str, Fact], seconds: float) -> None:
        labels = {"span": name, **{key: value for key, value in facts.items() if key in _COUNTED}}
        self._seconds.record(seconds, labels)
        if isinstance(size := facts.get("size_bytes"), int):
            self._bytes.add(size, labels)

    def flush(self) -> None:
        """Send the spans that are waiting, for at most a few seconds."""
        self._tracing.force_flush(_FLUSH_MS)

    def close(self) -> None:
        """Send everything that is waiting, then end."""
        self.flush()
        self._tracing.shutdown()
        self._metering.shutdown(_FLUSH_MS)


def open_otlp(endpoint: str) -> Otlp:
    """To an OTLP/HTTP collector, for example ``http://127.0.0.1:4318``, through no proxy and after no redirect.

    Raises: Failed (telemetry-missing) if the SDK is not installed.
    """
    try:
        import requests
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise Failed(
            "UNDERSTUDY_OTLP_ENDPOINT needs the telemetry extra: pip install 'understudy-server[telemetry]'.",
            code="telemetry-missing",
        ) from None

    def session() -> Any:
        made = requests.Session()
        made.trust_env = False  # a proxy of the environment would be a way off this network
        return made

    base = endpoint.rstrip("/")
    spans = BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces", timeout=_FLUSH_MS / 1000, session=session()))
    counts = OTLPMetricExporter(f"{base}/v1/metrics", timeout=_FLUSH_MS / 1000, session=session())
    return with_exporters(spans, PeriodicExportingMetricReader(counts, export_interval_millis=_EVERY_MS))


def with_exporters(processor: Any, reader: Any) -> Otlp:
    """To a span processor and a metric reader of the SDK."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON

    # Not Resource.create: what detectors and the environment say of this machine is nobody's business.
    resource = Resource({"service.name": "understudy"})
    tracing = TracerProvider(
        sampler=ALWAYS_ON, resource=resource, span_limits=SpanLimits(max_events=64), shutdown_on_exit=False
    )
    tracing.add_span_processor(processor)
    return Otlp(tracing, MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False))


def checked_endpoint(url: str, *, off_host: bool) -> str:
    """The collector's address, if it may be used.

    Raises: UsageError (settings-invalid) for what is no address, has a password in it, or is neither this machine nor
    a private network; a host's name counts as outside, since where it leads can change.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username or parts.password:
        raise UsageError("UNDERSTUDY_OTLP_ENDPOINT is http(s)://HOST:PORT.", code="settings-invalid")
    if not (off_host or _is_inside(parts.hostname)):
        raise UsageError(
            "UNDERSTUDY_OTLP_ENDPOINT is neither this machine nor an address of a private network. If traces may go "
            "there, say UNDERSTUDY_OTLP_OFF_HOST=1.",
            code="settings-invalid",
        )
    return url


def _is_inside(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _context(trace: str, parent: str) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    ids = _ids(trace, parent)
    if ids is None:
        return Context()
    above = SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(above), Context())


def _ids(trace: str, parent: str) -> tuple[int, int] | None:
    """(trace, span) of what is above; None for a trace of its own."""
    if told := _TRACEPARENT.fullmatch(parent):
        ids = int(told[1], 16), int(told[2], 16)
        if all(ids):
            return ids
    if known := _TRACE_ID.fullmatch(trace.replace("-", "")):
        root = hashlib.sha256(known[1].encode()).digest()[:8]
        return int(known[1], 16), int.from_bytes(root, "big")
    return None


def _check(facts: dict[str, Fact]) -> None:
    if unknown := set(facts) - FACTS:
        raise ValueError(f"not a fact of a span: {sorted(unknown)}")


def _checked(facts: dict[str, Fact]) -> dict[str, Fact]:
    _check(facts)
    # A stage's name comes from a child that may have been led astray: nothing is said that is no plain word.
    return {name: value for name, value in facts.items() if not isinstance(value, str) or _SAFE.fullmatch(value)}


def _attributes(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {f"understudy.{name}": value for name, value in facts.items()}
