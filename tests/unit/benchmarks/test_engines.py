"""The engines' runs: later results of a case count, what has scores is not run again, references need no engine."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import engines
from benchmarks.engines_page import Result

SCORES = {"tvd2": 0.1, "tvd3": 0.2, "auc": 0.8, "fit_s": 3.0, "cpu_s": 2.0, "peak_mib": 99.0}


def result(name: str, seed: int = 0, epsilon: float = 1.0, **found: object) -> Result:
    case = {"table": "diabetes", "engine": name, "epsilon": epsilon, "seed": seed, "most": 0, "machine": "two cores"}
    return case | (found or {"scores": SCORES})


def test_what_failed_is_run_again_and_what_has_scores_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[object]] = []

    def apart(case: list[object], _: float) -> Result:
        ran.append(case)
        return result(str(case[1]))

    monkeypatch.setattr(engines, "_apart", apart)
    before = [result("marginal"), result("smartnoise-mst", failed="sealed-failed")]
    (tmp_path / "engines.jsonl").write_text("".join(json.dumps(one) + "\n" for one in before))
    names = ["marginal", "smartnoise-mst"]
    asked = ["--out", str(tmp_path), "--tables", "diabetes", "--seeds", "1", "--epsilons", "1", "--engines", *names]
    engines.main(asked)
    assert ran == [["diabetes", "smartnoise-mst", 1.0, 0, 0]]
    assert "sealed-failed" not in (tmp_path / "engines.md").read_text()
    assert (tmp_path / "engines.svg").read_text().startswith("<?xml")


def test_an_engine_without_a_guarantee_and_a_reference_are_run_without_an_epsilon() -> None:
    asked = engines._options(["--tables", "adult", "--seeds", "1", "--engines", "shuffled", "sdv-tvae", "marginal"])
    cases = list(engines._cases(asked))
    assert [case[1:3] for case in cases] == [
        ["shuffled", 0.0],
        ["sdv-tvae", 0.0],
        ["marginal", 1.0],
        ["marginal", 3.0],
        ["marginal", 10.0],
    ]


def test_references_keep_the_columns_and_only_one_of_them_the_rows() -> None:
    codes = pd.DataFrame({"a": range(50), "b": range(50)})
    shuffled, costs = engines._referred(codes, "shuffled", 1)
    assert sorted(shuffled["a"]) == sorted(shuffled["b"]) == list(range(50))
    assert (shuffled["a"] != shuffled["b"]).any()
    drawn, _ = engines._referred(codes, "resampled", 1)
    assert (drawn["a"] == drawn["b"]).all()
    assert costs == {}
