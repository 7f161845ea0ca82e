"""A note as the model sees it, and back: what the note says of its row becomes a place to fill.

Each row is mapped by itself, by public rules alone. Wherever the note repeats a value of the row (an age, a date, a
name, a code), a slot stands for it, and so for dates, codes and names of others. A synthetic note's slots are filled
from the synthetic row, and its pronouns follow the row's sex, so the two agree.
"""

from __future__ import annotations

import calendar
import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from synthesizers.text import invent
from synthesizers.text.slots import N_FIELDS, NAMED, field, named, without_slots
from understudy.schema import ColumnSchema, TableSchema

Row = Mapping[str, object]
MAX_NOTE = 100_000
"""Characters of a note that are looked at; the rest is left out."""
_MAX_SHOWN = 40
_LEAST_WORD = 4
_KIND_OF = {
    "name": "name", "first_name": "name", "last_name": "name", "city": "place", "address": "place", "zip": "place",
    "phone": "phone", "fax": "phone", "email": "url", "url": "url",
}  # fmt: skip
_YEARS = r"(?=[\s-]{0,3}(?:years?|yrs?|y/o|yo\b|y\.o))"
_MONTHS = tuple(calendar.month_name)[1:]
_MONTH = "|".join(month[:3] + r"[a-z]{0,6}" for month in _MONTHS)
_TAG = r"[A-Za-z][\w'-]{0,40}"
_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,64}\.\w{1,20}")
_OLD = rf"{_YEARS}(?=[\s-]{{0,3}}[a-z/.]{{1,6}}[\s-]{{0,3}}old)"
_AGE = re.compile(rf"\b\d{{1,3}}{_OLD}")
_AGE_SAID = re.compile(rf"\b\d{{1,20}}{_OLD}")
_GENERAL: tuple[tuple[re.Pattern[str], str], ...] = (
    # Every repetition is bounded: time stays linear in the note, whatever it is made of.
    (re.compile(r"https?://\S{1,200}|www\.\S{1,200}"), named("url")),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d\d)\b"), named("date")),
    (re.compile(rf"\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b"), named("date")),
    (re.compile(rf"\b\d{{1,2}} (?:{_MONTH})\.?,? \d{{4}}\b"), named("date")),
    (re.compile(r"\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b|\+\d[\d ()-]{7,20}\d"), named("phone")),
    (re.compile(r"\b(?=[A-Z\d-]{0,12}\d{4})[A-Z]{0,4}-?\d[A-Z\d-]{5,30}\b"), named("id")),
    (re.compile(rf"(?:(?<=\bDr\. )|(?<=\bMr\. )|(?<=\bMs\. )|(?<=\bMrs\. )){_TAG}"), named("name")),
    (
        re.compile(r"\b[A-Z][a-z'-]{1,40} (?:[A-Z]\.? )?[A-Z][a-z'-]{1,40}(?=, (?:M\.?D|R\.?N|D\.?O|P\.?A)\b)"),
        named("name"),
    ),
    (_AGE, named("age")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowText:
    """How notes of one schema refer to their rows. ``columns``: those they may refer to, at most N_FIELDS.

    ``about``: the class column, by whose values words are counted; empty if there is none. ``kinds``: by column, the
    sort of slot that would stand for a value that is missing. ``sex``: the column that says he or she, if there is one.
    """

    text: str
    columns: tuple[str, ...]
    about: str
    kinds: Mapping[str, str]
    sex: str = ""

    @classmethod
    def of(cls, schema: TableSchema, text: str) -> RowText:
        """From the schema alone: public."""
        about = class_column(schema)
        first = [column for column in schema.columns if column.name == about]
        others = [column for column in schema.columns if column.name not in (about, text) and not column.is_text]
        chosen = [*first, *others][:N_FIELDS]
        sexes = [column.name for column in chosen if column.name.lower() in ("sex", "gender") and column.is_modelled]
        return cls(
            text=text,
            columns=tuple(column.name for column in chosen),
            about=about,
            kinds={column.name: _kind(column) for column in chosen},
            sex=sexes[0] if sexes else "",
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns of a row that are needed."""
        return (*self.columns, self.text)

    def masked(self, row: Row) -> str | None:
        """The note with slots for what it says of the row, and for dates, codes and names of others. None if empty."""
        note = row.get(self.text)
        if not isinstance(note, str) or not note.strip():
            return None
        found = without_slots(note[:MAX_NOTE])
        for index, name in enumerate(self.columns):
            for pattern in _patterns(row.get(name), self.kinds[name]):
                found = pattern.sub(field(index), found)
        if "@" in found:
            found = _MAIL.sub(named("url"), found)
        for pattern, slot in _GENERAL:
            found = pattern.sub(slot, found)
        return found.strip()

    def slot_of(self, kind: str) -> str:
        """The slot of the first column of a kind, empty if there is none."""
        return next((field(index) for index, name in enumerate(self.columns) if self.kinds[name] == kind), "")

    def filled(self, note: str, row: Row, rng: random.Random) -> str:
        """The note with every slot filled: from the row where it has a value, else invented."""
        return agreeing(_Filler(self, row, rng).fill(note), str(row.get(self.sex, "")) if self.sex else "")


def class_column(schema: TableSchema) -> str:
    """The column that notes are told apart by: the first target that is a string or has few values, else the first
    string column with declared values, else the first modelled string column; empty if there is none."""
    modelled = [column for column in schema.modelled if column.type in ("string", "boolean") or column.enum is not None]
    strings = [column for column in modelled if column.type == "string"]
    targets = [column for column in modelled if column.target]
    declared = [column for column in strings if column.enum is not None]
    return next((column.name for column in (*targets, *declared, *strings, *modelled)), "")


def _kind(column: ColumnSchema) -> str:
    """What sort of slot would stand for a value that the row lacks."""
    if column.type in ("date", "datetime"):
        return "date"
    if column.type == "integer" and re.search(r"(?:^|_|\b)age", column.name.lower()):
        return "age"
    if column.is_identifying:
        return _KIND_OF.get(column.kind or "", "id")
    return ""


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(without_slots(str(value)).split())[:_MAX_SHOWN]


def _patterns(value: object, kind: str) -> Iterable[re.Pattern[str]]:
    """Ways in which a note may repeat a value."""
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, date):
        return [re.compile(rf"\b{re.escape(form)}\b", re.IGNORECASE) for form in _date_forms(value)]
    if kind == "age":
        return [re.compile(rf"\b{value}{_YEARS}"), re.compile(rf"(?<=\baged ){value}\b")]
    if isinstance(value, int | float):
        form = f"{value:g}" if isinstance(value, float) else str(value)
        return [re.compile(rf"(?<![\w.]){re.escape(form)}(?![\w.]|\.\d)")] if len(form) > 2 else []
    text = " ".join(str(value).split())
    has_digit = any(character.isdigit() for character in text)
    if len(text) < (3 if has_digit or kind else _LEAST_WORD) or len(text) > 200:
        return []
    forms = [text]
    if kind == "name":
        forms += [part for part in text.split() if len(part) > 2]
    return [re.compile(rf"(?<!\w){re.escape(form)}(?!\w)", re.IGNORECASE) for form in forms]


def _date_forms(value: date) -> list[str]:
    month, day, year = value.month, value.day, value.year
    name = _MONTHS[month - 1]
    forms = [
        value.strftime("%Y-%m-%d"),
        f"{month}/{day}/{year}",
        f"{month:02}/{day:02}/{year}",
        f"{day}/{month}/{year}",
    ]
    forms += [
        f"{day:02}/{month:02}/{year}",
        f"{day:02}.{month:02}.{year}",
        f"{name} {day}, {year}",
        f"{day} {name} {year}",
    ]
    return [*forms, f"{name[:3]} {day}, {year}", f"{day} {name[:3]} {year}", f"{day:02}-{name[:3]}-{year}"]


_PAIRS = (
    ("he", "she"), ("his", "her"), ("him", "her"), ("himself", "herself"), ("man", "woman"), ("male", "female"),
    ("gentleman", "lady"), ("boy", "girl"),
)  # fmt: skip
_FEMALE, _MALE = frozenset({"f", "female", "woman", "w", "girl"}), frozenset({"m", "male", "man", "boy"})


def agreeing(note: str, sex: str) -> str:
    """The note with pronouns and nouns of one sex, if ``sex`` is a common word for one; else as it is."""
    told = sex.strip().lower()
    if told not in _FEMALE | _MALE:
        return note
    pairs = _PAIRS if told in _FEMALE else tuple((b, a) for a, b in reversed(_PAIRS))
    swap = dict(pairs)

    def put(match: re.Match[str]) -> str:
        after = swap[match[0].lower()]
        return after.upper() if match[0].isupper() else after.capitalize() if match[0][0].isupper() else after

    return re.sub(rf"\b(?:{'|'.join(swap)})\b", put, note, flags=re.IGNORECASE)


class _Filler:
    """Fills one note; what is invented for it stays the same throughout."""

    def __init__(self, rows: RowText, row: Row, rng: random.Random) -> None:
        self._rows, self._row, self._rng = rows, row, rng
        self._named: dict[str, list[str]] = {}
        self._told: set[int] = set()

    def fill(self, note: str) -> str:
        fills = {named(kind): partial(self._invented, kind) for kind in NAMED}
        fills |= {field(index): partial(self._own, index) for index in range(N_FIELDS)}
        made = "".join(fills[character]() if character in fills else character for character in note)
        return _AGE_SAID.sub(self._aged, re.sub(r" {2,}", " ", made).strip())

    def _aged(self, said: re.Match[str]) -> str:
        """An age that came in as public words, or as noise made it, is the row's own."""
        return self._age() or said[0]

    def _age(self) -> str:
        """The row's own, as it is written; empty if it has none."""
        values = (self._row.get(name) for name, kind in self._rows.kinds.items() if kind == "age")
        return next((str(value) for value in values if value is not None), "")

    def _own(self, index: int) -> str:
        if index >= len(self._rows.columns):
            return ""
        name = self._rows.columns[index]
        kind, value = self._rows.kinds[name], self._row.get(name)
        if value is None:
            return self._invented(kind) if kind else ""
        again, self._told = index in self._told, self._told | {index}
        if kind == "name" and again and len(str(value).split()) > 1:
            return str(value).split()[-1]
        if isinstance(value, datetime):
            return value.date().isoformat()
        return value.isoformat() if isinstance(value, date) else _shown(value)

    def _invented(self, kind: str) -> str:
        """Two of each kind a note: it is told of few people and places. The row's own age, and days near its date."""
        if kind == "age" and (own := self._age()):
            return own
        known = self._named.setdefault(kind, [])
        if len(known) < 2:
            known.append(self._date() if kind == "date" else invent.value(kind, self._rng))
        return self._rng.choice(known)

    def _date(self) -> str:
        dates = [
            value
            for name, own in self._rows.kinds.items()
            if own == "date" and isinstance(value := self._row.get(name), date)
        ]
        start = dates[0] if dates else date(self._rng.randint(2010, 2024), self._rng.randint(1, 12), 15)
        day = date(start.year, start.month, start.day) + timedelta(days=self._rng.randint(-30, 30))
        return day.isoformat()
