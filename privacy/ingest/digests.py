"""Keyed digests of rows, from bytes that do not depend on a library's way of printing numbers."""

from __future__ import annotations

import hmac

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

SLICE_ROWS = 1 << 16


def row_texts(table: pa.Table) -> list[bytes]:
    """Bytes of each row of a canonical table: equal exactly if the rows are equal, column by column.

    Each cell is "length:text" (numbers and moments by their integer or bit pattern), a missing one is "-:".
    """
    texts: list[bytes] = []
    for start in range(0, table.num_rows, SLICE_ROWS):
        part = table.slice(start, SLICE_ROWS).combine_chunks()
        cells = [_netstrings(part.column(name)) for name in part.column_names]
        texts.extend(pc.binary_join_element_wise(*cells, _large(b"")).to_pylist())
    return texts


def keyed_digests(key: bytes, purpose: bytes, texts: list[bytes]) -> list[bytes]:
    """HMAC-SHA256 of each text under ``key``, apart for each ``purpose``."""
    prefix = b"%d:%b" % (len(purpose), purpose)
    return [hmac.digest(key, prefix + text, "sha256") for text in texts]


def _large(text: bytes) -> pa.Scalar:
    return pa.scalar(text, pa.large_binary())


def _netstrings(column: pa.ChunkedArray) -> pa.Array:
    text = _bytes(pa.concat_arrays(column.chunks) if column.num_chunks != 1 else column.chunk(0))
    length = pc.cast(pc.cast(pc.binary_length(text), pa.string()), pa.large_binary())
    cells = pc.binary_join_element_wise(length, text, _large(b":"))
    return pc.fill_null(cells, _large(b"-:"))


def _bytes(array: pa.Array) -> pa.Array:
    if pt.is_string(array.type) or pt.is_large_string(array.type):
        return pc.cast(pc.cast(array, pa.large_string()), pa.large_binary())
    if pt.is_floating(array.type):
        bits = pc.add(array, 0.0).to_numpy(zero_copy_only=False).view(np.int64)  # -0.0 is 0.0
        array = pa.array(bits, mask=array.is_null().to_numpy(zero_copy_only=False))
    elif pt.is_date32(array.type):
        array = pc.cast(array, pa.int32())
    elif pt.is_timestamp(array.type) or pt.is_boolean(array.type):
        array = pc.cast(array, pa.int64())
    return pc.cast(pc.cast(array, pa.large_string()), pa.large_binary())
