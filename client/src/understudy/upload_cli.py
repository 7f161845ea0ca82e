"""``understudy upload``: bring a table in, from a file or from where the service's operator has declared."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from understudy.client import read_schema
from understudy.errors import UsageError
from understudy.messages import DatasetView
from understudy.options import ApiKey, AsJson, Url, connect, page
from understudy.uploading import given_format

_STAGES = {"upload": "sending the table", "queued": "waiting for a worker", "pull": "fetching", "ingest": "checking"}


def upload(
    table: Annotated[Path | None, typer.Argument(help="A file; or none, with --from.")] = None,
    schema: Annotated[Path | None, typer.Option("--schema", help="Its Table Schema, JSON.")] = None,
    source: Annotated[
        str, typer.Option("--from", help="postgresql://NAME or s3://NAME/KEY: a connection that the operator declared.")
    ] = "",
    db_table: Annotated[str, typer.Option("--table", help="Of a database: schema.table, all of it.")] = "",
    query: Annotated[str, typer.Option("--query", help="Of a database: one SELECT; '-' reads it from stdin.")] = "",
    format_name: Annotated[
        str | None, typer.Option("--format", help="csv, tsv, jsonl, xlsx, fhir or parquet; default: by the name.")
    ] = None,
    sheet: Annotated[str, typer.Option("--sheet", help="Of a workbook; default: its only visible one.")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Bring a table in and say its id. Nothing is charged; jobs and later commands find it by that id.

    With --from the service itself fetches the table: rows do not pass through this machine, and no password is named
    here. A refused table leaves nothing behind.
    """
    if (table is None) == (not source) or schema is None:
        raise UsageError("Give a file or --from, and --schema.", code="usage")
    declared, kind = read_schema(schema), None if format_name is None else given_format(format_name)
    asked = sys.stdin.read() if query == "-" else query
    with connect(url, api_key) as client, _bar(sys.stderr.isatty() or not as_json) as bar:
        task = bar.add_task("starting", total=100)

        def tell(stage: str, percent: int) -> None:
            bar.update(task, description=_STAGES.get(stage, stage), completed=percent)

        if table is not None:
            done = client.upload(table, declared, format=kind, sheet=sheet, on_progress=tell)
        else:
            done = client.pull(
                source, declared, table=db_table, query=asked, format=kind, sheet=sheet, on_progress=tell
            )
        bar.update(task, description="done", completed=100)
    _show(done, as_json=as_json)


def _bar(visible: bool) -> Progress:
    columns = (TextColumn("{task.description:<24}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not visible)


def _show(done: DatasetView, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(done.model_dump(mode="json")))
        return
    source = f" from {done.source}" if done.source else ""
    page(markup=False).print(f"{done.id}  {done.n_columns} columns, {done.size_bytes} bytes{source}")
