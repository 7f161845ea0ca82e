"""smartnoise-synth's MST, AIM and MWEM on codes of a public domain, within a zCDP budget that the caller has paid.

The mechanisms' own steps run as they are. What is changed is what breaks their promise (docs/sharp-edges.md):
- the domain is given, never read from the rows; so is the number of rows, a noisy one;
- noise is rounded to whole numbers before it meets a count, so no low-order bit of a float tells the count;
- selections draw from the operating system's entropy, and the rows are drawn from another stream than they;
- rows are drawn with ``method="sample"``: the default of mbi 1.1.0 is worse than independent columns;
- MWEM neither reads the ranges of columns nor falls back to a uniform choice after some draws, which costs more than
  it says: it draws from the queries that are left.

Prices, one row added or removed. MST: a third of rho for the one-ways, the selection and the pairs each (Gaussian:
1 / (2 sigma^2); a selection of eps: eps^2 / 8). AIM: its own filter over rho. MWEM: eps^2 / 8 for a selection and
eps^2 / 2 for the Laplace noise of disjoint cells, each of T times. Sources: McKenna et al. 2021, arXiv:2108.04978;
2022, arXiv:2201.12677; Hardt, Ligett, McSherry 2012, arXiv:1012.4763; Cesar, Rogers 2021, arXiv:2004.07223.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .task import Codes, SystemChoice, Task, fresh_seed

_MWEM_CELLS = 4096
_MWEM_ROUNDS = 30
_MWEM_WORK = 300_000
"""Updates of single cells in a fit, about: they are Python's, a hundred thousand in ten seconds."""


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of the model. Columns of one code are put aside, for they tell nothing."""
    task = Task.of(document)
    busy = [column for column, size in enumerate(task.sizes) if size > 1]
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    if not busy or task.n_rows == 0:
        return made
    sizes = [task.sizes[column] for column in busy]
    model = _one_way if len(busy) == 1 else {"mst": _mst, "aim": _aim, "mwem": _mwem}[task.model]
    made[:, busy] = model(codes[:, busy], sizes, task)
    return made


def _rounded(noise: Callable[[float], float]) -> Callable[..., Any]:
    """The noise as whole numbers: a count is one, so this rounds their sum."""

    def draw(scale: float, size: int | None = None) -> Any:
        if size is None:
            return float(round(noise(scale)))
        return [float(round(noise(scale))) for _ in range(size)]

    return draw


def _one_way(codes: Codes, sizes: Sequence[int], task: Task) -> Codes:
    """A single column: one noisy histogram with all of the budget."""
    from snsynth.utils import gaussian_noise

    noise = _rounded(gaussian_noise)(math.sqrt(1 / (2 * task.rho)), sizes[0])
    shares = np.maximum(np.bincount(codes[:, 0], minlength=sizes[0]) + np.asarray(noise), 0.0) + 1e-9
    rng = np.random.default_rng([fresh_seed() for _ in range(4)])
    return rng.choice(sizes[0], size=(task.n_rows, 1), p=shares / shares.sum())


def _dataset(codes: Codes, sizes: Sequence[int]) -> Any:
    from mbi import Dataset, Domain

    return Dataset(np.ascontiguousarray(codes), Domain(_names(sizes), list(sizes)))


def _names(sizes: Sequence[int]) -> list[str]:
    return [f"col{column}" for column in range(len(sizes))]


def _rows(model: Any, n_rows: int) -> Any:
    np.random.seed(fresh_seed())
    return model.synthetic_data(rows=n_rows, method="sample")


def _mst(codes: Codes, sizes: Sequence[int], task: Task) -> Codes:
    from mbi import estimation, marginal_oracles
    from snsynth.mst import mst

    class Mst(mst.MSTSynthesizer):  # type: ignore[misc]
        def exponential_mechanism(self, q: Any, eps: float, sensitivity: float) -> int:
            return int(super().exponential_mechanism(q, eps, sensitivity, prng=SystemChoice()))

    mst.gaussian_noise = _rounded(mst.gaussian_noise)
    engine, sigma, total = Mst(epsilon=1.0, delta=1e-6), math.sqrt(3 / (2 * task.rho)), max(1.0, task.total)
    data = _dataset(codes, sizes)
    ones = engine.measure(data, [(name,) for name in data.domain], sigma)
    data, ones, undo = engine.compress_domain(data, ones)
    pairs = engine.measure(data, engine.select(data, task.rho / 3, ones, total), sigma)
    model = estimation.mirror_descent(
        data.domain,
        ones + pairs,
        known_total=total,
        iters=int(task.options["mirror_steps"]),
        marginal_oracle=marginal_oracles.message_passing_stable,
    )
    return np.asarray(undo(_rows(model, task.n_rows)).df[_names(sizes)].to_numpy(), dtype=np.int64)


def _aim(codes: Codes, sizes: Sequence[int], task: Task) -> Codes:
    import snsynth.utils
    from snsynth.aim import aim

    aim.gaussian_noise = _rounded(aim.gaussian_noise)
    snsynth.utils.prng = SystemChoice()
    engine = aim.AIMSynthesizer(
        epsilon=1.0,
        delta=1e-6,
        rounds=int(task.options["rounds"]),
        max_model_size=int(task.options["max_model_mib"]),
        max_cells=int(task.options["max_cells"]),
    )
    data = _dataset(codes, sizes)
    engine.rho = task.rho
    engine.AIM(data, engine.get_workload(data, degree=2, max_cells=engine.max_cells))
    return np.asarray(_rows(engine.synthesizer, task.n_rows).df[_names(sizes)].to_numpy(), dtype=np.int64)


def _mwem(codes: Codes, sizes: Sequence[int], task: Task) -> Codes:
    from snsynth import mwem

    draw = _rounded(mwem.laplace_noise)
    total = max(1.0, task.total)

    class Mwem(mwem.MWEMSynthesizer):  # type: ignore[misc]
        def _initialize_a(self, histogram: Any, dimensions: Any) -> Any:
            return np.full(histogram.shape, total / np.prod(dimensions))

        def _laplace(self, sigma: float) -> Any:
            return draw(sigma)

        def _exponential_mechanism(
            self, hist: Any, synth_hist: Any, queries: Any, eps: float, measurements: Any, _iteration: int
        ) -> int:
            left = [index for index in range(len(queries)) if index not in measurements]
            scores = np.array([queries[index].error(hist, synth_hist) for index in left]) * eps / 2
            weights = np.exp(scores - scores.max())
            return left[SystemChoice().choice(len(left), weights)]

    engine = Mwem(epsilon=1.0)
    groups = _groups(sizes)
    engine.histograms = [_histogram(mwem.Histogram, codes, sizes, group) for group in groups]
    for one in engine.histograms:
        one.iterations = min(len(one.queries), _MWEM_ROUNDS)
    n_rounds = sum(one.iterations for one in engine.histograms)
    work = sum(one.iterations**2 * np.mean([query.n_cells for query in one.queries]) for one in engine.histograms)
    engine.mult_weights_iterations = int(np.clip(_MWEM_WORK / max(work, 1), 5, 200))
    for one in engine.histograms:
        one.meas_eps = math.sqrt(8 * task.rho / (5 * n_rounds))
    engine.max_iterations = max(one.iterations for one in engine.histograms)
    rng = np.random.default_rng([fresh_seed() for _ in range(4)])
    made = np.zeros((task.n_rows, len(sizes)), dtype=np.int64)
    for (shares, _, _), group in zip(engine.mwem(), groups, strict=True):
        flat = rng.choice(shares.size, size=task.n_rows, p=np.ravel(shares) / shares.sum())
        made[:, group] = np.stack(np.unravel_index(flat, shares.shape), axis=1)
    return made


def _groups(sizes: Sequence[int]) -> list[list[int]]:
    """Columns, in order, in groups of at most so many cells that one histogram holds; groups are independent."""
    groups: list[list[int]] = []
    cells = math.inf
    for column, size in enumerate(sizes):
        if cells * size > _MWEM_CELLS:
            groups.append([])
            cells = 1
        groups[-1].append(column)
        cells *= size
    return groups


def _histogram(kind: Any, codes: Codes, sizes: Sequence[int], group: Sequence[int]) -> Any:
    """All counts of a group of columns, and its one- and two-way queries."""
    shape = [sizes[column] for column in group]
    counts: NDArray[np.float64] = kind.histogramdd_indexes(codes[:, group], shape).astype(np.float64)
    histogram = kind(counts, shape, [range(size) for size in shape], np.arange(len(group)))
    histogram.add_cuboid_queries(2)
    return histogram


def frame(codes: Codes) -> pd.DataFrame:
    """Codes as a table for libraries that want one."""
    return pd.DataFrame(codes, columns=[f"c{column}" for column in range(codes.shape[1])])
