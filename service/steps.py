"""The work on private rows, one function a task, run in a child process with limits and no database.

Each takes file paths and public facts, writes files, and returns counters and public facts only. The
budget was spent before ``fit`` is called; nothing here can spend or refund.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from service.bundle import WITHOUT_DP
from service.ports import Progress
from understudy.schema import ColumnSchema, TableSchema

if TYPE_CHECKING:
    from evaluation.report import Report
    from privacy.ingest import Split
    from synthesizers.base import Plan

Request = dict[str, object]
Task = Callable[[Request, Progress], Request]


def _path(request: Request, key: str) -> Path:
    return Path(cast(str, request[key]))


def _schema(request: Request) -> TableSchema:
    return TableSchema.parse(request["schema"])


def _key(request: Request, key: str) -> bytes:
    return bytes.fromhex(cast(str, request[key]))


def ingest(request: Request, on_progress: Progress) -> Request:
    """Raw bytes -> canonical Parquet. Raises InputRefused with places."""
    from privacy.ingest import Limits
    from privacy.ingest import ingest as take_in
    from privacy.scrub.undeclared import refuse_undeclared, undeclared

    schema = _schema(request)
    on_progress("ingest", 0)
    take_in(
        _path(request, "source"),
        _path(request, "out"),
        format=cast("str", request["format"]),  # type: ignore[arg-type]
        schema=schema,
        limits=Limits(max_bytes=cast(int, request["max_bytes"])),
    )
    if names := undeclared(schema):
        refuse_undeclared(pq.read_table(_path(request, "out"), columns=names), schema)
    return {"sketch": _unit_sketch(request, schema)}


def _unit_sketch(request: Request, schema: TableSchema) -> str:
    """A keyed sketch of who is in the table; empty if a row stands for nobody but itself, or ids are a numbering."""
    from privacy.sketch import is_numbering, sketch

    if schema.unit.column is None or "overlap_key" not in request:
        return ""
    units = pq.read_table(_path(request, "out"), columns=[schema.unit.column]).column(0).unique().to_pylist()
    return "" if is_numbering(units) else sketch(units, key=_key(request, "overlap_key")).as_text()


def scrub(request: Request, on_progress: Progress) -> Request:
    """Canonical Parquet -> scrubbed training, member and control rows. A map of each person's own rows."""
    from privacy.scrub.table import scrub_table

    schema, out = _schema(request), _path(request, "out")
    on_progress("scrub", 0)
    parts = _split(request, schema)
    on_progress("scrub", 20)
    train, report = scrub_table(parts.train, schema, key=_key(request, "surrogate_key"))
    on_progress("scrub", 90)
    pq.write_table(train, out / "train.parquet", compression="zstd")
    # The audit knows people by the same pseudonyms as the training rows, or it would take them for others.
    for role, part in (("members", parts.members), ("controls", parts.controls)):
        pq.write_table(_pseudonymised(part, request, schema), out / f"{role}.parquet", compression="zstd")
    (out / "scrub.json").write_text(json.dumps(report.as_dict(), sort_keys=True))
    return {}


def _split(request: Request, schema: TableSchema) -> Split:
    """The canonical rows, capped per person and split by person."""
    from privacy.ingest import bound_rows, split

    bounded = bound_rows(pq.read_table(_path(request, "canonical")), schema, key=_key(request, "rows_key"))
    return split(bounded, schema, key=_key(request, "audit_key"), audit_share=cast(float, request["audit_share"]))


def _kept(schema: TableSchema) -> tuple[ColumnSchema, ...]:
    """What an engine models, and who each row is of: discovery of categories counts persons, not rows."""
    return tuple(column for column in schema.columns if column.is_modelled or column.name == schema.unit.column)


def _pseudonymised(rows: pa.Table, request: Request, schema: TableSchema) -> pa.Table:
    """The kept columns, scrubbed with the population's key."""
    from privacy.scrub.table import scrub_table

    kept = _kept(schema)
    selected = rows.select([column.name for column in kept])
    scrubbed, _ = scrub_table(selected, replace(schema, columns=kept), key=_key(request, "surrogate_key"))
    return scrubbed


def fit(request: Request, on_progress: Progress) -> Request:
    """Training rows and a paid plan -> synthetic rows, the model, and the public facts of how it was made."""
    import os

    from evaluation.canaries import find, invent, plant
    from evaluation.noised import measure
    from privacy.scrub.table import fresh_identifiers
    from privacy.session import Meter, PrivateSession
    from privacy.sources.parquet import ParquetRows
    from synthesizers.base import Plan
    from synthesizers.registry import engines

    schema, out = _schema(request), _path(request, "out")
    plan = Plan.from_dict(cast("dict[str, object]", request["plan"]))
    on_progress("fit", 0)
    canaries = invent(schema, cast(int, request["canaries"]), os.urandom)
    rows: ParquetRows | pa.Table = ParquetRows(_path(request, "train"))
    if len(canaries.planted):
        wanted = [column.name for column in _kept(schema)]
        rows = plant(pq.read_table(_path(request, "train"), columns=wanted), canaries, schema, os.urandom)
    session = PrivateSession(rows, schema, Meter(plan.events), os.urandom)
    started = time.perf_counter()
    fitted = engines()[plan.engine].fit(session, plan)
    fit_s = time.perf_counter() - started
    on_progress("sample", 70)
    started = time.perf_counter()
    seed = int.from_bytes(os.urandom(8), "big") >> 1
    modelled = fitted.sample(plan.n_rows, seed=seed)
    found: Request = {}
    if len(canaries.planted):
        modelled, found = find(modelled, canaries, schema, os.urandom)
    invented = fresh_identifiers(schema, modelled.num_rows, key=os.urandom(32))
    synthetic = assemble(schema, modelled, invented)
    pq.write_table(synthetic, out / "synthetic.parquet", compression="zstd")
    write_csv(synthetic, out / "synthetic.csv")
    sample_s = time.perf_counter() - started
    started = time.perf_counter()
    released = measure(session, plan.events, modelled, canaries=len(canaries.planted))
    released_s = time.perf_counter() - started
    model = out / "model"
    model.mkdir()
    fitted.save(model)
    seconds = {"fit": round(fit_s + released_s, 3), "sample": round(sample_s, 3)}
    if request.get("without_dp"):
        started = time.perf_counter()
        pq.write_table(_without_dp(request, schema, plan, synthetic.num_rows), out / WITHOUT_DP, compression="zstd")
        seconds["without-dp"] = round(time.perf_counter() - started, 3)
    return {
        "n_rows": synthetic.num_rows,
        "provenance": {name: dict(facts) for name, facts in session.discretisation.provenance.items()},
        "released": released,
        "canaries": found,
        "seconds": seconds,
    }


def _without_dp(request: Request, schema: TableSchema, plan: Plan, n_rows: int) -> pa.Table:
    """As many rows as the release has, by the same engine from the same rows, with no noise to speak of."""
    import os

    from privacy.session import Meter, PrivateSession
    from privacy.sources.parquet import ParquetRows
    from synthesizers.reference import plan_without_privacy
    from synthesizers.registry import engines

    engine = engines()[plan.engine]
    exact = plan_without_privacy(engine, schema, plan)
    rows = ParquetRows(_path(request, "train"))  # without canaries: they are no part of what is compared
    fitted = engine.fit(PrivateSession(rows, schema, Meter(exact.events), os.urandom), exact)
    return fitted.sample(n_rows, seed=int.from_bytes(os.urandom(8), "big") >> 1)


def judge(request: Request, on_progress: Progress) -> Request:
    """Real and synthetic rows -> the owner's and the release report, as JSON and HTML, and the gates that refuse."""
    from evaluation.gates import Policy, refusals
    from evaluation.judge import EvaluationInputs, evaluate

    schema, out = _schema(request), _path(request, "out")
    policy = Policy.parse(request["policy"])
    on_progress("evaluate", 0)
    synthetic = pq.read_table(_path(request, "synthetic"))
    hits = _literals_of(request, schema, synthetic) if policy.no_pii_literal is not False else {}
    report = evaluate(
        EvaluationInputs(
            schema=schema,
            train=pq.read_table(_path(request, "train")),
            members=pq.read_table(_path(request, "members")),
            controls=pq.read_table(_path(request, "controls")),
            synthetic=synthetic,
            without_dp=pq.read_table(_path(request, "without_dp")) if request.get("without_dp") else None,
            released=cast("dict[str, object]", request["released"]),
            canaries=cast("dict[str, object]", request["canaries"]),
            statement=cast("dict[str, object]", request["statement"]),
            attempts=cast(int, request["attempts"]),
            job=cast("dict[str, object]", request["job"]),
        )
    )
    on_progress("evaluate", 80)
    owner = write_reports(report, out)
    return {"refused": list(refusals(policy, owner, literal_found=bool(hits)))}


def _literals_of(request: Request, schema: TableSchema, synthetic: pa.Table) -> dict[str, int]:
    """Identifying values of the table as it came in, searched in the output; by column, how many cells hold one."""
    import os

    from evaluation.literals import literals_in

    identifying = [column.name for column in schema.columns if column.is_identifying]
    before = pq.read_table(_path(request, "canonical"), columns=identifying)
    return literals_in(before, synthetic, schema, key=os.urandom(32))


def write_reports(report: Report, out: Path) -> Request:
    """Both reports as JSON and HTML into a directory. Returns the owner's."""
    from evaluation.judge import summary
    from evaluation.render import html

    documents = {"owner": report.as_owner_json(), "release": report.as_release_json()}
    documents["owner"]["summary"] = summary(documents["owner"])
    for name, document in documents.items():
        (out / f"report.{name}.json").write_text(json.dumps(document, indent=1, sort_keys=True))
        (out / f"report.{name}.html").write_text(html(document), encoding="utf-8")
    return documents["owner"]


def compare(request: Request, on_progress: Progress) -> Request:
    """Real rows, a synthetic table of anybody's, and rows that its maker never saw -> both reports."""
    from evaluation.judge import EvaluationInputs, evaluate
    from evaluation.outside import audit_parts

    schema, out = _schema(request), _path(request, "out")
    on_progress("evaluate", 0)
    real = pq.read_table(_path(request, "real"))
    control = pq.read_table(_path(request, "control")) if request["control"] else real.slice(0, 0)
    members, controls = audit_parts(real, control, schema)
    report = evaluate(
        EvaluationInputs(
            schema=schema,
            train=real,
            members=members,
            controls=controls,
            synthetic=pq.read_table(_path(request, "synthetic")),
            statement=cast("dict[str, object]", request["statement"]),
            job=cast("dict[str, object]", request["job"]),
        )
    )
    on_progress("evaluate", 80)
    write_reports(report, out)
    return {}


def curve(request: Request, on_progress: Progress) -> Request:
    """Plans at several prices -> how useful the table of each would be. The tables are thrown away."""
    import os

    from evaluation.curve import document, point
    from evaluation.curve_page import html
    from privacy.session import Meter, PrivateSession
    from synthesizers.base import Plan
    from synthesizers.registry import engines

    schema, out = _schema(request), _path(request, "out")
    train, controls = _curve_rows(request, schema)
    plans = [Plan.from_dict(plan) for plan in cast("list[dict[str, object]]", request["plans"])]
    points = []
    for place, plan in enumerate(plans):
        on_progress("curve", 100 * place // len(plans))
        session = PrivateSession(train, schema, Meter(plan.events), os.urandom)
        fitted = engines()[plan.engine].fit(session, plan)
        made = fitted.sample(plan.n_rows or train.num_rows, seed=int.from_bytes(os.urandom(8), "big") >> 1)
        points.append(point(schema, train, controls, made, epsilon=plan.epsilon))
    facts = cast("dict[str, str]", request["facts"])
    counts = {"Training rows": f"{train.num_rows:,}", "Held-out rows": f"{controls.num_rows:,}"}
    found = document(cast(str, request["subject"]), facts | counts, points)
    (out / "curve.owner.json").write_text(json.dumps(found, indent=1, sort_keys=True))
    (out / "curve.owner.html").write_text(html(found), encoding="utf-8")
    return {}


def _curve_rows(request: Request, schema: TableSchema) -> tuple[pa.Table, pa.Table]:
    """(training rows, rows of persons held out) as a job would have them: split, capped and scrubbed."""
    parts = _split(request, schema)
    return _pseudonymised(parts.train, request, schema), _pseudonymised(parts.controls, request, schema)


def assemble(schema: TableSchema, modelled: pa.Table, invented: dict[str, pa.Array]) -> pa.Table:
    """All declared columns in their order: modelled, invented, and free text, which is withheld as null."""
    columns: list[pa.Array | pa.ChunkedArray] = []
    for column in schema.columns:
        if column.is_modelled:
            columns.append(modelled[column.name])
        elif column.name in invented:
            columns.append(invented[column.name])
        else:
            columns.append(pa.nulls(modelled.num_rows, pa.string()))
    return pa.table(columns, names=list(schema.names))


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pa.Table, path: Path) -> None:
    """The table as RFC 4180 CSV, readable with its own schema, and safe to open in a spreadsheet.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe (OWASP ASVS 1.2.10);
    Parquet stays exact. Missing is an unquoted empty cell.
    """
    columns = [_csv_column(column) for column in table.columns]
    pyarrow.csv.write_csv(pa.table(columns, names=table.column_names), path)


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        return pc.strftime(pc.cast(column, pa.timestamp("s"), safe=False), format="%Y-%m-%dT%H:%M:%S")
    if not pa.types.is_string(column.type):
        return column
    risky = pc.is_in(pc.utf8_slice_codeunits(column, 0, 1), pa.array(_FORMULA))
    is_number = pc.match_substring_regex(column, r"^[+-]?[0-9][0-9.,eE+-]*$")
    escaped = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(pc.and_(risky, pc.invert(is_number)), escaped, column)


def propose(request: Request, on_progress: Progress) -> Request:
    """A file -> a schema to start from: names, types and PII guesses; enums and bounds only if asked."""
    from privacy.propose import propose_schema

    on_progress("propose", 0)
    return propose_schema(
        _path(request, "source"),
        format=cast("str", request["format"]),  # type: ignore[arg-type]
        include_data=bool(request["include_data"]),
    )


def scrub_file(request: Request, on_progress: Progress) -> Request:
    """A file of a caller -> the same without identifiers, and the counts of what was found. A table without a schema
    gets the kinds that its names and values show; what looks identifying and has none is refused."""
    from privacy.ingest import Limits
    from privacy.ingest import ingest as take_in
    from privacy.propose import propose_schema
    from privacy.scrub.files import scrub_canonical
    from privacy.scrub.notes import scrub_notes
    from privacy.scrub.table import open_text_scrubber

    source, out, key = _path(request, "source"), _path(request, "out"), _key(request, "surrogate_key")
    kind, model = cast(str, request["format"]), cast(str, request["model"])
    scrubber = open_text_scrubber(key, model=Path(model)) if model else None

    def observe(percent: int) -> None:
        on_progress("scrub", percent)

    if kind == "jsonl":
        return scrub_notes(source, out, scrubber or open_text_scrubber(key), on_progress=observe).as_dict()
    document = request["schema"]
    if document is None:
        document = propose_schema(source, format=kind, include_data=False)["table_schema"]  # type: ignore[arg-type]
    schema = TableSchema.parse(document)
    canonical, scrubbed = out.with_suffix(".in.parquet"), out.with_suffix(".parquet")
    limits = Limits(max_bytes=cast(int, request["max_bytes"]))
    try:
        take_in(source, canonical, format=kind, schema=schema, limits=limits)  # type: ignore[arg-type]
        report = scrub_canonical(canonical, scrubbed, schema, key=key, scrubber=scrubber, on_progress=observe)
    finally:
        canonical.unlink(missing_ok=True)
    if kind == "csv":
        write_csv(pq.read_table(scrubbed), out)
        scrubbed.unlink()
    else:
        scrubbed.replace(out)
    return report.as_dict()


TASKS: dict[str, Task] = {
    "ingest": ingest,
    "scrub": scrub,
    "scrub-file": scrub_file,
    "fit": fit,
    "judge": judge,
    "compare": compare,
    "curve": curve,
    "propose": propose,
}
