"""Seconds of processor time against the length of one note: linear, also for hostile text.

    python -m benchmarks.scrub_length [--longest 10000000] [--out docs/bench]

Writes ``scrub_length.csv`` and a picture of it. Every kind of text starts at 10,000 characters and grows tenfold. Also
printed: the most memory that the process had until then, which only grows.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from pathlib import Path

from privacy.scrub.table import open_text_scrubber

_NOTE = "Pt seen by Dr. Ana Quintero on 3/14/2021 for cough; call 617-555-0134, MRN 1234567. Lungs clear, no edema. "
CASES = {"notes": _NOTE, "letters": "a" * 100, "digits": "1" * 100, "commas": "," * 100, "emoji": "👩‍⚕️ " * 20}
FIRST = 10_000


def measure(longest: int) -> list[tuple[str, int, float]]:
    """(kind of text, characters, seconds of processor time); hostile text goes up to a tenth of ``longest``."""
    scrubber = open_text_scrubber(b"length" * 6)
    scrubber.scrub(_NOTE)
    rows: list[tuple[str, int, float]] = []
    for name, unit in CASES.items():
        size = FIRST
        while size <= (longest if name == "notes" else longest // 10):
            text = unit * (size // len(unit))
            started = time.process_time()
            assert scrubber.scrub(text).text is not None
            rows.append((name, len(text), time.process_time() - started))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            print(f"{name:<8} {len(text):>12,} characters {rows[-1][2]:8.2f} s  {peak:6,} MiB", flush=True)
            size *= 10
    return rows


def draw(rows: list[tuple[str, int, float]], path: Path) -> None:
    """Both axes are logarithmic: a straight line of slope one is linear time."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "scrub"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 4))
    for name in dict.fromkeys(row[0] for row in rows):
        points = [(size, seconds) for kind, size, seconds in rows if kind == name]
        axes.loglog(*zip(*points, strict=True), marker="o", label=name)
    axes.set_xlabel("characters of one note")
    axes.set_ylabel("seconds of one core")
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--longest", type=int, default=10_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = measure(options.longest)
    if options.out is not None:
        with (options.out / "scrub_length.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([("text", "characters", "seconds"), *rows])
        draw(rows, options.out / "scrub_length.svg")


if __name__ == "__main__":
    main()
