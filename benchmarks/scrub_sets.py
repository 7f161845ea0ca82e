"""All labelled sets of the scrubber in one go: the tables of ``docs/scrub.md``.

    python -m benchmarks.scrub_sets LABELLED.json [--weights FOLDER] [--model strong] [--kinds]

``LABELLED.json`` is presidio-research's development set. Its templates 7 modulo 8, the odd lines of the second set and
the third set are kept apart: of them scores are read, and with ``--kinds`` counts of errors by entity, never a text.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.scrub_clinical import notes
from benchmarks.scrub_score import Labelled, characters, detect_all, error_kinds, leaking, overlaps, read
from benchmarks.scrub_styles import FRESH, styled
from privacy.scrub.base import Detector, Span, resolve
from privacy.scrub.table import open_text_scrubber


def sets(path: Path) -> dict[str, list[Labelled]]:
    """Name of a part -> labelled texts; those kept apart have a star."""
    entries = read(path)

    def templates(chosen: Callable[[int], bool]) -> list[Labelled]:
        return [labelled for template, labelled in entries if chosen(template)]

    second, third = styled(), styled(path=FRESH)
    return {
        "all templates": templates(lambda _: True),
        "templates, even": templates(lambda template: template % 2 == 0),
        "templates, 1 modulo 4": templates(lambda template: template % 4 == 1),
        "templates, 3 modulo 8": templates(lambda template: template % 8 == 3),
        "* templates, 7 modulo 8": templates(lambda template: template % 8 == 7),
        "second set": [labelled for _, _, labelled in second],
        "second set, even lines": [labelled for _, line, labelled in second if line % 2 == 0],
        "* second set, odd lines": [labelled for _, line, labelled in second if line % 2],
        "* third set": [labelled for _, _, labelled in third],
        "clinical": [labelled for labelled, _ in notes()],
    }


def row(name: str, labelled: Sequence[Labelled], found: Sequence[Sequence[Span]]) -> str:
    """A line of the table: characters, spans of two strictnesses, notes that leak one."""
    places = [[(span.start, span.end) for span in spans] for spans in found]
    n_leaking, (low, high) = leaking(labelled, places)
    scores = " | ".join(
        str(score)
        for score in (characters(labelled, places), overlaps(labelled, places), overlaps(labelled, places, 0.9))
    )
    return f"| {name} | {len(labelled)} | {scores} | {n_leaking / len(labelled):.3f} [{low:.3f}, {high:.3f}] |"


def report(detector: Detector, path: Path, *, kinds: bool = False) -> None:
    """One line for each part, and the notes a second of one core over all of them."""
    known: dict[str, list[Span]] = {}

    def detect(text: str) -> list[Span]:
        if text not in known:
            known[text] = resolve(detector.detect(text))
        return known[text]

    parts = sets(path)
    detect("Ann met Bo in Rome on 3 May 2001.")
    texts = list({text: None for labelled in parts.values() for text, _ in labelled})
    _, speed = detect_all(detect, [(text, []) for text in texts])  # type: ignore[arg-type]
    print(f"{len(texts)} texts, {speed:.0f} a second of one core")
    for name, labelled in parts.items():
        found = [detect(text) for text, _ in labelled]
        print(row(name, labelled, found), flush=True)
        if kinds:
            for (error, ours, theirs), count in error_kinds(labelled, found).most_common(14):
                print(f"      {count:4d} {error}: {ours} / {theirs}")


def main() -> None:
    from privacy.scrub.gazetteer import load_gazetteer
    from privacy.scrub.presidio import PresidioDetector
    from privacy.scrub.tagger import Tagger

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--weights", type=Path, help="taggers that are not the shipped ones")
    parser.add_argument("--model", type=Path, help="'strong', or a path")
    parser.add_argument("--kinds", action="store_true")
    options = parser.parse_args()
    detector: Detector
    if options.weights is None:
        detector = open_text_scrubber(b"benchmark" * 4, model=options.model).detector
    else:
        detector = PresidioDetector(load_gazetteer(), tagger=Tagger.load(options.weights))
    report(detector, options.labelled, kinds=options.kinds)


if __name__ == "__main__":
    main()
