"""Points with intervals, the attack against the guarantee, and a curve over epsilon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.charts.canvas import AMBER, INK, MUTED, RED, RULE, canvas, place, shortened, values_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]


def intervals(data: Json) -> Figure:
    """Points with intervals. The first three series are the value and its ends; a fourth is drawn as a tick."""
    rows, options = len(data["labels"]), data["options"]
    labels = [shortened(label, 30) for label in data["labels"]]
    margin = max(60.0, 5.7 * max(map(len, labels)) + 8)
    step = 34 if rows <= 6 else 22
    figure, axes = canvas(290 + margin, step * rows + 34)
    place(figure, axes, margin, 14, 30, 4)
    value, low, high, *marks = (values_of(data, series["name"]) for series in data["series"])
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


def roc(data: Json) -> Figure:
    figure, axes = canvas(380, 330)
    place(figure, axes, 52, 18, 42, 8)
    fpr = np.array([float(label) for label in data["labels"]])
    attack, cap = values_of(data, "Attack"), values_of(data, "Allowed by the guarantee")
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


def curve(data: Json) -> Figure:
    """Values with intervals over epsilon, on a logarithmic axis. A fourth series is drawn dashed: the bar to reach."""
    figure, axes = canvas(400, 260)
    place(figure, axes, 58, 16, 44, 10)
    x = np.array([float(label) for label in data["labels"]])
    lines = [values_of(data, series["name"]) for series in data["series"]]
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
