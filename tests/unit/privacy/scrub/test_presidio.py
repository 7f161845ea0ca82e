"""The Presidio door: offline, complete, linear."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import NoReturn

import pytest
from presidio_analyzer import Pattern, PatternRecognizer

from privacy.scrub.base import KIND_OF_ENTITY, resolve
from privacy.scrub.gazetteer import load_gazetteer
from privacy.scrub.patterns import RULES
from privacy.scrub.presidio import PIECE, PresidioDetector
from privacy.scrub.rules_codes import needs_of


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector(load_gazetteer())


def _found(detector: PresidioDetector, text: str) -> list[tuple[str, str]]:
    return [(text[span.start : span.end], span.entity) for span in resolve(detector.detect(text))]


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("MRN: 00-123-45", "00-123-45", "MEDICAL_RECORD"),
        ("acct # 12345678", "12345678", "ACCOUNT_NUMBER"),
        ("member ID XYZ123456", "XYZ123456", "HEALTH_PLAN_ID"),
        ("SSN 123-45-6789", "123-45-6789", "US_SSN"),
        ("ssn is 123456789", "123456789", "US_SSN"),
        ("call 867-5309", "867-5309", "PHONE_NUMBER"),
        ("at (617) 867-5309 x12 now", "(617) 867-5309 x12", "PHONE_NUMBER"),
        ("seen March 14, 2021", "March 14, 2021", "DATE_TIME"),
        ("DOB 3/14/51", "3/14/51", "DATE_TIME"),
        ("a 93 y/o man", "93", "AGE"),
        ("ninety-four-year-old man", "ninety-four", "AGE"),
        (
            "lives at 12 N. Main St., Apt 4, Dayton, OH 45402.",
            "12 N. Main St., Apt 4, Dayton, OH 45402",
            "STREET_ADDRESS",
        ),
        ("P.O. Box 1234", "P.O. Box 1234", "STREET_ADDRESS"),
        ("zip code 45402", "45402", "ZIP_CODE"),
        ("IBAN DE89370400440532013000", "DE89370400440532013000", "IBAN_CODE"),
        ("NPI 1234567893", "1234567893", "LICENSE"),
        ("card 4111 1111 1111 1111", "4111 1111 1111 1111", "CREDIT_CARD"),
        ("mail a.b@c.org.", "a.b@c.org", "EMAIL_ADDRESS"),
        ("at https://x.org/y?z=1 today", "https://x.org/y?z=1", "URL"),
        ("from 10.2.3.4", "10.2.3.4", "IP_ADDRESS"),
        ("Dr. Okonkwo-Vance came", "Okonkwo-Vance", "PERSON"),
        ("pt Zbyszko was seen", "Zbyszko", "PERSON"),
        ("his wife, Ngozi Obi, agreed", "Ngozi Obi", "PERSON"),
        ("SMITH, JOHN in bed 4", "SMITH, JOHN", "PERSON"),
        ("Pt Sarah Ito, 25 y/o", "Sarah Ito", "PERSON"),
        ("Maria Hernandez was here", "Maria Hernandez", "PERSON"),
        ("VIN 1HGCM82633A004352", "1HGCM82633A004352", "VEHICLE_ID"),
        ("MBI 1EG4-TE5-MK73", "1EG4-TE5-MK73", "HEALTH_PLAN_ID"),
        ("NHS 943 476 5919", "943 476 5919", "UK_NHS"),
        ("1EG4-TE5-MK73 on file", "1EG4-TE5-MK73", "US_MBI"),
        ("from fe80::1ff:fe23:4567:890a today", "fe80::1ff:fe23:4567:890a", "IP_ADDRESS"),
        ("nic 00:1b:63:84:45:e6", "00:1b:63:84:45:e6", "MAC_ADDRESS"),
        ("row 123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000", "UUID"),
        ("Lives in Bath. Plate ABC-1234", "Bath", "LOCATION"),
        ("lives at 66 Cowper Street by the park", "66 Cowper Street", "STREET_ADDRESS"),
        ("National insurance AB 12 34 56 C.", "AB 12 34 56 C", "ID"),
        ("SIN 046 454 286, 1200 Bay St.", "046 454 286", "ID"),
        ("CPF 111.444.777-35 de Beatriz", "111.444.777-35", "ID"),
        ("DNI: 12345678Z", "12345678Z", "ID"),
        ("wallet 1BoatSLRHtKNngkdXEeobR76b53LETtpyT of hers", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "ID"),
        ("lives at 12 Oak Street, SSN 536-22-8741", "12 Oak Street", "STREET_ADDRESS"),
        ("lives at 12 Oak Street, SSN 536-22-8741", "536-22-8741", "US_SSN"),
        ("lives at 12 Oak Street, Dover 02139 (tel 617-555-0134)", "617-555-0134", "PHONE_NUMBER"),
        ("Mr. Parkinson's wife", "Parkinson", "PERSON"),
        ("Will May may march in the parade.", "Will May", "PERSON"),
        ("attending: faith young, m.d.", "faith young", "PERSON"),
        ("NAME: LONG, ART   MRN: 57269797", "LONG, ART", "PERSON"),
        ("Wife Hope Bright notified", "Hope Bright", "PERSON"),
        ("April Showers is a 66 yo retired welder.", "April Showers", "PERSON"),
    ],
)
def test_an_identifier_is_found_whole(detector: PresidioDetector, text: str, value: str, entity: str) -> None:
    found = dict(_found(detector, text))
    assert value in found
    if entity != "UK_NHS":  # announced, it is the health plan's
        assert found[value] == entity


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson's disease, stable. Foley catheter out. Kocher clamp. Mayo scissors. Glasgow coma scale 15.",
        "BP 120/80, HR 72, T 98.6, SpO2 97%, pain 5/10, 3 days, WBC 11.2, 500 mg twice a day.",
        "Patient denies chest pain. Patient Reports nausea. Will follow up in 2 weeks.",
        "This 54-year-old woman has 12 lead ECG changes and takes Metformin 500 mg.",
        "denies Parkinson's, Bell's palsy, Crohn's; h/o Bell's. No Alzheimer. Hodgkin's lymphoma, Graves' disease.",
        "Ticket 61, visit 2, at 12:30:45.",
        "The rise of the unions in the 60s. May may be cold, and in May we march.",
        "Caller: Wants Refill of meds. Spouse: None reported. tech: battery low.",
    ],
)
def test_clinical_language_is_left_alone(detector: PresidioDetector, text: str) -> None:
    assert _found(detector, text) == []


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> NoReturn:
        raise AssertionError("a scrubber opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    fresh = PresidioDetector(load_gazetteer())
    assert _found(fresh, "mail a.b@c.org or see www.c.org")


def test_importing_the_table_scrubber_loads_neither_presidio_nor_faker() -> None:
    heavy = ("presidio_analyzer", "spacy", "faker")
    code = f"import sys, privacy.scrub.table; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_span_at_a_cut_between_pieces_is_whole(detector: PresidioDetector) -> None:
    for offset in (PIECE - 30, PIECE - 5, 2 * PIECE - 405, 3 * PIECE - 810):
        text = "word " * (offset // 5) + "MRN 12345678 seen by Dr. Okonkwo today " + "word " * 50
        assert _found(detector, text) == [("12345678", "MEDICAL_RECORD"), ("Okonkwo", "PERSON")]


def test_a_further_recognizer_plugs_in() -> None:
    extra = PatternRecognizer("BADGE_COLOUR", patterns=[Pattern("badge", r"\bB-[a-z]+\b", 0.9)])
    found = _found(PresidioDetector(load_gazetteer(), extra=[extra]), "wears B-purple")
    assert found == [("B-purple", "ID")]


@pytest.mark.parametrize(
    ("cues", "needs"),
    [
        (r"mrn|mr ?#|m\.r\.n\.?", ("mrn", "mr", "m")),
        (r"member(?:ship)?(?: id)?|group (?:no|id)", ("member", "group")),
        (r"(?:driver'?s?|state)?\s?licen[sc]e|id(?= ?(?:#|:))|hicn?", ("licen", "id", "hic")),
    ],
)
def test_the_words_a_rule_needs_are_read_off_its_cues(cues: str, needs: tuple[str, ...]) -> None:
    assert needs_of(cues) == needs


def test_every_rule_names_a_known_entity() -> None:
    assert {rule.entity for rule in RULES} <= set(KIND_OF_ENTITY)
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_throughput_of_short_notes(detector: PresidioDetector) -> None:
    note = "Seen by Dr. Patel on 3/14/2021. Pt Maria Hernandez (MRN 00123456), 555-1234. Denies chest pain, mild cough."
    started = time.process_time()
    for number in range(200):
        detector.detect(f"{note} {number}")
    assert time.process_time() - started < 4  # 50 notes/s; some 1,000 on an idle core
