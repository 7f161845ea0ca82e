"""What synthetic notes are worth and what they give away, at several prices, on notes with a class.

    BENCH_DATA=/data python -m benchmarks.text_bench --corpus mtsamples --epsilon 1 4 8 inf --seeds 3 [--out FILE]
    python -m benchmarks.text_bench --corpus wards --persons 1600 --epsilon 1 8 inf
    python -m benchmarks.text_bench --corpus wards --rows FILE       # what a peer may train on: the same split
    python -m benchmarks.text_bench --corpus wards --made FILE       # scores of what a peer has made of it

Corpora: ``text_corpora``. A quarter of the persons, at most 400, is held out. One JSON line a price and seed:
accuracy of a class told on held-out real notes by a classifier that saw synthetic ones, agreement (of synthetic notes
with the class of their row, by a classifier of real ones), how well real and synthetic are told apart, MAUVE,
perplexity of held-out notes, diversity, stretches of one person's text, a planted phrase, and an audit of one run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.text_corpora import corpus
from benchmarks.text_scores import accuracy, distinct, least_epsilon, likeness, told_apart
from evaluation.spans import own_stretches
from privacy.domain_plan import plan_domain
from privacy.gdp import gdp_mu
from privacy.meter import Meter
from privacy.session import PrivateSession
from synthesizers.text.base import Price
from synthesizers.text.hearing import ROUNDS
from synthesizers.text.learn import chain
from synthesizers.text.phrases import FittedPhrases, PhrasesEngine, class_of
from synthesizers.text.prior import Prior
from synthesizers.text.vocabulary import END, NOTE
from understudy.schema import TableSchema

DELTA = 1e-5
CANARY = "the violet gramophone whistled behind an abandoned lighthouse"
NO_DP = 1e5
_COINS = 60
"""Invented persons of the audit; each is in the table or not, by a coin."""
Rows = list[dict[str, str]]


def split(asked: argparse.Namespace, seed: int) -> tuple[str, str, Rows, Rows]:
    """(class column, text column, training rows, held-out rows)."""
    about, text, rows = corpus(asked.corpus, asked.persons)
    order = np.random.default_rng(seed).permutation(len(rows))
    found = [{about: rows[index][about], text: rows[index][text]} for index in order]
    cut = min(len(found) // 4, 400)
    return about, text, found[cut:], found[:cut]


def schema_of(about: str, text: str, rows: Rows) -> TableSchema:
    """The class declared, and the text."""
    names = sorted({row[about] for row in rows})
    fields = [{"name": about, "type": "string", "constraints": {"enum": names}}, {"name": text, "type": "text"}]
    return TableSchema.parse({"fields": fields})


def fitted(schema: TableSchema, text: str, rows: Rows, epsilon: float, rounds: int = ROUNDS) -> FittedPhrases:
    """The embedded engine on these rows for this price."""
    mu = NO_DP if math.isinf(epsilon) else gdp_mu(epsilon, DELTA)
    price = Price(epsilon=epsilon, delta=DELTA, alongside=(), mu_squared=mu**2, units=len(rows))
    engine = PhrasesEngine(rounds=rounds)
    plan = engine.plan(schema, text, price)
    session = PrivateSession(pa.Table.from_pylist(rows), schema, Meter(plan.events), os.urandom)
    session.discretise(plan_domain(schema, mu=1.0, delta=1e-6))
    return engine.fit(session, plan)


def surprises(model: FittedPhrases, rows: Rows, most: int) -> list[float]:
    """-log chance of each token of some notes, with a third of the chance left to shorter contexts."""
    words = chain(model.prior, model.learnt, doubt=0.6)
    which = class_of(model.rows.about, model.classes)
    found: list[float] = []
    for row in rows:
        tokens = [NOTE, *model.prior.vocabulary.encode(model.rows.masked(row) or ""), END][:200]
        bend = np.exp(model.learnt.tilts[which(row)])
        for place in range(1, len(tokens)):
            chances = words.next(tokens[max(0, place - 3) : place]) * bend
            found.append(-math.log(max(float(chances[tokens[place]] / chances.sum()), 1e-300)))
        if len(found) > most:
            break
    return found


def coins(about: str, text: str, rows: Rows, prior: Prior) -> Rows:
    """Persons whose notes are words of the vocabulary that nobody would put together."""
    rng = np.random.default_rng(7)
    names = sorted({row[about] for row in rows})
    words = np.flatnonzero(prior.content)
    return [
        {about: names[index % len(names)], text: prior.vocabulary.decode(rng.choice(words, 12).tolist())}
        for index in range(_COINS)
    ]


def audited(about: str, text: str, rows: Rows, epsilon: float, seed: int) -> dict[str, float]:
    """Guesses who was in, by the chances that a released model gives their notes: the surest sixth on each side.

    It is a fit of its own: invented persons would show in the notes of the one that is scored.
    """
    persons = coins(about, text, rows, Prior.load())
    thrown = [bool(coin) for coin in np.random.default_rng(seed + 99).integers(0, 2, _COINS)]
    inside = [person for person, coin in zip(persons, thrown, strict=True) if coin]
    model = fitted(schema_of(about, text, rows), text, rows + inside, epsilon, 0)
    scored = np.array([-float(np.mean(surprises(model, [person], 1))) for person in persons])
    order, side = np.argsort(scored), len(persons) // 6
    right = sum(not thrown[i] for i in order[:side]) + sum(thrown[i] for i in order[-side:])
    return {"audit_right": right, "audit_of": 2 * side, "audit_epsilon": round(least_epsilon(right, 2 * side), 2)}


def scores(made: list[str], classes: list[str], held: Rows, train: Rows, names: tuple[str, str]) -> dict[str, Any]:
    """What is asked of every engine's notes."""
    about, text = names
    labelled = list(zip(made, classes, strict=True))
    real, told = [row[text][:2000] for row in held], [(row[text], row[about]) for row in held]
    known = [(row[text], row[about]) for row in train]
    return {
        "accuracy": round(accuracy(labelled, told), 3),
        "accuracy_real": round(accuracy(known, told), 3),
        "agreement": round(accuracy(known, labelled), 3),
        "auc": round(told_apart(real, made), 3),
        "mauve": round(likeness(real, made), 3),
        "distinct2": round(distinct(made), 3),
        "distinct2_real": round(distinct(real), 3),
    }


def measure(asked: argparse.Namespace, epsilon: float, seed: int) -> dict[str, Any]:
    """All figures of one price and one split."""
    about, text, train, held = split(asked, seed)
    started = time.process_time()
    schema = schema_of(about, text, train + held)
    planted = [{**train[0], text: f"{train[0][text]} {CANARY}. {CANARY}."}, *train[1:]]
    model = fitted(schema, text, planted, epsilon)
    fit_s, started = time.process_time() - started, time.process_time()
    model.limit_length(asked.tokens)
    told = pa.table({about: [row[about] for row in (train * 5)[: asked.notes]]})
    pairs = model.write(told, seed=seed)
    made, bare = [note for note, _ in pairs], [said for _, said in pairs]
    write_s = time.process_time() - started
    persons = list(enumerate(row[text] for row in planted))
    strangers = [(-1 - index, row[text]) for index, row in enumerate(held)]
    return {
        "engine": "phrases",
        "corpus": asked.corpus,
        "epsilon": epsilon if math.isfinite(epsilon) else "inf",
        "seed": seed,
        "persons": len(train),
        "notes": len(made),
        **scores(made, told[about].to_pylist(), held, train, (about, text)),
        "perplexity": round(math.exp(float(np.mean(surprises(model, held, asked.judged)))), 2),
        "stretches": own_stretches(persons, bare),
        "stretches_unexplained": own_stretches(persons, bare, is_public=model.explains),
        "stretches_of_held_out": own_stretches(strangers, bare),
        "canary": sum(word in " ".join(bare).lower() for word in ("gramophone", "lighthouse")),
        **audited(about, text, train, epsilon, seed),
        "fit_cpu_s": round(fit_s, 1),
        "write_cpu_s": round(write_s, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def of_peer(asked: argparse.Namespace) -> dict[str, Any]:
    """Scores of notes that a peer made of the split of seed 0."""
    about, text, train, held = split(asked, 0)
    rows = [json.loads(line) for line in asked.made.read_text(encoding="utf-8").splitlines()]
    made, classes = [str(row[text] or "") for row in rows], [str(row[about]) for row in rows]
    persons = list(enumerate(row[text] for row in train))
    stretches = own_stretches(persons, made)
    return {**scores(made, classes, held, train, (about, text)), "notes": len(made), "stretches": stretches}


def main() -> None:
    """Print one JSON line for each price and seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", choices=["mtsamples", "wards", "support"], default="mtsamples")
    parser.add_argument("--persons", type=int, default=1600)
    parser.add_argument("--epsilon", type=float, nargs="+", default=[1.0, 8.0, math.inf])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--notes", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=250, help="Most tokens of a synthetic note, to save time.")
    parser.add_argument("--judged", type=int, default=3000, help="Tokens that perplexity is taken over.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rows", type=Path, help="Write the training rows of seed 0, and nothing else.")
    parser.add_argument("--made", type=Path, help="Score these notes of a peer, and nothing else.")
    asked = parser.parse_args()
    if asked.rows is not None:
        asked.rows.write_text("\n".join(json.dumps(row) for row in split(asked, 0)[2]), encoding="utf-8")
        return
    found = [of_peer(asked)] if asked.made is not None else []
    for seed in range(0 if asked.made is not None else asked.seeds):
        for epsilon in asked.epsilon:
            found.append(measure(asked, epsilon, seed))
            print(json.dumps(found[-1]), flush=True)
            if asked.out is not None:
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found[-1]) + "\n")
    if asked.made is not None:
        print(json.dumps(found[0]))


if __name__ == "__main__":
    main()
