"""Slots of ``scrub_templates.txt`` for people, their titles, ages and origins."""
# ruff: noqa: N802 - lists of shapes; slots are named as in the templates

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.scrub_pools import Pools
from benchmarks.scrub_words import TITLES
from privacy.scrub.nationalities import NATIONALITIES

Piece = tuple[str, str]
"""(text, label); the label is "" where nothing is identified."""


@dataclass(slots=True)
class People:
    """One method for each slot, found by name through ``fill``."""

    pools: Pools
    rng: random.Random
    slots: dict[str, Callable[[], list[Piece]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in dir(self):
            if name.startswith("s_"):
                self.slots[name[2:]] = getattr(self, name)

    def one(self, listed: str | list[str]) -> str:
        return self.rng.choice(listed.split("|") if isinstance(listed, str) else listed)

    def digits(self, low: int, high: int | None = None) -> str:
        return "".join(self.rng.choice("0123456789") for _ in range(self.rng.randint(low, high or low)))

    def shaped(self, shape: str) -> str:
        """# a digit, ? a capital, anything else itself."""
        return "".join(
            self.rng.choice("0123456789") if c == "#" else self.rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "?" else c
            for c in shape
        )

    def first_last(self) -> tuple[str, str]:
        pair = self.rng.choice(self.pools.english if self.rng.random() < 0.45 else self.pools.names)
        first, last = self.rng.choice(pair[0]), self.rng.choice(pair[1])
        if self.rng.random() < 0.12:
            first = self.blend([pair[0]])
        elif self.rng.random() < 0.03:
            first = f"{first}-{self.one([self.rng.choice(pair[0]), self.rng.choice(pair[0]).lower()])}"
        if self.rng.random() < 0.2:
            last = self.blend([pair[1]])
        if self.rng.random() < 0.05:
            last = f"{last}-{self.rng.choice(pair[1])}"
        return first, last

    def blend(self, lists: list[list[str]]) -> str:
        """A name that stands on no list: the head of one, the tail of another."""
        a, b = (self.rng.choice(self.rng.choice(lists)) for _ in range(2))
        return (a[: max(2, len(a) // 2 + self.rng.randint(0, 1))] + b[len(b) // 2 :].lower()).replace(" ", "")

    def s_P(self) -> list[Piece]:
        first, last = self.first_last()
        draw = self.rng.random()
        if draw < 0.72:
            text = f"{first} {last}"
        elif draw < 0.84:
            text = f"{first} {self.rng.choice('ABCDEFGHJKLMNPRSTVW')}{self.one(['.', ''])} {last}"
        elif draw < 0.89:
            text = f"{first} {self.first_last()[0]} {last}"
        elif draw < 0.92:
            text = f"{first[0]}. {last}"
        elif draw < 0.94:
            text = f"{first} {self.one(['van', 'de', 'von', 'bin', 'al', 'del', 'de la'])} {last}"
        elif draw < 0.96:
            text = f"{first} {last} {self.one(['Jr.', 'Sr.', 'III', 'Jr'])}"
        else:
            text = self.one([first, last])
        return [(text, "PERSON")]

    def s_Pl(self) -> list[Piece]:
        return [(text.lower(), label) for text, label in self.s_P()]

    def s_F(self) -> list[Piece]:
        return [(self.first_last()[0], "PERSON")]

    def s_L(self) -> list[Piece]:
        return [(self.first_last()[1], "PERSON")]

    def s_Fl(self) -> list[Piece]:
        return [(self.first_last()[0].lower(), "PERSON")]

    def s_Ll(self) -> list[Piece]:
        return [(self.first_last()[1].lower(), "PERSON")]

    def s_PL(self) -> list[Piece]:
        first, last = self.first_last()
        text = f"{last}, {first}" + self.one(["", "", f" {first[0]}.", f" {first[0]}"])
        return [(text.upper() if self.rng.random() < 0.4 else text, "PERSON")]

    def s_PU(self) -> list[Piece]:
        return [(" ".join(self.first_last()).upper(), "PERSON")]

    def s_T(self) -> list[Piece]:
        return [(self.one(TITLES.split()), "TITLE")]

    def s_JOB(self) -> list[Piece]:
        return [(self.one(self.pools.jobs), "TITLE")]

    def s_AGE(self) -> list[Piece]:
        return [(str(self.rng.randint(1, 104)), "AGE")]

    def s_NRP(self) -> list[Piece]:
        return [(self.one(list(NATIONALITIES)), "NRP")]

    def s_USER(self) -> list[Piece]:
        first, last = self.first_last()
        stem = self.one([first[0] + last, first, f"{first}_{last}", f"{first}.{last}"]).lower().replace(" ", "")
        return [(stem + self.digits(0, 4), "NET")]
