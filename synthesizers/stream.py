"""Rows of any model, shard by shard: as many as one likes, with one shard of them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthesizers.conditions import Conditions, Source, sampled

SHARD = 2**17
"""Rows of a shard, where the engine has no shards of its own."""
ROW_GROUP = 2**20


@runtime_checkable
class Sharded(Protocol):
    """A source that makes its rows in shards by itself."""

    def shards(self, n_rows: int | None, *, seed: int, dictionaries: bool = False) -> Iterator[pa.Table]:
        """The rows of ``propose``; words perhaps as dictionary arrays."""
        ...


def shards(
    source: Source, n_rows: int, *, seed: int, conditions: Conditions | None = None, dictionaries: bool = False
) -> Iterator[pa.Table]:
    """``n_rows`` rows, true to constraints and conditions, shard by shard; each is made by (seed, shard).

    ``dictionaries``: words may come as dictionary arrays.
    Raises: UsageError; see ``conditions.sampled``.
    """
    if not conditions and not source.constraints and isinstance(source, Sharded):
        yield from source.shards(n_rows, seed=seed, dictionaries=dictionaries)
        return
    for shard, low in enumerate(range(0, max(n_rows, 1), SHARD)):
        own = int(np.random.SeedSequence([seed, shard]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        yield sampled(source, min(SHARD, n_rows - low), seed=own, conditions=conditions).rows


def write_parquet(source: Source, path: Path, n_rows: int, *, seed: int, conditions: Conditions | None = None) -> int:
    """Write ``n_rows`` rows as Parquet, row group by row group. Returns how many were written.

    Memory: a row group of a million rows.
    """
    written = 0
    writer: pq.ParquetWriter | None = None
    try:
        for group in _groups(shards(source, n_rows, seed=seed, conditions=conditions, dictionaries=True)):
            # Without the Arrow schema a reader finds words, not dictionaries.
            writer = writer or pq.ParquetWriter(path, group.schema, compression="zstd", store_schema=False)
            writer.write_table(group)
            written += group.num_rows
    finally:
        if writer is not None:
            writer.close()
    return written


def _groups(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ``ROW_GROUP`` rows or a little more."""
    held: list[pa.Table] = []
    for part in parts:
        held.append(part)
        if sum(one.num_rows for one in held) >= ROW_GROUP:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)
