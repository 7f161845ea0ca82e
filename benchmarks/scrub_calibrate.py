"""From which probability each label counts, chosen on text of templates that were never trained on.

    python -m benchmarks.scrub_calibrate [--weights FOLDER]      # rewrites the thresholds in every tagger.npz

For each label the threshold of the best F1 over words; of equal ones the highest, for precision.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.scrub_fillers import Fillers
from benchmarks.scrub_generate import document, read_templates
from benchmarks.scrub_pools import Pools
from benchmarks.scrub_train import encode
from privacy.scrub.labels import LABELS
from privacy.scrub.tagger import WEIGHTS, Tagger

HELD = Path(__file__).with_name("scrub_templates_held.txt")
GRID = np.arange(0.4, 0.61, 0.05)
"""Not above 0.6: what the held-out lines say of rare labels is thin, and a miss costs more than a find."""
N_DOCUMENTS = 6_000


def thresholds(tagger: Tagger, fill: Fillers) -> NDArray[np.float32]:
    """float32 (labels,): the first, for what identifies nobody, is not used."""
    templates = read_templates(HELD)
    documents = (encode(document(templates, fill), tagger.words) for _ in range(N_DOCUMENTS))
    made = [pair for pair in documents if len(pair[1])]
    chances = np.concatenate([tagger.chances(rows) for rows, _ in made])
    labels = np.concatenate([named for _, named in made])
    best, sure = chances[:, 1:].argmax(axis=1) + 1, 1 - chances[:, 0]
    chosen = np.full(len(LABELS), 0.5, np.float32)
    for label in range(1, len(LABELS)):
        mine, real = best == label, labels > 0
        f1 = []
        for least in GRID:
            hits, guessed = (mine & real & (sure >= least)).sum(), (mine & (sure >= least)).sum()
            missed = (mine & real & (sure < least)).sum() + ((labels == label) & ~mine & (sure < 0.5)).sum()
            f1.append(2 * hits / max(1, hits + missed + guessed))
        chosen[label] = GRID[np.flatnonzero(np.array(f1) >= max(f1) - 1e-4)[-1]]
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--seed", type=int, default=77)
    options = parser.parse_args()
    chosen = thresholds(Tagger.load(options.weights), Fillers(Pools.load(options.seed), random.Random(options.seed)))
    for path in sorted(options.weights.rglob("tagger.npz")):
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        np.savez_compressed(path, **(arrays | {"thresholds": chosen}))  # type: ignore[arg-type]
    print(dict(zip(LABELS, np.round(chosen, 2).tolist(), strict=True)))


if __name__ == "__main__":
    main()
