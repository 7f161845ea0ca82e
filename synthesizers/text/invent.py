"""Values for places that no column fills. Made up from short public lists and reserved number ranges."""

from __future__ import annotations

import random

_FIRST = [
    "Alex",
    "Blair",
    "Carmen",
    "Dana",
    "Elliot",
    "Farah",
    "Gale",
    "Harper",
    "Imani",
    "Jordan",
    "Kim",
    "Lee",
    "Morgan",
    "Noor",
    "Oakley",
    "Parker",
    "Quinn",
    "Robin",
    "Sam",
    "Taylor",
]
_LAST = [
    "Abbott",
    "Baker",
    "Castillo",
    "Dube",
    "Eriksen",
    "Fischer",
    "Garcia",
    "Hughes",
    "Ivanov",
    "Jensen",
    "Kaur",
    "Lindqvist",
    "Marino",
    "Novak",
    "Okafor",
    "Patel",
    "Quigley",
    "Rossi",
    "Sato",
    "Tran",
    "Underhill",
    "Vargas",
    "Weber",
    "Young",
    "Zhou",
]
_PLACES = [
    "Ashford",
    "Brookfield",
    "Clearwater",
    "Dalton",
    "Eastport",
    "Fairview",
    "Greenville",
    "Hillcrest",
    "Kingston",
    "Lakeside",
    "Milton",
    "Northgate",
    "Oakdale",
    "Riverton",
    "Springfield",
    "Westbrook",
]


def value(kind: str, rng: random.Random) -> str:
    """A made-up value of a kind of slot; telephone numbers and addresses are from ranges that nobody has."""
    if kind == "name":
        return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
    if kind == "place":
        return rng.choice(_PLACES)
    if kind == "age":
        return str(rng.randint(20, 85))
    if kind == "phone":
        return f"555-01{rng.randint(0, 99):02}"
    if kind == "url":
        return f"{rng.choice(_FIRST).lower()}.{rng.choice(_LAST).lower()}@example.org"
    return f"X{rng.randint(0, 999_999):06}"
