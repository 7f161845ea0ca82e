"""Reading a stream of bytes: metadata first, then chunks, then the end, which says how many bytes there were.

The end must be said: when a message cannot be read grpc ends the iterator just as it does for a caller who is done,
when a connection is cut it may do so or raise, and half a table must never pass for a whole one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import grpc

from understudy.errors import InputRefused, UsageError


class Sink(Protocol):
    """Where the bytes go."""

    size_bytes: int

    def write(self, chunk: bytes) -> None: ...


def metadata_of(parts: Iterator[Any]) -> Any:
    """The metadata that opens the stream. Raises UsageError (request-invalid) if something else comes first."""
    first = next(parts, None)
    if first is None or first.WhichOneof("part") != "metadata":
        raise UsageError("The first message of a stream of bytes is its metadata.", code="request-invalid")
    return first.metadata


def receive(parts: Iterator[Any], sink: Sink) -> None:
    """Write every chunk to the sink, up to the end.

    Raises: InputRefused (upload-incomplete) if the end does not come or counts another number of bytes;
    UsageError (request-invalid) for a message that is neither.
    """
    if not receive_from(parts, sink, 0):
        raise broke_off()


def receive_from(parts: Iterator[Any], sink: Sink, start: int) -> bool:
    """As ``receive``, into a sink that begins at ``start``; False if the end did not come, also of a cut connection."""
    for part in _up_to_a_cut(parts):
        which = part.WhichOneof("part")
        if which == "chunk":
            sink.write(part.chunk)
        elif which == "end":
            if part.end.size_bytes != sink.size_bytes - start:
                raise InputRefused("Not as many bytes arrived as were sent.", code="upload-incomplete")
            return True
        else:
            raise UsageError("After the metadata come chunks, and then the end.", code="request-invalid")
    return False


def _up_to_a_cut(parts: Iterator[Any]) -> Iterator[Any]:
    with contextlib.suppress(grpc.RpcError):
        yield from parts


def broke_off() -> InputRefused:
    """The error for a stream without its end."""
    return InputRefused("The stream of bytes broke off before its end.", code="upload-incomplete")
