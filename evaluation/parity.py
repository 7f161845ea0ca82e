"""Do unfair gaps grow or vanish? Subgroup performance, demographic parity and equalised odds, real to synthetic.

Owner side. A gap that the synthetic table makes larger is amplified; one that it makes smaller is concealed, and
is as wrong: whoever studies the table would find fairness that is not there.
Sources: Hardt, Price and Srebro, arXiv:1610.02413 (equalised odds); thresholds: shared study, table B4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.contest import Contest
from evaluation.encode import Floats
from evaluation.groups import Codes, Grouping
from evaluation.report import Disclosure, Metric, Status, Threshold
from evaluation.utility import weighted_auc

Flags = NDArray[np.bool_]

PERFORMANCE = Threshold(amber=0.05, red=0.10)
PARITY = Threshold(amber=0.05, red=0.15)
MIN_GROUP = 100
MIN_KIND = 10
"""Rows of each answer, yes and no, that a group needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One estimate of a gap's change: point, standard error, what it is about, and both sides in words."""

    subject: str
    value: float
    error: float
    reference: str


def performance_gap(held: Contest, groups: Sequence[Grouping]) -> Metric:
    """By how much more the worst group loses than everybody does when the model is trained on synthetic rows."""
    title = f"Worst group when predicting {held.job.target.name}"
    found: list[Change] = []
    if not held.refusal:
        truth, score = held.positive()
        whole = [weighted_auc(score[model], truth, held.draws) for model in ("train", "synthetic")]
        for group in groups:
            codes = group.codes["controls"][held.rows]
            for code in range(len(group.labels)):
                inside = codes == code
                if min(np.count_nonzero(truth[inside]), np.count_nonzero(~truth[inside])) >= MIN_KIND:
                    part = [
                        weighted_auc(score[model][inside], truth[inside], held.draws[:, inside])
                        for model in ("train", "synthetic")
                    ]
                    found.append(_loss(group.name(code), part, whole))
    method = (
        "AUC lost by the group minus AUC lost by everybody, model trained on synthetic instead of real rows, on "
        "held-out people; paired bootstrap by person, Bonferroni over groups"
    )
    what = f"fairness.performance.{held.job.target.name}"
    return _judge(what, title, PERFORMANCE, found, method, held, signed=False)


def _loss(name: str, part: list[Floats], whole: list[Floats]) -> Change:
    lost = (part[0] - part[1]) - (whole[0] - whole[1])
    reference = f"AUC {part[0][0]:.3f} trained on real, {part[1][0]:.3f} trained on synthetic"
    return Change(subject=name, value=float(lost[0]), error=float(lost[1:].std(ddof=1)), reference=reference)


def parity(held: Contest, groups: Sequence[Grouping]) -> Metric:
    """Change of the largest difference between groups in the share of yes, training to synthetic rows."""
    yes = {role: _answers(held, role) for role in ("train", "synthetic")}
    found = []
    for group in groups:
        kept, rates, errors = _rates(group, yes)
        if len(kept) < 2:
            continue
        gaps = {role: float(np.ptp(rates[role])) for role in yes}
        # the largest gap is between two groups on each side: their errors add up
        error = float(
            np.sqrt(sum((errors[role][[rates[role].argmin(), rates[role].argmax()]] ** 2).sum() for role in yes))
        )
        reference = f"gap {gaps['train']:.3f} in training rows, {gaps['synthetic']:.3f} in synthetic rows"
        found.append(
            Change(subject=group.column, value=gaps["synthetic"] - gaps["train"], error=error, reference=reference)
        )
    method = (
        "demographic parity: largest difference between groups of one column in the share of yes, synthetic minus "
        "training rows; Bonferroni over columns"
    )
    target = held.job.target.name
    return _judge(f"fairness.parity.{target}", f"Gap between groups in {target}", PARITY, found, method, held)


def _answers(held: Contest, role: str) -> Floats:
    """1 yes, 0 no, NaN not known, for every row of a table, by the same rule as `Contest.positive`."""
    y = held.job.y[role]
    if held.job.classes:
        answer = y == (1 if held.job.classes == 2 else 0)
    else:
        known = held.job.y["train"]
        answer = y > np.median(known[np.isfinite(known)]) if np.isfinite(known).any() else y > 0
    return np.where(np.isfinite(y), answer, np.nan)


def _rates(group: Grouping, yes: dict[str, Floats]) -> tuple[Codes, dict[str, Floats], dict[str, Floats]]:
    """Groups with at least 100 rows on both sides, their shares of yes, and the standard errors."""
    size, counts, hits = len(group.labels), {}, {}
    for role, answer in yes.items():
        known = (group.codes[role] >= 0) & np.isfinite(answer)
        counts[role] = np.bincount(group.codes[role][known], minlength=size)
        hits[role] = np.bincount(group.codes[role][known], weights=answer[known], minlength=size)
    kept = np.flatnonzero(np.min(list(counts.values()), axis=0) >= MIN_GROUP)
    rates = {role: hits[role][kept] / counts[role][kept] for role in yes}
    errors = {role: np.sqrt(np.maximum(rate * (1 - rate), 0.01) / counts[role][kept]) for role, rate in rates.items()}
    return kept, rates, errors


def odds(held: Contest, groups: Sequence[Grouping]) -> Metric:
    """Change of the equalised-odds gap of a model when it is trained on synthetic instead of real rows."""
    found = []
    if not held.refusal:
        truth, score = held.positive()
        said = {model: values >= np.quantile(values, 1 - truth.mean()) for model, values in score.items()}
        for group in groups:
            codes = group.codes["controls"][held.rows]
            kept = [c for c in range(len(group.labels)) if _enough(truth[codes == c])]
            if len(kept) < 2:
                continue
            inside = np.column_stack([codes == c for c in kept])
            real, made = (_odds_gap(said[model], truth, inside, held) for model in ("train", "synthetic"))
            change = made - real
            reference = f"gap {real[0]:.3f} trained on real, {made[0]:.3f} trained on synthetic"
            found.append(
                Change(
                    subject=group.column,
                    value=float(change[0]),
                    error=float(change[1:].std(ddof=1)),
                    reference=reference,
                )
            )
    method = (
        "equalised odds: larger of the gaps between groups in hits and in false alarms, at the share of yes that the "
        "held-out people have; model trained on synthetic minus on real rows, paired bootstrap, Bonferroni over columns"
    )
    target = held.job.target.name
    return _judge(f"fairness.odds.{target}", f"Gap between groups in errors on {target}", PARITY, found, method, held)


def _enough(answers: Flags) -> bool:
    return bool(min(np.count_nonzero(answers), np.count_nonzero(~answers)) >= MIN_KIND)


def _odds_gap(said: Flags, truth: Flags, inside: Flags, held: Contest) -> Floats:
    """Larger of the two gaps (hits, false alarms) between groups, for every bootstrap draw."""
    gaps = []
    for answer in (True, False):
        of_kind = inside & (truth == answer)[:, None]
        rate = (held.draws @ (of_kind & said[:, None])) / np.maximum(held.draws @ of_kind, 1)
        gaps.append(np.ptp(rate, axis=1))
    return np.asarray(np.maximum(*gaps), dtype=np.float64)


def _judge(
    id_: str,
    title: str,
    threshold: Threshold,
    found: Sequence[Change],
    method: str,
    held: Contest,
    *,
    signed: bool = True,
) -> Metric:
    """The change that is furthest from none for certain. Green needs every one to be below red for certain."""
    if not found:
        why = held.refusal or "no two groups are large enough to be compared"
        return _metric(id_, title, Status.GREY, threshold, method, held, notes=(f"underpowered: {why}",))
    z = float(norm.isf(0.025 / len(found)))
    size = {change.subject: abs(change.value) if signed else change.value for change in found}
    bad = max(found, key=lambda change: size[change.subject] - z * change.error)
    low = size[bad.subject] - z * bad.error
    most = max(size[change.subject] + z * change.error for change in found)
    if low > threshold.red:
        status = Status.RED
    elif low > threshold.amber:
        status = Status.AMBER
    else:
        status = Status.GREEN if most < threshold.red else Status.GREY
    notes = []
    if signed and low > 0:
        notes.append(
            "the synthetic table amplifies the gap" if bad.value > 0 else "the synthetic table conceals the gap"
        )
    if status is Status.GREY:
        notes.append(f"underpowered: a change of {most:.2f} in some group is not excluded")
    ci = (bad.value - z * bad.error, bad.value + z * bad.error)
    return _metric(id_, title, status, threshold, method, held, change=bad, ci=ci, notes=tuple(notes), tests=len(found))


def _metric(
    id_: str,
    title: str,
    status: Status,
    threshold: Threshold,
    method: str,
    held: Contest,
    *,
    change: Change | None = None,
    ci: tuple[float, float] | None = None,
    notes: tuple[str, ...] = (),
    tests: int = 0,
) -> Metric:
    return Metric(
        id=id_,
        title=title,
        value=None if change is None else change.value,
        ci=ci,
        n=len(held.rows),
        n_control=len(held.rows),
        reference="" if change is None else change.reference,
        status=status,
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=f"{method}; {tests} compared" if tests else method,
        unit="difference",
        subject="" if change is None else change.subject,
        notes=notes,
    )
