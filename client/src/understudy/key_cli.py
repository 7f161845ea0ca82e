"""The commands of API keys: make one, list them, revoke one."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from understudy.messages import Role
from understudy.options import ApiKey, AsJson, Url, connect, page, say

keys_app = typer.Typer(no_args_is_help=True, help="API keys of the tenant, with the roles that they have.")


@keys_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[list[Role], typer.Option("--role", help="May repeat.")],
    scope: Annotated[list[str] | None, typer.Option("--scope", help="Narrows it, for example to jobs:read.")] = None,
    days: Annotated[int | None, typer.Option("--days", help="Good for so long; default without end.")] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is printed this one time; the service keeps only its digest."""
    with connect(url, api_key) as client:
        made = client.create_key(name, role, scopes=scope or (), expires_in_days=days)
    if as_json:
        typer.echo(made.model_dump_json())
        return
    say(f"key {made.key.id} ({', '.join(made.key.roles)}), shown this one time:")
    typer.echo(made.api_key)


@keys_app.command("list")
def list_(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Every key, oldest first, also those that are revoked. Never a secret."""
    with connect(url, api_key) as client:
        keys = client.api_keys()
    if as_json:
        typer.echo(json.dumps([key.model_dump(mode="json") for key in keys]))
        return
    table = Table("id", "name", "roles", "scopes", "made", "expires", "last used", "revoked")
    for key in keys:
        times = (key.created_at, key.expires_at, key.last_used_at, key.revoked_at)
        table.add_row(key.id, key.name, ", ".join(key.roles), ", ".join(key.scopes), *times)
    page(markup=False).print(table)


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="From 'understudy keys list'.")],
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """From the next request on the key opens nothing."""
    with connect(url, api_key) as client:
        client.revoke_key(key_id)
    say(f"key {key_id} is revoked")
