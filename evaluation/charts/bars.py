"""Shares as bars: of the values of one column, and of a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.charts.canvas import ACCENT, FILL, INK, MUTED, REAL, RED, RULE, canvas, place, values_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]

_BARS = 9


def histogram(figure: Json) -> Figure:
    return _numeric_bars(figure) if figure["options"].get("ordered") else _named_bars(figure)


def _numeric_bars(data: Json) -> Figure:
    figure, axes = canvas(276, 132)
    place(figure, axes, 2, 2, 18, 15)
    made, real = values_of(data, "Synthetic"), values_of(data, "Training")
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
    made, real = values_of(data, "Synthetic"), values_of(data, "Training")
    named = len(data["labels"]) - 2
    made, real = (_folded(values, named) for values in (made, real))
    high = made if real is None else np.fmax(made, real)
    rows = list(range(min(named, _BARS)))
    rows += [i for i in range(named, named + 2) if high[i] > 0]
    figure, axes = canvas(276, 19 * len(rows) + 6)
    place(figure, axes, 112, 38, 2, 2)
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


def budget(data: Json) -> Figure:
    figure, axes = canvas(380, 70)
    place(figure, axes, 1, 1, 4, 40)
    values = values_of(data, "Epsilon")
    assert values is not None
    total, left = float(np.nansum(values)) or 1.0, 0.0
    colours = ("#b9b4a7", ACCENT, "#eeebe3")
    for value, colour in zip(np.nan_to_num(values), colours, strict=True):
        axes.barh([0], [value], left=[left], height=1, color=colour, linewidth=0)
        left += float(value)
    for at, value, label in zip((0.0, 0.5, 1.0), values, data["labels"], strict=True):
        side = ("left", "center", "right")[round(at * 2)]
        text, colour = ("no guarantee", RED) if np.isnan(value) else (f"{value:.3g}", INK)
        axes.text(at, 2.25, text, transform=axes.transAxes, ha=side, va="center", fontsize=13, color=colour)
        axes.text(at, 1.4, label, transform=axes.transAxes, ha=side, va="center", color=MUTED, fontsize=10)
    axes.set_xlim(0, total), axes.set_ylim(-0.5, 0.5)
    axes.set_xticks([]), axes.set_yticks([])
    return figure
