"""Re-identification risk: attacks on the synthetic table, each with people who were never trained on.

Owner side. Every p value of this section is Holm-corrected over the family of attacks before it may
turn a light; the one-run bound is compared with the claimed epsilon and stops the release above it.
Thresholds: shared study, table B5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from evaluation.belief import belief
from evaluation.encode import Encoded
from evaluation.exposed import Naming, exposed
from evaluation.groups import Grouping
from evaluation.intervals import difference, holm
from evaluation.membership import Attack, Audit, attack, audit, epsilon_lower_bound, roc
from evaluation.report import Disclosure, Figure, Metric, Section, Series, Status, Threshold
from evaluation.statement import PrivacyStatement
from evaluation.subgroups import worst_off
from evaluation.tradeoff import TradeOff, trade_off
from evaluation.verbatim import Verbatim, matches, outcome, verbatim
from evaluation.wp29 import Triad

MEMBERSHIP = Threshold(amber=0.52, red=0.55)
ALPHA_RED, ALPHA_AMBER = 0.001, 0.01
MIN_CONTROLS = 30
STOP_LEVEL = 0.99
STRATA = ((0.05, 0.70), (0.01, 0.85))
"""Share of the most isolated people, and the AUC that must be visible for a green light."""
ENOUGH_POWER_COPIES = 0.05
_FRACTIONS = np.geomspace(0.002, 1.0, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The section, whether the release must stop, and the smallest leak that could have been seen."""

    section: Section
    stop: bool
    power: str


def risk(
    encoded: Encoded,
    statement: PrivacyStatement,
    rng: np.random.Generator,
    *,
    criteria: Triad | None = None,
    groups: Sequence[Grouping] = (),
    name: Naming | None = None,
) -> Risk:
    """Run the attacks. `criteria` are the three WP29 criteria, which carry their own lights; `groups` of people.

    `name` says what a row of the audited people is called in the table of those most exposed.
    """
    found = matches(encoded)
    copies = verbatim(encoded, found)
    people = audit(encoded, rng) if encoded.columns else None
    everyone = attack(people, rng) if people is not None else None
    edges = _edges(people, rng)
    family = [everyone, *edges.values()]
    adjusted = holm([copies.p_value, *(found.p_value if found else 1.0 for found in family)])
    claim, best = _claim(people, statement), trade_off(statement)
    outcomes = [outcome(encoded, found), *(criteria.outcomes if criteria is not None else ())]
    if people is not None:
        outcomes.append(people.outcome())
    edge = worst_off(outcomes, groups)
    metrics = [
        _verbatim(copies, adjusted[0]),
        _everyone(everyone, adjusted[1], best),
        *(_isolated(share, edges[share], p) for share, p in zip(edges, adjusted[2:], strict=True)),
        claim,
        *(criteria.metrics if criteria is not None else ()),
        edge.metric,
    ]
    section = Section(
        id="risk",
        title="Re-identification risk",
        question="Could someone learn who was in the training table, or what it said about them?",
        metrics=tuple(metrics),
        figures=(*_figures(people, everyone, edges, best), *edge.figures),
        tables=(
            *belief(people, best),
            *((criteria.table,) if criteria is not None and criteria.table.rows else ()),
            *edge.tables,
            *exposed(people, name),
        ),
    )
    return Risk(
        section=section, stop=claim.status is Status.RED and statement.epsilon is not None, power=_power(copies)
    )


def _edges(people: Audit | None, rng: np.random.Generator) -> dict[float, Attack | None]:
    """The attack on each isolated stratum. A smaller one than the first is run only where it has controls."""
    edges: dict[float, Attack | None] = {}
    for share, _ in STRATA:
        found = attack(people.most_isolated(share), rng) if people is not None else None
        if not edges or (found is not None and min(found.n, found.n_control) >= MIN_CONTROLS):
            edges[share] = found
    return edges


def _verbatim(found: Verbatim, p_value: float) -> Metric:
    visible = found.detectable(alpha=ALPHA_RED)
    if min(found.eligible, found.control_eligible) < MIN_CONTROLS or visible is None:
        status = Status.GREY
    elif p_value < ALPHA_RED:
        status = Status.RED
    else:
        status = Status.AMBER if p_value < ALPHA_AMBER or visible > ENOUGH_POWER_COPIES else Status.GREEN
    ci = difference(found.hits, found.eligible, found.control_hits, found.control_eligible)
    both = found.eligible > 0 and found.control_eligible > 0
    rate = found.hits / found.eligible - found.control_hits / found.control_eligible if both else None
    return Metric(
        id="risk.verbatim",
        title="Verbatim copies",
        value=rate,
        ci=ci if both else None,
        n=found.eligible,
        n_control=found.control_eligible,
        reference=f"{found.hits:,} of {found.eligible:,} trained on, "
        f"{found.control_hits:,} of {found.control_eligible:,} never seen",
        status=status,
        threshold=Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, source="p value; Amin et al., arXiv:2606.16952"),
        disclosure=Disclosure.OWNER,
        p_value=p_value,
        method="people whose own row is in the output, trained on against never seen; "
        "exact binomial, Holm; Newcombe interval",
        unit="share above chance",
        power=_power(found),
    )


def _power(found: Verbatim) -> str:
    visible = found.detectable(alpha=ALPHA_RED)
    if visible is None:
        return "No verbatim copying of any size could have been seen: there are too few held-out people."
    return f"Verbatim copies of {visible:.2%} of the training people would have turned red with 90% power."


def _everyone(found: Attack | None, p_value: float, best: TradeOff | None) -> Metric:
    enough = found is not None and min(found.n, found.n_control) >= MIN_CONTROLS
    return Metric(
        id="risk.membership",
        title="Membership, everyone",
        value=found.auc if found else None,
        ci=found.ci if found else None,
        n=found.n if found else None,
        n_control=found.n_control if found else None,
        reference="0.5 is guessing" if best is None else f"0.5 is guessing; the guarantee allows {best.auc:.2f}",
        status=MEMBERSHIP.light(found.ci) if found is not None and enough else Status.GREY,
        threshold=MEMBERSHIP,
        disclosure=Disclosure.OWNER,
        p_value=p_value,
        method="AUC of the distance to the nearest of all synthetic rows, relative to the neighbourhood; "
        "Newcombe interval, permutation p, Holm",
        unit="AUC",
        notes=() if enough else (f"needs {MIN_CONTROLS} people on each side",),
    )


def _isolated(share: float, found: Attack | None, p_value: float) -> Metric:
    fewest = min(found.n, found.n_control) if found is not None else 0
    visible = _visible_auc(fewest)
    if found is None or fewest < MIN_CONTROLS:
        status = Status.GREY
    elif p_value < ALPHA_RED:
        status = Status.RED
    else:
        status = Status.AMBER if p_value < ALPHA_AMBER or visible > dict(STRATA)[share] else Status.GREEN
    return Metric(
        id=f"risk.membership.isolated{share:.0%}".rstrip("%"),
        title=f"Membership, most isolated {share:.0%}",
        value=found.auc if found else None,
        ci=found.ci if found else None,
        n=found.n if found else None,
        n_control=found.n_control if found else None,
        reference="0.5 is guessing",
        status=status,
        threshold=Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, source="p value; Meeus et al., arXiv:2306.10308"),
        disclosure=Disclosure.OWNER,
        p_value=p_value,
        method="the same attack on the people farthest from everybody else; permutation p, Holm",
        unit="AUC",
        power="" if fewest < MIN_CONTROLS else f"an AUC of {visible:.2f} would have turned red with 90% power",
        notes=(f"needs {MIN_CONTROLS} people on each side",) if fewest < MIN_CONTROLS else (),
    )


def _visible_auc(n: int) -> float:
    """AUC that gives p < ALPHA_RED with 90 % power for n against n (normal limit, variance at 0.5)."""
    return float(0.5 + (norm.isf(ALPHA_RED) + norm.ppf(0.9)) / np.sqrt(6 * n)) if n > 0 else 1.0


def _claim(people: Audit | None, statement: PrivacyStatement) -> Metric:
    """The one-run audit: amber if more leakage is proven than was claimed, red and stop if at 99 %.

    To stop withholds a release whose budget is spent, so an honest mechanism that is tight at its claim
    must not be stopped once in twenty times. Higher levels drown in the delta term of the bound.
    """
    proven, most = (0.0, 0.0) if people is None else epsilon_lower_bound(people, delta=statement.delta)
    n = 0 if people is None else int(np.count_nonzero(people.member))
    control = 0 if people is None else len(people.member) - n
    claim, notes = statement.epsilon, []
    if min(n, control) < MIN_CONTROLS:
        status = Status.GREY
        notes.append(f"needs {MIN_CONTROLS} people on each side")
    elif claim is None:
        certain = people is not None and epsilon_lower_bound(people, delta=statement.delta, level=STOP_LEVEL)[0] > 0
        status = Status.RED if certain else Status.AMBER if proven > 0 else Status.GREY
        notes.append("nothing was promised, so there is no claim to hold the audit against")
    elif people is not None and epsilon_lower_bound(people, delta=statement.delta, level=STOP_LEVEL)[0] > claim:
        status = Status.RED
        notes.append("STOP: the output leaks more than the guarantee allows; there is a fault in the mechanism")
    elif proven > claim:
        status = Status.AMBER
        notes.append("above the claim at 95% confidence, not at the 99% that stops a release")
    else:
        status = Status.GREEN if most > claim else Status.GREY
        if most <= claim:
            notes.append(f"with this many people the audit could prove at most {most:.2f}, so it cannot test the claim")
    return Metric(
        id="risk.audit",
        title="Leakage proven by audit",
        value=proven if n and control else None,
        ci=(proven, float("inf")) if n and control else None,
        n=n,
        n_control=control,
        reference="no claim" if claim is None else f"claimed epsilon {claim:g}",
        status=status,
        threshold=None if claim is None else Threshold(amber=claim, red=claim, source="the privacy statement"),
        disclosure=Disclosure.OWNER,
        method="lower bound on epsilon from one run with fair-coin inclusion; Steinke et al., arXiv:2305.08846",
        unit="epsilon",
        power=f"could have proven at most epsilon {most:.2f}",
        notes=tuple(notes),
    )


def _figures(
    people: Audit | None, everyone: Attack | None, edges: dict[float, Attack | None], best: TradeOff | None
) -> list[Figure]:
    named = [("Everyone", everyone), *((f"Isolated {share:.0%}", found) for share, found in edges.items())]
    attacks = [(name, found) for name, found in named if found is not None and np.isfinite(found.auc)]
    if people is None or not attacks:
        return []
    rows = {
        "AUC": [a.auc for _, a in attacks],
        "Low": [a.ci[0] for _, a in attacks],
        "High": [a.ci[1] for _, a in attacks],
    }
    options: dict[str, float | str] = {"amber": MEMBERSHIP.amber, "red": MEMBERSHIP.red, "guess": 0.5}
    figures = [
        Figure(
            id="risk-attacks",
            kind="intervals",
            title="Membership attacks",
            description="AUC with its 95% interval; 0.5 is guessing, 1 is certainty.",
            labels=tuple(name for name, _ in attacks),
            series=tuple(Series(name=k, values=tuple(v), disclosure=Disclosure.OWNER) for k, v in rows.items()),
            options=options,
        )
    ]
    curve = {"Attack": roc(people, _FRACTIONS), "Guessing": _FRACTIONS}
    if best is not None:
        curve["Allowed by the guarantee"] = best.tpr(_FRACTIONS)
    figures.append(
        Figure(
            id="risk-roc",
            kind="roc",
            title="Attack against guarantee",
            description="Share of trained-on people found, by share of never-seen people wrongly accused. "
            "No attack on a mechanism that keeps its promise can enter the shaded region, chance aside.",
            labels=tuple(f"{fraction:.3g}" for fraction in _FRACTIONS),
            series=tuple(
                Series(name=k, values=tuple(float(x) for x in v), disclosure=Disclosure.OWNER) for k, v in curve.items()
            ),
        )
    )
    return figures
