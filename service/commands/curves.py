"""Utility against epsilon: how useful a table would be at several prices, for its owner.

Nothing is released, so nothing is charged; the figures are of private rows, and who chooses an epsilon by them makes a
choice that no guarantee covers. So every look is kept among the tenant's jobs, and counts as an attempt on the table.
It runs within the request, in one child process, as evaluations do.
"""

from __future__ import annotations

from service.commands import datasets
from service.commands.ids import new_id
from service.commands.plans import check_asked, plan_of
from service.context import RequestContext
from service.jobs import Job
from service.ports import Dataset, Ports
from understudy import __version__
from understudy.errors import UsageError
from understudy.messages import DEFAULT_CURVE_EPSILONS, CurveCreate, CurveView, JobState, PlanCreate
from understudy.schema import TableSchema

FILES = ("curve.owner.json", "curve.owner.html")
MAX_EPSILONS = 12
STAGE = "curve"
"""Of the record of a look: a job that ended well, cost nothing and has no bundle."""


def create(context: RequestContext, message: CurveCreate, ports: Ports) -> CurveView:
    """Fit, sample and score once for each epsilon. The answer is for the owner of the table only.

    Guarantees: what is answered was counted before, on the digest of the table.
    Raises: NotFound; Conflict (dataset-empty); UsageError, PrivacyParameterError for what cannot be asked.
    """
    asked = _asked(message, ports)
    dataset = datasets.ready(context, message.dataset_id, ports)
    schema = TableSchema.parse(dataset.schema)
    with ports.folder("curve") as out:
        request: dict[str, object] = {
            "canonical": str(datasets.local_copy(dataset, ports)),
            "schema": dataset.schema,
            "plans": [plan_of(one, schema).as_dict() for one in asked],
            "audit_share": message.audit_share,
            **{f"{name}_key": _key(dataset, purpose, ports) for name, purpose in _KEYS.items()},
            "subject": schema.title or schema.name or schema.population,
            "facts": _facts(message, schema),
            "out": str(out),
        }
        ports.sandbox("curve", request, on_progress=lambda _stage, _percent: None)
        files = {name: (out / name).read_text(encoding="utf-8") for name in FILES}
    epsilons = [one.epsilon for one in asked]
    return CurveView(id=_counted(context, message, dataset, epsilons, ports), files=files)


_KEYS = {"rows": "rows", "audit": "audit", "surrogate": "surrogates"}
"""The keys of a job, so that a curve caps and splits the persons as a job does."""


def _key(dataset: Dataset, purpose: str, ports: Ports) -> str:
    return ports.keys.population_key(dataset.tenant, dataset.population, purpose).hex()


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


def _counted(
    context: RequestContext, message: CurveCreate, dataset: Dataset, epsilons: list[float], ports: Ports
) -> str:
    """Keep that somebody looked. Raises NotFound if the table is gone meanwhile: it could not be counted then."""
    now = ports.clock.now()
    job = Job(
        id=new_id("curve", at=now, entropy=ports.entropy),
        tenant=context.tenant,
        dataset_id=dataset.id,
        population=dataset.population,
        engine=message.engine,
        epsilon=0.0,
        delta=0.0,
        n_rows=message.n_rows,
        audit_share=message.audit_share,
        fingerprint="",
        plan={},
        created_at=now,
        state=JobState.DONE,
        stage=STAGE,
        percent=100,
        facts={"epsilons": epsilons},
    )
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        stores.datasets.get(dataset.id)
        stores.jobs.add(job)
    return job.id
