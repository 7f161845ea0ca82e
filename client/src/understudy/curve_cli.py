"""``understudy curve``: how useful a table would be at several prices."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from understudy.client import read_schema
from understudy.errors import UsageError
from understudy.messages import (
    DEFAULT_CURVE_AUDIT_SHARE,
    DEFAULT_CURVE_EPSILONS,
    DEFAULT_ENGINE,
    DEFAULT_JOB_DELTA,
    DEFAULT_REPORT_SHARE,
)
from understudy.options import ApiKey, AsJson, Url, connect, say

_DEFAULT = ",".join(map("{:g}".format, DEFAULT_CURVE_EPSILONS))


def curve(
    table: Annotated[Path, typer.Argument(help="A .csv or .parquet file.")],
    schema: Annotated[Path, typer.Option("--schema", help="Its Table Schema, JSON.")],
    epsilons: Annotated[str, typer.Option("--epsilons", help="Prices to look at, with commas between.")] = _DEFAULT,
    delta: Annotated[float, typer.Option("--delta", help="As of a job.")] = DEFAULT_JOB_DELTA,
    rows: Annotated[int | None, typer.Option("--rows", help="As of a job; default: as many as are trained on.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="See 'understudy engines list'.")] = DEFAULT_ENGINE,
    report_share: Annotated[float, typer.Option("--report-share", help="As of a job.")] = DEFAULT_REPORT_SHARE,
    audit_share: Annotated[
        float, typer.Option("--audit-share", help="Share of persons of whom a half is held out, to test on.")
    ] = DEFAULT_CURVE_AUDIT_SHARE,
    out: Annotated[Path, typer.Option("--out", help="Directory for the page and its JSON.")] = Path("understudy-out"),
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """How useful a table would be at several epsilons: for its owner only.

    Releases nothing and costs no budget. None of it is private: choosing an epsilon by it is not covered by the
    guarantee, and the look counts as an attempt on the table.
    """
    prices, declared = _prices(epsilons), read_schema(schema)
    with connect(url, api_key) as client:
        files = client.curve(
            table,
            schema=declared,
            epsilons=prices,
            delta=delta,
            n_rows=rows,
            engine=engine,
            report_share=report_share,
            audit_share=audit_share,
            out=out,
        )
    found = json.loads(files["curve.owner.json"].read_bytes())
    if as_json:
        paths = {name: str(path) for name, path in sorted(files.items())}
        typer.echo(json.dumps({"paths": paths, "points": found["points"]}))
        return
    console = Console(highlight=False)
    console.print(_table(found["points"]))
    console.print(f"  {files['curve.owner.html']}", markup=False)
    say(str(found["warning"]))


def _prices(text: str) -> list[float]:
    """Raises UsageError. What a price may be is checked by the service."""
    try:
        prices = [float(part) for part in text.split(",")]
    except ValueError:
        prices = []
    if not prices or not all(map(math.isfinite, prices)):
        raise UsageError("Give the prices as numbers with commas between: --epsilons 0.3,1,3.", code="epsilons-invalid")
    return prices


def _table(points: list[dict[str, Any]]) -> Table:
    targets = points[0]["targets"] if points else []
    table = Table("epsilon", *(f"{target['name']} ({target['score']}, real)" for target in targets), "2-way distance")
    for point in points:
        scores = [_pair(target) for target in point["targets"]]
        table.add_row(f"{point['epsilon']:g}", *scores, _number(point["distance"]))
    return table


def _pair(target: dict[str, Any]) -> str:
    return f"{_number(target['synthetic'])} of {_number(target['real'])}"


def _number(figure: dict[str, Any] | None) -> str:
    return "not known" if figure is None or figure["value"] is None else f"{figure['value']:.3f}"
