"""Canaries: invented rows offered for training by secret coins, to see what the output tells of each coin.

``service.tasks`` plants them before the fit and looks for them after the sample. A canary is drawn from declared
facts alone and is a person of its own, whom no neighbouring table lacks: it takes nothing from anybody's guarantee,
and what is found out about it may leave, for it is nobody. It does distort what is learnt, by about half the number
of canaries in rows, so there are none unless asked for.
Sources: exposure against fresh decoys, Carlini et al. arXiv:1802.08232; the audit of one run, Steinke, Nasr and
Jagielski arXiv:2305.08846. Rows far from all others prove less than natural ones (arXiv:2502.14921): what they
prove is proven, and silence says little.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluation.distance import nearest, points
from evaluation.encode import encode
from evaluation.report import Json
from understudy.errors import UsageError
from understudy.schema import ColumnSchema, TableSchema

FEWEST, MOST = 10, 1_000
LEAST_CELLS = 1e6
"""So many different canaries must be possible, or real rows would be taken for them and stripped."""
DECOYS_EACH = 100
"""Fresh decoys for each canary. With as many, the smallest exposure p times the number planted is about 0.005."""

_FARTHEST = 1e9
_OTHER = "OTHER"
"""Stands for a category that is not declared, as in ``privacy.codecs``."""
_TYPES: dict[str, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}

Entropy = Callable[[int], bytes]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """Rows of the modelled columns, and which of them are trained on: a fair secret coin each."""

    rows: pa.Table
    planted: Flags


def check_canaries(schema: TableSchema, count: int) -> None:
    """Raises: UsageError for a number that is not 0 or 10 to 1000, or a schema that declares too little."""
    if count == 0:
        return
    if not FEWEST <= count <= MOST:
        raise UsageError(f"The number of canaries is 0, or from {FEWEST} to {MOST}.", code="canaries-invalid")
    if math.fsum(math.log10(_choices(column)) for column in schema.modelled) < math.log10(LEAST_CELLS):
        raise UsageError(
            "The schema declares too few different rows: canaries would be taken for real ones.",
            code="canaries-too-common",
        )


def invent(schema: TableSchema, count: int, entropy: Entropy) -> Canaries:
    """Canaries from declared facts alone, and their coins. ``entropy`` gives fresh random bytes."""
    rng = np.random.default_rng(int.from_bytes(entropy(32), "big"))
    coins = np.frombuffer(entropy(count), dtype=np.uint8) & 1
    return Canaries(rows=_draw(schema, count, rng), planted=coins.astype(np.bool_))


def plant(train: pa.Table, canaries: Canaries, schema: TableSchema, entropy: Entropy) -> pa.Table:
    """The training rows and the planted canaries after them, each a person whom no one else is."""
    rows = canaries.rows.filter(pa.array(canaries.planted))
    unit = schema.unit.column
    if unit is not None and unit in train.column_names:
        rows = rows.append_column(unit, _names(train.schema.field(unit).type, rows.num_rows, entropy))
    return pa.concat_tables([train, rows.select(train.column_names).cast(train.schema)])


def find(synthetic: pa.Table, canaries: Canaries, schema: TableSchema, entropy: Entropy) -> tuple[pa.Table, Json]:
    """The synthetic rows without those equal to a canary, planted or not, and what they told of each coin.

    The result holds, for each canary, its coin, its distance to the nearest synthetic row, and how many of the
    fresh decoys are as near. Nothing of it comes from a row of a person but through the synthetic table.
    """
    rng = np.random.default_rng(int.from_bytes(entropy(32), "big"))
    decoys = _draw(schema, DECOYS_EACH * len(canaries.planted) - 1, rng)
    tables = {"synthetic": synthetic, "canaries": canaries.rows, "decoys": decoys}
    encoded = encode(schema, tables, real="synthetic")
    placed = points(encoded.columns, ("synthetic",), tuple(tables))
    near = np.minimum(nearest(placed["canaries"], placed["synthetic"])[0], _FARTHEST)
    chance = np.sort(np.minimum(nearest(placed["decoys"], placed["synthetic"])[0], _FARTHEST))
    exact = {role: np.stack([column.exact[role] for column in encoded.columns], axis=1) for role in tables}
    known = {row.tobytes() for row in exact["canaries"]}
    same = np.array([row.tobytes() in known for row in exact["synthetic"]], dtype=np.bool_)
    returned = {row.tobytes() for row in exact["synthetic"][same]}
    seen = np.array([row.tobytes() in returned for row in exact["canaries"]], dtype=np.bool_)
    found: Json = {
        "planted": [bool(coin) for coin in canaries.planted],
        "distance": [float(value) for value in near],
        "as_near": [int(value) for value in np.searchsorted(chance, near, side="right")],
        "n_decoys": len(chance),
        "returned": [bool(value) for value in seen],
        "n_stripped": int(np.count_nonzero(same)),
    }
    return synthetic.filter(pa.array(~same)), found


def _draw(schema: TableSchema, count: int, rng: np.random.Generator) -> pa.Table:
    return pa.table({column.name: _values(column, count, rng) for column in schema.modelled})


def _values(column: ColumnSchema, count: int, rng: np.random.Generator) -> pa.Array:
    type_ = _TYPES.get(column.type, pa.string())
    if column.enum is not None:
        return pa.array(list(column.enum), type_).take(pa.array(rng.integers(0, len(column.enum), count)))
    if column.type == "boolean":
        return pa.array(rng.random(count) < 0.5)
    if column.minimum is not None and column.maximum is not None:
        low, step, n_steps = _ladder(column)
        return pa.array([_rung(low, step, int(k)) for k in rng.integers(0, n_steps, count)], type_)
    if not column.required:
        return pa.nulls(count, type_)
    bound = column.minimum if column.minimum is not None else column.maximum
    constant: Any = bound if bound is not None else {"string": _OTHER, "date": date(1970, 1, 1)}.get(column.type, 0)
    return pa.array([constant] * count, type_)


def _choices(column: ColumnSchema) -> float:
    """How many different values a canary may have here."""
    if column.enum is not None:
        return float(max(1, len(column.enum)))
    if column.type == "boolean":
        return 2.0
    return float(_ladder(column)[2]) if column.minimum is not None and column.maximum is not None else 1.0


def _ladder(column: ColumnSchema) -> tuple[Any, Any, int]:
    """Lowest value, step and number of values: every whole one, and of other numbers at least a thousand."""
    low: Any = column.minimum
    width: Any = column.maximum - low
    if column.type == "integer":
        return low, 1, min(int(width) + 1, 2**62)
    if column.type == "date":
        return low, timedelta(days=1), width.days + 1
    if column.type == "datetime":
        return low, timedelta(seconds=1), int(width.total_seconds()) + 1
    if not 0 < width < math.inf:
        return float(low), 0.0, 1
    step = 10.0 ** (math.floor(math.log10(width)) - 3)
    return float(low), step, int(width / step) + 1


def _rung(low: Any, step: Any, k: int) -> Any:
    """The k-th value; a number is rounded to the step's decimals, as tables write them."""
    value = low + step * k
    if isinstance(value, float) and step > 0:
        return round(value, max(0, -math.floor(math.log10(step))))
    return value


def _names(type_: pa.DataType, count: int, entropy: Entropy) -> pa.Array:
    """A fresh token for each: 62 random bits, so that none is anybody's."""
    tokens = np.frombuffer(entropy(8 * count), dtype="<u8") >> np.uint64(2)
    if pa.types.is_string(type_):
        return pa.array([f"canary-{token:016x}" for token in tokens], type_)
    if pa.types.is_floating(type_):
        return pa.array([-float(token >> np.uint64(10)) - 0.5 for token in tokens], type_)
    if pa.types.is_integer(type_):
        return pa.array([-int(token) for token in tokens], type_)
    return pa.nulls(count, type_)
