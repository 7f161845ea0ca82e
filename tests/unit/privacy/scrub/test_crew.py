"""Work that is shared out among processes: in order, bounded, and none of them is left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from privacy.scrub.crew import AHEAD, in_order
from understudy.errors import Failed

_CHILDREN = """
import os, time
from privacy.scrub.crew import in_order

def slow(piece):
    os.write(1, b"%d\\n" % os.getpid())  # in one piece: two of them write at once
    time.sleep(600)

list(in_order(slow, range(2), processes=2))
"""


def _uneven(piece: int) -> tuple[int, int]:
    time.sleep(0.03 if piece % 3 == 0 else 0)
    return piece, os.getpid()


def _alive(process: int) -> bool:
    """Whether it runs: a zombie has been killed and waits for init."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_results_come_in_the_order_of_the_pieces_from_several_processes() -> None:
    made = list(in_order(_uneven, range(20), processes=3))
    assert [piece for piece, _ in made] == list(range(20))
    others = {process for _, process in made}
    assert len(others) > 1
    assert os.getpid() not in others
    assert not any(map(_alive, others))
    assert {process for _, process in in_order(_uneven, range(2), processes=1)} == {os.getpid()}


def test_pieces_are_read_only_a_few_ahead() -> None:
    read: list[int] = []

    def pieces() -> Iterator[int]:
        for piece in range(1_000):
            read.append(piece)
            yield piece

    with closing(in_order(_uneven, pieces(), processes=2)) as results:
        _, process = next(results)
        assert len(read) <= 2 * AHEAD + 1
    assert not _alive(process), "whoever leaves early leaves nobody behind"


def _kills_itself(piece: int) -> int:
    if piece == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return piece


def _raises(piece: int) -> int:
    raise ValueError(f"Anna {piece}")


@pytest.mark.parametrize("work", [_kills_itself, _raises])
def test_a_process_that_ends_ends_the_work(work: object, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Failed) as caught:
        list(in_order(work, range(10), processes=2))  # type: ignore[arg-type]
    assert caught.value.reason == "no-answer"
    assert "Anna" not in "".join(capfd.readouterr())


def test_processes_go_with_the_one_that_started_them() -> None:
    started = subprocess.Popen([sys.executable, "-c", _CHILDREN], stdout=subprocess.PIPE)
    assert started.stdout is not None
    children = [int(started.stdout.readline()) for _ in range(2)]
    assert all(map(_alive, children))
    started.kill()
    started.wait()
    started.stdout.close()
    deadline = time.monotonic() + 10
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(_alive, children))
