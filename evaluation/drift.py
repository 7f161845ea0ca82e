"""Does the table change from its first to its last row? A generator may wear out on the way.

Releasable: reads the synthetic table alone, and its own order of rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from evaluation.encode import Column, Encoded
from evaluation.intervals import holm
from evaluation.report import Disclosure, Metric, Status, Threshold

Floats = NDArray[np.float64]

DRIFT = Threshold(amber=0.05, red=0.10)
MAX_ROWS = 100_000
MIN_ROWS = 100
_ALPHA = 0.01


def drift(encoded: Encoded) -> Metric:
    """Largest rank correlation of a column with the row number, of at most 100,000 evenly spaced rows.

    A column that is not a number is ranked by how common each row's value is in the synthetic table.
    """
    m = encoded.rows["synthetic"]
    rows = np.arange(0, m, max(1, -(-m // MAX_ROWS)))
    slopes = {column.name: _slope(column, rows) for column in encoded.columns} if len(rows) >= MIN_ROWS else {}
    adjusted = dict(
        zip(slopes, holm([2 * float(norm.sf(abs(r) * np.sqrt(len(rows) - 1))) for r in slopes.values()]), strict=True)
    )
    name = max(slopes, key=lambda column: abs(slopes[column]), default="")
    value, p_value = abs(slopes.get(name, 0.0)), adjusted.get(name, 1.0)
    if not slopes:
        status = Status.GREY
    elif p_value < _ALPHA and value > DRIFT.amber:
        status = Status.RED if value > DRIFT.red else Status.AMBER
    else:
        status = Status.GREEN
    half = 1.96 / np.sqrt(max(1, len(rows)))
    return Metric(
        id="profile.drift",
        title="Change from first to last row",
        value=value if slopes else None,
        ci=(max(0.0, value - half), min(1.0, value + half)) if slopes else None,
        n=len(rows),
        status=status,
        threshold=DRIFT,
        disclosure=Disclosure.RELEASABLE,
        p_value=p_value if slopes else None,
        method="rank correlation of each column with the row number; the largest, Holm over the columns",
        unit="difference",
        subject=name if status in (Status.RED, Status.AMBER) else "",
        notes=() if slopes else (f"needs {MIN_ROWS} rows",),
    )


def _slope(column: Column, rows: NDArray[np.int64]) -> float:
    if column.number is not None:
        values = np.nan_to_num(column.number["synthetic"][rows], nan=-1e101)
    else:
        codes = column.exact["synthetic"][rows]
        values = np.bincount(codes)[codes].astype(np.float64)
    ranks = rankdata(values)
    if ranks.std() == 0:
        return 0.0
    return float(np.corrcoef(ranks, np.arange(len(rows)))[0, 1])
