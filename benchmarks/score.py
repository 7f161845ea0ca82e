"""How far synthetic codes are from real ones. Lower error and higher AUC are better.

tvd2, tvd3: mean total variation distance of the 2-way marginals (all) and of the 3-way ones (all, or 200 drawn
with a fixed seed). auc: gradient boosting is trained on synthetic rows and tested on a fixed fifth of the real rows.
The real table's own auc is that of training on the other four fifths.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from benchmarks.tables import CodedTable

MAX_TRIPLES = 200
TEST_SHARE = 0.2

Clique = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Distances are from 0 to 1; auc is 0.5 for chance, and for rows whose target is constant."""

    tvd2: float
    tvd3: float
    auc: float


def score(table: CodedTable, synthetic: pd.DataFrame) -> Score:
    """Judge synthetic rows; values that are no code count as the nearest one, and missing ones as 0."""
    codes = cleaned(synthetic, table.sizes)
    return Score(
        tvd2=mean_distance(table, codes, pairs(table.sizes)),
        tvd3=mean_distance(table, codes, triples(table.sizes)),
        auc=auc(table, codes),
    )


def pairs(sizes: dict[str, int]) -> list[Clique]:
    """All pairs of columns."""
    return list(itertools.combinations(sizes, 2))


def triples(sizes: dict[str, int]) -> list[Clique]:
    """All triples of columns, or MAX_TRIPLES of them, the same ones each time."""
    every = list(itertools.combinations(sizes, 3))
    chosen = np.random.RandomState(0).permutation(len(every))[:MAX_TRIPLES]
    return [every[index] for index in chosen]


def cleaned(rows: pd.DataFrame, sizes: dict[str, int]) -> pd.DataFrame:
    """Rows as codes within each column's size."""
    numbers = {name: pd.to_numeric(rows[name], errors="coerce").fillna(0).astype(float) for name in sizes}
    return pd.DataFrame({name: numbers[name].astype(int).clip(0, size - 1) for name, size in sizes.items()})


def marginal(codes: pd.DataFrame, clique: Clique, sizes: dict[str, int]) -> NDArray[np.float64]:
    """The share of rows in each cell of a clique, flat."""
    shape = [sizes[name] for name in clique]
    cells = np.ravel_multi_index([codes[name].to_numpy() for name in clique], shape)
    return np.bincount(cells, minlength=int(np.prod(shape))) / len(codes)


def distance(real: pd.DataFrame, synthetic: pd.DataFrame, clique: Clique, sizes: dict[str, int]) -> float:
    """Total variation distance of one marginal: half the L1 distance."""
    return float(np.abs(marginal(real, clique, sizes) - marginal(synthetic, clique, sizes)).sum() / 2)


def mean_distance(table: CodedTable, synthetic: pd.DataFrame, cliques: list[Clique]) -> float:
    """The mean over the cliques."""
    return float(np.mean([distance(table.codes, synthetic, clique, table.sizes) for clique in cliques]))


def auc(table: CodedTable, training: pd.DataFrame) -> float:
    """Train on ``training``, test on the real test rows."""
    _, test = split(table.codes)
    if training[table.target].nunique() < 2:
        return 0.5
    model = HistGradientBoostingClassifier(random_state=0, max_iter=100)
    model.fit(training.drop(columns=table.target), training[table.target])
    chances = model.predict_proba(test.drop(columns=table.target))[:, 1]
    return float(roc_auc_score(test[table.target], chances))


def real_auc(table: CodedTable) -> float:
    """What training on real rows reaches."""
    return auc(table, split(table.codes)[0])


def split(codes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The real rows to train and to test on, the same ones each time."""
    order = np.random.RandomState(1).permutation(len(codes))
    cut = int((1 - TEST_SHARE) * len(codes))
    return codes.iloc[order[:cut]], codes.iloc[order[cut:]]
