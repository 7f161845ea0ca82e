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

from evaluation.charts.bars import budget, histogram
from evaluation.charts.canvas import INK, MUTED, RULE
from evaluation.charts.lines import curve, intervals, roc
from evaluation.charts.maps import grid, heat
from evaluation.svg import inline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Json = dict[str, Any]


def draw(figure: Json) -> str:
    """The SVG of one figure of a report. Raises: KeyError for a kind that is not known."""
    painter = {
        "histogram": histogram,
        "heat": heat,
        "grid": grid,
        "intervals": intervals,
        "roc": roc,
        "budget": budget,
        "curve": curve,
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
