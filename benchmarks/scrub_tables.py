"""Thirty generated tables of hospitals and banks: is each column given the right kind, and how many cells a second?

    python -m benchmarks.scrub_tables

The names of the columns vary as they do between systems; a part of those whose values speak for themselves get a
name that says nothing. Columns that identify nobody must get no kind.
"""
# ruff: noqa: E501 - word lists; slots are named as in the templates

from __future__ import annotations

import random
import string
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from privacy.scrub.columns import propose_kinds
from privacy.scrub.numbers import iban_check, luhn_digit
from privacy.scrub.table import scrub_table
from understudy.schema import TableSchema

N_TABLES, N_ROWS = 30, 300
Columns = tuple[pa.Table, dict[str, frozenset[str | None]]]
"""A table and the right kinds of each of its columns."""
_MUTE = ("F{}", "col_{}", "field{}", "attr_{}", "x_{}")
_FIRST = ["James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "Wiliam", "Barbara", "Ricardo", "Susana", "Joseph", "Jessica", "Tomas", "Sarah", "Karen", "Carlos", "Ingrid", "Nils", "Aisha", "Mohammed", "Chen", "Yuki", "Priya", "Olga", "Pierre", "Amelie", "Kwame", "Ngozi"]  # fmt: skip
_LAST = ["Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez", "Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson", "White", "Nguyen", "Kowalski", "Rossi", "Dubois", "Svensson", "Okafor"]  # fmt: skip
_TOWNS = ["Springfield", "Portland", "Dayton", "Aurora", "Salem", "Madison", "Georgetown", "Clinton", "Bristol", "Fairview", "Ashland", "Burlington", "Manchester", "Oxford", "Milton", "Newport", "Dover", "Hudson", "Kingston", "Riverside", "Cleveland", "Lexington", "Chester", "Greenville"]  # fmt: skip


def _digits(rng: random.Random, size: int) -> str:
    return str(rng.randrange(1, 10)) + "".join(rng.choice(string.digits) for _ in range(size - 1))


def _shaped(rng: random.Random, shape: str) -> str:
    letters = "ACDEFGHJKMNPQRTUVWXY"
    return "".join(rng.choice(string.digits) if c == "#" else rng.choice(letters) if c == "?" else c for c in shape)


def _npi(rng: random.Random) -> str:
    body = "1" + _digits(rng, 8)
    return body + luhn_digit("80840" + body)


def _card(rng: random.Random) -> str:
    body = "4" + _digits(rng, 14)
    return body + luhn_digit(body)


def _imei(rng: random.Random) -> str:
    body = "35" + _digits(rng, 12)
    return body + luhn_digit(body)


def _iban(rng: random.Random) -> str:
    country, bban = rng.choice([("DE", _digits(rng, 18)), ("GB", "WEST" + _digits(rng, 14)), ("FR", _digits(rng, 23))])
    return f"{country}{iban_check(country, bban)}{bban}"


def _nhs(rng: random.Random) -> str:
    while True:
        body = _digits(rng, 9)
        check = (11 - sum(int(d) * w for d, w in zip(body, range(10, 1, -1), strict=True)) % 11) % 11
        if check < 10:
            return f"{body[:3]} {body[3:6]} {body[6:]}{check}"


def _mbi(rng: random.Random) -> str:
    return str(rng.randrange(1, 10)) + _shaped(rng, "?##?##??##")


def _vin(rng: random.Random) -> str:
    from privacy.scrub.checks import vin

    while True:
        body = _shaped(rng, "1??????#?#?######")
        for check in "0123456789X":
            candidate = body[:8] + check + body[9:]
            if vin(candidate):
                return candidate


def _name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _note(rng: random.Random) -> str:
    return f"Patient {_name(rng)} was seen today for a {rng.choice(['cough', 'fall', 'rash'])} and will come back in {rng.randrange(2, 9)} weeks."


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of column: the kinds that are right for it, the names it goes by, and its values."""

    right: frozenset[str | None]
    names: str
    make: Callable[[random.Random], object]
    speaks: bool = False


def _source(right: str, names: str, make: Callable[[random.Random], object], speaks: bool = False) -> Source:
    return Source(frozenset(kind or None for kind in right.split("|")), names, make, speaks)


def _of(*shapes: str) -> Callable[[random.Random], str]:
    """Codes in one of the shapes."""
    return lambda rng: _shaped(rng, rng.choice(shapes))


def _one(*values: object) -> Callable[[random.Random], object]:
    return lambda rng: rng.choice(values)


def _integer(low: int, high: int) -> Callable[[random.Random], object]:
    return lambda rng: rng.randrange(low, high)


BOTH = (
    _source("first_name", "first_name|FirstName|given_name|fname|pat_first_nm|vorname", lambda r: r.choice(_FIRST)),
    _source("last_name", "last_name|LastName|surname|family_name|lname|nachname", lambda r: r.choice(_LAST)),
    _source("name", "full_name|patient_name|customer_name|CustomerName|account_holder|emergency_contact", _name),
    _source("phone", "phone|mobile_no|tel|PhoneNumber|home_phone|contact_number", lambda r: _shaped(r, "(###) ###-####"), True),
    _source("phone|fax", "fax|fax_no|FaxNumber|telefax", lambda r: _shaped(r, "###-###-####"), True),
    _source("email", "email|e_mail|EmailAddress|contact_email", lambda r: f"{r.choice(_FIRST).lower()}{_digits(r, 3)}@mail.org", True),
    _source("address", "address|street_address|addr_line1|HomeAddress|residence", lambda r: f"{_digits(r, 3)} {r.choice(_LAST)} Street", True),
    _source("city", "city|town|municipality|City|home_city", lambda r: r.choice(_TOWNS)),
    _source("zip", "zip|zip_code|postal_code|PostCode|ZIP", lambda r: _digits(r, 5)),
    _source("ssn", "ssn|SSN|social_security_number|soc_sec_no", lambda r: _shaped(r, "###-##-####"), True),
    _source("url", "url|website|profile_url|homepage|web_page", lambda r: f"https://www.site{_digits(r, 4)}.org/{_digits(r, 3)}", True),
    _source("ip_address", "ip|ip_address|last_login_ip|client_ip|remote_addr", lambda r: ".".join(str(r.randrange(1, 255)) for _ in range(4)), True),
    _source("username", "username|user_name|login|portal_login|screen_name", lambda r: f"{r.choice(_LAST).lower()}{_digits(r, 3)}"),
    _source("text", "notes|comments|remarks|narrative|free_text", _note, True),
    _source("license", "driver_license|dl_number|DriversLicenseNo|passport_number", lambda r: _shaped(r, "?#######")),
    _source("", "age|age_years|Age", lambda r: r.randrange(18, 99)),
    _source("", "sex|gender|Sex", lambda r: r.choice("MF")),
    _source("", "created_at|visit_date|opened_on|updated", lambda r: f"20{r.randrange(10, 24)}-0{r.randrange(1, 9)}-1{r.randrange(9)}"),
    _source("", "status|type|category|priority", lambda r: r.choice(["active", "closed", "pending", "on hold"])),
    _source("", "amount|total|charges|price|cost", lambda r: round(r.random() * 1e4, 2)),
    _source("", "state|region|country|province", lambda r: r.choice(["OH", "CA", "NY", "TX", "WA"])),
)  # fmt: skip
HOSPITAL = (
    _source(
        "mrn", "mrn|MRN|medical_record_number|chart_no|hospital_number|pat_mrn|med_rec_no", lambda r: _digits(r, 8)
    ),
    _source("identifier", "patient_id|PatientID|subject_id|person_id|encounter_id", lambda r: int(_digits(r, 6))),
    _source("identifier", "accession_number|specimen_id|csn|visit_no|order_id", lambda r: _shaped(r, "S##-#####")),
    _source("npi", "npi|NPI|provider_npi|attending_npi|rendering_npi", _npi, True),
    _source("mbi", "mbi|medicare_mbi|MBI|beneficiary_mbi", _mbi, True),
    _source("nhs_number", "nhs_number|NHSNumber|nhs_no", _nhs, True),
    _source(
        "health_plan_id", "member_id|policy_number|subscriber_id|insurance_no", lambda r: _shaped(r, "???#########")
    ),
    _source(
        "device_id", "device_id|device_serial|implant_serial_no|pump_serial_number", lambda r: _shaped(r, "SN-???####")
    ),
    _source("license", "dea_number|medical_license|license_no", lambda r: _shaped(r, "A?#######")),
    _source("pii", "photo|fingerprint|face_image", lambda r: f"img{_digits(r, 5)}.jpg"),
    _source("", "icd10|diagnosis_code|dx", lambda r: _shaped(r, "J##.#")),
    _source("", "cpt|procedure_code|drg", lambda r: int(_digits(r, 5))),
    _source("", "glucose|hba1c|creatinine|sodium", lambda r: r.randrange(60, 400)),
    _source("", "bp|blood_pressure", lambda r: f"{r.randrange(90, 180)}/{r.randrange(50, 100)}"),
    _source("", "ward|department|unit|service_line", lambda r: r.choice(["ICU", "Surgery", "Medicine", "Oncology"])),
    _source("", "los|length_of_stay|num_visits|heart_rate", lambda r: r.randrange(1, 150)),
    _source("", "drug_name|medication|allergen", lambda r: r.choice(["aspirin", "metformin", "penicillin", "latex"])),
    _source("", "ndc|loinc|ndc_code", lambda r: _shaped(r, "#####-####-##")),
)
BANK = (
    _source("account_number", "account_number|acct_no|AccountNo|account_num|bank_account|acct", lambda r: _digits(r, 10)),
    _source("iban", "iban|IBAN|iban_code|beneficiary_iban", _iban, True),
    _source("credit_card", "card_number|CreditCardNumber|cc_num|card_no|pan", _card, True),
    _source("identifier", "customer_id|CustomerID|client_no|transaction_id|cust_id", lambda r: int(_digits(r, 7))),
    _source("account_number", "loan_number|routing_number|sort_code|loan_id", lambda r: _digits(r, 9)),
    _source("license_plate", "license_plate|plate_number|number_plate|vehicle_registration", lambda r: _shaped(r, "???-####")),
    _source("vehicle_id", "vin|VIN|vehicle_vin|vehicle_id", _vin, True),
    _source("imsi", "imsi|IMSI|sim_imsi", lambda r: "310" + _digits(r, 12)),
    _source("device_id", "imei|IMEI|handset_imei|mac_address|device_identifier", _imei, True),
    _source("device_id", "mac|mac_addr|wifi_mac", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), True),
    _source("identifier", "uuid|session_uuid|guid", lambda r: f"{r.getrandbits(32):08x}-{r.getrandbits(16):04x}-4{r.getrandbits(12):03x}-a{r.getrandbits(12):03x}-{r.getrandbits(48):012x}", True),
    _source("", "balance|credit_limit|monthly_income|PAY_0|BILL_AMT1", lambda r: round(r.random() * 1e5, 2)),
    _source("", "currency|channel|product|segment", lambda r: r.choice(["EUR", "USD", "GBP"])),
    _source("", "account_type|card_type|phone_type|email_opt_in", lambda r: r.choice(["a", "b", "c"])),
    _source("", "interest_rate|score|risk_class|duration", lambda r: r.randrange(1, 30)),
    _source("", "merchant_category|mcc|branch_code", lambda r: int(_digits(r, 4))),
    _source("", "employer_name|merchant_name|bank_name", lambda r: r.choice(["Acme Foods", "Northern Steel", "City Books"])),
    _source("", "num_cards|days_past_due|n_dependents", lambda r: r.randrange(0, 12)),
)  # fmt: skip


def tables(seed: int = 18) -> list[Columns]:
    """Each with the right kinds of its columns."""
    pools = (BOTH + HOSPITAL, BOTH + BANK)
    return drawn(
        pools,
        seed=seed,
        n_rows=N_ROWS,
        mute=_MUTE,
        share=0.3,
        is_mute=lambda one: one.speaks,
        gaps=(0.0, 0.0, 0.1, 0.4),
    )


def drawn(
    pools: Sequence[Sequence[Source]],
    *,
    seed: int,
    n_rows: int,
    mute: Sequence[str],
    share: float,
    is_mute: Callable[[Source], bool],
    gaps: Sequence[float],
) -> list[Columns]:
    """Tables of columns drawn from the pools in turn. ``mute``: names that say nothing, for ``share`` of the columns that
    ``is_mute``. ``gaps``: parts of a column's values that may be missing.
    """
    rng = random.Random(seed)
    made = []
    for number in range(N_TABLES):
        pool = list(pools[number % len(pools)])
        rng.shuffle(pool)
        columns: dict[str, list[object]] = {}
        right: dict[str, frozenset[str | None]] = {}
        for place, source in enumerate(pool[:24]):
            name = rng.choice(source.names.split("|"))
            if is_mute(source) and rng.random() < share:
                name = rng.choice(mute).format(place)
            if name in columns:
                continue
            missing = rng.choice(gaps)
            columns[name] = [None if rng.random() < missing else source.make(rng) for _ in range(n_rows)]
            right[name] = source.right
        made.append((pa.table(columns), right))
    return made


def accuracy(made: list[Columns]) -> tuple[int, int, list[str]]:
    """Columns given a right kind, all columns, and what went wrong in words."""
    n_right = n = 0
    wrong: list[str] = []
    for table, right in made:
        found = {guess.column: guess.kind for guess in propose_kinds(table)}
        for name, kinds in right.items():
            n += 1
            n_right += found.get(name) in kinds
            if found.get(name) not in kinds:
                wrong.append(f"{name}: {found.get(name)}, not {' or '.join(str(kind) for kind in kinds)}")
    return n_right, n, wrong


def patients(n_rows: int) -> pa.Table:
    """Three identifying columns of four are unique to the row; the other sixteen hold what tables hold. No notes."""
    rng = random.Random(3)
    columns: dict[str, list[object]] = {}
    for source in (s for s in BOTH + HOSPITAL if "text" not in s.right):
        columns[source.names.split("|")[0]] = [source.make(rng) for _ in range(n_rows)]
    return pa.table(columns)


def presidio_speed(n_rows: int = 40) -> float:
    """Cells for each second of processor time that Presidio's BatchAnalyzerEngine analyses (it replaces nothing),
    with its predefined pattern recognizers and no language model: what works without a download."""
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": ""}])
    batch = BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"]))
    table = patients(n_rows)
    columns = {name: [str(value) for value in table[name].to_pylist()] for name in table.column_names}
    list(batch.analyze_dict({"warm": ["up"]}, language="en"))
    started = time.process_time()
    for _ in batch.analyze_dict(columns, language="en"):
        pass
    return table.num_rows * table.num_columns / (time.process_time() - started)


def speed(n_rows: int = 20_000) -> float:
    """Cells for each second of processor time: profiling and scrubbing a patient table without notes."""
    table = patients(n_rows)
    started = time.process_time()
    kinds = {guess.column: guess.kind for guess in propose_kinds(table)}
    arrow = {"int64": "integer", "double": "number"}
    fields = [
        {"name": name, "type": arrow.get(str(table.schema.field(name).type), "string")}
        | ({"understudy:kind": kinds[name]} if name in kinds else {})
        for name in table.column_names
    ]
    scrub_table(table, TableSchema.parse({"fields": fields}), key=b"speed" * 8)
    return table.num_rows * table.num_columns / (time.process_time() - started)


def tell(made: list[Columns]) -> None:
    """Print how many columns were given a right kind, and which were not."""
    n_right, n, wrong = accuracy(made)
    print(f"{n_right} of {n} columns of {len(made)} tables have the right kind: {n_right / n:.3f}")
    for line in wrong:
        print(f"  {line}")


def main() -> None:
    tell(tables())
    print(f"{speed():,.0f} cells/s/core, profiling and surrogates")
    print(f"{presidio_speed():,.0f} cells/s/core, Presidio's batch of patterns")


if __name__ == "__main__":
    main()
