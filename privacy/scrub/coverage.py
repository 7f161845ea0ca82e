"""Which detectors and which column kinds stand for each identifier of HIPAA Safe Harbor, and of finance.

The one table: ``docs/scrub.md`` shows it as ``as_markdown`` writes it, and a test holds the two together
and every name in it against the detectors.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One kind of identifier. ``entities`` are found in notes, ``kinds`` are those of a schema's fields."""

    letter: str
    what: str
    entities: tuple[str, ...]
    kinds: tuple[str, ...]
    how: str


SAFE_HARBOR: tuple[Covered, ...] = (
    Covered(
        letter="A",
        what="Names",
        entities=("PERSON",),
        kinds=("name", "first_name", "last_name"),
        how="tagger, titles and announcing words, public name lists, the row's own columns",
    ),
    Covered(
        letter="B",
        what="Geography smaller than a state, ZIP codes",
        entities=("STREET_ADDRESS", "LOCATION", "ZIP_CODE"),
        kinds=("address", "city", "zip"),
        how="tagger, street, box and ZIP rules; zip3 with the population rule as an operator",
    ),
    Covered(
        letter="C",
        what="Dates but for the year, ages over 89",
        entities=("DATE_TIME", "AGE"),
        kinds=(),
        how="date grammar in ten shapes, tagger; dates shift by person, ages become 90+",
    ),
    Covered(
        letter="D",
        what="Telephone numbers",
        entities=("PHONE_NUMBER",),
        kinds=("phone",),
        how="shapes, announcing words, tagger",
    ),
    Covered(letter="E", what="Fax numbers", entities=("PHONE_NUMBER",), kinds=("fax",), how="as telephones"),
    Covered(
        letter="F", what="E-mail addresses", entities=("EMAIL_ADDRESS",), kinds=("email",), how="shape, '(at)' too"
    ),
    Covered(
        letter="G",
        what="Social security numbers",
        entities=("US_SSN",),
        kinds=("ssn",),
        how="shapes, masked and last four too",
    ),
    Covered(
        letter="H",
        what="Medical record numbers",
        entities=("MEDICAL_RECORD",),
        kinds=("mrn",),
        how="announcing words, tagger",
    ),
    Covered(
        letter="I",
        what="Health plan beneficiary numbers",
        entities=("HEALTH_PLAN_ID", "US_MBI", "UK_NHS"),
        kinds=("health_plan_id", "mbi", "nhs_number"),
        how="announcing words, the MBI's shape, the NHS checksum",
    ),
    Covered(
        letter="J",
        what="Account numbers",
        entities=("ACCOUNT_NUMBER",),
        kinds=("account_number",),
        how="announcing words, tagger",
    ),
    Covered(
        letter="K",
        what="Certificate and licence numbers",
        entities=("LICENSE", "US_NPI"),
        kinds=("license", "npi"),
        how="announcing words; NPI and DEA checksums",
    ),
    Covered(
        letter="L",
        what="Vehicle identifiers, licence plates",
        entities=("VEHICLE_ID",),
        kinds=("vehicle_id", "license_plate"),
        how="VIN check digit, announcing words",
    ),
    Covered(
        letter="M",
        what="Device identifiers and serial numbers",
        entities=("DEVICE_ID", "MAC_ADDRESS"),
        kinds=("device_id", "imsi"),
        how="announcing words (serial, UDI, IMEI, IMSI), MAC shape, IMEI checksum in columns",
    ),
    Covered(letter="N", what="URLs", entities=("URL",), kinds=("url",), how="schemes, www, known endings"),
    Covered(
        letter="O", what="IP addresses", entities=("IP_ADDRESS",), kinds=("ip_address",), how="IPv4 and IPv6 shapes"
    ),
    Covered(
        letter="P",
        what="Biometric identifiers",
        entities=(),
        kinds=("pii",),
        how="columns by name, dropped; notes hold none",
    ),
    Covered(
        letter="Q",
        what="Full-face photographs",
        entities=(),
        kinds=("pii",),
        how="columns by name, dropped; notes hold none",
    ),
    Covered(
        letter="R",
        what="Any other unique number, characteristic or code",
        entities=("ID", "UUID", "USERNAME"),
        kinds=("identifier", "username", "pii"),
        how="announcing words, known prefixes, tagger; near-unique columns are refused until declared",
    ),
)
"""45 CFR 164.514(b)(2)(i), in its order."""

FINANCE: tuple[Covered, ...] = (
    Covered(letter="", what="IBAN", entities=("IBAN_CODE",), kinds=("iban",), how="ISO 13616 checksum"),
    Covered(
        letter="",
        what="Payment cards",
        entities=("CREDIT_CARD",),
        kinds=("credit_card",),
        how="Luhn, announcing words, masked too",
    ),
    Covered(
        letter="",
        what="Account, loan, routing and sort codes",
        entities=("ACCOUNT_NUMBER",),
        kinds=("account_number",),
        how="announcing words, tagger",
    ),
    Covered(
        letter="",
        what="Organisations",
        entities=("ORGANIZATION",),
        kinds=(),
        how="tagger, endings such as Hospital or Ltd",
    ),
)


def as_markdown() -> str:
    """Both lists as one table for the docs."""
    lines = ["| | identifier | found in notes as | column kinds | by |", "|---|---|---|---|---|"]
    for entry in (*SAFE_HARBOR, *FINANCE):
        entities, kinds = (", ".join(f"`{name}`" for name in names) or "-" for names in (entry.entities, entry.kinds))
        lines.append(f"| {entry.letter} | {entry.what} | {entities} | {kinds} | {entry.how} |")
    return "\n".join(lines)
