"""The page of the text bench, ``docs/bench/text.md``: a table a corpus, means and extremes over seeds; a picture.

    python -m benchmarks.text_page

Input is what ``benchmarks.text_bench`` has written so far.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from matplotlib.figure import Figure

from benchmarks.machine import described
from benchmarks.plots import save

DOCS = Path("docs/bench")
PAGE, PICTURE = "text.md", "text.svg"
FREE = 32.0
"""Where "no noise" is drawn."""
Result = Mapping[str, Any]
_MEASURES = {
    "accuracy": ("accuracy", 2),
    "agreement": ("agreement", 2),
    "auc": ("AUC", 2),
    "mauve": ("MAUVE", 2),
    "perplexity": ("perplexity", 1),
    "distinct2": ("distinct pairs", 2),
    "stretches": ("stretches", 0),
    "stretches_unexplained": ("unexplained", 0),
    "canary": ("planted words", 0),
    "audit_epsilon": ("audit", 1),
}
_DRAWN = ("accuracy", "auc", "perplexity")


def written(results: Sequence[Result], machine: str) -> str:
    """The page as Markdown."""
    parts = ["# Free text", "", machine, ""]
    for corpus, lines in _by(results, "corpus").items():
        real = mean(float(one["accuracy_real"]) for one in lines if "accuracy_real" in one)
        persons = sorted({int(one["persons"]) for one in lines})
        parts += [f"## {corpus}", f"{persons[0]:,} persons in training; accuracy with real notes {real:.2f}.", ""]
        parts += ["| engine | epsilon | seeds | " + " | ".join(name for name, _ in _MEASURES.values()) + " |"]
        parts += ["|" + "---|" * (len(_MEASURES) + 3)]
        for engine, own in _by(lines, "engine").items():
            parts += [_row(engine, told, found) for told, found in sorted(_by(own, "epsilon").items(), key=_place)]
        parts += [""]
    return "\n".join([*parts, f"![Accuracy, AUC and perplexity against epsilon]({PICTURE})", ""])


def _by(results: Sequence[Result], key: str) -> dict[Any, list[Result]]:
    groups: dict[Any, list[Result]] = {}
    for one in results:
        groups.setdefault(one[key], []).append(one)
    return groups


def _place(group: tuple[Any, list[Result]]) -> float:
    return _number(group[0])


def _number(epsilon: float | str) -> float:
    return FREE if epsilon == "inf" else float(epsilon)


def _row(engine: str, epsilon: float | str, found: Sequence[Result]) -> str:
    cells = [
        _cell([float(one[key]) for one in found if one.get(key) is not None], n) for key, (_, n) in _MEASURES.items()
    ]
    told = "none" if epsilon == "inf" else f"{float(epsilon):g}"
    return f"| {engine} | {told} | {len(found)} | " + " | ".join(cells) + " |"


def _cell(values: Sequence[float], digits: int) -> str:
    """The mean, and in brackets the least and the greatest."""
    if not values:
        return ""
    middle = f"{mean(values):,.{digits}f}"
    low, high = f"{min(values):,.{digits}f}", f"{max(values):,.{digits}f}"
    return middle if low == high else f"{middle} [{low}, {high}]"


def drawn(results: Sequence[Result], path: Path) -> None:
    """Three measures against epsilon, a line a corpus, a dot a seed."""
    figure = Figure(figsize=(9, 3.2))
    for axis, measure in zip(figure.subplots(1, len(_DRAWN)), _DRAWN, strict=True):
        for number, (corpus, lines) in enumerate(_by(results, "corpus").items()):
            own = [one for one in lines if one["engine"] == "phrases" and one.get(measure) is not None]
            points = sorted(
                (_number(told), [float(one[measure]) for one in found]) for told, found in _by(own, "epsilon").items()
            )
            colour = f"C{number}"
            axis.plot([at for at, _ in points], [mean(values) for _, values in points], color=colour, label=corpus)
            for at, values in points:
                axis.plot([at] * len(values), values, ".", color=colour, markersize=5)
        axis.set_title(_MEASURES[measure][0], fontsize=9)
        axis.set_xscale("log")
        axis.set_xticks([1, 4, 8, FREE], ["1", "4", "8", "no noise"], fontsize=7)
        axis.minorticks_off()
        axis.set_xlabel("epsilon", fontsize=8)
        if measure == "perplexity":
            axis.set_yscale("log")
        axis.tick_params(axis="y", labelsize=7)
        axis.grid(visible=True, linewidth=0.3)
    figure.axes[0].legend(fontsize=7)
    figure.tight_layout()
    save(figure, path)


def main() -> None:
    """Write both."""
    results = [json.loads(line) for line in (DOCS / "text.jsonl").read_text(encoding="utf-8").splitlines()]
    (DOCS / PAGE).write_text(written(results, described()), encoding="utf-8")
    drawn(results, DOCS / PICTURE)


if __name__ == "__main__":
    main()
