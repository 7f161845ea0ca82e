"""All slots of ``scrub_templates.txt``; here the traps: what looks like an identifier and is none."""
# ruff: noqa: E501, N802 - lists of shapes; slots are named as in the templates

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.scrub_fill_codes import Codes
from benchmarks.scrub_fill_people import Piece
from benchmarks.scrub_medical import (
    ABBREVIATIONS,
    BRANDS,
    CLINICAL,
    DISEASES,
    DRUGS,
    ENDS,
    EPONYMS,
    PREFIXES,
    ROOTS,
)
from benchmarks.scrub_words import GODS, INSTRUMENTS, JOBS, LANGUAGES, THINGS


@dataclass(slots=True)
class Fillers(Codes):
    """A method ``s_X`` for each slot ``{X}``."""

    def s_n(self) -> list[Piece]:
        return [
            (
                self.one(
                    [str(self.rng.randint(0, 12)), str(self.rng.randint(0, 300)), f"{self.rng.randint(0, 90) / 10}"]
                ),
                "",
            )
        ]

    def s_tm(self) -> list[Piece]:
        hour, minute = self.rng.randint(1, 12), self.rng.randint(0, 59)
        return [
            (
                self.one(
                    [
                        f"{hour}:{minute:02d}",
                        f"{hour} pm",
                        f"{hour}:{minute:02d} AM",
                        f"{hour}am",
                        "noon",
                        f"{hour + 11}:{minute:02d}",
                    ]
                ),
                "",
            )
        ]

    def s_amt(self) -> list[Piece]:
        return [(self.one([f"${self.digits(2, 4)}", f"{self.rng.randint(1, 900)} {self.one(['dollars', 'euros', 'USD', 'EUR', 'GBP'])}",
                           f"€{self.rng.randint(1, 99)}.50", f"${self.rng.randint(1, 99)},000", f"{self.rng.randint(2, 50)} million dollars"]), "")]  # fmt: skip

    def s_w(self) -> list[Piece]:
        return [(self.one(self.pools.words), "")]

    def s_song(self) -> list[Piece]:
        """A heading in capitals or title case that names nobody."""
        words = [self.one(self.pools.words) for _ in range(self.rng.randint(1, 4))]
        return [(self.one([" ".join(words).title(), " ".join(words).title(), " ".join(words).upper()]), "")]

    def term(self) -> str:
        """A medical word, or one that sounds like it."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.one(CLINICAL)
        term = self.one(ROOTS) + self.one(ENDS)
        return self.one(PREFIXES) + term if draw > 0.85 else term

    def stranger(self) -> str:
        """A word of no list: the head of one ordinary word and the tail of another, or an ordinary word."""
        if self.rng.random() < 0.5:
            return self.one(self.pools.words)
        a, b = self.one(self.pools.words), self.one(self.pools.words)
        return a[: max(2, len(a) - 2)] + self.one(
            [b[-3:], b[-4:], "ing", "ed", "er", "s", "ly", "ness", "ment", "y", "al"]
        )

    def s_mt(self) -> list[Piece]:
        return [(self.term(), "")]

    def s_mT(self) -> list[Piece]:
        term = self.term()
        return [(self.one([term.capitalize(), term.capitalize(), term.upper(), term.title()]), "")]

    def s_x(self) -> list[Piece]:
        return [(self.stranger(), "")]

    def s_X(self) -> list[Piece]:
        return [(self.stranger().capitalize(), "")]

    def s_ab(self) -> list[Piece]:
        return [
            (self.one([self.one(ABBREVIATIONS), self.one(ABBREVIATIONS), self.shaped("??"), self.shaped("???")]), "")
        ]

    def s_AB(self) -> list[Piece]:
        return [(self.stranger().upper() + self.one(["", " " + self.stranger().upper()]), "")]

    def s_num(self) -> list[Piece]:
        """A quantity: decimals, fractions, ranges, per cent, with or without a unit."""
        a, b = self.rng.randint(0, 400), self.rng.randint(0, 99)
        text = self.one([f"{a}", f"{a % 10}.{b}", f"0.{b}", f"{b}%", f"{a % 10}%", f"{b}-{b + 3}", f"{a}/{b}", f"{a % 6}/5",
                         f"{a % 10}+", f"{a % 50},000", f"{b / 2:g}", f"{a % 3}+/4", f"{a}.{b % 10}"])  # fmt: skip
        unit = self.one(
            "|||mg|mL|cc|cm|mm|mmHg|kg|ounces|hours|minutes|mcg|g|units|French|percent|degrees|weeks|pounds|inches"
        )
        return [(f"{text} {unit}".strip() if self.rng.random() < 0.85 else text + unit, "")]

    def s_sut(self) -> list[Piece]:
        return [
            (
                self.one(
                    ["3-0 Vicryl", "#2-0 silk", "4-0 nylon", "a 10-0 nylon suture", "0 PDS", "5-0 Prolene", "#15 blade"]
                ),
                "",
            )
        ]

    def s_med(self) -> list[Piece]:
        return [(self.one(BRANDS.split() + DRUGS), "")]

    def s_dis(self) -> list[Piece]:
        return [(self.one(DISEASES), "")]

    def s_epo(self) -> list[Piece]:
        return [(self.one(EPONYMS.split()), "")]

    def s_prod(self) -> list[Piece]:
        return [(self.one(THINGS), "")]

    def s_job(self) -> list[Piece]:
        return [(self.one(JOBS), "")]

    def s_nlang(self) -> list[Piece]:
        return [(self.one(LANGUAGES), "NRP")]

    def s_rom(self) -> list[Piece]:
        return [(self.one("I|II|III|IV|V|VI|VII|IX|X"), "")]

    def s_punct(self) -> list[Piece]:
        return [(self.one([".", "!", "?", "", "..."]), "")]

    def s_E(self) -> list[Piece]:
        return self.rng.choice([self.s_P, self.s_O, self.s_C])()

    def s_god(self) -> list[Piece]:
        return [(self.one(GODS), "")]

    def s_inst(self) -> list[Piece]:
        return [(self.one(INSTRUMENTS), "")]

    def s_sep(self) -> list[Piece]:
        """What stands between the lines of an address."""
        return [(self.one([", ", "\n", " ", "\n ", ",\n", " / ", "; "]), "")]

    def s_fs(self) -> list[Piece]:
        """What stands between the fields of a record."""
        return [(self.one([",", ";", "\t", " | ", ", ", "; "]), "")]
