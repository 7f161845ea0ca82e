"""Slots of ``scrub_templates.txt`` for dates, telephones, net names and codes."""
# ruff: noqa: E501, N802 - lists of shapes; slots are named as in the templates

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.scrub_fill_people import Piece
from benchmarks.scrub_fill_places import Places
from benchmarks.scrub_words import DAYS, MONTHS


@dataclass(slots=True)
class Codes(Places):
    """Numbers and codes in the shapes that people write."""

    def day(self) -> date:
        return date(1925, 1, 1) + timedelta(days=self.rng.randrange(37_000))

    def s_D(self) -> list[Piece]:
        when = self.day()
        month = MONTHS[when.month - 1]
        if self.rng.random() < 0.3:
            month = month[:3] + self.one(["", "."])
        th = self.one(["", "", "", "st" if when.day % 10 == 1 else "nd" if when.day % 10 == 2 else "th"])
        y2 = f"{when.year % 100:02d}"
        text = self.one([f"{when.month}/{when.day}/{when.year}", f"{when.month:02d}/{when.day:02d}/{y2}", when.isoformat(),
                         f"{when.day:02d}.{when.month:02d}.{when.year}", f"{month} {when.day}{th}, {when.year}",
                         f"{when.day}{th} {month} {when.year}", f"{month} {when.day}{th}", f"{when.day} {month}",
                         f"{when.month}/{when.day}", f"{when.day}-{month[:3]}-{y2}", f"{when.month}-{when.day}-{y2}",
                         f"{month} {when.year}", f"{DAYS[when.weekday()]}, {month} {when.day}"])  # fmt: skip
        return [(text, "DATE")]

    def s_Y(self) -> list[Piece]:
        return [(str(self.rng.randint(1900, 2026)), "DATE")]

    def s_my(self) -> list[Piece]:
        return [(f"{self.one(MONTHS)}{self.one([' ', ', ', ' of '])}{self.rng.randint(1940, 2026)}", "DATE")]

    def s_DW(self) -> list[Piece]:
        return [(self.one(DAYS), "")]

    def s_mon(self) -> list[Piece]:
        return [(self.one(MONTHS), "")]

    def s_PH(self) -> list[Piece]:
        shape = self.one(["###-###-####", "(###) ###-####", "###.###.####", "+1 ### ### ####", "1-###-###-####", "### ### ####",
                          "##########", "+44 20 #### ####", "07### ######", "+49 ### #######", "0## ### ## ##", "###-####",
                          "+33 # ## ## ## ##", "(0##) #### ####", "###-###-#### x###", "+46 ## ### ## ##", "0##/#######",
                          "(##) ####-####", "0###-######", "+91 ##### #####", "001-###-###-####x###"])  # fmt: skip
        return [(self.shaped(shape), "PHONE")]

    def s_EM(self) -> list[Piece]:
        first, last = self.first_last()
        local = re.sub(r"[^a-z.]", "", f"{first}{self.one(['.', ''])}{last}".lower()) or "mail"
        host = self.one(
            ["gmail.com", "yahoo.com", f"{self.one(self.pools.words)}.{self.one(['org', 'net', 'de', 'co.uk'])}"]
        )
        return [(f"{local}{self.digits(0, 2)}@{host}", "NET")]

    def s_URL(self) -> list[Piece]:
        host = self.one(
            [self.one(self.pools.words), self.one(self.pools.words).title() + self.one(self.pools.words).title()]
        )
        text = f"{self.one(['http://', 'https://', 'www.', 'https://www.', ''])}{host}.{self.one(['com', 'org', 'se', 'de', 'it', 'co.uk', 'net'])}"
        return [(text + self.one(["", "", "/", "/" + self.one(self.pools.words)]), "NET")]

    def s_IP(self) -> list[Piece]:
        return [(".".join(str(self.rng.randrange(256)) for _ in range(4)), "NET")]

    def s_CC(self) -> list[Piece]:
        return [(self.shaped(self.one(["4###############", "5### #### #### ####", "3##############", "4###-####-####-####",
                                       "6##########", "############", "2###############"])), "ID")]  # fmt: skip

    def s_IBAN(self) -> list[Piece]:
        return [
            (
                self.shaped(
                    self.one(["??####################", "??## #### #### #### #### ##", "GB##????##############"])
                ),
                "ID",
            )
        ]

    def s_SSN(self) -> list[Piece]:
        return [(self.shaped(self.one(["###-##-####", "### ## ####", "#########", "xxx-xx-####"])), "ID")]

    def s_ID(self) -> list[Piece]:
        return [(self.shaped(self.one(["########", "######", "??######", "?#######", "##-####-####", "???-#####", "?##-#####", "###-##-###",
                                       "####-##-####", "S##-#####", "??#####??", "MRN#######", "##########", "?##?###"])), "ID")]  # fmt: skip

    def s_ACC(self) -> list[Piece]:
        return self.rng.choice([self.s_IBAN, self.s_ID])()
