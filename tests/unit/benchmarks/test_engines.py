"""The engines' page: later results of a case count, what failed is said, and an engine without epsilon has none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import engines

SCORES = {"tvd2": 0.1, "tvd3": 0.2, "auc": 0.8, "fit_s": 3.0, "cpu_s": 2.0, "peak_mib": 99.0}


def result(name: str, seed: int = 0, epsilon: float = 1.0, **found: object) -> engines.Result:
    case = {"table": "diabetes", "engine": name, "epsilon": epsilon, "seed": seed, "most": 0, "machine": "two cores"}
    return case | (found or {"scores": SCORES})


def test_seeds_are_averaged_and_failures_are_said() -> None:
    page = engines.written(
        [
            result("marginal"),
            result("marginal", 1, scores=SCORES | {"tvd2": 0.3}),
            result("sdv-tvae", epsilon=0.0),
            result("smartnoise-aim", failed="more than 9 s"),
        ]
    )
    assert "| diabetes | marginal | 1 | 2 | 0.2000 | 0.2000 | 0.800 | 3.0 | 2.0 | 99 |" in page
    assert "| diabetes | sdv-tvae | none | 1 |" in page
    assert "- diabetes, smartnoise-aim, epsilon 1: more than 9 s" in page
    assert "two cores" in page


def test_what_failed_is_run_again_and_what_has_scores_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[object]] = []

    def apart(case: list[object], _: float) -> engines.Result:
        ran.append(case)
        return result(str(case[1]))

    monkeypatch.setattr(engines, "_apart", apart)
    before = [result("marginal"), result("smartnoise-mst", failed="sealed-failed")]
    (tmp_path / "engines.jsonl").write_text("".join(json.dumps(one) + "\n" for one in before))
    names = ["marginal", "smartnoise-mst"]
    asked = ["--out", str(tmp_path), "--tables", "diabetes", "--seeds", "1", "--epsilons", "1", "--engines", *names]
    engines.main(asked)
    assert ran == [["diabetes", "smartnoise-mst", 1.0, 0, 0]]
    assert "failed" not in (tmp_path / "engines.md").read_text()
