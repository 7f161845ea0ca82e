from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from evaluation.dossier import expert_determination, iso_27559
from evaluation.report import Disclosure
from evaluation.safe_harbor import ITEMS, safe_harbor
from evaluation.statement import PrivacyStatement
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def _schema(*fields: dict[str, Any]) -> TableSchema:
    return TableSchema.parse({"fields": list(fields)})


def test_all_eighteen_identifiers_have_a_line(schema: TableSchema, draw: Draw) -> None:
    metric, table = safe_harbor(schema, draw(100, 1))
    assert [item.letter for item in ITEMS] == list("ABCDEFGHIJKLMNOPQR")
    assert len(table.rows) == 18
    assert metric.status.value == "green"
    assert metric.disclosure is table.disclosure is Disclosure.RELEASABLE
    by_letter = {row[0][1]: row[1] for row in table.rows}
    assert "admitted: synthetic dates" in by_letter["C"]
    assert "synthetic ages above 89" in by_letter["C"]
    assert by_letter["R"] == "patient: declared, invented values"


@pytest.mark.parametrize(
    ("letter", "value"),
    [
        ("F", "mail a.b@c.example today"),
        ("G", "ssn 123-45-6789"),
        ("D", "call (555) 010-1234"),
        ("N", "see https://a.example/x"),
        ("O", "from 10.0.0.12 again"),
    ],
)
def test_one_literal_in_an_undeclared_column_is_red(letter: str, value: str) -> None:
    schema = _schema({"name": "remark", "type": "string"})
    metric, table = safe_harbor(schema, pa.table({"remark": [*["nothing here"] * 50, value]}))
    assert metric.status.value == "red"
    assert metric.subject == "remark"
    assert value not in str(table.rows)
    assert next(row[1] for row in table.rows if row[0][1] == letter) == "remark: 1 values look like it"


def test_a_declared_column_is_listed_and_not_red() -> None:
    schema = _schema({"name": "mail", "type": "string", "understudy:kind": "email"}, {"name": "x", "type": "number"})
    metric, table = safe_harbor(schema, pa.table({"mail": ["a@b.example"] * 20, "x": [1.0] * 20}))
    assert metric.status.value == "green"
    assert table.rows[5][1] == "mail: declared, invented values"


def test_numbers_that_only_look_like_something_are_left_alone() -> None:
    schema = _schema({"name": "code", "type": "string"}, {"name": "ratio", "type": "number"})
    metric, _ = safe_harbor(schema, pa.table({"code": ["12-34", "1.2.3", "555-0101"], "ratio": [1.0, 2.0, 3.0]}))
    assert metric.status.value == "green"


def test_the_expert_form_has_every_field_and_leaves_judgement_to_the_expert() -> None:
    statement = PrivacyStatement.from_dict({"epsilon": 1.0, "delta": 1e-6, "table": "Stays"})
    table = expert_determination(statement, {}, {"recipients": "research staff"}, ["one limit", "another"])
    fields = dict(table.rows)
    for paragraph in ("(b)(1)", "(b)(1)(i)", "(b)(1)(ii)"):
        assert any(field.startswith(paragraph + " ") for field in fields)
    assert fields["(b)(1)(i) Determination that the risk is very small"] == "owner to fill"
    assert fields["(b)(1)(i) Anticipated recipients"] == "research staff"
    assert "at most e^1" in fields["(b)(1)(i) Risk of use in combination: bound that holds for any other information"]


def test_every_clause_has_a_path_or_is_for_the_owner() -> None:
    table = iso_27559()
    assert {row[0].split(".")[0] for row in table.rows} == {"6", "7", "8", "9"}
    assert any(row[0].startswith("8.2.3") and "risk.membership" in row[1] for row in table.rows)
    assert all(row[1] for row in table.rows)
    assert table.disclosure is Disclosure.OWNER
