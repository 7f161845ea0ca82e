"""Edges of the table: tails of numbers, rare categories, and values that are said too often.

Owner side. Counted on all rows.
Thresholds: ours; shared study, table B3.
"""

from __future__ import annotations

import numpy as np

from evaluation.cells import Cell, finding, lost_cells
from evaluation.encode import Column, Encoded
from evaluation.report import Disclosure, Metric, Status, Threshold

TAILS = Threshold(amber=0.80, red=0.50, better="higher")
RARE = Threshold(amber=0.80, red=0.50, better="higher")
HEAPED = Threshold(amber=0.01, red=0.05)
TAIL = 0.05
RARE_BELOW = 0.01
MIN_SEEN = 5
MIN_ROWS = 50
_TIMES = 5.0
_Z = 1.96


def tails(encoded: Encoded) -> Metric:
    """The least kept tail: rows beyond the real 5 % and 95 % points of every numeric column."""
    people, m = len(np.unique(encoded.unit["train"])), encoded.rows["synthetic"]
    counted = [entry for column in encoded.columns for entry in _tails_of(column)] if min(people, m) >= MIN_ROWS else []
    cells = lost_cells(counted, people, m)
    judged = [cell for cell in cells if finding(cell, TAILS) is not Status.GREY]
    order = {Status.RED: 0, Status.AMBER: 1, Status.GREEN: 2}
    bad: Cell | None = min(judged, key=lambda cell: (order[finding(cell, TAILS)], cell.ratio), default=None)
    note = "no numeric column has a tail" if not cells else "underpowered: half of every tail could be gone unseen"
    return Metric(
        id="diversity.tails",
        title="Tails kept, worst column",
        value=None if bad is None else bad.ratio,
        ci=None if bad is None else bad.ci,
        n=people,
        n_control=m,
        status=Status.GREY if bad is None else finding(bad, TAILS),
        threshold=TAILS,
        disclosure=Disclosure.OWNER,
        p_value=None if bad is None else bad.adjusted,
        method=f"share of synthetic rows beyond the real 5% or 95% point over the same share of training rows, "
        f"{len(judged)} tails; two-proportion z by person, Holm",
        unit="ratio",
        subject="" if bad is None else bad.name,
        power="" if bad is None else f"a ratio below {bad.visible:.2f} would have been red with 90% power",
        notes=() if bad is not None else (note,),
    )


def _tails_of(column: Column) -> list[tuple[str, float, float]]:
    if column.number is None:
        return []
    real, made = (column.number[role] for role in ("train", "synthetic"))
    known = real[np.isfinite(real)]
    if len(known) == 0 or known.min() == known.max():
        return []
    low, high = np.quantile(known, [TAIL, 1 - TAIL])
    found = []
    for name, outside in (("low", (real < low, made < low)), ("high", (real > high, made > high))):
        share = float(np.mean(outside[0]))
        if share > TAIL / 4:  # heaped values can leave nothing beyond the point
            found.append((f"{name} end of {column.name}", share, float(np.mean(outside[1]))))
    return found


def rare_categories(encoded: Encoded) -> Metric | None:
    """Share of the rare categories that are still there, relative to an equal-size real sample; None if none is."""
    m, present, expected, variance, total = encoded.rows["synthetic"], 0, 0.0, 0.0, 0
    n = encoded.rows["train"]
    for column in encoded.columns if min(n, m) > 0 else ():
        if column.numeric:
            continue
        real, made = (
            np.bincount(column.exact[role], minlength=column.cardinality + 1) for role in ("train", "synthetic")
        )
        rare = np.flatnonzero((real[1:] >= MIN_SEEN) & (real[1:] < RARE_BELOW * n)) + 1
        chance = 1 - (1 - real[rare] / n) ** m
        total += len(rare)
        present += int(np.count_nonzero(made[rare]))
        expected += float(chance.sum())
        variance += float((chance * (1 - chance)).sum())
    if total == 0:
        return None
    enough = expected >= MIN_SEEN
    value = present / expected if enough else None
    # a category more or less is the least that a sample can differ by
    half = _Z * np.sqrt(max(variance, 1.0)) / expected if enough else 0.0
    ci = None if value is None else (max(0.0, value - half), value + half)
    return Metric(
        id="diversity.rare",
        title="Rare categories kept",
        value=value,
        ci=ci,
        n=total,
        n_control=m,
        reference=f"{present:,} of {total:,} are there; {expected:,.0f} would be in a real sample of this size",
        status=Status.GREY if ci is None else RARE.light(ci),
        threshold=RARE,
        disclosure=Disclosure.OWNER,
        method="categories with at least 5 training rows and less than 1% of them, found at least once, over the "
        "number that an equal-size real sample holds; interval from its own sampling",
        unit="ratio",
        notes=() if enough else (f"needs {MIN_SEEN} categories with {MIN_SEEN} rows and under 1%",),
    )


def heaped_values(encoded: Encoded) -> Metric:
    """The largest share of rows at one value that is said over five times as often as in the training rows."""
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    worst: tuple[float, str, float, float] = (0.0, "", 0.0, 0.0)
    for column in encoded.columns if min(n, m) >= MIN_ROWS else ():
        real, made = (
            np.bincount(column.exact[role], minlength=column.cardinality + 1)[1:] for role in ("train", "synthetic")
        )
        often = np.flatnonzero(made / m > _TIMES * (real + 1) / n)
        if len(often):
            excess = made[often] / m - real[often] / n
            top = int(often[int(excess.argmax())])
            worst = max(worst, (float(excess.max()), column.name, made[top] / m, real[top] / n))
    value, name, made_share, real_share = worst
    error = float(np.sqrt(made_share * (1 - made_share) / max(m, 1) + real_share * (1 - real_share) / max(n, 1)))
    known = min(n, m) >= MIN_ROWS and len(encoded.columns) > 0
    ci = (value - _Z * error, value + _Z * error) if known else None
    return Metric(
        id="diversity.heaped",
        title="Values said too often",
        value=value if known else None,
        ci=ci,
        n=m,
        n_control=n,
        reference=f"{made_share:.2%} of synthetic rows, {real_share:.2%} of training rows" if name else "",
        status=Status.GREY if ci is None else HEAPED.light(ci),
        threshold=HEAPED,
        disclosure=Disclosure.OWNER,
        method="largest excess share of one value that is more than five times as common as in the training rows",
        unit="share",
        subject=f"one value of {name}" if name else "",
        notes=() if known else (f"needs {MIN_ROWS} rows on each side",),
    )
