"""The guarantee: the ledger's numbers and what they imply for any attacker. Releasable, for no row is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from evaluation.report import Disclosure, Figure, Metric, Section, Series, Status, Table, Threshold
from evaluation.statement import PrivacyStatement, short
from evaluation.tradeoff import posterior, trade_off

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
    best = trade_off(statement)
    rows: tuple[tuple[str, ...], ...] = ()
    note = "Bounds of the guarantee itself, for every attack that is or will be known."
    if best is not None:
        found = best.tpr(np.array([0.01, 0.10]))
        rows = (
            ("AUC of the best membership attack", f"{best.auc:.3f}"),
            ("Members found at 1% false alarms", _percent(float(found[0]))),
            ("Members found at 10% false alarms", _percent(float(found[1]))),
        )
        if best.mu is not None:
            note = f"{note} The noise is Gaussian: mu = {best.mu:.3g} (Gaussian differential privacy)."
    return Table(
        id="guarantee-caps",
        title="What the best attack can reach",
        header=("Attack", "At most"),
        rows=rows,
        disclosure=Disclosure.RELEASABLE,
        note=note,
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
    if kind == "zcdp":
        return f"an engine as a whole, zero-concentrated with rho {float(str(event.get('rho', 'nan'))):.4g}"
    if kind == "non_private":
        return "the rows themselves, without any guarantee"
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
    """Without a guarantee this release has no epsilon to show, least of all 0: what it spent was for its domain."""
    budget, this = statement.budget, statement.epsilon
    granted, left = (budget.epsilon_granted, budget.epsilon_left) if budget is not None else (0.0, 0.0)
    before = max(0.0, granted - left - (this or 0.0))
    return Figure(
        id="guarantee-budget",
        kind="budget",
        title="Budget of the population",
        description="Epsilon granted to this population, and where it has gone."
        if this is not None
        else "Epsilon granted to this population, and where it has gone. This release has no formal guarantee.",
        labels=("Spent before" if this is not None else "Spent", "This release", "Left"),
        series=(Series(name="Epsilon", values=(before, this, max(0.0, left)), disclosure=Disclosure.RELEASABLE),),
    )
