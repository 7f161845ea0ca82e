"""The engines' page: seeds are averaged, the best of equals is bold, losses and failures are said."""

from __future__ import annotations

from pathlib import Path

from benchmarks.engines_page import Result, draw, written

SCORES = {"tvd2": 0.1, "tvd3": 0.2, "auc": 0.8, "fit_s": 3.0, "cpu_s": 2.0, "peak_mib": 99.0}


def result(name: str, seed: int = 0, epsilon: float = 1.0, **found: object) -> Result:
    case = {"table": "diabetes", "engine": name, "epsilon": epsilon, "seed": seed, "most": 0, "machine": "two cores"}
    return case | (found or {"scores": SCORES})


RESULTS = [
    result("marginal"),
    result("marginal", 1, scores=SCORES | {"tvd2": 0.3}),
    result("network", scores=SCORES | {"tvd2": 0.25, "auc": 0.85}),
    result("marginal", epsilon=3.0),
    result("sdv-tvae", epsilon=0.0, scores=SCORES | {"tvd2": 0.01}),
    result("shuffled", epsilon=0.0, scores={"tvd2": 0.001, "tvd3": 0.2, "auc": 0.5}),
    result("smartnoise-mwem", failed="understudy.errors.UsageError: This engine takes at most 12 columns."),
    result("smartnoise-aim", failed="more than 9 s"),
]


def test_seeds_are_averaged_with_their_spread_and_the_best_of_an_epsilon_is_bold() -> None:
    page = written(RESULTS)
    assert "| 1 | marginal | 2 | **0.2000 ±0.1414** | **0.2000 ±0.0000** | 0.800 ±0.000 | 2.0 | 3.0 | 99 |" in page
    assert "| 1 | network | 1 | 0.2500 | 0.2000 | **0.850** | 2.0 | 3.0 | 99 |" in page
    assert "two cores" in page


def test_what_has_no_epsilon_is_compared_with_nothing_that_has_one() -> None:
    page = written(RESULTS)
    assert "| none | sdv-tvae | 1 | 0.0100 | 0.2000 | 0.800 | 2.0 | 3.0 | 99 |" in page
    assert "|  | *the columns, shuffled* | 1 | 0.0010 | 0.2000 | 0.500 |  |  |  |" in page
    assert "| diabetes | 1 | marginal | marginal | network |" in page
    assert "| diabetes | 3 |" not in page  # there is only one


def test_losses_of_the_default_and_failures_are_said_in_plain_words() -> None:
    page = written(RESULTS)
    assert "- `marginal` loses to `network`: diabetes, epsilon 1, AUC 0.800 against 0.850." in page
    assert "2-way TVD 0.2000 against" not in page
    assert "- diabetes, smartnoise-mwem, epsilon 1: This engine takes at most 12 columns." in page
    assert "- diabetes, smartnoise-aim, epsilon 1: more than 9 s" in page
    assert "No engine with a guarantee is ahead" in written(RESULTS[:1])


def test_the_picture_is_the_same_for_the_same_results(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw(RESULTS, tmp_path / name)
    text = (tmp_path / "one").read_text()
    assert text == (tmp_path / "two").read_text()
    assert "network" in text
    draw([], tmp_path / "none")
    assert not (tmp_path / "none").exists()
