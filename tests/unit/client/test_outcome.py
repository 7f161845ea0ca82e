"""What the command line says at the end of a job: a price, or in red that there is no guarantee."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from understudy import cli

BUDGET: Any = SimpleNamespace(population="p", epsilon_spent=1.0, epsilon=10.0, epsilon_left=9.0, delta_left=1e-6)


def result(folder: Path, **facts: object) -> Any:
    path = folder / "manifest.json"
    path.write_text(json.dumps({"n_rows": 1000, **facts}))
    job = SimpleNamespace(id="job_1", epsilon=1.0, delta=1e-6, engine="sdv-tvae", population="p", steps=[])
    return SimpleNamespace(job=job, folder=folder, files={"manifest.json": path})


def test_a_release_without_a_guarantee_names_no_epsilon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = result(tmp_path, formal_guarantee=False, epsilon=None)
    cli._show_outcome(made, BUDGET)
    said = capsys.readouterr().out
    assert "No formal guarantee" in said
    assert "at epsilon 1" not in said
    assert cli._outcome(made, BUDGET)["formal_guarantee"] is False


@pytest.mark.parametrize("facts", [{"formal_guarantee": True}, {}])
def test_a_private_one_names_its_price(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], facts: dict[str, object]
) -> None:
    cli._show_outcome(result(tmp_path, **facts), BUDGET)
    said = capsys.readouterr().out
    assert "at epsilon 1, delta 1e-06" in said
    assert "formal guarantee" not in said
