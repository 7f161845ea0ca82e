"""Which files are run first, a disk that nobody waits for, and property tests that no clock judges.

The longest are first, so that no process is left alone with one of them at the end: pytest-xdist hands out whole files
(``--dist loadfile``) in this order if ``--no-loadscope-reorder`` tells it not to begin with those that have the most
tests, which are the shortest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from service.store import engine as store_engine

LONGEST = (
    "tests/e2e/test_offline_bundle.py",
    "tests/e2e/test_crowd.py",
    "tests/e2e/test_kill_matrix.py",
    "tests/e2e/test_crash.py",
    "tests/e2e/test_scrub.py",
    "tests/e2e/test_workers.py",
    "tests/wire/test_openapi_contract.py",
    "tests/e2e/test_hostile_corpus.py",
)

# The same examples each time, and none of them judged by how long a busy machine took for it.
settings.register_profile("understudy", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("understudy")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files, then those with a test that is marked slow, then the others; each as it was within."""
    slow = {_file(item) for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: _place(_file(item), slow))


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _place(file: str, slow: set[str]) -> int:
    if file in LONGEST:
        return LONGEST.index(file)
    return len(LONGEST) + (file not in slow)


@pytest.fixture(scope="session", autouse=True)
def durable_pragmas() -> Iterator[tuple[str, ...]]:
    """Nobody cuts the power in a test, so nothing waits for the disk. Gives what SQLite is told in life."""
    durable = store_engine._PRAGMAS
    hasty = tuple(each.replace("synchronous=FULL", "synchronous=OFF") for each in durable)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_engine, "_PRAGMAS", hasty)
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, lambda _descriptor: None)
        yield durable
