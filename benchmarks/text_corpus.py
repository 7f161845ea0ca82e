"""Public text of the project's own making, for the embedded text model: notes with places for what a row says.

``text_bank/*.txt`` hold the phrases; this puts documents together, each from a random row whose columns it refers to.
Nobody's text was used: no corpus, no download. Everything is decided by the generator's seed.
"""

# ruff: noqa: E501 - lists read better on one line
from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from synthesizers.text.slots import field, named

BANK = Path(__file__).parent / "text_bank"
_RULE = re.compile(r"\{(\w+)\}")
_RANGE = re.compile(r"%(\d+)-(\d+)%")
_SLOT = re.compile(r"<([A-Z]+)>")
_PLAIN = re.compile(r"[^\[{%]+|[\[{%]")

SPECIALTIES: dict[str, tuple[str, str, str]] = {
    # key: rules of its (procedures, steps, history)
    "urology": ("procs_urology", "steps_urology", "hpi_urology"),
    "general": ("procs_general", "steps_general", "hpi_general"),
    "bariatric": ("procs_bariatric", "steps_general", "hpi_bariatric"),
    "ortho": ("procs_ortho", "steps_ortho", "hpi_ortho"),
    "gyn": ("procs_gyn", "steps_gyn", "hpi_gyn"),
    "cardio": ("procs_cardio", "steps_cardio", "hpi_cardio"),
    "ent": ("procs_ent", "steps_ent", "hpi_allergy"),
    "eye": ("procs_eye", "steps_eye", "hpi_neuro"),
    "gi": ("procs_gi", "steps_gi", "hpi_general"),
    "neuro": ("procs_ortho", "steps_ortho", "hpi_neuro"),
    "pulm": ("procs_cardio", "steps_cardio", "hpi_pulm"),
    "psych": ("procs_general", "steps_general", "hpi_psych"),
    "ped": ("procs_ent", "steps_ent", "hpi_ped"),
    "dental": ("procs_ent", "steps_ent", "hpi_dental"),
    "medicine": ("procs_gi", "steps_gi", "hpi_cardio"),
}
OPERATIVE = ("urology", "urology", "general", "general", "bariatric", "ortho", "gyn", "cardio", "ent", "eye", "gi")


class Bank:
    """The rules by name, each a list of ways to say it."""

    def __init__(self, folder: Path = BANK) -> None:
        self._rules: dict[str, list[str]] = {}
        self._split: dict[str, list[str]] = {}
        for path in (folder / f"{name}.txt" for name in ("common", "notes", "surgery", "service", "wards")):
            name = ""
            for line in path.read_text(encoding="utf-8").splitlines():
                if line.startswith("== "):
                    name = line[3:].strip()
                    self._rules[name] = []
                elif line.strip() and not line.startswith("# "):
                    self._rules[name].append(line.strip())

    def say(self, name: str, rng: random.Random) -> str:
        """One way of saying a rule, with slots still by name."""
        return self.expand(rng.choice(self._rules[name]), rng)

    def _choices(self, text: str) -> list[str]:
        if text not in self._split:
            self._split[text] = _alternatives(text)
        return self._split[text]

    def expand(self, text: str, rng: random.Random) -> str:
        """A text with its alternatives chosen, innermost first as they are met."""
        made, place = [], 0
        while place < len(text):
            if text[place] == "[":
                end = _matching(text, place)
                made.append(self.expand(rng.choice(self._choices(text[place + 1 : end])), rng))
                place = end + 1
            elif match := _RULE.match(text, place):
                made.append(self.say(match[1], rng))
                place = match.end()
            elif match := _RANGE.match(text, place):
                made.append(str(rng.randint(int(match[1]), int(match[2]))))
                place = match.end()
            else:
                plain = _PLAIN.match(text, place)
                made.append(plain[0] if plain else "")
                place = plain.end() if plain else len(text)
        return "".join(made)


_BRACKET = re.compile(r"[\[\]]")


@lru_cache(100_000)
def _matching(text: str, place: int) -> int:
    depth = 0
    for match in _BRACKET.finditer(text, place):
        depth += 1 if match[0] == "[" else -1
        if depth == 0:
            return match.start()
    raise ValueError(f"An alternative is never closed: {text[place : place + 60]}")


def _alternatives(text: str) -> list[str]:
    parts, depth, last = [], 0, 0
    for index, character in enumerate(text):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append(text[last:index])
            last = index + 1
    return [*parts, text[last:]]


Say = Callable[[str], str]
Lines = list[tuple[str, str]]
"""(heading or nothing, text)."""


def _several(say: Say, rule: str, low: int, high: int, rng: random.Random) -> str:
    return " ".join(dict.fromkeys(say(rule).strip() for _ in range(rng.randint(low, high))))


def _operative(key: str, say: Say, rng: random.Random) -> Lines:
    procedures, steps, history = SPECIALTIES[key]
    names = [part.strip() for part in say(procedures).split(",")]
    procedure, diagnosis = names[0], names[1] if len(names) > 1 else names[0]
    title = rng.random() < 0.7
    shown = [name[:1].upper() + name[1:] for name in (diagnosis, procedure, names[-1])]
    after = rng.choice(["Same", f"{shown[0]}", f"{shown[0]}, with {names[-1]}", "Same as above"])
    numbered = rng.random() < 0.3
    diagnoses = f"1. {shown[0]}. 2. {shown[2]}." if numbered else f"{shown[0]}."
    lines: Lines = [
        (
            rng.choice(["PREOPERATIVE DIAGNOSIS", "PREOPERATIVE DIAGNOSES", "PREPROCEDURE DIAGNOSIS", "DIAGNOSIS"]),
            diagnoses,
        ),
        (rng.choice(["POSTOPERATIVE DIAGNOSIS", "POSTOPERATIVE DIAGNOSES", "POSTPROCEDURE DIAGNOSIS"]), f"{after}."),
        (
            rng.choice(
                [
                    "PROCEDURE",
                    "PROCEDURE PERFORMED",
                    "OPERATION",
                    "OPERATIVE PROCEDURE",
                    "PROCEDURES",
                    "OPERATION PERFORMED",
                    "TITLE OF OPERATION",
                ]
            ),
            f"{shown[1]}.",
        ),
    ]
    extra: Lines = [
        ("SURGEON", "<NAME>, M.D."), ("ASSISTANT", rng.choice(["None.", "<NAME>, M.D."])),
        ("ANESTHESIA", say("anes") + "."), ("ESTIMATED BLOOD LOSS", say("ebl") + "."), ("COMPLICATIONS", say("compl") + "."),
        ("SPECIMENS", say("specimen") + "."), ("DRAINS", say("drains") + "."), ("FINDINGS", say("findings1") + "."),
        ("FLUIDS", rng.choice(["See the anesthesia record.", f"{rng.randint(5, 30)}00 cc of crystalloid.", "None."])),
        ("TOURNIQUET TIME", f"{rng.randint(15, 95)} minutes."), ("DISPOSITION", "The patient went to recovery in stable condition."),
        ("CONDITION", "Stable."), ("URINE OUTPUT", say("cc") + "."),
    ]  # fmt: skip
    lines += [
        line
        for line in extra
        if rng.random() < (0.75 if line[0] in ("ANESTHESIA", "COMPLICATIONS", "ESTIMATED BLOOD LOSS") else 0.2)
    ]
    if rng.random() < 0.55:
        why = rng.choice(
            [
                "INDICATIONS",
                "INDICATIONS FOR PROCEDURE",
                "INDICATION",
                "HISTORY",
                "INDICATIONS FOR SURGERY",
                "BRIEF HISTORY",
                "CLINICAL NOTE",
            ]
        )
        lines.append((why, f"{say(history)} {_several(say, history, 0, 1, rng)} {say('agrees')}"))
    body = [say("opening"), say("anesgiven"), _several(say, "prepdrape", 1, 2, rng)]
    if key != "urology" or rng.random() < 0.5:
        body.append(_several(say, "incision", 1, 3, rng))
    for _ in range(rng.randint(2, 5)):
        body += [_several(say, steps, 1, 3, rng), _several(say, "control", 0, 2, rng)]
    body += [_several(say, "closing", 1, 3, rng), _several(say, "waking", 1, 2, rng)]
    heading = rng.choice(
        [
            "PROCEDURE IN DETAIL",
            "DESCRIPTION OF PROCEDURE",
            "PROCEDURE",
            "DESCRIPTION OF OPERATION",
            "DETAILS OF PROCEDURE",
            "OPERATIVE TECHNIQUE",
            "TECHNIQUE",
            "DESCRIPTION OF THE PROCEDURE",
            "OPERATIVE PROCEDURE",
            "OPERATIVE NOTE",
        ]
    )
    lines.append((heading, " ".join(part for part in body if part)))
    return lines if title else lines[2:]


def _soap(key: str, say: Say, rng: random.Random) -> Lines:
    history = SPECIALTIES[key][2]
    told = f"{say(history)} {_several(say, history, 1, 3, rng)}"
    if rng.random() < 0.5:
        seen = rng.choice([f"{say('exam')}", f"{say('vitals')} {say('exam')}"])
        return [("SUBJECTIVE", told), ("MEDICATIONS", say("meds")), ("ALLERGIES", say("allergies")),
                ("OBJECTIVE", f"{seen} {rng.choice(['', say('labs')])}"),
                ("ASSESSMENT", f"{say('pmh1').capitalize()}. {rng.choice(['', say('finding').capitalize() + '.'])}"), ("PLAN", say("plan"))]  # fmt: skip
    lines = [
        (rng.choice(["CHIEF COMPLAINT", "REASON FOR CONSULTATION", "REASON FOR VISIT", "HISTORY"]), say(history)),
        (rng.choice(["HISTORY OF PRESENT ILLNESS", "HPI", "HISTORY OF PRESENT COMPLAINT"]), told),
        ("PAST MEDICAL HISTORY", say("pmh")), ("PAST SURGICAL HISTORY", say("psh")), ("MEDICATIONS", say("meds")), ("ALLERGIES", say("allergies")),
        ("SOCIAL HISTORY", say("social")), ("FAMILY HISTORY", say("family")), ("REVIEW OF SYSTEMS", say("ros")),
        ("PHYSICAL EXAMINATION", f"{say('vitals')} {say('exam')}"), ("LABORATORY DATA", say("labs")), ("IMAGING", say("imaging")),
        (rng.choice(["IMPRESSION", "ASSESSMENT", "ASSESSMENT AND PLAN", "DIAGNOSES"]), f"1. {say('pmh1').capitalize()}. 2. {say('pmh1').capitalize()}."),
        (rng.choice(["PLAN", "RECOMMENDATIONS", "DISCUSSION"]), f"{say('plan')} {rng.choice(['', say('filler')])}"),
    ]  # fmt: skip
    return [line for line in lines if rng.random() < 0.8 or line[0].startswith("HISTORY OF")]


def _discharge(key: str, say: Say, rng: random.Random) -> Lines:
    history = SPECIALTIES[key][2]
    return [("ADMITTING DIAGNOSIS", say("pmh1").capitalize() + "."), ("DISCHARGE DIAGNOSIS", f"1. {say('pmh1').capitalize()}. 2. {say('pmh1').capitalize()}."),
            ("PROCEDURES", say(SPECIALTIES[key][0]).split(",")[0].capitalize() + "."), (rng.choice(["HISTORY OF PRESENT ILLNESS", "BRIEF HISTORY"]), f"{say(history)} {say(history)}"),
            ("HOSPITAL COURSE", _several(say, "course", 2, 6, rng)), ("CONDITION ON DISCHARGE", say("condition")), ("DISPOSITION", say("disposition")),
            ("DISCHARGE MEDICATIONS", say("meds")), ("FOLLOWUP", say("followup"))]  # fmt: skip


def _radiology(_: str, say: Say, rng: random.Random) -> Lines:
    return [("EXAM", rng.choice(["CT abdomen and pelvis.", "Chest x-ray.", "MRI of the lumbar spine.", "Renal ultrasound.", "CT head."])),
            ("REASON FOR EXAM", say("pmh1").capitalize() + "."), ("TECHNIQUE", say("radtech")), ("FINDINGS", _several(say, "radfind", 3, 7, rng)),
            ("IMPRESSION", f"1. {say('finding').capitalize()}. 2. {say('finding').capitalize()}.")]  # fmt: skip


def _ward(key: str, say: Say, rng: random.Random) -> Lines:
    first = rng.choice([say(SPECIALTIES[key][2]), say("hpi_general"), ""])
    closing = rng.choice(["", say("plan1"), say("followup"), "Signed <NAME>."])
    return [("", f"{first} {_several(say, 'ward1', 2, 7, rng)} {rng.choice(['', say('vitals')])} {closing}")]


def _office(_: str, say: Say, rng: random.Random) -> Lines:
    rule = rng.choice(["support", "support2", "support", "legalish"])
    return [("", _several(say, rule, 1, 3 if rule != "support" else 1, rng))]


SERVICES = ("card", "transfer", "login", "fee", "fraud", "loan", "savings", "claim", "delivery", "network",
            "software", "refund", "travel", "energy", "staff", "praise")  # fmt: skip
SHIFTS = ("breathing", "heart", "brain", "kidney", "bones", "gut", "birth", "mind", "child", "cancer", "sugar")


def _service(key: str, say: Say, rng: random.Random) -> Lines:
    rule = f"about_{key}"
    told = f"{say('greet')} {_several(say, rule, 1, 4, rng)}"
    return [("", f"{told} {_several(say, 'bye', 0, 3, rng)}")]


def _shift(key: str, say: Say, rng: random.Random) -> Lines:
    """A shift's note, in one of the ways that wards write: sentences, or pieces with other marks between them."""
    said = [
        say(rng.choice([f"shift_{key}", f"shift_{key}", "shift_any"])).rstrip(".") for _ in range(rng.randint(2, 7))
    ]
    mark, low = rng.choice([(". ", False), (". ", False), ("; ", True), (", ", True), ("\n- ", False), (" / ", True)])
    if low:
        said = [part[:1].lower() + part[1:] for part in said]
    first = rng.choice(
        ["", "", "Day shift: ", "Night shift: ", "Nursing note. ", "Ward round: ", "Handover: ", "S/B team. "]
    )
    last = rng.choice(["", "", "Plan: continue. ", "Dr. <NAME> aware. ", "Bed <ID>. ", "Plan: home <DATE>. "])
    return [("", f"{first}{mark.join(dict.fromkeys(said))}. {last}".strip())]


_KINDS: tuple[tuple[Callable[[str, Say, random.Random], Lines], float], ...] = (
    (_operative, 0.32), (_soap, 0.2), (_discharge, 0.06), (_radiology, 0.04), (_ward, 0.07), (_office, 0.03), (_service, 0.16), (_shift, 0.12),
)  # fmt: skip


def _joined(lines: Lines, rng: random.Random) -> str:
    """Lines as exports have them: with line ends, or run together with commas or blanks."""
    style = rng.choice(["lines", "commas", "commas", "commas", "blanks", "blocks"])
    upper = rng.random() < 0.8
    parts = []
    for heading, told in lines:
        text = " ".join(told.split())
        if not heading:
            parts.append(text)
            continue
        shown = heading if upper else heading.capitalize()
        mark = {"lines": ": ", "commas": rng.choice([":, ", ": ,", ":,", ": "]), "blanks": ": ", "blocks": ":\n"}[style]
        parts.append(f"{shown}{mark}{text}")
    return {"lines": "\n", "commas": ",", "blanks": " ", "blocks": "\n"}[style].join(parts)


def document(bank: Bank, rng: random.Random, words: list[str] | None = None) -> tuple[str, str]:
    """(topic, note): what sort of note it is, and the note, with slots.

    ``words``: some words of the note become these, so that words of no rule are met too.
    """
    kind = rng.choices([kind for kind, _ in _KINDS], [share for _, share in _KINDS])[0]
    keys: dict[object, Sequence[str]] = {_operative: OPERATIVE, _service: SERVICES, _shift: SHIFTS}
    key = rng.choice(keys.get(kind, tuple(SPECIALTIES)))
    note = _joined(kind(key, lambda rule: bank.say(rule, rng), rng), rng)
    note = _agreeing(note, rng.random() < 0.5)
    filled = _filled(note, _row(rng))
    if words and rng.random() < 0.3:
        filled = _strange(filled, words, rng)
    return topic_name(kind, key), filled


def topic_name(kind: object, key: str) -> str:
    """Operations, histories, messages and shifts by what they are about; all other notes by their kind alone."""
    name = getattr(kind, "__name__", "").strip("_")
    return f"{name} {key}" if kind in (_operative, _soap, _service, _shift) else name


def _agreeing(note: str, female: bool) -> str:
    """One person, one sex."""
    pairs = [
        ("He", "She"),
        ("he", "she"),
        ("his", "her"),
        ("His", "Her"),
        ("man", "woman"),
        ("male", "female"),
        ("gentleman", "lady"),
    ]
    swap = dict(pairs) if female else {b: a for a, b in pairs}
    return re.sub(r"\b(?:{})\b".format("|".join(swap)), lambda match: swap[match[0]], note)


def _row(rng: random.Random) -> dict[str, int]:
    """Which kinds of value a row tells, in which of its columns: sometimes none, and never the same."""
    places = rng.sample(range(1, 9), 6)
    chances = (("AGE", 0.5), ("NAME", 0.3), ("DATE", 0.3), ("ID", 0.2), ("PLACE", 0.2), ("PHONE", 0.1))
    return {kind: place for place, (kind, chance) in zip(places, chances, strict=True) if rng.random() < chance}


def _filled(note: str, own: dict[str, int]) -> str:
    """Named slots become those of the row's columns where it has them; of a kind's several, the first."""
    seen: set[str] = set()

    def put(match: re.Match[str]) -> str:
        kind = match[1]
        if kind in own and (kind == "AGE" or kind not in seen):
            seen.add(kind)
            return field(own[kind])
        return named(kind.lower())

    return _SLOT.sub(put, note)


def _strange(note: str, words: list[str], rng: random.Random) -> str:
    """One word in thirty becomes a word from a public list."""
    return re.sub(r"(?<= )[a-z]{4,}(?= )", lambda match: rng.choice(words) if rng.random() < 0.033 else match[0], note)
