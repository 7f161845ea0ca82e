import re
from typing import Any
from xml.etree import ElementTree

import pytest

from evaluation.charts import draw

NASTY = '<script>alert("$x$")</script> style="a" --> & $\\frac{1}{2}$'


def _figure(kind: str) -> dict[str, Any]:
    series = {
        "histogram": {"Synthetic": [0.5, 0.3, 0.1, 0.1], "Training": [0.4, 0.4, 0.1, 0.1]},
        "heat": {"a": [None, 0.1, 0.2, 0.0], "b": [0.1, None, 0.0, -0.01], "c": [0.2, 0.0, None, 0.3], "d": [0] * 4},
        "grid": {NASTY: [0.1, None, -0.001, 0.3], "Linkability": [0.0, 0.2, 0.01, 0.1]},
        "intervals": {"AUC": [0.5] * 4, "Low": [0.45] * 4, "High": [0.6] * 4},
        "roc": {"Attack": [0.01, 0.2, 0.5, 1.0], "Allowed by the guarantee": [0.03, 0.4, 0.9, 1.0]},
        "budget": {"Epsilon": [1.0, 0.5, 8.5]},
    }[kind]
    labels = ["0.002", "0.05", "0.3", "1"] if kind == "roc" else [NASTY, "b", "c", "d"][: 3 if kind == "budget" else 4]
    return {
        "id": f"{kind}-1",
        "kind": kind,
        "title": NASTY,
        "description": NASTY,
        "labels": labels,
        "series": [{"name": name, "values": values} for name, values in series.items()],
        "options": {"red": 0.55 if kind == "intervals" else 0.1, "amber": 0.52, "guess": 0.5},
    }


@pytest.mark.parametrize("kind", ["histogram", "heat", "grid", "intervals", "roc", "budget"])
def test_a_chart_is_well_formed_named_and_free_of_styles(kind: str) -> None:
    svg = draw(_figure(kind))
    root = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    names = [element.tag.split("}")[-1] for element in root.iter()]
    assert {"style", "script", "metadata", "image"}.isdisjoint(names)
    assert names[1:3] == ["title", "desc"]
    assert root.get("role") == "img"
    assert all("style" not in element.attrib for element in root.iter())
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert all(id_.startswith(f"{kind}-1-") for id_ in ids)
    assert "http" not in re.sub(r"https?://www\.w3\.org", "", svg)


@pytest.mark.parametrize("kind", ["histogram", "roc"])
def test_the_same_figure_gives_the_same_bytes(kind: str) -> None:
    assert draw(_figure(kind)) == draw(_figure(kind))


def test_intervals_may_lie_on_the_other_side_and_carry_a_tick() -> None:
    figure = _figure("intervals")
    figure["options"] = {
        "red": 0.8,
        "amber": 0.9,
        "guess": 1.0,
        "better": "higher",
        "low": 0.0,
        "high": 2.0,
        "axis": "x",
    }
    figure["series"] = [*figure["series"], {"name": "Smallest visible", "values": [0.3, None, 0.2, 0.4]}]
    figure["labels"] = [f"a long name of a group, number {i}" for i in range(4)]
    assert "<svg" in draw(figure)


def test_an_ordered_histogram_of_one_bar_draws() -> None:
    figure = _figure("histogram") | {"options": {"ordered": 1.0}, "labels": ["3", "other", "missing"]}
    figure["series"] = [{"name": "Synthetic", "values": [0.0, 0.0, 1.0]}]
    assert "<svg" in draw(figure)


def test_drawing_leaves_the_global_settings_alone() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    draw(_figure("budget"))
    assert dict(mpl.rcParams) == before


def test_a_budget_without_a_guarantee_shows_no_number_for_it() -> None:
    figure = _figure("budget") | {"series": [{"name": "Epsilon", "values": [1.0, None, 8.5]}]}
    svg = draw(figure)
    assert ">no guarantee<" in svg
    assert ">0<" not in svg
    assert "no guarantee" not in draw(_figure("budget"))
