import math

from evaluation.guarantee import guarantee
from evaluation.report import Disclosure, Status
from evaluation.statement import PrivacyStatement


def _lights(**fields: object) -> list[Status]:
    document = {"epsilon": 1.0, "delta": 1e-5, "provenance": {"a": "declared"}} | fields
    return [metric.status for metric in guarantee(PrivacyStatement.from_dict(document)).metrics]


def test_lights_follow_the_policy() -> None:
    assert _lights() == [Status.GREEN, Status.GREEN]
    assert _lights(epsilon=4.0)[0] is Status.AMBER
    assert _lights(epsilon=11.0)[0] is Status.RED
    assert _lights(epsilon=None)[0] is Status.RED
    assert _lights(provenance={"a": "declared", "b": "raw"})[1] is Status.RED
    assert _lights(provenance={})[1] is Status.GREY


def test_everything_in_it_may_be_released() -> None:
    section = guarantee(PrivacyStatement.from_dict({"epsilon": math.log(3), "delta": 0.0}))
    assert {metric.disclosure for metric in section.metrics} == {Disclosure.RELEASABLE}
    assert section.tables[0].rows[0] == ("1%", "2.9%")


def test_events_are_told_in_words_and_counted() -> None:
    gaussian = {"type": "gaussian", "noise_multiplier": 12.5}
    events = [
        {"purpose": "one-way", "event": gaussian},
        {"purpose": "one-way", "event": gaussian},
        {"purpose": "pairs", "event": {"type": "self_composed", "event": gaussian, "count": 7}},
        {"purpose": "keys", "event": {"type": "composed", "events": [{"type": "failure", "delta": 1e-6}, gaussian]}},
        {"purpose": "sealed", "event": {"type": "zcdp", "rho": 0.0177518, "xi": 0.0}},
        {"purpose": "fit", "event": {"type": "non_private"}},
    ]
    section = guarantee(PrivacyStatement.from_dict({"epsilon": 1.0, "delta": 1e-5, "events": events}))
    rows = dict(next(table for table in section.tables if table.id == "guarantee-events").rows)
    assert rows == {
        "one-way": "2 × Gaussian noise, multiplier 12.5",
        "pairs": "7 × Gaussian noise, multiplier 12.5",
        "keys": "threshold, fails with probability 1e-6; Gaussian noise, multiplier 12.5",
        "sealed": "an engine as a whole, zero-concentrated with rho 0.01775",
        "fit": "the rows themselves, without any guarantee",
    }


def test_facts_of_one_column_stand_in_one_line() -> None:
    provenance = {"age: bounds": "declared", "age: missing": "declared", "stay: edges": "dp", "plain": "public"}
    section = guarantee(PrivacyStatement.from_dict({"epsilon": 1.0, "provenance": provenance}))
    rows = next(table for table in section.tables if table.id == "guarantee-origins").rows
    assert rows[0] == ("age", "bounds declared; missing declared")
    assert rows[1:] == (("stay", "edges bought with budget"), ("plain", "public"))


def test_a_release_without_a_guarantee_has_no_epsilon_in_the_budget_s_chart() -> None:
    """0 would read as perfect privacy. What it spent was for the domain, and counts as spent."""
    budget = {"epsilon_granted": 10.0, "epsilon_left": 8.0}
    bare, private = (
        guarantee(PrivacyStatement.from_dict({"epsilon": epsilon, "budget": budget})).figures[0]
        for epsilon in (None, 1.5)
    )
    assert bare.series[0].values == (2.0, None, 8.0)
    assert private.series[0].values == (0.5, 1.5, 8.0)
    assert "no formal guarantee" in bare.description
