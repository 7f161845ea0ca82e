"""No Docker daemon is at hand where this is tested, so each command of the Dockerfile is tried by other means."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
BIN = Path(sys.executable).parent


def joined() -> list[str]:
    return re.sub(r"\\\n", " ", DOCKERFILE).splitlines()


def test_the_build_is_the_make_target_that_the_demo_uses() -> None:
    builds = [line.removeprefix("RUN ") for line in joined() if line.startswith("RUN make")]
    assert len(builds) == 1
    planned = subprocess.run(
        [*shlex.split(builds[0]), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--require-hashes -r requirements/base.lock" in planned.stdout
    assert "./client ." in planned.stdout


def test_everything_the_build_needs_is_in_its_context() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name for line in joined() if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_it_runs_as_nobody_in_particular_and_says_how_to_see_its_health() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    health = re.search(r"HEALTHCHECK.* CMD \[(.+)\]", DOCKERFILE)
    command = re.search(r"^CMD \[(.+)\]$", DOCKERFILE, re.MULTILINE)
    assert health is not None
    assert command is not None
    for words in (health[1], '"understudy", ' + command[1]):
        name, verb, *options = [word.strip('" ') for word in words.split(",")]
        usage = subprocess.run([BIN / name, verb, "--help"], capture_output=True, text=True, env={"COLUMNS": "300"})
        assert usage.returncode == 0, usage.stderr
        for option in options:
            assert not option.startswith("--") or option in usage.stdout


@pytest.mark.slow
def test_the_wheels_hold_all_that_runs(tmp_path: Path) -> None:
    for package in ("client", "."):
        done = subprocess.run(
            [BIN / "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, f"./{package}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    shipped = {name for wheel in tmp_path.glob("*.whl") for name in zipfile.ZipFile(wheel).namelist()}
    for root in ("service", "synthesizers", "evaluation", "privacy", "client/src/understudy"):
        for path in (ROOT / root).rglob("*"):
            wanted = (
                path.suffix in {".py", ".html", ".css", ".json", ".proto", ".npz", ".gz", ".txt", ".yaml"}
                and "__pycache__" not in path.parts
            )
            name = str(path.relative_to(ROOT / "client/src" if root.startswith("client") else ROOT))
            assert not wanted or name in shipped, name
