"""The first page: why a bundle is withheld, what a grey card lacks, and where an interval lies between the lights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluation.page_one import page_one


def metric(**changed: Any) -> dict[str, Any]:
    return {
        "title": "Distance",
        "subject": "",
        "status": "amber",
        "value": 0.05,
        "ci": [0.03, 0.07],
        "level": 0.95,
        "unit": "excess",
        "n_control": None,
        "notes": [],
        "threshold": {"amber": 0.02, "red": 0.10, "better": "lower", "source": "ours"},
    } | changed


def report(*metrics: dict[str, Any], **changed: Any) -> dict[str, Any]:
    sections = [
        {"id": "fidelity", "title": "Fidelity", "status": one["status"], "metrics": [one], "tables": []}
        for one in metrics
    ]
    statement = {"sentence": "At most e."}
    return {"kind": "owner", "attempts": 1, "statement": statement, "sections": sections} | changed


def card(**changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = page_one(report(metric(**changed)))["lights"][0]
    return found


def test_a_refused_release_names_its_gates_and_an_unknown_one_is_not_kept() -> None:
    gates = [
        {"gate": "stop", "limit": None, "found": None, "refused": False},
        {"gate": "min_fidelity", "limit": 0.9, "found": 0.85, "refused": True},
        {"gate": "max_attack_auc", "limit": 0.6, "found": None, "refused": True},
        {"gate": "no_pii_literal", "limit": 0.0, "found": 0.0, "refused": False},
    ]
    page = page_one(report(metric(), gates=gates))
    assert page["refused"].startswith("Withheld by its policy. Not kept: Fidelity at least 0.9; Upper end of every")
    assert [(gate["found"], gate["refused"]) for gate in page["gates"]] == [
        ("", False),
        ("0.85", True),
        ("not known", True),
        ("0", False),
    ]
    assert page_one(report(metric(), gates=gates, stop=True))["refused"] == ""  # the page shouts already
    assert page_one(report(metric()))["refused"] == ""


def test_a_bar_goes_from_good_to_bad_in_the_metrics_own_direction() -> None:
    low = card()["bar"]
    assert low["amber"][0] < low["red"][0]
    assert sum(low["red"]) == 100
    assert low["line"][0] < low["point"] < sum(low["line"])
    high = card(threshold={"amber": 0.9, "red": 0.7, "better": "higher", "source": "ours"}, value=0.8, ci=[0.75, 0.85])
    assert high["bar"]["red"][0] == 0
    assert sum(high["bar"]["red"]) == high["bar"]["amber"][0]


@pytest.mark.parametrize(
    "changed",
    [
        {"value": None},
        {"ci": None},
        {"ci": [0.1, None]},
        {"threshold": None},
        {"threshold": {"amber": 0.01, "red": 0.001, "better": "lower", "source": "p value; Holm"}},
    ],
)
def test_what_has_no_line_has_no_bar(changed: dict[str, Any]) -> None:
    assert card(**changed)["bar"] is None


def test_a_grey_card_says_what_it_lacks_and_a_green_one_says_no_more() -> None:
    assert card(status="grey", notes=["first", "needs 30 people"])["why"] == "needs 30 people"
    assert card(status="green", notes=["distance 0.05"])["why"] == ""


def test_how_far_a_belief_can_move_stands_below_the_promise() -> None:
    found = report(metric())
    found["sections"][0]["tables"] = [{"id": "guarantee-odds", "rows": [["1%", "2.7%"], ["50%", "73%"]]}]
    assert (
        page_one(found)["odds"]
        == "Furthest that a belief about any one person can move: of 1%, to 2.7%; of 50%, to 73%."
    )
    assert page_one(report(metric()))["odds"] == ""


@pytest.mark.parametrize(("epsilon", "is_promised"), [(1.0, True), (None, False)])
def test_a_release_without_a_guarantee_says_so_in_red(epsilon: float | None, is_promised: bool) -> None:
    shown = page_one(report(statement={"sentence": "None.", "epsilon": epsilon}))
    assert shown["is_promised"] is is_promised
    template = (Path(__file__).resolve().parents[3] / "evaluation" / "templates" / "report.html").read_text()
    assert '"" if is_promised else " unpromised"' in template


@pytest.mark.parametrize(("generation", "promise"), [(1, "At most e."), (2, "At most e. Made of synthetic rows.")])
def test_of_rows_made_of_synthetic_rows_it_says_so_beside_the_promise(generation: int, promise: str) -> None:
    statement = {"sentence": "At most e.", "generation": generation, "lineage": "Made of synthetic rows."}
    assert page_one(report(metric(), statement=statement))["promise"] == promise


def test_attempts_without_a_guarantee_are_covered_by_none() -> None:
    private = {"sentence": "At most e.", "epsilon": 1.0}
    assert "the guarantee covers each of them" in page_one(report(metric(), attempts=3, statement=private))["attempts"]
    bare = page_one(report(metric(), attempts=3, statement=private | {"epsilon": None}))["attempts"]
    assert bare.endswith("no guarantee covers the choice.")
