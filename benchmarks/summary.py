"""Raw rows to means over seeds, and ours beside the best peer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.results import Row

NOT_PEERS = ("ours", "independent")
FREE = "independent"
"""Needs no budget, so its one run stands at every epsilon."""

Case = tuple[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Means over the seeds that ended well; None if none did, and ``status`` says why."""

    seeds: int
    status: str
    tvd2: float | None = None
    tvd3: float | None = None
    auc: float | None = None
    fit_s: float | None = None
    fit_cpu_s: float | None = None
    peak_mib: float | None = None


Means = Mapping[str, Mean]

_NUMBERS = ("tvd2", "tvd3", "auc", "fit_s", "fit_cpu_s", "peak_mib")


def is_peer(system: str) -> bool:
    """Whether it is somebody else's synthesizer."""
    return system.partition(":")[0] not in NOT_PEERS


def means(rows: Iterable[Row]) -> dict[Case, dict[str, Mean]]:
    """By (table, epsilon), then by system."""
    groups: dict[Case, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        groups[row.table, row.epsilon][row.system].append(row)
    return {case: {name: _mean(group) for name, group in systems.items()} for case, systems in groups.items()}


def _mean(rows: list[Row]) -> Mean:
    good = [row for row in rows if row.status == "ok"]
    if not good:
        return Mean(seeds=0, status=rows[-1].status)
    values = {name: float(np.mean([getattr(row, name) for row in good])) for name in _NUMBERS}
    return Mean(seeds=len(good), status="ok", **values)


def best(systems: Means, number: str, *, highest: bool = False) -> tuple[str, float] | None:
    """The peer that is best by one number, and the number; None if no peer has one."""
    found = [(getattr(mean, number), name) for name, mean in systems.items() if is_peer(name) and mean.status == "ok"]
    if not found:
        return None
    value, name = max(found) if highest else min(found)
    return name, value


def ratio(value: float | None, to: tuple[str, float] | None) -> float | None:
    """``value`` in units of the best peer's; below 1 is better."""
    return None if value is None or to is None else value / to[1]
