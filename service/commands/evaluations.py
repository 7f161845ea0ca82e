"""Judging a synthetic table, whoever made it, against the rows that it was made from: a job of its own kind.

For the owner of those rows only: an answer that scores a table of the caller's own against rows the caller may not see
would give those rows away (arXiv:2312.05114). Nothing is charged, for nothing that reads rows may leave.
"""

from __future__ import annotations

from service.commands import datasets
from service.commands.queueing import queued
from service.context import RequestContext
from service.jobs import EVALUATE
from service.owner_jobs import CONTROL, SYNTHETIC
from service.ports import Ports
from understudy.errors import UsageError
from understudy.messages import EvaluationCreate, JobView
from understudy.schema import TableSchema


def evaluate(context: RequestContext, message: EvaluationCreate, ports: Ports) -> JobView:
    """Queue it. Both reports are there when the job is done; the statement in them claims no guarantee.

    Raises: NotFound; Conflict (dataset-empty); UsageError (tables-differ) if a column of the real table lacks its twin.
    """
    real, synthetic = (datasets.ready(context, id_, ports) for id_ in (message.real_id, message.synthetic_id))
    control = datasets.ready(context, message.control_id, ports) if message.control_id is not None else None
    schema = TableSchema.parse(real.schema)
    for other in (synthetic, control):
        if other is not None:
            _check_twin(schema, TableSchema.parse(other.schema))
    facts = {SYNTHETIC: synthetic.id, **({} if control is None else {CONTROL: control.id})}
    return queued(context, message, real, ports, kind=EVALUATE, facts=facts)


def _check_twin(schema: TableSchema, other: TableSchema) -> None:
    types = {column.name: column.type for column in other.columns}
    if not schema.modelled or any(types.get(column.name) != column.type for column in schema.modelled):
        raise UsageError("The tables need the same columns, of the same types.", code="tables-differ")
