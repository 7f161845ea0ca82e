"""Each import contract is broken once on purpose: a contract that cannot fail is no contract."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import privacy
import service
import synthesizers

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).parent / "lint-imports"

BREACHES = {
    "Trust layers: the package boundary is the trust boundary": ("privacy/budget.py", "import service.jobs"),
    "Inside service: transports, worker and storage never meet": ("service/faults.py", "import service.bootstrap"),
    "Synthesizers never read rows": ("synthesizers/base.py", "import privacy.ingest"),
    "The client wheel stays light": ("client/src/understudy/schema.py", "import numpy"),
    "No cycles between siblings": ("evaluation/encode.py", "import evaluation.judge"),
    "Nothing of ours is imported in a sealed process": (
        "synthesizers/sealed/worker/task.py",
        "import privacy.budget",
    ),
    "One door: presidio_analyzer": ("privacy/budget.py", "import presidio_analyzer"),
    "One door: onnx, onnxruntime": ("privacy/budget.py", "import onnxruntime"),
    "One door: dp_accounting": ("service/jobs.py", "import dp_accounting"),
    "One door: sqlalchemy": ("service/jobs.py", "import sqlalchemy"),
    "One door: psycopg": ("service/jobs.py", "import psycopg"),
    "One door: dbos": ("service/jobs.py", "import dbos"),
    "One door: fastapi": ("service/jobs.py", "import fastapi"),
    "One door: grpc": ("service/jobs.py", "import grpc"),
    "One door: duckdb": ("privacy/budget.py", "import duckdb"),
    "One door: calamine": ("privacy/budget.py", "import python_calamine"),
    "One door: ibis": ("privacy/budget.py", "import ibis"),
    "One door: opacus": ("privacy/budget.py", "import opacus"),
    "Two doors: cryptography": ("service/jobs.py", "import cryptography"),
    "One door: limits": ("service/jobs.py", "import limits"),
    "One door: opentelemetry": ("service/jobs.py", "import opentelemetry"),
    "One door: prometheus_client": ("service/jobs.py", "import prometheus_client"),
    "One door: jwt": ("service/jobs.py", "import jwt"),
    "One door: matplotlib": ("evaluation/report.py", "import matplotlib"),
}


def verdicts(tree: Path) -> dict[str, str]:
    path = f"{tree}{os.pathsep}{tree / 'client' / 'src'}"
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=tree, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    return dict(re.findall(r"^(.+?) (KEPT|BROKEN)", done.stdout, re.MULTILINE))


def test_every_contract_can_fail(tmp_path: Path) -> None:
    for folder in ("service", "synthesizers", "evaluation", "privacy", "client/src"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, line in BREACHES.values():
        with (tmp_path / path).open("a") as file:
            file.write(f"\n{line}\n")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in contracts} == set(BREACHES)
    assert verdicts(tmp_path) == dict.fromkeys(BREACHES, "BROKEN")


def test_all_roots_share_one_parent() -> None:
    parents = {Path(str(root.__file__)).resolve().parent.parent for root in (privacy, service, synthesizers)}
    assert parents == {ROOT}
