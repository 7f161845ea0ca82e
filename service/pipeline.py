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

Steps 5 to 10 are below, in order; how a step is run is in ``execution``. Each is safe to run again after a crash,
and while a worker that was thought dead comes back: it writes its files under a name of its own attempt and publishes
them at the end, and no number derived from rows leaves a worker before step 6 has committed. A step that fails ends
the job; what was spent stays spent.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

from evaluation.gates import STOP
from evaluation.position import budget_position, scope_position
from evaluation.statement import build
from privacy.ledger import Account
from service.bundle import write_bundle
from service.context import TenantId
from service.execution import BUNDLE, CANONICAL, FOR_THE_OWNER, WITHHELD, Run, Seconds, Step
from service.filenames import WITHOUT_DP, WRITTEN
from service.jobs import CURVE, EVALUATE, PULL, SYNTHESIZE
from service.lineage import SUPERSEDES, persons_key, sketch_key, supersede
from service.owner_jobs import COMPARE_FLOW, CURVE_FLOW
from service.ports import Release, TenantStores
from service.pull_jobs import PULL_FLOW
from synthesizers.registry import accountant_of, engines
from synthesizers.text.base import has_text
from synthesizers.text.registry import pays_again
from understudy import __version__
from understudy.errors import Failed


def scrub(run: Run) -> Seconds:
    """5. Split by person, bound the rows of each, replace what identifies them."""
    with run.attempt() as out, run.local(CANONICAL) as rows:
        request: dict[str, object] = {
            "canonical": rows[CANONICAL],
            "schema": run.dataset.schema,
            "audit_share": run.job.audit_share,
            "rows_key": run.key("rows"),
            "audit_key": run.key("audit"),
            "surrogate_key": run.key("surrogates"),
            "persons_key": persons_key(run.job.tenant, run.ports).hex(),
            "out": str(out),
        }
        run.child("scrub", request)
        run.publish(out)
    return {}


def spend(run: Run) -> Seconds:
    """6. The price is paid, in a transaction of its own, before the first number is derived from rows."""
    with run.ports.database.begin() as tx:
        tx.for_tenant(TenantId(run.job.tenant)).ledger.spend(run.job.id, at=run.ports.clock.now())
    return {}


def fit(run: Run) -> Seconds:
    """7 and 8. The engine sees a session, never a row; its model is sampled."""
    with run.attempt() as out, run.local("train.parquet") as rows:
        request: dict[str, object] = {
            "train": rows["train.parquet"],
            "schema": run.dataset.schema,
            "plan": run.job.plan,
            "canaries": run.job.facts.get("canaries", 0),
            "without_dp": run.job.facts.get("without_dp", False),
            "reference": run.job.facts.get("reference", ""),
            "conditions": {name: _asked(run).get(name, {}) for name in CONDITIONS},
            "sketch_key": sketch_key(run.job.tenant, run.ports).hex(),
            "engines": str(run.ports.settings.home / "engines"),
            "texts": run.ports.settings.texts,
            "out": str(out),
        }
        if pays_again(run.job.plan):
            run.once("training_begun", _cut_short())
        made = run.child("fit", request)
        (out / "made.json").write_text(json.dumps(made, sort_keys=True))
        run.publish(out)
    return {name: float(value) for name, value in cast("dict[str, float]", made["seconds"]).items()}


def _cut_short() -> Failed:
    """A training that was begun has used what was paid for it, whether or not it came to its end."""
    return Failed(
        "The training of the text model was cut short. What was spent stays spent; asking again is another job and "
        "pays again.",
        code="training-cut-short",
    )


def evaluate(run: Run) -> Seconds:
    """9. Two reports: one for the owner, one that may leave with the data."""
    tenant = TenantId(run.job.tenant)
    with run.ports.database.read() as tx:
        stores = tx.for_tenant(tenant)
        accounts = [stores.ledger.account(scope) for scope in run.scope.path]
        digest = run.dataset.sha256
        attempts = stores.jobs.count_done(digest) + stores.jobs.count_withheld(digest, WITHHELD) + 1
    statement = _statement(run, accounts)
    with run.attempt() as out, run.local(CANONICAL, *_JUDGED, *_beside(run)) as rows:
        (out / "privacy_statement.json").write_text(json.dumps(statement, indent=1, sort_keys=True))
        request: dict[str, object] = {
            **{name.removesuffix(".parquet"): rows[name] for name in _JUDGED},
            "canonical": rows[CANONICAL],
            "without_dp": rows.get(WITHOUT_DP, ""),
            "written": rows.get(WRITTEN, ""),
            "stretches": run.facts("made.json").get("stretches", 0),
            "policy": run.job.facts.get("policy", {}),
            "released": run.facts("made.json").get("released", {}),
            "canaries": run.facts("made.json").get("canaries", {}),
            "schema": run.dataset.schema,
            "statement": statement,
            "attempts": attempts,
            "exposed_key": run.key("exposed"),
            "job": {"id": run.job.id, "engine": run.job.engine, "scrub": run.facts("scrub.json")}
            | {"table_without_privacy": run.facts("made.json").get("reference", "")},
            "out": str(out),
        }
        refused = cast("list[str]", run.child("judge", request)["refused"])
        if refused:
            run.publish(out, FOR_THE_OWNER)  # who must learn why
            raise _withheld(refused)
        run.publish(out)
    return {}


CONDITIONS = ("where", "rebalance", "impute")
"""What a job may ask of its rows, public facts of its request."""


def _is_private(run: Run) -> bool:
    """Whether the job's engine has a formal guarantee; without one no epsilon is named anywhere."""
    return engines()[run.job.engine].formal_guarantee is not None


def _asked(run: Run) -> dict[str, object]:
    """The request of the job; of one of before, nothing."""
    return cast("dict[str, object]", run.job.facts.get("asked", {}))


_JUDGED = ("train.parquet", "members.parquet", "controls.parquet", "synthetic.parquet")


def _beside(run: Run) -> tuple[str, ...]:
    """What the judge reads only if the owner asked for it."""
    without_dp = (WITHOUT_DP,) if run.job.facts.get("without_dp") else ()
    return (*without_dp, WRITTEN) if has_text(run.job.plan) else without_dp


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
        epsilon=run.job.epsilon if _is_private(run) else None,
        delta=run.job.delta,
        accountant=accountant_of(run.job.engine),
        events=[(str(entry["purpose"]), cast("dict[str, object]", entry["event"])) for entry in events],
        provenance=_provenance(run),
        budget=budget_position(accounts[1]),
        scopes=[scope_position(account) for account in accounts],
        code_version=__version__,
        canaries=cast(int, run.job.facts.get("canaries", 0)),
        generation=run.dataset.generation + 1,
        made_from_release=run.dataset.release_of,
    ).as_dict()


def _provenance(run: Run) -> dict[str, str]:
    """How each fact of each column was learnt, for example ``{"age: bounds": "declared"}``."""
    columns = cast("dict[str, dict[str, str]]", run.facts("made.json")["provenance"])
    return {f"{column}: {fact}": how for column, facts in columns.items() for fact, how in facts.items()}


def bundle(run: Run) -> Seconds:
    """10. One zip with a manifest of digests. The copies of real rows go, and what was made of them without privacy."""
    with run.attempt() as out, run.local(*BUNDLED) as files:
        paths = {name: Path(path) for name, path in files.items()}
        write_bundle(out / BUNDLE, paths, facts=_public_facts(run), seed=run.ports.keys.signing_seed())
        run.publish(out)
    run.forget(("train.parquet", "members.parquet", "controls.parquet", WITHOUT_DP, WRITTEN))
    return {}


BUNDLED = (
    "synthetic.parquet",
    "synthetic.csv",
    "report.release.json",
    "report.release.html",
    "privacy_statement.json",
)


def _public_facts(run: Run) -> dict[str, object]:
    private = _is_private(run)
    return {
        "job": run.job.id,
        "population": run.job.population,
        "engine": run.job.engine,
        "formal_guarantee": private,
        "epsilon": run.job.epsilon if private else None,
        "delta": run.job.delta if private else None,
        "n_rows": run.facts("made.json")["n_rows"],
        **{name: wanted for name in CONDITIONS if (wanted := _asked(run).get(name))},
        "sampling": run.facts("made.json").get("sampling", {}),
        "generation": run.dataset.generation + 1,
        "made_from_release": run.dataset.release_of,
        "supersedes": run.job.facts.get(SUPERSEDES, ""),
        "csv_note": "Text cells that a spreadsheet would run as a formula begin with an apostrophe; Parquet is exact.",
    }


def released(run: Run, stores: TenantStores) -> None:
    """The job is done: from here on its bundle is a release."""
    made = run.facts("made.json")
    release = Release(
        tenant=run.job.tenant,
        job_id=run.job.id,
        dataset_id=run.dataset.id,
        population=run.job.population,
        created_at=run.ports.clock.now(),
        n_rows=cast(int, made["n_rows"]),
        generation=run.dataset.generation + 1,
        made_from=run.dataset.release_of,
        sketch=str(made.get("sketch", "")),
    )
    supersede(release, stores, superseded=str(run.job.facts.get(SUPERSEDES, "")))


FLOWS: dict[str, tuple[Step, ...]] = {
    SYNTHESIZE: (
        Step("scrub", scrub, 25),
        Step("spend", spend, 26),
        Step("fit", fit, 65),
        Step("evaluate", evaluate, 97),
        Step("bundle", bundle, 99, released),
    ),
    EVALUATE: COMPARE_FLOW,
    CURVE: CURVE_FLOW,
    PULL: PULL_FLOW,
}
"""The steps of each kind of job. What stands here is persisted by name: raise ``worker.FLOW_VERSION`` to reorder it."""
