"""``understudy scrub``: a table or notes in, the same without identifiers out."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from understudy.client import read_schema
from understudy.errors import UsageError
from understudy.messages import ScrubView
from understudy.options import ApiKey, AsJson, Url, connect, page

_STAGES = {"upload": "sending the file", "scrub": "scrubbing", "download": "fetching the result", "done": "done"}
_MODEL = "UNDERSTUDY_SCRUB_MODEL"
_STRONG = Path("strong")


def scrub(
    source: Annotated[Path, typer.Argument(help="A .csv or .parquet table, or notes as .jsonl.")],
    out: Annotated[Path, typer.Option("--out", help="The scrubbed file, in the same format.")],
    schema: Annotated[Path | None, typer.Option("--schema", help="Of a table: its Table Schema, JSON.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write what was found, as counts, JSON.")] = None,
    population: Annotated[
        str | None, typer.Option("--population", help="Of notes: whose surrogates. One person, one surrogate in each.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="'strong', or a path: a spaCy or ONNX model's folder, or a Presidio YAML."),
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Take identifiers out of a table or of notes. Costs no budget; the result is pseudonymised, not anonymous.

    Each line of a .jsonl is {"text": ...}; it comes back with the scrubbed text, and the spans over the original.
    Without --schema a table's columns get the kinds that their names and values show; a column that looks
    identifying and has none is refused.
    """
    declared = None if schema is None else read_schema(schema)
    with _model(model, url), connect(url, api_key) as client, _bar(sys.stderr.isatty() or not as_json) as bar:
        task = bar.add_task("starting", total=100)
        done = client.scrub(
            source,
            out=out,
            schema=declared,
            population=population,
            on_progress=lambda stage, percent: bar.update(
                task, description=_STAGES.get(stage, stage), completed=percent if stage != "scrub" else 0
            ),
        )
    document = done.report or {}
    if report is not None:
        report.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(json.dumps({"out": str(out), "report": document}))
    else:
        _show(done, out)


@contextlib.contextmanager
def _model(model: Path | None, url: str | None) -> Iterator[None]:
    """The embedded service reads its model from the environment; a remote one has its own."""
    if model is None:
        yield
        return
    if url:
        raise UsageError("--model is for the service in this process; a remote one has its own.", code="model-remote")
    if model != _STRONG and not model.exists():
        raise UsageError("--model is 'strong' or the path of a model on this machine.", code="model-not-a-path")
    before = os.environ.get(_MODEL)
    os.environ[_MODEL] = str(model if model == _STRONG else model.absolute())
    try:
        yield
    finally:
        os.environ.pop(_MODEL)
        if before is not None:
            os.environ[_MODEL] = before


@contextlib.contextmanager
def _bar(visible: bool) -> Iterator[Progress]:
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not visible) as bar:
        yield bar


def _show(done: ScrubView, out: Path) -> None:
    console = page()
    report = done.report or {}
    table = Table("column", "kind", "what was done", "values", "dropped", "found")
    columns = report.get("columns")
    for column in columns if isinstance(columns, list) else []:
        found = ", ".join(f"{entity} {count:,}" for entity, count in sorted(column["found"].items()))
        table.add_row(
            column["column"],
            column["kind"],
            column["action"],
            f"{column['n_values']:,}",
            f"{column['n_dropped']:,}",
            found,
        )
    console.print(table)
    console.print(f"  {out}", markup=False)
    console.print("Pseudonymised, not anonymous: it stays personal data.")
