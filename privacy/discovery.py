"""Which categories occur: keys whose noisy count passes a threshold that a lone unit cannot pass.

Only ``privacy`` may use this. The proof is in docs/adr/0012; in short:

Counting units: each is counted once per key, and has at most k = max_rows keys. So the counts of keys that both
of two neighbouring tables have move by at most sqrt(k) in L2: the Gaussian part. The keys that only one table
has are at most k, each with a count of 1; the failure part is the chance delta that any of them is released.
Counting rows, where units cannot be told apart: the counts of common keys move by at most k in L2. New keys
have counts c_1, c_2, ... that sum to at most k, and the chance that any passes is largest for k keys of one row
each, or for one key of k rows. The threshold below covers both.
Nested codes are looked for level by level; a row whose key was released is left out of the levels above.
Sources: Korolova et al. 2009 (thresholding); Desfontaines, Voss, Gipson, Mandayam 2022, arXiv:2006.03684, and
Google's "Delta for thresholding" note for the Gaussian case: T = 1 + sigma * Phi^-1((1 - delta)**(1/k)).
Ours is half a row higher, because Z is rounded: P(round(N) >= t) = P(N >= t - 1/2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.special import ndtri

from privacy.domain_plan import Step
from privacy.hierarchy import at_level, n_private_levels
from privacy.till import Till

_FLOAT_MARGIN = 1 + 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKeys:
    """Keys and their noisy numbers of units, the most frequent first."""

    keys: tuple[str, ...]
    counts: NDArray[np.int64]
    stddev: float
    threshold: int


def key_threshold(stddev: float, delta: float, max_rows: int, *, by_unit: bool) -> int:
    """The smallest noisy count that releases a key. Rounded up.

    Guarantees: the new keys of one unit, of at most max_rows rows, are all hidden with probability >= 1 - delta.
    """
    highest = _threshold(stddev, delta, count=1, n_keys=max_rows)
    return highest if by_unit else max(highest, _threshold(stddev, delta, count=max_rows, n_keys=1))


def _threshold(stddev: float, delta: float, *, count: int, n_keys: int) -> int:
    tail = -math.expm1(math.log1p(-delta) / n_keys)
    return math.ceil(count + 0.5 - stddev * float(ndtri(tail)) * _FLOAT_MARGIN)


def discover_levels(
    values: pa.ChunkedArray,
    units: pa.ChunkedArray | None,
    *,
    hierarchy: str | None,
    till: Till,
    noise_multiplier: float,
    delta: float,
    max_rows: int,
    limit: int,
) -> tuple[str, ...]:
    """Keys of all levels of a hierarchy that are not public, those of the lowest level first; at most ``limit``.

    See ``discover_keys``. Each of these levels gets an equal part of mu**2 and delta. Rows whose key is known already
    do not count further up, so that what an ancestor stands for is frequent by itself.
    """
    n, known = n_private_levels(hierarchy), tuple[str, ...]()
    each = math.nextafter(delta / n, 0.0) if n > 1 else delta
    for level in range(n):
        found = discover_keys(
            at_level(values, hierarchy, level),
            units,
            till=till,
            noise_multiplier=noise_multiplier * math.sqrt(n),
            delta=each,
            max_rows=max_rows,
            limit=limit - len(known),
        )
        known += tuple(key for key in found.keys if key not in known)
        released = pc.is_in(at_level(values, hierarchy, level), value_set=pa.array(found.keys, pa.string()))
        values = pc.if_else(released, pa.scalar(None, pa.string()), values)
    return known


def discover_keys(
    values: pa.ChunkedArray,
    units: pa.ChunkedArray | None,
    *,
    till: Till,
    noise_multiplier: float,
    delta: float,
    max_rows: int,
    limit: int,
) -> FoundKeys:
    """The keys of a string column that enough units share; at most ``limit`` of them.

    ``units``: the unit of each row; all rows whose unit is missing count as one unit. None if every row is a unit
    (max_rows is 1), or if units cannot be told apart: then rows are counted.
    Guarantees: the literal of a unit's key that no other unit has is released with probability <= delta.
    Raises: PlanExceeded, before the rows are read.
    """
    by_unit = units is not None or max_rows == 1
    sensitivity = math.sqrt(max_rows) if by_unit else float(max_rows)
    stddev = noise_multiplier * sensitivity
    keys: list[str] = []

    def exact() -> NDArray[np.int64]:
        found, counts = _units_per_key(values, units)
        keys.extend(found)
        return counts

    noisy = till.counts(
        exact,
        purpose=Step.KEYS.value,
        noise_multiplier=noise_multiplier,
        sensitivity=sensitivity,
        failure=delta,
    )
    threshold = key_threshold(stddev, delta, max_rows, by_unit=by_unit)
    passed = sorted((-int(count), key) for key, count in zip(keys, noisy, strict=True) if count >= threshold)[:limit]
    return FoundKeys(
        keys=tuple(key for _, key in passed),
        counts=np.array([-count for count, _ in passed], dtype=np.int64),
        stddev=stddev,
        threshold=threshold,
    )


def _units_per_key(values: pa.ChunkedArray, units: pa.ChunkedArray | None) -> tuple[list[str], NDArray[np.int64]]:
    """Each key, in order, and the number of units (or rows) that have it.

    The order is fixed, so that a replay from the same keyed entropy gives each key the same noise again.
    """
    table = pa.table({"key": values} if units is None else {"key": values, "unit": units})
    rows = table.filter(pc.is_valid(values))
    if units is not None:
        rows = rows.group_by(["key", "unit"]).aggregate([])
    grouped = rows.group_by(["key"]).aggregate([([], "count_all")]).sort_by("key")
    return grouped["key"].to_pylist(), np.asarray(grouped["count_all"], dtype=np.int64)
