"""The permutation under the format-preserving tokens."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.scrub.fpe import Permutation, decode, encode, shape_of, stream


@pytest.mark.parametrize("size", [1, 2, 3, 10, 90, 1000, 2**10, 4321])
def test_it_is_a_bijection_without_a_fixed_point(size: int) -> None:
    permutation = Permutation(b"key", size)
    assert sorted(permutation(x) for x in range(size)) == list(range(size))
    assert size == 1 or all(permutation(x) != x for x in range(size))


def test_another_key_is_another_bijection() -> None:
    one, two = (Permutation(key, 10**9) for key in (b"a", b"b"))
    assert [one(x) for x in range(50)] != [two(x) for x in range(50)]


@settings(max_examples=50)
@given(st.text("0123456789ABCXYZ", min_size=1, max_size=20))
def test_decode_undoes_encode(core: str) -> None:
    x, size = encode(core)
    assert 0 <= x < size
    assert decode(x, shape_of(core)) == core


def test_the_stream_keeps_the_format_of_long_values() -> None:
    core = "A1" * 500
    assert shape_of(stream(b"key", core)) == shape_of(core)
    assert stream(b"key", core) != stream(b"key", "B" + core[1:])
