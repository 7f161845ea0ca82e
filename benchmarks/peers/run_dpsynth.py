"""google/dpsynth as shipped: its tabular interface over declared categories, with SWIFT or MST inside."""

from __future__ import annotations

import dpsynth
import numpy as np
import pandas as pd
from protocol import Case, serve

MECHANISMS = {"swift": dpsynth.discrete_mechanisms.SWIFTConfig, "mst": dpsynth.discrete_mechanisms.MSTConfig}


def fit(case: Case) -> pd.DataFrame:
    """The rows are drawn inside, about as many as there were."""
    domains = {
        name: dpsynth.CategoricalAttribute(possible_values=list(range(size))) for name, size in case.sizes.items()
    }
    config = dpsynth.TabularConfig(domains=domains, discrete_mechanism=MECHANISMS[case.model]())
    mechanism = config.calibrate(epsilon=case.epsilon, delta=case.delta)
    return mechanism(np.random.default_rng(case.seed), case.codes).synthetic_data


def sample(fitted: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    return fitted.head(n_rows)


if __name__ == "__main__":
    serve(fit, sample, packages=("mbi", "jax"), version_text=f"dpsynth {dpsynth.__version__}")
