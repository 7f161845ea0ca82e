"""Conditions as typed on a command line become the JSON of a job."""

from __future__ import annotations

import pytest

from understudy.errors import UsageError
from understudy.schema import TableSchema
from understudy.wishes import impute, rebalance, where

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer"},
            {"name": "dose", "type": "number"},
            {"name": "ill", "type": "boolean"},
            {"name": "ward", "type": "string"},
            {"name": "seen", "type": "date"},
        ]
    }
)


def test_values_and_ranges() -> None:
    asked = where(["ward=A1", "ward=a=b..c", "ill=TRUE", "age=65..", "dose=0.5..2", "seen=..2024-01-31"], SCHEMA)
    assert asked == {
        "ward": ["A1", "a=b..c"],
        "ill": [True],
        "age": {"minimum": 65},
        "dose": {"minimum": 0.5, "maximum": 2},
        "seen": {"maximum": "2024-01-31"},
    }


def test_shares() -> None:
    assert rebalance(["ill:true=0.5", "ward:A:1=.2", "ward:B=0.3"], SCHEMA) == {
        "ill": {"true": 0.5},
        "ward": {"A:1": 0.2, "B": 0.3},
    }


@pytest.mark.parametrize("wish", ["age", "age=", "height=3", "=3"])
def test_what_is_no_condition_is_refused(wish: str) -> None:
    with pytest.raises(UsageError) as refused:
        where([wish], SCHEMA)
    assert refused.value.reason == "condition-invalid"


def test_values_and_a_range_of_one_column_are_refused() -> None:
    with pytest.raises(UsageError):
        where(["age=3", "age=5..6"], SCHEMA)


@pytest.mark.parametrize("wish", ["ill=0.5", "ill:true", "ill:true=x", "ill:=0.5", "height:1=0.5"])
def test_what_is_no_share_is_refused(wish: str) -> None:
    with pytest.raises(UsageError) as refused:
        rebalance([wish], SCHEMA)
    assert refused.value.reason == "condition-invalid"


def test_columns_to_fill_are_a_list_or_given_one_by_one() -> None:
    names = list(SCHEMA.names)
    assert impute([",".join(names[:2]), names[0]], SCHEMA) == names[:2]
    with pytest.raises(UsageError) as caught:
        impute([f"{names[0]},nobody"], SCHEMA)
    assert caught.value.reason == "condition-invalid"
