"""Is the synthetic text repetitive? Entropy, distinct runs, templates, and phrases said too often.

Owner side. Everything is relative to real notes in the same number.
Source: distinct-n, Li et al. arXiv:1510.03055.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from evaluation.intervals import Interval, difference, excess_p
from evaluation.report import Disclosure, Metric, Status, Table, Threshold
from evaluation.tokens import word_runs, words

ENTROPY = Threshold(amber=0.95, red=0.85, better="higher")
DISTINCT = Threshold(amber=0.80, red=0.60, better="higher")
TEMPLATES = Threshold(amber=0.20, red=0.50)
PHRASES = Threshold(amber=0.02, red=0.10)
_PARTS = 5
_TOP = 20
_COMMON = 150
_Z_LISTED = 5.0


def repetition(real: Sequence[str], synthetic: Sequence[str]) -> tuple[list[Metric], tuple[Table, ...]]:
    """Four metrics of equally many notes, and the table of phrases that are said too often."""
    n = min(len(real), len(synthetic))
    real, synthetic = real[:n], synthetic[:n]
    entropy = _parts(real, synthetic, lambda notes: min(_entropy(notes, k) for k in (2, 3)))
    distinct = _parts(real, synthetic, _distinct)
    said = _over_used(real, synthetic)
    metrics = [
        _ratio("text.entropy", "Entropy of word runs", ENTROPY, entropy, n, "entropy of runs of two or three words"),
        _ratio("text.distinct", "Distinct word pairs", DISTINCT, distinct, n, "different word pairs over all pairs"),
        _templates(real, synthetic),
        _phrases(said, n),
    ]
    return metrics, _table(said)


def _parts(
    real: Sequence[str], synthetic: Sequence[str], score: Callable[[Sequence[str]], float]
) -> tuple[float, Interval]:
    """Ratio of a score over five disjoint parts, so that both sides have equally many notes; Student's t."""
    ratios = []
    for part in range(_PARTS):
        a, b = (score(notes[part::_PARTS]) for notes in (real, synthetic))
        ratios.append(b / a if a > 0 else 1.0)
    mean, error = float(np.mean(ratios)), float(np.std(ratios, ddof=1) / np.sqrt(_PARTS))
    half = float(student.ppf(0.975, _PARTS - 1)) * error
    return mean, (mean - half, mean + half)


def _entropy(notes: Sequence[str], length: int) -> float:
    """Entropy in bits of the runs of this many words."""
    _, counts = np.unique(word_runs(notes).of(length).symbol, return_counts=True)
    share = counts / max(1, counts.sum())
    return float(-(share * np.log2(share)).sum())


def _distinct(notes: Sequence[str]) -> float:
    runs = word_runs(notes).of(2).symbol
    return len(np.unique(runs)) / max(1, len(runs))


def _templates(real: Sequence[str], synthetic: Sequence[str]) -> Metric:
    """Share of notes that follow one of the twenty commonest skeletons, above the same share of real notes."""
    common = {word for word, _ in Counter(w for note in real for w in words(note)).most_common(_COMMON)}
    hits = []
    for notes in (synthetic, real):
        tally = Counter(_skeleton(note, common) for note in notes)
        hits.append(sum(count for _, count in tally.most_common(_TOP)))
    n = len(real)
    return Metric(
        id="text.templates",
        title="Notes from a template",
        value=(hits[0] - hits[1]) / n,
        ci=difference(hits[0], n, hits[1], n),
        n=n,
        n_control=n,
        reference=f"{hits[0] / n:.1%} of synthetic notes, {hits[1] / n:.1%} of real notes",
        status=TEMPLATES.light(difference(hits[0], n, hits[1], n)),
        threshold=TEMPLATES,
        disclosure=Disclosure.OWNER,
        method="notes in the twenty commonest skeletons (numbers and uncommon words masked), synthetic minus real",
        unit="share",
    )


def _skeleton(note: str, common: set[str]) -> tuple[str, ...]:
    masked = ["0" if re.fullmatch(r"\d+", word) else word if word in common else "_" for word in words(note)]
    return tuple(a for a, b in zip(masked, ["", *masked], strict=False) if a != b or a not in "0_")


Said = list[tuple[str, float, float, float]]


def _over_used(real: Sequence[str], synthetic: Sequence[str]) -> Said:
    """(phrase, z, share of synthetic notes, share of real notes) of phrases of two to five words with z > 5."""
    a, b = (_notes_with(notes) for notes in (synthetic, real))
    n = len(real)
    found = []
    for phrase, x in a.items():
        y = b.get(phrase, 0)
        if x < 5 or x <= y:
            continue
        z = float(norm.isf(max(excess_p(x, n, y, n), 1e-300)))
        if z > _Z_LISTED:
            found.append((phrase, z, x / n, y / n))
    found.sort(key=lambda item: (-(item[2] - item[3]), -len(item[0])))
    kept: Said = []
    for item in found:  # a part of a phrase that is listed already says nothing new
        if not any(item[0] in longer[0] for longer in kept):
            kept.append(item)
    return kept[:10]


def _notes_with(notes: Sequence[str]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for note in notes:
        found = words(note)
        tally.update({" ".join(found[i : i + k]) for k in (2, 3, 4, 5) for i in range(len(found) - k + 1)})
    return tally


def _phrases(said: Said, n: int) -> Metric:
    phrase, z, made, real = said[0] if said else ("", 0.0, 0.0, 0.0)
    ci = difference(round(made * n), n, round(real * n), n) if said else (0.0, 0.0)
    return Metric(
        id="text.phrases",
        title="Phrases said too often",
        value=made - real,
        ci=ci,
        n=n,
        n_control=n,
        reference=f"{made:.1%} of synthetic notes, {real:.1%} of real notes, z = {z:.1f}"
        if said
        else "none with z > 5",
        status=PHRASES.light(ci),
        threshold=PHRASES,
        disclosure=Disclosure.OWNER,
        method="largest excess share of notes with one phrase of two to five words; exact binomial, only "
        "phrases with z above 5",
        unit="share",
        subject=phrase[:80],
    )


def _table(said: Said) -> tuple[Table, ...]:
    if not said:
        return ()
    rows = tuple((phrase[:80], f"{made:.1%}", f"{real:.1%}", f"{z:.1f}") for phrase, z, made, real in said)
    header = ("Phrase", "Synthetic", "Real", "z")
    return (
        Table(
            id="text-phrases",
            title="Phrases said too often",
            header=header,
            rows=rows,
            disclosure=Disclosure.OWNER,
            note="Share of notes with the phrase; the phrases stand in the synthetic notes.",
        ),
    )


def _ratio(id_: str, title: str, threshold: Threshold, found: tuple[float, Interval], n: int, what: str) -> Metric:
    return Metric(
        id=id_,
        title=title,
        value=found[0],
        ci=found[1],
        n=n,
        n_control=n,
        status=threshold.light(found[1]) if np.isfinite(found[1]).all() else Status.GREY,
        threshold=threshold,
        disclosure=Disclosure.OWNER,
        method=f"{what}, synthetic over real, mean over five parts of equally many notes",
        unit="ratio",
    )
