"""Who is most exposed: named so that only the owner can tell who it is, beside people who were never trained on."""

import numpy as np
import pyarrow as pa
import pytest

from evaluation.exposed import MOST, ROW, exposed, naming
from evaluation.membership import Audit

N = 60
IDS = [f"patient-{i}" for i in range(N)]
MEMBERS = pa.table({"id": pa.array(IDS, pa.string())})


def audited(*, member: bool | None = None) -> Audit:
    """The first 60 people are members, in order of exposure; the other 60 are strangers of middling scores."""
    inside = np.arange(2 * N) < N if member is None else np.full(2 * N, member)
    score = np.concatenate([np.linspace(5, -1, N), np.full(N, 2.0)])
    place = np.concatenate([np.arange(N), np.arange(N)])
    return Audit(score=score, isolation=np.abs(score), member=inside, row=place)


def test_the_twenty_most_exposed_come_first_with_strangers_beside_them() -> None:
    (table,) = exposed(audited(), naming(MEMBERS, "id", b"k" * 32))
    assert len(table.rows) == MOST
    assert table.disclosure.value == "owner"
    assert [row[2] for row in table.rows] == ["0 of 60"] * MOST
    assert float(table.rows[0][1]) == pytest.approx(np.exp(-5), rel=0.01)


def test_a_name_needs_the_key_and_holds_no_id() -> None:
    one, other = (naming(MEMBERS, "id", key) for key in (b"a" * 32, b"b" * 32))
    assert one is not None
    assert other is not None
    assert one(3) == one(3)
    assert len({one(i) for i in range(N)}) == N
    assert one(3) != other(3)
    (table,) = exposed(audited(), one)
    assert not any("patient" in cell for row in table.rows for cell in row)


def test_without_a_key_nobody_is_listed() -> None:
    assert naming(MEMBERS, "id", b"") is None
    assert naming(MEMBERS, None, b"k" * 32) is None
    assert exposed(audited(), None) == ()


def test_whoever_holds_the_table_is_told_the_row() -> None:
    numbered = MEMBERS.append_column(ROW, pa.array(range(1, N + 1)))
    (table,) = exposed(audited(), naming(numbered, "id", b""))
    assert table.rows[0][0] == "row 1"


def test_without_strangers_or_members_there_is_nothing_to_say() -> None:
    name = naming(MEMBERS, "id", b"k" * 32)
    assert exposed(audited(member=True), name) == exposed(audited(member=False), name) == exposed(None, name) == ()
