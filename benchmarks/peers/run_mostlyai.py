"""mostlyai-engine's TabularARGN with DP-SGD as shipped. Its value protection spends an epsilon of its own on top."""

from __future__ import annotations

from typing import Any

import pandas as pd
from mostlyai.engine import TabularARGN
from mostlyai.engine.domain import DifferentialPrivacyConfig
from protocol import Case, serve


def fit(case: Case) -> Any:
    privacy = DifferentialPrivacyConfig(max_epsilon=case.epsilon, delta=case.delta)
    model = TabularARGN(differential_privacy=privacy, verbose=0)
    model.fit(case.codes.astype(str))
    return model


def sample(fitted: Any, n_rows: int) -> pd.DataFrame:
    return fitted.sample(n_samples=n_rows)


if __name__ == "__main__":
    serve(fit, sample, packages=("mostlyai-engine", "torch"))
