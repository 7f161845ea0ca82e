"""Units on the lattice: none is beyond its radius, and none is lost or mixed up."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from privacy.clipping import lattice_radius, on_lattice, per_unit
from understudy.errors import UsageError


def test_the_lattice_never_lets_a_unit_beyond_its_radius() -> None:
    rng = np.random.default_rng(0)
    for size, scale in ((3, 1e-9), (4000, 1.0), (70_000, 1e6)):
        unit = torch.from_numpy(rng.normal(size=(1, size)).astype(np.float32) * scale)
        radius = lattice_radius(size)
        [whole] = on_lattice([unit], 1.0, radius)
        assert float((whole**2).sum()) <= radius**2
        assert (whole == np.rint(whole)).all()
        if scale >= 1:
            assert float((whole**2).sum()) > (0.998 * radius) ** 2


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(UsageError) as refused:
        lattice_radius(10**10)
    assert refused.value.reason == "module-too-large"


def test_per_unit_keeps_the_order_of_the_units() -> None:
    [made] = per_unit([torch.tensor([[2.0], [4.0], [5.0]])], np.array([1, 1, 0]), 2)
    assert made.tolist() == [[5.0], [3.0]]
