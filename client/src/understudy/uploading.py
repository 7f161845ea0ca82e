"""Sending a file so that a broken connection costs little: it goes on where the service says that it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from understudy import endpoints
from understudy.endpoints import Request
from understudy.errors import Conflict, Failed, RateLimited, UnderstudyError, UsageError
from understudy.messages import DatasetState, DatasetView, Message, TableFormat

M = TypeVar("M", bound=Message)

CHUNK_BYTES = 1 << 20
MAX_TRIES = 4
"""So often in a row may nothing arrive; each byte that does begins the count anew."""

FINISHING_S = 3600.0
"""How long to wait for a table that the service is taking in for a connection that broke."""

PACKED = (".gz", ".zst")
ENDINGS = {
    ".csv": TableFormat.CSV,
    ".parquet": TableFormat.PARQUET,
    ".tsv": TableFormat.TSV,
    ".tab": TableFormat.TSV,
    ".jsonl": TableFormat.JSONL,
    ".xlsx": TableFormat.XLSX,
    ".ndjson": TableFormat.FHIR,
}


def format_of(path: Path) -> TableFormat:
    """The format of a table by its ending, also of one that is packed (.csv.gz, .csv.zst). Raises UsageError.

    ``.ndjson`` is FHIR, as bulk exports call their files; other JSON lines are ``.jsonl``.
    """
    plain = path.with_suffix("") if path.suffix.lower() in PACKED else path
    known = ENDINGS.get(plain.suffix.lower())
    if known is None:
        names = ", ".join(ENDINGS)
        raise UsageError(f"A table ends in one of {names}, or say its --format.", code="format-unknown")
    return known


def given_format(name: str) -> TableFormat:
    """A format by its name. Raises UsageError."""
    try:
        return TableFormat(name.lower())
    except ValueError:
        names = ", ".join(TableFormat)
        raise UsageError(f"A format is one of {names}.", code="format-unknown") from None


class Caller(Protocol):
    """The part of a client that is needed here."""

    def call(self, request: Request[M], content: Iterator[bytes] | None = None) -> M: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One file on its way to one dataset."""

    client: Caller
    dataset_id: str
    file: BinaryIO
    size_bytes: int
    observe: Callable[[str, int], None]
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> DatasetView:
        """Send it all. Raises what the service says of the table, or Failed (unreachable) once tries are used up."""
        sha256 = self._digest()
        offset, tries = 0, 0
        while True:
            try:
                request = endpoints.append_content(self.dataset_id, offset_bytes=offset, sha256=sha256)
                return self.client.call(request, self._chunks(offset))
            except (Failed, Conflict, RateLimited) as error:
                if not _may_go_on(error) or tries + 1 >= MAX_TRIES:
                    raise
                if (done := self._ready(error)) is not None:
                    return done
                # What is still on its way when a connection breaks is given time to arrive.
                self.sleep(error.retry_after_s if isinstance(error, RateLimited) else 0.5 * 2**tries)
                arrived = self.client.call(endpoints.get_upload(self.dataset_id)).offset_bytes
                tries = 0 if arrived > offset else tries + 1
                offset = arrived

    def _ready(self, error: UnderstudyError) -> DatasetView | None:
        """The dataset, if the service has taken it in although its answer was lost."""
        waited = 0.0
        while True:
            view = self.client.call(endpoints.get_upload(self.dataset_id))
            if view.state is not DatasetState.EMPTY:
                return self.client.call(endpoints.get_dataset(self.dataset_id))
            if error.reason != "upload-finishing" or waited >= FINISHING_S:
                return None
            self.sleep(1.0)
            waited += 1.0

    def _digest(self) -> str:
        sha256 = hashlib.sha256()
        self.file.seek(0)
        while chunk := self.file.read(CHUNK_BYTES):
            sha256.update(chunk)
        return sha256.hexdigest()

    def _chunks(self, offset: int) -> Iterator[bytes]:
        self.file.seek(offset)
        sent = offset
        while chunk := self.file.read(CHUNK_BYTES):
            yield chunk
            sent += len(chunk)
            self.observe("upload", min(100, 100 * sent // max(1, self.size_bytes)))


def _may_go_on(error: UnderstudyError) -> bool:
    codes = ("unreachable", "upload-offset-wrong", "upload-offset-taken", "upload-finishing")
    return isinstance(error, RateLimited) or error.reason in codes
