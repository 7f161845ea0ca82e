"""The commands of the audit log: write it out, check it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from understudy.errors import Failed
from understudy.options import ApiKey, AsJson, Url, connect

audit_app = typer.Typer(no_args_is_help=True, help="Who did what, when, and whether it was allowed.")


@audit_app.command("export")
def export(
    after: Annotated[int, typer.Option("--after", help="Only entries after this number.")] = 0,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Write the log to standard output, oldest first: a FHIR R4 AuditEvent on each line."""
    with connect(url, api_key) as client:
        for entry in client.audit(after=after):
            typer.echo(json.dumps(entry, separators=(",", ":")))


@audit_app.command("check")
def check(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Check the whole log: its chain of digests, and its end."""
    with connect(url, api_key) as client:
        found = client.check_audit()
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        typer.echo(f"{found.n_entries} entries, head {found.head[:16] or 'none'}")
        for fault in found.faults:
            typer.echo(f"  {fault}")
    if not found.ok:
        raise Failed("The audit log does not verify.", code="audit-broken")
