"""``understudy report``: the owner's or the release report of a job that has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.errors import UsageError
from understudy.messages import ReportFormat
from understudy.options import ApiKey, Url, connect


def report(
    job: Annotated[str, typer.Argument(help="The job's id.")],
    owner: Annotated[
        bool, typer.Option("--owner/--release", help="The owner's: figures of real rows. Or what may travel.")
    ] = False,
    form: Annotated[ReportFormat, typer.Option("--format", help="The page, or its data.")] = ReportFormat.HTML,
    out: Annotated[Path | None, typer.Option("--out", help="A file; without it the report goes to stdout.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Fetch a report of a job. The owner's is there for a withheld job too, and says why it was withheld."""
    with connect(url, api_key) as client:
        content = client.report(job, owner=owner, report_format=form)
    if out is None:
        typer.echo(content.decode())
        return
    try:
        out.write_bytes(content)
    except OSError:
        raise UsageError("The report cannot be written there.", code="out-invalid") from None
    typer.echo(str(out))
