"""Columns shuffled on their own: not private, and no model. What one-way marginals alone could reach at best."""

from __future__ import annotations

import numpy as np
import pandas as pd
from protocol import Case, serve


def fit(case: Case) -> pd.DataFrame:
    rng = np.random.default_rng(case.seed)
    return pd.DataFrame({name: rng.permutation(case.codes[name].to_numpy()) for name in case.sizes})


def sample(fitted: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    return fitted.head(n_rows)


if __name__ == "__main__":
    serve(fit, sample, packages=("numpy",))
