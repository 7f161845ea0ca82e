"""The command line as a user types it: exit codes, the JSON line, budgets that last from call to call."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.houses import SCHEMA, rows
from understudy.cli import main


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Shell:
    """A user with a home of their own. Commands run in this process: the same ``main``, without a second's start."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = patch
        self.table = folder / "ward.csv"
        self.table.write_bytes(rows(700))
        self.schema = folder / "ward.schema.json"
        self.schema.write_text(json.dumps(SCHEMA))
        patch.setenv("UNDERSTUDY_HOME", str(folder / "home"))
        patch.setenv("COLUMNS", "200")
        patch.chdir(folder)

    def __call__(self, *words: str) -> Done:
        self.patch.setattr(sys, "argv", ["understudy", *words])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def synth(self, *more: str) -> Done:
        return self("synth", str(self.table), "--schema", str(self.schema), *more)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.mark.slow
def test_synth_then_what_is_left(shell: Shell) -> None:
    done = shell.synth("--epsilon", "1", "--rows", "300", "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert (outcome["epsilon"], outcome["delta"], outcome["epsilon_left"]) == (1.0, 1e-6, 9.0)
    assert {"fit", "sample", "scrub", "evaluate"} <= set(outcome["seconds"])
    expected = {"synthetic.parquet", "synthetic.csv", "report.owner.json", "report.owner.html", "report.release.json"}
    expected |= {"report.release.html", "privacy_statement.json", "manifest.json", "manifest.sig"}
    assert expected == set(outcome["paths"])
    for path in outcome["paths"].values():
        assert (shell.folder / path).stat().st_size > 0

    granted = shell("budget", "grant", "--population", "ward", "--epsilon", "1.5", "--delta", "1e-5")
    assert granted.returncode == 0, granted.stderr
    refused = shell.synth("--epsilon", "1")
    assert refused.returncode == 3
    assert "budget-exceeded" in refused.stderr
    assert "0.5" in refused.stderr
    shown = shell("budget", "show", "--json")
    left = {budget["population"]: budget["epsilon_left"] for budget in json.loads(shown.stdout)}
    assert left["ward"] == pytest.approx(0.5)


def test_without_a_schema_it_proposes_one_and_stops(shell: Shell) -> None:
    asked = shell("synth", str(shell.table), "--epsilon", "1")
    assert asked.returncode == 2
    assert [field["name"] for field in json.loads(asked.stdout)["fields"]] == ["id", "age", "sex"]
    assert "constraints" not in asked.stdout


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (("--epsilon", "0"), 2, "privacy-parameter-invalid"),
        (("--epsilon", "nan"), 2, "privacy-parameter-invalid"),
        (("--epsilon", "1", "--delta", "1"), 2, "privacy-parameter-invalid"),
        (("--epsilon", "11"), 3, "budget-exceeded"),
        (("--epsilon", "1", "--engine", "magic"), 2, "engine-unknown"),
        (("--epsilon", "1", "--rows", "0"), 2, "row-count-invalid"),
        (("--epsilon", "x"), 2, "--epsilon"),
        ((), 2, "epsilon-missing"),
    ],
)
def test_exit_codes_of_bad_calls(words: tuple[str, ...], exit_code: int, says: str, shell: Shell) -> None:
    done = shell.synth(*words)
    assert (done.returncode, says in done.stderr) == (exit_code, True), done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_table_exits_with_4_and_its_place(shell: Shell) -> None:
    shell.table.write_text("id,age,sex\n1,old,F\n")
    done = shell.synth("--epsilon", "1")
    assert done.returncode == 4
    assert "value-not-integer" in done.stderr
    assert "line 2" in done.stderr
    assert "'age'" in done.stderr


def test_a_bad_schema_exits_with_2_and_its_pointer(shell: Shell) -> None:
    shell.schema.write_text(json.dumps(SCHEMA | {"sceret": 1}))
    for done in (shell.synth("--epsilon", "1"), shell("schema", "check", str(shell.schema))):
        assert done.returncode == 2
        assert "/sceret" in done.stderr


def test_help_reads_well(shell: Shell) -> None:
    done = shell("--help")
    assert done.returncode == 0
    for word in ("synth", "serve", "budget", "schema", "Exit codes"):
        assert word in done.stdout


def test_plan_tells_price_and_error_without_a_table(shell: Shell) -> None:
    asked = ("plan", "--schema", str(shell.schema), "--epsilon", "1")
    told = shell(*asked, "--rows", "700", "--json")
    assert told.returncode == 0, told.stderr
    expected = json.loads(told.stdout)["expected"]
    assert expected["n_rows"] == 700
    assert 0 < expected["one_way"] < expected["two_way"] < 1
    assert expected["smallest_group"] > 0
    assert "are reliable" in shell(*asked, "--rows", "700").stdout.replace("\n", " ")
    assert json.loads(shell(*asked, "--json").stdout)["expected"] is None
