"""An engine of the project's own that needs numpy alone: noisy one-way counts, columns independent of each other.

It is there to try the door, and is the least that a sealed engine can be. Its noise is the continuous Gaussian's,
rounded: one row moves the one-ways of d columns by sqrt(d) in L2, so it costs rho = d / (2 stddev^2) zCDP.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .task import Codes, Task, fresh_seed


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of independent columns."""
    task = Task.of(document)
    rng = np.random.default_rng([fresh_seed() for _ in range(4)])
    stddev = np.sqrt(len(task.sizes) / (2 * task.rho)) if task.rho else 0.0
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    for column, size in enumerate(task.sizes):
        counts = np.bincount(codes[:, column], minlength=size) + np.rint(rng.normal(0.0, stddev, size))
        shares = np.maximum(counts, 0.0) + 1e-9
        made[:, column] = rng.choice(size, size=task.n_rows, p=shares / shares.sum())
    return made
