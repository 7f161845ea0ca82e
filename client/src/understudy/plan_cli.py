"""``understudy plan``: what a job would cost and how far off its rows would be, before any row is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from understudy.budget_cli import show_plan
from understudy.client import read_schema
from understudy.messages import DEFAULT_ENGINE, DEFAULT_JOB_DELTA, DEFAULT_REPORT_SHARE, PlanCreate
from understudy.options import ApiKey, AsJson, Url, connect


def plan(
    schema: Annotated[Path, typer.Option("--schema", help="The Table Schema of the table, JSON.")],
    epsilon: Annotated[float, typer.Option("--epsilon", help="The price to try.")],
    delta: Annotated[
        float, typer.Option("--delta", help="Chance, below which the guarantee may fail.")
    ] = DEFAULT_JOB_DELTA,
    rows: Annotated[
        int | None, typer.Option("--rows", help="A public guess of how many rows there are; to predict the error.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="See 'understudy engines list'.")] = DEFAULT_ENGINE,
    project: Annotated[str, typer.Option("--project", help="A project whose budget would be charged too.")] = "",
    report_share: Annotated[
        float, typer.Option("--report-share", help="Part of the price for fidelity figures that may leave; 0: none.")
    ] = DEFAULT_REPORT_SHARE,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What an epsilon would cost and buy: events, budgets, and with --rows the error to expect. No table is needed."""
    request = PlanCreate(
        table_schema=read_schema(schema).as_dict(),
        epsilon=epsilon,
        delta=delta,
        n_rows=rows,
        engine=engine,
        project=project,
        report_share=report_share,
    )
    with connect(url, api_key) as client:
        show_plan(client.plan(request), as_json)
