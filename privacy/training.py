"""DP-SGD: gradients of persons, clipped one by one, added up with exact noise. The only door to opacus.

``privacy.session`` calls ``train``; engines make plans with ``calibrate`` and hand over a module and a loss. Torch and
opacus are the optional extra ``deep`` and are imported only when something is trained.

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
Source: Abadi et al. 2016, arXiv:1607.00133; accounting by PLD, Koskela et al. 2020, arXiv:1906.03049.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from privacy.accounting import DpEvent, compose, epsilon_by_rdp, epsilon_of, gaussian_event, poisson_event, repeated
from privacy.noise import Entropy, rounded_gaussian
from understudy.errors import PrivacyParameterError, UsageError

if TYPE_CHECKING:
    import torch

Batch = Any
"""What a loss understands: a tensor, or a tuple or a mapping of tensors, each with records along its first axis."""
Ints = NDArray[np.intp]

MAX_RECORDS = 256
"""Records whose gradients are held at once."""
_LEAST_NOISE, _MOST_NOISE = 0.05, 1e4
_WHOLE_ORDERS = (*range(2, 64), 96, 128, 256, 512)
_PRECISION = 5e-3
"""Relative precision of a calibrated noise multiplier, rounded up."""
_LEAST_LATTICE, _MOST_LATTICE = 2**16, 2**24
_FLOAT_SLACK = 2.0**-20
"""Covers what float32 products lose: one part in 2**23 each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What a training costs and how it is done, from public numbers alone.

    Units: ``noise_multiplier`` is the noise's standard deviation over ``clip_norm``; ``expected_units`` is a public
    guess of the number of units (a bucket, or a noisy count), by which means are taken.
    Raises: PrivacyParameterError for a number out of range. Nothing is clamped.
    """

    noise_multiplier: float
    sample_rate: float
    steps: int
    clip_norm: float
    expected_units: int

    def __post_init__(self) -> None:
        if not 0 < self.sample_rate <= 1 or not 1 <= self.steps <= 1_000_000 or self.expected_units < 1:
            raise PrivacyParameterError("A training has a sample rate in (0, 1], at least one step and one unit.")
        if not (math.isfinite(self.clip_norm) and self.clip_norm > 0):
            raise PrivacyParameterError("A clipping norm is finite and above 0.")
        gaussian_event(self.noise_multiplier)

    def event(self) -> DpEvent:
        """``steps`` times the Gaussian on a Poisson sample; with a sample rate of 1, plainly ``steps`` Gaussians."""
        return training_event(self.noise_multiplier, self.sample_rate, self.steps)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> TrainingPlan:
        """What ``as_dict`` wrote."""
        return cls(**document)


def training_event(noise_multiplier: float, sample_rate: float, steps: int) -> DpEvent:
    """What ``steps`` rounds do to neighbouring tables."""
    return repeated(poisson_event(sample_rate, gaussian_event(noise_multiplier)), steps)


def calibrate(
    epsilon: float,
    delta: float,
    *,
    sample_rate: float,
    steps: int,
    clip_norm: float,
    expected_units: int,
    alongside: Iterable[DpEvent] = (),
) -> TrainingPlan:
    """The training with the least noise that costs, composed with ``alongside``, at most (epsilon, delta).

    Reads no row. Raises: PrivacyParameterError if no noise is enough, because the other events use all of it.
    """
    others = list(alongside)

    def epsilon_at(noise_multiplier: float) -> float:
        event = training_event(noise_multiplier, sample_rate, steps)
        return epsilon_of(compose([*others, event]), delta)

    def guessed_at(noise_multiplier: float) -> float:
        event = training_event(noise_multiplier, sample_rate, steps)
        return epsilon_by_rdp(compose([*others, event]), delta, orders=_WHOLE_ORDERS)

    low, high = _bracket(epsilon_at, epsilon, _guess(guessed_at, epsilon))
    while high[0] - low[0] > _PRECISION * high[0]:
        middle = _between(low, high, epsilon)
        found = (middle, epsilon_at(middle))
        low, high = (low, found) if found[1] <= epsilon else (found, high)
    return TrainingPlan(
        noise_multiplier=high[0],
        sample_rate=sample_rate,
        steps=steps,
        clip_norm=clip_norm,
        expected_units=expected_units,
    )


Guess = tuple[float, float]
"""A noise multiplier and the epsilon that it costs."""


def _guess(guessed_at: Callable[[float], float], epsilon: float) -> float:
    """Where the quick bound says epsilon is: a few per cent above where the tight one does."""
    low, high = _LEAST_NOISE, _MOST_NOISE
    if guessed_at(high) > epsilon:
        return high
    while high > 1.005 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if guessed_at(middle) <= epsilon else (middle, high)
    return high


def _bracket(epsilon_at: Callable[[float], float], epsilon: float, start: float) -> tuple[Guess, Guess]:
    """Two noise multipliers near ``start``, of which the smaller costs more than epsilon and the larger does not."""
    guess = (start, epsilon_at(start))
    up = guess[1] > epsilon
    factor = 1.15 if up else 1 / 1.15
    while True:
        other = guess[0] * factor
        if not _LEAST_NOISE <= other <= _MOST_NOISE:
            if up:
                raise PrivacyParameterError("Nothing is left for a training at this epsilon and delta.")
            return (other, math.inf), guess
        found = (other, epsilon_at(other))
        if (found[1] <= epsilon) == up:
            return (guess, found) if up else (found, guess)
        guess, factor = found, factor**2


def _between(low: Guess, high: Guess, epsilon: float) -> float:
    """The next guess: by a straight line in log-log, kept off both ends, for a call takes a second."""
    if not math.isfinite(low[1]):
        return math.sqrt(low[0] * high[0])
    share = math.log(low[1] / epsilon) / math.log(low[1] / high[1])
    share = min(max(share + 0.02, 0.05), 0.95)
    return float(low[0] * (high[0] / low[0]) ** share)


class Units(Protocol):
    """Private records by unit. Only ``train`` may ask."""

    def __len__(self) -> int:
        """Units, exactly: private."""
        ...

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """The records of some units, and for each record the place in ``chosen`` of its unit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnits:
    """Records of any kind. ``collate`` makes a batch of them; what it draws at random it draws per record."""

    units: Sequence[Sequence[Any]]
    collate: Callable[[Sequence[Any]], Batch]

    def __len__(self) -> int:
        return len(self.units)

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """See ``Units.batch``."""
        records = [(place, record) for place, unit in enumerate(chosen) for record in self.units[unit]]
        return self.collate([record for _, record in records]), np.array([place for place, _ in records], dtype=np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class MatrixUnits:
    """Rows of a matrix. ``order[starts[u]:starts[u + 1]]`` are the rows of unit u."""

    rows: NDArray[Any]
    order: Ints
    starts: Ints

    @classmethod
    def of(cls, rows: NDArray[Any], unit_of_row: NDArray[np.integer[Any]]) -> MatrixUnits:
        """Shapes: rows (n, ...), unit_of_row (n,), any whole numbers."""
        _, number = np.unique(unit_of_row, return_inverse=True)
        order = np.argsort(number, kind="stable")
        counts = np.bincount(number) if number.size else np.zeros(0, dtype=np.intp)
        return cls(rows, order, np.concatenate([[0], np.cumsum(counts)]).astype(np.intp))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, chosen: Ints) -> tuple[Batch, Ints]:
        """See ``Units.batch``; the batch is one tensor."""
        import torch

        sizes = self.starts[chosen + 1] - self.starts[chosen]
        first = np.repeat(self.starts[chosen] - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        rows = self.order[np.arange(int(sizes.sum())) + first]
        return torch.from_numpy(self.rows[rows]), np.repeat(np.arange(len(chosen)), sizes)


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
