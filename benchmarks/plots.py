"""Figures of the results: error against epsilon for each table, and seconds of a fit."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.summary import FREE, Case, Mean, is_peer

_COLOURS = {
    "ours": "#c0392b",
    "dpsynth": "#2c6fbb",
    "dpmm": "#3c8d5a",
    "smartnoise": "#8e6bbf",
    "opendp": "#b8860b",
    "mostlyai": "#666666",
}
_MARKERS = {"plain": "o", "target": "s", "mst": "^", "aim": "D", "swift": "v", "dp": "x"}

Found = dict[Case, dict[str, Mean]]


def draw(found: Found, folder: Path) -> None:
    """Write error-TABLE.svg for each table with more than one epsilon, and fit-seconds.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in dict.fromkeys(table for table, _ in found):
        if len({epsilon for name, epsilon in found if name == table}) > 1:
            _errors(found, table, folder / f"error-{table}.svg")
    _seconds(found, folder / "fit-seconds.svg")


def save(figure: Figure, path: Path) -> None:
    """As SVG that comes out the same for the same numbers."""
    with mpl.rc_context({"svg.hashsalt": "understudy", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")


def _errors(found: Found, table: str, path: Path) -> None:
    figure = Figure(figsize=(9, 3.6))
    axes = figure.subplots(1, 3)
    titles = {"tvd2": "2-way error (TVD)", "tvd3": "3-way error (TVD)", "auc": "AUC, train on synthetic"}
    for axis, (number, title) in zip(axes, titles.items(), strict=True):
        _lines(axis, found, table, number)
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("epsilon", fontsize=8)
        axis.set_xscale("log")
        if number != "auc":
            axis.set_yscale("log")
        axis.tick_params(labelsize=7)
        axis.grid(visible=True, which="both", linewidth=0.3)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, loc="lower center", ncols=5, bbox_to_anchor=(0.5, -0.12))
    figure.suptitle(table, fontsize=10)
    figure.tight_layout()
    save(figure, path)


def _lines(axis: Axes, found: Found, table: str, number: str) -> None:
    cases = sorted((epsilon, systems) for (name, epsilon), systems in found.items() if name == table)
    for system in sorted({name for _, systems in cases for name in systems if name != FREE}):
        points = [(epsilon, getattr(systems[system], number)) for epsilon, systems in cases if system in systems]
        points = [(epsilon, value) for epsilon, value in points if value is not None]
        if points:
            family, _, model = system.partition(":")
            style = {"color": _COLOURS.get(family), "marker": _MARKERS.get(model, "o"), "markersize": 4}
            axis.plot(*zip(*points, strict=True), label=system, linewidth=1, **style)
    free = next((systems[FREE] for _, systems in cases if FREE in systems), None)
    if free is not None and number != "auc":
        axis.axhline(getattr(free, number), color="black", linewidth=0.8, linestyle=":", label="columns shuffled")


def _seconds(found: Found, path: Path) -> None:
    """At epsilon 1, processor seconds rather than wall: the machine may be shared."""
    bars = [
        (f"{table}  {system}", mean.fit_cpu_s, system)
        for (table, epsilon), systems in found.items()
        for system, mean in systems.items()
        if epsilon == 1.0 and mean.fit_cpu_s is not None and (is_peer(system) or system == "ours:plain")
    ]
    if not bars:
        return
    bars.sort(key=lambda bar: (bar[0].split()[0], -bar[1]), reverse=True)
    figure = Figure(figsize=(7, 0.6 + 0.19 * len(bars)))
    axis = figure.subplots()
    colours = [_COLOURS.get(system.partition(":")[0]) for _, _, system in bars]
    axis.barh([name for name, _, _ in bars], [seconds for _, seconds, _ in bars], color=colours)
    axis.set_xscale("log")
    axis.set_xlabel("processor seconds of one fit at epsilon 1", fontsize=8)
    axis.tick_params(labelsize=7)
    axis.grid(visible=True, axis="x", linewidth=0.3)
    save(figure, path)
