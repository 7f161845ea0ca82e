"""The same work on many pieces, by as many processes as there are cores, with the results in the pieces' order.

For work that is a pure function of one piece: what comes out does not depend on how many processes there are.
A process is a fork of this one, so what the work holds (models, lists, keys) is loaded once and never sent. It is
killed by the kernel when this process goes, and by ``in_order`` when its caller stops or something breaks.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkContext, ForkProcess
from typing import Generic, TypeVar

from understudy.errors import Failed

Piece = TypeVar("Piece")
Result = TypeVar("Result")
AHEAD = 4
"""Pieces for each process that may be under way or wait for their turn: this bounds memory, however long the input."""
_DEATH_SIGNAL = 1


def cores() -> int:
    """Processes that can run at once here: the cores that this process may use, where it can fork."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def in_order(
    work: Callable[[Piece], Result], pieces: Iterable[Piece], *, processes: int
) -> Generator[Result, None, None]:
    """``work`` of each piece, in the order of ``pieces``; in this process where ``processes`` is below 2.

    Pieces and results are pickled, so that both are plain values. ``pieces`` is read a few ahead, as results are taken.
    Guarantees: no process outlives the iterator; close it where it is left early.
    Raises: Failed (no-answer) if a process dies or ``work`` raises there.
    """
    if processes < 2:
        yield from map(work, pieces)
        return
    crew: _Crew[Piece, Result] = _Crew(work, processes)
    try:
        yield from crew.results(pieces)
    finally:
        crew.kill()


@dataclass(slots=True)
class _Crew(Generic[Piece, Result]):
    """One pipe to each process. A process is sent a piece only when it waits for one, so no pipe can fill up."""

    work: Callable[[Piece], Result]
    most: int
    members: dict[Connection, ForkProcess] = field(default_factory=dict)
    busy: dict[Connection, int] = field(default_factory=dict)

    def results(self, pieces: Iterable[Piece]) -> Iterator[Result]:
        numbered = iter(enumerate(pieces))
        done: dict[int, Result] = {}
        turn, upcoming = 0, next(numbered, None)
        while upcoming is not None or self.busy or done:
            while upcoming is not None and upcoming[0] < turn + AHEAD * self.most:
                member = self._idle()
                if member is None:
                    break
                self._send(member, *upcoming)
                upcoming = next(numbered, None)
            if turn not in done:
                done.update(self._receive())
            while turn in done:
                yield done.pop(turn)
                turn += 1

    def _idle(self) -> Connection | None:
        """A process that waits for work; a new one as long as there may be more."""
        waiting = next((member for member in self.members if member not in self.busy), None)
        return self._fork() if waiting is None and len(self.members) < self.most else waiting

    def _fork(self) -> Connection:
        context: ForkContext = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self.work, theirs, os.getpid()), daemon=True)
        process.start()
        theirs.close()
        self.members[ours] = process
        return ours

    def _send(self, member: Connection, number: int, piece: Piece) -> None:
        try:
            member.send(piece)
        except OSError:
            raise _ended() from None
        self.busy[member] = number

    def _receive(self) -> Iterator[tuple[int, Result]]:
        """What has come in, after waiting for at least one."""
        for member in wait(list(self.busy)):
            assert isinstance(member, Connection)
            try:
                result = member.recv()
            except (EOFError, OSError):
                raise _ended() from None
            yield self.busy.pop(member), result

    def kill(self) -> None:
        """They hold nothing that would need an orderly end."""
        for member, process in self.members.items():
            process.kill()
            member.close()
        for process in self.members.values():
            process.join()


def _ended() -> Failed:
    return Failed("A process that did a part of the work ended before it answered.", code="no-answer")


def _serve(work: Callable[[Piece], Result], parent: Connection, parent_id: int) -> None:
    """A process's whole life. What ``work`` raises ends it without a word: an error's text may quote rows."""
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_id:  # it went before the kernel was told
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BaseException):
        while True:
            parent.send(work(parent.recv()))
    os._exit(1)
