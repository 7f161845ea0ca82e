"""Shares of one column's codes, given noisy counts of them and of groups of them. Reads released counts only.

Shares are softmax(f), f Gaussian: each code by itself where codes have no order; along the order a smooth curve (Matern
3/2) and a part of its own for each code. Noise is Gaussian of known variance, so what counts do not tell is filled in
by what shares of columns usually are like, and no share is negative. For each of a few scales and lengths the mode is
found by Levenberg and Marquardt's method, all of them at once; the answer is their mean, weighted by Laplace's
approximation of how likely each makes the counts.
Sources: Leonard 1978 (logistic Gaussian densities); Rasmussen and Williams 2006, sections 3.4 and 5.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthesizers.tabular.levels import Coding

Floats = NDArray[np.float64]

MAX_CODES = 128
"""Beyond, its matrices take longer than a fit should."""
CLEAR = 20.0
"""Where a code holds so many standard deviations on average, there is nothing to fill in."""
_MANY = 40
_UNORDERED = ((0.1, 0.05), (0.4, 0.1), (0.8, 0.2), (1.5, 0.3), (2.5, 0.25), (4.0, 0.1))
"""(scale of f, prior weight). Set on public tables, as are the others."""
_SCALES, _LENGTHS, _OWN = (0.3, 1.0, 2.5), (0.15, 0.5), (0.02, 0.3)
_SCALES_OF_MANY, _LENGTHS_OF_MANY = (0.5, 1.5, 3.0), (0.25,)
"""Of a column of more codes fewer are tried, for time."""
_BESIDE, _BESIDE_WEIGHT = ((0.8, 0.3), (2.0, 0.4), (4.0, 0.3)), 0.3
"""An order may say nothing of the shares."""
_ROUNDS, _ENOUGH, _DAMPING = 20, 1e-4, 0.1


@dataclass(frozen=True, slots=True)
class Sums:
    """Noisy counts of groups of codes: ``groups`` (groups x codes) adds up codes, ``stddev`` is a group's noise."""

    groups: Floats
    counts: Floats
    stddev: float


def worth_it(n_codes: int, *, stddev: float, total: float) -> bool:
    """Whether noise is strong enough, and the column small enough, for ``posterior`` to be worth its time."""
    return 1 < n_codes <= MAX_CODES and total < CLEAR * n_codes * stddev


def posterior(counts: Floats, code: Coding, *, stddev: float, total: float, told: Sequence[Sums] = ()) -> Floats:
    """Estimated counts by code: positive, adding up to ``total`` (positive).

    ``stddev``: noise of a code's count. ``told``: what else is known of the same codes.
    """
    roots, log_prior = _laws(code)
    maps = np.concatenate([np.eye(code.size) / stddev, *(one.groups / one.stddev for one in told)])
    seen = np.concatenate([counts / stddev, *(one.counts / one.stddev for one in told)])
    search = _Search(roots, maps * total, seen)
    search.run()
    log_weight = log_prior - search.value - 0.5 * np.linalg.slogdet(search.curvature(np.arange(len(roots)))[1])[1]
    weight = np.exp(log_weight - log_weight.max())
    return np.asarray(total * (weight @ search.shares) / weight.sum(), dtype=np.float64)


def _laws(code: Coding) -> tuple[Floats, Floats]:
    """Roots of f's covariance under each law, and the logarithm of its prior weight."""
    own = np.eye(code.size)
    if not code.is_ordered:
        return np.array([scale * own for scale, _ in _UNORDERED]), np.log([weight for _, weight in _UNORDERED])
    many = code.size > _MANY
    scales, lengths = (_SCALES_OF_MANY, _LENGTHS_OF_MANY) if many else (_SCALES, _LENGTHS)
    laws = [(scale, length, part) for scale in scales for length in lengths for part in _OWN]
    roots = [np.linalg.cholesky(scale**2 * _covariance(code, length, part)) for scale, length, part in laws]
    weights = [(1 - _BESIDE_WEIGHT) / len(laws)] * len(laws) + [_BESIDE_WEIGHT * weight for _, weight in _BESIDE]
    return np.array([*roots, *(scale * own for scale, _ in _BESIDE)]), np.log(weights)


def _covariance(code: Coding, length: float, part: float) -> Floats:
    """Alike within ``length`` of the way along the order; ``part`` is each code's own, as all is of codes beside it."""
    place = np.arange(code.size) / code.n_ordered
    distance = np.sqrt(3) * np.abs(place[:, None] - place[None, :]) / length
    run = np.arange(code.size) < code.n_ordered
    smooth = np.where(np.outer(run, run), (1 + distance) * np.exp(-distance), np.eye(code.size))
    return np.asarray((1 - part) * smooth + (part + 1e-6) * np.eye(code.size))


class _Search:
    """The modes under all laws: u with f = root u minimises |u|^2 / 2 + |seen - maps softmax(f)|^2 / 2."""

    def __init__(self, roots: Floats, maps: Floats, seen: Floats) -> None:
        self._roots, self._maps, self._seen = roots, maps, seen
        self._u = np.zeros(roots.shape[:2])
        self._damping = np.full(len(roots), _DAMPING)
        self.shares, self._residual, self.value = self._at(np.arange(len(roots)), self._u)

    def run(self) -> None:
        """Until no law's value falls by more than a ten-thousandth, or for twenty rounds."""
        live = np.arange(len(self._roots))
        for _ in range(_ROUNDS):
            if not live.size:
                return
            live = self._round(live)

    def curvature(self, laws: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Slopes of what is seen by u, and Gauss and Newton's second derivatives."""
        p, roots = self.shares[laws], self._roots[laws]
        slopes = p[:, :, None] * (roots - np.matmul(p[:, None, :], roots))
        slopes = np.matmul(self._maps, slopes)
        return slopes, np.matmul(slopes.transpose(0, 2, 1), slopes) + np.eye(roots.shape[1])

    def _at(self, laws: NDArray[np.intp], u: Floats) -> tuple[Floats, Floats, Floats]:
        f = np.matmul(self._roots[laws], u[:, :, None])[:, :, 0]
        shares = np.exp(f - f.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        residual = self._seen - shares @ self._maps.T
        return shares, residual, 0.5 * ((u**2).sum(axis=1) + (residual**2).sum(axis=1))

    def _round(self, laws: NDArray[np.intp]) -> NDArray[np.intp]:
        """One step under each of these laws. Returns those that are not done."""
        slopes, curvature = self.curvature(laws)
        down = np.matmul(slopes.transpose(0, 2, 1), self._residual[laws, :, None])[:, :, 0] - self._u[laws]
        size = curvature.shape[1]
        damping = self._damping[laws] * np.trace(curvature, axis1=1, axis2=2) / size
        step = np.linalg.solve(curvature + damping[:, None, None] * np.eye(size), down[:, :, None])[:, :, 0]
        u = self._u[laws] + step
        shares, residual, value = self._at(laws, u)
        better = value <= self.value[laws]
        done = better & (self.value[laws] - value < _ENOUGH)
        at = laws[better]
        self._u[at], self.shares[at], self._residual[at], self.value[at] = (
            found[better] for found in (u, shares, residual, value)
        )
        self._damping[laws] *= np.where(better, 0.2, 5.0)
        return laws[~done]
