import numpy as np
import pytest

from evaluation.belief import belief, precision
from evaluation.groups import Grouping
from evaluation.membership import Audit
from evaluation.subgroups import Outcome, worst_off
from evaluation.tradeoff import TradeOff


def _outcome(leaky: float, scored: bool, n: int = 600) -> tuple[Outcome, Grouping]:
    """Group 1 is attacked with success `leaky`, group 0 not at all."""
    rng = np.random.default_rng(0)
    codes = {role: (np.arange(n) % 5 == 0).astype(np.int64) for role in ("members", "controls")}
    value = {side: rng.random(n) if scored else (rng.random(n) < 0.1).astype(float) for side in ("trained", "unseen")}
    hit = (codes["members"] == 1) & (rng.random(n) < leaky)
    value["trained"] = np.where(hit, 2.0 if scored else 1.0, value["trained"])
    rows = {side: np.arange(n) for side in value}
    outcome = Outcome(
        attack="Test", role={"trained": "members", "unseen": "controls"}, rows=rows, value=value, scored=scored
    )
    return outcome, Grouping(column="ward", protected=False, codes=codes, labels=("north", "south"))


@pytest.mark.parametrize("scored", [True, False])
def test_a_leak_in_one_group_is_found_without_being_named(scored: bool) -> None:
    outcome, group = _outcome(0.6, scored)
    found = worst_off([outcome], [group])
    assert found.metric.status.value == "red"
    assert found.metric.subject == "Test, ward = south"
    assert found.figures[0].labels[0] == "ward = south"
    assert found.tables[0].rows[0][0] == "ward = south"


@pytest.mark.parametrize("scored", [True, False])
def test_no_leak_is_green_and_small_groups_are_left_out(scored: bool) -> None:
    outcome, group = _outcome(0.0, scored)
    assert worst_off([outcome], [group]).metric.status.value == "green"
    outcome, group = _outcome(0.9, scored, n=29)
    assert worst_off([outcome], [group]).metric.status.value == "grey"


def test_many_groups_do_not_make_a_false_alarm() -> None:
    """50 tables of 10 groups and 2 attacks each; Holm at 0.001 allows one red in twenty such tests."""
    rng, red = np.random.default_rng(3), 0
    for _ in range(50):
        codes = {role: rng.integers(0, 10, 800) for role in ("members", "controls")}
        group = Grouping(column="g", protected=False, codes=codes, labels=tuple("abcdefghij"))
        rows = {side: np.arange(800) for side in ("trained", "unseen")}
        role = {"trained": "members", "unseen": "controls"}
        outcomes = [
            Outcome(attack=str(scored), role=role, rows=rows, scored=scored, value={s: draw() for s in rows})
            for scored, draw in ((True, lambda: rng.random(800)), (False, lambda: (rng.random(800) < 0.2) * 1.0))
        ]
        red += worst_off(outcomes, [group]).metric.status.value == "red"
    assert red == 0


def test_precision_is_bayes_rule() -> None:
    assert precision(0.01, 0.01) == pytest.approx(0.01)  # an attack that does no better than chance teaches nothing
    assert precision(0.10, 1.0, 0.0) == 1
    assert precision(0.001, 0.5) == pytest.approx(0.0005 / (0.0005 + 0.00999))


def test_the_table_of_beliefs_has_the_guarantee_beside_the_attack() -> None:
    rng = np.random.default_rng(0)
    member = rng.random(2_000) < 0.5
    found = Audit(
        score=rng.normal(size=2_000) + 3 * (member & (rng.random(2_000) < 0.3)), isolation=member * 0.0, member=member
    )
    (table,) = belief(found, TradeOff(epsilon=1.0, delta=0.0))
    assert [row[0] for row in table.rows] == ["0.1%", "1.0%", "10.0%"]
    assert len(table.header) == len(table.rows[0]) == 5
    assert table.rows[1][4] == "2.7%"  # e/99 to odds
    assert belief(None, None) == ()
    (plain,) = belief(found, None)
    assert len(plain.header) == 3
