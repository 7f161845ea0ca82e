"""Judging a synthetic table, whoever made it, against the rows that it was made from.

For the owner of those rows only: an answer that scores a table of the caller's own against rows the caller may not see
would give those rows away (arXiv:2312.05114). Nothing is charged, for nothing that reads rows may leave.
"""

from __future__ import annotations

from evaluation.statement import build
from service.commands import datasets
from service.context import RequestContext
from service.ports import Ports
from understudy import __version__
from understudy.errors import UsageError
from understudy.messages import EvaluationCreate, EvaluationView
from understudy.schema import TableSchema

REPORTS = ("report.owner.json", "report.owner.html", "report.release.json", "report.release.html")


def evaluate(context: RequestContext, message: EvaluationCreate, ports: Ports) -> EvaluationView:
    """Both reports. The statement in them claims no guarantee: none is known of a table that others made.

    Raises: NotFound; Conflict (dataset-empty); UsageError (tables-differ) if a column of the real table lacks its twin.
    """
    real, synthetic = (datasets.ready(context, id_, ports) for id_ in (message.real_id, message.synthetic_id))
    control = datasets.ready(context, message.control_id, ports) if message.control_id is not None else None
    schema = TableSchema.parse(real.schema)
    for other in (synthetic, control):
        if other is not None:
            _check_twin(schema, TableSchema.parse(other.schema))
    with ports.folder("evaluate") as out:
        request: dict[str, object] = {
            "real": str(datasets.local_copy(real, ports)),
            "synthetic": str(datasets.local_copy(synthetic, ports)),
            "control": "" if control is None else str(datasets.local_copy(control, ports)),
            "schema": real.schema,
            "statement": _no_claim(schema),
            "job": {"table": schema.title or schema.name or schema.population, "code_version": __version__},
            "out": str(out),
        }
        ports.sandbox("compare", request, on_progress=lambda _stage, _percent: None)
        return EvaluationView(files={name: (out / name).read_text(encoding="utf-8") for name in REPORTS})


def _check_twin(schema: TableSchema, other: TableSchema) -> None:
    types = {column.name: column.type for column in other.columns}
    if not schema.modelled or any(types.get(column.name) != column.type for column in schema.modelled):
        raise UsageError("The tables need the same columns, of the same types.", code="tables-differ")


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
