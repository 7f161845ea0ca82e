"""A clinical-note set of our own: 360 notes, the identifiers of Safe Harbor, written so as to be missed.

    python -m benchmarks.scrub_clinical [--known]

Wording, names, towns and codes here are not those of ``scrub_templates`` and ``scrub_pools``: the notes were written
for this set, and their people are not on the lists that the tagger knows, in half of all notes. The set is made from
its seed; nothing of it is ever trained on. ``--known`` also tells the scrubber what the row's columns say.
"""
# ruff: noqa: E501 - word lists; slots are named as in the templates

from __future__ import annotations

import argparse
import calendar
import random
import re
from collections import Counter

from benchmarks.scrub_score import Labelled, by_entity, characters, leaking, overlaps

N_NOTES = 360
_USUAL = [
    "Laura Whitcombe",
    "Marcus Ellery",
    "Denise Okonjo",
    "Peter Vandermeer",
    "Hannah Lindqvist",
    "Raj Malhotra",
    "Soledad Quintero",
    "Wei Zhang",
    "Thomas Brady",
    "Ana Lucia Reyes",
    "Yusuf Demir",
    "Claire Fontaine",
    "Grace Holloway",
    "Ian MacTavish",
    "Mary Jo Sutter",
]
_UNUSUAL = [
    "Zbyslava Trnkova",
    "Oyelaran Bamgboshe",
    "Threnody Vauxmoor",
    "Kaj-Erik Öhrnmark",
    "Nguyet Tinh Luu",
    "Xiadani Ixchelotl",
    "Brannagh O'Dubhlaoich",
    "Will May",
    "Rose Summers",
    "Mark Bill",
    "Faith Young",
    "Art Long",
    "April Showers",
    "Hope Bright",
    "Dusty Rhodes",
]
_TOWNS = [
    "Okemos",
    "Schenevus",
    "Wapakoneta",
    "Dunedin",
    "Skaneateles",
    "Llandrindod Wells",
    "Chattahoochee",
    "Ypsilanti",
    "Truth or Consequences",
    "Bath",
]
_STREETS = [
    "Larkmoor Lane",
    "Old Quarry Road",
    "Tamarack Trl",
    "W. 114th St",
    "Pennyfarthing Close",
    "Saint Botolph Street",
    "Hwy 26",
]
_SITES = [
    "Marrowdale General Hospital",
    "Northgate Dialysis Center",
    "St. Brannoc's Infirmary",
    "Tri-Rivers VA",
    "Lakeside Family Practice",
]

# <Entity:value> marks an identifier; {slots} are filled by fields() below.
_NOTES = (
    "CC: cough. <PERSON:{P}> is a <AGE:{A}> yo retired welder from <LOCATION:{C}> with COPD, here w/ his niece <PERSON:{Q}>. Chart <MEDICAL_RECORD:{mrn}>.",
    "{F}: s/p CABG <DATE_TIME:{D}>. Wound c/d/i. Spoke w/ <PERSON:{Q}> (dtr) at <PHONE_NUMBER:{ph}>; she'll bring pt to <ORGANIZATION:{H}> on <DATE_TIME:{E}>.",
    "pt <PERSON:{p}> dob <DATE_TIME:{D}> ssn <US_SSN:{ssn}> called re: refill of metoprolol 25 mg bid, lives at <STREET_ADDRESS:{st}>, <LOCATION:{c}>",
    "NAME: <PERSON:{PU}>   MRN: <MEDICAL_RECORD:{mrn}>   DOB: <DATE_TIME:{D}>   ADM: <DATE_TIME:{E}>\nATTENDING: <PERSON:{QU}>, M.D.\nDIAGNOSIS: CHOLELITHIASIS WITHOUT CHOLECYSTITIS.",
    "Telephone encounter <DATE_TIME:{D}>. Caller: <PERSON:{P}>. Callback <PHONE_NUMBER:{ph}>, fax <PHONE_NUMBER:{ph2}>. Rx sent to pharmacy near <LOCATION:{C}> <ZIP_CODE:{zip}>.",
    "Dear Dr. <PERSON:{QL}>, thank you for sending <PERSON:{P}> to our clinic. I saw her on <DATE_TIME:{D}>. She has Crohn's disease and a Foley catheter. With best wishes, <PERSON:{R}>, MD",
    "Insurance: Evergreen Advantage, member ID <HEALTH_PLAN_ID:{plan}>, MBI <US_MBI:{mbi}>. Guarantor acct <ACCOUNT_NUMBER:{acct}>. Pt portal login: <USERNAME:{user}>.",
    "Pacemaker interrogation: serial no. <DEVICE_ID:{serial}>, implanted <DATE_TIME:{D}> at <ORGANIZATION:{H}>. Threshold 0.75 V at 0.4 ms. Battery 8 years. Tech: <PERSON:{Q}>.",
    "Driver in MVC, plate <VEHICLE_ID:{plate}>, VIN <VEHICLE_ID:{vin}>. License <LICENSE:{lic}>. GCS 15. FAST negative. Wife <PERSON:{Q}> notified at <PHONE_NUMBER:{ph}>.",
    "Emailed results to <EMAIL_ADDRESS:{em}>; image at <URL:{url}>; request came from <IP_ADDRESS:{ip}>. BP 118/72, HR 64, SpO2 98% RA.",
    "E-signed by <PERSON:{P}>, NPI <US_NPI:{npi}>, DEA <LICENSE:{dea}>, <DATE_TIME:{E}> 17:42. Accession <ID:{acc}>, specimen <ID:{spec}>.",
    "The patient, a <AGE:{O}>-year-old centenarian hopeful, walks with a rollator. Family hx: mother died at <AGE:{O2}>. Son <PERSON:{Q}> has POA.",
    "SOCIAL HX: Born in <LOCATION:{C}>, moved to <LOCATION:{C2}> in {E4}. Works for <ORGANIZATION:{H}>. Drinks 2 beers/wk. Neighbor <PERSON:{Q}> feeds the cat.",
    "rn note: <PERSON:{pf}> oob to chair x2, ate 50%, <PERSON:{pf}> denies pain. foley d/c'd at 0600. dr <PERSON:{ql}> aware. next dose <DATE_TIME:{D}>",
    "D1SCHARGE SUMMARY (scanned): Patlent <PERSON:{P}> was admltted <DATE_TIME:{D}> and dischargcd <DATE_TIME:{E}>. Followup with <PERSON:{Q}> in 2 wks.",
    "Billing note: card <CREDIT_CARD:{card}> declined; IBAN <IBAN_CODE:{iban}> on file. Statement to <STREET_ADDRESS:{st}>, <LOCATION:{C}> <ZIP_CODE:{zip}>.",
    "UK transfer: NHS no <UK_NHS:{nhs}>, GP surgery in <LOCATION:{C}>, tel <PHONE_NUMBER:{uk}>. Pt on bisoprolol 2.5 mg od. Murphy sign negative.",
    "Interpreter <PERSON:{R}> (badge <ID:{badge}>) present. <PERSON:{PL}> says he may march in the parade; will bill Medicare. Lives alone on <STREET_ADDRESS:{st}>.",
    "Hospital course: On <DATE_TIME:{D}> she spiked to 39.1. Cx grew MRSA. Vanc trough 14.2 on <DATE_TIME:{E}>. Discussed w/ ID (Dr <PERSON:{QL}>) and pharmacist <PERSON:{R}>.",
    'Phone msg: "Hi this is <PERSON:{P}>, my number\'s <PHONE_NUMBER:{ph}>, I live by <LOCATION:{C}>, need my inhaler before <DATE_TIME:{D}>"',
    "Assessment: Bell's palsy, resolving. Plan: prednisone 60 mg x 5 d, eye patch. RTC 2 weeks. Parkinson disease stable on Sinemet 25/100. No new complaints.",
    "Labs: Na 138, K 4.1, Cr 0.9, WBC 7.2, Hgb 13.4, plt 221. UA neg. CXR clear. ECG NSR 72, no ST changes. Trop <0.01 x2. D/c home.",
)


def notes(seed: int = 164) -> list[tuple[Labelled, str]]:
    """Labelled notes and, for each, the full name of its patient."""
    rng = random.Random(seed)
    made = []
    for number in range(N_NOTES):
        values = fields(rng)
        marked = _NOTES[number % len(_NOTES)].format(**values)
        made.append((_read(_rough(marked, number // len(_NOTES), rng)), values["P"]))
    return made


def _rough(marked: str, turn: int, rng: random.Random) -> str:
    """Each round of the notes is written another way: as it is, in lower case, in capitals, or hastily."""
    parts = re.split(r"(<[A-Z_]+:|>)", marked)
    how = ("plain", "plain", "lower", "upper", "plain", "hasty")[turn % 6]
    if how == "plain":
        return marked

    def change(text: str) -> str:
        if how == "lower":
            return text.lower()
        if how == "upper":
            return text.upper()
        return re.sub(r"[.,](?= |$)", lambda m: m[0] if rng.random() < 0.5 else "", text)

    return "".join(part if re.fullmatch(r"<[A-Z_]+:|>", part) else change(part) for part in parts)


def _read(marked: str) -> Labelled:
    text, spans, place = "", [], 0
    for match in re.finditer(r"<([A-Z_]+):([^<>]*)>", marked):
        text += marked[place : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        place = match.end()
    return text + marked[place:], spans


def fields(rng: random.Random) -> dict[str, str]:
    """Values for one note."""
    from benchmarks.scrub_tables import _card, _digits, _iban, _mbi, _nhs, _npi, _shaped, _vin

    people = rng.sample(_USUAL if rng.random() < 0.5 else _UNUSUAL, 3)
    patient, other, third = people
    towns = rng.sample(_TOWNS, 2)
    state = rng.choice(["MI", "NY", "OH", "NM", "GA"])
    return {
        "P": patient, "PU": f"{patient.split()[-1]}, {' '.join(patient.split()[:-1])}".upper(), "p": patient.lower(),
        "PL": f"Mr. {patient.split()[-1]}".removeprefix("Mr. "), "pf": patient.split()[0].lower(), "F": "PROGRESS NOTE",
        "Q": other, "QU": other.upper(), "QL": other.split()[-1], "ql": other.split()[-1].lower(), "R": third,
        "C": f"{towns[0]}, {state}" if rng.random() < 0.4 else towns[0], "C2": towns[1], "c": towns[0].lower(),
        "A": str(rng.randrange(30, 89)), "O": str(rng.randrange(90, 104)), "O2": str(rng.randrange(90, 101)),
        "E4": str(rng.randrange(1960, 2020)), "D": _date(rng), "E": _date(rng), "H": rng.choice(_SITES),
        "st": f"{rng.randrange(1, 9999)} {rng.choice(_STREETS)}{rng.choice(['', '', ' Apt 4C', ' #12'])}",
        "zip": _shaped(rng, rng.choice(["#####", "#####-####"])),
        "ph": _shaped(rng, rng.choice(["(###) 555-####", "###-###-####", "###.###.####", "1 ### ### ####", "###-####"])),
        "ph2": _shaped(rng, "(###) ###-####"), "uk": _shaped(rng, rng.choice(["01### ######", "07### ######", "+44 1### ######"])),
        "mrn": _shaped(rng, rng.choice(["########", "###-##-##", "H#######", "00######"])), "ssn": _shaped(rng, "###-##-####"),
        "plan": _shaped(rng, "??#########"), "mbi": _mbi(rng), "acct": _digits(rng, 9), "user": f"{other.split()[-1].lower()[:7]}{_digits(rng, 2)}".replace("'", ""),
        "serial": _shaped(rng, "PJN######?"), "plate": _shaped(rng, "??? ####"), "vin": _vin(rng), "lic": _shaped(rng, "?###-####-####"),
        "em": f"{patient.split()[0].lower()}.{_digits(rng, 3)}@fastpost.net".replace("-", ""), "url": f"https://pacs.lakeside.org/v/{_digits(rng, 5)}",
        "ip": f"10.{rng.randrange(255)}.{rng.randrange(255)}.{rng.randrange(255)}", "npi": _npi(rng), "dea": _dea(rng),
        "acc": _shaped(rng, "S##-#####"), "spec": _shaped(rng, "CY##-####"), "badge": _digits(rng, 5), "card": _card(rng), "iban": _iban(rng), "nhs": _nhs(rng),
    }  # fmt: skip


def _date(rng: random.Random) -> str:
    """Ten shapes."""
    day, month, year = rng.randrange(1, 29), rng.randrange(1, 13), rng.randrange(1935, 2025)
    name = calendar.month_name[month]
    return rng.choice([
        f"{month}/{day}/{year}", f"{month:02d}/{day:02d}/{year % 100:02d}", f"{year}-{month:02d}-{day:02d}", f"{name} {day}, {year}",
        f"{day} {name[:3]} {year}", f"{day:02d}-{name[:3].upper()}-{year}", f"{name[:3]}. {day}", f"{month}/{day}", f"{day:02d}.{month:02d}.{year}",
        f"the {day}th of {name}".removeprefix("the "),
    ])  # fmt: skip


def _dea(rng: random.Random) -> str:
    body = "".join(str(rng.randrange(10)) for _ in range(6))
    odd, even = (sum(int(digit) for digit in body[place::2]) for place in (0, 1))
    return f"B{rng.choice('KLMNP')}{body}{(odd + 2 * even) % 10}"


def main() -> None:
    from privacy.scrub.base import resolve
    from privacy.scrub.known import Known
    from privacy.scrub.table import open_text_scrubber

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--known", action="store_true")
    options = parser.parse_args()
    scrubber = open_text_scrubber(b"clinical" * 4)
    made = notes()
    labelled = [note for note, _ in made]
    found = []
    for (text, _), patient in made:
        known = [Known(kind="name", value=patient, fake=None)] if options.known else []
        spans = scrubber.scrub(text, known=known).spans if known else resolve(scrubber.detector.detect(text))
        found.append([(span.start, span.end) for span in spans])
    n_leaking, (low, high) = leaking(labelled, found)
    print(f"{len(labelled)} notes, {sum(len(spans) for _, spans in labelled)} identifiers")
    print(f"  characters {characters(labelled, found)}    spans IoU.5 {overlaps(labelled, found)}")
    print(f"  residual risk: {n_leaking / len(labelled):.3f} of notes leak one, 95 % [{low:.3f}, {high:.3f}]")
    print("| entity | labelled | covered in full | notes that leak one | 95 % |\n|---|---|---|---|---|")
    for entity, (n, share) in by_entity(labelled, found).items():
        only = [(text, [span for span in spans if span[2] == entity]) for text, spans in labelled]
        having = [(note, guesses) for note, guesses in zip(only, found, strict=True) if note[1]]
        leaks, (lo, hi) = leaking(*map(list, zip(*having, strict=True)))
        print(f"| {entity} | {n} | {share:.3f} | {leaks / len(having):.3f} | {lo:.3f} to {hi:.3f} |")
    missed = Counter(
        text[start:end] for (text, spans), guesses in zip(labelled, found, strict=True) for start, end, _ in spans
        if not any(a <= start and end <= b for a, b in guesses)
    )  # fmt: skip
    print("missed or cut:", dict(missed.most_common(25)))


if __name__ == "__main__":
    main()
