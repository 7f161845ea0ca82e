"""A row's unknown codes drawn from the network, given those that are known.

The chance of each value of one hole, given all else, is what the network says of the whole row with that value in it:
its own chance given the columns before, times those of all columns after. So one hole is drawn exactly. Several holes
of a row are drawn at first in the network's order, given what stands before them, and then one after the other given
all else, for a number of rounds (Gibbs sampling, Geman and Geman 1984), which tends to the law of them all. No torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthesizers.imputation import Gaps
from synthesizers.network.weights import Floats, Weights, drawn

Ints = NDArray[np.int64]

_ROUNDS = 8
_CELLS = 2**21
"""Log-odds that are held at once."""
_NEVER = np.float32(-1e9)


def completed(weights: Weights, gaps: Gaps, rng: np.random.Generator) -> list[Ints]:
    """The codes with every hole drawn."""
    holes, made = gaps.holes, [np.array(one, dtype=np.int64) for one in gaps.codes]
    work = _Row(weights, made, gaps.shut, rng)
    for place, column in enumerate(weights.order):
        rows = np.flatnonzero(holes[:, column])
        if rows.size:
            made[column][rows] = work.forward(place, rows)
    several = holes.sum(axis=1) > 1
    for turn in range(_ROUNDS):
        for place, column in enumerate(weights.order):
            rows = np.flatnonzero(holes[:, column] & (several | (turn == 0)))
            if rows.size:
                made[column][rows] = work.given_all(place, rows)
    return made


class _Row:
    """Draws of one column's code."""

    def __init__(
        self, weights: Weights, codes: list[Ints], shut: Sequence[int | None], rng: np.random.Generator
    ) -> None:
        self._weights, self._codes, self._shut, self._rng = weights, codes, shut, rng

    def forward(self, place: int, rows: NDArray[np.intp]) -> Ints:
        """Given the columns before it alone."""
        return drawn(self._own(place, rows), self._rng)

    def given_all(self, place: int, rows: NDArray[np.intp]) -> Ints:
        """Given all other columns."""
        widest = max(len(base) for base in self._weights.base)
        step = max(1, _CELLS // (widest * len(self._weights.base[place])))
        parts = []
        for low in range(0, rows.size, step):
            own = rows[low : low + step]
            odds = self._own(place, own)
            for later in range(place + 1, len(self._weights.order)):
                odds = odds + self._told_by(later, place, own)
            parts.append(drawn(odds, self._rng))
        return np.concatenate(parts)

    def _own(self, place: int, rows: NDArray[np.intp]) -> Floats:
        """Log-odds of the codes of a column, given the columns before it: (rows, size)."""
        net = self._weights
        odds = np.tanh(self._sums(place, rows)) @ net.heads[place].T + net.base[place] + net.biases[place]
        code = self._shut[net.order[place]]
        if code is not None:
            odds[:, code] = _NEVER
        return np.asarray(odds, dtype=np.float32)

    def _told_by(self, later: int, place: int, rows: NDArray[np.intp]) -> Floats:
        """Log of the chance that a later column has its code, for each code of the column at ``place``."""
        net = self._weights
        width = net.vectors[place].shape[1]
        part = net.maps[later][:, place * width : (place + 1) * width]
        by_code = net.vectors[place] @ part.T
        others = self._sums(later, rows) - by_code[self._codes[net.order[place]][rows]]
        hidden = np.tanh(others[:, None, :] + by_code[None, :, :])
        odds = hidden @ net.heads[later].T + (net.base[later] + net.biases[later])
        peak = odds.max(axis=2, keepdims=True)
        total = np.log(np.exp(odds - peak).sum(axis=2)) + peak[:, :, 0]
        mine = self._codes[net.order[later]][rows]
        return np.asarray(np.take_along_axis(odds, mine[:, None, None], axis=2)[:, :, 0] - total, dtype=np.float32)

    def _sums(self, place: int, rows: NDArray[np.intp]) -> Floats:
        """What the columns before add up to, before tanh: (rows, width)."""
        net = self._weights
        width = net.maps[place].shape[0]
        total = np.zeros((rows.size, width), dtype=np.float32)
        for before in range(place):
            part = net.maps[place][:, before * width : (before + 1) * width]
            total += (net.vectors[before] @ part.T)[self._codes[net.order[before]][rows]]
        return total
