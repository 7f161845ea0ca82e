"""The three criteria of Article 29 Working Party opinion 05/2014: singling out, linkability, inference.

Owner side. Each is an attack on trained-on people minus the same attack on people never seen, so that
what the population teaches about anyone is not counted as a leak (Francis and Wagner, arXiv:2403.06595).
Formulas: predicates after Cohen and Nissim 2020; inference as CAP (Elliot 2014); the control-adjusted
rate (a - c) / (1 - c) is Abbott's of 1925. One row per person, chosen without looking at the label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from evaluation.distance import nearest, points
from evaluation.encode import Column, Encoded, Ints
from evaluation.intervals import Interval, difference
from evaluation.report import Disclosure, Metric, Status, Table, Threshold
from evaluation.subgroups import Outcome

Flags = NDArray[np.bool_]

SINGLED = Threshold(amber=0.02, red=0.05)
LINKED = Threshold(amber=0.02, red=0.05)
INFERRED = Threshold(amber=0.05, red=0.09, source="ours; 0.09 is the line of EMA policy 0070 for identification")
MAX_PEOPLE = 2_000
MIN_PEOPLE = 30
MAX_SECRETS = 4
_SUBSETS = 250
_PER_SUBSET = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Triad:
    """Three metrics, the table of the secrets that were tried, and who was found by each attack."""

    metrics: tuple[Metric, ...]
    table: Table
    outcomes: tuple[Outcome, ...] = ()


def triad(encoded: Encoded, secrets: tuple[str, ...], rng: np.random.Generator) -> Triad:
    """Run the three attacks. `secrets` are the columns to be guessed first; others follow up to four."""
    rows = {role: _one_each(encoded.unit[role], rng) for role in ("members", "controls")}
    n = min(len(held) for held in rows.values())
    if n < MIN_PEOPLE or encoded.rows["synthetic"] == 0 or len(encoded.columns) < 2:
        return Triad(metrics=tuple(_grey(*kind, n) for kind in _KINDS), table=_table([]))
    guesses = [_inference(encoded, rows, column) for column in _secrets(encoded, secrets)]
    same = {r: v[:n] for r, v in rows.items()}
    singled, who = _singling_out(encoded, same, rng)
    linked = _linked(encoded, rows)
    return Triad(
        metrics=(singled, _linkability(linked, rows), _worst(guesses)),
        table=_table(guesses),
        outcomes=(
            _outcome("Singling out", same, who),
            _outcome("Linkability", rows, linked),
            *(_outcome(f"Guessing {guess.column}", rows, guess.hit) for guess in guesses),
        ),
    )


def _outcome(attack: str, rows: dict[str, Ints], hit: dict[str, Flags]) -> Outcome:
    role = {"trained": "members", "unseen": "controls"}
    return Outcome(
        attack=attack,
        role=role,
        rows={side: rows[name] for side, name in role.items()},
        value={side: hit[name].astype(np.float64) for side, name in role.items()},
    )


_KINDS = (
    ("risk.singling_out", "Singling out", SINGLED),
    ("risk.linkability", "Linkability", LINKED),
    ("risk.inference", "Attribute inference", INFERRED),
)


def _one_each(persons: Ints, rng: np.random.Generator) -> Ints:
    """One row of each of at most 2,000 people."""
    order = rng.permutation(len(persons))
    _, first = np.unique(persons[order], return_index=True)
    return rng.permutation(order[first])[:MAX_PEOPLE]


def _singling_out(encoded: Encoded, rows: dict[str, Ints], rng: np.random.Generator) -> tuple[Metric, dict[str, Flags]]:
    """Predicates "these columns look like this synthetic row" that match exactly one of n people, and whom."""
    who = {role: np.zeros(len(held), dtype=np.bool_) for role, held in rows.items()}
    seen = np.zeros((2, _SUBSETS * _PER_SUBSET), dtype=np.bool_)
    synthetic = rng.integers(0, encoded.rows["synthetic"], (_SUBSETS, _PER_SUBSET))
    for subset in range(_SUBSETS):
        width = min(len(encoded.columns), 2 + subset % 5)
        chosen = [encoded.columns[i] for i in rng.choice(len(encoded.columns), width, replace=False)]
        wanted = _keys(chosen, "synthetic", synthetic[subset])
        for side, role in enumerate(("members", "controls")):
            keys = _keys(chosen, role, rows[role])
            order = np.argsort(keys, kind="stable")
            first = np.searchsorted(keys[order], wanted, side="left")
            once = np.searchsorted(keys[order], wanted, side="right") - first == 1
            seen[side, subset * _PER_SUBSET : (subset + 1) * _PER_SUBSET] = once
            who[role][order[first[once]]] = True
    a, c = (int(hit.sum()) for hit in seen)
    gap = seen[0].astype(np.float64) - seen[1]
    by_subset = gap.reshape(_SUBSETS, _PER_SUBSET).mean(axis=1)  # predicates of one subset are not independent
    error = float(by_subset.std(ddof=1) / np.sqrt(_SUBSETS))
    ci = (float(gap.mean() - 1.96 * error), float(gap.mean() + 1.96 * error))
    method = "share of predicates made from synthetic rows that match exactly one of equally many people"
    reference = f"{a:,} of {gap.size:,} predicates on trained-on people, {c:,} on never-seen people"
    return _metric(*_KINDS[0], float(gap.mean()), ci, rows, method, reference), who


def _keys(columns: list[Column], role: str, rows: Ints) -> Ints:
    key = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        key = key * 67 + column.bins[role][rows]
    return key


def _linked(encoded: Encoded, rows: dict[str, Ints]) -> dict[str, Flags]:
    """Two halves of a person's columns lead to the same synthetic row."""
    found = [_nearest(half, rows) for half in (encoded.columns[0::2], encoded.columns[1::2])]
    return {role: found[0][role] == found[1][role] for role in rows}


def _linkability(linked: dict[str, Flags], rows: dict[str, Ints]) -> Metric:
    hits = {role: int(np.count_nonzero(found)) for role, found in linked.items()}
    n, m = len(rows["members"]), len(rows["controls"])
    value, ci = _adjusted(hits["members"], n, hits["controls"], m, 0.95)
    method = "share of people whose columns, split into two halves, have the same nearest synthetic row"
    reference = f"{hits['members']:,} of {n:,} trained on, {hits['controls']:,} of {m:,} never seen"
    return _metric(*_KINDS[1], value, ci, rows, method, reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """One secret: how often it is guessed right for members and controls, control-adjusted."""

    column: str
    right: tuple[float, float]
    value: float
    ci: Interval
    rows: dict[str, Ints]
    hit: dict[str, Flags]


def _secrets(encoded: Encoded, wanted: tuple[str, ...]) -> list[Column]:
    ordered = sorted(encoded.columns, key=lambda column: column.name not in wanted)
    return [column for column in ordered if column.size > 3][:MAX_SECRETS]


def _inference(encoded: Encoded, rows: dict[str, Ints], secret: Column) -> _Guess:
    """Guess the secret's bin from the nearest synthetic row on all other columns."""
    others = tuple(column for column in encoded.columns if column.name != secret.name)
    near = _nearest(others, rows)
    hit = {r: secret.bins["synthetic"][near[r]] == secret.bins[r][rows[r]] for r in rows}
    a, c = (int(np.count_nonzero(hit[role])) for role in ("members", "controls"))
    n, m = len(rows["members"]), len(rows["controls"])
    value, ci = _adjusted(a, n, c, m, 1 - 0.05 / MAX_SECRETS)
    return _Guess(column=secret.name, right=(a / n, c / m), value=value, ci=ci, rows=rows, hit=hit)


def _nearest(columns: tuple[Column, ...], rows: dict[str, Ints]) -> dict[str, Ints]:
    placed = points(columns, ("members", "controls"), ("members", "controls", "synthetic"))
    return {role: nearest(placed[role].take(held), placed["synthetic"])[1] for role, held in rows.items()}


def _adjusted(hits: int, n: int, control: int, m: int, level: float) -> tuple[float, Interval]:
    """(a - c) / (1 - c) with the Newcombe interval of a - c over the same 1 - c."""
    rate, room = hits / n - control / m, max(1 - control / m, 1 / m)
    low, high = difference(hits, n, control, m, level=level)
    return rate / room, (low / room, high / room)


def _worst(guesses: list[_Guess]) -> Metric:
    if not guesses:
        return _grey(*_KINDS[2], 0)
    bad = max(guesses, key=lambda guess: guess.ci[0])
    method = (
        "guess of a column from the nearest synthetic row on all others, control-adjusted (a - c) / (1 - c); "
        f"worst of {len(guesses)} columns, Bonferroni"
    )
    reference = f"right for {bad.right[0]:.1%} of trained-on people, {bad.right[1]:.1%} of never-seen people"
    return _metric(*_KINDS[2], bad.value, bad.ci, bad.rows, method, reference, bad.column)


def _table(guesses: list[_Guess]) -> Table:
    rows = tuple((g.column, f"{g.right[0]:.1%}", f"{g.right[1]:.1%}", f"{g.value:+.1%}") for g in guesses)
    return Table(
        id="risk-secrets",
        title="Guessing a column from all others",
        header=("Column", "Trained on", "Never seen", "Adjusted"),
        rows=rows,
        disclosure=Disclosure.OWNER,
        note="What is guessed as well for people never seen is knowledge about the population, not a leak.",
    )


def _metric(
    id_: str,
    title: str,
    threshold: Threshold,
    value: float,
    ci: Interval,
    rows: dict[str, Ints],
    method: str,
    reference: str,
    subject: str = "",
) -> Metric:
    n, m = len(rows["members"]), len(rows["controls"])
    return Metric(
        id=id_,
        title=title,
        value=value,
        ci=ci,
        n=n,
        n_control=m,
        reference=reference,
        status=threshold.light(ci),
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=method,
        unit="share above chance",
        subject=subject,
        power=f"a rate of {_visible(n, m):.1%} above chance would have been seen with 90% power",
    )


def _visible(n: int, m: int) -> float:
    """Difference of two rates near 5 % that is told from zero at 95 % with 90 % power."""
    return float((norm.isf(0.025) + norm.ppf(0.9)) * np.sqrt(0.05 * 0.95 * (1 / n + 1 / m)))


def _grey(id_: str, title: str, threshold: Threshold, n: int) -> Metric:
    return Metric(
        id=id_,
        title=title,
        status=Status.GREY,
        n_control=n,
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method="attack on trained-on people minus the same attack on never-seen people",
        unit="share above chance",
        notes=(f"needs {MIN_PEOPLE} people on each side and two modelled columns",),
    )
