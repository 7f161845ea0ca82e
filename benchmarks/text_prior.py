"""Make the embedded text model's public part: a vocabulary and counts of the project's own generated text.

    python -m benchmarks.text_prior [--documents 20000] [--out synthesizers/text/assets]

About two minutes of one core. Nothing is downloaded and no private text is near. The same call gives the same counts.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import time
from collections import Counter
from pathlib import Path

from benchmarks.text_corpus import Bank, document
from privacy.scrub import weights
from privacy.scrub.gazetteer import load_gazetteer
from synthesizers.text.grams import MOST_TOKENS
from synthesizers.text.prior import ASSETS, Prior
from synthesizers.text.vocabulary import Vocabulary

WORDS = Path(__file__).parent / "text_bank" / "words.txt"
_WEIGHTS = Path(weights.__file__).parent
_COMMON, _TOWNS = _WEIGHTS / "vocabulary.txt.gz", _WEIGHTS / "lexicon.txt.gz"
_PARTS = 1200


def public_words() -> list[str]:
    """General and medical words from the project's public lists."""
    return WORDS.read_text(encoding="utf-8").split()


def general_words() -> list[str]:
    """Common words, the commonest first, from the scrubber's list; without those that are also somebody's name or a
    town's, which a model has no business to say."""
    gazetteer, towns = load_gazetteer(), frozenset(gzip.decompress(_TOWNS.read_bytes()).decode("utf-8").split())
    known = gzip.decompress(_COMMON.read_bytes()).decode("utf-8").split()
    return [word for word in known if not (gazetteer.is_first(word) or gazetteer.is_last(word) or word in towns)]


def vocabulary(texts: list[str], n_tokens: int = MOST_TOKENS) -> Vocabulary:
    """Characters, whole words of the generated text and of public lists, then parts of words by frequency."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z]+", text.lower()))
    characters = [" ", "\n", *(chr(code) for code in range(33, 127) if not chr(code).isupper())]
    marks = [f" {mark}" for mark in "(-\"'#*&<>=/+$"]
    singles = [f" {letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    room = n_tokens - len(Vocabulary([])) - len(characters) - len(marks)
    general = [*public_words(), *general_words()]
    words = [f" {word}" for word, _ in counts.most_common() if len(word) > 1] + [f" {word}" for word in general]
    loud = Counter(word.lower() for text in texts for word in re.findall(r"(?<=,)[A-Z]{3,}", text))
    headings = [word for word, _ in loud.most_common(150)]
    chosen = list(dict.fromkeys([*singles, *headings, *words]))[: room - _PARTS]
    parts: Counter[str] = Counter()
    for word in [*counts, *general]:
        for size in range(2, 8):
            parts[" " + word[:size]] += size
            for low in range(1, len(word) - size + 1):
                parts[word[low : low + size]] += size
    taken = set(chosen)
    more = [part for part, _ in parts.most_common(20_000) if part not in taken]
    return Vocabulary([*characters, *marks, *chosen, *more[: room - len(chosen)]])


def main() -> None:
    """Write the asset."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=ASSETS)
    asked = parser.parse_args()
    started = time.monotonic()
    rng, bank, words = random.Random(0), Bank(), public_words()
    notes = [document(bank, rng, words) for _ in range(asked.documents)]
    print(f"{len(notes)} notes, {time.monotonic() - started:.0f} s", flush=True)
    prior = Prior.count(vocabulary([note for _, note in notes]), notes)
    prior.save(asked.out)
    print(f"{[run.keys.size for run in prior.runs]} runs, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
