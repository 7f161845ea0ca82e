"""``understudy cancel``: stop a job of a running service."""

from __future__ import annotations

from typing import Annotated

import typer

from understudy.options import ApiKey, Url, connect, say


def cancel(
    job: Annotated[str, typer.Argument(help="The job's id.")],
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Stop a job. What it held is free again; what it had spent stays spent, and it says which."""
    with connect(url, api_key) as client:
        view = client.cancel(job)
    typer.echo(view.state.value)
    if view.error is not None:
        say(view.error.detail)
