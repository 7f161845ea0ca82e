"""smartnoise-synth's engines whose promise does not hold, as they are: PAC-Synth, PATE-CTGAN, PATE-GAN, DPGAN.

They are run as non-private ones: the epsilon below is a setting of their noise and nothing else (docs/sharp-edges.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .task import Codes, Task, fresh_seed

EPSILON, DELTA = 3.0, 1e-6


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of the model; a cell that it leaves empty is drawn from the column's other cells."""
    import torch
    from snsynth import Synthesizer

    task = Task.of(document)
    np.random.seed(fresh_seed())
    torch.manual_seed(fresh_seed())
    busy = [column for column, size in enumerate(task.sizes) if size > 1]
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    if not busy or task.n_rows == 0:
        return made
    names = [f"c{column}" for column in busy]
    rows = pd.DataFrame(codes[:, busy], columns=names)
    engine = Synthesizer.create(task.model, epsilon=EPSILON, **_settings(task))
    engine.fit(rows, categorical_columns=names, preprocessor_eps=0.0)
    found = pd.DataFrame(engine.sample(task.n_rows))
    found.columns = names
    for column, name in zip(busy, names, strict=True):
        made[:, column] = _filled(found[name], task.sizes[column], task.n_rows)
    return made


def _settings(task: Task) -> dict[str, Any]:
    if task.model == "pacsynth":
        return {"delta": DELTA, "reporting_length": 2}
    if task.model == "patectgan":
        return {"delta": DELTA, "epochs": int(task.options["epochs"]), "cuda": False}
    return {"delta": DELTA, "epochs": int(task.options["epochs"])} if task.model == "dpgan" else {"delta": DELTA}


def _filled(values: pd.Series, size: int, n_rows: int) -> Codes:
    """Codes of a column, ``n_rows`` of them, within its size."""
    rng = np.random.default_rng(fresh_seed())
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    known = numbers[np.isfinite(numbers)]
    known = known[(known >= 0) & (known < size)].astype(np.int64)
    if known.size == 0:
        return rng.integers(0, size, n_rows)
    out = rng.choice(known, n_rows)
    fits = np.flatnonzero(np.isfinite(numbers[:n_rows]) & (numbers[:n_rows] >= 0) & (numbers[:n_rows] < size))
    out[fits] = numbers[fits].astype(np.int64)
    return out
