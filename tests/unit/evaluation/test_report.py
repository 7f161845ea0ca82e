import json

import pytest

from evaluation.report import (
    Disclosure,
    Fact,
    Figure,
    Metric,
    Report,
    Section,
    Series,
    Status,
    Table,
    Threshold,
    number,
    worst,
)


def _metric(id_: str, status: Status, disclosure: Disclosure, value: float = 0.25) -> Metric:
    return Metric(id=id_, title=id_, status=status, disclosure=disclosure, method="counted", value=value)


def _report(*sections: Section) -> Report:
    facts = (
        Fact(label="Rows", value="12", disclosure=Disclosure.OWNER),
        Fact(label="Columns", value="3", disclosure=Disclosure.RELEASABLE),
    )
    return Report(
        subject="t", statement={}, attempts=1, facts=facts, sections=sections, power="p", limits=(), stop=False
    )


class TestLight:
    lower = Threshold(amber=0.52, red=0.55)
    higher = Threshold(amber=0.9, red=0.7, better="higher")

    @pytest.mark.parametrize(
        ("ci", "status"),
        [
            ((0.56, 0.60), Status.RED),
            ((0.53, 0.54), Status.AMBER),
            ((0.45, 0.57), Status.AMBER),
            ((0.48, 0.54), Status.GREEN),
        ],
    )
    def test_red_needs_the_whole_interval_and_green_needs_red_excluded(
        self, ci: tuple[float, float], status: Status
    ) -> None:
        assert self.lower.light(ci) is status

    @pytest.mark.parametrize(
        ("ci", "status"),
        [
            ((0.50, 0.65), Status.RED),
            ((0.75, 0.85), Status.AMBER),
            ((0.60, 0.99), Status.AMBER),
            ((0.85, 0.99), Status.GREEN),
        ],
    )
    def test_the_other_side(self, ci: tuple[float, float], status: Status) -> None:
        assert self.higher.light(ci) is status


def test_a_section_is_as_good_as_its_worst_member_and_grey_is_never_green() -> None:
    assert worst([Status.GREEN, Status.GREY]) is Status.GREY
    assert worst([Status.GREY, Status.AMBER]) is Status.AMBER
    assert worst([Status.AMBER, Status.RED, Status.GREEN]) is Status.RED
    assert worst([]) is Status.GREY


def test_the_release_report_holds_releasable_things_only_and_its_own_lights() -> None:
    figure = Figure(
        id="f",
        kind="histogram",
        title="age",
        description="",
        labels=("a",),
        series=(
            Series(name="Synthetic", values=(0.5,), disclosure=Disclosure.RELEASABLE),
            Series(name="Training", values=(0.75,), disclosure=Disclosure.OWNER),
        ),
    )
    mixed = Section(
        id="mixed",
        title="Mixed",
        question="?",
        metrics=(
            _metric("open", Status.GREEN, Disclosure.RELEASABLE),
            _metric("closed", Status.RED, Disclosure.OWNER, value=0.987654),
        ),
        figures=(figure,),
        tables=(Table(id="secret", title="s", header=("h",), rows=(("r",),), disclosure=Disclosure.OWNER),),
    )
    private = Section(
        id="private", title="Private", question="?", metrics=(_metric("x", Status.RED, Disclosure.OWNER),)
    )
    release = _report(mixed, private).as_release_json()
    text = json.dumps(release)
    for word in (
        "closed",
        "0.987654",
        "Training",
        "secret",
        '"private"',
        "0.75",
        "owner",
        "Rows",
        '"power": "p"',
        "stop",
    ):
        assert word not in text
    assert release["sections"][0]["status"] == "green"
    assert release["withheld"] == ["Private"]
    owner = _report(mixed, private).as_owner_json()
    assert [section["status"] for section in owner["sections"]] == ["red", "red"]
    assert owner["withheld"] == []


def test_numbers_that_json_cannot_hold_become_null() -> None:
    assert number(float("inf")) is None
    assert number(float("nan")) is None
    assert number(1 / 3) == 0.333333333333
