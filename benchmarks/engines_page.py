"""The engines' page: a table for each table of rows, best values in bold, who is ahead, what failed; and its picture.

Input are the results that ``benchmarks.engines`` wrote. Engines with a guarantee are compared at their epsilon, engines
without one among each other; references (the rows drawn again, the columns shuffled) with nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from benchmarks.plots import save

REFERENCES = {"resampled": "the rows, drawn again", "shuffled": "the columns, shuffled"}
"""What a perfect and a blind engine would reach: the one has the error of sampling alone, the other no dependence."""
PICTURE = "engines.svg"
HEAD = (
    "| epsilon | engine | seeds | 2-way TVD | 3-way TVD | TSTR AUC | CPU s | wall s | peak MiB |\n"
    "|---|---|---|---|---|---|---|---|---|"
)

Result = dict[str, Any]

_MEASURES = {"tvd2": "2-way TVD", "tvd3": "3-way TVD", "auc": "AUC"}
_DIGITS = {"tvd2": 4, "tvd3": 4, "auc": 3, "cpu_s": 1, "fit_s": 1, "peak_mib": 0}
_LOOKS = {
    "marginal": ("#c0392b", "o"),
    "network": ("#e67e22", "s"),
    "smartnoise-mst": ("#2c6fbb", "^"),
    "smartnoise-aim": ("#16738a", "D"),
    "smartnoise-mwem": ("#8e6bbf", "v"),
    "smartnoise-dpctgan": ("#3b3b98", "X"),
    "smartnoise-pacsynth": ("#9aa0a6", "P"),
    "smartnoise-patectgan": ("#9aa0a6", "<"),
    "smartnoise-pategan": ("#9aa0a6", ">"),
    "smartnoise-dpgan": ("#9aa0a6", "*"),
    "sdv-gaussian-copula": ("#3c8d5a", "h"),
    "sdv-ctgan": ("#3c8d5a", "d"),
    "sdv-tvae": ("#3c8d5a", "p"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """Means and spreads over the seeds of one case; epsilon 0: no guarantee. ``most``: rows, 0 for all."""

    table: str
    most: int
    epsilon: float
    engine: str
    seeds: int
    means: Mapping[str, float]
    spreads: Mapping[str, float]

    @property
    def is_reference(self) -> bool:
        """Whether no engine made it."""
        return self.engine in REFERENCES


def lines_of(results: Sequence[Result]) -> list[Line]:
    """One line for each table, epsilon and engine that has scores, in the order of the page."""
    groups: dict[tuple[str, int, float, str], list[dict[str, float]]] = {}
    for one in results:
        if "scores" in one:
            key = (str(one["table"]), int(one["most"]), float(one["epsilon"]), str(one["engine"]))
            groups.setdefault(key, []).append(one["scores"])
    return [_line(*key, found) for key, found in sorted(groups.items(), key=lambda group: _place(*group[0]))]


def _place(table: str, most: int, epsilon: float, name: str) -> tuple[Any, ...]:
    """Full tables first; no guarantee after every epsilon, references last."""
    return most > 0, table, most, epsilon == 0, epsilon, name in REFERENCES, name


def _line(table: str, most: int, epsilon: float, name: str, found: list[dict[str, float]]) -> Line:
    known = [key for key in _DIGITS if all(key in one for one in found)]
    values = {key: [one[key] for one in found] for key in known}
    spreads = {key: stdev(of) for key, of in values.items() if len(of) > 1}
    return Line(table, most, epsilon, name, len(found), {key: mean(of) for key, of in values.items()}, spreads)


def written(results: Sequence[Result]) -> str:
    """The page."""
    lines = lines_of(results)
    machines = sorted({str(one["machine"]) for one in results})
    parts = ["# Engines", "", *machines, "", f"![2-way error by epsilon and by seconds]({PICTURE})", ""]
    for title, own in _by_table(lines):
        parts += [f"## {title}", "", HEAD, *(_row(line, own) for line in own), ""]
    parts += ["## Who is ahead", "", *_ahead(lines), ""] if any(line.epsilon for line in lines) else []
    parts += ["## Without figures", "", *failed, ""] if (failed := _failures(results)) else []
    return "\n".join(parts).rstrip() + "\n"


def _by_table(lines: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    for key in dict.fromkeys((line.table, line.most) for line in lines):
        title = f"{key[0]}, its first {key[1]:,} rows" if key[1] else key[0]
        yield title, [line for line in lines if (line.table, line.most) == key]


def _row(line: Line, own: Sequence[Line]) -> str:
    rivals = [one for one in own if one.epsilon == line.epsilon and not one.is_reference]
    cells = [_cell(line, key, rivals) for key in _DIGITS]
    epsilon = "" if line.is_reference else f"{line.epsilon:g}" if line.epsilon else "none"
    name = f"*{REFERENCES[line.engine]}*" if line.is_reference else line.engine
    return f"| {epsilon} | {name} | {line.seeds} | {' | '.join(cells)} |"


def _cell(line: Line, key: str, rivals: Sequence[Line]) -> str:
    if key not in line.means or (line.is_reference and key not in _MEASURES):
        return ""
    text = f"{line.means[key]:.{_DIGITS[key]}f}"
    if key in _MEASURES and key in line.spreads:
        text = f"{text} ±{line.spreads[key]:.{_DIGITS[key]}f}"
    is_best = key in _MEASURES and len(rivals) > 1 and line is _best(key, rivals)
    return f"**{text}**" if is_best else text


def _best(key: str, rivals: Sequence[Line]) -> Line | None:
    known = [one for one in rivals if key in one.means]
    return min(known, key=lambda one: -one.means[key] if key == "auc" else one.means[key], default=None)


def _ahead(lines: Sequence[Line]) -> list[str]:
    """By table and epsilon the first of each measure, and where our engines are behind whom."""
    found = ["| table | epsilon | " + " | ".join(_MEASURES.values()) + " |", "|---|---|---|---|---|"]
    for title, own in _by_table(lines):
        for epsilon in dict.fromkeys(line.epsilon for line in own if line.epsilon):
            rivals = [line for line in own if line.epsilon == epsilon]
            if len(rivals) > 1:
                firsts = [best.engine if (best := _best(key, rivals)) else "" for key in _MEASURES]
                found.append(f"| {title} | {epsilon:g} | {' | '.join(firsts)} |")
    return [*found, "", *_losses(lines)]


def _losses(lines: Sequence[Line]) -> list[str]:
    """Each engine with a guarantee that is better than the default somewhere, and by how much."""
    found = []
    for title, own in _by_table(lines):
        for line in own:
            ours = next((one for one in own if (one.engine, one.epsilon) == ("marginal", line.epsilon)), None)
            if ours is None or not line.epsilon or line is ours:
                continue
            for key, label in _MEASURES.items():
                behind = (line.means[key] - ours.means[key]) * (1 if key == "auc" else -1)
                if behind > 0:
                    told = f"{label} {ours.means[key]:.{_DIGITS[key]}f} against {line.means[key]:.{_DIGITS[key]}f}"
                    found.append(f"- `marginal` loses to `{line.engine}`: {title}, epsilon {line.epsilon:g}, {told}.")
    return found or ["No engine with a guarantee is ahead of `marginal` anywhere."]


def _failures(results: Sequence[Result]) -> list[str]:
    return sorted(f"- {_case(one)}: {_plain(str(one['failed']))}" for one in results if "failed" in one)


def _case(one: Result) -> str:
    rows = f", {one['most']:,} rows" if one["most"] else ""
    epsilon = f"epsilon {one['epsilon']:g}" if one["epsilon"] else "no guarantee"
    return f"{one['table']}{rows}, {one['engine']}, {epsilon}"


def _plain(told: str) -> str:
    """Our own errors without the name of their class."""
    return told.partition(": ")[2] if told.startswith("understudy.errors.") else told


def draw(results: Sequence[Result], path: Path) -> None:
    """Write the picture: for each full table, 2-way error by epsilon, and by processor seconds at epsilon 1."""
    lines = [line for line in lines_of(results) if not line.most]
    tables = [list(own) for _, own in _by_table(lines)]
    if not tables:
        return
    figure = Figure(figsize=(3.4 * len(tables), 6.6))
    axes = figure.subplots(2, len(tables), squeeze=False)
    for place, own in enumerate(tables):
        _by_epsilon(axes[0][place], own)
        _by_seconds(axes[1][place], own)
    known: dict[str, Any] = {}
    for axis in axes.flat:
        handles, labels = axis.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    figure.legend(known.values(), known.keys(), fontsize=7, loc="lower center", ncols=5, bbox_to_anchor=(0.5, -0.09))
    figure.tight_layout()
    save(figure, path)


def _by_epsilon(axis: Axes, own: Sequence[Line]) -> None:
    """Lines of engines with a guarantee; the others have no epsilon and are levels."""
    for name in dict.fromkeys(line.engine for line in own if line.epsilon):
        mine = [line for line in own if line.engine == name]
        colour, marker = _LOOKS.get(name, ("#000000", "."))
        points = [(line.epsilon, line.means["tvd2"]) for line in mine]
        axis.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=5, linewidth=1.3, label=name)
    for line in own:
        if not line.epsilon:
            _level(axis, line)
    axis.set_xscale("log")
    _ticks(axis.xaxis, (1, 3, 10))
    _finished(axis, f"{own[0].table}: 2-way TVD by epsilon", "epsilon (dashed: no guarantee)")


def _level(axis: Axes, line: Line) -> None:
    """Dashed for an engine, whose name stands below; dotted, with its name, for a reference."""
    if not line.is_reference:
        colour, _ = _LOOKS.get(line.engine, ("#000000", "."))
        axis.axhline(line.means["tvd2"], color=colour, linewidth=0.8, linestyle="--")
        return
    axis.axhline(line.means["tvd2"], color="black", linewidth=0.8, linestyle=":")
    places: dict[str, Any] = {"transform": axis.get_yaxis_transform(), "ha": "right", "va": "bottom"}
    axis.text(0.99, line.means["tvd2"], REFERENCES[line.engine], fontsize=5.5, **places)


def _by_seconds(axis: Axes, own: Sequence[Line]) -> None:
    for line in own:
        if line.epsilon not in (0.0, 1.0) or line.is_reference or not line.means.get("cpu_s"):
            continue
        colour, marker = _LOOKS.get(line.engine, ("#000000", "."))
        at = line.means["cpu_s"], line.means["tvd2"]
        looks: dict[str, Any] = {"marker": marker, "color": colour, "markersize": 6, "linestyle": ""}
        if not line.epsilon:  # engines with one are named by their lines above
            looks |= {"markerfacecolor": "none", "label": f"{line.engine} (no guarantee)"}
        axis.plot(*at, **looks)
        axis.annotate(line.engine.rpartition("-")[2], at, xytext=(4, 3), textcoords="offset points", fontsize=5.5)
    axis.set_xscale("log")
    _ticks(axis.xaxis, (0.1, 1, 10, 100, 1000))
    _finished(axis, f"{own[0].table}: 2-way TVD at epsilon 1 by cost", "processor seconds of a fit")


def _finished(axis: Axes, title: str, unit: str) -> None:
    axis.set_yscale("log")
    _ticks(axis.yaxis, (0.003, 0.01, 0.03, 0.1, 0.3, 1))
    axis.set_title(title, fontsize=8.5)
    axis.set_xlabel(unit, fontsize=7.5)
    axis.tick_params(labelsize=7)
    axis.grid(visible=True, which="both", linewidth=0.3)


def _ticks(axis: Axis, values: Sequence[float]) -> None:
    """Plain numbers at these values, none in between; all of them are in sight."""
    axis.set_ticks(list(values), labels=[f"{value:g}" for value in values])
    axis.set_minor_locator(NullLocator())
