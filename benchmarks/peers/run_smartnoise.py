"""smartnoise-synth's MST and AIM as shipped, every column categorical and nothing spent on preprocessing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from protocol import Case, serve
from snsynth import Synthesizer


def fit(case: Case) -> Any:
    np.random.seed(case.seed)
    synthesizer = Synthesizer.create(case.model, epsilon=case.epsilon, delta=case.delta)
    synthesizer.fit(case.codes, categorical_columns=list(case.sizes), preprocessor_eps=0.0)
    return synthesizer


def sample(fitted: Any, n_rows: int) -> pd.DataFrame:
    return fitted.sample(n_rows)


if __name__ == "__main__":
    serve(fit, sample, packages=("smartnoise-synth", "mbi", "opendp"))
