"""Utility: does a model trained on the synthetic table work on real people it never saw?

Owner side. The test set is the held-out controls: they trained neither the synthesizer nor the
reference model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column, Encoded, Floats, Ints
from evaluation.intervals import Interval, auc
from evaluation.models import classify, features, regress
from evaluation.report import Disclosure, Metric, Section, Status, Threshold
from understudy.schema import TableSchema

RECOVERED = Threshold(amber=0.9, red=0.7, better="higher")
MAX_TRAIN = 20_000
MIN_TEST = 30
MIN_PER_CLASS = 5
MAX_CLASSES = 10
_FEW_VALUES = 10
_LEARNABLE = 0.02
_DRAWS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One target as arrays by role: `y` (n,), NaN where missing; `classes` 0 means regression."""

    target: Column
    inputs: tuple[Column, ...]
    y: dict[str, Floats]
    classes: int

    @property
    def score(self) -> str:
        """The name of the score."""
        return "AUC" if self.classes else "R²"


def utility(schema: TableSchema, encoded: Encoded, rng: np.random.Generator) -> Section:
    """Train on synthetic, test on real, against train on real, for every declared target."""
    declared = {column.name for column in schema.targets}
    targets = [column for column in encoded.columns if column.name in declared]
    metrics = [_target(task(schema, encoded, column), encoded, rng) for column in targets]
    if not metrics:
        metrics = [_grey("utility.recovered", "Performance recovered", "no target is declared in the schema")]
    return Section(
        id="utility",
        title="Utility",
        question="Does what is learnt from the synthetic table hold for real people?",
        metrics=tuple(metrics),
    )


def task(schema: TableSchema, encoded: Encoded, target: Column) -> Task:
    """Classes for text, booleans, declared enums and numbers of few values; regression for the rest."""
    declared = schema[target.name]
    few = len(np.unique(target.exact["train"])) <= _FEW_VALUES
    inputs = tuple(column for column in encoded.columns if column.name != target.name)
    if target.number is not None and declared.enum is None and not few:
        return Task(target=target, inputs=inputs, y=dict(target.number), classes=0)
    counts = np.bincount(target.exact["train"], minlength=target.cardinality + 1)
    counts[0] = 0
    kept = [int(code) for code in np.argsort(-counts, kind="stable")[:MAX_CLASSES] if counts[code] > 0]
    label = np.full(target.cardinality + 1, np.nan)
    label[kept] = np.arange(len(kept))
    return Task(
        target=target, inputs=inputs, y={role: label[codes] for role, codes in target.exact.items()}, classes=len(kept)
    )


def fit_predict(job: Task, train: str, tests: tuple[str, ...], rng: np.random.Generator) -> list[Floats]:
    """Train on one role (at most 20,000 seeded rows), predict others: (n, classes) or (n,) by test."""
    x = features(job.inputs, train)
    rows = np.flatnonzero(np.isfinite(job.y[train]))
    if len(rows) > MAX_TRAIN:
        rows = np.sort(rng.choice(rows, MAX_TRAIN, replace=False))
    held = tuple(features(job.inputs, role).values for role in tests)
    y = job.y[train][rows]
    if job.classes:
        return classify(x.values[rows], y.astype(np.int64), x.coded, held, job.classes)
    return regress(x.values[rows], y, x.coded, held)


def _target(job: Task, encoded: Encoded, rng: np.random.Generator) -> Metric:
    id_, title = f"utility.recovered.{job.target.name}", f"Predicting {job.target.name}"
    rows = np.flatnonzero(np.isfinite(job.y["controls"]))
    refusal = _refuse(job, rows)
    if refusal:
        return _grey(id_, title, refusal, n=len(rows))
    predicted = [fit_predict(job, role, ("controls",), rng)[0][rows] for role in ("synthetic", "train")]
    truth, persons = job.y["controls"][rows], encoded.unit["controls"][rows]
    draws = _weights(persons, rng)
    synthetic, real = (_scores(job, guess, truth, draws) for guess in predicted)
    base = 0.5 if job.classes else 0.0
    if real[0] - base < _LEARNABLE:
        return _grey(id_, title, f"real data do not predict it either ({job.score} {real[0]:.3f})", n=len(rows))
    ratio = (synthetic - base) / np.maximum(real - base, _LEARNABLE / 4)
    low, high = np.quantile(ratio[1:], [0.025, 0.975])
    ci: Interval = (float(min(low, ratio[0])), float(max(high, ratio[0])))
    return Metric(
        id=id_,
        title=title,
        value=float(ratio[0]),
        ci=ci,
        n=len(rows),
        n_control=len(rows),
        reference=f"{job.score} {synthetic[0]:.3f} trained on synthetic, {real[0]:.3f} trained on real",
        status=RECOVERED.light(ci),
        threshold=RECOVERED,
        disclosure=Disclosure.OWNER,
        method="share of the real model's gain over guessing that the synthetic model keeps, on held-out people; "
        "gradient-boosted trees, paired bootstrap by person",
        unit="share",
    )


def _refuse(job: Task, rows: Ints) -> str:
    if len(rows) < MIN_TEST:
        return f"needs {MIN_TEST} held-out rows with a known value"
    for role in ("train", "synthetic"):
        if np.count_nonzero(np.isfinite(job.y[role])) < MIN_TEST:
            return f"needs {MIN_TEST} rows with a known value to train on"
    if job.classes:
        counts = np.bincount(job.y["controls"][rows].astype(np.int64), minlength=job.classes)
        if np.count_nonzero(counts >= MIN_PER_CLASS) < 2:
            return f"needs two classes with {MIN_PER_CLASS} held-out rows each"
    return ""


def _grey(id_: str, title: str, why: str, n: int | None = None) -> Metric:
    return Metric(
        id=id_,
        title=title,
        status=Status.GREY,
        n=n,
        threshold=RECOVERED,
        disclosure=Disclosure.OWNER,
        method="train on synthetic, test on real, against train on real",
        unit="share",
        notes=(why,),
    )


def _weights(persons: Ints, rng: np.random.Generator) -> NDArray[np.int64]:
    """(draws + 1, n) bootstrap weights by person; the first row is all ones."""
    names, group = np.unique(persons, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_DRAWS)
    return np.concatenate([np.ones((1, len(persons)), dtype=np.int64), drawn[:, group]])


def _scores(job: Task, guess: Floats, truth: Floats, draws: NDArray[np.int64]) -> Floats:
    if not job.classes:
        return np.array([_r2(guess, truth, weight) for weight in draws])
    classes = [c for c in range(job.classes) if np.count_nonzero(truth == c) >= MIN_PER_CLASS]
    by_class = [_weighted_auc(guess[:, c], truth == c, draws) for c in (classes[:1] if len(classes) == 2 else classes)]
    return np.asarray(np.mean(by_class, axis=0), dtype=np.float64)


def _r2(guess: Floats, truth: Floats, weight: NDArray[np.int64]) -> float:
    centre = np.average(truth, weights=weight)
    spread = float(weight @ (truth - centre) ** 2)
    return 1 - float(weight @ (truth - guess) ** 2) / spread if spread > 0 else 0.0


def _weighted_auc(score: Floats, positive: NDArray[np.bool_], draws: NDArray[np.int64]) -> Floats:
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
