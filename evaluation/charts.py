"""Figures of a report as inline SVG. The only door to matplotlib, which is imported when first needed.

Input is a figure's JSON, never rows. Output is one `<svg>` that a page with `default-src 'none'` and no
inline styles can hold: presentation attributes only, no scripts, no links out, ids unique by figure.
No pyplot: its figures live in a global list.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.svg import inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]

INK, MUTED, RULE, FILL, REAL = "#1f2933", "#66707c", "#d9d5cb", "#7fa8bd", "#1f2933"
GREEN, AMBER, RED = "#2f7d55", "#b9791a", "#b23a31"
_BARS = 9


def draw(figure: Json) -> str:
    """The SVG of one figure of a report. Raises: KeyError for a kind that is not known."""
    painter = {
        "histogram": _histogram,
        "heat": _heat,
        "grid": _grid,
        "intervals": _intervals,
        "roc": _roc,
        "budget": _budget,
        "curve": _curve,
    }
    with _quiet():
        return _finish(painter[str(figure["kind"])](figure), figure)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drawing settings that hold for one figure: text stays text, ids are the same on every run."""
    import matplotlib as mpl

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "understudy",
        "text.parse_math": False,
        "font.family": ["DejaVu Sans"],
        "font.size": 10.0,
        "axes.edgecolor": RULE,
        "axes.linewidth": 0.8,
        "axes.labelcolor": MUTED,
        "text.color": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.major.size": 0.0,
        "ytick.major.size": 0.0,
        "xtick.minor.size": 0.0,
        "ytick.minor.size": 0.0,
    }
    with mpl.rc_context(settings):
        yield


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of this size in points, and its axes."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return figure, axes


def _place(figure: Figure, axes: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Margins in points."""
    width, height = figure.get_size_inches() * 72
    axes.set_position((left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height))


def _values(figure: Json, name: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    for series in figure["series"]:
        if series["name"] == name:
            return np.array([np.nan if value is None else value for value in series["values"]], dtype=np.float64)
    return None


def _histogram(figure: Json) -> Figure:
    return _numeric_bars(figure) if figure["options"].get("ordered") else _named_bars(figure)


def _numeric_bars(data: Json) -> Figure:
    figure, axes = _canvas(276, 132)
    _place(figure, axes, 2, 2, 18, 15)
    made, real = _values(data, "Synthetic"), _values(data, "Training")
    assert made is not None
    labels = data["labels"]
    inside = len(labels) - 2
    extra = [i for i in (inside, inside + 1) if made[i] > 0 or (real is not None and real[i] > 0)]
    spots = [*range(inside), *(inside + 0.8 + 1.6 * k for k in range(len(extra)))]
    kept = [*range(inside), *extra]
    axes.bar(spots, made[kept], width=0.92, color=FILL, linewidth=0)
    if real is not None:
        for spot, height in zip(spots, real[kept], strict=True):
            axes.plot([spot - 0.46, spot + 0.46], [height, height], color=REAL, linewidth=1.4, solid_capstyle="butt")
    ends = {0: labels[0].split("–")[0], inside - 1: labels[inside - 1].split("–")[-1]}
    axes.set_xticks([]), axes.set_yticks([])
    base = -0.06
    for spot, text in ends.items():
        side = "left" if spot == 0 else "right"
        edge = spot - 0.46 if spot == 0 else spot + 0.46
        axes.text(edge, base, text, transform=axes.get_xaxis_transform(), ha=side, va="top", color=MUTED, fontsize=10)
    for spot, index in zip(spots[inside:], extra, strict=True):
        axes.text(
            spot,
            base,
            labels[index],
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="top",
            color=MUTED,
            fontsize=9,
        )
    _ceiling(axes, made, real)
    return figure


def _ceiling(axes: Axes, made: Any, real: Any) -> None:
    """Scale of the bars: the tallest one's share is written at the top left, and a rule marks zero."""
    top = float(np.nanmax(made if real is None else np.concatenate([made, real])))
    axes.set_ylim(0, top * 1.02 or 1.0)
    axes.axhline(0, color=RULE, linewidth=1.2)
    axes.text(
        0,
        1.01,
        f"{top:.0%}" if top >= 0.1 else f"{top:.1%}",
        transform=axes.transAxes,
        ha="left",
        va="bottom",
        color=MUTED,
        fontsize=10,
    )


def _named_bars(data: Json) -> Figure:
    made, real = _values(data, "Synthetic"), _values(data, "Training")
    named = len(data["labels"]) - 2
    made, real = (_folded(values, named) for values in (made, real))
    high = made if real is None else np.fmax(made, real)
    rows = list(range(min(named, _BARS)))
    rows += [i for i in range(named, named + 2) if high[i] > 0]
    figure, axes = _canvas(276, 19 * len(rows) + 6)
    _place(figure, axes, 112, 38, 2, 2)
    top = float(np.nanmax(high[rows])) or 1.0
    spots = np.arange(len(rows))[::-1]
    axes.barh(spots, made[rows], height=0.72, color=FILL, linewidth=0)
    for spot, row in zip(spots, rows, strict=True):
        label = data["labels"][row]
        axes.text(
            -0.02 * top, spot, label if len(label) <= 17 else label[:16] + "…", ha="right", va="center", fontsize=10.5
        )
        share = made[row]
        axes.text(
            1.04 * top,
            spot,
            f"{share:.0%}" if share >= 0.0995 or share == 0 else f"{share:.1%}",
            ha="left",
            va="center",
            color=MUTED,
            fontsize=10,
        )
        if real is not None:
            axes.plot([real[row]] * 2, [spot - 0.38, spot + 0.38], color=REAL, linewidth=1.6, solid_capstyle="butt")
    axes.set_xlim(0, top)
    axes.set_ylim(-0.5, len(rows) - 0.5)
    axes.set_xticks([]), axes.set_yticks([])
    return figure


def _folded(values: Any, named: int) -> Any:
    """The values with the names that find no room counted as "other"."""
    if values is not None:
        values[named] += values[_BARS:named].sum()
    return values


def _heat(data: Json) -> Figure:
    names = data["labels"]
    cells = np.array([[np.nan if v is None else v for v in series["values"]] for series in data["series"]])
    cells[np.triu_indices(len(names), 1)] = np.nan
    step = 22.0 if len(names) <= 20 else 13.0
    figure, axes = _canvas(112 + step * len(names) + 70, step * len(names) + 96)
    _place(figure, axes, 112, 70, 92, 4)
    ramp = _ramp()
    top = float(data["options"]["red"])
    axes.pcolormesh(
        np.arange(len(names) + 1),
        np.arange(len(names) + 1),
        np.clip(cells, 0, top),
        cmap=ramp,
        vmin=0,
        vmax=top,
        edgecolors="#fbfaf6",
        linewidth=1.0,
    )
    axes.set_aspect("equal")
    axes.set_xlim(0, len(names)), axes.set_ylim(len(names), 0)
    short = [name if len(name) <= 17 else name[:16] + "…" for name in names]
    size = 8.5 if step > 20 else 7.0
    axes.set_yticks(np.arange(len(names)) + 0.5, short, fontsize=size)
    axes.set_xticks(np.arange(len(names)) + 0.5, short, fontsize=size, rotation=90)
    _key(axes, ramp, top)
    return figure


def _ramp() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("excess", ["#f1eee6", "#e3c79a", "#c96f4a", "#7d1f1f"])


def _key(axes: Axes, ramp: Any, top: float) -> None:
    """The colour scale, in the empty upper triangle's corner."""
    key = axes.inset_axes((1.02, 0.62, 0.03, 0.36))
    key.pcolormesh([0, 1], np.linspace(0, top, 25), np.linspace(0, top, 24)[:, None], cmap=ramp)
    key.spines[["top", "right", "left", "bottom"]].set_visible(False)
    key.set_xticks([])
    key.yaxis.tick_right()
    key.set_yticks([0, top / 2, top], ["0", f"{top / 2:.2f}", f"≥ {top:.2f}"], fontsize=8)


def _grid(data: Json) -> Figure:
    """Labels down, series across; a cell without a value stays paper."""
    rows, names = data["labels"], [series["name"] for series in data["series"]]
    cells = np.array([[np.nan if v is None else v for v in series["values"]] for series in data["series"]]).T
    wide, tall = 30.0, 19.0
    figure, axes = _canvas(216 + wide * len(names), tall * len(rows) + 94)
    _place(figure, axes, 164, 52, 4, 90)
    top = float(data["options"]["red"])
    x, y = np.arange(len(names) + 1), np.arange(len(rows) + 1)
    axes.pcolormesh(x, y, np.clip(cells, 0, top), cmap=_ramp(), vmin=0, vmax=top, edgecolors="#fbfaf6", linewidth=1.0)
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            ink = "#ffffff" if value > 0.7 * top else INK
            text = "0" if abs(value) < 0.005 else f"{value:.2f}".replace("0.", ".").replace("-", "−")
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(0, len(names)), axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, [_cut(name, 27) for name in rows], fontsize=9)
    axes.xaxis.tick_top()
    axes.set_xticks(
        np.arange(len(names)) + 0.5,
        [_cut(name, 22) for name in names],
        fontsize=9,
        rotation=50,
        ha="left",
        rotation_mode="anchor",
    )
    return figure


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _intervals(data: Json) -> Figure:
    """Points with intervals. The first three series are the value and its ends; a fourth is drawn as a tick."""
    rows, options = len(data["labels"]), data["options"]
    labels = [_cut(label, 30) for label in data["labels"]]
    margin = max(60.0, 5.7 * max(map(len, labels)) + 8)
    step = 34 if rows <= 6 else 22
    figure, axes = _canvas(290 + margin, step * rows + 34)
    _place(figure, axes, margin, 14, 30, 4)
    value, low, high, *marks = (_values(data, series["name"]) for series in data["series"])
    ticks = [mark for mark in marks if mark is not None]
    assert value is not None and low is not None and high is not None  # noqa: PT018  one fact: the figure is whole
    left = min(float(options.get("low", 0.4)), float(np.nanmin(low)) - 0.02)
    right = max(float(options.get("high", 0.7)), min(float(np.nanmax(high)) + 0.02, 2.5))
    _zones(axes, options, left, right)
    spots = np.arange(rows)[::-1]
    axes.hlines(spots, low, high, color=INK, linewidth=1.6)
    axes.plot(value, spots, "o", color=INK, markersize=6 if rows <= 6 else 4.5)
    for mark in ticks:
        axes.plot(mark, spots, "|", color=RED, markersize=9, markeredgewidth=1.4)
    axes.set_yticks(spots, labels, fontsize=11 if rows <= 6 else 9.5)
    axes.tick_params(axis="y", colors=INK)
    axes.set_xlim(left, right), axes.set_ylim(-0.6, rows - 0.4)
    axes.set_xlabel(str(options.get("axis", "AUC of the attack (0.5 is guessing)")), fontsize=10)
    return figure


def _zones(axes: Axes, options: Json, left: float, right: float) -> None:
    """The amber and the red side, and where nothing is lost."""
    amber, red = float(options["amber"]), float(options["red"])
    end = left if options.get("better") == "higher" else right
    axes.axvspan(min(red, end), max(red, end), color=RED, alpha=0.08, linewidth=0)
    axes.axvspan(min(amber, red), max(amber, red), color=AMBER, alpha=0.12, linewidth=0)
    axes.axvline(float(options["guess"]), color=MUTED, linewidth=0.9, dashes=(3, 2))


def _roc(data: Json) -> Figure:
    figure, axes = _canvas(380, 330)
    _place(figure, axes, 52, 18, 42, 8)
    fpr = np.array([float(label) for label in data["labels"]])
    attack, cap = _values(data, "Attack"), _values(data, "Allowed by the guarantee")
    assert attack is not None
    floor = 0.002
    if cap is not None:
        axes.fill_between(fpr, np.maximum(cap, floor), 1.0, color=RED, alpha=0.10, linewidth=0)
        axes.plot(fpr, cap, color=RED, linewidth=1.0)
        axes.text(0.0026, 0.72, "ruled out by the guarantee", color=RED, fontsize=10)
    axes.plot(fpr, fpr, color=MUTED, linewidth=0.9, dashes=(3, 2))
    axes.plot(fpr, np.maximum(attack, floor), color=INK, linewidth=1.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(floor, 1), axes.set_ylim(floor, 1)
    marks = [0.002, 0.01, 0.1, 1]
    texts = ["0.2%", "1%", "10%", "100%"]
    axes.set_xticks(marks, texts, fontsize=10), axes.set_yticks(marks[1:], texts[1:], fontsize=10)
    axes.minorticks_off()
    axes.set_xlabel("never seen, wrongly accused", fontsize=10), axes.set_ylabel("trained on, found", fontsize=10)
    axes.grid(color=RULE, linewidth=0.5)
    return figure


def _budget(data: Json) -> Figure:
    figure, axes = _canvas(380, 70)
    _place(figure, axes, 1, 1, 4, 40)
    values = _values(data, "Epsilon")
    assert values is not None
    total, left = float(np.nansum(values)) or 1.0, 0.0
    colours = ("#b9b4a7", "#2f6f8f", "#eeebe3")
    for value, colour in zip(values, colours, strict=True):
        axes.barh([0], [value], left=[left], height=1, color=colour, linewidth=0)
        left += float(value)
    for place, value, label in zip((0.0, 0.5, 1.0), values, data["labels"], strict=True):
        side = ("left", "center", "right")[round(place * 2)]
        axes.text(place, 2.25, f"{value:.3g}", transform=axes.transAxes, ha=side, va="center", fontsize=13)
        axes.text(place, 1.4, label, transform=axes.transAxes, ha=side, va="center", color=MUTED, fontsize=10)
    axes.set_xlim(0, total), axes.set_ylim(-0.5, 0.5)
    axes.set_xticks([]), axes.set_yticks([])
    return figure


def _curve(data: Json) -> Figure:
    """Values with intervals over epsilon, on a logarithmic axis. A fourth series is drawn dashed: the bar to reach."""
    figure, axes = _canvas(400, 260)
    _place(figure, axes, 58, 16, 44, 10)
    x = np.array([float(label) for label in data["labels"]])
    lines = [_values(data, series["name"]) for series in data["series"]]
    value, low, high, *bar = (line for line in lines if line is not None)
    for line in bar:
        axes.plot(x, line, color=RED, linewidth=1.2, dashes=(4, 3), marker="_", markersize=12)
    axes.vlines(x, low, high, color=INK, linewidth=1.6)
    axes.plot(x, value, "o-", color=INK, linewidth=1.2, markersize=5.5)
    axes.set_xscale("log")
    axes.set_xticks(x, data["labels"], fontsize=10)
    axes.minorticks_off()
    axes.set_xlim(x.min() / 1.35, x.max() * 1.35)
    axes.tick_params(axis="y", labelsize=10)
    axes.grid(axis="y", color=RULE, linewidth=0.5)
    axes.set_xlabel("epsilon", fontsize=10), axes.set_ylabel(str(data["options"]["axis"]), fontsize=10)
    return figure


def _finish(figure: Figure, data: Json) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    out = io.StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(out, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    width, height = (float(side) * 72 for side in figure.get_size_inches())
    return inline(
        out.getvalue(),
        name=str(data["id"]),
        title=str(data["title"]),
        description=str(data["description"]),
        width=width,
        height=height,
    )
