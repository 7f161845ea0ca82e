"""Rounded Gaussian noise: exact word by word. Its law as a whole is in tests/statistical."""

from __future__ import annotations

import os
import random

import mpmath
import numpy as np
import pytest
from scipy.special import ndtri

from privacy import noise
from privacy.noise import rounded_gaussian


def words(*values: int) -> noise.Entropy:
    """An entropy source that gives these 64-bit words, then random ones."""
    queue = b"".join(value.to_bytes(8, "little") for value in values)

    def entropy(n: int) -> bytes:
        nonlocal queue
        head, queue = queue[:n], queue[n:]
        return head + os.urandom(n - len(head))

    return entropy


def exact_magnitude(v: mpmath.mpf, stddev: float) -> int:
    """round(|N|) at tail probability v, by a bisection of its own on the exact tail."""
    low, high = 0, 1
    while v <= mpmath.ncdf(-(high - mpmath.mpf(1) / 2) / stddev):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if v <= mpmath.ncdf(-(middle - mpmath.mpf(1) / 2) / stddev) else (low, middle)
    return low


@pytest.mark.parametrize("stddev", [0.4, 3.0, 1234.5, 1e6])
def test_every_word_gives_the_exact_inverse(stddev: float) -> None:
    source = random.Random(1)
    chosen = [source.getrandbits(64) >> (3 * (i % 21)) for i in range(60)]
    drawn = rounded_gaussian(stddev, (len(chosen),), words(*chosen))
    with mpmath.workdps(60):
        for word, z in zip(chosen, drawn, strict=True):
            low, high = ((mpmath.mpf(word >> 1) + d) / 2**64 for d in (1, 0))
            assert exact_magnitude(low, stddev) <= abs(z)
            if high > 0:
                assert abs(z) <= exact_magnitude(high, stddev)
            assert z == 0 or (z < 0) == bool(word & 1)


@pytest.mark.parametrize("stddev", [0.7, 25.0, 1e5])
def test_words_at_a_boundary_are_decided_by_further_bits(stddev: float) -> None:
    """The word that holds the tail probability of k - 1/2: zeros after it give k, ones give k - 1."""
    k = max(1, round(stddev))
    with mpmath.workdps(60):
        boundary = int(mpmath.floor(mpmath.ncdf(-(k - mpmath.mpf(1) / 2) / stddev) * 2**64))
    _, unsure = noise._round_fast(np.array([boundary], dtype=np.uint64), stddev)
    assert unsure.all()
    assert rounded_gaussian(stddev, (1,), words(boundary << 1, 0)).tolist() == [k]
    assert rounded_gaussian(stddev, (1,), words(boundary << 1, 2**64 - 1)).tolist() == [k - 1]


def test_the_far_tail_needs_no_cut() -> None:
    """63 zero bits and 64 more: |N| > 13 sigma, which a table to 2**-63 would not have."""
    (z,) = rounded_gaussian(10.0, (1,), words(0, 0, 2**63))
    with mpmath.workdps(80):
        assert z == exact_magnitude(mpmath.mpf(2) ** -129, 10.0)
    assert z > 130


def test_ndtri_is_far_better_than_assumed() -> None:
    """The fast path assumes an error below 1e-12 * (1 + |x|)."""
    v = np.concatenate([2.0 ** -np.linspace(1, 41, 300), 0.5 - 2.0 ** -np.linspace(2, 50, 100)])
    with mpmath.workdps(40):
        exact = [float(-mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * mpmath.mpf(p))) for p in v]
    assert np.max(np.abs(ndtri(v) - exact) / (1 + np.abs(exact))) < 1e-15


def test_shapes_types_and_bytes() -> None:
    asked: list[int] = []

    def entropy(n: int) -> bytes:
        asked.append(n)
        return os.urandom(n)

    z = rounded_gaussian(5.0, (3, 4), entropy)
    assert (z.shape, z.dtype, asked[0]) == ((3, 4), np.dtype(np.int64), 96)
    assert rounded_gaussian(5.0, (0,), os.urandom).size == 0
    assert rounded_gaussian(5.0, (), os.urandom).shape == ()


def test_the_same_bytes_give_the_same_noise_and_others_do_not() -> None:
    first, second = (rounded_gaussian(50.0, (1000,), np.random.default_rng(s).bytes) for s in (1, 2))
    assert np.array_equal(first, rounded_gaussian(50.0, (1000,), np.random.default_rng(1).bytes))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("stddev", [0.0, -1.0, float("nan"), float("inf"), 1e13])
def test_a_stddev_out_of_range_is_refused(stddev: float) -> None:
    with pytest.raises(ValueError, match="standard deviation"):
        rounded_gaussian(stddev, (1,), os.urandom)


def test_a_short_entropy_source_is_refused() -> None:
    with pytest.raises(ValueError, match="too few bytes"):
        rounded_gaussian(1.0, (2,), lambda n: b"\0" * 8)
