"""A paid job always has rows: as asked for, or as the model has them, and the facts say which."""

from __future__ import annotations

import pyarrow as pa
import pytest

from privacy.codecs import ValuesCodec
from privacy.discretisation import Discretisation
from service.tasks.sampling import conditions_of, rows_of
from synthesizers.conditions import Conditions
from synthesizers.imputation import unknown_column
from understudy.errors import UsageError
from understudy.rules import Constraint, Order
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "a", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
            {"name": "b", "type": "integer", "constraints": {"minimum": 0, "maximum": 9}},
        ]
    }
)


class Fixed:
    """Always a = 1 and b = 0."""

    def __init__(self, *constraints: Constraint) -> None:
        self.constraints = constraints
        codecs = [ValuesCodec(name=name, type="integer", values=(), other=False, nullable=True) for name in "ab"]
        self.discretisation = Discretisation(codecs=tuple(codecs), provenance={})

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        n = 5 if n_rows is None else n_rows
        return pa.table({"a": [1] * n, "b": pa.array([None if self.gaps else 0] * n, pa.int64())})

    gaps = False

    def completed(self, *_: object, **__: object) -> None:
        raise unknown_column("b")

    def conditioned(self, conditions: Conditions) -> None:
        return None


def rows(model: Fixed, where: dict[str, object]) -> tuple[pa.Table, dict[str, object]]:
    conditions = conditions_of({"conditions": {"where": where}}, SCHEMA)
    return rows_of(model, 7, seed=1, conditions=conditions)  # type: ignore[arg-type]


def test_rows_as_asked_for() -> None:
    made, facts = rows(Fixed(), {"a": [1]})
    assert made.num_rows == 7
    assert (facts["rejection_rate"], "unmet" in facts) == (0, False)


def test_a_condition_that_cannot_be_met_is_given_up_and_told() -> None:
    made, facts = rows(Fixed(), {"a": [2]})
    assert (made.num_rows, facts["unmet"]) == (7, ["condition-too-rare"])


def test_a_constraint_that_cannot_be_kept_is_told_too() -> None:
    made, facts = rows(Fixed(Order(columns=("a", "b"))), {})
    assert (made.num_rows, facts["unmet"]) == (7, ["condition-too-rare"])


def test_cells_that_cannot_be_filled_are_left_empty_and_the_other_wishes_stand() -> None:
    model = Fixed()
    model.gaps = True
    conditions = conditions_of({"conditions": {"where": {"a": [1]}, "impute": ["b"]}}, SCHEMA)
    made, facts = rows_of(model, 7, seed=1, conditions=conditions)  # type: ignore[arg-type]
    assert (made["b"].null_count, facts["unmet"]) == (7, ["impute-unknown"])
    assert facts["rejection_rate"] == 0


def test_a_request_of_before_asks_for_nothing() -> None:
    assert not conditions_of({}, SCHEMA)


def test_what_was_checked_before_is_checked_again() -> None:
    with pytest.raises(UsageError):
        conditions_of({"conditions": {"where": {"c": [1]}}}, SCHEMA)
