"""What a column holds, by name and by value."""

from __future__ import annotations

import pyarrow as pa
import pytest

from privacy.scrub.columns import kind_from_name, propose_kinds
from understudy.schema import KINDS


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("patient_name", "name"),
        ("attending_physician", "name"),
        ("surname", "last_name"),
        ("LastName", "last_name"),
        ("insured_first_name", "first_name"),
        ("SSN", "ssn"),
        ("mrn", "mrn"),
        ("Medical Record No", "mrn"),
        ("Phone1", "phone"),
        ("home_phone_number", "phone"),
        ("fax", "fax"),
        ("emailAddress", "email"),
        ("addr", "address"),
        ("address_line_1", "address"),
        ("zip", "zip"),
        ("postcode", "zip"),
        ("iban", "iban"),
        ("acct", "account_number"),
        ("account_no", "account_number"),
        ("card_number", "credit_card"),
        ("npi", "npi"),
        ("provider_npi", "npi"),
        ("nhs_no", "nhs_number"),
        ("medicare_mbi", "mbi"),
        ("sim_imsi", "imsi"),
        ("number_plate", "license_plate"),
        ("account_holder", "name"),
        ("member_id", "health_plan_id"),
        ("vin", "vehicle_id"),
        ("serial_number", "device_id"),
        ("ip_address", "ip_address"),
        ("website", "url"),
        ("user_name", "username"),
        ("patient_id", "identifier"),
        ("hadm_id", "identifier"),
        ("id", "identifier"),
        ("clinical_note", "text"),
        ("photo", "pii"),
        ("city", "city"),
    ],
)
def test_a_telling_name(name: str, kind: str) -> None:
    assert kind in KINDS
    assert kind_from_name(name) == kind


@pytest.mark.parametrize(
    "name",
    [
        "dob",
        "date_of_birth",
        "admission_date",
        "drug_name",
        "hospital_name",
        "sample_name",
        "company_name",
        "phone_type",
        "PhoneService",
        "email_opt_in",
        "account_balance",
        "account_type",
        "license_type",
        "cell_size",
        "zip_density",
        "store_id",
        "icd10_code",
        "glucose",
        "charges",
        "native_country",
        "capital_gain",
        "PAY_0",
        "BILL_AMT1",
        "state",
        "sex",
        "",
        "___",
        "x2",
    ],
)
def test_a_name_that_tells_nothing(name: str) -> None:
    assert kind_from_name(name) is None


def _kinds(**columns: list[object]) -> dict[str, str]:
    return {guess.column: guess.kind for guess in propose_kinds(pa.table(columns))}


def test_values_decide_by_their_rate() -> None:
    numbers = range(60)
    assert _kinds(
        a=[f"user{n}@mail.org" for n in numbers],
        b=[f"{n + 100}-45-6789" for n in numbers],
        c=[f"(617) 867-{n:04d}" for n in numbers],
        d=[f"{n + 1} Main Street" for n in numbers],
        e=[f"Seen in clinic for the {n}th time, doing well, no complaints at all today." for n in numbers],
        f=[f"10.0.0.{n}" for n in numbers],
        g=["user@mail.org", *(f"word{n}" for n in numbers), "x"][:60],
        h=["red", "green", "blue"] * 20,
    ) == {"a": "email", "b": "ssn", "c": "phone", "d": "address", "e": "text", "f": "ip_address"}


def test_numbers_need_a_name() -> None:
    numbers = [6_178_675_309 + n for n in range(40)]
    assert _kinds(glucose=numbers, charge=[n / 2 for n in range(40)], phone=numbers) == {"phone": "phone"}


def test_a_short_name_means_what_its_values_can_be() -> None:
    table = pa.table(
        {
            "ph": [7.31, 7.4, 7.38] * 20,
            "plt": list(range(150, 210)),
            "cp": [0, 1, 2, 3] * 15,
            "mobile": ["yes", "no", "unknown"] * 20,
            "cell": [5_550_000_000 + n for n in range(60)],
            "zip": list(range(2_100, 2_160)),
            "tel": [f"555-01{n}" for n in range(10, 70)],
            "nome": [f"Ana{chr(97 + n % 26)} Lima" for n in range(60)],
        }
    )
    assert {guess.column: guess.kind for guess in propose_kinds(table)} == {
        "cell": "phone",
        "zip": "zip",
        "tel": "phone",
        "nome": "name",
    }


def test_one_row_is_enough_for_a_remark_a_sentence_or_a_shape() -> None:
    table = pa.table(
        {
            "note": ["She said: call Ana"],
            "c1": ["Patient Ana Quintero was seen today and came back."],
            "c2": ["ana@fastpost.net"],
            "remarks": ["B"],
            "grade": ["A"],
        }
    )
    kinds = {guess.column: guess.kind for guess in propose_kinds(table)}
    assert kinds == {"note": "text", "c1": "text", "c2": "email"}


def test_near_unique_codes_under_an_id_like_name_are_identifiers() -> None:
    assert _kinds(widget_key=[f"W-{n:05d}" for n in range(50)], widget_code=["A1", "B2"] * 25) == {
        "widget_key": "identifier"
    }


def test_an_empty_table_and_empty_columns() -> None:
    assert propose_kinds(pa.table({})) == []
    assert _kinds(name=[None, None], note=[None] * 2, ssn=[] * 2 or [None, None]) == {"ssn": "ssn"}


def test_the_evidence_never_quotes_a_value() -> None:
    guesses = propose_kinds(pa.table({"a": [f"user{n}@mail.org" for n in range(9)]}))
    assert [guess.why for guess in guesses] == ["values look like e-mail addresses"]
