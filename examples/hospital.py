"""Makes the hospital-admissions sample: some 2,900 invented patients and their 5,000 admissions.

Nobody in it exists. Names come from ``hospital_words.json``; SSNs begin with 9, ZIP codes with 000 and phone numbers
with 555-01, which are never given out; mail addresses end in example.org. What is real is the shape: several rows a
patient, diagnoses that follow age and sex, charges that follow the stay, blood sugar that is measured where it is
suspected, readmissions that follow severity and do come back within 30 days, and notes that name the person whose row
they are in.

    python examples/hospital.py [DIRECTORY]      writes hospital.csv and hospital.schema.json
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20_241_120
N_ROWS = 5_000
FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2024, 12, 31)
MAX_STAYS = 9
INSURERS = ("Medicare", "Medicaid", "Private", "Self-pay")
POOR_CITIES = ("Eastham", "Lakeside")

Words = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Who somebody is and what ails them."""

    identity: dict[str, str]
    sex: str
    born: date
    insurance: str
    diabetes: bool
    hypertension: bool
    lungs: bool
    kidneys: bool

    @property
    def burden(self) -> int:
        """How many chronic diseases."""
        return self.diabetes + self.hypertension + self.lungs + self.kidneys

    def age_on(self, day: date) -> float:
        """Years."""
        return (day - self.born).days / 365.25


class Chance:
    """The dice of this file, in the words of this file."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def happens(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def one_of(self, options: Sequence[str], weights: Sequence[float] | None = None) -> str:
        if weights is None:
            return options[int(self.rng.integers(len(options)))]
        cumulative = np.cumsum(weights)
        return options[int(np.searchsorted(cumulative, self.rng.random() * cumulative[-1], side="right"))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def normal(self, mean: float, stddev: float) -> float:
        return float(self.rng.normal(mean, stddev))


def read_words() -> Words:
    """Names, departments with their diagnoses, and forms of notes."""
    words: Words = json.loads(Path(__file__).with_name("hospital_words.json").read_text(encoding="utf-8"))
    return words


def logistic(score: float) -> float:
    """1 / (1 + exp(-score))."""
    return float(1.0 / (1.0 + np.exp(-score)))


def make_patient(chance: Chance, words: Words, number: int) -> Patient:
    """One invented person; older people are likelier to come, and likelier to be ill."""
    sex = "F" if chance.happens(0.53) else "M"
    age = 92 * float(chance.rng.beta(1.7, 1.15))
    identity = make_identity(chance, words, number, sex)
    diabetes, hypertension, lungs, kidneys = (
        chance.happens(logistic(score)) for score in (age / 25 - 3.6, age / 18 - 3.2, age / 30 - 4.2, age / 22 - 5)
    )
    poor = identity["city"] in POOR_CITIES
    private, medicaid = (0.36, 0.45) if poor else (0.7, 0.18)
    insurance = chance.one_of(INSURERS, (0.04, medicaid, private, 0.08))
    return Patient(
        identity=identity,
        sex=sex,
        born=FIRST_DAY - timedelta(days=int(age * 365.25)),
        insurance="Medicare" if age >= 65 and chance.happens(0.93) else insurance,
        diabetes=diabetes,
        hypertension=hypertension,
        lungs=lungs,
        kidneys=kidneys,
    )


def make_identity(chance: Chance, words: Words, number: int, sex: str) -> dict[str, str]:
    """Everything that names a person, and agrees with itself."""
    first, last = chance.one_of(words["first_names"][sex]), chance.one_of(words["last_names"])
    zips = {city["name"]: city["zip"] for city in words["cities"]}
    city = chance.one_of(list(zips), [each["share"] for each in words["cities"]])
    return {
        "patient_id": f"P{number:05d}",
        "first_name": first,
        "last_name": last,
        "ssn": f"9{chance.number(0, 99):02d}-{chance.number(1, 49):02d}-{chance.number(1, 9999):04d}",
        "mrn": f"{chance.number(10_000_000, 99_999_999)}",
        "phone": "" if chance.happens(0.04) else f"({chance.number(201, 989)}) 555-01{chance.number(0, 99):02d}",
        "email": "" if chance.happens(0.15) else f"{first}.{last}{chance.number(1, 99)}@example.org".lower(),
        "address": f"{chance.number(1, 999)} {chance.one_of(words['streets'])} {chance.one_of(words['street_kinds'])}",
        "city": city,
        "zip": zips[city],
    }


def department_of(chance: Chance, patient: Patient, age: float) -> str:
    """Where somebody of this age and with these diseases is taken."""
    if age < 16:
        return "Pediatrics" if chance.happens(0.85) else "Orthopedics"
    weights = {
        "Cardiology": 0.4 + age / 40 + 1.6 * patient.hypertension,
        "Endocrinology": 0.15 + 2.2 * patient.diabetes,
        "Gastroenterology": 1.2,
        "General Medicine": 1.4 + age / 80,
        "Nephrology": 0.1 + 3.0 * patient.kidneys,
        "Neurology": 0.3 + age / 60,
        "Obstetrics": 4.5 if patient.sex == "F" and 18 <= age < 44 else 0.0,
        "Oncology": 0.2 + age / 70,
        "Orthopedics": 0.9 + age / 90,
        "Pulmonology": 0.6 + 3.0 * patient.lungs,
    }
    return chance.one_of(list(weights), list(weights.values()))


def diagnosis_of(chance: Chance, words: Words, department: str, sex: str) -> str:
    """An ICD-10-CM code of the department, and of the sex where it has one."""
    only = words["codes_of_one_sex"]
    codes = {code: n for code, n in words["departments"][department]["codes"].items() if only.get(code, sex) == sex}
    return chance.one_of(list(codes), list(codes.values()))


def admitted_at(chance: Chance, department: str, day: date) -> datetime:
    """Planned work comes in the morning, the rest around the clock with a peak in the afternoon."""
    planned = department in ("Oncology", "Orthopedics") and chance.happens(0.7)
    hour = chance.normal(8.5, 0.8) if planned else chance.normal(15, 5)
    return datetime.combine(day, datetime.min.time()) + timedelta(minutes=int(60 * hour) % 1440)


def make_stay(chance: Chance, words: Words, patient: Patient, day: date, department: str) -> dict[str, str]:
    """One admission, all but its note and whether the patient comes back."""
    age = patient.age_on(day)
    routine = department in ("Obstetrics", "Pediatrics")
    severity = round(chance.normal(1.2 + age / 60 + 0.35 * patient.burden - 0.6 * routine, 0.75))
    severity = max(1, min(4, severity))
    mean_days = 2.2 * (0.35 + 0.75 * severity) * (0.55 if routine else 1.0)
    days = min(60, int(chance.rng.negative_binomial(2.2, 2.2 / (2.2 + mean_days))))
    base = words["departments"][department]["log_charge"]
    charges = np.exp(chance.normal(base + 0.34 * np.log1p(days) + 0.17 * severity, 0.35))
    pressure = chance.normal(106 + 0.3 * age + 15 * patient.hypertension - 5 * (severity == 4), 13)
    glucose = np.exp(chance.normal(4.58 + 0.001 * age + 0.42 * patient.diabetes, 0.17))
    suspected = -0.9 + 2.8 * patient.diabetes + 0.02 * age + 0.5 * severity - 1.2 * routine
    return {
        "birth_date": patient.born.isoformat(),
        "sex": patient.sex,
        "insurance": "" if chance.happens(0.03) else patient.insurance,
        "admission_date": admitted_at(chance, department, day).isoformat(),
        "discharge_date": (day + timedelta(days=days)).isoformat(),
        "department": department,
        "icd10": diagnosis_of(chance, words, department, patient.sex),
        "severity": str(severity),
        "length_of_stay": str(days),
        "charges": f"{charges:.2f}",
        "systolic_bp": "" if chance.happens(0.02) else f"{pressure:.0f}",
        "glucose": f"{glucose:.1f}" if chance.happens(logistic(suspected)) else "",
    }


def stays_of(chance: Chance, words: Words, patient: Patient) -> Iterator[dict[str, str]]:
    """A patient's admissions, first to last. ``readmitted`` is true exactly if the next one comes within 30 days."""
    day = FIRST_DAY + timedelta(days=chance.number(0, (LAST_DAY - FIRST_DAY).days))
    department = ""
    for earlier in range(MAX_STAYS):
        if not earlier or chance.happens(0.45):
            department = department_of(chance, patient, patient.age_on(day))
        stay = make_stay(chance, words, patient, day, department)
        n_days = int(stay["length_of_stay"])
        score = -4.0 + 0.5 * int(stay["severity"]) + 0.05 * n_days + 0.45 * patient.burden + 0.2 * earlier
        soon = chance.happens(logistic(score - 1.4 * (department in ("Obstetrics", "Pediatrics"))))
        later = chance.happens(0.29 + 0.09 * patient.burden)
        again = day + timedelta(days=n_days + (chance.number(1, 30) if soon else chance.number(31, 240)))
        ends = again > LAST_DAY or earlier + 1 == MAX_STAYS or not (soon or later)
        row = {**patient.identity, **stay, "readmitted": "true" if soon and not ends else "false"}
        yield {**row, "note": "" if chance.happens(0.06) else note_of(chance, words, patient, row, day)}
        if ends:
            return
        day = again


def note_of(chance: Chance, words: Words, patient: Patient, row: dict[str, str], day: date) -> str:
    """A note that says in words who the row is about."""
    woman = patient.sex == "F"
    form: str = chance.one_of(words["notes"])
    return form.format(
        first=row["first_name"],
        last=row["last_name"],
        title="Ms." if woman else "Mr.",
        woman="woman" if woman else "man",
        him="her" if woman else "him",
        age=int(patient.age_on(day)),
        mrn=row["mrn"],
        ssn=row["ssn"],
        born=patient.born.strftime("%m/%d/%Y"),
        day=day.strftime("%B %d, %Y"),
        complaint=words["departments"][row["department"]]["complaint"],
        address=row["address"],
        city=row["city"],
        phone=row["phone"] or "the number on file",
        email=row["email"] or "the family doctor",
        doctor=chance.one_of(words["last_names"]),
        relation=chance.one_of(("spouse", "neighbor", "cousin", "partner")),
        other=chance.one_of(words["first_names"]["F" if chance.happens(0.5) else "M"]),
        department=row["department"],
        los=row["length_of_stay"],
        vitals=f"BP {row['systolic_bp']} systolic." if row["systolic_bp"] else "Vitals stable.",
        outcome=chance.one_of(("Discharged home.", "Follow-up in two weeks.", "Tolerated treatment well.")),
    )


def make_rows(seed: int = SEED, n_rows: int = N_ROWS) -> list[dict[str, str]]:
    """All admissions in the order they happened; whole patients, so there may be a few rows more than asked."""
    chance, words = Chance(seed), read_words()
    rows: list[dict[str, str]] = []
    number = 0
    while len(rows) < n_rows:
        number += 1
        rows.extend(stays_of(chance, words, make_patient(chance, words, number)))
    return sorted(rows, key=lambda row: (row["admission_date"], row["patient_id"]))


def field(name: str, type_: str = "string", kind: str | None = None, **constraints: object) -> dict[str, object]:
    """One field of a Table Schema."""
    entry: dict[str, object] = {"name": name, "type": type_}
    if constraints:
        entry["constraints"] = constraints
    return {**entry, "understudy:kind": kind} if kind else entry


def make_schema() -> dict[str, object]:
    """What a data owner would declare. Diagnoses and the bounds of charges, glucose and discharge are left to learn."""
    named = [field(kind, kind=kind) for kind in ("first_name", "last_name", "ssn", "mrn", "phone", "email")]
    return {
        "name": "hospital",
        "title": "Hospital admissions, invented",
        "description": "Two years of admissions to one hospital. Made by examples/hospital.py; nobody in it exists.",
        "fields": [
            field("patient_id", kind="identifier", required=True),
            *named,
            *(field(kind, kind=kind) for kind in ("address", "city", "zip")),
            field("birth_date", "date", minimum="1925-01-01", maximum="2024-12-31"),
            field("sex", enum=["F", "M"]),
            field("insurance", enum=list(INSURERS)),
            field("admission_date", "datetime", minimum="2023-01-01T00:00:00", maximum="2024-12-31T23:59:59"),
            field("discharge_date", "date"),
            field("department", enum=list(read_words()["departments"])),
            {**field("icd10"), "understudy:hierarchy": "icd10"},
            field("severity", "integer", minimum=1, maximum=4),
            field("length_of_stay", "integer", minimum=0, maximum=60),
            field("charges", "number"),
            field("systolic_bp", "integer", minimum=40, maximum=260),
            field("glucose", "number"),
            {**field("readmitted", "boolean"), "understudy:target": True},
            field("note", "text", kind="text"),
        ],
        "missingValues": [""],
        "understudy:population": "ward-demo",
        "understudy:privacyUnit": {"column": "patient_id", "maxRows": 2},
        "understudy:constraints": [
            {"kind": "sum", "columns": ["admission_date", "length_of_stay", "discharge_date"]},
            {"kind": "forbidden", "where": {"department": ["Obstetrics"], "sex": ["M"]}},
        ],
    }


def write_hospital(directory: Path) -> tuple[Path, Path]:
    """Write the table and its schema; returns their paths."""
    table, schema = directory / "hospital.csv", directory / "hospital.schema.json"
    rows = make_rows()
    with table.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    schema.write_text(json.dumps(make_schema(), indent=2) + "\n", encoding="utf-8")
    return table, schema


if __name__ == "__main__":
    write_hospital(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
