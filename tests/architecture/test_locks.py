"""What the code imports stands in a lock: a package that only this machine has fails in a clean clone."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"understudy", "service", "synthesizers", "evaluation", "privacy", "tests", "benchmarks", "examples"}
# No lock holds torch, whose wheel differs by processor: the Makefile names it.
UNLOCKED = {"torch"}


def _imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.split(".")[0]


def _locked() -> set[str]:
    locks = (ROOT / "requirements").glob("*.lock")
    return {name for lock in locks for name in re.findall(r"^([A-Za-z0-9_.-]+)==", lock.read_text(), re.MULTILINE)}


def _missing(modules: Iterable[str], locked: set[str]) -> set[str]:
    """Modules that packages brought which no lock names. Sealed engines and peers are not installed here."""
    known = {_normal(name) for name in locked} | UNLOCKED
    owners = importlib.metadata.packages_distributions()
    return {
        module
        for module in modules
        if module not in sys.stdlib_module_names | OURS
        and module in owners
        and not any(_normal(owner) in known for owner in owners[module])
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_locked() -> None:
    roots = [*OURS - {"understudy"}, "client/src"]
    sources = [path.read_text() for root in roots for path in (ROOT / root).rglob("*.py")]
    modules = {module for source in sources for module in _imported(source)}
    assert {"pyarrow", "openpyxl", "fastapi"} <= modules
    assert _missing(modules, _locked()) == set()


@pytest.mark.parametrize("name", ["openpyxl", "pyarrow", "numpy"])
def test_a_package_without_a_lock_is_told(name: str) -> None:
    assert _missing([name], _locked() - {name}) == {name}
