"""What the law's forms ask for, filled where this report knows and left to the owner where it cannot.

Owner side. Three forms: the three criteria of the Article 29 Working Party, an expert determination after HIPAA, and
the clauses of ISO/IEC 27559. None of them is a finding of law.
Sources: WP216 (opinion 05/2014); 45 CFR 164.514(b)(1) and the guidance of HHS of 26 November 2012;
ISO/IEC 27559:2022, headings of clauses 6 to 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluation.report import Disclosure, Metric, Table
from evaluation.statement import PrivacyStatement

OWNER = "owner to fill"

Found = Mapping[str, Metric]

_CRITERIA = (
    ("Singling out: can one person be told apart?", ("risk.singling_out", "risk.membership")),
    ("Linkability: can two records of a person be joined?", ("risk.linkability", "risk.verbatim")),
    ("Inference: can a fact about a person be deduced?", ("risk.inference", "risk.audit")),
)


def wp29(found: Found) -> Table:
    """The three criteria with their numbers."""
    rows = [
        (question if first else "", metric.title, _value(metric), metric.reference, metric.status.value)
        for question, ids in _CRITERIA
        for first, metric in zip((True, False), (found[id_] for id_ in ids if id_ in found), strict=False)
    ]
    return Table(
        id="evidence-wp29",
        title="The three criteria of the Article 29 Working Party",
        header=("Criterion", "Measured by", "Result", "Counts", "Light"),
        rows=tuple(rows),
        disclosure=Disclosure.OWNER,
        note="Opinion 05/2014 (WP216). Each is an attack on people who were trained on minus the same attack on people "
        "who were not. Whether a person is identifiable also depends on who holds the table and on what else they "
        "know; these numbers are evidence for your assessment (recital 26 GDPR).",
    )


def expert_determination(
    statement: PrivacyStatement, found: Found, job: Mapping[str, object], limits: Sequence[str]
) -> Table:
    """Every field of 45 CFR 164.514(b)(1) and of the guidance on it."""
    attacks = [metric for id_, metric in found.items() if id_.startswith("risk.") and metric.value is not None]
    results = "; ".join(f"{metric.title}: {_value(metric)}" for metric in attacks) or "no attack could be run"
    rows = (
        ("(b)(1) Expert's name", OWNER),
        ("(b)(1) Knowledge and experience with statistical and scientific principles and methods", OWNER),
        ("(b)(1)(i) Principles and methods applied", _methods(statement, attacks)),
        ("(b)(1)(i) Information judged", f"synthetic table of {statement.table or job.get('table') or 'this job'}"),
        ("(b)(1)(i) Anticipated recipients", _said(job, "recipients")),
        ("(b)(1)(i) Other information reasonably available to them", _said(job, "other_information")),
        ("(b)(1)(i) Risk of use alone: results", results),
        ("(b)(1)(i) Risk of use in combination: bound that holds for any other information", statement.sentence),
        ("(b)(1)(i) Determination that the risk is very small", OWNER),
        ("(b)(1)(ii) Methods documented", "in this report: method, counts, interval and threshold of every figure"),
        ("(b)(1)(ii) Results that justify the determination", f"{OWNER}, from the sections above"),
        ("Guidance: Replicability, availability, distinguishability of the features", OWNER),
        ("Guidance: Limits of the analysis", " ".join(limits[:2])),
        ("Guidance: Time for which the determination holds", _said(job, "expires")),
        ("Guidance: Data use agreement", _said(job, "agreement")),
        ("Date and signature", OWNER),
    )
    return Table(
        id="evidence-expert",
        title="Expert determination: the fields of 45 CFR 164.514(b)(1)",
        header=("Field", "Content"),
        rows=tuple((field, str(content)) for field, content in rows),
        disclosure=Disclosure.OWNER,
        note="A draft for the expert. It determines nothing by itself.",
    )


_CLAUSES: tuple[tuple[str, str], ...] = (
    ("6.2.2 Security and privacy practices", ""),
    ("6.2.3 Motives and capacity to re-identify", "/limits"),
    ("6.3.2 Transparency of actions and stakeholder engagement", "/statement/sentence"),
    ("6.3.3 Privacy-related harms", ""),
    ("7.2.2 Data principals", "/statement/unit"),
    ("7.2.3 Data type", "section profile"),
    ("7.2.4 Attribute types", "/statement/provenance"),
    ("7.2.5 Dataset properties", "/facts"),
    ("7.3.2 Maximum or average risk", "metric risk.membership.isolated5, risk.subgroups"),
    ("7.3.3 Population or sample-based attack", "section risk"),
    ("7.3.4 Data privacy models", "/statement/events"),
    ("8.2.2 Quantifying identifiability", "metric risk.singling_out, risk.linkability, risk.inference"),
    ("8.2.3 Adversarial testing", "metric risk.membership, risk.audit, risk.verbatim"),
    ("8.3.2 Reconfiguring the environment", ""),
    ("8.3.3 Transforming the data", "/statement/engine, /statement/epsilon"),
    ("8.3.4 Re-evaluation", "/attempts"),
    ("9.2.2 Assigning roles and responsibilities", ""),
    ("9.2.3 Establishing principles, policies and procedures", ""),
    ("9.2.4 Identifying and managing a data disclosure", "/statement/budget"),
    ("9.2.5 Communicating with stakeholders", ""),
    ("9.3.2 Monitoring the data environment", ""),
    ("9.4 Mitigation in case of incident", ""),
)


def iso_27559() -> Table:
    """Where each clause's evidence stands in this report's JSON."""
    return Table(
        id="evidence-iso27559",
        title="ISO/IEC 27559:2022, clause by clause",
        header=("Clause", "Where in the JSON of this report"),
        rows=tuple((clause, path or OWNER) for clause, path in _CLAUSES),
        disclosure=Disclosure.OWNER,
        note="Headings of clauses 6 to 9. A path is where evidence stands, not a claim that the clause is met.",
    )


def _methods(statement: PrivacyStatement, attacks: Sequence[Metric]) -> str:
    promise = "no formal guarantee"
    if statement.epsilon is not None:
        promise = (
            f"differential privacy, epsilon {statement.epsilon:g}, delta {statement.delta:g}, unit {statement.unit}"
        )
    return f"{promise}; attacks with a control group: {', '.join(metric.title.lower() for metric in attacks) or 'none'}"


def _said(job: Mapping[str, object], key: str) -> str:
    return str(job.get(key) or OWNER)


def _value(metric: Metric) -> str:
    if metric.value is None:
        return "not known"
    text = f"{metric.value:.3f}"
    if metric.ci is not None and metric.ci[1] != float("inf"):
        text += f" [{metric.ci[0]:.3f}, {metric.ci[1]:.3f}]"
    return f"{text} {metric.unit}".strip()
