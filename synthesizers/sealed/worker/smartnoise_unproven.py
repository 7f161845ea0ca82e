"""smartnoise-synth's engines whose promise does not hold: PAC-Synth, PATE-CTGAN, PATE-GAN, DPGAN. docs/sharp-edges.md.

They are run as non-private ones, so what only served their promise is turned off, where it can be:
- PATE-CTGAN and PATE-GAN: no noise on the teachers' votes (theirs is a thousand teachers' worth, and drowns them), and
  a fixed number of iterations in place of an accountant that ends them after one or two;
- PATE-CTGAN's teachers: two. They are one network, so fifty of them are that network trained twenty-five times as long
  on the same rows; and what it looks up in the rows is built once, not again in every step;
- none of them takes a table of one row, and PATE-GAN none of under a thousand: fewer rows than that are repeated;
- DPGAN: a fixed number of passes over the rows; its noise and clipping stay, for they are its optimizer's;
- PAC-Synth: as it is, with an epsilon that is a setting of its noise and nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .task import Codes, Task, fresh_seed

_PAC_EPSILON, _PAC_DELTA, _PAC_LENGTH = 3.0, 1e-6, 2
_BATCH = 100
_LEAST_ROWS = 1000
_STUDENT_STEPS = 5
_NO_NOISE = 1e6
"""Inverse scale of the votes' Laplace noise."""


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of the model; a cell that it leaves empty is drawn from the column's other cells."""
    import torch

    warnings.simplefilter("ignore")
    task = Task.of(document)
    np.random.seed(fresh_seed())
    busy = [column for column, size in enumerate(task.sizes) if size > 1]
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    if not busy or task.n_rows == 0 or len(codes) == 0:
        return made
    rows = pd.DataFrame(codes[:, busy], columns=[f"c{column}" for column in busy])
    rows = pd.concat([rows] * -(-_LEAST_ROWS // len(rows)), ignore_index=True)
    make = {"pacsynth": _pacsynth, "patectgan": _patectgan, "pategan": _pategan, "dpgan": _dpgan}[task.model]
    torch.manual_seed(fresh_seed())
    engine = make(task, rows)
    engine.fit(rows, categorical_columns=list(rows.columns), preprocessor_eps=0.0)
    torch.manual_seed(fresh_seed())
    found = pd.DataFrame(engine.sample(task.n_rows)).to_numpy(dtype=object)
    for place, column in enumerate(busy):
        made[:, column] = _filled(found[:, place], task.sizes[column], task.n_rows)
    return made


def _pacsynth(_: Task, rows: pd.DataFrame) -> Any:
    from snsynth.aggregate_seeded import AggregateSeededSynthesizer

    length = min(_PAC_LENGTH, rows.shape[1])
    return AggregateSeededSynthesizer(epsilon=_PAC_EPSILON, delta=_PAC_DELTA, reporting_length=length)


def _patectgan(task: Task, rows: pd.DataFrame) -> Any:
    from snsynth.pytorch.nn import patectgan

    patectgan.moments_acc = _counter(int(task.options["iterations"]))
    patectgan.DataSampler = _once(patectgan.DataSampler)
    return patectgan.PATECTGAN(
        epsilon=1.0,
        delta=1e-6,
        batch_size=_BATCH,
        verbose=False,
        cuda=False,
        noise_multiplier=_NO_NOISE,
        sample_per_teacher=len(rows) - 1,
    )


def _once(kind: Any) -> Callable[..., Any]:
    """The library's sampler, built once for each array of rows; it is built in every step, from the same arrays."""
    made: dict[int, tuple[Any, Any]] = {}

    def sampler(rows: Any, *arguments: Any, **options: Any) -> Any:
        if id(rows) not in made:
            made[id(rows)] = rows, kind(rows, *arguments, **options)  # the rows are held, so no other has their id
        return made[id(rows)][1]

    return sampler


def _pategan(task: Task, _: pd.DataFrame) -> Any:
    from snsynth.pytorch.nn import pategan

    count, vote = _counter(int(task.options["iterations"])), pategan.pate
    pategan.moments_acc = count
    pategan.pate = lambda data, teachers, _scale: vote(data, teachers, _NO_NOISE)
    return pategan.PATEGAN(epsilon=1.0, delta=1e-6)


def _dpgan(task: Task, _: pd.DataFrame) -> Any:
    from snsynth.pytorch.nn import dpgan

    return dpgan.DPGAN(epsilon=float("inf"), delta=1e-6, epochs=int(task.options["epochs"]))


def _counter(iterations: int) -> Callable[..., Any]:
    """In place of the accountant: nothing is spent, until as many iterations are over; then all is."""
    import torch

    calls = iter(range(iterations * _STUDENT_STEPS - 1))

    def spent(_teachers: int, _votes: Any, _scale: float, orders: Any, device: str = "cpu") -> Any:
        more = 0.0 if next(calls, None) is not None else float("inf")
        return torch.full((len(orders),), more, dtype=torch.float64, device=device)

    return spent


def _filled(values: Any, size: int, n_rows: int) -> Codes:
    """Codes of a column, ``n_rows`` of them, within its size."""
    rng = np.random.default_rng(fresh_seed())
    numbers = np.array([np.nan if value is None or value == "" else float(value) for value in values[:n_rows]])
    fits = np.flatnonzero(np.isfinite(numbers) & (numbers >= 0) & (numbers < size))
    if fits.size == 0:
        return rng.integers(0, size, n_rows)
    out = rng.choice(numbers[fits], n_rows)
    out[fits] = numbers[fits]
    return out.astype(np.int64)
