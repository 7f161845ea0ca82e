"""A second labelled set, made apart from the training text: chat, mail, tickets, forms, records, bank letters, lower
case, news, clinical lines and lines about nobody.

    python -m benchmarks.scrub_styles [--seed N] [--errors] [--fresh]

``--fresh`` takes the third set, whose lines were written later and of which no error was ever read. Lines (``scrub_styles.txt``) and values are not those of the training text; a fifth of the family names are invented.
``--errors`` counts kinds of error, never text. What was looked at and when stands in ``weights/CARD.md``.
"""

# ruff: noqa: E501, N802, SIM905 - word lists; slots are named as in the templates

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.scrub_fill_people import Piece
from benchmarks.scrub_generate import Choice, Node, Slot, parse
from benchmarks.scrub_score import Found, Labelled, characters, detect_all, error_kinds, leaking, overlaps

STYLES = Path(__file__).with_name("scrub_styles.txt")
FRESH = Path(__file__).with_name("scrub_fresh.txt")
N_EACH = 8
"""Readings of each line."""
_FIRST = (
    "Bronwyn Calum Dorotea Eluned Fearghas Giannis Hedvig Ikram Joaquim Katinka Lamar Moana Nnamdi Oriol Parveen Quentin Rosalba "
    "Shanice Takumi Ulrike Vusi Wanda Ximena Yevgenia Zoltan Abby Ben Carla Derek Ellie Frank Gina Harvey Isla Jake Kelly Liam "
    "Megan Nora Owen Priya Rhys Sana Tess Umar Vera Wes Yara Zack Mia Sun-hee Jean-Luc Al Bo"
).split()
_LAST = (
    "Abernathy Birtwhistle Castellanos Drummond Eyre Featherstone Gunnarsdottir Hollander Iwasaki Jablonski Kipketer Lovelace Mbeki "
    "Nakagawa Oyelowo Pettigrew Quayle Rasmussen Szymanski Thackeray Ueda Vlahos Wetherby Yeboah Zielinski Adler Byrne Coyle Doshi "
    "Estrada Farouk Gill Hsu Irwin Jabbar Kerr Lund Moss Ngo Ortega Pike Quirke Rowe Stokes Trent Usman Vickers Whelan Xu Yoon "
    "Brackthorne Dunmarrow Eskelundet Falkirson Grzenda Halvorine Jokovska Kembleton Lirazone Marchwold O'Shaugren Penhaligrew"
).split()
_TOWNS = (
    "Aberystwyth|Bologna|Chiang Mai|Duluth|Eindhoven|Fargo|Gothenburg|Halifax|Innsbruck|Jaipur|Kraków|Leeds|Medellín|Nagoya|Oulu|"
    "Perth|Quito|Recife|Sheffield|Tbilisi|Utrecht|Valletta|Winnipeg|Yerevan|Zagreb|Salt Lake City|Baton Rouge|Stoke-on-Trent|"
    "Port Harcourt|Little Rock|Ann Arbor|Nether Wallop|Snodgrass Falls|Great Marrow|Upper Tansley|Kirkbrae"
).split("|")
_COUNTRIES = "Norway|Peru|Kenya|South Korea|New Zealand|the Netherlands|Poland|Egypt|Chile|Vietnam|Ireland|Sri Lanka|Ghana|Turkey".split(
    "|"
)
_PEOPLES = (
    "Norwegian|Peruvian|Kenyan|Korean|Dutch|Polish|Egyptian|Chilean|Vietnamese|Irish|Ghanaian|Turkish|Bolivian".split(
        "|"
    )
)
_COMPANIES = (
    "Lidl|Santander|Vodafone|Maersk|Ryanair|Best Buy|Home Depot|Unilever|Lufthansa|Spotify|Ocado|Zurich Insurance|Allied Irish Banks|"
    "Deloitte|Quillmark|Brightwater Partners|Novatech Systems|Harrow & Finch|Polestar Logistics GmbH|Tanaka Heavy Industries|"
    "Green Lantern Bakery|Oakridge Credit Union|Delta Plumbing Ltd|First Choice Cleaning|Meridian Foods Inc.|Zanthor AG|"
    "The Copper Kettle|Hillside Veterinary Clinic|Blue Heron Yoga|Kestrel Air|Union Pacific|Wells & Sons|Ardent Health|Pixelfarm"
).split("|")
_HOSPITALS = "Fairbrook Hospital|St. Aldate's Hospice|Westmere Medical Center|Royal Tansley Infirmary|Lakeview Rehab Center".split(
    "|"
)
_SCHOOLS = "University of Leeds|Kirkbrae College|Uppsala University|Ohio State|Marrow Hill High School".split("|")
_STREETS = (
    "14 Pemberton Row|220 W 5th Ave|7 Sandpiper Close|1189 Old Mill Road|Lindenstraße 22|35 rue des Lilas|Calle Mayor 18|Via Garibaldi 7|"
    "902 Juniper Ct Apt 3|66 Cowper Street|4410 N Lamar Blvd|Storgatan 5|ul. Długa 12|Unit 9, 18 Quay Street|5 The Crescent|31 Hawthorn Grove"
).split("|")
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(slots=True)
class Values:
    """A method ``s_X`` for each slot ``{X}``."""

    rng: random.Random
    slots: dict[str, Callable[[], list[Piece]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = {
            "PH": ("PHONE", "(###) ###-####|###-###-####|+44 7### ######|0### ### ####|+1 ### ### ####|###.###.####"),
            "CARD": ("ID", "4### #### #### ####|5###############|4###-####-####-####"), "L4": ("ID", "####"),
            "IBAN": ("ID", "DE## #### #### #### #### ##|GB##BARC##############|NL##INGB##########"),
            "SSN": ("ID", "###-##-####"), "ID": ("ID", "########|??######|?#######"),
            "ZIP": ("ADDRESS", "#####|#####-####|?## #??"), "IP": ("NET", "1##.2#.1#.2#"),
            "n": ("", "#|##|##"), "dec": ("", "##.##|#.##"), "amt": ("", "$#,###|€###.##|£##,###|## million dollars|USD ###"),
            "AGE": ("AGE", "2#|3#|4#|6#|7#"), "Y": ("DATE", "19##|200#|201#"),
        }  # fmt: skip
        lists = {
            "F": ("PERSON", _FIRST), "L": ("PERSON", _LAST), "C": ("LOCATION", _TOWNS), "CO": ("LOCATION", _COUNTRIES),
            "NRP": ("NRP", _PEOPLES), "ORG": ("ORGANIZATION", _COMPANIES), "ORGH": ("ORGANIZATION", _HOSPITALS),
            "UNI": ("ORGANIZATION", _SCHOOLS), "STR": ("ADDRESS", _STREETS), "T": ("TITLE", ["Mr.", "Mrs", "Dr", "Prof."]),
            "wd": ("DATE", ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]), "tm": ("", ["7pm", "18:40", "9.30", "noon"]),
        }  # fmt: skip
        for name, (label, listed) in lists.items():
            self.slots[name] = lambda label=label, listed=listed: [(self.rng.choice(listed), label)]  # type: ignore[misc]
            self.slots[name + "l"] = lambda label=label, listed=listed: [(self.rng.choice(listed).lower(), label)]  # type: ignore[misc]
        for name, (label, shape) in shapes.items():
            self.slots[name] = lambda label=label, shape=shape: [
                (self.shaped(self.rng.choice(shape.split("|"))), label)
            ]  # type: ignore[misc]
        for name in dir(self):
            if name.startswith("s_"):
                self.slots[name[2:]] = getattr(self, name)

    def shaped(self, shape: str) -> str:
        """# a digit, ? a capital."""
        draw = {"#": "0123456789", "?": "ABCDEFGHJKLMNPRSTUVWXYZ"}
        return "".join(self.rng.choice(draw[c]) if c in draw else c for c in shape)

    def person(self) -> str:
        first, last = self.rng.choice(_FIRST), self.rng.choice(_LAST)
        return self.rng.choice(
            [f"{first} {last}", f"{first} {last}", f"{first} {last}", f"{first} {last[0]}. {self.rng.choice(_LAST)}"]
        )

    def s_P(self) -> list[Piece]:
        return [(self.person(), "PERSON")]

    def s_PU(self) -> list[Piece]:
        return [(self.person().upper(), "PERSON")]

    def s_Pl(self) -> list[Piece]:
        return [(self.person().lower(), "PERSON")]

    def s_ADR(self) -> list[Piece]:
        town = self.rng.choice(_TOWNS)
        gap = self.rng.choice([", ", ", ", " ", "\n"])
        zipped = self.rng.choice(["", "", " " + self.shaped("#####"), ", " + self.rng.choice(_COUNTRIES[:4])])
        return [(f"{self.rng.choice(_STREETS)}{gap}{town}{zipped}", "ADDRESS")]

    def s_EM(self) -> list[Piece]:
        first, last = self.rng.choice(_FIRST).lower(), self.rng.choice(_LAST).lower().replace("'", "")
        return [
            (
                f"{self.rng.choice([first, first[0]])}.{last}@{self.rng.choice(['proton.me', 'novatech.io', 'mail.example.com', 'aol.com'])}",
                "NET",
            )
        ]

    def s_URL(self) -> list[Piece]:
        return [
            (
                self.rng.choice(
                    ["https://pixelfarm.io/team", "www.harrowfinch.co.uk", "http://kestrel.aero/help?id=4"]
                ),
                "NET",
            )
        ]

    def s_USER(self) -> list[Piece]:
        return [(f"{self.rng.choice(_FIRST).lower()}{self.rng.choice(['_', '.', ''])}{self.shaped('##')}", "NET")]

    def s_D(self) -> list[Piece]:
        day, month, year = self.rng.randrange(1, 29), self.rng.randrange(12), self.rng.randrange(1940, 2026)
        name = _MONTHS[month]
        return [(self.rng.choice([
            f"{day} {name} {year}", f"{name} {day}, {year}", f"{month + 1}/{day}/{year}", f"{day:02d}.{month + 1:02d}.{year}",
            f"{year}-{month + 1:02d}-{day:02d}", f"{day} {name[:3]} {year}", f"{name} {day}", f"{month + 1:02d}/{day:02d}/{year % 100:02d}",
        ]), "DATE")]  # fmt: skip


def expand(nodes: tuple[Node, ...], values: Values) -> Iterator[Piece]:
    """The pieces of one reading; a brace that names no slot stands for itself."""
    for node in nodes:
        if isinstance(node, str):
            yield node, ""
        elif isinstance(node, Choice):
            yield from expand(values.rng.choice(node.options), values)
        elif isinstance(node, Slot):
            yield from values.slots[node.name]()


def styled(seed: int = 29, path: Path = STYLES) -> list[tuple[str, int, Labelled]]:
    """(style, line, labelled text): ``N_EACH`` readings of each line of ``path``."""
    values = Values(random.Random(seed))
    made = []
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    for number, line in enumerate(lines):
        style, _, template = line.partition(" ")
        if style == "json":  # its brackets and bars are its own
            template = template.replace("[", "\x01").replace("]", "\x02").replace("|", "\x03")
        nodes = parse(template.replace("\\n", "\n"))
        for _ in range(N_EACH):
            made.append((style, number, _labelled(expand(nodes, values))))
    return made


_TITLE = re.compile(r"(?:Mr|Mrs|Ms|Dr|Prof)\b\.?|(?:Judge|Grandma|Aunt)(?= [A-Z])|Branch Manager")
"""Titles and trades are reported (docs/scrub.md), so they are labelled where a line says one."""


def _labelled(pieces: Iterator[Piece]) -> Labelled:
    text, spans = "", []
    for piece, label in pieces:
        if label:
            spans.append((len(text), len(text) + len(piece), label))
        if not label:
            spans += [(len(text) + match.start(), len(text) + match.end(), "TITLE") for match in _TITLE.finditer(piece)]
        text += piece.replace("\x01", "[").replace("\x02", "]").replace("\x03", "|")
    return text, sorted(spans)


def main() -> None:
    from privacy.scrub.base import resolve
    from privacy.scrub.table import open_text_scrubber

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=29)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="the third set")
    parser.add_argument("--model", help="'strong', or a path")
    options = parser.parse_args()
    detector = open_text_scrubber(b"benchmark" * 4, model=options.model).detector

    def detect(text: str) -> Found:
        return [(span.start, span.end) for span in resolve(detector.detect(text))]

    made = styled(options.seed, FRESH if options.fresh else STYLES)
    detect(made[0][2][0])
    everything, speed = detect_all(detect, [note for _, _, note in made])
    print(f"{len(made)} texts of {made[-1][1] + 1} lines, {speed:.0f} a second of one core")
    for style in ["all", "odd lines", *dict.fromkeys(style for style, _, _ in made)]:
        odd = style == "odd lines"
        chosen = [at for at, entry in enumerate(made) if style in ("all", entry[0]) or (odd and entry[1] % 2)]
        labelled, found = [made[place][2] for place in chosen], [everything[place] for place in chosen]
        leak = leaking(labelled, found)[0] / len(chosen)
        print(f"| {style} | {len(chosen)} | {characters(labelled, found)} | {overlaps(labelled, found)} | {leak:.3f} |")
    if options.errors:
        spans = [resolve(detector.detect(text)) for _, _, (text, _) in made]
        for kind, count in error_kinds([note for _, _, note in made], spans).most_common(40):
            print(count, *kind)


if __name__ == "__main__":
    main()
