"""What is run: systems by cost, epsilons, seeds and time limits, the most telling runs first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.process import Run

EPSILONS = (0.1, 0.3, 1.0, 3.0, 10.0)
LARGE = ("adult", "credit")
AT_HOME = ("independent", "ours:plain", "ours:target")
"""Systems that need no environment of their own."""
QUICK = ("smartnoise:mst", "dpsynth:swift", "dpmm:mst")
"""Peers run at every epsilon."""
SLOW = ("mostlyai:dp", "opendp:mst", "dpsynth:mst", "dpmm:aim", "smartnoise:aim")
"""Peers run at epsilon 1 only."""
PEERS = (*QUICK, *SLOW)
QUICK_TABLES = ("randhie", "breast_cancer", "diabetes")


def quick() -> Iterator[Run]:
    """Ours and the shuffled columns on the small tables: under a minute, no peers."""
    for table in QUICK_TABLES:
        for system in AT_HOME:
            yield Run(system=system, table=table, epsilon=1.0, seed=0, timeout_s=120)


def full(
    *,
    systems: Sequence[str] = (*AT_HOME, *PEERS),
    tables: Sequence[str],
    epsilons: Sequence[float] = EPSILONS,
    seeds: int = 3,
    timeout_s: float = 2700,
) -> Iterator[Run]:
    """Every case: first seeds before second ones, epsilon 1 before the others, the systems in the order given."""
    for seed in range(seeds):
        for epsilon in sorted(epsilons, key=lambda value: (value != 1.0, value)):
            for table in tables:
                for system in systems:
                    if _is_run(system, epsilon, seed):
                        yield Run(system=system, table=table, epsilon=epsilon, seed=seed, timeout_s=timeout_s)


def _is_run(system: str, epsilon: float, seed: int) -> bool:
    if system in SLOW:
        return epsilon == 1.0
    return system != "independent" or (epsilon == 1.0 and seed == 0)
