"""What the synthetic table itself looks like, and whether it keeps to the declared schema.

Bins and labels come from the schema and the synthetic table alone, so the synthetic series may be
released; the real series, counted into the same bins, is for the owner.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluation.encode import NUMERIC, numbers
from evaluation.intervals import wilson
from evaluation.report import Disclosure, Figure, Metric, Section, Series, Status, Table, Threshold
from understudy.schema import ColumnSchema, TableSchema, Value

VALID = Threshold(amber=1.0, red=0.99, better="higher", source="the declared schema")
MAX_SHOWN = 60
_BARS = 14
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Floats = NDArray[np.float64]


def profile(
    schema: TableSchema,
    synthetic: pa.Table,
    train: pa.Table,
    *,
    metrics: tuple[Metric, ...] = (),
    tables: tuple[Table, ...] = (),
) -> Section:
    """Validity against the schema, `metrics`, a histogram of the first 60 modelled columns; `tables` go below."""
    columns = [column for column in schema.modelled if column.name in synthetic.column_names]
    figures = [_figure(index, column, synthetic, train) for index, column in enumerate(columns[:MAX_SHOWN])]
    return Section(
        id="profile",
        title="The synthetic table",
        question="What is in it, and does it keep to the declared schema?",
        metrics=(_validity(columns, synthetic), *metrics),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tuple(table for table in tables if table.rows),
    )


def _validity(columns: list[ColumnSchema], synthetic: pa.Table) -> Metric:
    bad = {column.name: _violations(column, synthetic[column.name]) for column in columns}
    cells, wrong = synthetic.num_rows * len(columns), sum(bad.values())
    worst = max(bad, key=lambda name: bad[name], default="")
    status = Status.GREY if cells == 0 else Status.GREEN if wrong == 0 else Status.RED
    return Metric(
        id="profile.valid",
        title="Cells that keep to the schema",
        value=None if cells == 0 else 1 - wrong / cells,
        ci=None if cells == 0 else wilson(cells - wrong, cells),
        n=cells,
        status=status,
        threshold=VALID,
        disclosure=Disclosure.RELEASABLE,
        method="declared enums, bounds and required values, checked on every cell",
        unit="share",
        subject=worst if wrong else "",
    )


def _violations(column: ColumnSchema, values: pa.ChunkedArray) -> int:
    wrong = values.null_count if column.required else 0
    known = values.drop_null()
    if column.enum is not None:
        allowed = pa.array([_storable(value) for value in column.enum]).cast(known.type)
        wrong += len(known) - int(pc.sum(pc.is_in(known, value_set=allowed)).as_py() or 0)
    for bound, broken in ((column.minimum, pc.less), (column.maximum, pc.greater)):
        if bound is not None:
            limit = pa.scalar(_storable(bound)).cast(known.type)
            wrong += int(pc.sum(broken(known, limit)).as_py() or 0)
    return wrong


def _storable(value: Value) -> Value:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _figure(index: int, column: ColumnSchema, synthetic: pa.Table, train: pa.Table) -> Figure | None:
    if synthetic.num_rows == 0:
        return None
    real = train[column.name] if column.name in train.column_names and train.num_rows else None
    count = _numeric if column.type in NUMERIC else _categorical
    labels, made, seen = count(column, synthetic[column.name], real)
    series = [Series(name="Synthetic", values=made, disclosure=Disclosure.RELEASABLE)]
    if seen is not None:
        series.append(Series(name="Training", values=seen, disclosure=Disclosure.OWNER))
    return Figure(
        id=f"column-{index}",
        kind="histogram",
        title=column.name,
        description=f"Share of rows by value of {column.name}.",
        labels=labels,
        series=tuple(series),
        options={"ordered": 1.0 if column.type in NUMERIC else 0.0},
    )


Shares = tuple[float | None, ...]
Counted = tuple[tuple[str, ...], Shares, Shares | None]


def _numeric(column: ColumnSchema, synthetic: pa.ChunkedArray, real: pa.ChunkedArray | None) -> Counted:
    values = numbers(column, synthetic)
    known = values[np.isfinite(values)]
    low, high = (_declared(column, bound) for bound in (column.minimum, column.maximum))
    bottom = low if low is not None else float(known.min(initial=np.inf))
    top = high if high is not None else float(known.max(initial=-np.inf))
    if not (np.isfinite(bottom) and np.isfinite(top)):
        bottom, top = 0.0, 0.0
    whole = column.type != "number" and top - bottom < _BARS
    edges = np.arange(bottom, top + 2) if whole else np.linspace(bottom, top, _BARS + 1)
    if top <= bottom:
        edges = np.array([bottom, bottom + 1.0])
    labels = tuple(_label(column, a, b, whole or top <= bottom) for a, b in itertools.pairwise(edges.tolist()))
    seen = None if real is None else _binned(numbers(column, real), edges)
    return (*labels, "other", "missing"), _binned(values, edges), seen


def _binned(values: Floats, edges: Floats) -> Shares:
    known = values[np.isfinite(values)]
    inside = np.histogram(known, edges)[0]
    counts = [*inside.tolist(), len(known) - int(inside.sum()), len(values) - len(known)]
    return tuple(count / len(values) for count in counts)


def _categorical(column: ColumnSchema, synthetic: pa.ChunkedArray, real: pa.ChunkedArray | None) -> Counted:
    tally = _tally(synthetic)
    declared = [str(value).lower() if isinstance(value, bool) else str(value) for value in column.enum or ()]
    ranked = sorted({*declared, *tally} - {None}, key=lambda value: (-tally.get(value, 0), str(value)))
    names = [str(value) for value in ranked[: _BARS - 2]]
    seen = None if real is None else _shares(_tally(real), names)
    return (*(_short(name) for name in names), "other", "missing"), _shares(tally, names), seen


def _tally(values: pa.ChunkedArray) -> dict[str | None, int]:
    counted = pc.value_counts(values.cast(pa.string()))
    return {entry["values"].as_py(): entry["counts"].as_py() for entry in counted}


def _shares(tally: dict[str | None, int], names: list[str]) -> Shares:
    total, missing = sum(tally.values()), tally.get(None, 0)
    shown = [tally.get(name, 0) for name in names]
    return tuple(count / total for count in (*shown, total - sum(shown) - missing, missing))


def _declared(column: ColumnSchema, bound: Value | None) -> float | None:
    if bound is None:
        return None
    kind = {"date": pa.date32(), "datetime": pa.timestamp("us")}.get(column.type, pa.float64())
    return float(numbers(column, pa.chunked_array([pa.array([_storable(bound)], type=kind)]))[0])


def _label(column: ColumnSchema, low: float, high: float, single: bool) -> str:
    if column.type in ("date", "datetime"):
        unit = timedelta(days=1) if column.type == "date" else timedelta(microseconds=1)
        moment = _EPOCH + low * unit
        return moment.date().isoformat()
    return _plain(low) if single else f"{_plain(low)}–{_plain(high)}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if 1_000 <= abs(value) < 1e9 else f"{value:.4g}"


def _short(name: str) -> str:
    if not name.strip():
        return "(blank)"
    return name if len(name) <= 28 else name[:27] + "…"
