"""What the scrub found in the uploaded table, as the owner sees it. Counts of private rows: owner only.

Reads the scrub's own JSON (`ScrubReport.as_dict`) and no row.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.report import Disclosure, Table

_DONE = {"surrogate": "replaced by surrogates", "drop": "dropped", "text": "scrubbed in place"}


def scrubbed(document: object) -> Table:
    """One line per scrubbed column: what was done and what was found; no lines when nothing is known."""
    columns = document.get("columns") if isinstance(document, Mapping) else None
    rows = tuple(_line(entry) for entry in columns or () if isinstance(entry, Mapping))
    return Table(
        id="profile-scrub",
        title="What the scrub found",
        header=("Column", "Done", "Found"),
        rows=rows,
        disclosure=Disclosure.OWNER,
        note="Counts over the uploaded rows. Synthetic identifiers are invented, not taken from any of these.",
    )


def _line(entry: Mapping[str, object]) -> tuple[str, str, str]:
    found = entry.get("found")
    counts = found.items() if isinstance(found, Mapping) else ()
    seen = ", ".join(
        f"{str(kind).lower().replace('_', ' ')} {count:,}" for kind, count in counts if isinstance(count, int)
    )
    action = str(entry.get("action") or "scrubbed")
    done = _DONE.get(action, action)
    failed = entry.get("n_failed")
    if isinstance(failed, int) and failed:
        done = f"{done}; {failed:,} dropped unread"
    return str(entry.get("column") or entry.get("name") or ""), done, seen or "nothing"
