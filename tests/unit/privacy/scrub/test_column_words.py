"""Column names in other languages and shortened, and columns whose name says nothing at all."""

# ruff: noqa: SIM905 - word lists

from __future__ import annotations

import pyarrow as pa
import pytest

from privacy.scrub.columns import kind_from_name, propose_kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("KtoNr", "account_number"),
        ("num_cuenta", "account_number"),
        ("no_compte", "account_number"),
        ("Patientenname", "name"),
        ("nom_prenom", "name"),
        ("nombre_paciente", "name"),
        ("PAT_FIRST", "first_name"),
        ("Geburtsname", "last_name"),
        ("Versichertennr", "health_plan_id"),
        ("Reisepassnummer", "license"),
        ("numero_securite_sociale", "ssn"),
        ("id_cliente", "identifier"),
        ("ImplantSN", "device_id"),
        ("Telefaxnummer", "fax"),
        ("rodne_cislo", "ssn"),
        ("birth_number", "ssn"),
        ("codfis", "ssn"),
        ("rijbewijsnummer", "license"),
        ("kenteken", "license_plate"),
        ("cislo_uctu", "account_number"),
        ("kod_pocztowy", "zip"),
        ("phone_imei", "device_id"),
        ("id_card_no", "license"),
        ("ip_country", None),
        ("license_state", None),
        ("Kontostand", None),
        ("email_domain", None),
        ("user_agent", None),
        ("num_accounts", None),
        ("piano", None),
        ("pass_rate", None),
        ("titular_count", None),
    ],
)
def test_a_name_is_known_in_other_languages_and_shortened(name: str, kind: str | None) -> None:
    assert kind_from_name(name) == kind


def test_names_and_towns_are_known_by_most_of_their_values() -> None:
    first = "Anna Lukas Marie Felix Sophie Jonas Emma Carmen Javier Lucia Pablo Elena Diego Louis".split()
    last = "Schmidt Becker Garcia Moreno Khan Patel Tanaka Ivanov Murphy Nguyen Novak Rossi Silva Bauer".split()
    towns = "Hamburg Leipzig Dortmund Toulouse Cleveland Tucson Omaha Cardiff Torino Tampa Fresno Bergen Uppsala Nantes"
    wards = (
        "surgery medicine oncology intensive recovery general private north south east west upper lower main".split()
    )
    table = pa.table(
        {
            "c1": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
            "c2": [f"{b.upper()} {a}" for a, b in zip(first, last, strict=True)],
            "c3": towns.split(),
            "c4": wards,
            "c5": ["Hamburg", "Leipzig"] * 7,
        }
    )
    assert {guess.column: guess.kind for guess in propose_kinds(table)} == {"c1": "name", "c2": "name", "c3": "city"}
