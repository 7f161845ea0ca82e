"""What the parts of the scrubber say to each other. Imports no library; anyone in privacy may use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters ``text[start:end]`` that identify somebody.

    ``entity`` is a key of ``KIND_OF_ENTITY``; ``score`` is in (0, 1]; ``fake`` is a replacement that is
    already known (the surrogate that the table's own row got), or None.
    """

    start: int
    end: int
    entity: str
    score: float
    fake: str | None = None

    @property
    def size(self) -> int:
        """Characters covered."""
        return self.end - self.start


class Detector(Protocol):
    """Finds identifying spans in one text, from public rules and models alone."""

    def detect(self, text: str) -> list[Span]:
        """Spans over ``text``, in any order, possibly overlapping. Raises if it could not look at all of it."""
        ...


class Finder(Protocol):
    """A model that finds spans of many entities."""

    def find(self, text: str) -> list[Span]:
        """Spans over ``text``."""
        ...


HINT = "HINT"
"""No entity: where a model sees any chance of one. It finds nothing by itself."""

KIND_OF_ENTITY: dict[str, str] = {
    "PERSON": "name",
    "DATE_TIME": "date",
    "AGE": "age",
    "STREET_ADDRESS": "address",
    "LOCATION": "city",
    "ORGANIZATION": "organization",
    "ZIP_CODE": "zip",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "US_SSN": "ssn",
    "MEDICAL_RECORD": "mrn",
    "HEALTH_PLAN_ID": "health_plan_id",
    "UK_NHS": "nhs_number",
    "US_MBI": "mbi",
    "ACCOUNT_NUMBER": "account_number",
    "IBAN_CODE": "iban",
    "CREDIT_CARD": "credit_card",
    "LICENSE": "license",
    "US_NPI": "npi",
    "VEHICLE_ID": "vehicle_id",
    "DEVICE_ID": "device_id",
    "MAC_ADDRESS": "device_id",
    "URL": "url",
    "IP_ADDRESS": "ip_address",
    "USERNAME": "username",
    "ID": "identifier",
    "UUID": "identifier",
    "NRP": "people",
    "TITLE": "title",
}
"""Entity as detectors name it -> how it is replaced: a kind of the schema, or date, age, organization, people
(nationality, religion, party) or title."""

ENTITY_OF_KIND: dict[str, str] = {
    "name": "PERSON",
    "first_name": "PERSON",
    "last_name": "PERSON",
    "address": "STREET_ADDRESS",
    "city": "LOCATION",
    "zip": "ZIP_CODE",
    "phone": "PHONE_NUMBER",
    "fax": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS",
    "ssn": "US_SSN",
    "mrn": "MEDICAL_RECORD",
    "health_plan_id": "HEALTH_PLAN_ID",
    "account_number": "ACCOUNT_NUMBER",
    "iban": "IBAN_CODE",
    "credit_card": "CREDIT_CARD",
    "license": "LICENSE",
    "vehicle_id": "VEHICLE_ID",
    "device_id": "DEVICE_ID",
    "url": "URL",
    "ip_address": "IP_ADDRESS",
    "username": "USERNAME",
    "npi": "US_NPI",
    "mbi": "US_MBI",
    "nhs_number": "UK_NHS",
    "imsi": "DEVICE_ID",
    "license_plate": "VEHICLE_ID",
    "identifier": "ID",
    "pii": "ID",
}
"""A column's kind -> the entity that a value of it is, when it is found in a note."""


def resolve(spans: list[Span]) -> list[Span]:
    """Spans that do not overlap, in order of place, that cover every character the given ones cover.

    Longest wins, then the strongest; what sticks out of a loser is kept as a span of its own, so that
    no detected character is ever let through. Time is O(n log n) for spans of bounded overlap.
    """
    ranked = sorted(spans, key=lambda span: (-span.size, -span.score, span.start, span.entity))
    taken: list[Span] = []
    for start, end, group in _clusters(ranked):
        taken.extend(_settle(group, start, end))
    return taken


def _clusters(ranked: list[Span]) -> list[tuple[int, int, list[Span]]]:
    """Groups of spans that touch, in order of place; within a group the ranking's order is kept."""
    rank = {id(span): position for position, span in enumerate(ranked)}
    groups: list[tuple[int, int, list[Span]]] = []
    for span in sorted(ranked, key=lambda span: span.start):
        if groups and span.start < groups[-1][1]:
            start, end, members = groups[-1]
            members.append(span)
            groups[-1] = (start, max(end, span.end), members)
        else:
            groups.append((span.start, span.end, [span]))
    for _, _, members in groups:
        members.sort(key=lambda span: rank[id(span)])
    return groups


def _settle(group: list[Span], start: int, end: int) -> list[Span]:
    """Paint one group's characters, the best span first, and read the runs off again."""
    if len(group) == 1:
        return group
    owner: list[int] = [-1] * (end - start)
    for position, span in enumerate(group):
        for place in range(span.start - start, span.end - start):
            if owner[place] < 0:
                owner[place] = position
    runs: list[Span] = []
    begin = 0
    for place in range(1, end - start + 1):
        if place == end - start or owner[place] != owner[begin]:
            runs.append(_part(group[owner[begin]], start + begin, start + place))
            begin = place
    return runs


def _part(span: Span, start: int, end: int) -> Span:
    if (start, end) == (span.start, span.end):
        return span
    return Span(start=start, end=end, entity=span.entity, score=span.score)
