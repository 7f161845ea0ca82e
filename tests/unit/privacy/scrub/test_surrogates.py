"""Surrogates: consistent, in shape, from ranges that belong to nobody."""

from __future__ import annotations

import ipaddress
import re

import pytest

from privacy.scrub.checks import iban, luhn
from privacy.scrub.gazetteer import load_gazetteer
from privacy.scrub.pools import pools
from privacy.scrub.surrogates import MAX_CHARACTERS, Surrogates
from understudy.schema import PII_KINDS

_SAMPLES = {
    "name": "Maria Hernandez",
    "first_name": "Maria",
    "last_name": "Hernandez",
    "address": "12 Main St, Springfield, IL 62704",
    "city": "Boston",
    "zip": "02139",
    "phone": "(617) 867-5309",
    "fax": "617-867-5309",
    "email": "maria.hernandez@gmail.com",
    "ssn": "123-45-6789",
    "mrn": "MRN-001234",
    "health_plan_id": "XYZ123456789",
    "account_number": "1234-5678-9012",
    "iban": "DE89 3704 0044 0532 0130 00",
    "credit_card": "4111 1111 1111 1111",
    "license": "1234567893",
    "vehicle_id": "1HGCM82633A004352",
    "device_id": "00:1A:2B:3C:4D:5E",
    "url": "https://www.somewhere.com/maria",
    "ip_address": "10.1.2.3",
    "username": "mhernandez",
    "npi": "1234567893",
    "mbi": "1EG4TE5MK73",
    "nhs_number": "943 476 5919",
    "imsi": "310150123456789",
    "license_plate": "KXD-4821",
    "identifier": "P0001",
}


@pytest.fixture(scope="module")
def surrogates() -> Surrogates:
    return Surrogates(b"k" * 32)


def test_every_kind_but_pii_has_a_surrogate_that_is_not_the_value(surrogates: Surrogates) -> None:
    assert set(_SAMPLES) == {*PII_KINDS, "identifier"} - {"pii"}
    for kind, value in _SAMPLES.items():
        fake = surrogates.fake(kind, value)
        assert fake
        assert value.lower() not in fake.lower()
    assert surrogates.fake("pii", "anything") is None


def test_the_key_decides(surrogates: Surrogates) -> None:
    again, other = Surrogates(b"k" * 32), Surrogates(b"K" * 32)
    for kind, value in _SAMPLES.items():
        assert again.fake(kind, value) == surrogates.fake(kind, value)
        assert other.fake(kind, value) != surrogates.fake(kind, value)


def test_name_parts_agree_however_the_name_is_written(surrogates: Surrogates) -> None:
    first, last = surrogates.fake("first_name", "María"), surrogates.fake("last_name", "Hernandez")
    assert first is not None
    assert last is not None
    assert surrogates.fake("name", "Maria Hernandez") == f"{first} {last}"
    assert surrogates.fake("name", "HERNANDEZ, MARIA") == f"{last}, {first}".upper()
    assert surrogates.fake("name", "Dr. maria HERNANDEZ, MD") == f"Dr. {first.lower()} {last.upper()}, MD"
    assert surrogates.fake("name", "Hernandez") == last
    assert surrogates.fake("email", "maria.hernandez@x.org") in {
        f"{first}.{last}@example.{end}".lower() for end in ("com", "org", "net")
    }


def test_phones_are_fictional_and_keep_their_shape(surrogates: Surrogates) -> None:
    for written in ("(617) 867-5309", "617.867.5309", "+1 617-867-5309", "6178675309", "867-5309"):
        fake = surrogates.fake("phone", written)
        assert fake is not None
        assert re.sub(r"\d", "9", fake) == re.sub(r"\d", "9", written)
        assert "55501" in re.sub(r"\D", "", fake)
    ways = [surrogates.fake("phone", way) or "" for way in ("6178675309", "+1 (617) 867-5309")]
    assert len({re.sub(r"\D", "", way)[-10:] for way in ways}) == 1
    assert (surrogates.fake("phone", "+44 20 7946 0958") or "").replace(" ", "").startswith("+447700900")
    assert (surrogates.fake("phone", "+49 30 1234567") or "").replace(" ", "").startswith("+999")


def test_ssns_are_never_issued(surrogates: Surrogates) -> None:
    for number in range(300):
        fake = surrogates.fake("ssn", f"{number:03d}-45-6789")
        assert fake is not None
        area, group, serial = fake.split("-")
        assert area[0] == "9"
        assert 1 <= int(group) <= 49
        assert serial != "0000"


def test_zips_cards_ibans_and_addresses_come_from_unused_ranges(surrogates: Surrogates) -> None:
    for number in range(100):
        zip_code = surrogates.fake("zip", f"{number * 991:05d}")
        assert zip_code is not None
        assert 694 <= int(zip_code[:3]) <= 699
        card = surrogates.fake("credit_card", f"4111 1111 1111 {number:04d}")
        assert card is not None
        assert card.startswith("9999 99")
        assert luhn(card)
        code = surrogates.fake("iban", f"DE89 3704 0044 0532 0130 {number:02d}")
        assert code is not None
        assert code.startswith("XX")
        assert iban(code)
        address = surrogates.fake("ip_address", f"10.0.0.{number}")
        documentation = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
        assert any(ipaddress.ip_address(address or "") in ipaddress.ip_network(block) for block in documentation)
    assert re.search(r"@example\.(com|org|net)$", surrogates.fake("email", "a@b.c") or "")
    assert "example.org/" in (surrogates.fake("url", "https://x.y") or "")


def test_codes_keep_format_and_stay_distinct(surrogates: Surrogates) -> None:
    codes = [f"MRN-{number:06d}" for number in range(3_000)]
    fakes = [surrogates.fake("mrn", code) or "" for code in codes]
    assert len(set(fakes)) == len(codes)
    assert all(re.fullmatch(r"MRN-\d{6}", fake) for fake in fakes)
    assert not any(code == fake for code, fake in zip(codes, fakes, strict=True))
    assert re.fullmatch(r"[A-Z]\d{2}-\d{3}-[a-z]", surrogates.fake("account_number", "Q12-345-x") or "")
    # the digits agree however the code is written
    bare = surrogates.fake("mrn", "001234")
    assert surrogates.fake("mrn", "MRN-001234") == f"MRN-{bare}"
    assert (surrogates.fake("mrn", "00-12-34") or "").replace("-", "") == bare


def test_integers_stay_integers_of_the_same_length(surrogates: Surrogates) -> None:
    fakes = [surrogates.fake_integer("identifier", number) for number in range(1_000, 4_000)]
    assert len(set(fakes)) == 3_000
    assert all(fake is not None and 1_000 <= fake <= 9_999 for fake in fakes)
    assert surrogates.fake_integer("zip", 2139) == int(surrogates.fake("zip", "02139") or "0")
    assert surrogates.fake_integer("pii", 5) is None
    assert (
        str(surrogates.fake_integer("mrn", 123_456))
        == surrogates.fake("mrn", "123456")
        == surrogates.fake("license", "123456")
    )
    for extreme in (0, -7, 2**63 - 1, -(2**63)):
        fake = surrogates.fake_integer("mrn", extreme)
        assert fake is not None
        assert -(2**63) <= fake < 2**63
        assert (fake < 0) == (extreme < 0)


def test_the_same_street_becomes_the_same_street(surrogates: Surrogates) -> None:
    short, long = (
        surrogates.fake("address", "12 Main St"),
        surrogates.fake("address", "12 Main Street, Springfield, IL 62704"),
    )
    assert short is not None
    assert long is not None
    assert long.startswith(f"{short}, ")
    assert "Springfield" not in long
    assert re.search(r", IL 69\d{3}$", long)


@pytest.mark.parametrize(
    "value",
    ["", " ", "-", "\0", "😀", "李小龙", "א" * 50, "a" * MAX_CHARACTERS, "1" * 5_000, "a@", "@", "+", "x" * 30_000],
)
def test_odd_values_neither_fail_nor_pass(surrogates: Surrogates, value: str) -> None:
    for kind in _SAMPLES:
        fake = surrogates.fake(kind, value)
        assert fake is None or fake != value or not value.strip()


def test_invented_names_stand_on_no_public_list() -> None:
    gazetteer, invented = load_gazetteer(), pools()
    names = {name.lower() for name in (*invented.first, *invented.last)}
    assert not names & (gazetteer.first | gazetteer.last | gazetteer.ordinary)
    assert len(invented.first) > 2_000
    assert len(invented.last) > 2_000
