"""Free text: replay of one person's words, repetition, and likeness to real notes.

Owner side. Empty for a schema without free text, grey where the synthetic table holds none. Likeness is judged by
hashed word features and a two-word language model, so no model is loaded; a paraphrase passes unseen, and the
report says so.
Sources: Pillutla et al., arXiv:2102.01454 (MAUVE); Kolmogorov-Smirnov.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.stats import ks_2samp, norm, rankdata

from evaluation.encode import Encoded
from evaluation.models import clusters
from evaluation.phrases import repetition
from evaluation.replay import MAX_CHARACTERS, MAX_NOTES, replay
from evaluation.report import Disclosure, Metric, Section, Status, Table, Threshold
from evaluation.tokens import Ints, Notes, words
from understudy.schema import TableSchema

Floats = NDArray[np.float64]

LIKENESS = Threshold(amber=0.90, red=0.70, better="higher")
SURPRISE = Threshold(amber=0.10, red=0.20)
WEAR = Threshold(amber=0.05, red=0.10)
MAX_JUDGED = 2_000
MIN_NOTES = 100
_CLUSTERS = 40
_SCALE = 5.0
_DRAWS = 200


def text(
    schema: TableSchema, tables: Mapping[str, pa.Table], encoded: Encoded, rng: np.random.Generator
) -> Section | None:
    """The section on free text, or None for a schema without any."""
    names = [column.name for column in schema.columns if column.is_text]
    if not names:
        return None
    notes = {role: _notes(names, tables[role], encoded.unit.get(role), rng) for role in ("train", "controls")}
    made = _notes(names, tables["synthetic"], None, rng).text
    if len(made) < MIN_NOTES or len(notes["train"].text) < MIN_NOTES:
        why = "the synthetic table holds no free text" if not made else f"needs {MIN_NOTES} notes on each side"
        return _section([_grey(why, len(made))], ())
    metrics = replay(notes["train"], notes["controls"], made, rng)
    real = [str(note) for note in rng.permutation(np.array(notes["train"].text, dtype=object))][: 2 * MAX_JUDGED]
    half = len(real) // 2
    anchor, held = real[:half], real[half:]
    few = [made[i] for i in np.sort(rng.permutation(len(made))[:MAX_JUDGED])]
    repeated, tables_ = repetition(held, few)
    metrics += repeated
    metrics += [_likeness(anchor, held, few, rng), *_surprise(anchor, held, few)]
    return _section(metrics, tables_)


def _section(metrics: Sequence[Metric], tables: Sequence[Table]) -> Section:
    return Section(
        id="text",
        title="Free text",
        question="Do the notes repeat a person, or themselves?",
        metrics=tuple(metrics),
        tables=tuple(tables),
    )


def _grey(why: str, n: int) -> Metric:
    return Metric(
        id="text.replay",
        title="Replay of notes",
        status=Status.GREY,
        n=n,
        disclosure=Disclosure.OWNER,
        method="search of one person's own words in the synthetic notes",
        notes=(why,),
    )


def _notes(names: list[str], table: pa.Table, person: NDArray[np.int64] | None, rng: np.random.Generator) -> Notes:
    """All notes of a table; of a real one those of rows within the limits. The synthetic side is never cut."""
    rows = np.arange(table.num_rows)
    if person is not None:
        rows = _within_limits([table[name] for name in names if name in table.column_names], rows, rng)
    found: list[str] = []
    owner: list[NDArray[np.int64]] = []
    for name in names:
        if name not in table.column_names:
            continue
        column = pc.cast(table[name], pa.string())
        column = column if len(rows) == table.num_rows else column.take(rows)
        kept = [i for i, note in enumerate(column.to_pylist()) if note and note.strip()]
        found += column.take(pa.array(kept, pa.int64())).to_pylist()
        owner.append((rows if person is None else person[rows])[kept])
    return Notes(text=tuple(found), person=np.concatenate(owner) if owner else np.zeros(0, dtype=np.int64))


def _within_limits(columns: list[pa.ChunkedArray], rows: Ints, rng: np.random.Generator) -> Ints:
    """All rows, or as many as hold at most 20,000 rows and 16 million characters, drawn without a look at them."""
    size = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        size += pc.fill_null(pc.utf8_length(pc.cast(column, pa.string())), 0).to_numpy()
    if len(rows) <= MAX_NOTES and size.sum() <= MAX_CHARACTERS:
        return rows
    drawn = rng.permutation(len(rows))[:MAX_NOTES]
    return np.sort(drawn[np.cumsum(size[drawn]) <= MAX_CHARACTERS])


def _likeness(anchor: list[str], held: list[str], made: list[str], rng: np.random.Generator) -> Metric:
    """MAUVE of synthetic notes over MAUVE of held-back real notes, both against other real notes."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer

    n = min(len(anchor), len(held), len(made))
    hashed = HashingVectorizer(n_features=2**12, ngram_range=(1, 2), alternate_sign=False)
    x = hashed.transform([*anchor[:n], *held[:n], *made[:n]])
    rank = min(20, x.shape[0] - 1, max(1, len(np.unique(x.indices)) - 1))
    with np.errstate(divide="ignore", invalid="ignore"):  # a corpus of one note repeated has no variance to explain
        placed = TruncatedSVD(rank, n_iter=3, random_state=0).fit_transform(x)
    k = max(1, min(_CLUSTERS, n // 15, len(np.unique(placed.round(6), axis=0))))
    code = clusters(placed, k).labels_
    shares = [np.bincount(part, minlength=k) / n for part in np.split(code, 3)]
    draws = [[rng.multinomial(n, share) / n for share in shares] for _ in range(_DRAWS)]
    ratios = [_area(a, s) / max(_area(a, h), 1e-9) for a, h, s in draws]
    value = _area(shares[0], shares[2]) / max(_area(shares[0], shares[1]), 1e-9)
    low, high = (float(v) for v in np.quantile(ratios, [0.025, 0.975]))
    ci = (min(low, value), max(high, value))
    return Metric(
        id="text.likeness",
        title="Likeness to real notes",
        value=value,
        ci=ci,
        n=n,
        n_control=n,
        status=LIKENESS.light(ci),
        threshold=LIKENESS,
        disclosure=Disclosure.OWNER,
        method=f"area under the divergence frontier (MAUVE) over {k} clusters of hashed word features, synthetic over "
        "held-back real notes; multinomial bootstrap",
        unit="ratio",
    )


def _area(p: Floats, q: Floats) -> float:
    """Area under the frontier (exp -c KL(q|r), exp -c KL(p|r)) for r between p and q; 1 for equal shares."""
    ends = [(1.0, 0.0), (0.0, 1.0)]
    curve = []
    for weight in np.linspace(0.01, 0.99, 25):
        r = weight * p + (1 - weight) * q
        curve.append(tuple(float(np.exp(-_SCALE * _kl(s, r))) for s in (q, p)))
    x, y = np.array(sorted([*curve, *ends])).T
    return float(np.trapezoid(y, x))


def _kl(p: Floats, r: Floats) -> float:
    inside = p > 0
    return float((p[inside] * np.log(p[inside] / r[inside])).sum())


def _surprise(anchor: list[str], held: list[str], made: list[str]) -> list[Metric]:
    """How surprising the notes are to a two-word model of other real notes: shift, and drift over the table."""
    model = _Bigrams(anchor)
    real, synthetic = (np.array([model.surprise(note) for note in notes]) for notes in (held, made))
    gap = float(ks_2samp(real, synthetic).statistic)
    half = 1.36 * float(np.sqrt(1 / len(real) + 1 / len(synthetic)))
    order = np.arange(len(synthetic))
    ranks = rankdata(synthetic)
    wear = abs(float(np.corrcoef(ranks, order)[0, 1])) if ranks.std() > 0 else 0.0
    p_value = 2 * float(norm.sf(wear * np.sqrt(len(synthetic) - 1)))
    certain = p_value < 0.01 and wear > WEAR.amber
    return [
        Metric(
            id="text.surprise",
            title="Shift of perplexity",
            value=gap,
            ci=(max(0.0, gap - half), min(1.0, gap + half)),
            n=len(synthetic),
            n_control=len(real),
            status=SURPRISE.light((gap - half, gap)),  # the upper end is noise on any table: the statistic is a maximum
            threshold=SURPRISE,
            disclosure=Disclosure.OWNER,
            method="largest difference of the distributions of log perplexity under a two-word model of other real "
            "notes, synthetic to held-back real notes; Kolmogorov-Smirnov",
            unit="difference",
        ),
        Metric(
            id="text.drift",
            title="Change from first to last note",
            value=wear,
            n=len(synthetic),
            status=(Status.RED if wear > WEAR.red else Status.AMBER) if certain else Status.GREEN,
            threshold=WEAR,
            disclosure=Disclosure.OWNER,
            p_value=p_value,
            method="rank correlation of log perplexity with the row number",
            unit="difference",
        ),
    ]


class _Bigrams:
    """A two-word model with add-half smoothing that backs off to one word."""

    def __init__(self, notes: Sequence[str]) -> None:
        self.one: Counter[str] = Counter()
        self.two: Counter[tuple[str, str]] = Counter()
        for note in notes:
            found = words(note)
            self.one.update(found)
            self.two.update(itertools.pairwise(found))
        self.total, self.kinds = sum(self.one.values()), len(self.one) + 1

    def surprise(self, note: str) -> float:
        """Mean negative log probability of the note's words."""
        found = words(note)
        total = 0.0
        for before, word in zip(["", *found], found, strict=False):
            alone = (self.one[word] + 0.5) / (self.total + 0.5 * self.kinds)
            pair = (self.two[before, word] + 5 * alone) / (self.one[before] + 5)
            total -= float(np.log(pair))
        return total / max(1, len(found))
