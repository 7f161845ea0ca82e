"""The judge: rows in, report out. Reads private rows; knows no synthesizer; pure in its inputs and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from evaluation.contest import contests
from evaluation.diversity import diversity
from evaluation.drift import drift
from evaluation.encode import Encoded, encode
from evaluation.evidence import evidence
from evaluation.exposed import naming
from evaluation.exposure import exposure
from evaluation.fairness import fairness
from evaluation.fidelity import fidelity
from evaluation.groups import groupings
from evaluation.guarantee import guarantee
from evaluation.hygiene import scrubbed
from evaluation.identity import identity
from evaluation.profile import profile
from evaluation.realism import realism
from evaluation.released import released_section
from evaluation.report import Disclosure, Fact, Json, Report
from evaluation.risk import risk
from evaluation.statement import PrivacyStatement
from evaluation.text import text
from evaluation.utility import utility
from evaluation.wp29 import triad
from understudy.errors import InputRefused
from understudy.schema import TableSchema

LIMITS = (
    "Attacks give lower bounds. A clean report is evidence for your assessment, not proof; the guarantee is the proof.",
    "Free text and identifying columns are left out of every comparison of rows. A note in other words is found by the "
    "rare words that it keeps: one that keeps hardly any passes unseen, and so does a single one.",
    "Not tested here: linkage with outside registers, inference about groups, attackers who trained shadow models.",
    "Columns with more than 63 values are compared on the 63 most common; the rest counts as one value.",
    "Thresholds marked “ours” are policy, not law.",
)
_JOB_LABELS = {"id": "Release"}
_PUBLIC_JOB = ("id", "table", "engine", "created", "code_version", "policy")
_OF_THE_OWNER = {"recipients": "Who may have the table", "expires": "Holds until"}
"""Public facts that the owner alone can give; page one says where one was not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInputs:
    """What there is to judge. All tables are canonical; `members` are within `train`, `controls` are not.

    `without_dp` is what the same job makes without privacy, where the owner asked for it;
    `statement` is a privacy statement document; `attempts` counts the releases tried for this one;
    `job` may hold id, table, engine, created, code_version, policy in words (public) and more (owner only).
    `released` is what `evaluation.noised` bought, `canaries` what `evaluation.canaries` found; empty without.
    `exposed_key` is the secret under which the most exposed people are named; without one they are not listed.
    """

    schema: TableSchema
    train: pa.Table
    members: pa.Table
    controls: pa.Table
    synthetic: pa.Table
    statement: Mapping[str, object] = field(default_factory=dict)
    without_dp: pa.Table | None = None
    attempts: int = 1
    job: Mapping[str, object] = field(default_factory=dict)
    released: Mapping[str, object] = field(default_factory=dict)
    canaries: Mapping[str, object] = field(default_factory=dict)
    exposed_key: bytes = b""


def evaluate(inputs: EvaluationInputs, *, seed: int = 0) -> Report:
    """Judge one synthetic table. The seed draws subsets, folds and bootstraps; equal inputs give equal reports.

    Raises: InputRefused (split-not-by-person) if a person is both trained on and held out.
    """
    statement = PrivacyStatement.from_dict(inputs.statement)
    encoded = encode(inputs.schema, _tables(inputs))
    _refuse_shared(encoded)
    fresh = _streams(seed)
    secrets = tuple(column.name for column in inputs.schema.targets)
    groups = groupings(encoded)
    threats = risk(
        encoded,
        statement,
        fresh("risk"),
        criteria=triad(encoded, secrets, fresh("wp29")),
        groups=groups,
        name=naming(inputs.members, inputs.schema.unit.column, inputs.exposed_key),
    )
    held = contests(inputs.schema, encoded, fresh("utility"))
    notes = text(inputs.schema, _tables(inputs), encoded, fresh("text"))
    scrub = scrubbed(inputs.job.get("scrub"))
    noised, leaked = released_section(inputs.released, statement), exposure(inputs.canaries, statement)
    sections = (
        guarantee(statement),
        threats.section,
        *((leaked.section,) if leaked is not None else ()),
        *((noised,) if noised is not None else ()),
        fidelity(encoded, fresh("fidelity"), realism=(realism(encoded, fresh("realism")),), schema=inputs.schema),
        utility(held),
        diversity(encoded, fresh("diversity")),
        fairness(encoded, held, fresh("fairness")),
        *([notes] if notes is not None else []),
        profile(inputs.schema, inputs.synthetic, inputs.train, metrics=(drift(encoded),), tables=(scrub,)),
    )
    shared = identity(encoded, groups, secrets)
    last = evidence(inputs.schema, inputs.synthetic, statement, sections, inputs.job, LIMITS, more=(shared,))
    return Report(
        subject=_subject(inputs, statement),
        statement=statement.as_dict(),
        attempts=inputs.attempts,
        facts=_facts(inputs, encoded),
        sections=(*sections, last),
        power=threats.power,
        limits=LIMITS,
        stop=threats.stop or (leaked is not None and leaked.stop),
    )


def _tables(inputs: EvaluationInputs) -> dict[str, pa.Table]:
    tables = {name: getattr(inputs, name) for name in ("train", "members", "controls", "synthetic")}
    return tables if inputs.without_dp is None else {**tables, "without_dp": inputs.without_dp}


def _refuse_shared(encoded: Encoded) -> None:
    """A person on both sides of the split makes every control worthless."""
    if len(np.intersect1d(encoded.unit["train"], encoded.unit["controls"])):
        raise InputRefused(
            "Some people have rows both among the training rows and among the held-out rows; split by person.",
            code="split-not-by-person",
        )


def summary(report: Json) -> Json:
    """Three fidelity and three risk figures of an owner report, for a terminal.

    Each figure: label, value, ci, status, text. Missing ones (a release report has none) are left out.
    """
    found = {metric["id"]: metric for section in _list(report, "sections") for metric in _list(section, "metrics")}
    wanted = {
        "fidelity": ("fidelity.tvd1.mean", "fidelity.tvd2.mean", "fidelity.detectable"),
        "risk": ("risk.verbatim", "risk.membership", "risk.audit"),
    }
    figures = {name: [_figure(found[id_]) for id_ in ids if id_ in found] for name, ids in wanted.items()}
    return {**figures, "stop": bool(report.get("stop", False))}


def _figure(metric: Json) -> Json:
    value, ci = metric["value"], metric["ci"]
    text = "not enough data" if value is None else f"{value:.3f}"
    if isinstance(ci, list) and ci[1] is not None:
        text += f" [{ci[0]:.3f}, {ci[1]:.3f}]"
    return {"label": metric["title"], "value": value, "ci": ci, "status": metric["status"], "text": text}


def _list(entry: Json, key: str) -> list[Json]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _streams(seed: int) -> Callable[[str], np.random.Generator]:
    """One generator per section, so that a change in one does not move the figures of another."""
    return lambda name: np.random.default_rng([seed, *name.encode()])


def _subject(inputs: EvaluationInputs, statement: PrivacyStatement) -> str:
    return str(inputs.job.get("table") or statement.table or inputs.schema.title or inputs.schema.name or "table")


def _facts(inputs: EvaluationInputs, encoded: Encoded) -> tuple[Fact, ...]:
    public, owner = Disclosure.RELEASABLE, Disclosure.OWNER
    unit = inputs.schema.unit
    facts = [
        Fact(
            label=_JOB_LABELS.get(key, key.replace("_", " ").capitalize()),
            value=str(value),
            disclosure=public if key in _PUBLIC_JOB else owner,
        )
        for key, value in inputs.job.items()
        if isinstance(value, str | int | float) and value != "" and key not in _OF_THE_OWNER
    ]
    facts += [
        Fact(label=label, value=str(inputs.job.get(key) or "not stated"), disclosure=public)
        for key, label in _OF_THE_OWNER.items()
    ]
    facts += [
        Fact(label="Population", value=inputs.schema.population, disclosure=public),
        Fact(label="Person", value=unit.column or "one row each", disclosure=public),
        Fact(
            label="Columns modelled",
            value=f"{len(encoded.columns):,} of {len(inputs.schema.columns):,}",
            disclosure=public,
        ),
        Fact(label="Synthetic rows", value=f"{inputs.synthetic.num_rows:,}", disclosure=public),
        Fact(label="Training rows", value=f"{inputs.train.num_rows:,}", disclosure=owner),
        Fact(label="Training people", value=f"{len(np.unique(encoded.unit['train'])):,}", disclosure=owner),
        Fact(label="Held-out people", value=f"{len(np.unique(encoded.unit['controls'])):,}", disclosure=owner),
    ]
    return tuple(facts)
