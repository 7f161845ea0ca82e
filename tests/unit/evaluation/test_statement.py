import math

import pytest

from evaluation.statement import BudgetPosition, PrivacyStatement, build


def _statement(epsilon: float | None = 1.2, **other: object) -> PrivacyStatement:
    values: dict[str, object] = {
        "job_id": "j1",
        "table": "stays",
        "engine": "mst",
        "unit_column": "patient",
        "max_rows": 5,
        "epsilon": epsilon,
        "delta": 1e-5,
        "accountant": "RDP",
        "events": [("one-way", {"type": "gaussian", "noise_multiplier": 3.5})],
        "provenance": {"age": "declared", "city": "dp"},
        "budget": BudgetPosition(
            population="p", epsilon_granted=10, epsilon_left=8.8, delta_granted=1e-5, delta_left=0
        ),
        "code_version": "0.1.0",
    }
    return build(**(values | other))  # type: ignore[arg-type]


def test_json_there_and_back() -> None:
    statement = _statement()
    assert PrivacyStatement.from_json(statement.to_json()) == statement
    assert _statement(epsilon=None).as_dict()["odds_factor"] is None


def test_the_sentence_says_the_odds() -> None:
    assert "at most e^1.2 = 3.32, except with probability 1e-5." in _statement().sentence
    assert "no formal privacy guarantee" in _statement(epsilon=None).sentence
    assert _statement().unit == "one value of patient (at most 5 rows)"


def test_an_absurd_epsilon_is_told_and_not_overflowed() -> None:
    statement = _statement(epsilon=5000.0)
    assert statement.odds == math.inf
    assert statement.as_dict()["odds_factor"] is None


@pytest.mark.parametrize(
    "wrong", [{"epsilon": 0.0}, {"epsilon": math.nan}, {"delta": 1.0}, {"provenance": {"a": "guessed"}}]
)
def test_what_is_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is"):
        _statement(**wrong)


def test_an_older_or_larger_document_still_reads_and_another_kind_does_not() -> None:
    assert PrivacyStatement.from_dict({}).epsilon is None
    document = _statement().as_dict() | {"a_later_key": 1}
    assert PrivacyStatement.from_dict(document) == _statement()
    with pytest.raises(ValueError, match="known version"):
        PrivacyStatement.from_dict({"format": "something/9"})


def test_rows_made_of_synthetic_rows_are_said_to_be() -> None:
    second = _statement(generation=2, made_from_release="job_1")
    assert "release job_1: generation 2" in second.lineage
    assert PrivacyStatement.from_json(second.to_json()) == second
    older = {key: value for key, value in _statement().as_dict().items() if key not in ("generation", "lineage")}
    assert PrivacyStatement.from_dict(older).lineage == "Made of real rows."
