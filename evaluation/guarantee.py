"""The guarantee: the ledger's numbers and what they imply for any attacker. Releasable, for no row is read.

Sources of the caps: Wasserman and Zhou 2010 (hypothesis testing view); Kairouz, Oh and Viswanath 2015
for (epsilon, delta); posterior odds by Bayes' rule.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

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
    if not statement.provenance:
        status, note = Status.GREY, "the statement does not say how the domain was learnt"
    else:
        status, note = (Status.RED, "") if raw else (Status.GREEN, f"none of {len(statement.provenance)} facts")
    return Metric(
        id="guarantee.provenance",
        title="Facts taken from rows without an event",
        value=float(len(raw)) if statement.provenance else None,
        status=status,
        threshold=Threshold(amber=0, red=0, source="Annamalai et al., arXiv:2405.10994"),
        disclosure=Disclosure.RELEASABLE,
        method="bounds, categories and bins of the columns that were read from rows and not paid for",
        unit="facts",
        subject=", ".join(raw[:5]),
        notes=(note,) if note else (),
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
    counted = Counter((item.purpose, _describe(item.event)) for item in statement.events)
    rows = tuple((purpose, text if n == 1 else f"{n} × {text}") for (purpose, text), n in counted.items())
    return Table(
        id="guarantee-events",
        title="What was measured",
        header=("Purpose", "Mechanism"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
        note=statement.accountant,
    )


def _describe(event: Mapping[str, object]) -> str:
    """An encoded event in words; one of a kind not known here by its name and its numbers."""
    kind, inner, parts = str(event.get("type", "event")), event.get("event"), event.get("events")
    if isinstance(parts, list):
        counted = Counter(_describe(part) for part in parts if isinstance(part, Mapping))
        return "; ".join(text if n == 1 else f"{n} × {text}" for text, n in counted.items()) or "nothing"
    if isinstance(inner, Mapping):
        count, rate = event.get("count"), event.get("sampling_probability")
        text = _describe(inner) if count is None else f"{count} × {_describe(inner)}"
        return text if rate is None else f"{text}, each on a random {float(str(rate)):.3g} of the rows"
    if kind in ("gaussian", "laplace"):
        return f"{kind.capitalize()} noise, multiplier {float(str(event.get('noise_multiplier', 'nan'))):.4g}"
    if kind == "failure":
        return f"threshold, fails with probability {short(float(str(event.get('delta', 'nan'))))}"
    numbers = [f"{key} {value:.4g}" for key, value in event.items() if isinstance(value, int | float)]
    return ", ".join([kind.replace("_", " "), *numbers])


def _origins(statement: PrivacyStatement) -> Table:
    """One line per column; a provenance key may name one fact of a column as "column: fact"."""
    said = {"public": "public", "declared": "declared", "dp": "bought with budget", "raw": "read from rows"}
    by_column: dict[str, list[str]] = {}
    for key, how in statement.provenance.items():
        column, _, fact = key.rpartition(": ")
        text = said.get(how, how)
        by_column.setdefault(column or key, []).append(f"{fact} {text}" if column else text)
    return Table(
        id="guarantee-origins",
        title="Where each column's domain comes from",
        header=("Column", "Origin"),
        rows=tuple((column, "; ".join(facts)) for column, facts in by_column.items()),
        disclosure=Disclosure.RELEASABLE,
        note="Declared by the owner in the schema; bought with budget by a mechanism of this release.",
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
