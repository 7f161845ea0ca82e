"""Identifying values for synthetic rows: made from a key and a row number, from no row of the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from privacy.ingest.cells import ARROW_TYPES
from privacy.scrub.keyed import Keyed
from privacy.scrub.surrogates import Surrogates
from understudy.schema import ColumnSchema, TableSchema

_NAMES = ("name", "first_name", "last_name")
_UNIQUE = (
    "identifier",
    "mrn",
    "health_plan_id",
    "account_number",
    "license",
    "device_id",
    "vehicle_id",
    "npi",
    "mbi",
    "nhs_number",
    "imsi",
    "license_plate",
    "email",
    "username",
    "iban",
)
_FIRST_INTEGER = 90_000_000_000
"""Fresh integer ids have eleven digits: far from what tables use, and exact as a float64."""


def fresh_identifiers(schema: TableSchema, n_rows: int, *, key: bytes) -> dict[str, pa.Array]:
    """A column of ``n_rows`` values for every identifying column of ``schema``, in canonical types.

    The privacy unit's column has no value twice. Names, e-mails and user names of one row agree; other columns of one
    kind (an account and the one it pays to) have values of their own.
    Kinds without a surrogate (``pii``) and types that hold none are all missing.
    Guarantees: a function of (schema, n_rows, key) alone.
    """
    people = Surrogates(Keyed(key).bytes_of("child", "fresh"))
    columns: dict[str, pa.Array] = {}
    named = False
    for column in schema.columns:
        if not column.is_identifying:
            continue
        persona = column.name if column.kind == "name" and named else ""
        named = named or column.kind == "name"
        codes = Surrogates(Keyed(key).bytes_of("fresh column", column.name))
        maker = _Maker(people, codes, Keyed(key).child("fresh rows"))
        columns[column.name] = _column(maker, column, persona, n_rows, unique=column.name == schema.unit.column)
    return columns


def _column(maker: _Maker, column: ColumnSchema, persona: str, n_rows: int, *, unique: bool) -> pa.Array:
    type_ = ARROW_TYPES[column.type]
    kind = column.kind or "pii"
    if kind == "pii" or column.type in ("boolean", "date", "datetime"):
        return pa.nulls(n_rows, type_)
    if column.type in ("integer", "number"):
        numbers = [maker.integer("identifier" if unique else kind, column.name, row) for row in range(n_rows)]
        return pa.array(numbers, type=pa.int64()).cast(type_)
    make = maker.maker_of("identifier" if unique and kind not in _UNIQUE else kind, persona, column.name)
    return pa.array([make(row) for row in range(n_rows)], type=type_)


@dataclass(frozen=True, slots=True)
class _Maker:
    """``people`` are of the whole table, ``codes`` of one column."""

    people: Surrogates
    codes: Surrogates
    keyed: Keyed

    def maker_of(self, kind: str, persona: str, column: str) -> Callable[[int], str | None]:
        """Row number -> value."""
        if kind in _NAMES:
            return lambda row: self.name(kind, persona, row)
        if kind in ("email", "username"):
            return lambda row: self.contact(kind, row)
        seeds = {"phone": "2{:09d}", "fax": "3{:09d}", "ssn": "{:09d}", "zip": "{:05d}", "credit_card": "4{:015d}",
                 "iban": "GB00TEST{:014d}", "ip_address": "10.0.{}", "url": "https://{}.example", "city": "town {}",
                 "address": "{} {} street", "vehicle_id": "1FAKE{:012d}"}  # fmt: skip
        seed = seeds.get(kind, "{:09d}")
        salt = self.keyed.number("salt", column, 1000)
        return lambda row: self.codes.fake(kind, _pretty(kind, seed.format(row, salt)))

    def name(self, kind: str, persona: str, row: int) -> str:
        """A name of the invented pools; ``persona`` tells several people of one row apart."""
        first = self.people.persons.part(f"F{persona}{row}", "first")
        last = self.people.persons.part(f"L{persona}{row}", "last")
        return {"name": f"{first} {last}".title(), "first_name": first.title(), "last_name": last.title()}[kind]

    def contact(self, kind: str, row: int) -> str:
        """first.last<number>, with a mail domain that is reserved; unique by the row's number."""
        handle = f"{self.name('first_name', '', row)}.{self.name('last_name', '', row)}{row}".lower()
        return f"{handle}@example.org" if kind == "email" else handle

    def integer(self, kind: str, column: str, row: int) -> int | None:
        """A whole number; unique for ids."""
        if kind in ("zip", "ssn", "phone", "fax", "credit_card"):
            written = self.maker_of(kind, "", column)(row)
            return (
                None if written is None else int("".join(character for character in written if character.isdecimal()))
            )
        return self.codes.fake_integer("identifier", _FIRST_INTEGER + row)


def _pretty(kind: str, digits: str) -> str:
    """Separators where people write them: the surrogate keeps them."""
    if kind in ("phone", "fax"):
        return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}" if kind == "ssn" else digits
