"""DP-SGD: gradients of persons, clipped one by one, added up with exact noise. The only door to opacus.

``privacy.session`` calls ``train``; engines make plans (``privacy.calibration``) and hand over a module and a loss.
Torch and opacus are the optional extra ``deep`` and are imported only when something is trained.

What is done in each of ``steps`` rounds, with nothing of it told to anybody but the module's new parameters:
1. every unit is in the round by a coin of its own with chance ``sample_rate`` (Poisson sampling: never a fixed batch);
2. the gradients of a unit's records are averaged into ONE contribution, clipped to the L2 norm ``clip_norm``;
3. contributions become whole numbers on a lattice of ``clip_norm / R`` (R at least 1000 sqrt(parameters)) in a ball of
   radius R, and are added up as integers: the sum is exact and its L2 sensitivity is R, on any device, in any order;
4. noise round(N(0, (noise_multiplier R)^2)), exact and from the caller's entropy, is added (``privacy.noise``): what
   comes out is the rounding of a continuous Gaussian mechanism, so no bit of a float tells the gradient (Mironov 2012);
5. the mean is taken over the public ``sample_rate * expected_units``, never over how many there were.

The number of rounds is fixed beforehand. No loss, norm or count is returned, logged or used to stop; ``on_step`` gets
two counters. A run that is cut short cannot be resumed: running again is another mechanism with a price of its own.
Source: Abadi et al. 2016, arXiv:1607.00133. Step 3 is ``privacy.clipping``'s.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from privacy.calibration import TrainingPlan
from privacy.clipping import lattice_radius, on_lattice, per_unit
from privacy.noise import Entropy, rounded_gaussian
from privacy.records import Batch, Ints, Units
from understudy.errors import UsageError

if TYPE_CHECKING:
    import torch

MAX_RECORDS = 256
"""Records whose gradients are held at once."""


def is_trainable() -> bool:
    """Whether torch and opacus are installed."""
    from importlib.util import find_spec

    return all(find_spec(package) is not None for package in ("torch", "opacus"))


def require_deep() -> None:
    """Raises: UsageError (deep-missing) if torch or opacus is not installed."""
    if not is_trainable():
        raise UsageError(
            "Training a network needs the extra 'deep' (torch, opacus): pip install 'understudy-server[deep]'.",
            code="deep-missing",
        )


def train(
    module: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Batch], torch.Tensor],
    units: Units,
    plan: TrainingPlan,
    *,
    entropy: Entropy,
    optimizer: torch.optim.Optimizer,
    device: str = "cpu",
    on_step: Callable[[int, int], None] | None = None,
    max_records: int = MAX_RECORDS,
) -> None:
    """Change ``module`` in place, privately. The caller has paid ``plan.event()`` before; ``privacy.session`` does.

    ``loss(module, batch)`` has one value a record, each of that record alone; a module that mixes records (batch
    normalisation) is refused. ``optimizer`` holds the parameters to train; all others stay as they are.
    Guarantees: the parameters are what a Gaussian mechanism on a Poisson sample, ``plan.steps`` times, tells of any
    unit, and post-processing of it. A unit whose gradient is not finite counts as zero.
    Raises: UsageError (deep-missing, module-mixes-rows, nothing-to-train).
    """
    require_deep()
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    _check(module, trained)
    module.to(device)
    mode = module.training
    module.train()  # opacus' hooks see nothing else
    with _Gradients(module, loss, trained, device) as gradients:
        for step in range(plan.steps):
            chosen = _chosen(len(units), plan.sample_rate, entropy)
            total = _clipped_sum(gradients, units, chosen, plan.clip_norm, max_records)
            _apply(trained, total, plan, entropy)
            optimizer.step()
            if on_step is not None:
                on_step(step + 1, plan.steps)
    module.train(mode)
    for parameter in trained:
        parameter.grad = None


def _check(module: torch.nn.Module, trained: Sequence[torch.nn.Parameter]) -> None:
    import torch

    if not trained:
        raise UsageError("The optimizer holds no parameter.", code="nothing-to-train")
    mixing = torch.nn.modules.batchnorm._BatchNorm
    if any(isinstance(part, mixing) for part in module.modules()):
        raise UsageError("Batch normalisation mixes persons: use another one.", code="module-mixes-rows")
    wanted = {id(parameter) for parameter in trained}
    for parameter in module.parameters():
        parameter.requires_grad_(id(parameter) in wanted)


class _Gradients:
    """Each record's own gradient, by opacus' hooks."""

    def __init__(
        self,
        module: torch.nn.Module,
        loss: Callable[[torch.nn.Module, Batch], torch.Tensor],
        trained: Sequence[torch.nn.Parameter],
        device: str,
    ) -> None:
        from opacus.grad_sample.grad_sample_module import GradSampleHooks

        self._module, self._loss, self._trained, self._device = module, loss, trained, device
        self._hooks = GradSampleHooks(module, loss_reduction="sum", strict=False)

    def __enter__(self) -> _Gradients:
        return self

    def __exit__(self, *_: object) -> None:
        self._hooks.cleanup()

    def of(self, batch: Batch) -> list[torch.Tensor]:
        """For every trained parameter its gradient by record: float tensors of shape (records, *parameter.shape)."""
        self._clear()
        losses = self._loss(self._module, _moved(batch, self._device))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch tells that whole numbers have no gradient
            losses.sum().backward()  # type: ignore[no-untyped-call]
        found = [_stacked(parameter, losses.shape[0]) for parameter in self._trained]
        self._clear()
        return found

    def _clear(self) -> None:
        for parameter in self._trained:
            parameter.grad = None
            parameter.grad_sample = None  # type: ignore[attr-defined]


def _stacked(parameter: torch.nn.Parameter, n_records: int) -> torch.Tensor:
    """What the hooks left; a parameter used in several places has one entry for each."""
    import torch

    found = getattr(parameter, "grad_sample", None)
    if found is None:
        return torch.zeros((n_records, *parameter.shape), device=parameter.device)
    parts: list[torch.Tensor] = found if isinstance(found, list) else [found]
    if any(part.shape[0] != n_records for part in parts):
        raise UsageError("A loss is one value a record, records along the first axis.", code="loss-not-by-record")
    total = parts[0].detach()
    for part in parts[1:]:
        total = total + part.detach()
    return total


def _moved(batch: Batch, device: str) -> Batch:
    if isinstance(batch, Mapping):
        return {name: part.to(device) for name, part in batch.items()}
    if isinstance(batch, tuple):
        return tuple(part.to(device) for part in batch)
    return batch.to(device)


def _chosen(n_units: int, sample_rate: float, entropy: Entropy) -> Ints:
    """Which units are in this round: each by a coin of its own, with chance floor(sample_rate * 2**64) / 2**64."""
    if sample_rate == 1:
        return np.arange(n_units)
    words = np.frombuffer(entropy(8 * n_units), dtype="<u8")
    if words.size != n_units:
        raise ValueError("The entropy source returned too few bytes.")
    return np.flatnonzero(words < np.uint64(int(Fraction(sample_rate) * 2**64)))


def _clipped_sum(
    gradients: _Gradients, units: Units, chosen: Ints, clip_norm: float, max_records: int
) -> list[NDArray[np.float64]]:
    """Integer sums over the chosen units, one array for each trained parameter; exact in float64."""
    shapes = [tuple(parameter.shape) for parameter in gradients._trained]
    total = [np.zeros(shape) for shape in shapes]
    radius = lattice_radius(sum(math.prod(shape) for shape in shapes))
    for batch, place, n_units in _pieces(units, chosen, max_records):
        whole = per_unit(gradients.of(batch), place, n_units)
        for index, clipped in enumerate(on_lattice(whole, clip_norm, radius)):
            total[index] += clipped
    return total


def _pieces(units: Units, chosen: Ints, max_records: int) -> Iterator[tuple[Batch, Ints, int]]:
    """(records, unit of each, number of units) in pieces of about ``max_records``; a unit is never cut in two.

    The sum is exact, so where the cuts are does not matter.
    """
    waiting = [chosen[low : low + max_records] for low in range(0, len(chosen), max_records)][::-1]
    while waiting:
        part = waiting.pop()
        batch, place = units.batch(part)
        if len(place) > max_records and len(part) > 1:
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
        elif len(place):
            yield batch, place, len(part)


def _apply(
    trained: Sequence[torch.nn.Parameter], total: Sequence[NDArray[np.float64]], plan: TrainingPlan, entropy: Entropy
) -> None:
    """Noise on the sums, then the mean over the expected number of units, as the gradient for the optimizer."""
    import torch

    radius = lattice_radius(sum(array.size for array in total))
    scale = plan.clip_norm / radius / (plan.sample_rate * plan.expected_units)
    for parameter, exact in zip(trained, total, strict=True):
        noise = rounded_gaussian(plan.noise_multiplier * radius, exact.shape, entropy)
        mean = torch.from_numpy((exact + noise) * scale)
        parameter.grad = mean.to(device=parameter.device, dtype=parameter.dtype)
