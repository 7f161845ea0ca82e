import numpy as np
import pyarrow as pa

from evaluation.distance import isolation, nearest, points
from evaluation.encode import Column, encode
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {"fields": [{"name": "x", "type": "number"}, {"name": "few", "type": "string"}, {"name": "many", "type": "string"}]}
)


def _columns(n: int, m: int) -> tuple[Column, ...]:
    rng = np.random.default_rng(1)

    def table(rows: int) -> pa.Table:
        x = [None if rng.random() < 0.1 else float(v) for v in rng.normal(size=rows)]
        return pa.table(
            {
                "x": pa.array(x, pa.float64()),
                "few": pa.array(rng.choice(["a", "b", "c"], rows).tolist()),
                "many": pa.array([f"m{i}" for i in rng.integers(0, 300, rows)]),
            }
        )

    return encode(SCHEMA, {"train": table(n), "synthetic": table(m)}).columns


def _slow(columns: tuple[Column, ...], i: int, j: int) -> float:
    x, few, many = columns
    assert x.number is not None
    pool = x.number["train"][np.isfinite(x.number["train"])]
    low, middle, high = np.quantile(pool, [0.25, 0.5, 0.75])
    a, b = ((x.number[role][k] - middle) / (high - low) * 1.349 for role, k in (("train", i), ("synthetic", j)))
    gap = (np.nan_to_num(a) - np.nan_to_num(b)) ** 2 + float(np.isnan(a) != np.isnan(b))
    return float(np.sqrt(gap + sum(c.exact["train"][i] != c.exact["synthetic"][j] for c in (few, many))))


def test_nearest_is_exact() -> None:
    columns = _columns(60, 80)
    placed = points(columns, ("train",), ("train", "synthetic"))
    found, _ = nearest(placed["train"], placed["synthetic"])
    expected = [min(_slow(columns, i, j) for j in range(80)) for i in range(60)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_isolation_leaves_the_row_itself_out() -> None:
    placed = points(_columns(50, 5), ("train",), ("train",))["train"]
    lonely = isolation(placed, 1)
    twice = placed.take(np.repeat(np.arange(50), 2))
    assert lonely.min() >= 0
    np.testing.assert_allclose(isolation(twice, 1), 0, atol=1e-2)


def test_nothing_to_compare_with_is_infinitely_far() -> None:
    placed = points(_columns(4, 3), ("train",), ("train", "synthetic"))
    none = placed["synthetic"].take(np.zeros(0, dtype=np.int64))
    assert np.isinf(nearest(placed["train"], none)[0]).all()
    assert np.isinf(isolation(placed["train"], 5)).all()
