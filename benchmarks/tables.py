"""Public tables as integer codes. Bin edges are fixed here, by hand: no table's own rows decide them.

Two tables are held out: the engine is tried on them only once its settings are frozen (``--held-out``).
Adult and credit_default are read from the folder that the environment variable BENCH_DATA names; the others come
with scikit-learn and statsmodels.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedTable:
    """Rows as codes: column ``c`` holds 0 to ``sizes[c]`` - 1. ``target`` is a column of two codes."""

    name: str
    codes: pd.DataFrame
    sizes: dict[str, int]
    target: str
    source: str
    held_out: bool = False

    @property
    def n_guess(self) -> int:
        """The number of rows to two digits: what an owner would say of it in public."""
        step = 10 ** max(len(str(len(self.codes))) - 2, 0)
        return round(len(self.codes) / step) * step


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to get a table; ``load`` returns None if its file is not on this machine."""

    load: Callable[[str], CodedTable | None]
    held_out: bool = False


def names(*, held_out: bool) -> list[str]:
    """The names of all tables, the held out ones last and only if asked for."""
    return [name for name, recipe in _RECIPES.items() if held_out or not recipe.held_out]


def is_held_out(name: str) -> bool:
    """Whether the engine's settings must be frozen before it sees this table."""
    return _RECIPES[name].held_out


def load(name: str) -> CodedTable | None:
    """The table, or None if BENCH_DATA does not lead to it. Raises: KeyError for an unknown name."""
    table = _RECIPES[name].load(name)
    if table is not None and not _is_sound(table):
        raise ValueError(f"{name}: a code is outside of its column's size")
    return table


def binned(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """Codes 0 to len(edges): how many edges are at or below each value."""
    return pd.Series(np.searchsorted(np.asarray(edges), values.to_numpy(), side="right"), index=values.index)


def even(low: float, high: float, n_bins: int) -> list[float]:
    """The inner edges of ``n_bins`` equal bins from low to high; what lies outside joins the outer bins."""
    return [float(edge) for edge in np.linspace(low, high, n_bins + 1)[1:-1]]


def _is_sound(table: CodedTable) -> bool:
    low, high = table.codes.min(), table.codes.max()
    return table.sizes[table.target] == 2 and all(low[c] >= 0 and high[c] < size for c, size in table.sizes.items())


def _from_edges(
    name: str, frame: pd.DataFrame, edges: dict[str, Sequence[float]], target: str, source: str, held_out: bool = False
) -> CodedTable:
    codes = pd.DataFrame({column: binned(frame[column], cuts) for column, cuts in edges.items()}).astype(int)
    sizes = {column: len(cuts) + 1 for column, cuts in edges.items()}
    return CodedTable(name=name, codes=codes, sizes=sizes, target=target, source=source, held_out=held_out)


def _file(name: str) -> Path | None:
    folder = os.environ.get("BENCH_DATA")
    path = Path(folder) / name if folder else None
    return path if path is not None and path.is_file() else None


def _adult(name: str) -> CodedTable | None:
    """Codes as in the private-pgm and AIM papers' copy."""
    rows, domain = _file("adult_coded.csv"), _file("adult_coded_domain.json")
    if rows is None or domain is None:
        return None
    sizes = json.loads(domain.read_text())
    codes = pd.read_csv(rows)[list(sizes)]
    return CodedTable(name=name, codes=codes, sizes=sizes, target="income>50K", source="UCI Adult, coded as in AIM")


_MONEY = [1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 5e4, 7.5e4, 1e5, 1.5e5, 2e5, 3e5, 5e5]


def _credit(name: str) -> CodedTable | None:
    path = _file("credit_default.csv")
    if path is None:
        return None
    edges: dict[str, Sequence[float]] = {
        "LIMIT_BAL": [2e4, 3e4, 5e4, 8e4, 1e5, 1.2e5, 1.5e5, 1.8e5, 2e5, 2.3e5, 2.8e5, 3.6e5, 5e5],
        "SEX": [2],
        "EDUCATION": [1, 2, 3, 4, 5, 6],
        "MARRIAGE": [1, 2, 3],
        "AGE": list(range(25, 71, 5)),
    }
    edges |= {f"PAY_{month}": list(range(-1, 9)) for month in (0, 2, 3, 4, 5, 6)}
    edges |= {f"BILL_AMT{month}": [0, 1, *_MONEY] for month in range(1, 7)}
    edges |= {f"PAY_AMT{month}": [1, *_MONEY[:-3]] for month in range(1, 7)}
    edges["Default"] = [1]
    return _from_edges(name, pd.read_csv(path), edges, "Default", "UCI Default of Credit Card Clients, binned")


def _statsmodels(dataset: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import statsmodels.datasets

        return getattr(statsmodels.datasets, dataset).load_pandas().data


def _randhie(name: str) -> CodedTable:
    frame = _statsmodels("randhie").rename(columns={"mdvis": "visited"})
    edges: dict[str, Sequence[float]] = {
        "visited": [1],
        "lncoins": [1, 3.5, 4.2, 4.5],
        "idp": [1],
        "lpi": [1e-9, 5, 5.5, 6, 6.25, 6.5, 6.75, 7],
        "fmde": [1e-9, 5, 5.5, 6, 6.5, 7, 7.5, 8],
        "physlm": [1e-9, 0.5, 1],
        "disea": [1e-9, 5, 7.5, 10, 12.5, 15, 20, 25, 30, 40],
        "hlthg": [1],
        "hlthf": [1],
        "hlthp": [1],
    }
    return _from_edges(name, frame, edges, "visited", "RAND Health Insurance Experiment (statsmodels)")


def _fair(name: str) -> CodedTable:
    edges: dict[str, Sequence[float]] = {
        "rate_marriage": [2, 3, 4, 5],
        "age": [20, 25, 30, 35, 40],
        "yrs_married": [1, 4, 7, 10, 14, 20],
        "children": [0.5, 1.5, 2.5, 3.5, 5],
        "religious": [2, 3, 4],
        "educ": [10, 13, 15, 16.5, 18.5],
        "occupation": [2, 3, 4, 5, 6],
        "occupation_husb": [2, 3, 4, 5, 6],
        "affairs": [1e-9],
    }
    return _from_edges(name, _statsmodels("fair"), edges, "affairs", "Redbook survey (statsmodels)", True)


def _anes96(name: str) -> CodedTable:
    edges: dict[str, Sequence[float]] = {
        "popul": [1, 10, 25, 50, 100, 250, 500, 1000],
        "TVnews": list(range(1, 8)),
        **{column: list(range(2, 8)) for column in ("selfLR", "ClinLR", "DoleLR", "educ")},
        "PID": list(range(1, 7)),
        "age": list(range(25, 85, 5)),
        "income": list(range(2, 25)),
        "vote": [1],
    }
    return _from_edges(name, _statsmodels("anes96"), edges, "vote", "National Election Study 1996 (statsmodels)", True)


_CELL_RANGES = {
    "radius": ((6, 30), (0, 1.5), (7, 37)),
    "texture": ((9, 40), (0, 3), (12, 50)),
    "perimeter": ((40, 190), (0, 10), (50, 255)),
    "area": ((100, 1500), (0, 150), (150, 2500)),
    "smoothness": ((0.05, 0.15), (0, 0.015), (0.07, 0.2)),
    "compactness": ((0, 0.3), (0, 0.08), (0, 0.8)),
    "concavity": ((0, 0.4), (0, 0.1), (0, 1)),
    "concave points": ((0, 0.2), (0, 0.03), (0, 0.3)),
    "symmetry": ((0.1, 0.3), (0, 0.05), (0.15, 0.5)),
    "fractal dimension": ((0.05, 0.09), (0, 0.01), (0.05, 0.15)),
}
"""Rough ranges of what is measured on a cell nucleus: mean, standard error, worst."""


def _breast_cancer(name: str) -> CodedTable:
    from sklearn.datasets import load_breast_cancer

    edges: dict[str, Sequence[float]] = {}
    for measure, (mean, error, worst) in _CELL_RANGES.items():
        edges[f"mean {measure}"] = even(*mean, 8)
        edges[f"{measure} error"] = even(*error, 6)
        edges[f"worst {measure}"] = even(*worst, 8)
    edges["target"] = [1]
    frame = load_breast_cancer(as_frame=True).frame
    return _from_edges(name, frame, edges, "target", "Wisconsin breast cancer (scikit-learn)")


def _diabetes(name: str) -> CodedTable:
    from sklearn.datasets import load_diabetes

    edges: dict[str, Sequence[float]] = {
        "age": list(range(25, 75, 5)),
        "sex": [2],
        "bmi": even(18, 42, 8),
        "bp": even(60, 130, 7),
        "s1": even(100, 300, 8),
        "s2": even(40, 200, 8),
        "s3": even(20, 90, 7),
        "s4": [2.5, 3.5, 4.5, 5.5],
        "s5": even(3.2, 6.2, 6),
        "s6": even(60, 130, 7),
        "target": [140],
    }
    frame = load_diabetes(as_frame=True, scaled=False).frame
    return _from_edges(name, frame, edges, "target", "diabetes progression (scikit-learn)")


def _digits(name: str) -> CodedTable:
    """A wide table: 64 pixels of four grey levels, and whether the digit is five or more."""
    from sklearn.datasets import load_digits

    frame = load_digits(as_frame=True).frame
    edges: dict[str, Sequence[float]] = {str(pixel): [1, 6, 12] for pixel in frame.columns if pixel != "target"}
    edges["target"] = [5]
    return _from_edges(name, frame, edges, "target", "handwritten digits (scikit-learn)")


_RECIPES = {
    "adult": Recipe(load=_adult),
    "credit": Recipe(load=_credit),
    "randhie": Recipe(load=_randhie),
    "breast_cancer": Recipe(load=_breast_cancer),
    "diabetes": Recipe(load=_diabetes),
    "digits": Recipe(load=_digits),
    "fair": Recipe(load=_fair, held_out=True),
    "anes96": Recipe(load=_anes96, held_out=True),
}
