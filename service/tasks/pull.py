"""Rows from elsewhere -> bytes in a pipe. The parent encrypts them as they come: nothing is written to a disk here.

The only task that has the network. It gets one connection's secret, on its standard input, and no key of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

from service.tasks.request import Request, path_of
from understudy.errors import Failed

if TYPE_CHECKING:
    from service.ports import Progress

_HALFWAY_BYTES = 256 << 20
"""Where the bar of a table whose length nobody knows is half full."""


def pull(request: Request, on_progress: Progress) -> Request:
    """Send it all. Answers size_bytes and, of a database, n_rows, of an object, etag. Raises as ``service.pulling``."""
    on_progress("pull", 0)
    facts: Request = {}
    sent = 0
    parts = (_object if request["kind"] == "s3" else _rows)(request, facts)
    try:
        with path_of(request, "pipe").open("wb", buffering=0) as pipe:
            for part in parts:
                _send(pipe, part)
                sent += len(part)
                on_progress("pull", _percent(sent, cast("int | None", facts.get("expected_bytes"))))
    except BrokenPipeError:
        # The parent has stopped listening, and knows why.
        raise Failed("The work was cancelled.", code="cancelled") from None
    return {**facts, "size_bytes": sent}


def _percent(sent: int, expected: int | None) -> int:
    return 100 * sent // max(1, expected) if expected is not None else 100 * sent // (sent + _HALFWAY_BYTES)


def _send(pipe: BinaryIO, part: bytes) -> None:
    left = memoryview(part)
    while left:
        left = left[pipe.write(left) :]


def _rows(request: Request, facts: Request) -> Iterator[bytes]:
    from service.pulling.postgres import Source, rows_as_csv

    facts["n_rows"] = 0
    for part, n_rows in rows_as_csv(Source(**cast("dict[str, str]", request["source"]))):  # type: ignore[arg-type]
        yield part
        facts["n_rows"] = cast(int, facts["n_rows"]) + n_rows


def _object(request: Request, facts: Request) -> Iterator[bytes]:
    from service.pulling.s3 import Source, opened

    found = opened(Source(**cast("dict[str, str]", request["source"])))  # type: ignore[arg-type]
    facts |= {"etag": found.etag, "expected_bytes": found.size_bytes}
    yield from found.parts
