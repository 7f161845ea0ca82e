"""Gates and the search for literals: what refuses, what does not, and that unknown is not good."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from evaluation.gates import Policy, verdicts
from evaluation.gates import refusals as names_of
from evaluation.literals import literals_in
from understudy.errors import UsageError
from understudy.schema import TableSchema


def report(*, stop: bool = False, epsilon: float | None = 1.0, **metrics: Any) -> dict[str, Any]:
    made = [
        {"id": name.replace("__", "."), "value": value, "ci": [0.0, high], "status": "green"}
        for name, (value, high) in metrics.items()
    ]
    return {"stop": stop, "statement": {"epsilon": epsilon}, "sections": [{"metrics": made}]}


def refusals(policy: Policy, owner_report: dict[str, Any], *, n_literals: int = 0) -> tuple[str, ...]:
    return names_of(verdicts(policy, owner_report, n_literals=n_literals))


GOOD = report(
    risk__membership=(0.5, 0.53),
    risk__verbatim=(0.0, 0.01),
    risk__linkability=(0.0, 0.02),
    fidelity__tvd2__mean=(0.01, 0.02),
)
ALL = Policy(max_epsilon=1.0, max_attack_auc=0.6, max_attack_rate=0.05, min_fidelity=0.9)


def test_a_good_release_passes_every_gate() -> None:
    assert refusals(ALL, GOOD) == ()


@pytest.mark.parametrize(
    ("changed", "gate"),
    [
        ({"max_epsilon": 0.5}, "max_epsilon"),
        ({"max_attack_auc": 0.52}, "max_attack_auc"),
        ({"max_attack_rate": 0.015}, "max_attack_rate"),
        ({"min_fidelity": 0.99}, "min_fidelity"),
    ],
)
def test_each_gate_refuses_by_the_end_of_the_interval(changed: dict[str, Any], gate: str) -> None:
    assert refusals(Policy(**ALL.as_dict() | changed), GOOD) == (gate,)


def test_a_stop_and_a_literal_always_refuse() -> None:
    assert refusals(Policy(), GOOD | {"stop": True}) == ("stop",)
    assert refusals(Policy(), GOOD, n_literals=1) == ("no_pii_literal",)
    assert refusals(Policy(no_pii_literal=False), GOOD, n_literals=1) == ()


def test_what_could_not_be_judged_refuses() -> None:
    assert refusals(ALL, report(epsilon=None)) == (
        "max_epsilon",
        "max_attack_auc",
        "max_attack_rate",
        "min_fidelity",
    )
    grey = report(risk__membership=(0.5, 0.53))
    grey["sections"][0]["metrics"][0]["status"] = "grey"
    assert refusals(Policy(max_attack_auc=0.9), grey) == ("max_attack_auc",)
    assert refusals(Policy(), {}) == ("stop",)


def test_a_verdict_says_what_was_held_against_which_limit() -> None:
    found = {verdict.gate: verdict.as_dict() for verdict in verdicts(ALL, GOOD, n_literals=2)}
    assert found["max_attack_auc"] == {"gate": "max_attack_auc", "limit": 0.6, "found": 0.53, "refused": False}
    assert found["min_fidelity"]["found"] == pytest.approx(0.98)
    assert found["no_pii_literal"] == {"gate": "no_pii_literal", "limit": 0.0, "found": 2.0, "refused": True}
    assert found["stop"]["refused"] is False
    unknown = {verdict.gate: verdict for verdict in verdicts(ALL, report(epsilon=None), n_literals=0)}
    assert unknown["max_attack_rate"].found is None
    assert unknown["max_attack_rate"].refused


def test_a_job_can_only_be_stricter() -> None:
    house = Policy(max_epsilon=2.0, min_fidelity=0.5, no_pii_literal=True)
    asked = Policy(max_epsilon=8.0, min_fidelity=0.8, max_attack_auc=0.7, no_pii_literal=False)
    assert house.and_also(asked) == Policy(max_epsilon=2.0, min_fidelity=0.8, max_attack_auc=0.7, no_pii_literal=True)
    assert Policy().and_also(Policy()) == Policy()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"max_eps": 1},
        {"max_epsilon": "1"},
        {"max_epsilon": True},
        {"max_epsilon": -1},
        {"max_epsilon": float("nan")},
        {"min_fidelity": 1.5},
        {"no_pii_literal": 1},
    ],
)
def test_a_policy_with_a_fault_is_refused(document: object) -> None:
    with pytest.raises(UsageError) as caught:
        Policy.parse(document)
    assert caught.value.reason == "policy-invalid"


def test_a_policy_is_read_back() -> None:
    assert Policy.parse(ALL.as_dict()) == ALL
    assert Policy.parse({}) == Policy()


# --- literals ---------------------------------------------------------------------------------------------------

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "name", "type": "string", "understudy:kind": "name"},
            {"name": "mrn", "type": "integer", "understudy:kind": "identifier"},
            {"name": "sent_by", "type": "string"},
            {"name": "ward", "type": "string", "constraints": {"enum": ["North Wing", "South"]}},
            {"name": "note", "type": "text"},
        ]
    }
)
REAL = pa.table(
    {
        "name": ["Ada Q. Lovelace", "North Wing", "Bo", None],
        "mrn": pa.array([4_711_812, 12, 8_800_001, None], pa.int64()),
        "sent_by": ["x", "x", "x", "x"],
        "ward": ["South"] * 4,
        "note": ["seen"] * 4,
    }
)


def made(**columns: list[str | None]) -> pa.Table:
    base: dict[str, list[str | None]] = {name: ["Jo Doe"] for name in ("name", "sent_by", "ward", "note")}
    return pa.table({name: pa.array(values, pa.string()) for name, values in (base | columns).items()})


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (made(), {}),
        (made(sent_by=["ADA q.  Lovelace"]), {"sent_by": 1}),
        (made(note=["Thanks to (Ada Q. Lovelace), who came."]), {"note": 1}),
        (made(note=["file 4711812 was lost"], sent_by=["8800001"]), {"note": 1, "sent_by": 1}),
        (made(note=["ward 12, seen with Bo"]), {}),  # too short to mean anything
        (made(name=["Ada Q. Lovelace"]), {}),  # invented from no row: chance
        (made(ward=["North Wing"]), {}),  # declared: public
        (made(sent_by=["North Wing"]), {"sent_by": 1}),
        (made(sent_by=["Lovelace"], note=["Ada Lovelace"]), {}),
        (made(note=[None]), {}),
    ],
)
def test_literals_are_found_where_they_mean_a_leak(output: pa.Table, found: dict[str, int]) -> None:
    assert literals_in(REAL, output, SCHEMA, key=b"k" * 32) == found


def test_without_identifying_columns_there_is_nothing_to_find() -> None:
    schema = TableSchema.parse({"fields": [{"name": "a", "type": "string"}]})
    assert literals_in(pa.table({"a": ["Ada Lovelace"]}), pa.table({"a": ["Ada Lovelace"]}), schema, key=b"k") == {}


def test_a_word_that_many_share_is_a_hit_in_text_and_none_as_a_category() -> None:
    fields = [
        {"name": "surname", "type": "string", "understudy:kind": "last_name"},
        {"name": "hospital", "type": "string"},
        {"name": "note", "type": "text"},
    ]
    schema = TableSchema.parse({"fields": fields})
    real = pa.table({"surname": ["Holloway"], "hospital": ["Holloway"], "note": ["seen"]})
    output = pa.table({"surname": ["Doe"], "hospital": ["Holloway"], "note": ["saw Holloway today"]})
    assert literals_in(real, output, schema, key=b"k" * 32) == {"note": 1}


def test_who_may_have_it_and_until_when_are_words_and_no_gate() -> None:
    said = Policy.parse({"recipients": "The registry in Bern", "expires": "2027-01-31"})
    assert refusals(said, GOOD) == ()
    assert said.facts() == {"recipients": "The registry in Bern", "expires": "2027-01-31"}
    assert "Bern" not in said.in_words()
    assert Policy().facts() == {}
    house = Policy(expires="2026-12-31", recipients="Nobody")
    assert said.and_also(house).facts() == {"recipients": "The registry in Bern", "expires": "2026-12-31"}
    assert Policy().and_also(house).facts() == house.facts()
    assert Policy.parse(said.as_dict()) == said


@pytest.mark.parametrize(
    "document",
    [
        {"expires": "next year"},
        {"expires": "20270131"},
        {"expires": 2027},
        {"recipients": ""},
        {"recipients": "x" * 201},
        {"recipients": "two\nlines"},
        {"recipients": ["a"]},
    ],
)
def test_odd_words_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        Policy.parse(document)
    assert caught.value.reason == "policy-invalid"
