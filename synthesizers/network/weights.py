"""The network as plain numbers, and rows from it without torch.

Each column gives every later column a message, a vector for each of its codes. A column's messages are added up, put
through tanh, and mapped to the log-odds of its codes, beside the log of its one-way marginal:
``logits_j = log p_j + U_j tanh(sum over i < j of V_ij[x_i]) + b_j``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_CHUNK = 2**15


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Columns in the order in which they are drawn; ``order[p]`` is the column of the domain at place p.

    Shapes: base[p] (size,); messages[p] (size, places after p, width); heads[p] (size, width); biases[p] (size,).
    """

    order: tuple[int, ...]
    base: tuple[Floats, ...]
    messages: tuple[Floats, ...]
    heads: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    @property
    def width(self) -> int:
        """Numbers in one message."""
        return int(self.heads[0].shape[1])

    def sample(self, n_rows: int, *, seed: int, keep: Mapping[int, NDArray[np.bool_]] | None = None) -> list[NDArray[np.int64]]:
        """Codes of every column of the domain. ``keep``: by column, the codes that may be drawn."""
        parts = []
        for chunk, low in enumerate(range(0, max(n_rows, 1), _CHUNK)):
            rng = np.random.Generator(np.random.SFC64([seed, chunk]))
            parts.append(self._chunk(min(_CHUNK, n_rows - low), rng, keep or {}))
        return [np.concatenate([part[column] for part in parts]) for column in range(len(self.order))]

    def _chunk(
        self, n_rows: int, rng: np.random.Generator, keep: Mapping[int, NDArray[np.bool_]]
    ) -> list[NDArray[np.int64]]:
        n_columns = len(self.order)
        inbox = np.zeros((n_rows, n_columns, self.width), dtype=np.float32)
        drawn: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)] * n_columns
        for place, column in enumerate(self.order):
            logits = np.tanh(inbox[:, place]) @ self.heads[place].T + (self.base[place] + self.biases[place])
            if column in keep:
                logits[:, ~keep[column]] = -np.inf
            codes = _draw(logits, rng)
            drawn[column] = codes
            if place + 1 < n_columns:
                inbox[:, place + 1 :] += self.messages[place][codes]
        return drawn

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """By name, for an artifact."""
        found: dict[str, NDArray[np.generic]] = {"order": np.array(self.order)}
        for place in range(len(self.order)):
            found[f"base.{place}"] = self.base[place]
            found[f"messages.{place}"] = self.messages[place]
            found[f"heads.{place}"] = self.heads[place]
            found[f"biases.{place}"] = self.biases[place]
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Weights:
        """The inverse of ``arrays``."""
        order = tuple(int(column) for column in arrays["order"])

        def all_of(name: str) -> tuple[Floats, ...]:
            return tuple(arrays[f"{name}.{place}"].astype(np.float32) for place in range(len(order)))

        return cls(order, all_of("base"), all_of("messages"), all_of("heads"), all_of("biases"))


def _draw(logits: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """One code for each row, by inverting the cumulated softmax."""
    logits -= logits.max(axis=1, keepdims=True)
    cumulated = np.cumsum(np.exp(logits, out=logits), axis=1, dtype=np.float64)
    marks = rng.random(len(logits)) * cumulated[:, -1]
    return np.minimum((cumulated <= marks[:, None]).sum(axis=1), logits.shape[1] - 1)


def log_shares(counts: Sequence[float], total: float) -> Floats:
    """The log of a noisy one-way marginal, no code below half a row: exp of it is a distribution."""
    shares = np.maximum(np.asarray(counts, dtype=np.float64), 0.5) / max(total, 1.0)
    return np.log(shares / shares.sum()).astype(np.float32)
