"""The eighteen identifiers of HIPAA's Safe Harbor, looked for in the synthetic table and in its schema.

Releasable: reads the synthetic table and public facts alone. It says what is there and how it was made; whether the
rule is met is for the owner's counsel to say.
Source: 45 CFR 164.514(b)(2)(i), items (A) to (R).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from evaluation.report import Disclosure, Metric, Status, Table, Threshold
from privacy.scrub.columns import kind_from_name, propose_kinds
from understudy.schema import ColumnSchema, TableSchema

OLDEST = 89


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One identifier: its letter, the schema kinds that are it, words of names, and what its values look like."""

    letter: str
    what: str
    kinds: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    looks: str = ""


ITEMS = (
    Item(letter="A", what="Names", kinds=("name", "first_name", "last_name")),
    Item(
        letter="B", what="Places smaller than a state", kinds=("address", "city", "zip"), words=("county", "precinct")
    ),
    Item(letter="C", what="Dates except the year, ages above 89"),
    Item(
        letter="D", what="Telephone numbers", kinds=("phone",), looks=r"(?:^|\D)\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?:\D|$)"
    ),
    Item(letter="E", what="Fax numbers", kinds=("fax",)),
    Item(letter="F", what="E-mail addresses", kinds=("email",), looks=r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,24}"),
    Item(
        letter="G", what="Social security numbers", kinds=("ssn",), looks=r"(?:^|[^\d-])\d{3}-\d{2}-\d{4}(?:[^\d-]|$)"
    ),
    Item(letter="H", what="Medical record numbers", kinds=("mrn",)),
    Item(letter="I", what="Health plan beneficiary numbers", kinds=("health_plan_id",)),
    Item(letter="J", what="Account numbers", kinds=("account_number", "iban", "credit_card")),
    Item(letter="K", what="Certificate and license numbers", kinds=("license",)),
    Item(letter="L", what="Vehicle identifiers, plates", kinds=("vehicle_id",)),
    Item(letter="M", what="Device identifiers", kinds=("device_id",)),
    Item(letter="N", what="Web addresses", kinds=("url",), looks=r"(?i)(?:https?://|www\.)\S{3}"),
    Item(
        letter="O",
        what="Internet addresses",
        kinds=("ip_address",),
        looks=r"(?:^|[^\d.])(?:\d{1,3}\.){3}\d{1,3}(?:[^\d.]|$)",
    ),
    Item(letter="P", what="Biometric identifiers", words=("fingerprint", "iris", "voiceprint", "biometric", "genome")),
    Item(letter="Q", what="Full-face photographs", words=("photo", "photograph", "portrait", "image")),
    Item(letter="R", what="Any other unique number, mark or code", kinds=("identifier", "pii", "username")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One item in one column. `declared`: the schema says so, and the values are invented from no row."""

    column: str
    declared: bool
    why: str


def safe_harbor(schema: TableSchema, synthetic: pa.Table) -> tuple[Metric, Table]:
    """A light (red: a direct identifier where the schema declares none) and the list of all eighteen."""
    found = _found(schema, synthetic)
    hidden = {
        letter: [item for item in items if not item.declared]
        for letter, items in found.items()
        if letter not in ("B", "C")
    }
    bad = sorted(letter for letter, items in hidden.items() if items)
    present = [item.what.lower() for item in ITEMS if item.letter in ("B", "C") and found[item.letter]]
    notes = [f"there, as synthetic values: {', '.join(present)}"] if present else []
    metric = Metric(
        id="evidence.safe_harbor",
        title="Safe Harbor identifiers not declared",
        value=float(len(bad)),
        n=synthetic.num_rows,
        status=Status.RED if bad else Status.GREEN if synthetic.num_rows else Status.GREY,
        threshold=Threshold(amber=0, red=0, source="45 CFR 164.514(b)(2)(i)"),
        disclosure=Disclosure.RELEASABLE,
        method="column names, declared kinds and the look of every synthetic value; the 18 identifiers of Safe Harbor",
        unit="facts",
        subject=", ".join(sorted({item.column for letter in bad for item in hidden[letter]})),
        notes=tuple(notes),
    )
    return metric, _table(found)


def _found(schema: TableSchema, synthetic: pa.Table) -> dict[str, list[Finding]]:
    columns = [column for column in schema.columns if column.name in synthetic.column_names]
    guessed = {guess.column: guess for guess in propose_kinds(synthetic)}
    found: dict[str, list[Finding]] = {item.letter: [] for item in ITEMS}
    for column in columns:
        guess = guessed.get(column.name)
        for item in ITEMS:
            if column.kind in item.kinds:
                found[item.letter].append(Finding(column=column.name, declared=True, why="declared, invented values"))
                continue
            why = _why(item, column, synthetic[column.name], guess.kind if guess is not None else None)
            if why:
                found[item.letter].append(Finding(column=column.name, declared=column.is_identifying, why=why))
    return found


def _why(item: Item, column: ColumnSchema, values: pa.ChunkedArray, guess: str | None) -> str:
    """What speaks for the item in a column that is not declared to be it; empty if nothing does."""
    if item.letter == "C":
        return _dates(column, values)
    if column.is_identifying:
        return ""
    if guess is not None and guess in item.kinds and not column.is_text and column.enum is None:
        return "its name or its values say so"
    if any(word in column.name.lower() for word in item.words):
        return "its name says so"
    if item.looks and column.type in ("string", "text") and len(values):
        hits = int(pc.sum(pc.match_substring_regex(values.cast(pa.string()), item.looks)).as_py() or 0)
        return f"{hits:,} values look like it" if hits else ""
    return ""


def _dates(column: ColumnSchema, values: pa.ChunkedArray) -> str:
    if column.type in ("date", "datetime"):
        return "synthetic dates with day and month" if values.null_count < len(values) else ""
    words = column.name.lower().replace("_", " ").split()
    if "age" in words and column.type in ("integer", "number"):
        old = int(pc.sum(pc.greater(values, OLDEST)).as_py() or 0)
        return f"{old:,} synthetic ages above {OLDEST}" if old else ""
    return "its name says so" if kind_from_name(column.name) == "date" else ""


def _table(found: dict[str, list[Finding]]) -> Table:
    rows = []
    for item in ITEMS:
        places = "; ".join(f"{finding.column}: {finding.why}" for finding in found[item.letter]) or "nothing found"
        rows.append((f"({item.letter}) {item.what}", places))
    return Table(
        id="evidence-safe-harbor",
        title="HIPAA Safe Harbor: the 18 identifiers, looked for in the synthetic table",
        header=("Identifier", "Found"),
        rows=tuple(rows),
        disclosure=Disclosure.RELEASABLE,
        note="45 CFR 164.514(b)(2)(i). Declared identifying columns hold invented values. A scan shows what it finds; "
        "it does not show that nothing is there, and the rule's second condition, actual knowledge, is the owner's.",
    )
