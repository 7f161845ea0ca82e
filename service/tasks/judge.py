"""Real and synthetic rows -> two reports, of our own jobs and of tables that anybody made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from service.tasks.request import Request, key_of, path_of, schema_of
from service.tasks.texts import public_words, said
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from evaluation.gates import Verdict
    from evaluation.report import Report
    from service.ports import Progress


def judge(request: Request, on_progress: Progress) -> Request:
    """Real and synthetic rows -> the owner's and the release report, as JSON and HTML, and the gates that refuse."""
    from evaluation.gates import Policy, refusals, verdicts
    from evaluation.judge import EvaluationInputs, evaluate

    schema, out = schema_of(request), path_of(request, "out")
    policy = Policy.parse(request["policy"])
    on_progress("evaluate", 0)
    synthetic = pq.read_table(path_of(request, "synthetic"))
    hits = _literals_of(request, schema, said(request, synthetic)) if policy.no_pii_literal is not False else {}
    n_stretches = cast(int, request.get("stretches", 0)) if policy.no_pii_literal is not False else 0
    report = evaluate(
        EvaluationInputs(
            schema=schema,
            train=pq.read_table(path_of(request, "train")),
            members=pq.read_table(path_of(request, "members")),
            controls=pq.read_table(path_of(request, "controls")),
            synthetic=synthetic,
            without_dp=pq.read_table(path_of(request, "without_dp")) if request.get("without_dp") else None,
            released=cast("dict[str, object]", request["released"]),
            canaries=cast("dict[str, object]", request["canaries"]),
            statement=cast("dict[str, object]", request["statement"]),
            attempts=cast(int, request["attempts"]),
            job={**cast("dict[str, object]", request["job"]), "policy": policy.in_words()} | policy.facts(),
            exposed_key=key_of(request, "exposed_key") if "exposed_key" in request else b"",
        )
    )
    on_progress("evaluate", 80)
    held = verdicts(policy, report.as_owner_json(), n_literals=sum(hits.values()) + n_stretches)
    write_reports(report, out, gates=held)
    return {"refused": list(refusals(held))}


def _literals_of(request: Request, schema: TableSchema, synthetic: pa.Table) -> dict[str, int]:
    """Identifying values of the table as it came in, searched in the output; by column, how many cells hold one."""
    import os

    from evaluation.literals import literals_in

    identifying = [column.name for column in schema.columns if column.is_identifying]
    before = pq.read_table(path_of(request, "canonical"), columns=identifying)
    return literals_in(before, synthetic, schema, key=os.urandom(32), public=public_words(request))


def write_reports(report: Report, out: Path, *, gates: Sequence[Verdict] = ()) -> None:
    """Both reports as JSON and HTML into a directory. The owner's says which gate stood against what."""
    from evaluation.judge import summary
    from evaluation.render import html

    documents = {"owner": report.as_owner_json(), "release": report.as_release_json()}
    documents["owner"]["summary"] = summary(documents["owner"])
    documents["owner"]["gates"] = [verdict.as_dict() for verdict in gates]
    for name, document in documents.items():
        (out / f"report.{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True))
        (out / f"report.{name}.html").write_text(html(document), encoding="utf-8")


def compare(request: Request, on_progress: Progress) -> Request:
    """Real rows, a synthetic table of anybody's, and rows that its maker never saw -> both reports."""
    from evaluation.exposed import ROW
    from evaluation.judge import EvaluationInputs, evaluate
    from evaluation.outside import audit_parts

    schema, out = schema_of(request), path_of(request, "out")
    on_progress("evaluate", 0)
    real = pq.read_table(path_of(request, "real"))
    control = pq.read_table(path_of(request, "control")) if request["control"] else real.slice(0, 0)
    numbered = real.append_column(ROW, pa.array(range(1, len(real) + 1), pa.int64()))
    members, controls = audit_parts(numbered, control, schema)
    report = evaluate(
        EvaluationInputs(
            schema=schema,
            train=real,
            members=members,
            controls=controls,
            synthetic=pq.read_table(path_of(request, "synthetic")),
            statement=cast("dict[str, object]", request["statement"]),
            job=cast("dict[str, object]", request["job"]),
        )
    )
    on_progress("evaluate", 80)
    write_reports(report, out)
    return {}
