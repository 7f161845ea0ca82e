"""What synthetic notes are worth and what they give away, at several prices, on notes with a class.

    BENCH_DATA=/data python -m benchmarks.text_bench --corpus mtsamples --epsilon 1 4 8 inf [--notes 120] [--out FILE]
    python -m benchmarks.text_bench --corpus wards --persons 3000 --epsilon 1 8 inf

``mtsamples``: 322 transcribed reports by specialty (``$BENCH_DATA/mtsamples.csv``), a quarter held out. ``wards``: notes of
this file's own generator, whose sentences the embedded model's public text does not have. One JSON line a price:
accuracy of a class told on held-out real notes by a classifier that saw synthetic ones, how well real and synthetic are
told apart, perplexity of held-out notes, likeness, diversity, stretches of one person's text, and a canary.
"""

# ruff: noqa: E501 - lists read better on one line
from __future__ import annotations

import argparse
import csv
import json
import math
import os
import random
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.spans import own_stretches
from privacy.domain_plan import plan_domain
from privacy.gdp import gdp_mu
from privacy.meter import Meter
from privacy.session import PrivateSession
from synthesizers.text.base import Price
from synthesizers.text.learn import chain
from synthesizers.text.phrases import FittedPhrases, PhrasesEngine, class_of
from synthesizers.text.vocabulary import END, NOTE
from understudy.schema import TableSchema

DELTA = 1e-5
CANARY = "the violet gramophone whistled behind an abandoned lighthouse"
NO_DP = 1e5


def mtsamples() -> tuple[str, str, list[dict[str, str]]]:
    """(class column, text column, rows) of the two specialties with more than a hundred reports each."""
    csv.field_size_limit(10**9)
    with (Path(os.environ["BENCH_DATA"]) / "mtsamples.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["transcription"]]
    rows = [row for row in rows if row["medical_specialty"] in (" Urology", " Surgery")]
    return "medical_specialty", "transcription", rows


WARDS = {
    "stroke": ("left facial droop", "speech slurred since breakfast", "swallow screen failed", "mobility with two staff", "thickened fluids offered"),
    "renal": ("dialysed via fistula today", "fluid restricted to one litre", "potassium rechecked", "awaiting transplant clinic", "oedema of both ankles"),
    "maternity": ("baby fed every three hours", "lochia normal", "perineum healing", "discharged with community midwife", "blood pressure settled"),
    "trauma": ("plaster cast intact", "fell from a ladder", "neurovascular checks normal", "crutches supplied", "awaiting theatre list"),
}  # fmt: skip
_COMMON = (
    "slept poorly",
    "bowels open",
    "obs stable overnight",
    "family visited",
    "refused breakfast",
    "pain controlled",
    "seen on the round",
    "bloods sent",
)


def wards(n: int) -> tuple[str, str, list[dict[str, str]]]:
    """Short ward notes in a style that the public text has not."""
    rng = random.Random(11)
    rows = []
    for _ in range(n):
        ward = rng.choice(list(WARDS))
        said = rng.sample(WARDS[ward], 3) + rng.sample(_COMMON, rng.randint(1, 4))
        rng.shuffle(said)
        rows.append(
            {
                "ward": ward,
                "note": "Obs round: "
                + "; ".join(said)
                + f". Bed {rng.randint(1, 30)}, reviewed {rng.choice(['am', 'pm', 'night'])}.",
            }
        )
    return "ward", "note", rows


def fitted(schema: TableSchema, text: str, rows: list[dict[str, str]], epsilon: float) -> FittedPhrases:
    """The embedded engine on these rows for this price."""
    mu = NO_DP if math.isinf(epsilon) else gdp_mu(epsilon, DELTA)
    price = Price(epsilon=epsilon, delta=DELTA, alongside=(), mu_squared=mu**2, units=len(rows))
    engine = PhrasesEngine()
    plan = engine.plan(schema, text, price)
    session = PrivateSession(pa.Table.from_pylist(rows), schema, Meter(plan.events), os.urandom)
    session.discretise(plan_domain(schema, mu=1.0, delta=1e-6))
    return engine.fit(session, plan)


def perplexity(model: FittedPhrases, rows: list[dict[str, str]], most: int) -> float:
    """Of held-out notes by token, with a third of the chance left to shorter contexts."""
    words = chain(model.prior, model.learnt, doubt=0.6)
    which = class_of(model.rows.about, model.classes)
    total = n = 0.0
    for row in rows:
        tokens = [NOTE, *model.prior.vocabulary.encode(model.rows.masked(row) or ""), END][:200]
        bend = np.exp(model.learnt.tilts[which(row)])
        for place in range(1, len(tokens)):
            chances = words.next(tokens[max(0, place - 3) : place]) * bend
            total -= math.log(max(float(chances[tokens[place]] / chances.sum()), 1e-300))
            n += 1
        if n > most:
            break
    return math.exp(total / max(n, 1))


def accuracy(train: list[tuple[str, str]], test: list[tuple[str, str]]) -> float:
    """Of a linear classifier of words and pairs of words, told (text, class) and asked others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"[A-Za-z]{2,}")
    model = LogisticRegression(C=10, max_iter=300, class_weight="balanced")
    model.fit(words.fit_transform([text for text, _ in train]), [name for _, name in train])
    return float(np.mean(model.predict(words.transform([text for text, _ in test])) == [name for _, name in test]))


def told_apart(real: list[str], made: list[str]) -> float:
    """AUC of the same classifier between real and synthetic, four-fold."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    n = min(len(real), len(made))
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[A-Za-z]{2,}").fit_transform([*real[:n], *made[:n]])
    labels = [0] * n + [1] * n
    scores = cross_val_predict(LogisticRegression(max_iter=200), words, labels, cv=4, method="predict_proba")[:, 1]
    return float(roc_auc_score(labels, scores))


def distinct(notes: list[str], n: int = 2) -> float:
    """Different runs of n words over all runs, in the first 20,000 words."""
    words = " ".join(notes).split()[:20_000]
    runs = list(zip(*(words[low:] for low in range(n)), strict=False))
    return len(set(runs)) / max(len(runs), 1)


def measure(asked: argparse.Namespace, epsilon: float, seed: int) -> dict[str, Any]:
    """All figures of one price and one split."""
    about, text, rows = mtsamples() if asked.corpus == "mtsamples" else wards(asked.persons)
    order = np.random.default_rng(seed).permutation(len(rows))
    rows = [rows[index] for index in order]
    cut = min(len(rows) // 4, 400)
    test, train = rows[:cut], [dict(row) for row in rows[cut:]]
    train[0][text] = f"{train[0][text]} {CANARY}. {CANARY}."
    names = sorted({row[about] for row in rows})
    fields = [{"name": about, "type": "string", "constraints": {"enum": names}}, {"name": text, "type": "text"}]
    schema = TableSchema.parse({"fields": fields})
    only = [{about: row[about], text: row[text]} for row in train]
    started = time.process_time()
    model = fitted(schema, text, only, epsilon)
    fit_s = time.process_time() - started
    started = time.process_time()
    model.limit_length(asked.tokens)
    told = pa.table({about: [row[about] for row in only][: asked.notes]})
    pairs = model.write(told, seed=seed)
    made, bare = [note for note, _ in pairs], [said for _, said in pairs]
    write_s = time.process_time() - started
    real = [row[text][:2000] for row in test]
    held = [(row[text], row[about]) for row in test]
    labelled = list(zip(made, told[about].to_pylist(), strict=True))
    everyone = [(index, row[text]) for index, row in enumerate(only)]
    return {
        "corpus": asked.corpus, "epsilon": epsilon if math.isfinite(epsilon) else "inf", "seed": seed, "persons": len(only),
        "accuracy": round(accuracy(labelled, held), 3),
        "accuracy_real": round(accuracy([(row[text], row[about]) for row in only], held), 3),
        "auc": round(told_apart(real, made), 3),
        "perplexity": round(perplexity(model, test, asked.judged), 1),
        "distinct2": round(distinct(made), 3), "distinct2_real": round(distinct(real), 3),
        "stretches": own_stretches(everyone, bare, is_public=model.explains),
        "stretches_of_held_out": own_stretches([(-1 - i, row[text]) for i, row in enumerate(test)], bare, is_public=model.explains),
        "canary": sum(word in " ".join(bare).lower() for word in ("gramophone", "lighthouse")),
        "fit_cpu_s": round(fit_s, 1), "write_cpu_s": round(write_s, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> None:
    """Print one JSON line for each price and seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", choices=["mtsamples", "wards"], default="mtsamples")
    parser.add_argument("--persons", type=int, default=3000)
    parser.add_argument("--epsilon", type=float, nargs="+", default=[1.0, 8.0, math.inf])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--notes", type=int, default=120)
    parser.add_argument("--tokens", type=int, default=250, help="Most tokens of a synthetic note, to save time.")
    parser.add_argument("--judged", type=int, default=4000, help="Tokens that perplexity is taken over.")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    for seed in range(asked.seeds):
        for epsilon in asked.epsilon:
            line = json.dumps(measure(asked, epsilon, seed))
            print(line, flush=True)
            if asked.out is not None:
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")


if __name__ == "__main__":
    main()
