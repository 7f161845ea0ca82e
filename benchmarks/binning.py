"""How much of each ordered column's shape survives its bins: codes and back, without a model in between.

Usage: python benchmarks/binning.py [--table NAME=DATA.csv,SCHEMA.json ...] [--epsilon 0.3 1 3] [--seeds 2]
Tables that come with libraries: breast cancer, diabetes (scikit-learn), RAND HIE (statsmodels, if installed); and
examples/hospital.csv. Each is tried with the bounds that its schema declares (or round ones), and with none.

tvd: total variation distance on 64 quantile cells of the real column, a cell for missing values.
w1: Wasserstein-1 distance over the real interquartile range, at most 5. Both are means over binned columns.
mu: a quarter of the budget's mu**2 for the open columns, as the default engine has it. Numbers in docs/adr/0011.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from privacy.accounting import gdp_mu
from privacy.binning import discretise, plan_domain
from privacy.codecs import ARROW_TYPES, BinsCodec
from privacy.meter import Meter
from understudy.schema import TableSchema

DELTA = 1e-6
ORDERED = ("integer", "number", "date", "datetime")
HERE = Path(__file__).resolve().parent


def library_tables() -> Iterator[tuple[str, pa.Table, dict[str, Any]]]:
    """Public tables that need no download."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    yield "cancer", *framed(load_breast_cancer(as_frame=True).frame)
    yield "diabetes", *framed(load_diabetes(as_frame=True, scaled=False).frame)
    try:
        from statsmodels.datasets import randhie
    except ImportError:
        pass
    else:
        yield "randhie", *framed(randhie.load_pandas().data)
    yield "hospital", *from_files(HERE.parent / "examples/hospital.csv", HERE.parent / "examples/hospital.schema.json")


def framed(frame: Any) -> tuple[pa.Table, dict[str, Any]]:
    """A pandas frame of numbers, and a schema with round bounds such as an owner would declare."""
    fields = []
    for name in frame:
        low, high = round_down(float(frame[name].min())), -round_down(-float(frame[name].max()))
        bounds = {"minimum": low, "maximum": high}
        fields.append({"name": str(name), "type": "number", "constraints": bounds})
    columns = {str(name): pa.array(frame[name].to_numpy(dtype=np.float64)) for name in frame}
    return pa.table(columns), {"fields": fields}


def round_down(value: float) -> float:
    """The next number below with one digit."""
    if value == 0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    return math.floor(value / unit + 1e-12) * unit


def from_files(data: Path, schema: Path) -> tuple[pa.Table, dict[str, Any]]:
    """A CSV file and its schema; at most max_rows rows of each unit."""
    document = json.loads(schema.read_text(encoding="utf-8"))
    parsed = TableSchema.parse(document)
    types = {column.name: ARROW_TYPES[column.type] for column in parsed.columns}
    convert = pacsv.ConvertOptions(column_types=types, strings_can_be_null=True, include_columns=list(types))
    table = pacsv.read_csv(data, parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=convert)
    if parsed.unit.column is not None:
        order = table.to_pandas().groupby(parsed.unit.column).cumcount().to_numpy()
        table = table.filter(pa.array(order < parsed.unit.max_rows))
    return table, document


def without_bounds(document: dict[str, Any]) -> dict[str, Any]:
    """The same schema, no constraint declared."""
    fields = [{key: value for key, value in entry.items() if key != "constraints"} for entry in document["fields"]]
    return {**document, "fields": fields}


def as_floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Values as numbers, missing ones as NaN."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return np.array([np.nan if value is None else value for value in column.to_pylist()], dtype=np.float64)


def distances(real: NDArray[np.float64], made: NDArray[np.float64]) -> tuple[float, float]:
    """(tvd, w1) of one column."""
    known, fake = real[~np.isnan(real)], made[~np.isnan(made)]
    edges = np.unique(np.quantile(known, np.arange(1, 64) / 64, method="inverted_cdf"))

    def shares(values: NDArray[np.float64], n: int) -> NDArray[np.float64]:
        cells = np.bincount(np.searchsorted(edges, values, side="right"), minlength=edges.size + 1)
        return np.append(cells, n - values.size) / n

    tvd = 0.5 * float(np.abs(shares(known, real.size) - shares(fake, made.size)).sum())
    if not fake.size:
        return tvd, 5.0
    ranks = (np.arange(2_000) + 0.5) / 2_000
    low, high = np.quantile(known, [0.25, 0.75])
    scale = float(high - low) or float(known.std()) or 1.0
    return tvd, min(float(np.abs(np.quantile(known, ranks) - np.quantile(fake, ranks)).mean()) / scale, 5.0)


def one_run(table: pa.Table, schema: TableSchema, epsilon: float, seed: int) -> dict[str, float]:
    """Fix the domain once, and measure what decoding the exact codes gives."""
    n_open = sum(bool(column.steps) for column in plan_domain(schema, mu=1.0, delta=0.1 * DELTA).columns)
    mu = gdp_mu(epsilon, 0.9 * DELTA) * math.sqrt(max(0.05, 0.25 * n_open / len(schema.modelled)))
    plan = plan_domain(schema, mu=mu, delta=0.1 * DELTA)
    started = time.perf_counter()
    entropy = np.random.default_rng(seed).bytes
    found = discretise(table, schema, plan, debit=Meter(plan.events).debit, entropy=entropy)
    seconds = time.perf_counter() - started
    made = found.decode(found.encode(table), np.random.default_rng(seed))
    binned = [codec for codec in found.codecs if isinstance(codec, BinsCodec)]
    scores = [distances(as_floats(table[codec.name]), as_floats(made[codec.name])) for codec in binned]
    tvd, w1 = np.mean(scores, axis=0)
    return {"tvd": tvd, "w1": w1, "bins": float(np.mean([codec.size for codec in binned])), "seconds": seconds}


def main() -> None:
    """Print one line for each table, kind of schema and epsilon."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="append", default=[], metavar="NAME=DATA.csv,SCHEMA.json")
    parser.add_argument("--epsilon", type=float, nargs="+", default=[0.3, 1.0, 3.0])
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    tables = list(library_tables())
    for text in options.table:
        name, paths = text.split("=", 1)
        tables.append((name, *from_files(*(Path(path) for path in paths.split(",")))))
    print(f"{'table':10} {'bounds':8} {'epsilon':>7} {'tvd':>6} {'w1':>6} {'bins':>5} {'s':>5}")
    for name, table, document in tables:
        for kind, described in (("declared", document), ("none", without_bounds(document))):
            schema = TableSchema.parse(described)
            for epsilon in options.epsilon:
                runs = [one_run(table, schema, epsilon, seed) for seed in range(options.seeds)]
                mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
                print(
                    f"{name:10} {kind:8} {epsilon:7g} {mean['tvd']:6.3f} {mean['w1']:6.3f} "
                    f"{mean['bins']:5.1f} {mean['seconds']:5.2f}"
                )


if __name__ == "__main__":
    main()
