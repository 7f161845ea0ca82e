"""Two maps over a canonical table, decided person by person: who keeps which rows, and who is kept apart.

What happens to a person's rows follows from those rows, the schema and the key, never from a position or from another
person. So adding or removing one person changes no other person's rows, and neither map costs budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from privacy.ingest.digests import keyed_digests, row_texts
from privacy.ingest.faults import refusal
from understudy.errors import Place, PrivacyParameterError
from understudy.schema import TableSchema

BOUND_ROWS = b"understudy/bound-rows/v1"
SPLIT = b"understudy/split/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The parts of a table. ``train`` holds the members and everyone who is not audited; controls are not in it."""

    train: pa.Table
    members: pa.Table
    controls: pa.Table


def bound_rows(table: pa.Table, schema: TableSchema, *, key: bytes) -> pa.Table:
    """At most ``schema.unit.max_rows`` rows of each person, in the table's order.

    A person with more keeps those whose HMAC-SHA256 (of person and row) is smallest: the same ones in any order.
    Guarantees: no other person's rows change when one person comes or goes.
    Raises: InputRefused (unit-missing) if a row names no person.
    """
    if schema.unit.column is None:
        return table  # each row is a person of its own, and max_rows is at least 1
    units = _unit_codes(table, schema.unit.column)
    n_rows = np.bincount(units)
    candidates = np.flatnonzero(n_rows[units] > schema.unit.max_rows)
    if len(candidates) == 0:
        return table
    # The person's own column is in the row's bytes, so person and row are one message.
    texts = row_texts(table.take(pa.array(candidates)))
    digests = np.array(keyed_digests(key, BOUND_ROWS, texts), dtype="S32")
    order = np.lexsort((digests, units[candidates]))
    keep = np.ones(table.num_rows, dtype=bool)
    keep[candidates[order[_rank(units[candidates][order]) >= schema.unit.max_rows]]] = False
    return table.filter(pa.array(keep))


def split(table: pa.Table, schema: TableSchema, *, key: bytes, audit_share: float) -> Split:
    """Set audited people apart: each person is one with probability ``audit_share``, and then a control with 1/2.

    Both coins come from one HMAC-SHA256 of the person. Where every row is a person of its own, the person is the row's
    content and a count among rows with that same content, so that equal rows are tossed for one by one: which of them
    is which makes no difference to any part as a bag of rows.
    Guarantees: no other person's part changes when one person comes or goes.
    Raises: PrivacyParameterError if the share is not within [0, 1]; InputRefused (unit-missing).
    """
    if not 0.0 <= audit_share <= 1.0:
        raise PrivacyParameterError("The audit share is a number from 0 to 1.")
    coins = _coins(table, schema, key)
    audited = (coins[:, 0] >> np.uint64(11)).astype(np.float64) < audit_share * 2.0**53
    control = audited & ((coins[:, 1] & np.uint64(1)) == 1)
    return Split(
        train=table.filter(pa.array(~control)),
        members=table.filter(pa.array(audited & ~control)),
        controls=table.filter(pa.array(control)),
    )


def _coins(table: pa.Table, schema: TableSchema, key: bytes) -> NDArray[np.uint64]:
    """Two words of each row's person: uint64 of shape (n_rows, 2)."""
    if schema.unit.column is None:
        return _words(keyed_digests(key, SPLIT, _numbered(row_texts(table))))
    units = _unit_codes(table, schema.unit.column)
    _, first = np.unique(units, return_index=True)
    people = table.select([schema.unit.column]).take(pa.array(first))
    return _words(keyed_digests(key, SPLIT, row_texts(people)))[units]


def _words(digests: list[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digest[:16] for digest in digests), dtype="<u8").reshape(-1, 2)


def _numbered(texts: list[bytes]) -> list[bytes]:
    seen: dict[bytes, int] = {}
    numbered = []
    for text in texts:
        count = seen.get(text, 0)
        seen[text] = count + 1
        numbered.append(b"%d:%b" % (count, text))
    return numbered


def _unit_codes(table: pa.Table, column: str) -> NDArray[np.int64]:
    """A number for each row's person, 0 to n_people - 1."""
    units = table.column(column)
    if units.null_count:
        raise refusal("unit-missing", Place(column=column))
    coded = pc.dictionary_encode(units.combine_chunks())
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes: NDArray[np.int64] = coded.indices.to_numpy().astype(np.int64)
    return codes


def _rank(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The position of each entry within its run of equal, neighbouring ``groups``."""
    positions = np.arange(len(groups))
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    return positions - np.repeat(starts, np.diff(np.append(starts, len(groups))))
