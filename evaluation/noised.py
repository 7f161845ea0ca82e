"""Fidelity figures that may leave: distances between real and synthetic rows, measured with noise that the plan holds.

Only ``service.tasks`` calls ``measure``, after the fit and before the reports. It sees no row: it asks the session,
which debits the plan's ``report/...`` events first, so the figures are inside the total that was promised. What it
returns is plain JSON of released numbers; ``evaluation.released`` makes metrics of it.

Sensitivities, add/remove one unit with at most R rows (see ``privacy.counting.l2_sensitivity``): a unit moves the
number of rows by at most R; one histogram by at most R in L2, so m histograms by R sqrt(m); the L1 distance of one
histogram to fixed numbers by at most R, so m distances by R sqrt(m) in L2. With noise of that scale on each of m
distances, their mean has noise R / mu: as precise as if only the mean had been released.
The distances are not divided by the number of rows, which is private: it is bought too, and its error is carried
into every interval.
A category that was not found is one code, OTHER, in real rows and a word of its own in synthetic ones: the two are
never equal. So nothing synthetic is expected there, and what is there counts as a difference in full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluation.marginal_distance import noise_floor
from evaluation.report import Json
from privacy.accounting import DpEvent, gaussian_event, gaussian_price
from privacy.codecs import Codec, ValuesCodec
from privacy.counting import l2_sensitivity
from privacy.domain import Clique
from privacy.session import CountingSession, PrivateSession
from understudy.schema import ColumnSchema, TableSchema

ROWS, COLUMNS, PAIRS, GROUPS = "report/rows", "report/columns", "report/pairs", "report/groups"
"""Purposes of the plan's events. Persisted: never renamed."""

SHARES = {ROWS: 0.30, COLUMNS: 0.10, PAIRS: 0.35, GROUPS: 0.25}
"""Of the report's mu squared. The number of rows is in every figure, so it gets as much as the pairs."""

MAX_PAIRS = 1_000
PAIR_GROUPS = 8
"""Values of a column in a pair: at most so many groups, cut from the synthetic table."""
GROUP_COLUMNS = 4
GROUP_VALUES = 20

Codes = Mapping[str, NDArray[np.int64]]
Floats = NDArray[np.float64]
Expected = Callable[[Clique], Floats]


def report_events(schema: TableSchema, mu_squared: float) -> tuple[tuple[str, DpEvent], ...]:
    """(purpose, event) of the figures that this schema allows; their mu squared add up to ``mu_squared``.

    Reads the schema alone. Empty if there is nothing to measure or to spend.
    """
    if not mu_squared > 0 or not schema.modelled:
        return ()
    wanted = {ROWS: True, COLUMNS: True, PAIRS: len(schema.modelled) > 1, GROUPS: bool(group_columns(schema))}
    total = math.fsum(share for purpose, share in SHARES.items() if wanted[purpose])
    return tuple(
        (purpose, gaussian_event(math.sqrt(total / (share * mu_squared))))
        for purpose, share in SHARES.items()
        if wanted[purpose]
    )


def group_columns(schema: TableSchema) -> tuple[str, ...]:
    """Columns whose declared values are taken as groups of people: targets first, then in the schema's order."""
    small = [
        column
        for column in schema.modelled
        if column.type == "boolean" or (column.enum is not None and 1 < len(column.enum) <= GROUP_VALUES)
    ]
    small.sort(key=lambda column: not column.target)
    return tuple(column.name for column in small[:GROUP_COLUMNS])


def measure(
    session: PrivateSession, events: Sequence[tuple[str, DpEvent]], synthetic: pa.Table, *, canaries: int = 0
) -> Json:
    """Spend the plan's report events and return released numbers as plain JSON; empty if the plan has none.

    ``session``: after ``discretise``. ``synthetic``: the modelled columns of the rows that will leave.
    ``canaries``: how many were offered for training, a public number that is passed through.
    Guarantees: every number is a noisy answer of the session, or a function of the synthetic table and of such.
    Raises: PlanExceeded if the meter does not hold the events; nothing is read then.
    """
    prices = {purpose: price.mu for purpose, event in events if (price := gaussian_price(event)) is not None}
    if ROWS not in prices or synthetic.num_rows == 0:
        return {}
    codes, names, limit = session.discretisation.encode(synthetic), session.domain.names, session.max_rows
    stddev = limit / prices[ROWS]
    n_rows = max(1.0, float(session.measure([()], stddev=stddev, purpose=ROWS)[0].counts))
    released: Json = {
        "rows": {"value": n_rows, "stddev": _noise(stddev)},
        "n_synthetic": synthetic.num_rows,
        "canaries": canaries,
    }
    unknown = {name: _unknown(session.discretisation[name]) for name in names}
    if COLUMNS in prices and names:
        single: list[Clique] = [(name,) for name in names]
        stddev = l2_sensitivity(len(single), limit) / prices[COLUMNS]
        released["columns"] = _distances(session, codes, single, n_rows, stddev, COLUMNS, unknown)
    if PAIRS in prices and len(names) > 1:
        apart = {name: _apart(session.discretisation[name], session.schema[name]) for name in names}
        maps = {name: coarse(codes[name], session.schema[name], session.domain[name], apart[name]) for name in names}
        view = session.recoded({name: (name, maps[name]) for name in names})
        merged = {name: maps[name][codes[name]] for name in names}
        pairs = _pairs(names)
        stddev = l2_sensitivity(len(pairs), limit) / prices[PAIRS]
        unknown = {name: None if (code := unknown[name]) is None else int(maps[name][code]) for name in names}
        released["pairs"] = _distances(view, merged, pairs, n_rows, stddev, PAIRS, unknown)
    if GROUPS in prices:
        released["groups"] = _groups(session, codes, prices[GROUPS])
    return released


def _unknown(codec: Codec) -> int | None:
    """The code of every category that is not known, if the column has one."""
    return len(codec.values) if isinstance(codec, ValuesCodec) and codec.other else None


def _apart(codec: Codec, column: ColumnSchema) -> int:
    """How many of the last codes are no value: OTHER, then missing."""
    return (_unknown(codec) is not None) + (not column.required)


def coarse(codes: NDArray[np.int64], column: ColumnSchema, size: int, apart: int) -> NDArray[np.int64]:
    """A map from a column's codes to at most PAIR_GROUPS groups, from the synthetic codes and public facts alone.

    Ordered columns are cut into runs of about equal share; of others the most common values stay. The last ``apart``
    codes, OTHER and missing, stay apart.
    """
    if size <= PAIR_GROUPS:
        return np.arange(size, dtype=np.int64)
    counts = np.bincount(codes, minlength=size)[: size - apart].astype(np.float64)
    groups = PAIR_GROUPS - apart
    if column.type in ("integer", "number", "date", "datetime"):
        before = np.concatenate([[0.0], np.cumsum(counts)[:-1]]) + counts / 2
        cut = np.minimum((before / max(counts.sum(), 1.0) * groups).astype(np.int64), groups - 1)
        cut = np.unique(cut, return_inverse=True)[1].reshape(-1).astype(np.int64)
    else:
        common = np.argsort(-counts, kind="stable")[: groups - 1]
        cut = np.full(len(counts), groups - 1, dtype=np.int64)
        cut[common] = np.arange(len(common))
    return np.concatenate([cut, cut.max() + 1 + np.arange(apart)])


def _pairs(names: tuple[str, ...]) -> list[Clique]:
    """All pairs, or a fixed draw of them that depends on nothing but their number."""
    pairs: list[Clique] = list(combinations(names, 2))
    if len(pairs) <= MAX_PAIRS:
        return pairs
    kept = np.random.default_rng(len(pairs)).choice(len(pairs), MAX_PAIRS, replace=False)
    return [pairs[index] for index in np.sort(kept)]


def _distances(
    session: PrivateSession | CountingSession,
    codes: Codes,
    cliques: list[Clique],
    n_rows: float,
    stddev: float,
    purpose: str,
    unknown: Mapping[str, int | None],
) -> Json:
    """Noisy L1 distances of each clique's real counts to the synthetic ones, scaled to the noisy number of rows."""
    domain = session.domain
    n_synthetic = len(next(iter(codes.values())))
    expected = {clique: _counts(codes, clique, domain.shape(clique)) * (n_rows / n_synthetic) for clique in cliques}
    unmatched = [_take_out(expected[clique], [unknown[name] for name in clique]) for clique in cliques]
    found = session.choose(cliques, expected.__getitem__, stddev=stddev, purpose=purpose)
    return {
        "cliques": [list(clique) for clique in cliques],
        "distances": [float(value) for value in found],
        "stddev": _noise(stddev),
        # Synthetic rows, in real ones' number, that can equal no real row: a difference on top of the distance.
        "unmatched": unmatched,
        # What rounding the expected counts to whole numbers can have moved each distance by, at most.
        "rounding": [float(np.abs(expected[clique] - np.rint(expected[clique])).sum()) for clique in cliques],
        "floor": [
            noise_floor(expected[clique].ravel() / n_rows, max(1, round(n_rows)), n_synthetic) for clique in cliques
        ],
    }


def _take_out(expected: Floats, unknown: Sequence[int | None]) -> float:
    """Empty the cells of unknown categories, in place, and say what was in them."""
    before = float(expected.sum())
    for axis, code in enumerate(unknown):
        if code is not None:
            np.moveaxis(expected, axis, 0)[code] = 0.0
    return before - float(expected.sum())


def _groups(session: PrivateSession, codes: Codes, mu: float) -> Json:
    columns = group_columns(session.schema)
    stddev = l2_sensitivity(len(columns), session.max_rows) / mu
    cells: list[Json] = []
    for found in session.measure([(name,) for name in columns], stddev=stddev, purpose=GROUPS):
        (name,) = found.clique
        made = _counts(codes, found.clique, found.counts.shape)
        cells += [
            {"column": name, "value": label, "real": float(found.counts[code]), "synthetic": float(made[code])}
            for code, label in enumerate(_labels(session.schema[name], len(made)))
        ]
    return {"cells": cells, "stddev": _noise(stddev)}


def _labels(column: ColumnSchema, size: int) -> list[str]:
    """Declared values in the order of their codes, then missing."""
    values = column.enum if column.enum is not None else (False, True)
    return [*(str(value) for value in values), "missing"][:size]


def _counts(codes: Codes, clique: Clique, shape: tuple[int, ...]) -> Floats:
    flat = np.ravel_multi_index(tuple(codes[name] for name in clique), shape)
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape).astype(np.float64)


def _noise(stddev: float) -> float:
    """Standard deviation of rounded Gaussian noise, the rounding included."""
    return math.sqrt(stddev**2 + 1 / 12)
