"""Utility against epsilon: how useful a table would be at several prices, for its owner.

Nothing is released, so nothing is charged; the figures are of private rows, and who chooses an epsilon by them makes a
choice that no guarantee covers. So every look is kept among the tenant's jobs, and counts as an attempt on the table.
It is a job of its own kind, with one step.
"""

from __future__ import annotations

from service.commands import datasets
from service.commands.choices import check_engine
from service.commands.plans import check_asked, plan_of
from service.commands.queueing import queued
from service.context import RequestContext
from service.jobs import CURVE
from service.owner_jobs import FACTS, PLANS
from service.ports import Ports
from understudy import __version__
from understudy.errors import UsageError
from understudy.messages import DEFAULT_CURVE_EPSILONS, CurveCreate, JobView, PlanCreate
from understudy.schema import TableSchema

MAX_EPSILONS = 12


def create(context: RequestContext, message: CurveCreate, ports: Ports) -> JobView:
    """Queue it. Its page is the owner's report of the job when that is done; a release report it has none.

    Guarantees: what is shown was counted before, on the digest of the table.
    Raises: NotFound; Conflict (dataset-empty); UsageError, PrivacyParameterError for what cannot be asked.
    """
    asked = _asked(message, ports)
    check_engine(message.engine, context.tenant, ports.settings)
    dataset = datasets.ready(context, message.dataset_id, ports)
    schema = TableSchema.parse(dataset.schema)
    facts = {
        PLANS: [plan_of(one, schema).as_dict() for one in asked],
        FACTS: _facts(message, schema),
        "epsilons": [one.epsilon for one in asked],
    }
    return queued(
        context,
        message,
        dataset,
        ports,
        kind=CURVE,
        facts=facts,
        engine=message.engine,
        n_rows=message.n_rows,
        audit_share=message.audit_share,
    )


def _asked(message: CurveCreate, ports: Ports) -> list[PlanCreate]:
    """What would be asked of a job, once for each epsilon, cheapest first; the schema is not looked at."""
    epsilons = sorted(set(message.epsilons or DEFAULT_CURVE_EPSILONS))
    if len(epsilons) > MAX_EPSILONS:
        raise UsageError(f"A curve has at most {MAX_EPSILONS} epsilons.", code="epsilons-invalid")
    if not 0.0 < message.audit_share <= 0.5:
        raise UsageError("The audit share of a curve is above 0 and at most 0.5.", code="audit-share-invalid")
    asked = [
        PlanCreate(
            table_schema={},
            epsilon=epsilon,
            delta=message.delta,
            n_rows=message.n_rows,
            engine=message.engine,
            report_share=message.report_share,
        )
        for epsilon in epsilons
    ]
    for one in asked:
        check_asked(one, ports)
    return asked


def _facts(message: CurveCreate, schema: TableSchema) -> dict[str, str]:
    return {
        "Population": schema.population,
        "Person": schema.unit.column or "one row each",
        "Engine": message.engine,
        "Delta": f"{message.delta:g}",
        "Report share": f"{message.report_share:.0%}",
        "Code version": __version__,
    }
