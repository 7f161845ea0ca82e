"""Dates in notes keep their shape and their distances."""

from __future__ import annotations

from datetime import date

import pytest

from privacy.scrub.dates import MASK, find_dates, shift


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        ("03/14/2021", "01/28/2021"),
        ("3/4/21", "1/18/21"),
        ("2021-03-14", "2021-01-28"),
        ("14.03.2021", "28.01.2021"),
        ("March 14, 2021", "January 28, 2021"),
        ("MARCH 3RD 2021", "JANUARY 17TH 2021"),
        ("Mar. 14, 21", "Jan. 28, 21"),
        ("14 Mar 2021", "28 Jan 2021"),
        ("14MAR2021", "28JAN2021"),
        ("3rd of May 2020", "19th of March 2020"),
        ("January 5", "November 21"),
        ("March 2021", "January 2021"),
        ("03/2021", "01/2021"),
        ("20210314", "20210128"),
    ],
)
def test_a_date_is_found_whole_and_moves_in_its_shape(written: str, moved: str) -> None:
    found = {f"on {written} at"[start:end] for start, end, _ in find_dates(f"on {written} at")}
    assert written in found
    assert shift(written, -45) == moved


@pytest.mark.parametrize(
    "text", ["BP 120/80", "pain 5/10", "may 2 tablets", "1/2 tab", "5 mg", "version 1.2.3", "T 98.6", "ratio 3/4 cup"]
)
def test_numbers_that_are_no_dates_are_left_alone(text: str) -> None:
    assert list(find_dates(text)) == []


def test_intervals_between_full_dates_are_kept() -> None:
    first, second = shift("2021-03-14", 77), shift("2021-12-24", 77)
    assert (date.fromisoformat(second) - date.fromisoformat(first)).days == 285


@pytest.mark.parametrize("written", ["31/31/2020", "31/02/2021"])
def test_an_impossible_date_is_found_and_masked(written: str) -> None:
    assert [(start, end) for start, end, _ in find_dates(written)] == [(0, len(written))]
    assert shift(written, 7) == MASK


def test_a_shift_out_of_the_calendar_is_masked() -> None:
    assert shift("01/02/1800", -10_000_000) == MASK
