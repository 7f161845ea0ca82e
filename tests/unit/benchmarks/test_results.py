"""Raw rows, means and the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import grid, process, report, summary, tables
from benchmarks.results import Results, Row


def row(system: str, seed: int = 0, *, status: str = "ok", tvd2: float | None = 0.1, table: str = "diabetes") -> Row:
    numbers = {"tvd2": tvd2, "tvd3": 0.2, "auc": 0.8, "fit_s": 3.0, "fit_cpu_s": 2.0, "sample_s": 0.1, "peak_mib": 99.0}
    measured = numbers if status == "ok" else {}
    return Row(system=system, table=table, epsilon=1.0, delta=1e-9, seed=seed, status=status, **measured)


def test_rows_come_back_and_the_later_one_of_a_case_counts(tmp_path: Path) -> None:
    results = Results(tmp_path / "sub" / "results.csv")
    assert results.rows() == []
    for one in (row("ours:plain", status="failed"), row("dpmm:mst"), row("ours:plain")):
        results.add(one)
    assert sorted(results.rows(), key=lambda one: one.system) == [row("dpmm:mst"), row("ours:plain")]


def test_what_has_a_result_is_not_run_again_unless_asked(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.csv")
    results.add(row("ours:plain"))
    results.add(row("ours:target", status="over 9 s"))

    def left(*flags: str) -> set[str]:
        runs = [one for one in grid.quick() if one.table == "diabetes"]
        done = command._done(results, command._options(flags))
        return {run.system for run in command._missing(runs, done)}

    assert left() == {"independent"}
    assert left("--retry") == {"independent", "ours:target"}
    assert left("--again") == {"independent", "ours:target", "ours:plain"}


def test_ours_does_not_see_a_held_out_table_unasked(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.csv")
    run = process.Run(system="ours:plain", table="fair", epsilon=1.0, seed=0, timeout_s=1)
    command._one(run, results, force=False)
    assert results.rows() == []


def test_means_are_over_the_runs_that_ended_well() -> None:
    rows = [row("dpmm:mst", 0, tvd2=0.1), row("dpmm:mst", 1, tvd2=0.3), row("dpmm:mst", 2, status="failed")]
    mean = summary.means(rows)["diabetes", 1.0]["dpmm:mst"]
    assert (mean.seeds, mean.tvd2) == (2, pytest.approx(0.2))


def test_the_best_peer_is_neither_ours_nor_the_shuffled_columns() -> None:
    rows = [row("ours:plain", tvd2=0.01), row("independent", tvd2=0.02), row("dpmm:mst", tvd2=0.2)]
    rows += [row("opendp:mst", tvd2=0.3), row("dpmm:aim", status="over 9 s")]
    systems = summary.means(rows)["diabetes", 1.0]
    assert summary.best(systems, "tvd2") == ("dpmm:mst", 0.2)
    assert summary.ratio(0.01, ("dpmm:mst", 0.2)) == pytest.approx(0.05)
    assert summary.best({"ours:plain": systems["ours:plain"]}, "tvd2") is None


def test_the_page_shows_losses_and_timeouts(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    marks = "".join(f"<!-- {name}: begin -->old<!-- {name}: end -->\n" for name in ("machine", "against", "runs"))
    page.write_text("by hand\n" + marks)
    rows = [row("ours:plain", tvd2=0.4), row("dpmm:mst", tvd2=0.2), row("dpmm:aim", status="over 9 s")]
    report.write(rows, tmp_path)
    text = page.read_text()
    assert "by hand" in text
    assert "old" not in text
    assert "| 0.4000 | 0.2000 dpmm:mst | 2.00 |" in text
    assert "| dpmm:aim | 0 | over 9 s |" in text
    assert (tmp_path / "bench" / "fit-seconds.svg").exists()


def test_a_run_that_takes_too_long_is_recorded_as_such() -> None:
    table = tables.load("diabetes")
    assert table is not None
    run = process.Run(system="independent", table="diabetes", epsilon=1.0, seed=0, timeout_s=0.05)
    assert process.measure(run, table).status == "over 0 s"


def test_a_runner_that_fails_is_recorded_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    table = tables.load("diabetes")
    assert table is not None
    run = process.Run(system="ours:plain", table="diabetes", epsilon=-1.0, seed=0, timeout_s=60)
    assert process.measure(run, table).status == "failed"
    assert "Error" in capsys.readouterr().out


def test_the_shuffled_columns_keep_every_column_and_no_dependence() -> None:
    table = tables.load("randhie")
    assert table is not None
    run = process.Run(system="independent", table="randhie", epsilon=1.0, seed=0, timeout_s=60)
    found = process.measure(run, table)
    assert found.status == "ok"
    assert found.auc == pytest.approx(0.5, abs=0.05)
    assert found.tvd2 is not None
    assert found.tvd2 > 0.02
