"""Make the tagger's weights from nothing but the text that ``scrub_generate`` writes.

    make scrub-model        # two taggers, seeds 5 and 6, about 12 minutes of one core; writes privacy/scrub/weights

Same versions of the packages and same seed: the same weights. No labelled set is read.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scrub_fillers import Fillers
from benchmarks.scrub_generate import document, read_templates
from benchmarks.scrub_meanings import read_meanings
from benchmarks.scrub_medical import ABBREVIATIONS, BRANDS, CLINICAL, DRUGS
from benchmarks.scrub_pools import Pools
from privacy.scrub.folding import fold
from privacy.scrub.labels import LABELS
from privacy.scrub.nationalities import NATIONALITIES, STATES
from privacy.scrub.tagger import WEIGHTS, WINDOW, windows
from privacy.scrub.tokens import FLAGS, KNOWN_COLUMN, LISTS_COLUMN, ROWS, TOKEN, WORD_COLUMN, Words, open_words

SIZE, HIDDEN, DEPTH = 64, 128, 3
BATCH = 3_000
THRESHOLDS = {"PERSON": 0.5, "LOCATION": 0.5, "ORGANIZATION": 0.5}
F = NDArray[np.float32]


def lexicon(pools: Pools) -> dict[str, int]:
    """Folded word -> bits of the lists it stands on."""
    bit = {flag: 1 << place for place, flag in enumerate(FLAGS)}
    found: dict[str, int] = {}

    def add(text: str, flag: str, part: str = "") -> None:
        words = [fold(word).replace("’", "'") for word in TOKEN.findall(text) if len(word) > 1]
        for word in words:
            mark = part if part and len(words) > 1 else flag
            if mark and " " not in word and not word.isdecimal():
                found[word] = found.get(word, 0) | bit[mark]

    for first, last in pools.names:
        for name in first:
            add(name, "first")
        for name in last:
            add(name, "last")
    for town in pools.towns:
        add(town, "town", "town-part")
    for country in pools.countries:
        add(country, "country", "town-part")
    for people in NATIONALITIES:
        add(people, "people")
    for name, code in STATES:
        add(name, "state")
        add(code, "state")
    for word in [*CLINICAL, *BRANDS.split(), *DRUGS, *ABBREVIATIONS]:
        pools.ordinary[fold(word)] += 12
    for word, count in pools.ordinary.items():
        if count >= 3:
            found[word] = found.get(word, 0) | bit["word" if count < 25 else "common-word"]
    return found


def write_lexicon(found: dict[str, int], path: Path) -> None:
    """One line for each set of flags; no time stamp, so that equal lists are equal files."""
    lines: dict[int, list[str]] = {}
    for word, flags in sorted(found.items()):
        lines.setdefault(flags, []).append(word)
    text = "\n".join(f"{flags:x} {' '.join(listed)}" for flags, listed in sorted(lines.items()))
    path.write_bytes(gzip.compress(text.encode("utf-8"), 9, mtime=0))


def write_lists(pools: Pools, vocabulary: list[str], folder: Path) -> None:
    """What a tagger knows of words beside its weights."""
    found = lexicon(pools)
    write_lexicon(found, folder / "lexicon.txt.gz")
    (folder / "vocabulary.txt.gz").write_bytes(gzip.compress("\n".join(vocabulary).encode("utf-8"), 9, mtime=0))


def labels_of(pieces: list[tuple[str, str]], spans: list[tuple[int, int]]) -> NDArray[np.int8]:
    """The label of each word of a document, by where it begins."""
    bounds = np.cumsum([len(piece) for piece, _ in pieces])
    labels = np.array([LABELS.index(label) if label else 0 for _, label in pieces], dtype=np.int8)
    return labels[np.searchsorted(bounds, [start for start, _ in spans], side="right")]


def encode(pieces: list[tuple[str, str]], words: Words) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Rows and labels of one document."""
    text = "".join(piece for piece, _ in pieces)
    spans = [match.span() for match in TOKEN.finditer(text)]
    return words.rows(text, spans), labels_of(pieces, spans)


class Trainer:
    """Adam on the mean cross-entropy of all words of a batch.

    ``meanings``: (words of the vocabulary, d) float32, which stay as they are; a matrix that brings them to the
    table's width is learned, and only its product with them is shipped.
    """

    def __init__(self, seed: int, meanings: F) -> None:
        rng = np.random.default_rng(seed)
        span = 2 * WINDOW + 1
        self.rng = rng
        self.weights: dict[str, F] = {"table": rng.normal(0, 0.1, (ROWS, SIZE)).astype(np.float32)}
        width = SIZE
        for n in range(DEPTH):
            scale = np.sqrt(2 / (span * width)) * (1 if n == 0 else 0.5)
            self.weights[f"w{n}"] = rng.normal(0, scale, (span * width, HIDDEN)).astype(np.float32)
            self.weights[f"b{n}"] = np.zeros(HIDDEN, np.float32)
            width = HIDDEN
        self.weights["wo"] = rng.normal(0, 0.1, (HIDDEN, len(LABELS))).astype(np.float32)
        self.weights["bo"] = np.zeros(len(LABELS), np.float32)
        self.weights["table"][0] = 0
        self.weights["lift"] = rng.normal(0, 0.3, (meanings.shape[1], SIZE)).astype(np.float32)
        self.meanings: F = np.concatenate([np.zeros((1, meanings.shape[1]), np.float32), meanings])
        self.moments = {name: (np.zeros_like(value), np.zeros_like(value)) for name, value in self.weights.items()}
        self.mean = {name: value.copy() for name, value in self.weights.items()}
        self.steps = 0

    def step(self, rows: NDArray[np.int32], labels: NDArray[np.int8], rate: float) -> float:
        """One update; label -1 marks a pad. Returns the loss."""
        w, real = self.weights, (labels >= 0)[:, None]
        n_real = float(real.sum())
        drop = self.dropped(rows, labels)
        known = np.maximum(drop[:, KNOWN_COLUMN] - (ROWS - 1), 0)
        drop[:, KNOWN_COLUMN] = 0
        meant = self.meanings[known]
        hidden: F = w["table"][drop].sum(axis=1) + meant @ w["lift"]
        mask0 = (self.rng.random(hidden.shape, dtype=np.float32) > 0.1).astype(np.float32) / 0.9 * real
        hidden *= mask0
        seen, masks, layer_inputs = [], [], []
        for n in range(DEPTH):
            window = windows(hidden)
            after = window @ w[f"w{n}"] + w[f"b{n}"]
            mask = (after > 0) * real * (self.rng.random(after.shape, dtype=np.float32) > 0.1) / np.float32(0.9)
            mask = mask.astype(np.float32)
            after *= mask
            layer_inputs.append(window)
            masks.append(mask)
            hidden = after if n == 0 else hidden + after
            seen.append(hidden)
        scores = hidden @ w["wo"] + w["bo"]
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        target = np.where(labels < 0, 0, labels)
        loss = -float((np.log(chances[np.arange(len(target)), target] + 1e-9) * real[:, 0]).sum()) / n_real
        delta = chances
        delta[np.arange(len(target)), target] -= 1
        delta *= real / np.float32(n_real)
        grads: dict[str, F] = {"wo": hidden.T @ delta, "bo": delta.sum(axis=0)}
        back = delta @ w["wo"].T
        for n in reversed(range(DEPTH)):
            inner = back * masks[n]
            grads[f"w{n}"] = layer_inputs[n].T @ inner
            grads[f"b{n}"] = inner.sum(axis=0)
            through = _unwindow(inner @ w[f"w{n}"].T)
            back = through if n == 0 else back + through
        grads["lift"] = meant.T @ (back * mask0)
        self.update(grads, back * mask0, drop, rate)
        return loss

    def dropped(self, rows: NDArray[np.int32], labels: NDArray[np.int8]) -> NDArray[np.int32]:
        """Words and their lists are hidden at times, so that strangers' names are found by their surroundings."""
        rows = rows.copy()
        filled = np.isin(labels, [1, 2, 3, 4])
        draw = self.rng.random((2, len(labels)))
        rows[draw[0] < np.where(filled, 0.5, 0.25), WORD_COLUMN] = 0
        unlisted = draw[1] < np.where(filled, 0.12, 0.12)
        rows[unlisted, LISTS_COLUMN] = 1 + 24_000 + 4_000 + 8_000 + 1_500
        rows[unlisted, LISTS_COLUMN + 2] = 0
        rows[self.rng.random(len(labels)) < 0.2, KNOWN_COLUMN] = 0
        return rows

    def update(self, grads: dict[str, F], dvec: F, rows: NDArray[np.int32], rate: float) -> None:
        self.steps += 1
        correction = rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for name, grad in grads.items():
            m, v = self.moments[name]
            m += 0.1 * (grad - m)
            v += 0.001 * (grad * grad - v)
            self.weights[name] -= np.float32(correction) * m / (np.sqrt(v) + 1e-8)
        order = np.argsort(rows, axis=None, kind="stable")
        flat = rows.ravel()[order]
        starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
        touched = flat[starts]
        summed = np.add.reduceat(dvec[order // rows.shape[1]], starts, axis=0)
        if touched[0] == 0:
            touched, summed = touched[1:], summed[1:]
        m, v = self.moments["table"]  # lazy Adam: only what this batch has seen moves
        m[touched] += 0.1 * (summed - m[touched])
        v[touched] += 0.001 * (summed * summed - v[touched])
        self.weights["table"][touched] -= np.float32(correction) * m[touched] / (np.sqrt(v[touched]) + 1e-8)

    def average(self, decay: float) -> None:
        for name, value in self.weights.items():
            self.mean[name] += (1 - decay) * (value - self.mean[name])

    def save(self, path: Path) -> None:
        """The running mean of the weights: table as int8, the rest as float16."""
        table = np.concatenate([self.mean["table"], self.meanings[1:] @ self.mean["lift"]])
        scale = np.maximum(np.abs(table).max(axis=1), 1e-6) / 127
        arrays = {name: value.astype(np.float16) for name, value in self.mean.items() if name not in ("table", "lift")}
        thresholds = np.array([THRESHOLDS.get(label, 0.5) for label in LABELS], np.float32)
        np.savez_compressed(
            path,
            table=np.round(table / scale[:, None]).astype(np.int8),
            scale=scale.astype(np.float16),
            depth=np.array(DEPTH),
            thresholds=thresholds,
            **arrays,  # type: ignore[arg-type]
        )


def _unwindow(grad: F) -> F:
    n, span = len(grad), 2 * WINDOW + 1
    parts = grad.reshape(n, span, -1)
    padded = np.zeros((n + 2 * WINDOW, parts.shape[2]), np.float32)
    for offset in range(span):
        padded[offset : offset + n] += parts[:, offset]
    return padded[WINDOW : n + WINDOW]


def batches(
    encoded: list[tuple[NDArray[np.int32], NDArray[np.int8]]], rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int8]]]:
    """Documents in a new order, joined with pads between them, about ``BATCH`` words each."""
    pad_rows, pad_labels = np.zeros((3 * WINDOW, encoded[0][0].shape[1]), np.int32), np.full(3 * WINDOW, -1, np.int8)
    rows: list[NDArray[np.int32]] = []
    labels: list[NDArray[np.int8]] = []
    size = 0
    for place in rng.permutation(len(encoded)):
        rows += [encoded[place][0], pad_rows]
        labels += [encoded[place][1], pad_labels]
        size += len(encoded[place][1])
        if size >= BATCH:
            yield np.concatenate(rows), np.concatenate(labels)
            rows, labels, size = [], [], 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--documents", type=int, default=45_000, help="new documents for each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=1, help="passes over one round's documents")
    parser.add_argument("--stop-after", type=int, default=0, help="passes after which to stop; 0: all")
    parser.add_argument("--lists", type=Path, help="another tagger's folder, whose lists are used; default: new ones")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    begin = time.process_time()
    pools = Pools.load(options.seed)
    vocabulary, meanings = read_meanings()
    if options.lists is None:
        write_lists(pools, vocabulary, options.out)
    words = open_words(options.lists or options.out)
    fill = Fillers(pools, random.Random(options.seed))
    templates = read_templates()
    print(f"{len(templates)} templates, {len(pools.ordinary)} words, {len(pools.prose)} sentences, "
          f"{time.process_time() - begin:.0f} s", flush=True)  # fmt: skip
    trainer = Trainer(options.seed, meanings)
    total = options.rounds * options.passes
    for number in range(total):
        if number % options.passes == 0:
            encoded = [encode(document(templates, fill), words) for _ in range(options.documents)]
            encoded = [pair for pair in encoded if len(pair[1])]
        losses = []
        for rows, labels in batches(encoded, trainer.rng):
            done = (number + len(losses) * BATCH / 1.5e6) / total
            losses.append(trainer.step(rows, labels, 2e-3 * max(0.03, 1 - done)))
            trainer.average(0.998)
        trainer.save(options.out / "tagger.npz")
        print(f"pass {number + 1}/{total}: loss {np.mean(losses):.4f}, {time.process_time() - begin:.0f} s", flush=True)
        if number + 1 == options.stop_after:
            break
    sys.stdout.flush()


if __name__ == "__main__":
    main()
