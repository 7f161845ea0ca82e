"""Realism: can a classifier tell synthetic rows from real ones? (C2ST)

Owner side: the classifier is a model of private rows.
Source: Lopez-Paz and Oquab, arXiv:1610.06545.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Encoded, Floats, Ints
from evaluation.intervals import auc, auc_interval
from evaluation.models import classify, features
from evaluation.report import Disclosure, Metric, Status, Threshold

DETECTED = Threshold(amber=0.60, red=0.80)
MAX_SIDE = 5_000
MIN_SIDE = 100
_FOLDS = 3


def realism(encoded: Encoded, rng: np.random.Generator) -> Metric:
    """Cross-validated AUC of real against synthetic rows; held-out rows stand for real if there are enough."""
    real = "controls" if encoded.rows["controls"] >= 10 * MIN_SIDE else "train"
    n = min(encoded.rows[real], encoded.rows["synthetic"], MAX_SIDE)
    if n < MIN_SIDE or not encoded.columns:
        return _metric(None, n, real, f"needs {MIN_SIDE} rows on each side")
    parts = [features(encoded.columns, role) for role in (real, "synthetic")]
    rows = [part.values[rng.choice(len(part.values), n, replace=False)] for part in parts]
    x, y = np.concatenate(rows), np.repeat([0, 1], n)
    return _metric(_cross_validated(x, y, parts[0].coded, rng), n, real, "")


def _cross_validated(x: Floats, y: Ints, coded: NDArray[np.bool_], rng: np.random.Generator) -> float:
    fold = rng.permutation(len(y)) % _FOLDS
    values = []
    for k in range(_FOLDS):
        held, rest = fold == k, fold != k
        score = classify(x[rest], y[rest], coded, (x[held],), 2)[0][:, 1]
        values.append(auc(score[y[held] == 1], score[y[held] == 0]))
    return float(np.mean(values))


def _metric(value: float | None, n: int, real: str, note: str) -> Metric:
    ci = None if value is None else auc_interval(value, n, n)
    return Metric(
        id="fidelity.detectable",
        title="Telling synthetic from real",
        value=value,
        ci=ci,
        n=n,
        n_control=n,
        reference="against held-out rows" if real == "controls" else "against training rows",
        status=Status.GREY if ci is None else DETECTED.light(ci),
        threshold=DETECTED,
        disclosure=Disclosure.OWNER,
        method="AUC of gradient-boosted trees, 3-fold cross-validation; 0.5 means that they cannot be told apart",
        unit="AUC",
        notes=(note,) if note else (),
    )
