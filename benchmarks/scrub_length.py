"""Seconds of processor time against the length of one note: linear, also for hostile text.

python -m benchmarks.scrub_length
"""

from __future__ import annotations

import time

from privacy.scrub.table import open_text_scrubber

_NOTE = "Pt seen by Dr. Ana Quintero on 3/14/2021 for cough; call 617-555-0134, MRN 1234567. Lungs clear, no edema. "
_CASES = {"notes": _NOTE, "letters": "a" * 100, "digits": "1" * 100, "commas": "," * 100, "emoji": "👩‍⚕️ " * 20}


def main() -> None:
    scrubber = open_text_scrubber(b"length" * 6)
    scrubber.scrub(_NOTE)
    for name, unit in _CASES.items():
        figures = []
        for size in (10_000, 100_000, 1_000_000, *((10_000_000,) if name == "notes" else ())):
            text = unit * (size // len(unit))
            started = time.process_time()
            dropped = scrubber.scrub(text).text is None
            figures.append(f"{size:>10,}: {time.process_time() - started:8.2f} s{' dropped' if dropped else ''}")
        print(f"{name:<8}", "  ".join(figures), flush=True)


if __name__ == "__main__":
    main()
