"""What a table may cost to take in, and what is known after it was taken in."""

from __future__ import annotations

from dataclasses import asdict, dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on one file. Beyond any of them it is refused; nothing is ever cut to fit.

    ``max_ratio`` is decoded bytes per byte of the file and holds from ``ratio_floor_bytes`` of decoded bytes on: a
    small honest table of constants has a high ratio too. It is for what unpacks: Parquet, workbooks, gzip and zstd.
    ``max_entries`` is of a workbook's archive.
    """

    max_bytes: int = 8 * GIB
    max_rows: int = 50_000_000
    max_columns: int = 2_000
    max_decoded_bytes: int = 32 * GIB
    max_ratio: float = 1_000.0
    max_cell_bytes: int = MIB
    ratio_floor_bytes: int = 256 * MIB
    max_entries: int = 1_000

    def decoded_cap(self, size_bytes: int) -> int:
        """The most bytes that a packed file of ``size_bytes`` may unpack or decode to."""
        by_ratio = max(self.ratio_floor_bytes, int(self.max_ratio * size_bytes))
        return min(self.max_decoded_bytes, by_ratio)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSummary:
    """Facts about a table that was taken in. They come from rows: for the owner only."""

    n_rows: int
    n_columns: int
    source_bytes: int
    decoded_bytes: int
    canonical_bytes: int

    def as_dict(self) -> dict[str, int]:
        """The summary as plain numbers."""
        return asdict(self)
