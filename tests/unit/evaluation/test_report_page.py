"""docs/reports.md keeps up: every test that it names is there, and it explains every figure that the code can make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
SECTIONS = "guarantee|risk|canary|released|fidelity|utility|diversity|fairness|text|profile|evidence"


def missing_tests(page: str) -> list[str]:
    """Tests that a page names and that are not there."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    return [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")]


def unexplained(page: str) -> set[str]:
    """Ids of figures in the code of the evaluation that no line of the page explains."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "evaluation").glob("*.py"))
    made = set(re.findall(rf'"((?:{SECTIONS})\.[a-z_0-9.]+?)(?:\.\{{[^"]*)?"', code))
    made = {re.sub(r"\{.*", "", name) for name in made}
    told = set(re.findall(rf"`((?:{SECTIONS})\.[a-z_0-9.]+?)(?:\.\*)?`", page))
    return {name for name in made if name not in told}


def test_every_planted_failure_has_its_test() -> None:
    assert missing_tests(PAGE) == []
    for failure in [*(f"E{n}" for n in range(1, 15)), "N1", "N2"]:
        assert re.search(rf"\b{failure}b?\b", PAGE), failure


def test_every_figure_is_explained() -> None:
    assert unexplained(PAGE) == set()


@pytest.mark.parametrize("line", ["`risk.audit`", "`text.paraphrase`"])
def test_a_figure_without_a_line_is_noticed(line: str) -> None:
    assert unexplained(PAGE.replace(line, "")) == {line.strip("`")}


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing_tests(PAGE + " `tests/unit/evaluation/test_gates.py::test_nothing`") == ["test_nothing"]
