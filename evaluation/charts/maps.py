"""Tables of numbers as colours, darker for worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.charts.canvas import INK, PAPER, canvas, place, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]


def heat(data: Json) -> Figure:
    names = data["labels"]
    cells = np.array([[np.nan if v is None else v for v in series["values"]] for series in data["series"]])
    cells[np.triu_indices(len(names), 1)] = np.nan
    step = 22.0 if len(names) <= 20 else 13.0
    figure, axes = canvas(112 + step * len(names) + 70, step * len(names) + 96)
    place(figure, axes, 112, 70, 92, 4)
    ramp = _ramp()
    top = float(data["options"]["red"])
    axes.pcolormesh(
        np.arange(len(names) + 1),
        np.arange(len(names) + 1),
        np.clip(cells, 0, top),
        cmap=ramp,
        vmin=0,
        vmax=top,
        edgecolors=PAPER,
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


def grid(data: Json) -> Figure:
    """Labels down, series across; a cell without a value stays paper."""
    rows, names = data["labels"], [series["name"] for series in data["series"]]
    cells = np.array([[np.nan if v is None else v for v in series["values"]] for series in data["series"]]).T
    wide, tall = 30.0, 19.0
    figure, axes = canvas(216 + wide * len(names), tall * len(rows) + 94)
    place(figure, axes, 164, 52, 4, 90)
    top = float(data["options"]["red"])
    x, y = np.arange(len(names) + 1), np.arange(len(rows) + 1)
    axes.pcolormesh(x, y, np.clip(cells, 0, top), cmap=_ramp(), vmin=0, vmax=top, edgecolors=PAPER, linewidth=1.0)
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            ink = "#ffffff" if value > 0.7 * top else INK
            text = "0" if abs(value) < 0.005 else f"{value:.2f}".replace("0.", ".").replace("-", "−")
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8, color=ink)
    axes.set_xlim(0, len(names)), axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, [shortened(name, 27) for name in rows], fontsize=9)
    axes.xaxis.tick_top()
    axes.set_xticks(
        np.arange(len(names)) + 0.5,
        [shortened(name, 22) for name in names],
        fontsize=9,
        rotation=50,
        ha="left",
        rotation_mode="anchor",
    )
    return figure
