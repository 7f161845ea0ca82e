"""Errors cross the wire as their own class, and the tree is whole."""

from __future__ import annotations

import pytest

from service.faults import FAULTS, fault_of, problem_of
from understudy import endpoints
from understudy.errors import ERRORS, BudgetExceeded, Failed, InputRefused, Place, UnderstudyError


def tree(kind: type[UnderstudyError]) -> set[type[UnderstudyError]]:
    return {kind}.union(*(tree(child) for child in kind.__subclasses__()))


def test_every_class_has_a_code_of_its_own_and_a_row_in_the_table() -> None:
    classes = {kind for kind in tree(UnderstudyError) if kind.__module__ == UnderstudyError.__module__} - {
        UnderstudyError
    }
    assert set(ERRORS.values()) == classes
    assert {kind.code for kind in classes} == set(ERRORS)
    for kind in classes:
        assert isinstance(kind("x"), fault_of(kind("x")).kind)
    assert FAULTS[-1].kind is UnderstudyError


@pytest.mark.parametrize("kind", sorted(ERRORS.values(), key=lambda kind: kind.code))
def test_an_error_survives_the_wire(kind: type[UnderstudyError]) -> None:
    sent = kind("No.", code="finer", where=(Place(line=7, column="age"), Place(pointer="/a")), facts={"left": "1"})
    problem = problem_of(sent)
    got = endpoints.error_of(problem.status, problem.model_dump_json().encode())
    assert type(got) is kind
    assert (got.message, got.reason, got.where, got.facts) == ("No.", "finer", sent.where, {"left": "1"})


def test_exit_codes_are_as_promised() -> None:
    assert [BudgetExceeded.exit_code, InputRefused.exit_code, Failed.exit_code] == [3, 4, 5]


def test_an_answer_that_is_no_problem_is_a_failure() -> None:
    assert type(endpoints.error_of(502, b"<html>")) is Failed
