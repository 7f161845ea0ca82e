"""gzip and zstd, taken off before a file is read: counted as it unpacks, and stopped at the cap.

Whether a file is packed is told by its first bytes, never by its name. Text cannot begin with either mark, and neither
can a Parquet file or a workbook.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from privacy.ingest.faults import refusal
from privacy.ingest.limits import Limits

CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
"""First bytes of what is taken off."""

CHUNK_BYTES = 1 << 20


@contextmanager
def unpacked(path: Path, into: Path, limits: Limits) -> Iterator[tuple[Path, Limits]]:
    """The file itself, or what it unpacks to, written to ``into`` and gone at the end of the block.

    The limits that come with it are those for what is in it: unpacking once does not double what is allowed.
    Raises: InputRefused with archive-damaged, archive-nested, empty-file or decoded-too-large.
    """
    codec = _codec_of(path)
    if codec is None:
        yield path, limits
        return
    cap = limits.decoded_cap(path.stat().st_size)
    try:
        if _unpack(path, into, codec, cap) == 0:
            raise refusal("empty-file")
        if _codec_of(into) is not None:
            raise refusal("archive-nested")
        yield into, replace(limits, max_decoded_bytes=cap)
    finally:
        into.unlink(missing_ok=True)


def _codec_of(path: Path) -> str | None:
    with path.open("rb") as raw:
        start = raw.read(4)
    return next((codec for mark, codec in CODECS.items() if start.startswith(mark)), None)


def _unpack(path: Path, into: Path, codec: str, cap: int) -> int:
    """The number of bytes written."""
    n_bytes = 0
    with pa.OSFile(str(path)) as packed, pa.CompressedInputStream(packed, codec) as stream, into.open("wb") as plain:
        while True:
            try:
                chunk = stream.read(CHUNK_BYTES)
            except OSError:
                raise refusal("archive-damaged") from None
            if not chunk:
                return n_bytes
            n_bytes += len(chunk)
            if n_bytes > cap:
                raise refusal("decoded-too-large", limit_bytes=cap)
            plain.write(chunk)
