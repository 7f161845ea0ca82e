"""What a training by DP-SGD costs, and how much noise it needs: from public numbers, before anything is trained.

Plans are made here and trained by ``privacy.training``. The number of rounds is part of the plan, so there is nothing
to decide on the way. Accounting by PLD: Koskela et al. 2020, arXiv:1906.03049.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from privacy.accounting import DpEvent, compose, epsilon_by_rdp, epsilon_of, gaussian_event, poisson_event, repeated
from understudy.errors import PrivacyParameterError

_LEAST_NOISE, _MOST_NOISE = 0.05, 1e4
_WHOLE_ORDERS = (*range(2, 64), 96, 128, 256, 512)
_PRECISION = 5e-3
"""Relative precision of a calibrated noise multiplier, rounded up."""


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
