"""What a file format must offer to be taken in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import pyarrow as pa


class Source(Protocol):
    """A checked, open table file."""

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Batches with the declared columns as the file has them, and the share of the file read so far.

        Raises: InputRefused when the file's form breaks: its cells are ``convert``'s to judge.
        """
        ...

    def lines_of(self, rows: Sequence[int]) -> Mapping[int, int]:
        """The line, counted from 1, of each data row, counted from 0. May read the file again."""
        ...
