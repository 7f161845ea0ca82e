"""Tables: identifying columns become surrogates, notes are scrubbed in place, the rest is left alone.

``scrub_table`` maps each row by itself, so it may stand before any differentially private step.
``fresh_identifiers`` fills the identifying columns of synthetic rows from no row at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import cast

import pyarrow as pa

from privacy.scrub.base import Finder
from privacy.scrub.columns import Guess, kind_from_name, propose_kinds
from privacy.scrub.fresh import fresh_identifiers
from privacy.scrub.keyed import Keyed
from privacy.scrub.known import Known
from privacy.scrub.lightly import lightly
from privacy.scrub.operators import mask, shifted, whole_age, year, zip3
from privacy.scrub.report import Action, ColumnScrub, ScrubReport
from privacy.scrub.surrogates import Surrogates
from privacy.scrub.text import TextScrubber, shift_days
from understudy.errors import UsageError
from understudy.schema import ColumnSchema, TableSchema

__all__ = [
    "STRONG",
    "ColumnScrub",
    "Guess",
    "ScrubReport",
    "fresh_identifiers",
    "kind_from_name",
    "open_text_scrubber",
    "propose_kinds",
    "scrub_table",
]

STRONG = Path("strong")
"""In place of a model's path: the strong mode."""
_MAX_KNOWN = 200
"""Longer identifying values are prose; they are not searched for in notes."""


def open_text_scrubber(key: bytes, *, surrogates: Surrogates | None = None, model: Path | None = None) -> TextScrubber:
    """The default scrubber of notes: Presidio with our rules and the embedded tagger, no network. Takes a second.

    ``model``: a spaCy or ONNX model's folder or a Presidio configuration, on this machine, whose findings are added;
    or ``STRONG``, which puts a sentence encoder in the tagger's place.
    Raises: UsageError (model-not-usable) if it is none of these, (model-not-installed) without the extra.
    """
    from privacy.scrub.gazetteer import load_gazetteer  # faker and presidio cost a second that tables need not pay
    from privacy.scrub.tagger import Tagger

    is_ours = model is None or model == STRONG
    with lightly("torch", "transformers") if is_ours else nullcontext():
        from privacy.scrub.presidio import PresidioDetector, plugged

    gazetteer = load_gazetteer()
    tagger: Finder = _strong() if model == STRONG else Tagger.load()
    extra, nlp_engine = ((), None) if model is None or is_ours else plugged(model)
    detector = PresidioDetector(gazetteer, tagger=tagger, extra=extra, nlp_engine=nlp_engine)
    return TextScrubber(
        detector=detector,
        gazetteer=gazetteer,
        surrogates=surrogates or Surrogates(key),
        keyed=Keyed(key).child("text"),
    )


def _strong() -> Finder:
    try:
        from privacy.scrub.neural.strong import StrongTagger
    except ImportError:
        raise UsageError("The strong mode needs the extra 'strong'.", code="model-not-installed") from None
    return StrongTagger.load()


def scrub_table(
    table: pa.Table, schema: TableSchema, *, key: bytes, scrubber: TextScrubber | None = None
) -> tuple[pa.Table, ScrubReport]:
    """The table with surrogates for identifying values (missing where the kind is ``pii``) and scrubbed notes.

    Types, order and number of rows stay. ``scrubber`` is for callers that keep one; default: a new one
    of the same key, made only if the schema has text.
    Guarantees: each row's result is a function of that row, the schema and the key; what cannot be
    scrubbed becomes missing.
    """
    surrogates = Surrogates(key)
    done: list[ColumnScrub] = []
    replaced: dict[str, pa.Array] = {}
    for column in schema.columns:
        if column.is_identifying:
            before = table.column(column.name)
            keep = column.name == schema.unit.column
            replaced[column.name] = after = _surrogate_column(before, column, surrogates, keep=keep)
            done.append(_column_report(column, before, after))
    if any(column.is_text and column.operator is None for column in schema.columns):
        scrubber = scrubber or open_text_scrubber(key, surrogates=surrogates)
        known = _known_values(table, schema, replaced)
        people = _people(table, schema)
        for column in schema.columns:
            if column.is_text and column.operator is None:
                replaced[column.name], report = _text_column(table.column(column.name), column, scrubber, people, known)
                done.append(report)
    for name, values in _coarse_columns(table, schema, key).items():
        replaced[name] = values
        done.append(_column_report(schema[name], table.column(name), values))
    table = _with(table, replaced)
    order = {name: place for place, name in enumerate(schema.names)}
    return table, ScrubReport(
        n_rows=table.num_rows, columns=tuple(sorted(done, key=lambda column: order[column.column]))
    )


def _with(table: pa.Table, replaced: dict[str, pa.Array]) -> pa.Table:
    for name, values in replaced.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(place), values)
    return table


def _coarse_columns(table: pa.Table, schema: TableSchema, key: bytes) -> dict[str, pa.Array]:
    """The columns that their owner wants coarser or moved, and notes that he drops."""
    wanted = [column for column in schema.columns if column.name in table.column_names]
    made: dict[str, pa.Array] = {}
    people: list[str | None] | None = None
    for column in wanted:
        values = table.column(column.name)
        if column.is_text and column.operator == "drop":
            made[column.name] = pa.nulls(len(values), values.type)
        elif column.operator == "generalise":
            made[column.name] = _generalised(values, column)
        elif column.operator == "shift":
            people = people or _people(table, schema)
            made[column.name] = _moved(values, people, Keyed(key).child("text"))
    return made


def _generalised(values: pa.ChunkedArray, column: ColumnSchema) -> pa.Array:
    """Each distinct value once; what cannot be read becomes missing."""
    if column.kind == "zip":
        return _by_distinct(values, lambda value: zip3(value) if isinstance(value, str) else None)
    if pa.types.is_integer(values.type):
        return _by_distinct(values, lambda value: whole_age(value) if isinstance(value, int) else None)
    return _by_distinct(values, lambda value: year(value) if isinstance(value, date) else None)


def _moved(values: pa.ChunkedArray, people: Sequence[str | None], keyed: Keyed) -> pa.Array:
    """Dates moved by the constant of their person, the one that the notes use too."""
    days: dict[str | None, int] = {None: shift_days(keyed, "")}
    for person in set(people) - {None}:
        days[person] = shift_days(keyed, person or "")
    moved = [
        None if value is None else shifted(value, days[person])
        for value, person in zip(values.to_pylist(), people, strict=True)
    ]
    return pa.array(moved, type=values.type)


def _by_distinct(values: pa.ChunkedArray, change: Callable[[object], object]) -> pa.Array:
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    changed = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, type=values.type).take(encoded.indices)


def _surrogate_column(values: pa.ChunkedArray, column: ColumnSchema, surrogates: Surrogates, *, keep: bool) -> pa.Array:
    """Each distinct value is mapped once. With ``keep``, a string that its kind has no surrogate for gets a token:
    the privacy unit's values must go on telling people apart.
    """
    kind = column.kind or "pii"
    type_ = values.type
    if column.operator == "drop":
        return pa.nulls(len(values), type_)
    if column.operator == "mask" and pa.types.is_string(type_):
        return _by_distinct(values, lambda value: mask(str(value)))
    if kind == "pii" or not (pa.types.is_string(type_) or pa.types.is_integer(type_) or pa.types.is_floating(type_)):
        return pa.nulls(len(values), type_)
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    distinct = encoded.dictionary.to_pylist()
    fakes = [_fake(kind, value, surrogates) for value in distinct]
    if keep and pa.types.is_string(type_):
        fakes = [surrogates.token(str(old)) if new is None else new for old, new in zip(distinct, fakes, strict=True)]
    fakes = pa.array(fakes, type=type_)
    return fakes.take(encoded.indices)


def _fake(kind: str, value: str | int | float | None, surrogates: Surrogates) -> str | int | float | None:
    if value is None:
        return None
    if isinstance(value, str):
        return surrogates.fake(kind, value)
    if isinstance(value, int):
        return surrogates.fake_integer(kind, value)
    if not value.is_integer() or abs(value) >= 2**53:
        return None
    fake = surrogates.fake_integer(kind, int(value))
    return None if fake is None else float(fake)


def _column_report(column: ColumnSchema, before: pa.ChunkedArray, after: pa.Array) -> ColumnScrub:
    n_values = len(before) - before.null_count
    kind = column.kind or column.type
    default: Action = "drop" if kind == "pii" else "surrogate"
    return ColumnScrub(
        column=column.name,
        kind=kind,
        action=cast(Action, column.operator or default),
        n_values=n_values,
        n_dropped=after.null_count - before.null_count,
        found={kind: n_values} if n_values else {},
    )


def _people(table: pa.Table, schema: TableSchema) -> list[str | None]:
    """Whose row it is, as text: the key of the date shift. None where the schema names no person and moves no date;
    where it moves some, a row without a person goes by its own dates.
    """
    if schema.unit.column is None:
        dates = [column.name for column in schema.columns if column.operator == "shift"]
        if not dates:
            return [None] * table.num_rows
        return [repr(row) for row in zip(*(table.column(name).to_pylist() for name in dates), strict=True)]
    return [None if value is None else str(value) for value in table.column(schema.unit.column).to_pylist()]


def _known_values(table: pa.Table, schema: TableSchema, replaced: dict[str, pa.Array]) -> list[list[Known]]:
    """For each row, its identifying values with the fakes that they got."""
    known: list[list[Known]] = [[] for _ in range(table.num_rows)]
    for column in schema.columns:
        if not column.is_identifying or column.kind is None:
            continue
        values, fakes = table.column(column.name).to_pylist(), replaced[column.name].to_pylist()
        for row, value, fake in zip(known, values, fakes, strict=True):
            if value is not None and 0 < len(written := _written(value, column.kind)) <= _MAX_KNOWN:
                row.append(
                    Known(kind=column.kind, value=written, fake=None if fake is None else _written(fake, column.kind))
                )
    return known


def _written(value: object, kind: str) -> str:
    """A value as a note would write it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (
        str(value).zfill({"zip": 5, "ssn": 9}[kind])
        if isinstance(value, int) and kind in ("zip", "ssn")
        else str(value)
    )


def _text_column(
    values: pa.ChunkedArray,
    column: ColumnSchema,
    scrubber: TextScrubber,
    people: Sequence[str | None],
    known: Sequence[list[Known]],
) -> tuple[pa.Array, ColumnScrub]:
    """Row by row, since a note's surrogates depend on its row; a column that holds no text is dropped."""
    if not pa.types.is_string(values.type):
        n_values = len(values) - values.null_count
        report = ColumnScrub(column=column.name, kind="text", action="drop", n_values=n_values, n_dropped=n_values)
        return pa.nulls(len(values), values.type), report
    scrubbed: list[str | None] = []
    found: Counter[str] = Counter()
    n_failed = 0
    for value, person, row in zip(values.to_pylist(), people, known, strict=True):
        if value is None:
            scrubbed.append(None)
            continue
        result = scrubber.scrub(value, person=person, known=row)
        scrubbed.append(result.text)
        found.update(result.counts)
        n_failed += result.text is None
    report = ColumnScrub(
        column=column.name,
        kind="text",
        action="text",
        n_values=len(values) - values.null_count,
        n_dropped=n_failed,
        n_failed=n_failed,
        found=dict(sorted(found.items())),
    )
    return pa.array(scrubbed, type=values.type), report
