"""Gradients of units, clipped one by one and put on a lattice of whole numbers, so that their sum is exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from privacy.records import Ints
from understudy.errors import UsageError

if TYPE_CHECKING:
    import torch

_LEAST_LATTICE, _MOST_LATTICE = 2**16, 2**24
_FLOAT_SLACK = 2.0**-20
"""Covers what float32 products lose: one part in 2**23 each."""


def per_unit(samples: Sequence[torch.Tensor], place: Ints, n_units: int) -> list[torch.Tensor]:
    """Gradients by record -> mean gradients by unit. ``place[i]``: the unit of record i.

    Shapes: (records, ...) -> (n_units, ...).
    """
    import torch

    if n_units == len(place) and (place == np.arange(n_units)).all():
        return list(samples)
    device = samples[0].device
    where = torch.from_numpy(np.asarray(place, dtype=np.int64)).to(device)
    n_records = torch.from_numpy(np.maximum(np.bincount(place, minlength=n_units), 1)).to(device)
    made = []
    for sample in samples:
        whole = torch.zeros((n_units, *sample.shape[1:]), dtype=sample.dtype, device=device)
        whole.index_add_(0, where, sample)
        made.append(whole / n_records.reshape(-1, *[1] * (sample.dim() - 1)).to(sample.dtype))
    return made


def on_lattice(units: Sequence[torch.Tensor], clip_norm: float, radius: int) -> list[NDArray[np.float64]]:
    """Clip each unit's gradient to ``clip_norm``, put it on the lattice, add all units up.

    Guarantees: one unit adds whole numbers of an L2 norm of at most ``radius`` over all arrays together. Clipped is to
    ``radius`` less what rounding can add, sqrt(parameters) / 2, and what float32 can lose; norms are summed in double.
    """
    import torch

    n_parameters = sum(unit[0].numel() for unit in units)
    squares = torch.zeros(units[0].shape[0], dtype=torch.float64, device=units[0].device)
    for unit in units:
        flat = unit.reshape(unit.shape[0], -1)
        squares += torch.linalg.vector_norm(flat, dim=1, dtype=torch.float64) ** 2
    norms = squares.sqrt()
    room = radius * (1 - _FLOAT_SLACK) - 0.5 * math.sqrt(n_parameters)
    factor = torch.minimum(torch.full_like(norms, radius / clip_norm), room / norms.clamp(min=1e-300))
    factor = torch.where(torch.isfinite(norms), factor, torch.zeros_like(factor))
    sums = []
    for unit in units:
        scaled = unit.float() * factor.float().reshape(-1, *[1] * (unit.dim() - 1))
        whole = torch.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0).round_()
        sums.append(whole.sum(dim=0, dtype=torch.float64).cpu().numpy())
    return sums


def lattice_radius(n_parameters: int) -> int:
    """The ball's radius in lattice steps: a power of two, so large that rounding costs at most 1/2000 of the norm.

    Raises: UsageError (module-too-large) beyond 280 million trained parameters: train fewer, by adapters.
    """
    wanted: int = 2 ** math.ceil(math.log2(max(1000 * math.sqrt(max(n_parameters, 1)), _LEAST_LATTICE)))
    if wanted > _MOST_LATTICE:
        raise UsageError("So many parameters cannot be trained privately: train adapters.", code="module-too-large")
    return wanted
