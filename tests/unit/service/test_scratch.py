"""A dead process's scratch is swept, that of one which is only frozen is not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from service.homelock import LOCAL, has_run, owned
from service.scratch import sweep_dead
from service.settings import Settings

OURS = "mine"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, process=OURS)


def left_by(name: str, settings: Settings) -> Path:
    """A row in clear, as a task has it."""
    file = replace(settings, process=name).scratch_folder / "clear-1" / "train.parquet"
    file.parent.mkdir(parents=True)
    file.write_text("rows")
    return file


@contextmanager
def another(settings: Settings, name: str) -> Iterator[int]:
    """A process that has this name, and does nothing more."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        with owned(settings.home, role="worker", wait_s=0, name=name):
            os.write(writer, b"!")
            time.sleep(60)
        os._exit(0)
    os.read(reader, 1)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)


def test_what_a_killed_process_has_left_goes_and_what_a_frozen_one_has_stays(settings: Settings) -> None:
    file = left_by("a", settings)
    with another(settings, "a") as pid:
        assert sweep_dead(settings, alive=()) == []
        os.kill(pid, signal.SIGSTOP)
        assert sweep_dead(settings, alive=()) == [], "it holds its lock while it sleeps"
        assert file.exists()
    assert sweep_dead(settings, alive=()) == ["a"]
    assert not file.parents[1].exists()


def test_who_was_seen_lately_is_alive_whatever_the_lock_says(settings: Settings) -> None:
    """On a file system whose locks end at the machine."""
    file = left_by("a", settings)
    with owned(settings.home, role="worker", wait_s=0, name="a"):
        pass
    assert sweep_dead(settings, alive={"a"}) == []
    assert file.exists()


def test_one_process_and_requests_only_are_swept_too_but_nobodys_and_the_own_are_not(settings: Settings) -> None:
    names = (LOCAL, "api-0", OURS, "stranger", "not a name")
    files = {name: left_by(name, settings) for name in names}
    for name in (LOCAL, "api-0", OURS):
        with owned(settings.home, role="serve", wait_s=0, name=name):
            pass
    assert [has_run(settings.home, name) for name in names] == [True, True, True, False, False]
    assert sweep_dead(settings, alive=()) == ["api-0", LOCAL]
    assert {name for name, file in files.items() if file.exists()} == {OURS, "stranger", "not a name"}


def test_without_scratch_there_is_nothing_to_do(settings: Settings) -> None:
    assert sweep_dead(settings, alive=()) == []


def test_a_folder_that_others_use_has_one_of_the_home(tmp_path: Path) -> None:
    shared = Settings(home=tmp_path / "home", scratch=tmp_path / "tmpfs", process=OURS)
    foreign = tmp_path / "tmpfs" / "a" / "file"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("another's")
    file = left_by("a", shared)
    with owned(shared.home, role="worker", wait_s=0, name="a"):
        pass
    assert sweep_dead(shared, alive=()) == ["a"]
    assert (file.exists(), foreign.exists()) == (False, True)
