"""The operator's ``engines install``, behind the client's command of that name."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from service.settings import Settings
from synthesizers.sealed.environments import Environments, environment
from understudy.errors import UsageError


def install(name: str, *, wheelhouse: Path | None = None, accept_licence: bool = False) -> None:
    """Print the licence, then make the environment. Raises: UsageError (licence-not-accepted, ...), Failed."""
    wanted = environment(name)
    typer.echo(f"{wanted.summary}; licence {wanted.licence}.", err=True)
    if wanted.notice:
        typer.secho(wanted.notice, fg="red", err=True)
        if not accept_licence:
            raise UsageError("Read the licences, then say --accept-licence.", code="licence-not-accepted")
    folder = Settings.from_environment(os.environ).home / "engines"
    typer.echo(str(Environments(folder).install(name, wheelhouse=wheelhouse)))
