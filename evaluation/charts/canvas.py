"""What every drawing starts from: colours, an empty figure, and a series of its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = dict[str, Any]

INK, MUTED, RULE, PAPER = "#1f2933", "#66707c", "#d9d5cb", "#fbfaf6"
FILL, REAL, ACCENT = "#7fa8bd", "#1f2933", "#2f6f8f"
GREEN, AMBER, RED = "#2f7d55", "#b9791a", "#b23a31"


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of this size in points, and its axes."""
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return figure, axes


def place(figure: Figure, axes: Axes, left: float, right: float, bottom: float, top: float) -> None:
    """Margins in points."""
    width, height = figure.get_size_inches() * 72
    axes.set_position((left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height))


def values_of(figure: Json, name: str) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    for series in figure["series"]:
        if series["name"] == name:
            return np.array([np.nan if value is None else value for value in series["values"]], dtype=np.float64)
    return None


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
