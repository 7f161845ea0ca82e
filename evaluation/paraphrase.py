"""Does the synthetic text say what one person's note said, in other words?

Owner side. Runs of words and of characters miss a note that was reworded. Here each real note is held against the
synthetic note that shares most of its rare words, whatever their order and ending; notes of people who were never
trained on say how alike strangers' notes are. Candidates come from a seeded random projection of all synthetic notes,
the likeness itself is exact.
Sources: cosine of tf-idf, Salton and Buckley 1988; projection, Achlioptas 2003; the comparison with people who were
never trained on is that of `verbatim`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from evaluation.intervals import Interval, difference
from evaluation.report import Disclosure, Metric, Status, Threshold
from evaluation.tokens import Notes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ALPHA_RED, ALPHA_AMBER = 0.001, 0.01
MIN_PEOPLE = 30
MAX_PEOPLE = 2_000
NEAREST = (20, 0.05)
"""How many of the people with the most alike synthetic note are looked at: so many, and such a share of all."""
_FEATURES = 2**15
_PLACES = 192
_CANDIDATES = 8
_NOTES_AT_A_TIME = 4_000
_STEM = r"(?u)\b\w{3,}?(?=(?:e?s|ed|ing|ly)?\b)|\b\w{1,2}\b"
"""A word without the commonest English endings, so that they do not hide it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """Of the people whose note is most alike to a synthetic one: how many, of them trained on, and the p of that.

    `cut` is the likeness from which a person is among them, `n` and `n_control` all people looked at.
    """

    hits: int
    control_hits: int
    n: int
    n_control: int
    cut: float
    p_value: float

    @property
    def ci(self) -> Interval:
        """Newcombe's interval of the difference of the shares that are among the most alike."""
        return difference(self.hits, self.n, self.control_hits, self.n_control)


def nearness(train: Notes, controls: Notes, synthetic: tuple[str, ...], rng: np.random.Generator) -> Nearness | None:
    """Hold at most 2,000 people of each side against all synthetic notes; None with fewer than 30 on a side.

    If nothing leaks, whoever is among the most alike was trained on by the same coin as everybody else, whatever the
    notes: the p value is exact, with Bonferroni over the two sizes of the group that is looked at.
    """
    sides = [_some(side, rng) for side in (train, controls)]
    n, m = (len(np.unique(side.person)) for side in sides)
    if min(n, m) < MIN_PEOPLE or not synthetic:
        return None
    with threadpool_limits(1):
        likeness = _likeness([*sides[0].text, *sides[1].text], synthetic, rng)
    best = [
        _best(part, side.person) for part, side in zip(np.split(likeness, [len(sides[0].text)]), sides, strict=True)
    ]
    score = np.concatenate(best)
    trained = np.arange(n + m) < n
    order = np.lexsort((rng.random(n + m), -score))  # equals in random order, without a look at the side
    found = [
        _among(trained[order[:k]], float(score[order[k - 1]]), n, m)
        for k in sorted({min(NEAREST[0], n + m), max(1, round(NEAREST[1] * (n + m)))})
    ]
    least = min(found, key=lambda item: item.p_value)
    return Nearness(
        hits=least.hits,
        control_hits=least.control_hits,
        n=n,
        n_control=m,
        cut=least.cut,
        p_value=min(1.0, len(found) * least.p_value),
    )


def _among(trained: NDArray[np.bool_], cut: float, n: int, m: int) -> Nearness:
    k, hits = len(trained), int(np.count_nonzero(trained))
    p_value = float(binom.sf(hits - 1, k, n / (n + m)))
    return Nearness(hits=hits, control_hits=k - hits, n=n, n_control=m, cut=cut, p_value=p_value)


def _some(side: Notes, rng: np.random.Generator) -> Notes:
    """The notes of at most 2,000 people."""
    people = np.unique(side.person)
    if len(people) <= MAX_PEOPLE:
        return side
    kept = np.flatnonzero(np.isin(side.person, rng.choice(people, MAX_PEOPLE, replace=False)))
    return Notes(text=tuple(side.text[i] for i in kept), person=side.person[kept])


def _best(likeness: Floats, person: Ints) -> Floats:
    """Each person's most alike note."""
    names, group = np.unique(person, return_inverse=True)
    best = np.zeros(len(names))
    np.maximum.at(best, group, likeness)
    return best


def _likeness(real: list[str], synthetic: tuple[str, ...], rng: np.random.Generator) -> Floats:
    """Cosine of every real note to the synthetic note most like it, (n real,). All synthetic notes are read."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(
        n_features=_FEATURES, token_pattern=_STEM, alternate_sign=False, norm=None, binary=True, dtype=np.float32
    )
    counts = hashed.transform(real)
    weight = np.log((1 + len(real)) / (1 + np.asarray(counts.sum(axis=0)).ravel())).astype(np.float32)
    wanted = _unit(counts, weight)
    basis = rng.standard_normal((_FEATURES, _PLACES), dtype=np.float32) / np.float32(np.sqrt(_PLACES))
    placed = wanted @ basis
    best = np.zeros(len(real))
    for start in range(0, len(synthetic), _NOTES_AT_A_TIME):
        made = _unit(hashed.transform(synthetic[start : start + _NOTES_AT_A_TIME]), weight)
        seen = (made @ basis).T
        for row in range(0, len(real), _NOTES_AT_A_TIME):
            here = slice(row, row + _NOTES_AT_A_TIME)
            best[here] = np.maximum(best[here], _nearest(wanted[here], made, placed[here] @ seen))
    return best


def _nearest(wanted: Any, made: Any, near: NDArray[np.float32]) -> Floats:
    """Cosine of each row to the best of the eight rows of `made` that look nearest by `near`, (n wanted, n made)."""
    k = min(_CANDIDATES, near.shape[1])
    best = np.zeros(near.shape[0])
    for column in np.argpartition(near, -k, axis=1)[:, -k:].T:
        np.maximum(best, np.asarray(wanted.multiply(made[column]).sum(axis=1)).ravel(), out=best)
    return best


def _unit(counts: Any, weight: NDArray[np.float32]) -> Any:
    """Rows weighted by how rare their words are, of length 1; an empty one stays empty. scipy's csr is untyped."""
    from sklearn.preprocessing import normalize

    return normalize(counts.multiply(weight).tocsr())


def paraphrase(found: Nearness | None, p_value: float) -> Metric:
    """The metric, with the p value that the family of searches has left of it."""
    method = (
        "people of whose notes a synthetic note shares most rare words, in any order: trained on against never seen, "
        "among those who are most alike; exact binomial, Holm; Newcombe interval"
    )
    threshold = Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, source="p value; as for rows")
    if found is None:
        return Metric(
            id="text.paraphrase",
            title="Notes in other words",
            status=Status.GREY,
            threshold=threshold,
            disclosure=Disclosure.OWNER,
            method=method,
            notes=(f"needs {MIN_PEOPLE} people on each side",),
        )
    status = Status.RED if p_value < ALPHA_RED else Status.AMBER if p_value < ALPHA_AMBER else Status.GREEN
    return Metric(
        id="text.paraphrase",
        title="Notes in other words",
        value=found.hits / found.n - found.control_hits / found.n_control,
        ci=found.ci,
        n=found.n,
        n_control=found.n_control,
        reference=f"of the {found.hits + found.control_hits:,} people most alike to a synthetic note, {found.hits:,} "
        f"trained on; their likeness is {found.cut:.2f} or more of 1",
        status=status,
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        p_value=p_value,
        method=method,
        unit="share above chance",
        power=_power(found.n, found.n_control),
    )


def _power(n: int, m: int) -> str:
    """What would have turned red, with Bonferroni of two and as the least of Holm's four."""
    k = min(NEAREST[0], n + m)
    enough = np.flatnonzero(8 * binom.sf(np.arange(k + 1) - 1, k, n / (n + m)) < ALPHA_RED)
    if not len(enough):
        return "no reworded note of any number of people could have turned red: there are too few never seen"
    return f"red from {enough[0]} people trained on among the {k} most alike; one reworded note alone is not seen"
