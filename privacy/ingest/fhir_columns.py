"""FHIR resources as tables: which columns each kind has, and where in the resource each is found.

Paths are those of FHIR R4, with R5's where it moved something; a list is entered at its first element. The table in
docs/ingest.md is made of these. They only grow: a schema that was written for them goes on fitting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from understudy.schema import FieldType

Form = Literal["plain", "id", "reference", "moment", "day", "count", "known"]


@dataclass(frozen=True, slots=True)
class FhirColumn:
    """One column. ``paths`` are tried in order; the first that leads to a value counts.

    ``form``: "id" is the resource's own, "reference" keeps the id of "Patient/id", "moment" drops the zone and keeps
    the clock on the wall, "day" drops the time of day, "count" is the length of a list, "known" is true where anything
    stands there.
    """

    name: str
    type: FieldType
    paths: tuple[str, ...]
    form: Form = "plain"

    @property
    def is_id(self) -> bool:
        """True if it names a resource: this one, or another."""
        return self.form in ("id", "reference")

    def read(self, resource: object) -> str | None:
        """The cell's text, or None."""
        for path in self.paths:
            text = self._form(*_at(resource, path.split(".")))
            if text is not None:
                return text
        return None

    def _form(self, node: object, whole: object) -> str | None:
        if self.form == "count":
            return str(len(whole)) if isinstance(whole, list) else None
        if isinstance(node, bool):
            return "true" if node else "false"
        if not isinstance(node, str):
            return None
        if self.form == "known":
            return node if node in ("true", "false") else "true"
        if self.form == "reference":
            return _id_of(node)
        if self.form == "moment":
            return _FRACTION.sub(r"\1", _ZONE.sub(r"\1", node))
        return node[:10] if self.form == "day" else node


_ZONE = re.compile(r"(?<=T)([\d:.]*)(Z|[+-]\d\d:\d\d)$")
_FRACTION = re.compile(r"(\.\d{6})\d+$")


def _at(node: object, steps: list[str]) -> tuple[object, object]:
    """What a path leads to, with its lists entered, and as it stands."""
    for step in steps:
        node = _first(node)
        if not isinstance(node, dict):
            return None, None
        node = node.get(step)
    return _first(node), node


def _first(node: object) -> object:
    while isinstance(node, list):
        node = node[0] if node else None
    return node


def _id_of(reference: str) -> str:
    """The id in Patient/id, Patient/id/_history/2, urn:uuid:id or an absolute URL of one of these."""
    plain = reference.split("/_history/")[0].rstrip("/")
    return re.split(r"[/:]", plain)[-1]


def _code(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "string", tuple(f"{path}.coding.code" for path in paths))


def _text(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "string", paths)


def _id(name: str) -> FhirColumn:
    return FhirColumn(name, "string", ("id",), "id")


def _number(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "number", paths)


def _moment(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "datetime", paths, "moment")


def _day(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "date", paths, "day")


def _to(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "string", tuple(f"{path}.reference" for path in paths), "reference")


def _flag(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "boolean", paths, "known")


def _count(name: str, *paths: str) -> FhirColumn:
    return FhirColumn(name, "integer", paths, "count")


UNIT = "patient"
"""The column that says whose row it is, in every kind."""

_OF_PATIENT = _to(UNIT, "subject", "patient")

COLUMNS: Mapping[str, tuple[FhirColumn, ...]] = {
    "Patient": (
        _id(UNIT),
        _text("gender", "gender"),
        _day("birth_date", "birthDate"),
        _flag("deceased", "deceasedBoolean", "deceasedDateTime"),
        _day("deceased_date", "deceasedDateTime"),
        _code("marital_status", "maritalStatus"),
        _code("language", "communication.language"),
        _text("city", "address.city"),
        _text("state", "address.state"),
        _text("postal_code", "address.postalCode"),
        _text("country", "address.country"),
        _flag("active", "active"),
    ),
    "Encounter": (
        _id("encounter"),
        _OF_PATIENT,
        _text("status", "status"),
        _text("class", "class.code", "class.coding.code"),
        _code("type", "type"),
        _text("type_display", "type.coding.display"),
        _code("priority", "priority"),
        _moment("start", "period.start", "actualPeriod.start"),
        _moment("end", "period.end", "actualPeriod.end"),
        _code("reason", "reasonCode", "reason.value.concept"),
        _code("admit_source", "hospitalization.admitSource", "admission.admitSource"),
        _code("discharge", "hospitalization.dischargeDisposition", "admission.dischargeDisposition"),
        _to("provider", "serviceProvider"),
    ),
    "Condition": (
        _id("condition"),
        _OF_PATIENT,
        _to("encounter", "encounter"),
        _code("clinical_status", "clinicalStatus"),
        _code("verification_status", "verificationStatus"),
        _code("category", "category"),
        _code("severity", "severity"),
        _code("code", "code"),
        _text("code_system", "code.coding.system"),
        _text("code_display", "code.coding.display"),
        _moment("onset", "onsetDateTime", "onsetPeriod.start"),
        _moment("abatement", "abatementDateTime", "abatementPeriod.end"),
        _moment("recorded", "recordedDate"),
    ),
    "Observation": (
        _id("observation"),
        _OF_PATIENT,
        _to("encounter", "encounter"),
        _text("status", "status"),
        _code("category", "category"),
        _code("panel", "understudyPanel"),
        _code("code", "code"),
        _text("code_system", "code.coding.system"),
        _text("code_display", "code.coding.display"),
        _moment("effective", "effectiveDateTime", "effectiveInstant", "effectivePeriod.start"),
        _number("value", "valueQuantity.value", "valueInteger"),
        _text("unit", "valueQuantity.code", "valueQuantity.unit"),
        _code("value_code", "valueCodeableConcept"),
        _text("value_text", "valueString"),
        _flag("value_flag", "valueBoolean"),
        _code("interpretation", "interpretation"),
    ),
    "MedicationRequest": (
        _id("request"),
        _OF_PATIENT,
        _to("encounter", "encounter"),
        _text("status", "status"),
        _text("intent", "intent"),
        _text("priority", "priority"),
        _code("category", "category"),
        _code("medication", "medicationCodeableConcept", "medication.concept"),
        _text(
            "medication_system",
            "medicationCodeableConcept.coding.system",
            "medication.concept.coding.system",
        ),
        _text(
            "medication_display",
            "medicationCodeableConcept.coding.display",
            "medication.concept.coding.display",
        ),
        _moment("authored", "authoredOn"),
        _code("reason", "reasonCode", "reason.concept"),
        _number("dose", "dosageInstruction.doseAndRate.doseQuantity.value"),
        _text("dose_unit", "dosageInstruction.doseAndRate.doseQuantity.unit"),
        _code("route", "dosageInstruction.route"),
        _number("frequency", "dosageInstruction.timing.repeat.frequency"),
        _number("period", "dosageInstruction.timing.repeat.period"),
        _text("period_unit", "dosageInstruction.timing.repeat.periodUnit"),
        _flag("as_needed", "dosageInstruction.asNeededBoolean", "dosageInstruction.asNeeded"),
    ),
    "Claim": (
        _id("claim"),
        _OF_PATIENT,
        _to("encounter", "item.encounter"),
        _text("status", "status"),
        _text("use", "use"),
        _code("type", "type"),
        _code("priority", "priority"),
        _moment("created", "created"),
        _moment("start", "billablePeriod.start"),
        _moment("end", "billablePeriod.end"),
        _to("provider", "provider"),
        _code("diagnosis", "diagnosis.diagnosisCodeableConcept"),
        _code("service", "item.productOrService"),
        _count("n_diagnoses", "diagnosis"),
        _count("n_items", "item"),
        _number("total", "total.value"),
        _text("currency", "total.currency"),
    ),
}
"""The columns of each kind of resource, in order."""


def rows_of(resource: Mapping[str, object]) -> list[Mapping[str, object]]:
    """A resource as the rows it makes: one, but an Observation of several components makes one for each of them."""
    parts = resource.get("component")
    if resource.get("resourceType") != "Observation" or not isinstance(parts, list) or not parts:
        return [resource]
    around = {key: value for key, value in resource.items() if key not in ("component", "code")}
    panel = {"understudyPanel": resource.get("code")}
    return [{**around, **panel, **(part if isinstance(part, dict) else {})} for part in parts]
