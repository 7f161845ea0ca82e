"""A curve's points tell a good table from a bad one, and its page says what it is and shows only its JSON."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from evaluation.curve import LIMITS, WARNING, document, point
from evaluation.curve_page import html
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    """Every column on its own: right margins, nothing else."""
    rng = np.random.default_rng(seed)
    return pa.table({name: table[name].take(pa.array(rng.permutation(len(table)))) for name in table.column_names})


@pytest.fixture(scope="module")
def points(schema: TableSchema, draw: Draw) -> list[dict[str, Any]]:
    train, controls = draw(900, 1), draw(500, 2)
    tables = {10.0: draw(900, 3), 0.5: shuffled(draw(900, 3), 4)}
    return [point(schema, train, controls, table, epsilon=epsilon) for epsilon, table in tables.items()]


def test_a_good_table_scores_like_real_rows_and_a_bad_one_does_not(points: list[dict[str, Any]]) -> None:
    good, bad = points
    (target,) = good["targets"]
    assert (target["name"], target["score"], target["refusal"]) == ("died", "AUC", "")
    assert target["difference"]["ci"][0] < 0 < target["difference"]["ci"][1] + 0.05
    assert target["difference"]["value"] == pytest.approx(target["synthetic"]["value"] - target["real"]["value"])
    assert bad["targets"][0]["difference"]["ci"][1] < -0.1
    assert bad["targets"][0]["real"] == target["real"]  # paired: the same real rows, the same draws
    assert bad["distance"]["value"] > good["distance"]["value"] + 0.01
    assert bad["distance"]["ci"][0] < bad["distance"]["value"] < bad["distance"]["ci"][1]
    assert good["held_out"] == bad["held_out"]
    assert good["distance"]["value"] == pytest.approx(good["held_out"]["value"], abs=0.03)


def test_the_page_says_what_it_is_and_shows_its_numbers(points: list[dict[str, Any]]) -> None:
    found = document("Stays <&>", {"Engine": "marginal"}, points)
    assert [each["epsilon"] for each in found["points"]] == [0.5, 10.0]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    page = html(found)
    assert "Stays &lt;&amp;&gt;" in page
    assert WARNING in page
    assert all(limit in page for limit in LIMITS)
    assert page.count('<svg class="chart" role="img"') == 2
    assert page.count("<table>") == 2
    assert f"{found['points'][0]['targets'][0]['synthetic']['value']:.3f} [" in page
    assert html(found) == page


def test_the_page_needs_no_script_and_no_network(points: list[dict[str, Any]]) -> None:
    page = html(document("t", {}, points))
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"<script|\sstyle=|\son\w+=|src=|https?://(?!www\.w3\.org)", page.replace(style.group(0), ""))
    names = re.findall(r'\sid="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_what_cannot_be_told_says_why(schema: TableSchema, draw: Draw) -> None:
    few = point(schema, draw(80, 1), draw(10, 2), draw(80, 3), epsilon=1.0)
    assert "held-out rows" in few["targets"][0]["refusal"]
    assert few["targets"][0]["synthetic"] is None
    assert few["held_out"] is None
    page = html(document("t", {}, [few]))
    assert "Not known: needs 30 held-out rows" in page
    assert page.count("<table>") == 1


def test_a_single_column_without_a_target_has_a_distance(draw: Draw) -> None:
    alone = TableSchema.parse({"fields": [{"name": "age", "type": "integer"}]})
    found = point(alone, draw(200, 1), draw(60, 2), draw(200, 3), epsilon=1.0)
    assert found["targets"] == []
    assert found["distance"]["value"] is not None
    nothing = point(TableSchema.parse({"fields": [{"name": "note", "type": "text"}]}), *[draw(60, 1)] * 3, epsilon=1.0)
    assert nothing["distance"] is None
    assert "Not known: nothing to compare" in html(document("t", {}, [nothing]))
