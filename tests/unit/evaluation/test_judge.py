"""The whole judge on ordinary, small and odd tables, and what its pages may and may not hold."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from evaluation.dossier import iso_27559
from evaluation.judge import EvaluationInputs, evaluate, summary
from evaluation.render import html
from evaluation.report import Report
from understudy.errors import InputRefused
from understudy.schema import TableSchema

Draw = Callable[[int, int], pa.Table]
STATEMENT = {"epsilon": 1.0, "delta": 1e-5, "engine": "mst", "provenance": {"age": "declared"}}


def _judge(schema: TableSchema, train: pa.Table, controls: pa.Table, synthetic: pa.Table, **more: Any) -> Report:
    members = train.slice(0, min(len(controls), len(train)))
    values = {"statement": STATEMENT, "job": {"id": "r1", "table": "Stays", "rows_read": 12}} | more
    return evaluate(
        EvaluationInputs(schema=schema, train=train, members=members, controls=controls, synthetic=synthetic, **values)
    )


def _lights(report: Report) -> dict[str, str]:
    document: Any = report.as_owner_json()
    return {metric["id"]: metric["status"] for section in document["sections"] for metric in section["metrics"]}


def _metrics(report: Report) -> dict[str, Any]:
    document: Any = report.as_owner_json()
    return {metric["id"]: metric for section in document["sections"] for metric in section["metrics"]}


@pytest.fixture(scope="module")
def ordinary(schema: TableSchema, draw: Draw) -> Report:
    train = draw(1_500, 1)
    # an extreme that the synthetic table does not have
    train = train.set_column(2, "lab", pa.array([987_654.321, *train["lab"].to_pylist()[1:]], pa.float64()))
    return _judge(schema, train, draw(700, 2), draw(1_500, 3))


def test_an_ordinary_table_gets_every_section_and_no_red(ordinary: Report) -> None:
    document: Any = ordinary.as_owner_json()
    assert [s["id"] for s in document["sections"]] == [
        "guarantee",
        "risk",
        "fidelity",
        "utility",
        "diversity",
        "fairness",
        "text",
        "profile",
        "evidence",
    ]
    assert "red" not in _lights(ordinary).values()
    assert not ordinary.stop
    json.dumps(document, allow_nan=False)


def test_equal_inputs_give_equal_reports(schema: TableSchema, draw: Draw) -> None:
    one, two = (_judge(schema, draw(200, 1), draw(100, 2), draw(200, 3)).as_owner_json() for _ in range(2))
    assert one == two


def test_the_release_report_leaks_no_owner_key_and_no_real_extreme(ordinary: Report) -> None:
    owner: Any = ordinary.as_owner_json()
    release: Any = ordinary.as_release_json()
    page, text = html(release), json.dumps(release)
    kept = {m["id"] for s in release["sections"] for m in s["metrics"]}
    assert kept == {
        "guarantee.epsilon",
        "guarantee.provenance",
        "profile.valid",
        "profile.drift",
        "evidence.safe_harbor",
    }
    for id_ in {m["id"] for s in owner["sections"] for m in s["metrics"]} - kept:
        assert id_ not in text
        assert id_ not in page
    for secret in ("987654", "987,654", "9.877e+05", "Training", "rows_read", "Held-out people", "risk-roc"):
        assert secret not in text
        assert secret not in page
    assert "9.877e+05" not in html(owner)  # bins come from the schema and the synthetic table only


@pytest.mark.parametrize("kind", ["owner", "release"])
def test_the_page_is_self_contained_and_obeys_its_own_policy(ordinary: Report, kind: str) -> None:
    page = html(ordinary.as_owner_json() if kind == "owner" else ordinary.as_release_json())
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert len(style) == 1
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"\sstyle=|<script|<link|<img|\son\w+=|\ssrc=|url\((?!#)|@import", page)
    assert not re.search(r'href="(?!#)', page)
    document = ordinary.as_owner_json() if kind == "owner" else ordinary.as_release_json()
    for text in (page, json.dumps(document)):
        assert not re.search(r"anonym|complian", text, re.IGNORECASE)
    ids = re.findall(r'\sid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert page.count("<svg class") == page.count("<figure>") == page.count("</figure>")
    assert "at most e^1 = 2.72" in page


def test_names_and_values_are_escaped() -> None:
    evil = '<img src=x onerror="1">'
    schema = TableSchema.parse({"title": evil, "fields": [{"name": evil, "type": "string"}]})
    table = pa.table({evil: [evil, "b"] * 40})
    report = _judge(schema, table, table, table, job={"table": evil})
    assert "<img" not in html(report.as_owner_json())


def test_every_clause_of_the_iso_table_points_at_something_that_is_there(ordinary: Report) -> None:
    document: Any = ordinary.as_owner_json()
    metrics = {metric["id"] for s in document["sections"] for metric in s["metrics"]}
    sections = {s["id"] for s in document["sections"]}
    for _, where in iso_27559().rows:
        for part in (word.removeprefix("metric ").removeprefix("section ") for word in where.split(", ")):
            if part.startswith("/"):
                place = document
                for key in part.strip("/").split("/"):
                    assert key in place, part
                    place = place[key]
            else:
                assert part in metrics | sections | {"owner to fill"}, part


def test_a_release_that_is_good_says_so_only_of_what_may_be_published(ordinary: Report) -> None:
    assert "Good on all counts:" not in html(ordinary.as_release_json())


@pytest.mark.parametrize("kind", ["owner", "release"])
def test_page_one_says_who_may_have_it_and_until_when_or_that_nobody_said(ordinary: Report, kind: str) -> None:
    document: Any = ordinary.as_owner_json() if kind == "owner" else ordinary.as_release_json()
    said = {fact["label"]: fact["value"] for fact in document["facts"]}
    assert said["Who may have the table"] == said["Holds until"] == "not stated"


def test_the_most_exposed_are_listed_for_the_owner_alone_and_by_no_id(schema: TableSchema, draw: Draw) -> None:
    document: Any = schema.as_dict()
    document["understudy:privacyUnit"] = {"column": "patient", "maxRows": 1}
    report = _judge(
        TableSchema.parse(document),
        draw(200, 1),
        draw(100, 2),
        draw(200, 3),
        exposed_key=b"k" * 32,
        job={"recipients": "The registry in Bern", "expires": "2027-01-31"},
    )
    owner: Any = report.as_owner_json()
    (table,) = [t for s in owner["sections"] for t in s["tables"] if t["id"] == "risk-exposed"]
    assert len(table["rows"]) == 20
    assert not re.search(r"\b1-\d+\b", json.dumps(table))
    release = json.dumps(report.as_release_json())
    assert "risk-exposed" not in release
    assert table["rows"][0][0] not in release
    assert "The registry in Bern" in release  # a fact that the owner gave to be read
    assert "2027-01-31" in html(report.as_release_json())


def test_stop_is_shouted(ordinary: Report) -> None:
    page = html(ordinary.as_owner_json() | {"stop": True})
    assert 'role="alert"' in page
    assert "must not leave" in page
    assert 'role="alert"' not in html(ordinary.as_owner_json())


def test_attempts_are_printed(ordinary: Report) -> None:
    assert "4 releases were tried" in html(ordinary.as_release_json() | {"attempts": 4})


def test_summary_has_three_and_three(ordinary: Report) -> None:
    found: Any = summary(ordinary.as_owner_json())
    assert [len(found[key]) for key in ("fidelity", "risk")] == [3, 3]
    assert all(entry["text"] and entry["status"] for key in ("fidelity", "risk") for entry in found[key])
    assert summary(ordinary.as_release_json()) == {"fidelity": [], "risk": [], "stop": False}


@pytest.mark.parametrize(
    ("train", "controls", "made"), [(1, 0, 1), (200, 0, 200), (200, 20, 200), (1, 1, 500), (40, 40, 0)]
)
def test_tiny_tables_are_grey_and_do_not_crash(
    schema: TableSchema, draw: Draw, train: int, controls: int, made: int
) -> None:
    report = _judge(schema, draw(train, 1), draw(controls, 2), draw(made, 3))
    lights = _lights(report)
    assert lights["risk.verbatim"] == lights["risk.membership"] == lights["risk.audit"] == "grey" or controls >= 30
    assert lights["utility.recovered.died"] == "grey"
    assert html(report.as_owner_json())
    assert html(report.as_release_json())


def test_odd_columns_do_not_crash(draw: Draw) -> None:
    fields = [
        {"name": "constant", "type": "integer"},
        {"name": "gone", "type": "number"},
        {"name": "gone_text", "type": "string", "understudy:target": True},
        {"name": "when", "type": "datetime"},
        {"name": "negative", "type": "number", "understudy:target": True, "constraints": {"minimum": -500}},
        {"name": "wide", "type": "string"},
        {"name": "huge", "type": "number"},
        {"name": "flag", "type": "boolean", "understudy:target": True},
    ]
    schema = TableSchema.parse({"fields": fields})

    start = dt.datetime.fromisoformat("1890-01-01")

    def table(n: int, shift: int) -> pa.Table:
        return pa.table(
            {
                "constant": pa.array([7] * n, pa.int64()),
                "gone": pa.array([None] * n, pa.float64()),
                "gone_text": pa.array([None] * n, pa.string()),
                "when": pa.array([start + dt.timedelta(hours=31 * i + shift) for i in range(n)], pa.timestamp("us")),
                "negative": pa.array([-((i * 7919 + shift) % 400) / 3 for i in range(n)], pa.float64()),
                "wide": pa.array([f"w{(i * 31 + shift) % 10_000}" for i in range(n)]),
                "huge": pa.array([1e300 if i % 50 == 0 else -1e-300 for i in range(n)], pa.float64()),
                "flag": pa.array([None if i % 3 else True for i in range(n)], pa.bool_()),
            }
        )

    report = _judge(schema, table(900, 0), table(300, 1), table(900, 2))
    lights = _lights(report)
    assert lights["utility.recovered.gone_text"] == lights["utility.recovered.flag"] == "grey"
    assert html(report.as_owner_json())


def test_a_table_without_modelled_columns_is_grey(schema: TableSchema) -> None:
    only = TableSchema.parse({"fields": [{"name": "note", "type": "text"}]})
    table = pa.table({"note": ["a"] * 60})
    report = _judge(only, table, table, table)
    assert {"green", "red"}.isdisjoint(
        status for id_, status in _lights(report).items() if not id_.startswith(("guarantee", "evidence"))
    )
    assert html(report.as_owner_json())


def test_a_person_on_both_sides_of_the_split_is_refused(draw: Draw) -> None:
    document = {
        "fields": [
            {"name": "patient", "type": "string", "understudy:kind": "identifier"},
            {"name": "lab", "type": "number"},
        ],
        "understudy:privacyUnit": {"column": "patient", "maxRows": 5},
    }
    rows = draw(300, 1).select(["patient", "lab"])
    split_by_row = {"train": pa.concat_tables([rows, rows.slice(0, 50)]), "controls": rows.slice(0, 100)}
    with pytest.raises(InputRefused) as caught:
        _judge(TableSchema.parse(document), split_by_row["train"], split_by_row["controls"], draw(300, 2))
    assert caught.value.reason == "split-not-by-person"


def test_what_privacy_costs_is_told_where_the_owner_asked(schema: TableSchema, draw: Draw) -> None:
    blurred = draw(400, 3)
    blurred = blurred.set_column(1, "age", blurred["age"].take(pa.array([(i * 7) % 400 for i in range(400)])))
    report: Any = _judge(schema, draw(400, 1), draw(200, 2), blurred, without_dp=draw(400, 4)).as_owner_json()
    found = {metric["id"]: metric for s in report["sections"] for metric in s["metrics"]}
    assert found["fidelity.price"]["value"] > 0
    assert "table without privacy" in found["fidelity.price"]["notes"][0]


def test_nothing_that_may_leave_depends_on_the_table_without_privacy(schema: TableSchema, draw: Draw) -> None:
    document: Any = schema.as_dict()
    document["understudy:privacyUnit"] = {"column": "patient", "maxRows": 1}
    tables = {"train": draw(300, 1), "controls": draw(150, 2), "synthetic": draw(300, 3)}
    secret = draw(300, 4).select([column.name for column in schema.modelled])
    secret = secret.set_column(3, "code", pa.array(["zebra-7"] * 300))
    plain = _judge(TableSchema.parse(document), **tables)
    asked = _judge(TableSchema.parse(document), **tables, without_dp=secret)
    assert asked.as_release_json() == plain.as_release_json()
    assert "zebra-7" not in html(asked.as_owner_json())
    before, after = _metrics(plain), _metrics(asked)
    # It has no column of persons: that must not make everybody's rows persons of their own.
    assert set(after) - set(before) == {"fidelity.price"}
    assert {id_: after[id_] for id_ in before} == before


def test_without_a_target_utility_is_grey_and_says_why(draw: Draw, schema: TableSchema) -> None:
    document: Any = schema.as_dict()
    for entry in document["fields"]:
        entry.pop("understudy:target", None)
    report: Any = _judge(TableSchema.parse(document), draw(100, 1), draw(50, 2), draw(100, 3)).as_owner_json()
    metric = next(s for s in report["sections"] if s["id"] == "utility")["metrics"][0]
    assert metric["status"] == "grey"
    assert "no target" in metric["notes"][0]
