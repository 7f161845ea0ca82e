"""Slots of ``scrub_templates.txt`` for places, addresses and organisations."""
# ruff: noqa: E501, N802 - lists of shapes; slots are named as in the templates

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.scrub_fill_people import People, Piece
from benchmarks.scrub_words import COMPANY_ENDINGS, COMPANY_FIELDS, FAMOUS
from privacy.scrub.nationalities import STATES


@dataclass(slots=True)
class Places(People):
    """Towns, countries, streets and whole addresses in the world's orders; companies, hospitals, schools."""

    def s_C(self) -> list[Piece]:
        town = self.one(self.pools.towns)
        if self.rng.random() < 0.1:
            town = self.blend([self.pools.towns])
        elif self.rng.random() < 0.06:
            head = self.one("Great|Little|Upper|Lower|New|Old|North|South|East|West|Saint|Port|Mount|Lake|Nether")
            name = self.blend([self.first_last()[1:], [town]])
            town = self.one(
                [f"{head} {name}", f"{name} {self.one('Falls|Springs|Hills|Heights|City|Park|Creek|Beach')}"]
            )
        return [(town.upper() if self.rng.random() < 0.08 else town, "LOCATION")]

    def s_Cl(self) -> list[Piece]:
        return [(self.one(self.pools.towns).lower(), "LOCATION")]

    def s_CO(self) -> list[Piece]:
        return [(self.one([self.one(self.pools.countries), self.one(["USA", "UK", "US", "the U.S.", "England", "Scotland",
                 "Wales", "Germany", "France", "Spain", "China", "India", "Brazil", "Mexico", "Canada", "Japan"])]), "LOCATION")]  # fmt: skip

    def s_ST(self) -> list[Piece]:
        name, code = self.rng.choice(STATES)
        return [(self.one([name, code]), "LOCATION")]

    def s_Z(self) -> list[Piece]:
        shape = self.one(
            ["#####", "#####", "#####-####", "####", "######", "??# #??", "??## #??", "### ##", "##-###", "?#? #?#"]
        )
        return [(self.shaped(shape), "ADDRESS")]

    def street(self) -> str:
        """A street and a number, in one of the world's orders."""
        draw, town = self.rng.random(), self.one(self.pools.towns)
        if draw < 0.55:
            return self.one(self.pools.streets)
        name = self.one([self.first_last()[1], town, self.one(self.pools.words).title(), " ".join(self.first_last())])
        end = self.one("Street|St|St.|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr.|Blvd|Court|Place|Pl|Way|Terrace|Close|Hill|Square"
                       "|Parkway|Crescent|Grove|Highway|Trail|Manors|Fort|Coves|Extension|Walk|Row|Gardens")  # fmt: skip
        if draw < 0.7:
            return f"{self.digits(1, 5)} {name} {end}"
        if draw < 0.76:
            return f"{name} {end} {self.one(['', self.digits(1, 3)])}".strip()
        if draw < 0.88:
            foreign = self.one(
                "straat|gatan|vej|veien|gasse|straße|weg|tie|katu|utca|laan|vägen|gata|allé|terrasse|plein|damm"
            )
            return f"{name.split()[0]}{self.one(['', ' '])}{foreign} {self.digits(1, 3)}{self.one(['', '', 'A', '-12', '/3'])}"
        head = self.one(
            "ul.|Rua|Calle|Via|Rue|Avenida|Av.|Rue de|Piazza|Strada|Plaza|C/|Ulica|Jalan|Paseo|Avda.|al.|bd"
        )
        return self.one([f"{head} {name} {self.digits(1, 3)}", f"{self.digits(1, 3)} {head.lower()} {name}",
                         f"{head} {name}, {self.digits(1, 3)}"])  # fmt: skip

    def s_A(self) -> list[Piece]:
        return [(self.street(), "ADDRESS")]

    def s_FA(self) -> list[Piece]:
        gap = self.one([", ", ", ", ", ", "\n", "\n", " ", "\n ", ",\n"])
        if self.rng.random() < 0.06:
            return [(f"{self.one(['PO Box', 'P.O. Box', 'Postfach', 'Unit 12 Box'])} {self.digits(2, 5)}", "ADDRESS"), (gap, "ADDRESS"),
                    *self.s_C(), (" ", "ADDRESS"), *self.s_Z()]  # fmt: skip
        pieces: list[Piece] = [(self.street(), "ADDRESS")]
        if self.rng.random() < 0.12:
            pieces = [(self.digits(2, 5) + " ", "ADDRESS"), *pieces]
        if self.rng.random() < 0.3:
            unit = self.one("Apt.|Apt|Suite|Unit|#|Flat|apt|Floor|Room|Apartment|Ste")
            pieces += [(gap + unit + self.one([" ", "", " "]) + self.digits(1, 3) + self.one(["", "", "B"]), "ADDRESS")]
        place: list[Piece] = [*self.s_C()]
        if self.rng.random() < 0.4:
            place += [(self.one([", ", " ", "\n"]), "ADDRESS"), *self.s_ST()]
        if self.rng.random() < 0.65:
            place = self.rng.choice([[*place, (self.one([" ", ", ", "\n"]), "ADDRESS"), *self.s_Z()],
                                     [*self.s_Z(), (" ", "ADDRESS"), *place]])  # fmt: skip
        if self.rng.random() < 0.3:
            place += [(gap, "ADDRESS"), *self.s_CO()]
            if self.rng.random() < 0.35:
                place += [(" ", "ADDRESS"), *self.s_Z()]
        if self.rng.random() < 0.85:
            pieces += [(gap, "ADDRESS"), *place]
        return pieces

    def s_O(self) -> list[Piece]:
        draw = self.rng.random()
        name = self.first_last()[1]
        word = self.one(self.pools.words).title()
        coined = (self.one(self.pools.words)[:5] + self.one(self.pools.words)[-4:]).capitalize()
        if draw < 0.25:
            text = self.one(self.pools.companies)
        elif draw < 0.35:
            text = self.one([f"{name} {self.one(COMPANY_ENDINGS)}", f"{name}-{self.first_last()[1]}", f"{name} & {self.first_last()[1]}",
                             f"{name}, {self.first_last()[1]} and {self.first_last()[1]}"])  # fmt: skip
        elif draw < 0.62:
            text = f"{self.one([name, word, coined, self.one(self.pools.towns), word])} {self.one(COMPANY_FIELDS)}"
            text += self.one(["", "", " " + self.one(COMPANY_ENDINGS)])
        elif draw < 0.8:
            text = self.one([coined, coined, coined + self.one(["ly", "io", "ify", "tech", ".com", "soft", "corp"]),
                             word + self.one(self.pools.words).title(), coined[0] + coined[1:].title() + self.one(["AI", "Hub", "360", "Now"])])  # fmt: skip
        elif draw < 0.9:
            text = self.one(FAMOUS)
        elif draw < 0.95:
            text = f"{word} {self.one(self.pools.words).title()} {self.one(COMPANY_ENDINGS)}"
        elif self.rng.random() < 0.5:
            return self.s_OW()
        else:
            return self.rng.choice([self.s_H, self.s_U])()
        return [(text, "ORGANIZATION")]

    def s_Ol(self) -> list[Piece]:
        return [(text.lower(), label) for text, label in self.s_O()]

    def s_OW(self) -> list[Piece]:
        """A company that is called by ordinary words, in capitals alone."""
        words = [self.one(self.pools.words).title() for _ in range(self.rng.choice([1, 2, 2, 2, 3, 3]))]
        if self.rng.random() < 0.2:
            words.insert(self.rng.randrange(len(words)), self.one(self.pools.towns))
        if len(words) > 1 and self.rng.random() < 0.25:
            words.insert(-1, self.one("&|and|of|for|the|&|and"))
        if self.rng.random() < 0.25:
            words.append(self.one(COMPANY_FIELDS))
        if self.rng.random() < 0.08:
            words.insert(0, "The")
        if self.rng.random() < 0.12:
            words = [self.shaped(self.one(["???", "????", "??", "?.?.", "?.?.?.", "?&?", "?-??"]))]
        return [(" ".join(words), "ORGANIZATION")]

    def s_H(self) -> list[Piece]:
        head = self.one([f"St. {self.first_last()[0]}", f"Saint {self.first_last()[0]}", self.one(self.pools.towns), self.first_last()[1],
                         "Mercy", "Sacred Heart", "Good Samaritan", "Memorial", "General", "Mount Sinai", "University"])  # fmt: skip
        end = self.one("Hospital|Medical Center|Clinic|General Hospital|Memorial Hospital|Health Center|Rehab Center|Hospice|"
                       "Nursing Home|Children's Hospital|Family Practice|Regional Medical Center|Infirmary|Eye Institute|VA")  # fmt: skip
        return [(f"{head} {end}", "ORGANIZATION")]

    def s_U(self) -> list[Piece]:
        town = self.one(self.pools.towns)
        return [(self.one([f"University of {town}", f"{town} University", f"{town} State University", f"{town} High School",
                           f"{self.first_last()[1]} College", f"{town} Institute of Technology", f"{town} Academy"]), "ORGANIZATION")]  # fmt: skip
