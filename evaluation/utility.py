"""Utility: does a model trained on the synthetic table work on real people it never saw?

Owner side. Reads the predictions of `contest`: what is lost is always relative to a model trained on
equally many real rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.contest import MIN_PER_CLASS, Contest, Task
from evaluation.encode import Floats
from evaluation.intervals import Interval, auc
from evaluation.report import Disclosure, Metric, Section, Status, Threshold

RECOVERED = Threshold(amber=0.9, red=0.7, better="higher")
CALIBRATION = Threshold(amber=0.03, red=0.10)
_LEARNABLE = 0.02
_BINS = 10


def utility(held: Sequence[Contest]) -> Section:
    """Train on synthetic, test on real, against train on real, for every declared target."""
    metrics = [metric for contest in held for metric in (_recovered(contest), _calibration(contest))]
    if not metrics:
        metrics = [_grey("utility.recovered", "Performance recovered", "no target is declared in the schema")]
    return Section(
        id="utility",
        title="Utility",
        question="Does what is learnt from the synthetic table hold for real people?",
        metrics=tuple(metrics),
    )


def _recovered(held: Contest) -> Metric:
    job, n = held.job, len(held.rows)
    id_, title = f"utility.recovered.{job.target.name}", f"Predicting {job.target.name}"
    if held.refusal:
        return _grey(id_, title, held.refusal, n=n)
    synthetic, real = (scores(job, held.guess[model], held.truth, held.draws) for model in ("synthetic", "train"))
    base = 0.5 if job.classes else 0.0
    if real[0] - base < _LEARNABLE:
        return _grey(id_, title, f"real data do not predict it either ({job.score} {real[0]:.3f})", n=n)
    ratio = (synthetic - base) / np.maximum(real - base, _LEARNABLE / 4)
    low, high = np.quantile(ratio[1:], [0.025, 0.975])
    ci: Interval = (float(min(low, ratio[0])), float(max(high, ratio[0])))
    return Metric(
        id=id_,
        title=title,
        value=float(ratio[0]),
        ci=ci,
        n=n,
        n_control=n,
        reference=f"{job.score} {synthetic[0]:.3f} trained on synthetic, "
        f"{real[0]:.3f} trained on equally many real rows",
        status=RECOVERED.light(ci),
        threshold=RECOVERED,
        disclosure=Disclosure.OWNER,
        method="performance gap recovered: share of the real model's gain over guessing that the synthetic model "
        "keeps, on held-out people; gradient-boosted trees, paired bootstrap by person",
        unit="share",
    )


def _calibration(held: Contest) -> Metric:
    """By how much further from the truth the synthetic model's probabilities are than the real model's."""
    id_, title = f"utility.calibration.{held.job.target.name}", f"Honest probabilities of {held.job.target.name}"
    if held.refusal or not held.job.classes:
        return _grey(id_, title, held.refusal or "a number has no probability", n=len(held.rows), what=CALIBRATION)
    truth, score = held.positive()
    synthetic, real = (_miscalibration(score[model], truth, held.draws) for model in ("synthetic", "train"))
    gap = synthetic - real
    ci = (float(min(np.quantile(gap[1:], 0.025), gap[0])), float(max(np.quantile(gap[1:], 0.975), gap[0])))
    return Metric(
        id=id_,
        title=title,
        value=float(gap[0]),
        ci=ci,
        n=len(held.rows),
        n_control=len(held.rows),
        reference=f"mean error {synthetic[0]:.3f} trained on synthetic, {real[0]:.3f} trained on real",
        status=CALIBRATION.light(ci),
        threshold=CALIBRATION,
        disclosure=Disclosure.OWNER,
        method="expected calibration error in ten equal groups by score, synthetic minus real model, on held-out "
        "people; paired bootstrap by person",
        unit="difference",
    )


def _miscalibration(score: Floats, truth: NDArray[np.bool_], draws: NDArray[np.int64]) -> Floats:
    """Expected calibration error of every bootstrap draw: |mean score - share of yes| by tenth of the scores."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, _BINS + 1)[1:-1]))
    inside = np.eye(len(edges) + 1)[np.searchsorted(edges, score, side="right")]
    gaps = np.abs(draws @ (inside * (score - truth)[:, None])).sum(axis=1)
    return np.asarray(gaps / draws.sum(axis=1), dtype=np.float64)


def _grey(id_: str, title: str, why: str, n: int | None = None, what: Threshold = RECOVERED) -> Metric:
    return Metric(
        id=id_,
        title=title,
        status=Status.GREY,
        n=n,
        threshold=what,
        disclosure=Disclosure.OWNER,
        method="train on synthetic, test on real, against train on real",
        unit="share",
        notes=(why,),
    )


def scores(job: Task, guess: Floats, truth: Floats, draws: NDArray[np.int64]) -> Floats:
    """AUC (mean over classes) or R² of these predictions under every row of bootstrap weights: (draws,)."""
    if not job.classes:
        return np.array([_r2(guess, truth, weight) for weight in draws])
    classes = [c for c in range(job.classes) if np.count_nonzero(truth == c) >= MIN_PER_CLASS]
    by_class = [weighted_auc(guess[:, c], truth == c, draws) for c in (classes[:1] if len(classes) == 2 else classes)]
    return np.asarray(np.mean(by_class, axis=0), dtype=np.float64)


def _r2(guess: Floats, truth: Floats, weight: NDArray[np.int64]) -> float:
    centre = np.average(truth, weights=weight)
    spread = float(weight @ (truth - centre) ** 2)
    return 1 - float(weight @ (truth - guess) ** 2) / spread if spread > 0 else 0.0


def weighted_auc(score: Floats, positive: NDArray[np.bool_], draws: NDArray[np.int64]) -> Floats:
    """AUC of every bootstrap draw; ties count half. A draw with one class only counts as the plain AUC."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf))
    weight, hit = draws[:, order].astype(np.float64), positive[order]
    up = np.add.reduceat(weight * hit, starts, axis=1)
    down = np.add.reduceat(weight * ~hit, starts, axis=1)
    below = np.cumsum(down, axis=1) - down / 2
    total = up.sum(axis=1) * down.sum(axis=1)
    plain = auc(score[positive], score[~positive])
    return np.where(total > 0, (up * below).sum(axis=1) / np.maximum(total, 1), plain)
