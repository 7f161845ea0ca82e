"""Whole synthesizers as planted failures: N1 copies leaves of a tree and must be red, N2 copies nothing but margins.

Seeds are fixed; N2's privacy lights are those of `test_evaluation_false_alarms.py`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.tree import DecisionTreeRegressor

from evaluation.judge import EvaluationInputs, evaluate
from evaluation.render import html
from tests.statistical.test_evaluation_planted import LARGE, SCHEMA, N, Sets, attacked, judged

pytestmark = pytest.mark.statistical


def cart(sets: Sets, rng: np.random.Generator) -> pa.Table:
    """Each column from a leaf of five training rows that agree in the columns before it; source: Reiter 2005."""
    codes = {name: _coded(sets.train[name]) for name in SCHEMA.names}
    made: dict[str, np.ndarray[Any, Any]] = {}
    rows: dict[str, np.ndarray[Any, Any]] = {}
    for name in SCHEMA.names:
        if not made:
            rows[name] = rng.integers(0, len(sets.train), N)
        else:
            x = np.column_stack([codes[known] for known in made])
            tree = DecisionTreeRegressor(min_samples_leaf=5, random_state=0).fit(x, codes[name])
            leaf, wanted = tree.apply(x), tree.apply(np.column_stack(list(made.values())))
            order = np.argsort(leaf, kind="stable")
            first = np.searchsorted(leaf[order], wanted, side="left")
            size = np.searchsorted(leaf[order], wanted, side="right") - first
            rows[name] = order[first + (rng.random(N) * size).astype(int)]
        made[name] = codes[name][rows[name]]
    return pa.table({name: sets.train[name].take(pa.array(rows[name])) for name in SCHEMA.names})


def _coded(column: pa.ChunkedArray) -> np.ndarray[Any, Any]:
    values = np.array(column.to_pylist(), dtype=object if pa.types.is_string(column.type) else float)
    return np.unique(values, return_inverse=True)[1].astype(float) if values.dtype == object else values


def margins(sets: Sets, rng: np.random.Generator) -> pa.Table:
    """Every column from a fresh sample of its own: perfect margins, no copy of anybody, no dependence."""
    return pa.table({name: sets.fresh[name].take(pa.array(rng.permutation(N))) for name in SCHEMA.names})


def test_a_cart_synthesizer_is_red() -> None:
    """N1: no privacy at all, though it invents every row."""
    found, stop = attacked(cart, audit=LARGE, epsilon=0.5)
    assert found["risk.membership"]["status"] == "red"
    assert found["risk.audit"]["value"] > 1.0
    assert stop


def test_a_table_without_a_copy_keeps_its_privacy_lights_and_loses_fidelity() -> None:
    """N2: what is bad and private must be called private and bad."""
    found, report = judged(margins)
    privacy = {id_: metric["status"] for id_, metric in found.items() if id_.startswith("risk.")}
    assert "red" not in privacy.values(), privacy
    assert privacy["risk.verbatim"] == privacy["risk.membership"] == "green"
    assert report["stop"] is False
    assert found["fidelity.tvd2.worst"]["status"] == found["fidelity.detectable"]["status"] == "red"


def test_the_release_report_is_a_function_of_the_synthetic_table_alone() -> None:
    """E10: other people in the training table, another release report's bytes the same."""

    def released(seed: int) -> tuple[str, str]:
        sets = Sets(seed, 400)
        inputs = EvaluationInputs(
            schema=SCHEMA,
            train=sets.train.slice(0, 300 * seed),
            members=sets.members.slice(0, 100),
            controls=sets.controls,
            synthetic=Sets(9, 400).fresh.slice(0, 400),
            statement={"epsilon": 1.0, "delta": 1e-5},
        )
        document = evaluate(inputs).as_release_json()
        return json.dumps(document, sort_keys=True), html(document)

    assert released(1) == released(2)
