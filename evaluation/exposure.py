"""What the canaries told: metrics of the result of ``evaluation.canaries.find``. Releasable, for canaries are nobody.

The bound on epsilon holds for the mechanism as it ran, so one above the claim stops the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.intervals import difference
from evaluation.membership import Audit, epsilon_lower_bound
from evaluation.report import Disclosure, Metric, Section, Status, Threshold
from evaluation.statement import PrivacyStatement

ALPHA_RED, ALPHA_AMBER = 0.01, 0.05
MIN_CANARIES = 30
"""On each side, below which the audit says nothing. As for people."""
STOP_LEVEL = 0.99

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The section, and whether the release must stop."""

    section: Section
    stop: bool


def exposure(found: Entry, statement: PrivacyStatement) -> Exposure | None:
    """Judge what was found, or None if there were no canaries."""
    if not found:
        return None
    audit = _audit(found, statement)
    section = Section(
        id="canaries",
        title="Canaries",
        question="Does the output tell which invented rows were trained on?",
        metrics=(_nearest(found), audit, _returned(found)),
    )
    return Exposure(section=section, stop=audit.status is Status.RED)


def _nearest(found: Entry) -> Metric:
    """The most exposed planted canary: its rank among fresh decoys, Bonferroni over all planted ones."""
    planted = np.array(found["planted"], dtype=np.bool_)
    ranks = (1 + np.array(found["as_near"], dtype=np.float64)) / (int(found["n_decoys"]) + 1)
    n = int(np.count_nonzero(planted))
    p_value = min(1.0, n * float(ranks[planted].min())) if n else 1.0
    status = Status.RED if p_value < ALPHA_RED else Status.AMBER if p_value < ALPHA_AMBER else Status.GREEN
    return Metric(
        id="canary.exposure",
        title="Exposure of the most exposed canary",
        value=p_value,
        n=n,
        n_control=int(found["n_decoys"]),
        reference=f"{int(found['n_decoys']):,} fresh decoys that were never offered",
        status=status if n else Status.GREY,
        threshold=Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, better="higher", source="p value"),
        disclosure=Disclosure.RELEASABLE,
        p_value=p_value,
        method="rank of its distance to the nearest synthetic row among those of decoys, Bonferroni over the "
        "planted; Carlini et al., arXiv:1802.08232",
        unit="p",
        power=f"a single leaked canary would have shown p = {n / (int(found['n_decoys']) + 1):.2g}",
    )


def _audit(found: Entry, statement: PrivacyStatement) -> Metric:
    planted = np.array(found["planted"], dtype=np.bool_)
    score = -np.array(found["distance"], dtype=np.float64)
    people = Audit(score=score, isolation=np.zeros(len(score)), member=planted)
    proven, most = epsilon_lower_bound(people, delta=statement.delta)
    surely, _ = epsilon_lower_bound(people, delta=statement.delta, level=STOP_LEVEL)
    n, control, claim = int(np.count_nonzero(planted)), int(np.count_nonzero(~planted)), statement.epsilon
    notes = ["the rows trained on hold the planted canaries too: counts learnt are higher by as many"]
    if min(n, control) < MIN_CANARIES:
        status = Status.GREY
        notes.append(f"needs {MIN_CANARIES} canaries on each side")
    elif claim is None:
        status = Status.RED if proven > 0 else Status.GREY
    elif surely > claim:
        status = Status.RED
        notes.append("STOP: the output leaks more than the guarantee allows; there is a fault in the mechanism")
    elif proven > claim:
        status = Status.AMBER
    else:
        status = Status.GREEN if most > claim else Status.GREY
    if status is Status.GREY and claim is not None and most <= claim:
        notes.append(f"with so many canaries at most {most:.2f} could be proven, so this cannot test the claim")
    return Metric(
        id="canary.audit",
        title="Leakage proven by canaries",
        value=proven,
        ci=(proven, float("inf")),
        n=n,
        n_control=control,
        reference="no claim" if claim is None else f"claimed epsilon {claim:g}",
        status=status,
        threshold=None if claim is None else Threshold(amber=claim, red=claim, source="the privacy statement"),
        disclosure=Disclosure.RELEASABLE,
        method="lower bound on epsilon from one run with fair-coin inclusion; Steinke et al., arXiv:2305.08846",
        unit="epsilon",
        power=f"could have proven at most epsilon {most:.2f}",
        notes=tuple(notes),
    )


def _returned(found: Entry) -> Metric:
    """Canaries that came back word for word: planted against not planted."""
    planted, seen = (np.array(found[key], dtype=np.bool_) for key in ("planted", "returned"))
    hits, others = int(np.count_nonzero(planted & seen)), int(np.count_nonzero(~planted & seen))
    n, control = int(np.count_nonzero(planted)), int(np.count_nonzero(~planted))
    low, high = difference(hits, n, others, control)
    both = n > 0 and control > 0
    return Metric(
        id="canary.returned",
        title="Canaries found word for word",
        value=hits / n - others / control if both else None,
        ci=(low, high) if both else None,
        n=n,
        n_control=control,
        reference=f"{hits:,} of {n:,} planted, {others:,} of {control:,} not planted",
        status=Status.GREY if not both else Status.RED if low > 0 else Status.GREEN,
        disclosure=Disclosure.RELEASABLE,
        method="rows of the output that are equal to a canary, before they were taken out; Newcombe interval",
        unit="share above chance",
        notes=(f"{int(found['n_stripped']):,} rows were taken out of the output",),
    )
