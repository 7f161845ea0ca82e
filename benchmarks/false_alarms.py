"""``python -m benchmarks.false_alarms``: how often the report cries wolf.

An ideal release is a fresh sample of the population: perfect fidelity, no leak. Of 200 of them at most 5 % may show
any privacy red. Prints each light that was red or amber, and how often. ``make test`` runs twenty smaller ones of the
attacks alone (tests/statistical/test_evaluation_false_alarms.py).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from evaluation.judge import EvaluationInputs, evaluate
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "age", "type": "integer"},
            {"name": "income", "type": "number"},
            {"name": "health", "type": "number"},
            {"name": "origin", "type": "string"},
            {"name": "region", "type": "string"},
            {"name": "insured", "type": "boolean", "understudy:target": True},
        ]
    }
)
ALLOWED = 0.05


def population(n: int, rng: np.random.Generator) -> pa.Table:
    """Correlated mixed columns with heavy tails, coarse and fine values, and a rare group."""
    age = rng.integers(18, 90, n)
    income = np.exp(rng.normal(9.5 + 0.01 * age, 0.7, n)).round(-2)
    health = rng.normal(80 - 0.5 * age, 8, n) + rng.standard_t(3, n)
    origin = rng.choice(["a", "b", "c", "d"], n, p=[0.6, 0.26, 0.11, 0.03])
    region = rng.choice(["n", "s", "e", "w"], n)
    insured = rng.random(n) < 1 / (1 + np.exp(-(0.06 * (age - 50) + 1.2 * (np.log(income) - 10))))
    columns = (age, income, health.round(1), origin.tolist(), region.tolist(), insured)
    return pa.table(dict(zip(SCHEMA.names, map(pa.array, columns), strict=True)))


def ideal_run(seed: int, n_rows: int = 3_000, n_audit: int = 2_000) -> dict[str, str]:
    """Light by metric of one ideal release; each audit person was trained on by a fair coin."""
    rng = np.random.default_rng([seed, 2024])
    audit, coin = population(n_audit, rng), rng.random(n_audit) < 0.5
    members, controls = audit.filter(pa.array(coin)), audit.filter(pa.array(~coin))
    inputs = EvaluationInputs(
        schema=SCHEMA,
        train=pa.concat_tables([members, population(n_rows - n_audit // 2, rng)]),
        members=members,
        controls=controls,
        synthetic=population(n_rows, rng),
        statement={"epsilon": 1.0, "delta": 1e-6},
    )
    report = evaluate(inputs, seed=seed)
    return {metric.id: metric.status.value for section in report.sections for metric in section.metrics}


def alarms(runs: Sequence[dict[str, str]], light: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """How many runs have each metric at this light, most first."""
    counted = Counter(id_ for run in runs for id_, seen in run.items() if seen == light and id_.startswith(prefix))
    yield from counted.most_common()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.false_alarms", description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    options = parser.parse_args(arguments)
    runs = [ideal_run(seed) for seed in range(options.runs)]
    red = sum(any(light == "red" for id_, light in run.items() if id_.startswith("risk.")) for run in runs)
    any_red = sum("red" in run.values() for run in runs)
    print(f"{red} of {len(runs)} ideal runs show a privacy red, {any_red} any red (allowed: {ALLOWED:.0%} privacy)")
    for light in ("red", "amber"):
        for id_, count in alarms(runs, light):
            print(f"  {light:6} {id_:36} {count / len(runs):.1%}")
    if red > ALLOWED * len(runs):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
