"""A name in a home directory belongs to one process at a time; different names live side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.homelock import first_free, owned
from understudy.errors import Conflict, UsageError


def test_a_name_is_held_once_and_free_again(tmp_path: Path) -> None:
    with owned(tmp_path, role="worker", wait_s=0, name="a"):
        with pytest.raises(Conflict) as caught, owned(tmp_path, role="worker", wait_s=0, name="a"):
            pass
        assert caught.value.reason == "home-in-use"
        with owned(tmp_path, role="worker", wait_s=0, name="b"), owned(tmp_path, role="serve", wait_s=0):
            pass
    with owned(tmp_path, role="worker", wait_s=0, name="a"):
        pass


def test_a_service_is_not_waited_for(tmp_path: Path) -> None:
    embedded = owned(tmp_path, role="embedded", wait_s=60)
    with owned(tmp_path, role="serve", wait_s=0), pytest.raises(Conflict, match="running service"), embedded:
        pass


def test_processes_without_a_name_take_the_next_one(tmp_path: Path) -> None:
    with first_free(tmp_path, role="api") as first, first_free(tmp_path, role="api") as second:
        assert (first, second) == ("api-0", "api-1")
    with first_free(tmp_path, role="api") as again:
        assert again == "api-0"


@pytest.mark.parametrize("name", ["", "../x", "a b", "-a", "x" * 64])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught, owned(tmp_path, role="worker", wait_s=0, name=name):
        pass
    assert caught.value.reason == "worker-id-invalid"
