"""Structure that margins do not show: rank correlations, calendars, patterns of missing cells, and the bar to reach.

Owner side. The bar is what real rows that were never trained on would have scored: a fidelity loss is a loss
against that, not against perfection.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from evaluation.encode import Column, Encoded
from evaluation.marginal_distance import gaps, noise_floor, standard_error
from evaluation.report import Disclosure, Metric, Status, Threshold
from understudy.schema import TableSchema

Floats = NDArray[np.float64]

CORRELATION = Threshold(amber=0.10, red=0.20)
CALENDAR = Threshold(amber=0.05, red=0.10)
PATTERN = Threshold(amber=0.02, red=0.10)
LOSS = Threshold(amber=0.02, red=0.10)
MAX_ROWS = 20_000
MIN_ROWS = 50
_MAX_PAIRS = 200
_Z = 1.96
_DAY_US = 86_400_000_000


def structure(schema: TableSchema | None, encoded: Encoded, rng: np.random.Generator) -> list[Metric]:
    """Correlations, dates, missing patterns, loss against real rows, and against a table without privacy if given."""
    found = [_correlations(encoded, rng), _patterns(encoded)]
    if schema is not None and any(schema[column.name].type in ("date", "datetime") for column in encoded.columns):
        found.append(_dates(schema, encoded))
    found.append(_loss(encoded, rng))
    if "without_dp" in encoded.rows:
        found.append(_price(encoded, rng))
    return found


def _correlations(encoded: Encoded, rng: np.random.Generator) -> Metric:
    title, method = (
        "Correlations, worst pair",
        "difference of Spearman's rank correlation, known pairs of numeric columns, at most 20,000 rows a side; "
        "simultaneous interval",
    )
    numeric = [column for column in encoded.columns if column.number is not None]
    n, m = (min(encoded.rows[role], MAX_ROWS) for role in ("train", "synthetic"))
    if len(numeric) < 2 or min(n, m) < MIN_ROWS:
        return _metric("fidelity.correlation", title, CORRELATION, None, method, n, m, "needs two numeric columns")
    real, made = (_spearman(numeric, role, encoded.rows[role], rng) for role in ("train", "synthetic"))
    pairs = list(itertools.combinations(range(len(numeric)), 2))
    change = np.array([abs(real[i, j] - made[i, j]) for i, j in pairs])
    errors = np.array([np.hypot(_rank_error(real[i, j], n), _rank_error(made[i, j], m)) for i, j in pairs])
    z = float(norm.isf(0.025 / len(pairs)))
    worst = int(np.argmax(change - z * errors))
    i, j = pairs[worst]
    value, error = float(change[worst]), float(errors[worst])
    note = f"{real[i, j]:+.2f} in training rows, {made[i, j]:+.2f} in synthetic rows"
    subject = f"{numeric[i].name} × {numeric[j].name}"
    interval = (value, max(0.0, value - z * error), value + z * error)
    return _metric("fidelity.correlation", title, CORRELATION, interval, method, n, m, note, subject)


def _rank_error(r: float, n: int) -> float:
    """Standard error of Spearman's coefficient; source: Bonett and Wright 2000."""
    return float((1 - r * r) * np.sqrt((1 + r * r / 2) / max(1, n - 3)))


def _spearman(columns: list[Column], role: str, n_rows: int, rng: np.random.Generator) -> Floats:
    rows = np.arange(n_rows) if n_rows <= MAX_ROWS else np.sort(rng.choice(n_rows, MAX_ROWS, replace=False))
    ranks = np.zeros((len(rows), len(columns)))
    for index, column in enumerate(columns):
        assert column.number is not None
        values = column.number[role][rows]
        known = np.isfinite(values)
        placed = rankdata(values[known]) if known.any() else np.zeros(0)
        ranks[known, index] = placed - placed.mean() if known.any() else placed
    spread = np.sqrt((ranks**2).sum(axis=0))
    return np.asarray(ranks.T @ ranks / np.maximum(np.outer(spread, spread), 1e-12), dtype=np.float64)


def _patterns(encoded: Encoded) -> Metric:
    """Total variation of which cells of a row are missing together, above noise."""
    title, method = (
        "Cells missing together",
        "total variation of the patterns of missing cells in a row, minus its expectation under sampling noise",
    )
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    if min(n, m) < MIN_ROWS or not encoded.columns:
        return _metric("fidelity.patterns", title, PATTERN, None, method, n, m, f"needs {MIN_ROWS} rows on each side")
    gone = [
        np.packbits(np.column_stack([column.exact[role] == 0 for column in encoded.columns]), axis=1)
        for role in ("train", "synthetic")
    ]
    both = np.ascontiguousarray(np.concatenate(gone)).view(np.dtype((np.void, gone[0].shape[1]))).ravel()
    _, code = np.unique(both, return_inverse=True)
    found = _distance(code[:n], code[n:], int(code.max()) + 1)
    return _metric("fidelity.patterns", title, PATTERN, found, method, n, m, f"{int(code.max()) + 1:,} patterns seen")


def _dates(schema: TableSchema, encoded: Encoded) -> Metric:
    """Worst calendar part of any date, and the order of any two dates in a row."""
    title, method = (
        "Dates, worst part",
        "total variation of weekday, month and hour, and of which of two dates comes first, above sampling noise",
    )
    n, m = encoded.rows["train"], encoded.rows["synthetic"]
    kinds = {column.name: schema[column.name].type for column in encoded.columns}
    dates = [column for column in encoded.columns if kinds[column.name] in ("date", "datetime")]
    parts = [part for column in dates for part in _parts(column, kinds[column.name] == "datetime")]
    parts += [_order(a, b) for a, b in itertools.combinations(dates, 2) if kinds[a.name] == kinds[b.name]]
    judged = [(name, _distance(*codes, size)) for name, codes, size in parts if min(map(len, codes)) >= MIN_ROWS]
    if not judged:
        return _metric("fidelity.dates", title, CALENDAR, None, method, n, m, f"needs {MIN_ROWS} known dates")
    name, found = max(judged, key=lambda item: item[1][0])
    return _metric("fidelity.dates", title, CALENDAR, found, method, n, m, f"worst of {len(judged)} parts", name)


Part = tuple[str, tuple[NDArray[np.int64], NDArray[np.int64]], int]


def _parts(column: Column, has_time: bool) -> list[Part]:
    assert column.number is not None
    sides = [values[np.isfinite(values)] for values in (column.number["train"], column.number["synthetic"])]
    days = [np.floor(side / _DAY_US if has_time else side).astype("datetime64[D]") for side in sides]
    weekday = [(day.astype(np.int64) + 3) % 7 for day in days]
    month = [day.astype("datetime64[M]").astype(np.int64) % 12 for day in days]
    found: list[Part] = [
        (f"weekday of {column.name}", (weekday[0], weekday[1]), 7),
        (f"month of {column.name}", (month[0], month[1]), 12),
    ]
    if has_time:
        hour = [(side % _DAY_US // (_DAY_US // 24)).astype(np.int64) for side in sides]
        found.append((f"hour of {column.name}", (hour[0], hour[1]), 24))
    return found


def _order(first: Column, second: Column) -> Part:
    assert first.number is not None
    assert second.number is not None
    codes = []
    for role in ("train", "synthetic"):
        a, b = first.number[role], second.number[role]
        known = np.isfinite(a) & np.isfinite(b)
        codes.append((np.sign(b[known] - a[known]) + 1).astype(np.int64))
    return f"order of {first.name} and {second.name}", (codes[0], codes[1]), 3


def _distance(real: NDArray[np.int64], made: NDArray[np.int64], size: int) -> tuple[float, float, float]:
    """Excess total variation of two samples of codes and its 95 % interval."""
    n, m = len(real), len(made)
    a, b = np.bincount(real, minlength=size), np.bincount(made, minlength=size)
    excess = float(0.5 * np.abs(a / n - b / m).sum()) - noise_floor((a + b) / (n + m), n, m)
    half = _Z * standard_error(a / n, b / m, n, m)
    return excess, excess - half, excess + half


def _loss(encoded: Encoded, rng: np.random.Generator) -> Metric:
    """Mean 2-way distance above noise, minus the same of rows that were never trained on."""
    title, method = (
        "Loss against real rows",
        "mean 2-way distance above noise of the synthetic table minus that of held-out real rows, at most 200 seeded "
        "pairs; the noise is that of each one's own size",
    )
    n, control = encoded.rows["train"], encoded.rows.get("controls", 0)
    if min(n, control, encoded.rows["synthetic"]) < MIN_ROWS or len(encoded.columns) < 2:
        return _metric("fidelity.loss", title, LOSS, None, method, n, control, f"needs {MIN_ROWS} held-out rows")
    return _compare("fidelity.loss", title, method, "controls", "held-out real rows", encoded, rng)


def _price(encoded: Encoded, rng: np.random.Generator) -> Metric:
    """What the privacy costs: the same job's table with and without noise, against the training table."""
    title, method = (
        "Loss against the same job without privacy",
        "mean 2-way distance above noise of this table minus that of the table made without differential privacy",
    )
    return _compare("fidelity.price", title, method, "without_dp", "table without privacy", encoded, rng)


def _compare(
    id_: str, title: str, method: str, role: str, words: str, encoded: Encoded, rng: np.random.Generator
) -> Metric:
    seed = int(rng.integers(2**32))
    sides = [gaps(encoded, 2, np.random.default_rng(seed), role=side, limit=_MAX_PAIRS) for side in ("synthetic", role)]
    means = [float(np.mean([gap.excess for gap in side])) for side in sides]
    errors = [np.mean([gap.se for gap in side]) for side in sides]
    half = _Z * float(np.hypot(errors[0], errors[1]))
    value = means[0] - means[1]
    note = f"synthetic {means[0]:.3f}, {words} {means[1]:.3f}"
    found = (value, value - half, value + half)
    return _metric(id_, title, LOSS, found, method, encoded.rows["train"], encoded.rows[role], note)


def _metric(
    id_: str,
    title: str,
    threshold: Threshold,
    found: tuple[float, float, float] | None,
    method: str,
    n: int,
    m: int,
    note: str = "",
    subject: str = "",
) -> Metric:
    return Metric(
        id=id_,
        title=title,
        value=None if found is None else found[0],
        ci=None if found is None else found[1:],
        n=n,
        n_control=m,
        status=Status.GREY if found is None else threshold.light(found[1:]),
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=method,
        unit="difference" if id_ == "fidelity.correlation" else "excess",
        subject=subject,
        notes=(note,) if note else (),
    )
