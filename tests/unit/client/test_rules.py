"""Constraints in a schema: read, written back, and refused with a pointer where they make no sense."""

from __future__ import annotations

import pytest

from understudy.errors import SchemaError
from understudy.rules import Combinations, Determines, Forbidden, Order, Selection, Sum
from understudy.schema import TableSchema

FIELDS: list[dict[str, object]] = [
    {"name": "admitted", "type": "date"},
    {"name": "discharged", "type": "date"},
    {"name": "ward", "type": "string", "constraints": {"enum": ["A1", "B1"]}},
    {"name": "site", "type": "string"},
    {"name": "sex", "type": "string", "constraints": {"enum": ["m", "f"]}},
    {"name": "pregnant", "type": "boolean"},
    {"name": "age", "type": "integer"},
    {"name": "cost", "type": "number"},
    {"name": "patient", "type": "string", "understudy:kind": "identifier"},
]


def parsed(*constraints: dict[str, object]) -> TableSchema:
    return TableSchema.parse({"fields": FIELDS, "understudy:constraints": list(constraints)})


def test_each_kind_is_read_and_written_back() -> None:
    schema = parsed(
        {"kind": "order", "columns": ["admitted", "discharged"]},
        {"kind": "combinations", "columns": ["ward", "site"], "rows": [["A1", "north"], ["B1", "south"]]},
        {"kind": "forbidden", "where": {"sex": ["m"], "pregnant": [True], "age": {"maximum": 12}}},
        {"kind": "determines", "columns": ["ward", "site"]},
        {"kind": "sum", "columns": ["admitted", "age", "discharged"]},
    )
    assert schema.constraints == (
        Order(columns=("admitted", "discharged")),
        Combinations(columns=("ward", "site"), rows=(("A1", "north"), ("B1", "south"))),
        Forbidden(
            where=(
                ("age", Selection(maximum=12)),
                ("pregnant", Selection(values=(True,))),
                ("sex", Selection(values=("m",))),
            )
        ),
        Determines(columns=("ward", "site")),
        Sum(columns=("admitted", "age", "discharged")),
    )
    assert TableSchema.parse(schema.as_dict()) == schema


def test_a_schema_without_constraints_says_nothing_of_them() -> None:
    assert "understudy:constraints" not in parsed().as_dict()


@pytest.mark.parametrize(
    ("constraint", "pointer"),
    [
        ({"kind": "product"}, ""),
        ({"kind": "sum"}, "/columns"),
        ({"kind": "sum", "columns": ["age", "admitted", "discharged"]}, "/columns"),
        ({"kind": "sum", "columns": ["admitted", "discharged", "age"]}, "/columns"),
        ({"kind": "sum", "columns": ["admitted", "cost", "discharged"]}, "/columns"),
        ({"kind": "sum", "columns": ["cost", "age"]}, "/columns"),
        ({"kind": "sum", "columns": ["sex", "ward"]}, "/columns"),
        ({"kind": "order", "columns": ["admitted"]}, "/columns"),
        ({"kind": "order", "columns": ["admitted", "admitted"]}, "/columns"),
        ({"kind": "order", "columns": ["admitted", "age"]}, "/columns"),
        ({"kind": "order", "columns": ["ward", "site"]}, "/columns"),
        ({"kind": "order", "columns": ["admitted", "patient"]}, "/columns"),
        ({"kind": "order", "columns": ["admitted", "discharged"], "strict": 1}, "/strict"),
        ({"kind": "order", "columns": ["admitted", "discharged"], "rows": []}, "/rows"),
        ({"kind": "combinations", "columns": ["ward", "site"], "rows": []}, "/rows"),
        ({"kind": "combinations", "columns": ["ward", "site"], "rows": [["A1"]]}, "/rows/0"),
        ({"kind": "combinations", "columns": ["ward", "site"], "rows": [["C9", "north"]]}, "/rows/0"),
        ({"kind": "forbidden", "where": {}}, "/where"),
        ({"kind": "forbidden", "where": {"patient": ["x"]}}, "/where"),
        ({"kind": "forbidden", "where": {"sex": []}}, "/where/sex"),
        ({"kind": "forbidden", "where": {"sex": {"minimum": "f"}}}, "/where/sex"),
        ({"kind": "forbidden", "where": {"age": {"least": 1}}}, "/where/age"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(constraint: dict[str, object], pointer: str) -> None:
    with pytest.raises(SchemaError) as refused:
        parsed(constraint)
    assert refused.value.where[0].pointer == f"/understudy:constraints/0{pointer}"


def test_constraints_are_a_list() -> None:
    with pytest.raises(SchemaError):
        TableSchema.parse({"fields": FIELDS, "understudy:constraints": {"kind": "order"}})
