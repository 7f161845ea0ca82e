"""What synthetic notes are worth and what they give away, at several prices, on notes with a class.

    BENCH_DATA=/data python -m benchmarks.text_bench [--seconds 500]  # what is not in docs/bench/text.jsonl yet
    python -m benchmarks.text_bench --corpus wards --epsilon 1 8 --seeds 1 --out FILE
    python -m benchmarks.text_bench --corpus wards --rows FILE       # what a peer may train on: the same split
    python -m benchmarks.text_bench --corpus wards --epsilon 8 --made FILE --peer NAME   # scores of what it has made

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
from collections.abc import Iterator
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
CORPORA = ("wards", "support", "mtsamples")
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
    real, asked = [row[text][:2000] for row in held], [(row[text], row[about]) for row in held]
    taught = [(row[text], row[about]) for row in train]
    return {
        "accuracy": round(accuracy(labelled, asked), 3),
        "accuracy_real": round(accuracy(taught, asked), 3),
        "agreement": round(accuracy(taught, labelled), 3),
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
    rows = pa.table({about: [row[about] for row in (train * 5)[: asked.notes]]})
    pairs = model.write(rows, seed=seed)
    made, bare = [note for note, _ in pairs], [said for _, said in pairs]
    write_s = time.process_time() - started
    persons = list(enumerate(row[text] for row in planted))
    strangers = [(-1 - index, row[text]) for index, row in enumerate(held)]
    return {
        "engine": "phrases",
        "corpus": asked.corpus,
        "epsilon": told(epsilon),
        "seed": seed,
        "persons": len(train),
        "notes": len(made),
        **scores(made, rows[about].to_pylist(), held, train, (about, text)),
        "perplexity": round(math.exp(float(np.mean(surprises(model, held, asked.judged)))), 2),
        "stretches": own_stretches(persons, bare),
        "stretches_unexplained": own_stretches(persons, bare, is_public=model.explains),
        "stretches_of_held_out": own_stretches(strangers, bare),
        "canary": sum(word in " ".join(bare).lower() for word in ("gramophone", "lighthouse")),
        **(audited(about, text, train, epsilon, seed) if seed == 0 else {}),
        "fit_cpu_s": round(fit_s, 1),
        "write_cpu_s": round(write_s, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def of_peer(asked: argparse.Namespace) -> dict[str, Any]:
    """Scores of notes that a peer made of the split of seed 0."""
    about, text, train, held = split(asked, 0)
    rows = [json.loads(line) for line in asked.made.read_text(encoding="utf-8").splitlines()]
    made, classes = [str(row[text] or "") for row in rows], [str(row[about]) for row in rows]
    return {
        "engine": asked.peer,
        "corpus": asked.corpus,
        "epsilon": told(asked.epsilon[0]),
        "seed": 0,
        "persons": len(train),
        "notes": len(made),
        **scores(made, classes, held, train, (about, text)),
        "stretches": own_stretches(list(enumerate(row[text] for row in train)), made),
    }


def told(epsilon: float) -> float | str:
    """As JSON has it."""
    return epsilon if math.isfinite(epsilon) else "inf"


def known(path: Path) -> set[tuple[object, ...]]:
    """(engine, corpus, epsilon, seed) of every line that is there."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return {(one["engine"], one["corpus"], one["epsilon"], one["seed"]) for one in found}


def wanted(asked: argparse.Namespace) -> Iterator[tuple[str, float, int]]:
    """(corpus, epsilon, seed), first seeds first."""
    for seed in range(asked.seeds):
        for epsilon in asked.epsilon:
            for name in asked.corpus:
                yield name, epsilon, seed


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpus", choices=CORPORA, nargs="+", default=list(CORPORA))
    parser.add_argument("--persons", type=int, default=1200)
    parser.add_argument("--epsilon", type=float, nargs="+", default=[1.0, 8.0, math.inf, 4.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--notes", type=int, default=1000, help="Synthetic notes; a corpus of long ones has a fifth.")
    parser.add_argument("--tokens", type=int, default=200, help="Most tokens of a synthetic note, to save time.")
    parser.add_argument("--judged", type=int, default=2000, help="Tokens that perplexity is taken over.")
    parser.add_argument("--seconds", type=float, default=math.inf, help="Begin nothing after so long.")
    parser.add_argument("--out", type=Path, default=Path("docs/bench/text.jsonl"))
    parser.add_argument("--rows", type=Path, help="Write the training rows of seed 0, and nothing else.")
    parser.add_argument("--made", type=Path, help="Score these notes of a peer, and nothing else.")
    parser.add_argument("--peer", default="mostlyai-lstm")
    return parser.parse_args()


def add(found: dict[str, Any], path: Path) -> None:
    """One line more."""
    print(json.dumps(found), flush=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(found) + "\n")


def main() -> None:
    """Measure what is not measured yet."""
    asked, started = parsed(), time.monotonic()
    if asked.rows is not None or asked.made is not None:
        one = argparse.Namespace(**{**vars(asked), "corpus": asked.corpus[0]})
        if asked.rows is not None:
            asked.rows.write_text("\n".join(json.dumps(row) for row in split(one, 0)[2]), encoding="utf-8")
        else:
            add(of_peer(one), asked.out)
        return
    done = known(asked.out)
    for name, epsilon, seed in wanted(asked):
        if ("phrases", name, told(epsilon), seed) in done or time.monotonic() - started > asked.seconds:
            continue
        notes = asked.notes // 5 if name == "mtsamples" else asked.notes
        add(measure(argparse.Namespace(**{**vars(asked), "corpus": name, "notes": notes}), epsilon, seed), asked.out)


if __name__ == "__main__":
    main()
