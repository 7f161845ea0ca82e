"""Verbatim disclosure: are training rows in the output more often than rows that were never trained on?

Owner side. The control persons say how often a row turns up by chance, so a match is not called a leak
merely because the table is coarse.
Source: the binomial phantom-match test of Amin et al., arXiv:2606.16952, on persons instead of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from evaluation.encode import Encoded
from evaluation.intervals import excess_p
from evaluation.subgroups import Outcome

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """Persons with a row that is theirs alone (`eligible`), and those of them found in the output (`hits`)."""

    hits: int
    eligible: int
    control_hits: int
    control_eligible: int

    @property
    def p_value(self) -> float:
        """Exact one-sided p that training persons are found no more often than controls."""
        return excess_p(self.hits, self.eligible, self.control_hits, self.control_eligible)

    def detectable(self, *, alpha: float, power: float = 0.9) -> float | None:
        """Smallest share of training persons copied that would have given p < alpha with this power.

        None if no share would have. Chance matches are put at the rate seen in the controls.
        """
        if self.eligible == 0 or self.control_eligible == 0:
            return None
        chance = round(self.control_hits * self.eligible / self.control_eligible)
        shares = np.unique(np.concatenate([np.geomspace(1 / self.eligible, 1, 120), [1.0]]))
        copied = binom.ppf(1 - power, self.eligible, shares).astype(np.int64)
        ratio = self.eligible / (self.eligible + self.control_eligible)
        found = np.minimum(chance + copied, self.eligible)
        seen = binom.sf(found - 1, found + self.control_hits, ratio) < alpha
        return float(shares[np.argmax(seen)]) if seen.any() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Rows of `train` and `controls` that are one person's alone, and which of them stand in the output."""

    eligible: dict[str, Flags]
    found: dict[str, Flags]


def matches(encoded: Encoded) -> Matches:
    """Exact matches over full data: every real row against every synthetic row."""
    keys = {role: _keys(encoded, role) for role in ("train", "controls", "synthetic")}
    eligible = _owned_alone(keys, encoded)
    return Matches(
        eligible=eligible, found={role: own & np.isin(keys[role], keys["synthetic"]) for role, own in eligible.items()}
    )


def verbatim(encoded: Encoded, found: Matches | None = None) -> Verbatim:
    """Compare `train` with `controls`, by person."""
    found = found or matches(encoded)
    counts = {
        (what, role): _persons(encoded.unit[role], rows[role])
        for what, rows in (("own", found.eligible), ("hit", found.found))
        for role in rows
    }
    return Verbatim(
        hits=counts["hit", "train"],
        eligible=counts["own", "train"],
        control_hits=counts["hit", "controls"],
        control_eligible=counts["own", "controls"],
    )


def outcome(encoded: Encoded, found: Matches) -> Outcome:
    """Who was found, with a row of each person, for a look at groups."""
    rows, hits = {}, {}
    for side, role in (("trained", "train"), ("unseen", "controls")):
        own = np.flatnonzero(found.eligible[role])
        _, first, person = np.unique(encoded.unit[role][own], return_index=True, return_inverse=True)
        rows[side] = own[first]
        hits[side] = (np.bincount(person, weights=found.found[role][own], minlength=len(first)) > 0).astype(np.float64)
    return Outcome(attack="Verbatim", role={"trained": "train", "unseen": "controls"}, rows=rows, value=hits)


def _keys(encoded: Encoded, role: str) -> Hashes:
    """A 64-bit key of each row's modelled values; two rows share one by chance with probability 2^-64."""
    key = np.zeros(encoded.rows[role], dtype=np.uint64)
    for column in encoded.columns:
        key = _mix(key ^ column.exact[role].astype(np.uint64))
    return key


def _mix(values: Hashes) -> Hashes:
    """The splitmix64 finaliser: a bijection whose output bits all depend on all input bits."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _owned_alone(keys: dict[str, Hashes], encoded: Encoded) -> dict[str, Flags]:
    """Rows whose values occur with one person only, over training and control rows together."""
    both = np.concatenate([keys["train"], keys["controls"]])
    persons = np.concatenate([encoded.unit["train"], encoded.unit["controls"]])
    if len(both) == 0:
        return {role: np.zeros(0, dtype=np.bool_) for role in ("train", "controls")}
    _, group = np.unique(both, return_inverse=True)
    first = np.full(group.max() + 1, -1, dtype=np.int64)
    first[group] = persons
    shared = np.zeros(len(first), dtype=np.bool_)
    shared[group[persons != first[group]]] = True
    alone = ~shared[group]
    cut = len(keys["train"])
    return {"train": alone[:cut], "controls": alone[cut:]}


def _persons(persons: Ints, rows: NDArray[np.bool_]) -> int:
    return len(np.unique(persons[rows]))
