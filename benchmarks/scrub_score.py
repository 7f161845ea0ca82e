"""How good the scrubber is on labelled notes: characters, spans, notes that leak, and notes a second.

    python -m benchmarks.scrub_score LABELLED.json [--templates even|odd] [--misses]

``LABELLED.json``: a list of {"full_text", "spans": [{"entity_type", "start_position", "end_position"}], "template_id"}.
Every entity counts alike: what matters is whether the characters are found.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from privacy.scrub.base import Span

Labelled = tuple[str, list[tuple[int, int, str]]]
Found = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall and F2 of one way of counting."""

    precision: float
    recall: float

    @property
    def f2(self) -> float:
        """Recall counts four times as much as precision."""
        below = 4 * self.precision + self.recall
        return 5 * self.precision * self.recall / below if below else 0.0

    def __str__(self) -> str:
        return f"P {self.precision:.3f}  R {self.recall:.3f}  F2 {self.f2:.3f}"


def read(path: Path) -> list[tuple[int, Labelled]]:
    """(template id, labelled text) of a file in presidio-research's form."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [
        (
            entry.get("template_id") or 0,
            (entry["full_text"], [(s["start_position"], s["end_position"], s["entity_type"]) for s in entry["spans"]]),
        )
        for entry in entries
    ]


def characters(labelled: Sequence[Labelled], found: Sequence[Found]) -> Score:
    """Letters and digits alone: whether a blank inside a name is covered says nothing."""
    hit = planted = covered = 0
    for (text, spans), guesses in zip(labelled, found, strict=True):
        gold = _cells(text, ((start, end) for start, end, _ in spans))
        guess = _cells(text, guesses)
        hit += len(gold & guess)
        planted += len(gold)
        covered += len(guess)
    return Score(precision=hit / max(1, covered), recall=hit / max(1, planted))


def _cells(text: str, spans: Iterable[tuple[int, int]]) -> set[int]:
    return {place for start, end in spans for place in range(start, end) if text[place].isalnum()}


def merged(text: str, spans: Iterable[tuple[int, int]]) -> Found:
    """Spans with nothing but blanks and punctuation between them are one: how they are cut does not matter."""
    joined: Found = []
    for start, end in sorted(spans):
        if joined and not any(character.isalnum() for character in text[joined[-1][1] : start]):
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def overlaps(labelled: Sequence[Labelled], found: Sequence[Found], least: float = 0.5) -> Score:
    """A span is found if some guess has this intersection over union with it."""
    hit = right = n_gold = n_guess = 0
    for (text, spans), guesses in zip(labelled, found, strict=True):
        gold, guess = merged(text, ((start, end) for start, end, _ in spans)), merged(text, guesses)
        hit += sum(any(_iou(a, b) >= least for b in guess) for a in gold)
        right += sum(any(_iou(a, b) >= least for a in gold) for b in guess)
        n_gold += len(gold)
        n_guess += len(guess)
    return Score(precision=right / max(1, n_guess), recall=hit / max(1, n_gold))


def _iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return max(0, both) / (max(a[1], b[1]) - min(a[0], b[0]))


def by_entity(labelled: Sequence[Labelled], found: Sequence[Found]) -> dict[str, tuple[int, float]]:
    """Number of labelled spans of each entity, and the share that is covered in full."""
    planted: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for (text, spans), guesses in zip(labelled, found, strict=True):
        guess = _cells(text, guesses)
        for start, end, entity in spans:
            planted[entity] += 1
            covered[entity] += _cells(text, [(start, end)]) <= guess
    return {entity: (count, covered[entity] / count) for entity, count in sorted(planted.items())}


def error_kinds(labelled: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> Counter[tuple[str, str, str]]:
    """(kind of error, entities found, entities labelled) -> how often: errors without any text."""
    kinds: Counter[tuple[str, str, str]] = Counter()
    for (text, spans), guesses in zip(labelled, found, strict=True):
        named = [(span.start, span.end, span.entity) for span in guesses]
        gold, guess = (merged(text, ((s, e) for s, e, _ in some)) for some in (spans, named))
        for error, ours, theirs in (("found", guess, gold), ("missed", gold, guess)):
            for place in ours:
                best = max((_iou(place, other) for other in theirs), default=0.0)
                if best < 0.5:
                    key = error if best == 0 else f"{error}, badly cut"
                    kinds[key, _entities(named, place), _entities(spans, place)] += 1
    return kinds


def _entities(spans: Iterable[tuple[int, int, str]], place: tuple[int, int]) -> str:
    return "+".join(sorted({entity for start, end, entity in spans if start < place[1] and end > place[0]})) or "-"


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """95 % interval of a share. Source: Wilson 1927."""
    if not n:
        return 0.0, 1.0
    share, spread = hits / n, z * z / n
    centre = (share + spread / 2) / (1 + spread)
    half = z * ((share * (1 - share) + spread / 4) / n) ** 0.5 / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def leaking(labelled: Sequence[Labelled], found: Sequence[Found]) -> tuple[int, tuple[float, float]]:
    """Notes in which a labelled identifier is not covered in full, and the 95 % interval of their share."""
    n = sum(
        any(not _cells(text, [(start, end)]) <= _cells(text, guesses) for start, end, _ in spans)
        for (text, spans), guesses in zip(labelled, found, strict=True)
    )
    return n, wilson(n, len(labelled))


def detect_all(detect: Callable[[str], Found], labelled: Sequence[Labelled]) -> tuple[list[Found], float]:
    """What is found, and notes for each second of processor time."""
    started = time.process_time()
    found = [detect(text) for text, _ in labelled]
    return found, len(labelled) / max(1e-9, time.process_time() - started)


def report(name: str, labelled: Sequence[Labelled], found: Sequence[Found], speed: float) -> None:
    """The figures of one detector, a line each."""
    n_leaking, (low, high) = leaking(labelled, found)
    print(f"{name}: {len(labelled)} notes, {speed:.0f} notes/s/core")
    print(f"  characters  {characters(labelled, found)}")
    print(f"  spans IoU.5 {overlaps(labelled, found)}    IoU.9 {overlaps(labelled, found, 0.9)}")
    print(f"  notes that leak {n_leaking / max(1, len(labelled)):.3f} [{low:.3f}, {high:.3f}]")
    print("  covered in full: " + ", ".join(f"{e} {s:.2f} ({n})" for e, (n, s) in by_entity(labelled, found).items()))


def show_misses(labelled: Sequence[Labelled], found: Sequence[Found]) -> None:
    """Each note with [-what was missed-] and {+what was wrongly found+}."""
    for (text, spans), guesses in zip(labelled, found, strict=True):
        gold, guess = _cells(text, ((s, e) for s, e, _ in spans)), _cells(text, guesses)
        if gold == guess:
            continue
        marks = ["-" if c in gold - guess else "+" if c in guess - gold else "=" for c in range(len(text))]
        out, last = [], "="
        for mark, character in zip(marks, text, strict=True):
            if mark != last:
                out.append({"-": "-]", "+": "+}", "=": ""}[last] + {"-": "[-", "+": "{+", "=": ""}[mark])
                last = mark
            out.append(character)
        print(repr("".join(out)))


def main() -> None:
    from privacy.scrub.base import resolve
    from privacy.scrub.table import open_text_scrubber

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--templates", choices=("even", "odd"))
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    entries = read(options.labelled)
    if options.templates:
        entries = [entry for entry in entries if entry[0] % 2 == (options.templates == "odd")]
    labelled = [entry for _, entry in entries]
    detector = open_text_scrubber(b"benchmark" * 4).detector

    def detect(text: str) -> Found:
        return [(span.start, span.end) for span in resolve(detector.detect(text))]

    detect(labelled[0][0])
    found, speed = detect_all(detect, labelled)
    report(options.labelled.name, labelled, found, speed)
    if options.misses:
        show_misses(labelled, found)


if __name__ == "__main__":
    main()
