"""Meaningful identity disclosure: found by what neighbours know, found rightly, and something learnt.

Owner side. The product of three chances for each audited person: 1 over the people who share their quasi-identifiers,
whether a synthetic row shares them, and the share of such rows that tell the person's own value of a secret. People
who were never trained on say how much of it the population tells anyway.
Source: El Emam, Mosquera and Bass 2020, doi:10.2196/23139, with the table taken for the population, which can only
overstate; 0.09 is the line of EMA policy 0070 and of Health Canada for real records, and a line, not a proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.encode import Column, Encoded
from evaluation.groups import Grouping
from evaluation.intervals import Interval
from evaluation.report import Disclosure, Metric, Status, Threshold

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LINE = Threshold(
    amber=0.09, red=0.09, source="EMA policy 0070, Health Canada PRCI; made for de-identified real records"
)
MIN_PEOPLE = 30
MAX_KNOWN, MAX_SECRETS = 5, 4
_FINE = 128
"""A column of at most so many values is known exactly, another one by its bin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Mean product of people trained on and of people never seen, with intervals, for one secret."""

    secret: str
    inside: float
    outside: float
    ci: Interval
    gap: Interval


def identity(encoded: Encoded, groups: Sequence[Grouping], secrets: Sequence[str]) -> Metric:
    """The worst of at most four secrets: the declared targets, or other columns. Grey with under 30 people a side.

    Known are the columns that look protected (at most five), or else the first three of few values. Red: above the line
    beyond people never seen. Amber: the interval reaches the line, whoever it is due to.
    """
    known = [group.column for group in groups if group.protected][:MAX_KNOWN] or [g.column for g in groups][:3]
    wanted = [name for name in secrets if name not in known]
    others = [column.name for column in encoded.columns if column.name not in (*known, *wanted)]
    hidden = (wanted or others)[:MAX_SECRETS]
    columns = {column.name: column for column in encoded.columns}
    one = {role: np.unique(encoded.unit[role], return_index=True)[1] for role in ("members", "controls")}
    fewest = min(len(rows) for rows in one.values())
    if fewest < MIN_PEOPLE or not known or not hidden or not encoded.rows["synthetic"]:
        return _metric(None, known, one)
    keys = {role: _keys([columns[name] for name in known], role) for role in ("train", *one, "synthetic")}
    alone = _alone(keys, encoded, one)
    found = [_judged(columns[name], keys, alone, one) for name in hidden if name in columns]
    return _metric(max(found, key=lambda item: item.ci[1], default=None), known, one)


def _keys(columns: Sequence[Column], role: str) -> Ints:
    """Mixed-radix code of the known columns; equal for rows that agree on all of them."""
    key = np.zeros(len(columns[0].bins[role]), dtype=np.int64)
    for column in columns:
        fine = column.cardinality <= _FINE
        codes = column.exact[role] if fine else column.bins[role]
        key = key * (column.cardinality + 1 if fine else column.size) + codes
    return key


def _alone(keys: dict[str, Ints], encoded: Encoded, one: dict[str, Ints]) -> dict[str, Floats]:
    """1 over the people, trained on or held out, who share the person's key."""
    key = np.concatenate([keys["train"], keys["controls"]])
    unit = np.concatenate([encoded.unit["train"], encoded.unit["controls"]])
    pairs = np.unique(np.column_stack([key, unit]), axis=0)[:, 0]
    return {role: 1 / np.maximum(1, _count(pairs, keys[role][rows])) for role, rows in one.items()}


def _count(values: Ints, wanted: Ints) -> Ints:
    values = np.sort(values)
    return np.asarray(np.searchsorted(values, wanted, side="right") - np.searchsorted(values, wanted, side="left"))


def _judged(secret: Column, keys: dict[str, Ints], alone: dict[str, Floats], one: dict[str, Ints]) -> _Found:
    """Per person: 1/f times the share of synthetic rows with the same key that tell the person's own bin."""
    made = keys["synthetic"]
    both = made * secret.size + secret.bins["synthetic"]
    product = {}
    for role, rows in one.items():
        key, value = keys[role][rows], secret.bins[role][rows].astype(np.int64)
        share = _count(both, key * secret.size + value) / np.maximum(1, _count(made, key))
        product[role] = alone[role] * np.where(value > 0, share, 0.0)
    inside, outside = (product[role] for role in ("members", "controls"))
    a, c = float(inside.mean()), float(outside.mean())
    own, other = (float(part.var(ddof=1)) / len(part) for part in (inside, outside))
    half, both_half = 1.96 * own**0.5, 1.96 * (own + other) ** 0.5
    ci, gap = (max(0.0, a - half), min(1.0, a + half)), (a - c - both_half, a - c + both_half)
    return _Found(secret=secret.name, inside=a, outside=c, ci=ci, gap=gap)


def _metric(found: _Found | None, known: Sequence[str], one: dict[str, Ints]) -> Metric:
    if found is None:
        status = Status.GREY
    elif found.gap[0] > LINE.red:
        status = Status.RED
    else:
        status = Status.AMBER if found.ci[1] > LINE.amber else Status.GREEN
    return Metric(
        id="evidence.identity",
        title="Meaningful identity disclosure",
        value=None if found is None else found.inside,
        ci=None if found is None else found.ci,
        n=len(one["members"]),
        n_control=len(one["controls"]),
        reference="" if found is None else f"{found.outside:.3f} for people never seen; policy line {LINE.amber}",
        status=status,
        threshold=LINE,
        disclosure=Disclosure.OWNER,
        method="chance of being found by the known columns, times a synthetic row that shares them, times the share of "
        "such rows that tell the own value; problem only where it is past the line beyond people never seen",
        unit="share",
        subject="" if found is None else f"{', '.join(known)} known; {found.secret} learnt",
        notes=() if found is not None else (f"needs {MIN_PEOPLE} people on each side and a column of few values",),
    )
