import datetime as dt

import numpy as np
import pyarrow as pa

from evaluation.encode import MAX_VALUES, encode
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "who", "type": "string", "understudy:kind": "identifier"},
            {"name": "x", "type": "number"},
            {"name": "c", "type": "string"},
            {"name": "d", "type": "date"},
            {"name": "note", "type": "text"},
        ],
        "understudy:privacyUnit": {"column": "who", "maxRows": 3},
    }
)


def _table(who: list[str | None], x: list[float | None], c: list[str | None]) -> pa.Table:
    n = len(x)
    day = [dt.date(1969, 12, 30)] * n
    return pa.table(
        {
            "who": pa.array(who, pa.string()),
            "x": pa.array(x, pa.float64()),
            "c": pa.array(c, pa.string()),
            "d": pa.array(day, pa.date32()),
            "note": pa.array(["n"] * n, pa.string()),
        }
    )


def test_codes_are_shared_missing_is_zero_and_only_modelled_columns_count() -> None:
    train = _table(["p", "p", "q"], [1.0, None, 2.0], ["a", None, "b"])
    synthetic = _table(["z", "z"], [2.0, 3.0], ["b", "new"])
    encoded = encode(SCHEMA, {"train": train, "synthetic": synthetic})
    assert [column.name for column in encoded.columns] == ["x", "c", "d"]
    x, c, d = encoded.columns
    assert x.exact["train"][2] == x.exact["synthetic"][0]
    assert c.exact["train"].tolist() == [1, 0, 2]
    assert c.bins["train"].tolist() == [2, 0, 3]
    assert c.bins["synthetic"].tolist() == [3, 1]  # a value that training rows lack is "other"
    assert d.number is not None
    assert d.number["train"].tolist() == [-2.0] * 3
    assert encoded.unit["train"].tolist() == [1, 1, 2]


def test_rows_without_a_person_are_persons_of_their_own_across_tables() -> None:
    train = _table([None, "p", None], [1.0] * 3, ["a"] * 3)
    controls = _table([None, "q"], [1.0] * 2, ["a"] * 2)
    unit = encode(SCHEMA, {"train": train, "controls": controls}).unit
    assert len({*unit["train"].tolist(), *unit["controls"].tolist()}) == 5


def test_many_values_are_cut_to_quantiles_or_to_the_common_ones() -> None:
    rng = np.random.default_rng(0)
    n = 5_000
    names = [f"v{int(i)}" for i in rng.zipf(1.3, n) % 2_000]
    table = _table(["p"] * n, rng.lognormal(size=n).tolist(), names)
    x, c, _ = encode(SCHEMA, {"train": table}).columns
    shares = np.bincount(x.bins["train"], minlength=x.size)[2:] / n
    assert shares.max() < 0.08
    assert x.size <= 18
    assert c.size == MAX_VALUES + 2
    assert c.cardinality > 500


def test_empty_and_all_missing_columns_encode() -> None:
    train = _table(["p"] * 4, [None] * 4, [None] * 4)
    nothing = train.slice(0, 0)
    encoded = encode(SCHEMA, {"train": train, "controls": nothing, "synthetic": nothing})
    assert encoded.rows == {"train": 4, "controls": 0, "synthetic": 0}
    assert all(column.bins["train"].max() <= 2 for column in encoded.columns)
