"""The default engine alone on Adult and credit: error, AUC and CPU time by epsilon, mean of seeds.

Run: BENCH_DATA=... python -m benchmarks.engine_adult [--tables adult credit] [--epsilons 0.1 1] [--seeds 3]
For work on the engine; ``python -m benchmarks`` is the comparison with peers.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from benchmarks.score import score
from benchmarks.tables import CodedTable, load
from privacy.session import Meter, PrivateSession
from synthesizers.registry import engine
from understudy.schema import TableSchema

DELTA = 1e-9


def schema_of(table: CodedTable, *, target: bool) -> TableSchema:
    """All codes declared, as peers are told them."""
    fields: list[dict[str, object]] = [
        {"name": name, "type": "integer", "constraints": {"required": True, "enum": list(range(size))}}
        for name, size in table.sizes.items()
    ]
    for field in fields:
        field["understudy:target"] = target and field["name"] == table.target
    return TableSchema.parse({"fields": fields})


def run(table: CodedTable, epsilon: float, seed: int, *, target: bool) -> list[float]:
    """tvd2, tvd3, auc, CPU seconds of plan and fit, CPU seconds of one million rows as codes."""
    schema, ours = schema_of(table, target=target), engine("marginal")
    rows = pa.Table.from_pandas(table.codes.astype("int64"), preserve_index=False)
    started = time.process_time()
    plan = ours.plan(schema, epsilon=epsilon, delta=DELTA, n_rows=table.n_guess)
    fitted = ours.fit(PrivateSession(rows, schema, Meter(plan.events), os.urandom), plan)
    fit_s = time.process_time() - started
    found = score(table, fitted.sample(None, seed=seed).to_pandas())
    started = time.process_time()
    fitted.sample(1_000_000, seed=seed)
    return [found.tvd2, found.tvd3, found.auc, fit_s, time.process_time() - started]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line for each table, epsilon and kind of schema."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", default=["adult", "credit"])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[0.1, 0.3, 1, 3, 10])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--target", action="store_true", help="declare the table's target")
    options = parser.parse_args(arguments)
    print("table            eps   tvd2    tvd3    auc     fit cpu s   1M rows cpu s")
    for name in options.tables:
        table = load(name)
        if table is None:
            print(f"{name}: not here; set BENCH_DATA")
            continue
        for epsilon in options.epsilons:
            seeds = range(options.seeds)
            mean = np.mean([run(table, epsilon, seed, target=options.target) for seed in seeds], axis=0)
            print(
                f"{name:15s} {epsilon:5} {mean[0]:.4f}  {mean[1]:.4f}  {mean[2]:.4f}  {mean[3]:8.2f}  {mean[4]:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
