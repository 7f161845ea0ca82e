"""Identifying values of synthetic rows."""

from __future__ import annotations

from privacy.scrub.fresh import fresh_identifiers
from understudy.schema import TableSchema

KEY = bytes(range(32))
SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "payment", "type": "integer", "understudy:kind": "identifier"},
            {"name": "payer", "type": "integer", "understudy:kind": "account_number"},
            {"name": "payee", "type": "integer", "understudy:kind": "account_number"},
            {"name": "home", "type": "string", "understudy:kind": "phone"},
            {"name": "work", "type": "string", "understudy:kind": "phone"},
            {"name": "first", "type": "string", "understudy:kind": "first_name"},
            {"name": "mail", "type": "string", "understudy:kind": "email"},
        ],
        "understudy:privacyUnit": {"column": "payer", "maxRows": 3},
    }
)


def test_two_columns_of_one_kind_have_values_of_their_own() -> None:
    made = fresh_identifiers(SCHEMA, 200, key=KEY)
    for one, other in (("payer", "payee"), ("payment", "payer"), ("home", "work")):
        same = [a == b for a, b in zip(made[one].to_pylist(), made[other].to_pylist(), strict=True)]
        assert sum(same) < 5


def test_ids_are_unique_and_a_row_agrees_with_itself() -> None:
    made = fresh_identifiers(SCHEMA, 200, key=KEY)
    assert len(set(made["payer"].to_pylist())) == len(set(made["payment"].to_pylist())) == 200
    pairs = zip(made["first"].to_pylist(), made["mail"].to_pylist(), strict=True)
    assert all(mail.startswith(first.lower()) for first, mail in pairs)


def test_they_are_a_function_of_the_key_alone() -> None:
    made = fresh_identifiers(SCHEMA, 20, key=KEY)
    assert made == fresh_identifiers(SCHEMA, 20, key=KEY)
    assert made != fresh_identifiers(SCHEMA, 20, key=bytes(32))
