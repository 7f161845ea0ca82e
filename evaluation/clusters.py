"""Variety as a whole: the Vendi score, and whether the regions of the real table keep their shares.

Owner side. Works on a sample of points in the mixed space of `distance`; columns of many codes are left out.
Sources: Friedman and Dieng, arXiv:2210.02410 (Vendi); k-means shares and their thresholds: shared study, table B3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from evaluation.models import clusters

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

_PARTS = 5
_LARGEST_PART = 400
_CLUSTERS = 50
_ROWS_PER_CLUSTER = 20
_DRAWS = 500


def vendi_ratio(real: Floats32, synthetic: Floats32) -> tuple[float, tuple[float, float]] | None:
    """Vendi score of synthetic over real rows with a 95 % interval; None when there are too few rows.

    Shapes: both (n, d). Mean log ratio over five disjoint parts of at most 400 rows, Student's t.
    """
    size = min(_LARGEST_PART, len(real) // _PARTS, len(synthetic) // _PARTS)
    if size < 10:
        return None
    width = float(np.median(np.linalg.norm(real[:size] - real[size : 2 * size], axis=1))) or 1.0
    logs = []
    for part in range(_PARTS):
        here = slice(part * size, (part + 1) * size)
        logs.append(_entropy(synthetic[here], width) - _entropy(real[here], width))
    mean, error = float(np.mean(logs)), float(np.std(logs, ddof=1) / np.sqrt(_PARTS))
    half = float(student.ppf(0.975, _PARTS - 1)) * error
    return float(np.exp(mean)), (float(np.exp(mean - half)), float(np.exp(mean + half)))


def _entropy(rows: Floats32, width: float) -> float:
    """Log of the Vendi score: entropy of the eigenvalues of the normal kernel over n."""
    x = rows.astype(np.float64)
    norms = np.einsum("ij,ij->i", x, x)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2 * x @ x.T, 0)
    values = np.linalg.eigvalsh(np.exp(-squared / (2 * width * width)) / len(x))
    values = values[values > 1e-12]
    return float(-(values * np.log(values)).sum())


def cluster_distance(
    anchor: Floats32, real: Floats32, synthetic: Floats32, rng: np.random.Generator
) -> tuple[float, tuple[float, float]]:
    """Jensen-Shannon distance of the shares of k-means clusters above sampling noise, with a 95 % interval.

    Clusters are those of `anchor` (k = 50, fewer when it is small); the shares are of the other two.
    """
    k = min(max(2, min(_CLUSTERS, len(anchor) // _ROWS_PER_CLUSTER)), len(np.unique(anchor, axis=0)))
    model = clusters(anchor, k)
    counts = [np.bincount(model.predict(part), minlength=k) for part in (real, synthetic)]
    n, m = len(real), len(synthetic)
    value = _distance(counts[0] / n, counts[1] / m, k, n, m)
    drawn = [
        rng.multinomial(len(part), count / len(part), _DRAWS)
        for part, count in ((real, counts[0]), (synthetic, counts[1]))
    ]
    again = [_distance(a / n, b / m, k, n, m, extra=2.0) for a, b in zip(*drawn, strict=True)]
    low, high = (float(v) for v in np.quantile(again, [0.025, 0.975]))
    return value, (min(low, value), max(high, value))


def _distance(p: Floats, q: Floats, k: int, n: int, m: int, *, extra: float = 1.0) -> float:
    """Distance in bits; the expectation under noise, (k - 1) / 8 (1/n + 1/m) nats, is taken off before the root.

    A bootstrap draw carries that noise twice, which is what `extra` says.
    """
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(s > 0, s * np.log2(s / middle), 0.0).sum() / 2 for s in (p, q)]
    noise = extra * (k - 1) / 8 * (1 / n + 1 / m) / np.log(2)
    return float(np.sqrt(max(0.0, sum(parts) - noise)))
