"""``understudy engines``: which synthesizers there are, and, where the server is installed, their environments."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from understudy.errors import UsageError
from understudy.messages import EngineView
from understudy.options import ApiKey, AsJson, Url, connect, page, say

engines_app = typer.Typer(no_args_is_help=True, help="Synthesizers on offer, and their environments.")


def warn_of(engine: EngineView) -> None:
    """Say in red, before its job starts, what an engine does not promise, and whose licence it is under."""
    if engine.licence:
        say(f"{engine.name} is other people's work, under {engine.licence}.")
    if engine.licence.startswith("BUSL"):
        say("[bold red]That licence bars a commercial service that gives third parties synthetic data.[/bold red]")
    if not engine.formal_guarantee:
        say("[bold red]No formal guarantee: the output is not differentially private.[/bold red]")


@engines_app.command("list")
def engines_list(
    names: Annotated[bool, typer.Option("--names", help="Names only, one a line.")] = False,
    dp: Annotated[bool, typer.Option("--dp", help="Only those with a formal guarantee.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Synthesizers on offer: what each promises, and whether it can run here."""
    with connect(url, api_key) as client:
        engines = [engine for engine in client.engines() if engine.formal_guarantee or not dp]
    if as_json:
        typer.echo("[" + ",".join(engine.model_dump_json() for engine in engines) + "]")
    elif names:
        for engine in engines:
            typer.echo(engine.name)
    else:
        page().print(_table(engines))


def _table(engines: list[EngineView]) -> Table:
    table = Table("engine", "guarantee", "here", "licence", "what it is", "abilities")
    for engine in engines:
        table.add_row(
            engine.name,
            "differential privacy" if engine.formal_guarantee else "[bold red]none[/bold red]",
            "yes" if engine.is_ready else f"install {engine.environment}",
            engine.licence or "ours",
            engine.summary,
            _abilities(engine),
        )
    return table


def _abilities(engine: EngineView) -> str:
    """How it does what all of them can."""
    does = ("conditions", "rebalancing", "imputation", "constraints")
    return "\n".join(f"[dim]{name}:[/dim] {getattr(engine, name)}" for name in does)


@engines_app.command("install")
def engines_install(
    name: Annotated[str, typer.Argument(help="The environment: smartnoise or sdv.")],
    wheelhouse: Annotated[
        Path | None, typer.Option("--wheelhouse", help="A folder of wheels; then no network is used.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licences that are printed.")
    ] = False,
) -> None:
    """Make the environment of other projects' engines on this machine, from this release's lock file.

    It goes under UNDERSTUDY_HOME/engines. Run it where the service runs, as the service's user.
    """
    for entry in entry_points(group="understudy.engines"):
        if entry.name == "install":
            entry.load()(name, wheelhouse=wheelhouse, accept_licence=accept_licence)
            return
    raise UsageError("Only a machine with the server installed has engines to install.", code="server-missing")
