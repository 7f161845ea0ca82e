"""The guarantee: the ledger's numbers and what they imply for any attacker. Releasable, for no row is read.

Sources of the caps: Wasserman and Zhou 2010 (hypothesis testing view); Kairouz, Oh and Viswanath 2015
for (epsilon, delta); posterior odds by Bayes' rule.
"""

from __future__ import annotations

import math

from evaluation.report import Disclosure, Figure, Metric, Section, Series, Status, Table, Threshold
from evaluation.statement import PrivacyStatement, short

EPSILON = Threshold(amber=1.0, red=10.0, source="ours; NIST SP 800-226 sets no universal value")
_PRIORS = (0.01, 0.10, 0.50)


def guarantee(statement: PrivacyStatement) -> Section:
    """Epsilon, provenance, the odds table, the events and the budget."""
    figures = (_budget(statement),) if statement.budget is not None else ()
    return Section(
        id="guarantee",
        title="Privacy guarantee",
        question="What holds against every attacker, whatever they know?",
        metrics=(_epsilon(statement), _provenance(statement)),
        figures=figures,
        tables=tuple(
            table
            for table in (_odds(statement), _caps(statement), _events(statement), _origins(statement))
            if table.rows
        ),
    )


def auc_cap(epsilon: float, delta: float = 0.0) -> float:
    """Highest AUC of any membership attack under (epsilon, delta), one person in or out.

    The area under the (epsilon, delta) trade-off curve tpr = min(e^eps fpr + delta,
    1 - e^-eps (1 - delta - fpr)). At delta 0 it is e^eps / (1 + e^eps).
    """
    if epsilon > 50:
        return 1.0
    e = math.exp(epsilon)
    knee = (1 - delta) / (1 + e)
    return 1 - _missed(e, delta, knee)


def tpr_cap(fpr: float, epsilon: float, delta: float) -> float:
    """Highest true positive rate at this false positive rate."""
    e = math.exp(min(epsilon, 50))
    return max(0.0, min(1.0, e * fpr + delta, 1 - (1 - delta - fpr) / e))


def posterior(prior: float, epsilon: float) -> float:
    """Highest belief that a prior belief can be raised to (delta aside)."""
    odds = prior / (1 - prior) * math.exp(min(epsilon, 50))
    return odds / (1 + odds)


def _missed(e: float, delta: float, knee: float) -> float:
    """Area above the trade-off curve: two triangles and the square between them, by the trapezoid rule."""
    end = 1 - delta
    at_knee = end - e * knee
    return (end + at_knee) / 2 * knee + at_knee / 2 * (end - knee)


def _epsilon(statement: PrivacyStatement) -> Metric:
    epsilon, notes = statement.epsilon, []
    if epsilon is None:
        status = Status.RED
        notes.append("no formal guarantee: read the attacks below as the only evidence")
    else:
        status = Status.GREEN if epsilon <= EPSILON.amber else Status.AMBER
        status = Status.RED if epsilon > EPSILON.red else status
        notes.append(f"delta {short(statement.delta)}; the unit protected is {statement.unit}, added or removed")
    return Metric(
        id="guarantee.epsilon",
        title="Epsilon of this release",
        value=epsilon,
        status=status,
        threshold=EPSILON,
        disclosure=Disclosure.RELEASABLE,
        method=f"privacy ledger, {statement.accountant}" if statement.accountant else "privacy ledger",
        unit="epsilon",
        notes=tuple(notes),
    )


def _provenance(statement: PrivacyStatement) -> Metric:
    raw = sorted(name for name, how in statement.provenance.items() if how == "raw")
    status = Status.RED if raw else Status.GREEN if statement.provenance else Status.GREY
    return Metric(
        id="guarantee.provenance",
        title="Facts taken from rows without an event",
        value=float(len(raw)) if statement.provenance else None,
        status=status,
        threshold=Threshold(amber=0, red=0, source="Annamalai et al., arXiv:2405.10994"),
        disclosure=Disclosure.RELEASABLE,
        method="columns whose bounds, categories or bins were read from rows and not paid for",
        unit="columns",
        subject=", ".join(raw[:5]),
        notes=(f"none of {len(statement.provenance)} columns",)
        if statement.provenance and not raw
        else ()
        if raw
        else ("the statement does not say how the domain was learnt",),
    )


def _odds(statement: PrivacyStatement) -> Table:
    rows: tuple[tuple[str, ...], ...] = ()
    if statement.epsilon is not None:
        eps = statement.epsilon
        rows = tuple((_percent(p), _percent(posterior(p, eps))) for p in _PRIORS)
    return Table(
        id="guarantee-odds",
        title="How far any belief can move",
        header=("Belief before", "Belief after"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
        note="Belief about any one person, of an attacker who knows everyone else.",
    )


def _caps(statement: PrivacyStatement) -> Table:
    rows: tuple[tuple[str, ...], ...] = ()
    if statement.epsilon is not None:
        eps, delta = statement.epsilon, statement.delta
        rows = (
            ("AUC of the best membership attack", f"{auc_cap(eps, delta):.3f}"),
            ("Members found at 1% false alarms", _percent(tpr_cap(0.01, eps, delta))),
            ("Members found at 10% false alarms", _percent(tpr_cap(0.10, eps, delta))),
        )
    return Table(
        id="guarantee-caps",
        title="What the best attack can reach",
        header=("Attack", "At most"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
        note="Bounds of the guarantee itself, for every attack that is or will be known.",
    )


def _percent(share: float) -> str:
    return f"{share:.0%}" if abs(share * 100 - round(share * 100)) < 0.005 else f"{share:.1%}"


def _events(statement: PrivacyStatement) -> Table:
    rows = tuple((item.purpose, _describe(item.event)) for item in statement.events)
    return Table(
        id="guarantee-events",
        title="What was measured",
        header=("Purpose", "Mechanism"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
        note=statement.accountant,
    )


def _describe(event: dict[str, object]) -> str:
    """An encoded event as text: its name, then its plain fields."""
    name = next((str(event[key]) for key in ("type", "event", "name", "kind") if key in event), "event")
    plain = [f"{key} {value:g}" for key, value in event.items() if isinstance(value, int | float)]
    return ", ".join([name, *plain])


def _origins(statement: PrivacyStatement) -> Table:
    said = {
        "public": "public fact",
        "declared": "declared by the owner",
        "dp": "bought with budget",
        "raw": "read from rows",
    }
    rows = tuple((name, said.get(how, how)) for name, how in statement.provenance.items())
    return Table(
        id="guarantee-origins",
        title="Where each column's domain comes from",
        header=("Column", "Origin"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
    )


def _budget(statement: PrivacyStatement) -> Figure:
    budget = statement.budget
    granted, left = (budget.epsilon_granted, budget.epsilon_left) if budget is not None else (0.0, 0.0)
    this = statement.epsilon or 0.0
    before = max(0.0, granted - left - this)
    return Figure(
        id="guarantee-budget",
        kind="budget",
        title="Budget of the population",
        description="Epsilon granted to this population, and where it has gone.",
        labels=("Spent before", "This release", "Left"),
        series=(Series(name="Epsilon", values=(before, this, max(0.0, left)), disclosure=Disclosure.RELEASABLE),),
    )
