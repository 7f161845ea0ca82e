"""dpmm's pipelines as shipped, with the domain given, so that nothing is spent on finding it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from dpmm.pipelines import AIMPipeline, MSTPipeline, PrivBayesPipeline
from protocol import Case, serve

PIPELINES = {"aim": AIMPipeline, "mst": MSTPipeline, "privbayes": PrivBayesPipeline}


def fit(case: Case) -> Any:
    codes = case.codes.astype(int)
    for name, size in case.sizes.items():
        codes[name] = pd.Categorical(codes[name], categories=range(size))
    domain = {name: {"categories": list(range(size))} for name, size in case.sizes.items()}
    pipeline = PIPELINES[case.model](epsilon=case.epsilon, delta=case.delta, proc_epsilon=None, compress=True)
    pipeline.fit(codes, domain, random_state=case.seed)
    return pipeline


def sample(fitted: Any, n_rows: int) -> pd.DataFrame:
    return fitted.generate(n_records=n_rows).astype(int)


if __name__ == "__main__":
    serve(fit, sample, packages=("dpmm",))
