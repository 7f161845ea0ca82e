"""What every runner has in common: it reads codes, times a fit and a sample, writes codes, prints one JSON line.

A runner is started by ``benchmarks.process`` as ``PYTHON run_NAME.py MODEL TABLE.csv DOMAIN.json EPSILON DELTA
SEED OUT.csv`` with the python of the peer's own environment, so this file may import nothing but pandas.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Case:
    """One fit. ``sizes[column]`` is the number of codes; codes run from 0. ``n_guess`` is a public row count."""

    model: str
    codes: pd.DataFrame
    sizes: dict[str, int]
    target: str
    n_guess: int
    epsilon: float
    delta: float
    seed: int


Fit = Callable[[Case], Any]
Sample = Callable[[Any, int], pd.DataFrame]


def serve(fit: Fit, sample: Sample, *, packages: tuple[str, ...], version_text: str = "") -> None:
    """Run the case on the command line. ``version_text`` names what is no installed package."""
    warnings.filterwarnings("ignore")
    case, out = _read(sys.argv[1:])
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = fit(case)
    fit_s, fit_cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    wall = time.perf_counter()
    rows = sample(fitted, len(case.codes))
    sample_s = time.perf_counter() - wall
    rows[list(case.sizes)].to_csv(out, index=False)
    facts = {"fit_s": fit_s, "fit_cpu_s": fit_cpu_s, "sample_s": sample_s}
    versions = " ".join([version_text, *(f"{name} {version(name)}" for name in packages)]).strip()
    print(json.dumps({**{key: round(value, 3) for key, value in facts.items()}, **_peak(), "version": versions}))


def _read(arguments: list[str]) -> tuple[Case, Path]:
    model, table, domain, epsilon, delta, seed, out = arguments
    facts = json.loads(Path(domain).read_text())
    return Case(
        model=model,
        codes=pd.read_csv(table)[list(facts["sizes"])],
        sizes=facts["sizes"],
        target=facts["target"],
        n_guess=facts["n_guess"],
        epsilon=float(epsilon),
        delta=float(delta),
        seed=int(seed),
    ), Path(out)


def _peak() -> dict[str, int]:
    """Peak resident memory of this process, or of its largest child."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return {"peak_mib": max(resource.getrusage(one).ru_maxrss for one in who) // 1024}
