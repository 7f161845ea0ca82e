"""smartnoise-synth's DP-CTGAN with what it takes for its accounting to be true. Its networks and loop run as they are.

As shipped it accounts for Poisson sampling and draws otherwise: by a condition vector made of the exact frequencies of
all categories, from the rows that have the drawn one, so a rare row is drawn far more often than is paid for, and the
frequencies themselves go into the generator. It stops after its budget is passed. Changed here:
- every row is in a batch by a coin of its own, with the public chance of the plan; there is no condition vector;
- the loop wants batches of one size, so a batch is filled up with rows of random codes, which no real row has a part
  in; rows beyond its size are left out at random. A row of the table so replaces a row of padding, at most: the sum of
  clipped gradients moves by at most two clipping norms, which is what the plan's noise multiplier is relative to;
- the number of steps is the plan's, and the transformer is fitted to codes counted up, not to rows;
- noise is drawn from the operating system's entropy.

Why a replaced row of padding is enough: fix the coins of all other rows. Whether the batch is full or not, the row in
question is in it with at most the plan's chance, and then takes the place of exactly one row; the rest is the same.
The noise is of floats, so the sum's last bits could tell; they never leave the process.
"""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from .task import Codes, Task, fresh_seed


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of the model. Columns of one code are put aside, for they tell nothing."""
    task = Task.of(document)
    busy = [column for column, size in enumerate(task.sizes) if size > 1]
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    if busy and task.n_rows:
        made[:, busy] = _trained(codes[:, busy], [task.sizes[column] for column in busy], task)
    return made


def _trained(codes: Codes, sizes: list[int], task: Task) -> Codes:
    import torch
    from snsynth.pytorch.nn import dpctgan

    warnings.simplefilter("ignore")
    engine_kind = dpctgan.opacus.PrivacyEngine
    engine_kind.get_privacy_spent = lambda self, target_delta=None: (0.0, 0.0)  # noqa: ARG005
    engine_kind._generate_noise = _noise
    dpctgan.DataSampler = _sampler(codes, sizes, float(task.options["sample_rate"]))
    batch, names = int(task.options["batch_size"]), [f"c{column}" for column in range(len(sizes))]
    model = dpctgan.DPCTGAN(
        epsilon=float("inf"),
        delta=1e-6,
        sigma=2.0 * float(task.options["noise_multiplier"]),
        batch_size=batch,
        epochs=int(task.options["steps"]),
        verbose=False,
        cuda=False,
    )
    counted = {name: np.arange(max(batch, *sizes)) % size for name, size in zip(names, sizes, strict=True)}
    model.fit(pd.DataFrame(counted), categorical_columns=names, preprocessor_eps=0.0)
    torch.manual_seed(fresh_seed())
    found = np.asarray(model.sample(task.n_rows), dtype=np.int64)
    return np.clip(found, 0, np.asarray(sizes) - 1)


def _noise(self: Any, max_grad_norm: float, reference: Any) -> Any:
    """Gaussian noise of the engine's standard deviation for one parameter."""
    import torch

    shape = tuple(reference.grad.shape)
    words = np.frombuffer(os.urandom(8 * int(np.prod(shape))), dtype=np.uint64)
    normal = ndtri((words.astype(np.float64) + 0.5) * 2.0**-64)
    scaled = np.clip(normal, -40.0, 40.0).reshape(shape) * float(self.noise_multiplier) * float(max_grad_norm)
    return torch.from_numpy(scaled.astype(np.float32))


def _sampler(codes: Codes, sizes: list[int], rate: float) -> type:
    """In place of the library's sampler: Poisson samples of the rows, filled up or cut to a batch."""

    class Poisson:
        def __init__(self, data: NDArray[np.float64], transformers: Any) -> None:
            """``data``: what the transformer makes of the codes counted up, so row c tells how code c looks."""
            edges = np.cumsum([0, *(one.output_width for one in transformers)])
            self._looks = [data[:size, a:b] for size, a, b in zip(sizes, edges, edges[1:], strict=False)]

        def dim_cond_vec(self) -> int:
            return 0

        def sample_condvec(self, batch: int) -> None:
            """There is none."""

        def sample_data(self, n: int, _col: Any, _opt: Any) -> NDArray[np.float64]:
            rng = np.random.default_rng([fresh_seed() for _ in range(8)])
            chosen = np.flatnonzero(rng.random(len(codes)) < rate)
            rows = codes[rng.permutation(chosen)[:n]]
            padding = np.stack([rng.integers(0, size, n - len(rows)) for size in sizes], axis=1)
            batch = np.concatenate([rows, padding])[rng.permutation(n)]
            return np.concatenate([look[batch[:, column]] for column, look in enumerate(self._looks)], axis=1)

    return Poisson
