"""Columns of national numbers, by the checks of those who give them out."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from benchmarks import scrub_tables_third as made
from benchmarks.scrub_tables import _shaped
from privacy.scrub import national
from privacy.scrub.columns import propose_kinds
from privacy.scrub.numbers import digits_of


@pytest.mark.parametrize(
    ("check", "written"),
    [
        (national.cpf, "529.982.247-25"),
        (national.pesel, "44051401359"),
        (national.steuer_id, "86095742719"),
        (national.birth_number, "736028/5163"),
        (national.personnummer, "811228-9874"),
        (national.bsn, "111222333"),
        (national.sin, "130 692 544"),
        (national.aadhaar, "2341 2341 2346"),
    ],
)
def test_a_published_example_passes_and_its_neighbour_does_not(check: object, written: str) -> None:
    digits = digits_of(written)
    assert check(digits)  # type: ignore[operator]
    assert not check(digits[:-1] + str((int(digits[-1]) + 1) % 10))  # type: ignore[operator]


def test_the_spanish_letter() -> None:
    assert national.nif("12345678Z")
    assert national.nif("X1234567L")
    assert not national.nif("12345678A")


@pytest.mark.parametrize("make", [made._cpf, made._pesel, made._rodne, made._personnummer, made._bsn, made._sin])
def test_a_column_without_a_telling_name_is_known_by_its_values(make: object) -> None:
    rng = random.Random(4)
    table = pa.table({"c1": [make(rng) for _ in range(60)]})  # type: ignore[operator]
    assert [(guess.kind, guess.why) for guess in propose_kinds(table)] == [
        ("ssn", "values pass the check of a national number")
    ]


def test_random_codes_of_the_same_length_are_no_national_numbers() -> None:
    rng = random.Random(4)
    for shape in ("#########", "##########", "###########", "############"):
        values = [_shaped(rng, shape) for _ in range(200)]
        assert not national.is_national(values)
    assert not national.is_national(["529.982.247-25"] * 5), "a few prove nothing"
