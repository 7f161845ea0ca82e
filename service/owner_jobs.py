"""Jobs for the owner of rows beside a release: judging a table that others made, and a curve over epsilon.

One step each. Nothing is charged, for nothing of it may leave but the release report of an evaluation, which holds
nothing of real rows. Their files are named as a job's reports are, so that the same routes and roles give them out.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import cast

from evaluation.statement import build
from service.context import TenantId
from service.execution import CANONICAL, Run, Seconds, Step
from understudy import __version__
from understudy.schema import TableSchema

SYNTHETIC, CONTROL = "synthetic_id", "control_id"
"""Facts of an evaluation: the other datasets."""

PLANS, FACTS = "plans", "facts"
"""Facts of a curve: what each point would buy, from the schema alone, and lines for the head of the page."""


def compare(run: Run) -> Seconds:
    """Real rows, a synthetic table of anybody's, and rows that its maker never saw -> both reports."""
    schema = run.schema
    with run.attempt() as out, run.local(CANONICAL) as rows, ExitStack() as stack:
        paths = {
            role: str(stack.enter_context(run.ports.blobs.local(key))) if key else ""
            for role, key in _others(run).items()
        }
        request: dict[str, object] = {
            "real": rows[CANONICAL],
            **paths,
            "schema": run.dataset.schema,
            "statement": _no_claim(schema),
            "job": {"id": run.job.id, "table": _subject(schema), "code_version": __version__},
            "out": str(out),
        }
        run.child("compare", request)
        run.publish(out)
    return {}


def curve(run: Run) -> Seconds:
    """Fit, sample and score once for each price. The tables are thrown away; persons are split as a job splits them."""
    with run.attempt() as out, run.local(CANONICAL) as rows:
        request: dict[str, object] = {
            "canonical": rows[CANONICAL],
            "schema": run.dataset.schema,
            "plans": run.job.facts[PLANS],
            "audit_share": run.job.audit_share,
            "rows_key": run.key("rows"),
            "audit_key": run.key("audit"),
            "surrogate_key": run.key("surrogates"),
            "subject": _subject(run.schema),
            "facts": run.job.facts[FACTS],
            "engines": str(run.ports.settings.home / "engines"),
            "out": str(out),
        }
        run.child("curve", request)
        run.publish(out)
    return {}


COMPARE_FLOW = (Step("compare", compare, 99),)
CURVE_FLOW = (Step("curve", curve, 99),)


def _others(run: Run) -> dict[str, str]:
    """Keys of the rows of the synthetic and the control table; empty for one that was not given."""
    ids = {"synthetic": run.job.facts[SYNTHETIC], "control": run.job.facts.get(CONTROL)}
    with run.ports.database.read() as tx:
        known = tx.for_tenant(TenantId(run.job.tenant)).datasets
        return {role: cast(str, known.get(str(id_)).blob) if id_ else "" for role, id_ in ids.items()}


def _subject(schema: TableSchema) -> str:
    return schema.title or schema.name or schema.population


def _no_claim(schema: TableSchema) -> dict[str, object]:
    return build(
        job_id="",
        table=schema.name,
        engine="",
        unit_column=schema.unit.column,
        max_rows=schema.unit.max_rows,
        epsilon=None,
        delta=0.0,
        accountant="",
        events=(),
        provenance={},
        budget=None,
        code_version=__version__,
    ).as_dict()
