"""Notes to measure text engines on: transcribed reports, and two generators of the bench's own.

None of their sentences stands in the embedded model's public text (``text_bank``), though the topics do.
"""

# ruff: noqa: E501 - lists read better on one line; nothing here is a secret
from __future__ import annotations

import csv
import os
import random
from pathlib import Path

Corpus = tuple[str, str, list[dict[str, str]]]
"""Class column, text column, rows."""


def mtsamples() -> Corpus:
    """The two specialties with more than a hundred reports each, from ``$BENCH_DATA/mtsamples.csv``."""
    csv.field_size_limit(10**9)
    with (Path(os.environ["BENCH_DATA"]) / "mtsamples.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["transcription"]]
    rows = [row for row in rows if row["medical_specialty"] in (" Urology", " Surgery")]
    return "medical_specialty", "transcription", rows


WARDS = {
    "stroke": ("left facial droop", "speech slurred since breakfast", "swallow screen failed", "mobility with two staff", "thickened fluids offered"),
    "renal": ("dialysed via fistula today", "fluid restricted to one litre", "potassium rechecked", "awaiting transplant clinic", "oedema of both ankles"),
    "maternity": ("baby fed every three hours", "lochia normal", "perineum healing", "discharged with community midwife", "blood pressure settled"),
    "trauma": ("plaster cast intact", "fell from a ladder", "neurovascular checks normal", "crutches supplied", "awaiting theatre list"),
}  # fmt: skip
_COMMON = (
    "slept poorly",
    "bowels open",
    "obs stable overnight",
    "family visited",
    "refused breakfast",
    "pain controlled",
    "seen on the round",
    "bloods sent",
)


def wards(n: int) -> Corpus:
    """Short ward notes in a style that the public text has not."""
    rng = random.Random(11)
    rows = []
    for _ in range(n):
        ward = rng.choice(list(WARDS))
        said = rng.sample(WARDS[ward], 3) + rng.sample(_COMMON, rng.randint(1, 4))
        rng.shuffle(said)
        when = f"Bed {rng.randint(1, 30)}, reviewed {rng.choice(['am', 'pm', 'night'])}."
        rows.append({"ward": ward, "note": "Obs round: " + "; ".join(said) + f". {when}"})
    return "ward", "note", rows


SUPPORT = {
    "cards": (
        "my Visa stopped working at the supermarket till", "the cash machine on the high street kept my card", "contactless is refused everywhere since Monday",
        "the replacement you posted never turned up", "I typed the wrong PIN three times", "the magnetic strip is worn out", "can I raise my daily limit to {n}00 euros",
        "the plastic snapped in half in my wallet", "please put a stop on the card at once",
    ),
    "payments": (
        "a standing order to my landlord bounced", "the salary from my employer is not showing", "I sent {n} euros to an old account by mistake",
        "the direct debit for the gym went out two times", "the recipient says nothing has come in", "why is my transfer held for review", "the exchange rate you used looks off",
        "I need proof that the rent was paid", "can the payment be recalled",
    ),
    "loans": (
        "I want to settle my car finance early", "the rate on my mortgage offer went up", "could I skip the instalment in {m}", "the broker is waiting for your valuation",
        "my application has been under review for {n} days", "I was turned down without a reason", "how much would I save by overpaying", "please post the redemption figure",
        "my fixed term ends in {m}",
    ),
    "digital": (
        "the app closes itself on the welcome screen", "the text with the code never reaches my phone", "face recognition no longer lets me in", "your website says my session has timed out",
        "I dropped my phone and need to register a new one", "the statement will not download as a PDF", "push messages arrive hours late", "the balance on the home page is blank",
        "I am stuck in a loop when I reset my password",
    ),
    "fraud": (
        "two purchases in Lisbon were not me", "a man pretending to be your security team rang me", "I followed a link about a parcel and typed my details", "someone opened an overdraft in my name",
        "there is a subscription that I never signed up for", "please freeze everything until we have spoken", "the police gave me a crime number", "{n} euros went to a shop I have never heard of",
        "I want this money put back",
    ),
    "service": (
        "I waited {n} minutes in the queue and was cut off", "nobody has answered my letter", "the branch in our village closed without a word", "the adviser was patient and kind",
        "I was promised a call back that never came", "each colleague tells me something else", "I would like to lodge a formal complaint", "your letter had somebody else's name on it",
        "thank you for sorting it out so fast",
    ),
}  # fmt: skip
_OPEN = ("Hello,", "Hi there,", "Good evening,", "Dear bank,", "To the team,", "", "")
_LINK = (" Also, ", " And ", " On top of that ", ". ", ". ", ", and ")
_SHUT = (
    "Please help.",
    "Thanks in advance.",
    "This cannot wait.",
    "Could you ring me back on {p}?",
    "I have banked with you for {n} years.",
    "Reference {r}.",
    "Regards",
    "",
    "",
)
_MONTHS = ("March", "June", "September", "December")


def support(n: int) -> Corpus:
    """Messages to a bank, in sentences; what they are about in the column ``team``."""
    rng = random.Random(23)
    rows = []
    for _ in range(n):
        team = rng.choice(list(SUPPORT))
        said = rng.sample(SUPPORT[team], rng.randint(1, 3))
        if rng.random() < 0.25:
            said.append(rng.choice(SUPPORT[rng.choice(list(SUPPORT))]))
        text = said[0]
        for more in said[1:]:
            text += rng.choice(_LINK) + more
        text = f"{rng.choice(_OPEN)} {text}. {rng.choice(_SHUT)}".strip()
        text = (
            text.replace("{n}", str(rng.randint(2, 90)))
            .replace("{m}", rng.choice(_MONTHS))
            .replace("{p}", f"555-01{rng.randint(0, 99):02}")
        )
        rows.append({"team": team, "message": text.replace("{r}", f"QX{rng.randint(10000, 99999)}")})
    return "team", "message", rows


def corpus(name: str, persons: int) -> Corpus:
    """One of ``mtsamples``, ``wards`` and ``support``."""
    return mtsamples() if name == "mtsamples" else {"wards": wards, "support": support}[name](persons)
