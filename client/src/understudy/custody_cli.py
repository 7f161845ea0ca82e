"""The commands of what is kept: for how long, what became of releases, erasing a person."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from understudy.messages import ErasureView, RetentionPolicy
from understudy.options import ApiKey, AsJson, Url, connect, page, say

retention_app = typer.Typer(no_args_is_help=True, help="How long the tenant keeps what.")
subjects_app = typer.Typer(no_args_is_help=True, help="The persons whose rows are kept.")


@retention_app.command("show")
def show_retention(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """The policy of the tenant, or the defaults."""
    with connect(url, api_key) as client:
        _show(client.retention(), as_json)


@retention_app.command("set")
def set_retention(
    keep_raw: Annotated[str, typer.Option("--keep-raw", help="Rows: until-job-done, days:N or forever.")],
    keep_bundles: Annotated[str, typer.Option("--keep-bundles", help="Bundles: days:N or forever.")] = "forever",
    retrain: Annotated[
        bool, typer.Option("--retrain", help="An erasure asks for a new job, at its price, for each release.")
    ] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Decide it, from now on, for what is there too."""
    with connect(url, api_key) as client:
        _show(client.set_retention(keep_raw, keep_bundles=keep_bundles, retrain=retrain), as_json)


def _show(policy: RetentionPolicy, as_json: bool) -> None:
    if as_json:
        typer.echo(policy.model_dump_json())
        return
    typer.echo(f"raw rows: {policy.keep_raw}")
    typer.echo(f"bundles: {policy.keep_bundles}")
    typer.echo(f"retrain after an erasure: {'yes' if policy.retrain else 'no'}")


@subjects_app.command("erase")
def erase(
    subject_id: Annotated[str, typer.Argument(help="The value of the person's id column; '-' reads it from stdin.")],
    population: Annotated[str, typer.Option("--population", help="Only this one; default all.")] = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Drop a person's rows from every stored table, and say which releases were made with them."""
    known = typer.get_text_stream("stdin").readline().rstrip("\r\n") if subject_id == "-" else subject_id
    with connect(url, api_key) as client:
        found = client.erase_subject(known, population=population)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    _tell(found)


def _tell(found: ErasureView) -> None:
    table = Table("table", "population", "rows dropped")
    for dataset in found.datasets:
        table.add_row(dataset.dataset_id, dataset.population, f"{dataset.n_rows:,}")
    page(markup=False).print(table)
    releases = Table("release", "state", "new job", "refused")
    for release in found.releases:
        releases.add_row(release.job_id, release.state, release.retrained_by, release.retrain_refused)
    page(markup=False).print(releases)
    say(f"searched: {found.n_datasets_searched} tables, {found.n_releases_searched} releases")
    if found.datasets_without_persons:
        say(f"rows that name no person, not searched: {', '.join(found.datasets_without_persons)}")
    if found.releases_unknown:
        say(f"of these releases it cannot be known: {', '.join(found.releases_unknown)}")


def show_releases(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """What left, or may leave, as a bundle, and what became of it."""
    with connect(url, api_key) as client:
        releases = client.releases()
    if as_json:
        typer.echo(json.dumps([release.model_dump(mode="json") for release in releases]))
        return
    table = Table("release", "population", "made", "state", "superseded by", "generation", "rows", "files")
    for release in releases:
        there = "yes" if release.has_files else "no"
        table.add_row(
            *(release.job_id, release.population, release.created_at, release.state, release.superseded_by),
            *(str(release.generation), f"{release.n_rows:,}", there),
        )
    page(markup=False).print(table)
