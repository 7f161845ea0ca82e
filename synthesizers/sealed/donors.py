"""A row's unknown codes from rows that an engine has made: those of a near one (hot deck imputation).

All that is left of a sealed engine are its rows, so what a row's other cells say of a hole is read off the rows that
look like it. Distance: the mean over the known columns of 0 or 1 where codes are names, of their difference where they
are bins in order (Gower 1971). Reads synthetic rows only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from privacy.codecs import BinsCodec, Codec
from synthesizers.imputation import Gaps, unknown_column

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

NEAREST = 10
"""A donor is one of so many nearest rows, each as likely as another."""
_MOST_DONORS = 10_000
_CELLS = 2**22
"""Distances that are held at once."""


def completed(made: Ints, codecs: Sequence[Codec], gaps: Gaps, rng: np.random.Generator) -> list[Ints]:
    """The codes with every hole from a donor. Shapes: made (rows made, columns).

    Raises: UsageError (impute-unknown) if no row that was made has a code that a hole may get.
    """
    codes, shut = gaps.codes, gaps.shut
    found = [np.array(one, dtype=np.int64) for one in codes]
    patterns, which = np.unique(gaps.holes, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(pattern)
        if not columns.size:
            continue
        donors = _donors(made, codecs, columns, shut, rng)
        rows = np.flatnonzero(which.reshape(-1) == number)
        step = max(1, _CELLS // len(donors))
        for low in range(0, rows.size, step):
            own = rows[low : low + step]
            distance = _distance(donors, codecs, [one[own] for one in codes], np.flatnonzero(~pattern), own.size)
            taken = donors[_chosen(distance, rng)]
            for column in columns:
                found[column][own] = taken[:, column]
    return found


def _donors(
    made: Ints,
    codecs: Sequence[Codec],
    columns: NDArray[np.intp],
    shut: Sequence[int | None],
    rng: np.random.Generator,
) -> Ints:
    """Rows, at most ``_MOST_DONORS``, that have something to give in each of the columns.

    If none has it in all of them, a row is put together of columns that have it.
    """
    fits = np.ones(len(made), dtype=bool)
    for column in columns:
        mine = np.ones(len(made), dtype=bool) if shut[column] is None else made[:, column] != shut[column]
        if not mine.any():
            raise unknown_column(codecs[column].name)
        fits &= mine
    donors = made[fits] if fits.any() else _patched(made, columns, shut, rng)
    return donors if len(donors) <= _MOST_DONORS else donors[rng.permutation(len(donors))[:_MOST_DONORS]]


def _patched(made: Ints, columns: NDArray[np.intp], shut: Sequence[int | None], rng: np.random.Generator) -> Ints:
    donors = made.copy()
    for column in columns:
        empty = donors[:, column] == (-1 if shut[column] is None else shut[column])
        donors[empty, column] = rng.choice(donors[~empty, column], int(empty.sum()))
    return donors


def _distance(
    donors: Ints, codecs: Sequence[Codec], codes: Sequence[Ints], known: NDArray[np.intp], n_rows: int
) -> Floats:
    """(rows, donors)."""
    total = np.zeros((n_rows, len(donors)), dtype=np.float32)
    for column in known:
        mine, theirs, codec = codes[column][:, None], donors[:, column][None, :], codecs[column]
        if isinstance(codec, BinsCodec) and codec.n_bins > 1:
            binned = (mine < codec.n_bins) & (theirs < codec.n_bins)
            apart = np.minimum(np.abs(mine - theirs) / np.float32(codec.n_bins - 1), 1)
            total += np.where(binned, apart, mine != theirs).astype(np.float32)
        else:
            total += mine != theirs
    return total


def _chosen(distance: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """One of the ``NEAREST`` of each row; ties are broken at random."""
    n_rows, n_donors = distance.shape
    jitter = rng.random(n_donors, dtype=np.float32) * np.float32(1e-3)
    near = min(NEAREST, n_donors)
    places = np.argpartition(distance + jitter, near - 1, axis=1)[:, :near]
    return np.asarray(places[np.arange(n_rows), rng.integers(0, near, n_rows)], dtype=np.intp)
