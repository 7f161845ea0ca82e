"""Figures of the service's measurements: bars of medians, with a dot for every run."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.plots import save

_COLOURS = ("#666666", "#2c6fbb", "#c0392b", "#3c8d5a")

Panel = Mapping[str, Sequence[float]]
"""What is compared, by name: the values that were measured."""


def draw_bars(panels: Mapping[str, Panel], path: Path) -> None:
    """One panel a quantity, named with its unit; in it one bar for each of what is compared."""
    figure = Figure(figsize=(4.2 * len(panels), 0.5 + 0.45 * max(len(panel) for panel in panels.values())))
    for number, (title, panel) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), number)
        for row, (name, values) in enumerate(reversed(panel.items())):
            axes.barh(row, statistics.median(values), color=_COLOURS[row % len(_COLOURS)], height=0.6, label=name)
            axes.plot(values, [row] * len(values), "k.", markersize=4)
        axes.set_yticks(range(len(panel)), list(reversed(panel)))
        axes.set_title(title, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(left=0)
    figure.tight_layout()
    save(figure, path)
