"""The models that stand for a user's own: gradient-boosted trees on the coded columns.

Owner side. One place, so that utility, realism and attribute inference use the same features.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from evaluation.encode import Column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TREES = 60
_MIN_TREES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Rows for a tree model: `values` float64 (n, d), NaN missing; which columns are codes."""

    values: Floats
    coded: NDArray[np.bool_]


def features(columns: tuple[Column, ...], role: str) -> Features:
    """Numeric columns as they are, others as the codes of their common values."""
    parts, coded = [], []
    for column in columns:
        number = None if column.number is None else column.number[role]
        parts.append(column.bins[role].astype(np.float64) if number is None else number)
        coded.append(number is None)
    values = np.column_stack(parts) if parts else np.zeros((0, 0))
    return Features(values=values, coded=np.array(coded, dtype=np.bool_))


def classify(x: Floats, y: Ints, coded: NDArray[np.bool_], tests: tuple[Floats, ...], n_classes: int) -> list[Floats]:
    """Class probabilities (n_test, n_classes) of each test set; a class not seen in training gets 0."""
    seen, useful = np.unique(y), _varying(x)
    if len(seen) == 1 or not useful.any():
        return [_constant(len(test), int(seen[0]), n_classes) for test in tests]
    with threadpool_limits(1):  # threads of small fits wait for each other longer than they work
        return _classes(x[:, useful], y, coded[useful], [test[:, useful] for test in tests], n_classes)


def _classes(x: Floats, y: Ints, coded: NDArray[np.bool_], tests: list[Floats], n_classes: int) -> list[Floats]:
    seen = np.unique(y)
    trees = max(_MIN_TREES, _TREES * 2 // len(seen)) if len(seen) > 2 else _TREES
    model = HistGradientBoostingClassifier(
        max_iter=trees, early_stopping=False, categorical_features=coded, random_state=0
    ).fit(x, y)
    result = []
    for test in tests:
        full = np.zeros((len(test), n_classes))
        full[:, model.classes_] = model.predict_proba(test)
        result.append(full)
    return result


def regress(x: Floats, y: Floats, coded: NDArray[np.bool_], tests: tuple[Floats, ...]) -> list[Floats]:
    """Predictions (n_test,) of each test set."""
    useful = _varying(x)
    if not useful.any():
        return [np.full(len(test), y.mean()) for test in tests]
    model = HistGradientBoostingRegressor(
        max_iter=_TREES, early_stopping=False, categorical_features=coded[useful], random_state=0
    )
    with threadpool_limits(1):
        model.fit(x[:, useful], y)
        return [model.predict(test[:, useful]) for test in tests]


def _varying(x: Floats) -> NDArray[np.bool_]:
    """Columns with at least two known values; the others teach nothing and upset the binning."""
    known = np.isfinite(x)
    low = np.where(known, x, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, x, -np.inf).max(axis=0, initial=-np.inf)
    varying: NDArray[np.bool_] = low < high
    return varying


def _constant(n: int, code: int, n_classes: int) -> Floats:
    full = np.zeros((n, n_classes))
    full[:, code] = 1.0
    return full


def clusters(rows: NDArray[np.float32] | Floats, k: int) -> KMeans:
    """k-means of these rows, one start, fixed seed; rows that are alike may make fewer clusters than k."""
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(k, n_init=1, max_iter=30, random_state=0).fit(rows)
