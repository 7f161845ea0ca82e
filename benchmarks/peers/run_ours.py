"""Understudy's default engine through its public interface: a schema, a plan, a metered session, a fit.

Model "target" declares the table's target, "plain" does not. All codes are declared, as the peers are told them.
"""

from __future__ import annotations

import os
from typing import Any

import pandas as pd
import pyarrow as pa
from protocol import Case, serve

from privacy.session import Meter, PrivateSession
from synthesizers.registry import engines
from understudy.schema import TableSchema


def schema_of(case: Case) -> TableSchema:
    fields = []
    for name, size in case.sizes.items():
        field: dict[str, object] = {"name": name, "type": "integer"}
        field["constraints"] = {"required": True, "enum": list(range(size))}
        if name == case.target and case.model == "target":
            field["understudy:target"] = True
        fields.append(field)
    return TableSchema.parse({"fields": fields})


def fit(case: Case) -> tuple[Any, int]:
    schema, engine = schema_of(case), next(iter(engines().values()))
    plan = engine.plan(schema, epsilon=case.epsilon, delta=case.delta, n_rows=case.n_guess)
    rows = pa.Table.from_pandas(case.codes.astype("int64"), preserve_index=False)
    session = PrivateSession(rows, schema, Meter(plan.events), os.urandom)
    return engine.fit(session, plan), case.seed


def sample(fitted: tuple[Any, int], n_rows: int) -> pd.DataFrame:
    model, seed = fitted
    return model.sample(n_rows, seed=seed).to_pandas()


if __name__ == "__main__":
    serve(fit, sample, packages=("understudy-server",))
