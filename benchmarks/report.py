"""Fills in the generated parts of docs/benchmarks.md; the prose around them is written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks import machine, plots, scale, tables
from benchmarks.results import Row
from benchmarks.summary import FREE, Case, Mean, Means, best, is_peer, means, ratio

_OURS = ("ours:plain", "ours:target")


def write(rows: Sequence[Row], docs: Path) -> None:
    """Write the tables into docs/benchmarks.md and the plots into docs/bench/."""
    found = means(rows)
    page = docs / "benchmarks.md"
    text = page.read_text()
    parts = {
        "machine": machine.described(),
        "against": against(found),
        "runs": runs(found),
        "scale": costs(scale.read(docs / "bench")),
    }
    for name, part in parts.items():
        text = _filled(text, name, part)
    page.write_text(text)
    plots.draw(found, docs / "bench")


def against(found: dict[Case, dict[str, Mean]]) -> str:
    """Ours beside the best peer of each case, number by number."""
    peer = ("best peer", "ratio")
    head = ("table", "epsilon", "ours", "2-way", *peer, "3-way", *peer, "AUC", "best peer", "one-ways alone, 2-way")
    lines = [
        _against(case, found[case], name, _free(found, case[0]))
        for case in _ordered(found)
        for name in _OURS
        if name in found[case] and found[case][name].status == "ok" and best(found[case], "tvd2")
    ]
    return _table(head, lines) if lines else "No case has both ours and a peer yet."


def _against(case: Case, systems: Means, name: str, free: Mean | None) -> list[str]:
    mean = systems[name]
    cells = [case[0], f"{case[1]:g}", name]
    for number in ("tvd2", "tvd3"):
        peer = best(systems, number)
        cells += [_number(getattr(mean, number)), _named(peer), _number(ratio(getattr(mean, number), peer), 2)]
    cells += [_number(mean.auc, 3), _named(best(systems, "auc", highest=True), 3)]
    return [*cells, _number(free.tvd2 if free else None)]


def runs(found: dict[Case, dict[str, Mean]]) -> str:
    """One table of all systems for each data table."""
    names = list(dict.fromkeys(table for table, _ in _ordered(found)))
    return "\n\n".join(_runs(found, name) for name in names)


def _runs(found: dict[Case, dict[str, Mean]], table: str) -> str:
    head = ("epsilon", "system", "seeds", "fit s", "CPU s", "x ours", "peak MiB", "2-way", "3-way", "AUC")
    lines = [
        _run(epsilon, name, found[table, epsilon])
        for name_of_table, epsilon in _ordered(found)
        if name_of_table == table
        for name in sorted(found[table, epsilon], key=_rank)
    ]
    several = len({epsilon for name, epsilon in found if name == table}) > 1
    image = f"![Error against epsilon](bench/error-{table}.svg)\n\n" if several else ""
    return f"### {table}\n{_about(table)}\n\n{image}{_table(head, lines)}"


def _about(table: str) -> str:
    loaded = tables.load(table)
    if loaded is None:
        return ""
    held = " Held out: not used to choose any setting." if loaded.held_out else ""
    shape = f"{len(loaded.codes):,} rows x {len(loaded.sizes)} columns, target {loaded.target}"
    return f"{loaded.source}: {shape}.{held}"


def _run(epsilon: float, name: str, systems: Means) -> list[str]:
    mean = systems[name]
    if mean.status != "ok":
        return [f"{epsilon:g}", name, "0", mean.status, *[""] * 6]
    times = [_number(value, 1) for value in (mean.fit_s, mean.fit_cpu_s)]
    errors = [_number(mean.tvd2), _number(mean.tvd3), _number(mean.auc, 3)]
    return [f"{epsilon:g}", name, str(mean.seeds), *times, _slower(name, systems), _number(mean.peak_mib, 0), *errors]


def _slower(name: str, systems: Means) -> str:
    """How many times our processor seconds a peer took."""
    ours, theirs = systems.get("ours:plain"), systems[name].fit_cpu_s
    if not is_peer(name) or ours is None or not ours.fit_cpu_s or theirs is None:
        return ""
    return _number(theirs / ours.fit_cpu_s, 0)


def costs(points: Sequence[scale.Point]) -> str:
    """What scale.py measured."""
    if not points:
        return "Not measured yet."
    head = ("what", "rows", "columns", "epsilon", "wall s", "CPU s", "of it counting and noise", "a second and core")
    image = "![Fit against rows, columns and epsilon](bench/scale.svg)"
    return f"{image}\n\n{_table(head, [_cost(point) for point in points])}"


def _cost(point: scale.Point) -> list[str]:
    unit = {"counting": " row-pairs", "sampling": " rows"}.get(point.what)
    what = point.what if unit else f"fit, by {point.what}"
    sizes = [f"{point.rows:,}", str(point.columns), f"{point.epsilon:g}" if point.epsilon else ""]
    times = [_number(point.wall_s, 2), _number(point.cpu_s, 2), "" if unit else _number(point.session_s, 2)]
    return [what, *sizes, *times, f"{point.rate / 1e6:.2f} M{unit}" if unit else ""]


def _rank(name: str) -> tuple[int, str]:
    return (2 if is_peer(name) else 0 if name == FREE else 1), name


def _free(found: dict[Case, dict[str, Mean]], table: str) -> Mean | None:
    return next((systems[FREE] for case, systems in found.items() if case[0] == table and FREE in systems), None)


def _ordered(found: dict[Case, dict[str, Mean]]) -> list[Case]:
    order = tables.names(held_out=True)
    return sorted(found, key=lambda case: (order.index(case[0]), case[1]))


def _named(peer: tuple[str, float] | None, digits: int = 4) -> str:
    return f"{_number(peer[1], digits)} {peer[0]}" if peer else ""


def _number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _filled(text: str, name: str, part: str) -> str:
    """The text with what stands between the two comments of ``name`` replaced."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{part}\n{end}", text)
