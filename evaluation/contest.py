"""The same task for two models: one trained on synthetic rows, one on equally many real rows.

Owner side. Both are tested on the held-out controls, who trained neither the synthesizer nor a model. The
predictions are made once; utility, calibration and fairness read them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column, Encoded, Floats, Ints
from evaluation.models import classify, features, regress
from understudy.schema import TableSchema

MAX_TRAIN = 20_000
MIN_TEST = 30
MIN_PER_CLASS = 5
MAX_CLASSES = 10
_FEW_VALUES = 10
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Held-out rows of one task: `rows` among the controls, the `truth`, both models' predictions.

    Shapes: guess[model] (n, classes) or (n,), for the models "synthetic" and "train"; `draws` (501, n)
    bootstrap weights by person, of which the first is all ones. `refusal` says why there is nothing.
    """

    job: Task
    rows: Ints
    truth: Floats
    guess: dict[str, Floats]
    draws: NDArray[np.int64]
    refusal: str = ""

    def positive(self) -> tuple[NDArray[np.bool_], dict[str, Floats]]:
        """The task as yes or no, with each model's score for yes.

        Yes is the rarer of two classes, the commonest of several, and above the training median of a number.
        """
        if not self.job.classes:
            known = self.job.y["train"][np.isfinite(self.job.y["train"])]
            return self.truth > np.median(known), self.guess
        wanted = 1 if self.job.classes == 2 else 0
        return self.truth == wanted, {model: guess[:, wanted] for model, guess in self.guess.items()}


def contests(schema: TableSchema, encoded: Encoded, rng: np.random.Generator) -> list[Contest]:
    """One for every declared target."""
    declared = {column.name for column in schema.targets}
    if "controls" not in encoded.rows:
        return []
    return [
        _contest(task(schema, encoded, column), encoded, rng) for column in encoded.columns if column.name in declared
    ]


def _contest(job: Task, encoded: Encoded, rng: np.random.Generator) -> Contest:
    rows = np.flatnonzero(np.isfinite(job.y["controls"]))
    truth, persons = job.y["controls"][rows], encoded.unit["controls"][rows]
    refusal = _refuse(job, rows)
    if refusal:
        none = np.ones((1, len(rows)), dtype=np.int64)
        return Contest(job=job, rows=rows, truth=truth, guess={}, draws=none, refusal=refusal)
    most = min(MAX_TRAIN, *(int(np.count_nonzero(np.isfinite(job.y[role]))) for role in ("synthetic", "train")))
    guess = {role: fit_predict(job, role, ("controls",), rng, most=most)[0][rows] for role in ("synthetic", "train")}
    return Contest(job=job, rows=rows, truth=truth, guess=guess, draws=_weights(persons, rng))


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


def fit_predict(
    job: Task, train: str, tests: tuple[str, ...], rng: np.random.Generator, *, most: int = MAX_TRAIN
) -> list[Floats]:
    """Train on one role (at most `most` seeded rows), predict others: (n, classes) or (n,) by test."""
    x = features(job.inputs, train)
    rows = np.flatnonzero(np.isfinite(job.y[train]))
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    held = tuple(features(job.inputs, role).values for role in tests)
    y = job.y[train][rows]
    if job.classes:
        return classify(x.values[rows], y.astype(np.int64), x.coded, held, job.classes)
    return regress(x.values[rows], y, x.coded, held)


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


def _weights(persons: Ints, rng: np.random.Generator) -> NDArray[np.int64]:
    """(draws + 1, n) bootstrap weights by person; the first row is all ones."""
    names, group = np.unique(persons, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=_DRAWS)
    return np.concatenate([np.ones((1, len(persons)), dtype=np.int64), drawn[:, group]])
