"""Utility against epsilon: what models learn from a table made at each of several prices, and how far it is off.

Owner side: every figure is an ordinary statistic of private rows. Choosing an epsilon by looking at them is a choice
made on private rows, which the guarantee of the release that follows does not cover.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.contest import Contest, contests
from evaluation.encode import Encoded, Floats, encode
from evaluation.marginal_distance import gaps
from evaluation.report import number
from evaluation.utility import scores
from understudy.schema import TableSchema

Json = dict[str, Any]

FORMAT = "understudy.curve/1"
MAX_PAIRS = 300
MIN_HELD_OUT = 50
_Z = 1.96

WARNING = (
    "For the owner of the table only. No figure here is differentially private. Choosing an epsilon by looking at this "
    "page is a choice made on private data, and the guarantee of the release that follows does not cover it. This look "
    "was counted as an attempt on the table; the next report on it says so on its first page."
)
LIMITS = (
    "Nothing was released and nothing was charged to the population. Each of these tables was made, judged and thrown "
    "away.",
    "To stay within the guarantee, choose epsilon before you look: by policy, or by the curve of a public table of the "
    "same kind and size.",
    "Every epsilon was fitted once. Intervals cover who was held out, not the noise of the fit: another run gives "
    "other points.",
    "A release trains on more persons than this curve, which keeps more of them to test on.",
)


def point(
    schema: TableSchema, train: pa.Table, controls: pa.Table, synthetic: pa.Table, *, epsilon: float, seed: int = 0
) -> Json:
    """One table, made at one epsilon from `train`, judged on `controls`, whom it has not seen. Plain JSON.

    `targets`: for each declared one the score on the controls of a model trained on synthetic rows and of one
    trained on equally many real rows, their difference, with bootstrap intervals by person, paired.
    `distance`: the mean 2-way total variation to `train` above sampling noise; `held_out` is that of the controls.
    The same seed tests every epsilon on the same bootstrap draws.
    """
    encoded = encode(schema, {"train": train, "controls": controls, "synthetic": synthetic})
    return {
        "epsilon": number(epsilon),
        "n_rows": synthetic.num_rows,
        "targets": [_target(held) for held in contests(schema, encoded, _rng(seed, "utility"))],
        "distance": _distance(encoded, "synthetic", seed),
        "held_out": _distance(encoded, "controls", seed) if controls.num_rows >= MIN_HELD_OUT else None,
    }


def document(subject: str, facts: Mapping[str, str], points: Sequence[Json]) -> Json:
    """All points, cheapest first, with what must be known to read them."""
    return {
        "format": FORMAT,
        "kind": "owner",
        "subject": subject,
        "warning": WARNING,
        "facts": [{"label": label, "value": value} for label, value in facts.items()],
        "points": sorted(points, key=lambda found: float(found["epsilon"])),
        "limits": list(LIMITS),
    }


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, *name.encode()])


def _target(held: Contest) -> Json:
    found: Json = {
        "name": held.job.target.name,
        "score": held.job.score,
        "n": len(held.rows),
        "refusal": held.refusal,
        "synthetic": None,
        "real": None,
        "difference": None,
    }
    if held.refusal:
        return found
    synthetic, real = (scores(held.job, held.guess[role], held.truth, held.draws) for role in ("synthetic", "train"))
    return found | {
        "synthetic": _bootstrapped(synthetic),
        "real": _bootstrapped(real),
        "difference": _bootstrapped(synthetic - real),
    }


def _bootstrapped(drawn: Floats) -> Json:
    """The first is the estimate, the others are its bootstrap."""
    low, high = np.quantile(drawn[1:], [0.025, 0.975])
    value = float(drawn[0])
    return _figure(value, min(float(low), value), max(float(high), value))


def _distance(encoded: Encoded, role: str, seed: int) -> Json | None:
    """Mean over at most 300 seeded pairs, the same for every epsilon; of single columns if there is but one."""
    order = min(2, len(encoded.columns))
    if order == 0 or min(encoded.rows["train"], encoded.rows[role]) == 0:
        return None
    found = gaps(encoded, order, _rng(seed, "pairs"), role=role, limit=MAX_PAIRS)
    total, noise, error = (float(np.mean([getattr(gap, key) for gap in found])) for key in ("tvd", "floor", "se"))
    value = total - noise
    return _figure(value, value - _Z * error, value + _Z * error) | {"total": number(total), "noise": number(noise)}


def _figure(value: float, low: float, high: float) -> Json:
    return {"value": number(value), "ci": [number(low), number(high)]}
