"""The judge: rows in, report out. Reads private rows; knows no synthesizer; pure in its inputs and seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from evaluation.diversity import diversity
from evaluation.encode import Encoded, encode
from evaluation.fidelity import fidelity
from evaluation.guarantee import guarantee
from evaluation.hygiene import scrubbed
from evaluation.profile import profile
from evaluation.realism import realism
from evaluation.report import Disclosure, Fact, Json, Report
from evaluation.risk import risk
from evaluation.statement import PrivacyStatement
from evaluation.utility import utility
from evaluation.wp29 import triad
from understudy.schema import TableSchema

LIMITS = (
    "Attacks give lower bounds. A clean report is evidence for your assessment, not proof; the guarantee is the proof.",
    "Free text and identifying columns are left out of every comparison of rows.",
    "Not tested here: linkage with outside registers, inference about groups, attackers who trained shadow models.",
    "Columns with more than 63 values are compared on the 63 most common; the rest counts as one value.",
    "Thresholds marked “ours” are policy, not law.",
)
_JOB_LABELS = {"id": "Release"}
_PUBLIC_JOB = ("id", "table", "engine", "created", "code_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationInputs:
    """What there is to judge. All tables are canonical; `members` are within `train`, `controls` are not.

    `statement` is a privacy statement document; `attempts` counts the releases tried for this one;
    `job` may hold id, table, engine, created, code_version (public) and more (owner only).
    """

    schema: TableSchema
    train: pa.Table
    members: pa.Table
    controls: pa.Table
    synthetic: pa.Table
    statement: Mapping[str, object] = field(default_factory=dict)
    attempts: int = 1
    job: Mapping[str, object] = field(default_factory=dict)


def evaluate(inputs: EvaluationInputs, *, seed: int = 0) -> Report:
    """Judge one synthetic table. The seed draws subsets, folds and bootstraps; equal inputs give equal reports."""
    statement = PrivacyStatement.from_dict(inputs.statement)
    tables = {name: getattr(inputs, name) for name in ("train", "members", "controls", "synthetic")}
    encoded = encode(inputs.schema, tables)
    fresh = _streams(seed)
    secrets = tuple(column.name for column in inputs.schema.targets)
    threats = risk(encoded, statement, fresh("risk"), criteria=triad(encoded, secrets, fresh("wp29")))
    return Report(
        subject=_subject(inputs, statement),
        statement=statement.as_dict(),
        attempts=inputs.attempts,
        facts=_facts(inputs, encoded),
        sections=(
            guarantee(statement),
            threats.section,
            fidelity(encoded, fresh("fidelity"), realism=(realism(encoded, fresh("realism")),)),
            utility(inputs.schema, encoded, fresh("utility")),
            diversity(encoded, fresh("diversity")),
            profile(inputs.schema, inputs.synthetic, inputs.train, tables=(scrubbed(inputs.job.get("scrub")),)),
        ),
        power=threats.power,
        limits=LIMITS,
        stop=threats.stop,
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
        if isinstance(value, str | int | float) and value != ""
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
