"""What a note says of its row becomes a slot, and a slot what the row says."""

# ruff: noqa: E501 - lists read better on one line
from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText, agreeing, class_column
from synthesizers.text.slots import field, named, slots, without_slots
from synthesizers.text.vocabulary import Vocabulary
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "mrn", "type": "string", "understudy:kind": "mrn"},
            {"name": "name", "type": "string", "understudy:kind": "name"},
            {"name": "ward", "type": "string", "constraints": {"enum": ["Cardiology", "Surgery"]}},
            {"name": "age", "type": "integer"},
            {"name": "sex", "type": "string"},
            {"name": "admitted", "type": "date"},
            {"name": "icd", "type": "string"},
            {"name": "note", "type": "text"},
        ]
    }
)
ROW: dict[str, Any] = {
    "mrn": "MR-88213", "name": "Ada Quux", "ward": "Cardiology", "age": 67, "sex": "F", "admitted": dt.date(2021, 3, 4), "icd": "I21.4",
}  # fmt: skip
ROWS = RowText.of(SCHEMA, "note")
PLACE = {name: field(index) for index, name in enumerate(ROWS.columns)}


def masked(note: str) -> str:
    found = ROWS.masked({**ROW, "note": note})
    assert found is not None
    return found


def test_the_class_column_is_chosen_from_the_schema() -> None:
    assert (ROWS.about, ROWS.columns[0], ROWS.sex) == ("ward", "ward", "sex")
    target = TableSchema.parse({"fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "string", "understudy:target": True}]})  # fmt: skip
    assert class_column(target) == "b"
    assert class_column(TableSchema.parse({"fields": [{"name": "n", "type": "text"}]})) == ""


@pytest.mark.parametrize(
    ("note", "column"),
    [
        ("a 67-year-old woman", "age"), ("a 67 y/o", "age"), ("aged 67 years", "age"), ("seen by ada quux", "name"), ("Mrs Quux", "name"),
        ("admitted March 4, 2021", "admitted"), ("on 04/03/2021", "admitted"), ("on 2021-03-04", "admitted"), ("code I21.4 was", "icd"),
        ("record MR-88213", "mrn"), ("from cardiology", "ward"),
    ],
)  # fmt: skip
def test_what_a_note_says_of_its_row_is_a_slot(note: str, column: str) -> None:
    found = masked(note)
    assert PLACE[column] in found
    assert str(ROW[column]) not in found


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("by Dr. Oddsson", "name"), ("Jan Visser, M.D.", "name"), ("on 5/6/2020", "date"), ("on 7 June 2019", "date"),
        ("call 555-010-2000", "phone"), ("mail a.b@c.org", "url"), ("ref AB-1234567", "id"), ("a 30-year-old", "age"),
    ],
)  # fmt: skip
def test_dates_names_and_codes_of_others_are_slots_too(note: str, kind: str) -> None:
    assert named(kind) in masked(note)


def test_other_numbers_stay() -> None:
    assert masked("67 mg given, 6.7 kg, pulse 67") == "67 mg given, 6.7 kg, pulse 67"


def test_slots_are_filled_from_the_row_and_the_same_thing_stays_the_same() -> None:
    note = f"{PLACE['name']} ({PLACE['mrn']}), {PLACE['age']}, {PLACE['admitted']}, {PLACE['icd']}. {PLACE['name']}. {named('age')}"
    made = ROWS.filled(note, ROW, random.Random(1))
    assert made == "Ada Quux (MR-88213), 67, 2021-03-04, I21.4. Quux. 67"
    invented = ROWS.filled(named("name") * 20 + named("url"), {}, random.Random(1))
    assert not any(0xE000 <= ord(character) <= 0xF8FF for character in invented)
    assert "example.org" in invented


def test_pronouns_follow_the_row() -> None:
    assert agreeing("He told his wife. HE is a man", "female") == "She told her wife. SHE is a woman"
    assert agreeing("She is female", "M") == "He is male"
    assert agreeing("He is well", "unknown") == "He is well"


def test_no_note_is_no_note() -> None:
    assert [ROWS.masked({"note": note}) for note in (None, "", "  \n", 7)] == [None, None, None, None]


def test_only_so_much_of_a_note_is_looked_at() -> None:
    assert len(masked("a b " * 100_000)) <= 100_000


@given(st.text(max_size=80))
def test_any_text_survives_masking_and_filling(note: str) -> None:
    found = ROWS.masked({**ROW, "note": note})
    if found is not None:
        made = ROWS.filled(found, ROW, random.Random(0))
        assert not set(slots()) & set(made)


PRIOR = Prior.load()


@pytest.mark.parametrize(
    "text",
    [
        "The patient was taken to the OR.", "PREOPERATIVE DIAGNOSIS: Stone.", "BP 120/80, 98.6 F", f"{named('name')} came.",
        "Zweifelhafte Größe µ 患者", "line one\nLine two", "a - b (c) \"d\" 'e' #5 x3", "Xylophonists",
    ],
)  # fmt: skip
def test_text_survives_the_vocabulary(text: str) -> None:
    assert PRIOR.vocabulary.decode(PRIOR.vocabulary.encode(text)) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Co", "Lu", "Lt"]), max_size=60))
def test_every_text_has_tokens_and_they_are_in_range(text: str) -> None:
    tokens = PRIOR.vocabulary.encode(text)
    assert all(0 <= token < len(PRIOR.vocabulary) for token in tokens)
    again = PRIOR.vocabulary.decode(tokens)
    assert again.split() == PRIOR.vocabulary.decode(PRIOR.vocabulary.encode(again)).split()


def test_the_vocabulary_is_public_and_does_not_change_with_rows() -> None:
    assert len(PRIOR.vocabulary) <= 16_384
    assert "gramophone" not in PRIOR.vocabulary.plain_words()
    assert "catheter" in PRIOR.vocabulary.plain_words()
    assert Vocabulary(PRIOR.vocabulary.words).encode("catheter") == PRIOR.vocabulary.encode("catheter")
    assert without_slots(field(0)) == " "
