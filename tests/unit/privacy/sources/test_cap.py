"""The cap of a pushed-down table: its salt tells nothing of the key, and its units have one text everywhere."""

from __future__ import annotations

import pytest

from privacy.sources.cap import Cap
from understudy.errors import UsageError
from understudy.schema import TableSchema


def schema(type_: str, *, column: bool = True) -> TableSchema:
    unit = {"understudy:privacyUnit": {"column": "who", "maxRows": 3}} if column else {}
    return TableSchema.parse({"fields": [{"name": "who", "type": type_}, {"name": "v", "type": "boolean"}], **unit})


def test_the_salt_follows_from_the_key_and_does_not_show_it() -> None:
    first, again, other = (Cap.of(schema("string"), key=key) for key in (b"k" * 32, b"k" * 32, b"l" * 32))
    assert first == again
    assert first is not None
    assert other is not None
    assert first.salt != other.salt
    assert len(bytes.fromhex(first.salt)) == 32
    assert (b"k" * 32).hex() not in first.salt
    assert (first.column, first.max_rows) == ("who", 3)


def test_without_a_unit_nothing_is_capped() -> None:
    assert Cap.of(schema("string", column=False), key=b"k") is None


@pytest.mark.parametrize("type_", ["number", "date", "datetime", "boolean"])
def test_a_unit_whose_text_differs_between_databases_is_refused(type_: str) -> None:
    with pytest.raises(UsageError) as caught:
        Cap.of(schema(type_), key=b"k")
    assert caught.value.reason == "unit-type"
