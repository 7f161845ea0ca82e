"""What words mean, as public vectors: words of like meaning lie near each other, whether a person wrote them or not.

A note is the direction of the sum of its words' vectors. The sum over a class's notes is a few dozen numbers, which few
persons can pay for where hundreds of words cannot; and it says something of every word of the vocabulary.
Made by ``benchmarks/text_meanings.py``. Source of the model of words: Arora et al. 2016, arXiv:1502.03520.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthesizers.text.grams import F
from understudy.errors import Failed

DIM = 48
VERSION = 1
_FILE = "meanings.npz"
_COMMON = 1e-3
"""A word this frequent in public text weighs half as much as a rare one."""
Tokens = NDArray[np.int64]


def load(folder: Path, n_tokens: int) -> F:
    """The vectors of all tokens, of norm 1, or zeros for what is no word. Shape: (n_tokens, DIM).

    A folder without the file gives zeros: then nothing is said of meanings. Raises: Failed (text-asset-unreadable).
    """
    if not (folder / _FILE).exists():
        return np.zeros((n_tokens, DIM))
    try:
        with np.load(folder / _FILE, allow_pickle=False) as file:
            if int(file["version"]) != VERSION or file["vectors"].shape != (n_tokens, DIM):
                raise ValueError
            vectors = file["vectors"].astype(np.float64)
    except (OSError, ValueError, KeyError):
        raise Failed("The embedded text model cannot be read.", code="text-asset-unreadable") from None
    made: F = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return made


def save(folder: Path, vectors: F) -> None:
    """What ``load`` reads, to a precision of 1/127."""
    np.savez_compressed(
        folder / _FILE, version=np.array(VERSION), vectors=np.rint(vectors * 127).clip(-127, 127).astype(np.int8)
    )


def directions(vectors: F, chances: F) -> Callable[[Tokens], F]:
    """From a note's tokens to its direction among public text's: norm 1, or zeros if no word is known.

    Each word counts once, a frequent one for less. ``chances``: of tokens in public text.
    """
    weights = _COMMON / (_COMMON + chances)
    usual = _mean(vectors, weights, chances)

    def of(tokens: Tokens) -> F:
        found = np.unique(tokens)
        told = weights[found] * (np.abs(vectors[found]).sum(axis=1) > 0)
        if not told.any():
            return np.zeros(vectors.shape[1])
        mean = told @ vectors[found] / told.sum() - usual
        made: F = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return made

    return of


def _mean(vectors: F, weights: F, chances: F) -> F:
    """What a note of public text of every kind would have."""
    told = weights * chances * (np.abs(vectors).sum(axis=1) > 0)
    made: F = told @ vectors / max(float(told.sum()), 1e-12)
    return made


def apart(direction: F, usual: F) -> F:
    """What a note's direction has beside ``usual``, of norm 1, or zeros."""
    rest = direction - usual
    norm = float(np.linalg.norm(rest))
    made: F = rest / norm if norm > 1e-9 else np.zeros_like(rest)
    return made


def shrunk(told: F, stddev: float) -> F:
    """Noisy sums, together drawn to nothing by as much as noise alone would have made of them. Shape: (n, DIM).

    Source: the positive part of James and Stein's estimator.
    """
    made: F = told * max(0.0, 1 - told.size * stddev**2 / max(float((told**2).sum()), 1e-30))
    return made
