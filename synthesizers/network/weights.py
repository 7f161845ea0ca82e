"""The network as plain numbers, and rows from it without torch.

Each code of a column has a vector. The vectors of the columns before a column are mapped and added up, put through
tanh, and mapped to the log-odds of the column's codes, beside the log of its one-way marginal:
``logits_j = log p_j + U_j tanh(sum over i < j of A_ij V_i[x_i]) + b_j``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_CHUNK = 2**15


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Columns in the order in which they are drawn; ``order[p]`` is the column of the domain at place p.

    Shapes: base[p] (size,); vectors[p] (size, width); maps[p] (width, p * width); heads[p] (size, width); biases[p]
    (size,).
    """

    order: tuple[int, ...]
    base: tuple[Floats, ...]
    vectors: tuple[Floats, ...]
    maps: tuple[Floats, ...]
    heads: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def sample(self, n_rows: int, *, seed: int) -> list[NDArray[np.int64]]:
        """Codes of every column of the domain; the same arguments give the same codes."""
        parts = []
        for chunk, low in enumerate(range(0, max(n_rows, 1), _CHUNK)):
            rng = np.random.Generator(np.random.SFC64([seed, chunk]))
            parts.append(self._chunk(min(_CHUNK, n_rows - low), rng))
        return [np.concatenate([part[column] for part in parts]) for column in range(len(self.order))]

    def _chunk(self, n_rows: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
        made: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * len(self.order)
        before = np.zeros((n_rows, 0), dtype=np.float32)
        for place, column in enumerate(self.order):
            hidden = np.tanh(before @ self.maps[place].T)
            codes = drawn(hidden @ self.heads[place].T + (self.base[place] + self.biases[place]), rng)
            made[column] = codes
            before = np.hstack([before, self.vectors[place][codes]])
        return made

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """By name, for an artifact."""
        found: dict[str, NDArray[np.generic]] = {"order": np.array(self.order)}
        for place in range(len(self.order)):
            found[f"base.{place}"] = self.base[place]
            found[f"vectors.{place}"] = self.vectors[place]
            found[f"maps.{place}"] = self.maps[place]
            found[f"heads.{place}"] = self.heads[place]
            found[f"biases.{place}"] = self.biases[place]
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Weights:
        """The inverse of ``arrays``."""
        order = tuple(int(column) for column in arrays["order"])

        def all_of(name: str) -> tuple[Floats, ...]:
            return tuple(arrays[f"{name}.{place}"].astype(np.float32) for place in range(len(order)))

        return cls(order, all_of("base"), all_of("vectors"), all_of("maps"), all_of("heads"), all_of("biases"))


def drawn(logits: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """One code for each row, by inverting the cumulated softmax."""
    logits -= logits.max(axis=1, keepdims=True)
    cumulated = np.cumsum(np.exp(logits, out=logits), axis=1, dtype=np.float64)
    marks = rng.random(len(logits)) * cumulated[:, -1]
    codes: NDArray[np.int64] = np.minimum((cumulated <= marks[:, None]).sum(axis=1), logits.shape[1] - 1)
    return codes


def log_shares(counts: NDArray[np.float64], total: float) -> Floats:
    """The log of a noisy one-way marginal, no code below half a row: exp of it is a distribution."""
    shares = np.maximum(counts, 0.5) / max(total, 1.0)
    logs: Floats = np.log(shares / shares.sum()).astype(np.float32)
    return logs
