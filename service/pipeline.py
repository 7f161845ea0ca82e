"""THE MAIN FLOW: from rows inside the walls to a bundle that may leave them. Read this file first.

     where      step      what happens                                            reads rows   budget
  1  commands   upload    bytes stream into an empty dataset                       as bytes     -
  2  commands   ingest    every cell is checked and typed, in a child process      yes          -  (a map per row)
  3  commands   plan      the price list, from the schema and epsilon alone        no           -
  4  commands   reserve   price HELD, job stored and queued: one transaction       no           held
  5  scrub      split, bound rows per person, replace PII                          yes          -  (a map per person)
  6  spend      HELD -> SPENT, committed                                           no           spent, for good
  7  fit        noisy counts through a session that debits the plan                yes          within what is spent
  8  sample     rows from the model                                                no           free
  9  evaluate   two reports                                                        yes          owner-only numbers
 10  bundle     everything into one zip with digests; the job is done              no           -

Steps 5 to 10 are below, in order. Each is safe to run again after a crash: it writes its files under a
name of its own attempt and publishes them at the end, and no number derived from rows leaves a worker
before step 6 has committed. A step that fails ends the job; what was spent stays spent.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from evaluation.gates import STOP
from evaluation.position import budget_position, scope_position
from evaluation.statement import build
from privacy.ledger import Account, Scope
from service.bundle import WITHOUT_DP, write_bundle
from service.context import TenantId
from service.jobs import Job, JobError, StepRecord
from service.ports import Dataset, Ports, Progress
from service.telemetry import event, redacted
from synthesizers.registry import engines
from understudy import __version__
from understudy.errors import Conflict, Failed, UnderstudyError
from understudy.messages import JobState
from understudy.schema import TableSchema

Seconds = dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """One step of one job under way."""

    job: Job
    dataset: Dataset
    ports: Ports
    on_progress: Progress

    @property
    def scope(self) -> Scope:
        """Where the job is charged."""
        return Scope(self.job.population, self.job.project)

    @property
    def schema(self) -> TableSchema:
        """The declared facts."""
        return TableSchema.parse(self.dataset.schema)

    def key(self, purpose: str) -> str:
        """A secret key of this population, as hex for a child process."""
        return self.ports.keys.population_key(self.job.tenant, self.job.population, purpose).hex()

    def blob(self, name: str) -> str:
        """The key of one of the job's files."""
        return f"{self.job.tenant}/jobs/{self.job.id}/{name}"

    def local(self, name: str) -> str:
        """A finished file of an earlier step."""
        return str(self.ports.blobs.path(self.blob(name)))

    def facts(self, name: str) -> dict[str, object]:
        """A finished JSON file of an earlier step."""
        return cast("dict[str, object]", json.loads(Path(self.local(name)).read_text()))

    def attempt(self) -> AbstractContextManager[Path]:
        """A directory for this attempt's files, gone at the end whatever happens."""
        return self.ports.folder(self.job.id)

    def publish(self, folder: Path) -> None:
        """Make the attempt's files the job's files, each at once."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = self.blob(str(path.relative_to(folder)))
                with self.ports.blobs.create(key) as writer, path.open("rb") as source:
                    while chunk := source.read(1 << 20):
                        writer.write(chunk)


def scrub(run: Run) -> Seconds:
    """5. Split by person, bound the rows of each, replace what identifies them."""
    with run.attempt() as out:
        request: dict[str, object] = {
            "canonical": str(run.ports.blobs.path(cast(str, run.dataset.blob))),
            "schema": run.dataset.schema,
            "audit_share": run.job.audit_share,
            "rows_key": run.key("rows"),
            "audit_key": run.key("audit"),
            "surrogate_key": run.key("surrogates"),
            "out": str(out),
        }
        run.ports.sandbox("scrub", request, on_progress=run.on_progress)
        run.publish(out)
    return {}


def spend(run: Run) -> Seconds:
    """6. The price is paid, in a transaction of its own, before the first number is derived from rows."""
    with run.ports.database.begin() as tx:
        tx.for_tenant(TenantId(run.job.tenant)).ledger.spend(run.job.id, at=run.ports.clock.now())
    return {}


def fit(run: Run) -> Seconds:
    """7 and 8. The engine sees a session, never a row; its model is sampled."""
    with run.attempt() as out:
        request: dict[str, object] = {
            "train": run.local("train.parquet"),
            "schema": run.dataset.schema,
            "plan": run.job.plan,
            "canaries": run.job.facts.get("canaries", 0),
            "without_dp": run.job.facts.get("without_dp", False),
            "out": str(out),
        }
        made = run.ports.sandbox("fit", request, on_progress=run.on_progress)
        (out / "made.json").write_text(json.dumps(made, sort_keys=True))
        run.publish(out)
    return {name: float(value) for name, value in cast("dict[str, float]", made["seconds"]).items()}


def evaluate(run: Run) -> Seconds:
    """9. Two reports: one for the owner, one that may leave with the data."""
    tenant = TenantId(run.job.tenant)
    with run.ports.database.read() as tx:
        stores = tx.for_tenant(tenant)
        accounts = [stores.ledger.account(scope) for scope in run.scope.path]
        digest = run.dataset.sha256
        attempts = stores.jobs.count_done(digest) + stores.jobs.count_withheld(digest, WITHHELD) + 1
    statement = _statement(run, accounts)
    with run.attempt() as out:
        (out / "privacy_statement.json").write_text(json.dumps(statement, indent=1, sort_keys=True))
        request: dict[str, object] = {
            "train": run.local("train.parquet"),
            "members": run.local("members.parquet"),
            "controls": run.local("controls.parquet"),
            "synthetic": run.local("synthetic.parquet"),
            "canonical": str(run.ports.blobs.path(cast(str, run.dataset.blob))),
            "without_dp": run.local(WITHOUT_DP) if run.job.facts.get("without_dp") else "",
            "policy": run.job.facts.get("policy", {}),
            "released": run.facts("made.json").get("released", {}),
            "canaries": run.facts("made.json").get("canaries", {}),
            "schema": run.dataset.schema,
            "statement": statement,
            "attempts": attempts,
            "job": {"id": run.job.id, "engine": run.job.engine, "scrub": run.facts("scrub.json")},
            "out": str(out),
        }
        refused = cast("list[str]", run.ports.sandbox("judge", request, on_progress=run.on_progress)["refused"])
        if refused:
            raise _withheld(refused)
        run.publish(out)
    return {}


WITHHELD = ("release-withheld", "gate-refused")
"""Codes of jobs that were judged and did not leave. They are attempts too."""


def _withheld(refused: list[str]) -> Failed:
    """Nothing of what was found is said but the names of the gates, and nothing is refunded."""
    if STOP in refused:
        return Failed(
            "The audit proves more leakage than was promised. The bundle is withheld: tell the privacy officer.",
            code=WITHHELD[0],
        )
    return Failed(f"The release did not pass its policy and is withheld: {', '.join(refused)}.", code=WITHHELD[1])


def _statement(run: Run, accounts: list[Account]) -> dict[str, object]:
    plan, unit = run.job.plan, run.schema.unit
    events = cast("list[dict[str, object]]", plan["events"])
    return build(
        job_id=run.job.id,
        table=run.schema.name or run.job.population,
        engine=run.job.engine,
        unit_column=unit.column,
        max_rows=unit.max_rows,
        epsilon=run.job.epsilon,
        delta=run.job.delta,
        accountant=engines()[run.job.engine].formal_guarantee.accountant,
        events=[(str(entry["purpose"]), cast("dict[str, object]", entry["event"])) for entry in events],
        provenance=_provenance(run),
        budget=budget_position(accounts[1]),
        scopes=[scope_position(account) for account in accounts],
        code_version=__version__,
        canaries=cast(int, run.job.facts.get("canaries", 0)),
    ).as_dict()


def _provenance(run: Run) -> dict[str, str]:
    """How each fact of each column was learnt, for example ``{"age: bounds": "declared"}``."""
    columns = cast("dict[str, dict[str, str]]", run.facts("made.json")["provenance"])
    return {f"{column}: {fact}": how for column, facts in columns.items() for fact, how in facts.items()}


def bundle(run: Run) -> Seconds:
    """10. One zip with a manifest of digests. The copies of real rows go, and what was made of them without privacy."""
    files = {name: Path(run.local(name)) for name in BUNDLED}
    with run.ports.blobs.create(run.blob("bundle.zip")) as writer:
        write_bundle(writer.path, files, facts=_public_facts(run))
    for name in ("train.parquet", "members.parquet", "controls.parquet", WITHOUT_DP):
        run.ports.blobs.remove(run.blob(name))
    return {}


BUNDLED = (
    "synthetic.parquet",
    "synthetic.csv",
    "report.owner.json",
    "report.owner.html",
    "report.release.json",
    "report.release.html",
    "privacy_statement.json",
)


def _public_facts(run: Run) -> dict[str, object]:
    return {
        "job": run.job.id,
        "population": run.job.population,
        "engine": run.job.engine,
        "epsilon": run.job.epsilon,
        "delta": run.job.delta,
        "n_rows": run.facts("made.json")["n_rows"],
        "csv_note": "Text cells that a spreadsheet would run as a formula begin with an apostrophe; Parquet is exact.",
    }


@dataclass(frozen=True, slots=True)
class Step:
    """A step and the share of the progress bar that ends with it, in percent."""

    name: str
    act: Callable[[Run], Seconds]
    until: int


FLOW: tuple[Step, ...] = (
    Step("scrub", scrub, 25),
    Step("spend", spend, 26),
    Step("fit", fit, 65),
    Step("evaluate", evaluate, 97),
    Step("bundle", bundle, 99),
)


def run_step(name: str, tenant: TenantId, job_id: str, ports: Ports) -> str | None:
    """Run one step of a job. Returns the code of the error that ended the job, or None.

    Never raises for what the step does: a durable engine would store the exception's text.
    """
    index = next(index for index, step in enumerate(FLOW) if step.name == name)
    step, began = FLOW[index], FLOW[index - 1].until if index else 0
    try:
        run = _begin(step, began, tenant, job_id, ports)
        if run is None:
            return None
        started = time.monotonic()
        seconds = step.act(run)
        _record(run, step, seconds or {step.name: time.monotonic() - started})
    except UnderstudyError as error:
        event("step.refused", job=job_id, step=name, code=error.reason)
        return fail(tenant, job_id, JobError(code=error.reason, message=error.message), ports)
    except Exception as error:
        event("step.failed", job=job_id, step=name, **redacted(error))
        return fail(tenant, job_id, JobError(code="failed", message="The step failed on our side."), ports)
    return None


def _begin(step: Step, began: int, tenant: TenantId, job_id: str, ports: Ports) -> Run | None:
    """The step's surroundings; None if the job has ended, as it may have when a step runs again after a crash."""
    with ports.database.begin() as tx:
        stores = tx.for_tenant(tenant)
        job = stores.jobs.get(job_id)
        if job.state.is_final:
            return None
        dataset = stores.datasets.get(job.dataset_id)
        job = (job.started() if step is FLOW[0] else job).at(step.name, began)
        stores.jobs.put(job)

    def on_progress(stage: str, percent: int) -> None:
        with ports.database.begin() as tx:
            jobs = tx.for_tenant(tenant).jobs
            jobs.put(jobs.get(job_id).at(stage, began + (step.until - began) * max(0, min(100, percent)) // 100))

    return Run(job=job, dataset=dataset, ports=ports, on_progress=on_progress)


def _record(run: Run, step: Step, seconds: Seconds) -> None:
    tenant = TenantId(run.job.tenant)
    with run.ports.database.begin() as tx:
        jobs = tx.for_tenant(tenant).jobs
        job = jobs.get(run.job.id)
        for name, value in seconds.items():
            job = job.with_step(StepRecord(name=name, seconds=round(value, 3)))
        job = job.at(step.name, step.until)
        jobs.put(job.done(run.blob("bundle.zip")) if step is FLOW[-1] else job)


def fail(tenant: TenantId, job_id: str, error: JobError, ports: Ports) -> str:
    """End a job: its hold is released if nothing was spent, and its files go. A job that ended well keeps its own."""
    with ports.database.begin() as tx:
        stores = tx.for_tenant(tenant)
        stores.ledger.release(job_id, at=ports.clock.now())
        job = stores.jobs.get(job_id)
        if job.state is JobState.DONE:
            return error.code
        with contextlib.suppress(Conflict):
            stores.jobs.put(job.failed(error))
    ports.blobs.remove(f"{tenant}/jobs/{job_id}")
    return error.code
