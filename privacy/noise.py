"""Rounded Gaussian noise, exact: Z = round(N(0, stddev**2)) as integers, from a source of random bytes.

Only ``privacy`` may call this. There is no seed: randomness is the ``entropy`` argument, a function that
returns that many fresh random bytes (the operating system's, or a keyed stream that the service owns).

Z has P(Z = z) = Phi((z + 1/2) / s) - Phi((z - 1/2) / s). Counts are integers, so count + Z is the rounding of
count + N(0, s**2), that is post-processing of the continuous Gaussian mechanism: the same GDP guarantee, and
no low-order bits of a float that could tell the count (Mironov 2012, the attack this rules out).

How it is exact. Take a sign bit and a real V, uniform in [0, 1/2), of which only the first 63 bits are drawn at
first. |N| = -s * ndtri(V) rounds to the same integer for every V that starts with those bits, up to a
floating point error whose bound is 1000 times what ndtri is tested to have. If |N| is nearer than that bound to a
half-integer, or V is in the far tail, further bits of V are drawn and V is compared with the exact
probabilities, with as many digits as it takes. So the law of Z is exact, tails included, for every stddev.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Entropy = Callable[[int], bytes]
"""Returns that many random bytes; every call gives fresh ones."""

MAX_STDDEV = 1e12

_WORD_BYTES = 8
_FAST_FLOOR = 2.0**-40
"""Below this V the 63 bits say too little: the exact path takes over (2**-39 of all draws)."""
_NDTRI_ERROR = 1e-12
"""Bound on the error of scipy's ndtri relative to 1 + |x|. Tested to be below 1e-15 on [2**-41, 1/2]."""


def rounded_gaussian(stddev: float, shape: tuple[int, ...], entropy: Entropy) -> NDArray[np.int64]:
    """Independent exact draws of round(N(0, stddev**2)).

    Units: stddev in rows. Shapes: int64 of ``shape``.
    Raises: ValueError unless 0 < stddev <= 1e12.
    """
    if not 0 < stddev <= MAX_STDDEV:
        raise ValueError("The noise's standard deviation is above 0 and at most 1e12.")
    n = math.prod(shape)
    words = np.frombuffer(entropy(_WORD_BYTES * n), dtype="<u8")
    if words.size != n:
        raise ValueError("The entropy source returned too few bytes.")
    bits = words >> np.uint64(1)
    magnitude, unsure = _round_fast(bits, stddev)
    for index in np.flatnonzero(unsure):
        magnitude[index] = _round_exact(int(bits[index]), 63, stddev, entropy)
    signed = np.where(words & np.uint64(1), -magnitude, magnitude)
    return signed.reshape(shape)


def _round_fast(bits: NDArray[np.uint64], stddev: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Magnitudes, and which of them the first 63 bits do not settle.

    V lies in [b, b + 1] * 2**-64. As (1 - Phi(x)) / phi(x) <= sqrt(pi / 2), a relative error r in V moves x by
    at most 1.26 r; r is 2**-64 / V for the unseen bits and 2**-52 for the conversion to float.
    """
    v = bits.astype(np.float64) * 2.0**-64
    small = v < _FAST_FLOOR
    np.maximum(v, _FAST_FLOOR, out=v)
    x = -ndtri(v)
    y = x * stddev
    rounded = np.rint(y)
    error = stddev * (1.26 * (2.0**-52 + 2.0**-64 / v) + _NDTRI_ERROR * (1.0 + x)) + y * 2.0**-50
    unsure = small | (0.5 - np.abs(y - rounded) <= error)
    return rounded.astype(np.int64), unsure


def _round_exact(bits: int, n_bits: int, stddev: float, entropy: Entropy) -> int:
    """round(|N|) for the V in [0, 1/2) whose binary digits after the first begin with ``bits``.

    |N| >= j - 1/2 exactly if V <= Q((j - 1/2) / s), where Q is the upper tail of the standard normal.
    """
    while True:
        low, high = _magnitude_at(bits + 1, n_bits, stddev), _magnitude_at(bits, n_bits, stddev)
        if low is not None and low == high:
            return low
        bits = (bits << 64) | int.from_bytes(entropy(_WORD_BYTES), "little")
        n_bits += 64


def _magnitude_at(bits: int, n_bits: int, stddev: float) -> int | None:
    """round(-s * Phi^-1(V)) for exactly V = bits * 2**-(n_bits + 1), None if V is 0.

    Never called with a V that is a tail probability itself: those are irrational.
    """
    if bits == 0:
        return None
    context = mpmath.MPContext()
    context.prec = n_bits + 64
    v = context.ldexp(context.mpf(bits), -(n_bits + 1))
    guess = _start(context, v, stddev)
    while guess > 0 and v > _tail(context, guess, stddev):
        guess -= 1
    while v <= _tail(context, guess + 1, stddev):
        guess += 1
    return guess


def _tail(context: Any, magnitude: int, stddev: float) -> Any:
    """P(N >= (magnitude - 1/2)) for N of this stddev."""
    return context.ncdf(-(context.mpf(magnitude) - 0.5) / context.mpf(stddev))


def _start(context: Any, v: Any, stddev: float) -> int:
    """A first guess of the magnitude: Newton's method on the log of the tail."""
    x = context.sqrt(-2 * context.log(v))
    for _ in range(60):
        tail = context.ncdf(-x)
        step = context.log(tail / v) * tail / context.npdf(x)
        x += step
        if abs(step) * stddev < 0.25:
            break
    return max(int(context.nint(x * context.mpf(stddev))), 0)
