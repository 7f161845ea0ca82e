"""The page of the text bench."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.text_page import drawn, written


def line(epsilon: float | str, seed: int, **more: Any) -> dict[str, Any]:
    usual = {"engine": "phrases", "corpus": "wards", "persons": 900, "accuracy": 0.5, "accuracy_real": 1.0, "auc": 0.9}
    return {**usual, "epsilon": epsilon, "seed": seed, "perplexity": 12.5, **more}


RESULTS = [line("inf", 0), line(8.0, 0, accuracy=0.8), line(8.0, 1, accuracy=0.9), line(1.0, 0, stretches=1200)]


def test_a_row_has_the_mean_and_the_extremes_of_its_seeds() -> None:
    page = written(RESULTS, "a machine")
    rows = [row for row in page.splitlines() if row.startswith("| phrases")]
    assert [row.split("|")[2].strip() for row in rows] == ["1", "8", "none"]
    assert "| 8 | 2 | 0.85 [0.80, 0.90] |" in rows[1]
    assert "1,200" in rows[0]
    assert "900 persons in training; accuracy with real notes 1.00." in page


def test_its_picture_is_the_same_for_the_same_numbers(tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        drawn(RESULTS, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
