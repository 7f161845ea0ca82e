"""The command line. Everything it does, it does through ``Client``; without --url the service runs in-process.

Exit codes: 0 done, 2 usage or schema, 3 budget refused, 4 input refused, 5 failed.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from understudy import __version__, wishes
from understudy.audit_cli import audit_app
from understudy.budget_cli import budget_app, show_plan
from understudy.client import Client, SynthResult, read_schema
from understudy.curve_cli import curve
from understudy.custody_cli import retention_app, show_releases, subjects_app
from understudy.engines_cli import engines_app, warn_of
from understudy.errors import Failed, UnderstudyError, UsageError
from understudy.job_cli import cancel
from understudy.key_cli import keys_app
from understudy.messages import (
    DEFAULT_AUDIT_SHARE,
    DEFAULT_ENGINE,
    DEFAULT_JOB_DELTA,
    DEFAULT_REPORT_SHARE,
    DEFAULT_TEXT,
    DEFAULT_TEXT_SHARE,
    BudgetView,
    PlanCreate,
)
from understudy.options import ApiKey, AsJson, Url, connect, page, say
from understudy.plan_cli import plan
from understudy.report import figures
from understudy.report_cli import report
from understudy.scrub_cli import scrub
from understudy.sdv_metadata import schema_from_sdv, schema_to_sdv
from understudy.upload_cli import upload
from understudy.uploading import given_format

app = typer.Typer(
    name="understudy",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Private synthetic data inside your own walls: differentially private, under a budget that is enforced.",
    epilog="Exit codes: 0 done, 2 usage or schema, 3 budget refused, 4 input refused, 5 failed.",
)
schema_app = typer.Typer(no_args_is_help=True, help="Propose a schema, or check one.")
app.add_typer(budget_app, name="budget")
app.add_typer(schema_app, name="schema")
app.add_typer(engines_app, name="engines")
app.add_typer(keys_app, name="keys")
app.add_typer(retention_app, name="retention")
app.add_typer(subjects_app, name="subjects")
app.command("releases")(show_releases)
app.add_typer(audit_app, name="audit")

TABLE_HELP = "A .csv, .tsv, .jsonl, .xlsx, .parquet or FHIR .ndjson file, also packed as .gz or .zst."
FormatOf = Annotated[
    str | None, typer.Option("--format", help="csv, tsv, jsonl, xlsx, fhir or parquet; default: by the file's name.")
]

_STAGES = {
    "upload": "sending the table",
    "queued": "waiting for a worker",
    "scrub": "splitting and scrubbing",
    "spend": "paying",
    "fit": "fitting",
    "sample": "sampling",
    "evaluate": "writing the reports",
    "bundle": "packing",
    "done": "done",
}


@contextlib.contextmanager
def _progress(visible: bool) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not visible, transient=False) as bar:
        yield bar


@app.command()
def synth(
    table: Annotated[Path, typer.Argument(help=TABLE_HELP)],
    schema: Annotated[Path | None, typer.Option("--schema", help="Its Table Schema, JSON.")] = None,
    epsilon: Annotated[float | None, typer.Option("--epsilon", help="The price, charged to the population.")] = None,
    delta: Annotated[
        float, typer.Option("--delta", help="Chance, below which the guarantee may fail.")
    ] = DEFAULT_JOB_DELTA,
    rows: Annotated[
        int | None, typer.Option("--rows", help="Rows to make; default: about as many as there are.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="See 'understudy engines list'.")] = DEFAULT_ENGINE,
    audit_share: Annotated[
        float, typer.Option("--audit-share", help="Share of persons in the audit; half of them stay out of training.")
    ] = DEFAULT_AUDIT_SHARE,
    project: Annotated[str, typer.Option("--project", help="A project whose budget is charged too.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only what it would cost; no row is read.")] = False,
    report_share: Annotated[
        float, typer.Option("--report-share", help="Part of the price for fidelity figures that may leave; 0: none.")
    ] = DEFAULT_REPORT_SHARE,
    canaries: Annotated[int, typer.Option("--canaries", help="Invented rows to watch for, 10 to 1000; 0: none.")] = 0,
    policy: Annotated[Path | None, typer.Option("--policy", help="Gates that the release must pass, JSON.")] = None,
    without_dp: Annotated[
        bool, typer.Option("--without-dp", help="Also fit without privacy, to tell the owner what privacy costs.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option("--where", help="Only such rows: column=value or column=low..high. Give it several times."),
    ] = None,
    rebalance: Annotated[
        list[str] | None,
        typer.Option("--rebalance", help="Another share of a value: column:value=share. Give it several times."),
    ] = None,
    impute: Annotated[
        list[str] | None,
        typer.Option("--impute", help="Columns without a missing value: COLUMN,... drawn given the row's others."),
    ] = None,
    allow_synthetic_input: Annotated[
        bool, typer.Option("--allow-synthetic-input", help="The table is one of our own releases, and that is meant.")
    ] = False,
    text: Annotated[
        str, typer.Option("--text", help="Free text: withhold, model (the embedded engine), or a text engine's name.")
    ] = DEFAULT_TEXT,
    text_share: Annotated[
        float, typer.Option("--text-share", help="Part of the price for the notes, 0.05 to 0.95.")
    ] = DEFAULT_TEXT_SHARE,
    table_format: FormatOf = None,
    sheet: Annotated[str, typer.Option("--sheet", help="Of a workbook; default: its only visible one.")] = "",
    out: Annotated[Path, typer.Option("--out", help="Directory for the result.")] = Path("understudy-out"),
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Make synthetic rows from a table, with a re-identification and a fidelity report beside them.

    Without --schema it prints a schema to start from (types and PII guesses, nothing else of the data) and
    exits with 2.
    """
    if schema is None:
        _propose_and_stop(table, table_format, url, api_key)
        return
    if epsilon is None:
        raise UsageError("Give the price: --epsilon.", code="epsilon-missing")
    declared = read_schema(schema)
    if dry_run:
        request = PlanCreate(
            table_schema=declared.as_dict(),
            epsilon=epsilon,
            delta=delta,
            n_rows=rows,
            engine=engine,
            project=project,
            report_share=report_share,
            text=text,
            text_share=text_share,
        )
        with connect(url, api_key) as client:
            show_plan(client.plan(request), as_json)
        return
    with connect(url, api_key) as client:
        if engine not in (DEFAULT_ENGINE, "auto"):
            for view in client.engines():
                if view.name == engine:
                    warn_of(view)
        with _progress(sys.stderr.isatty() or not as_json) as bar:
            task = bar.add_task("starting", total=100)
            result = client.synth(
                table,
                schema=declared,
                epsilon=epsilon,
                delta=delta,
                n_rows=rows,
                engine=engine,
                audit_share=audit_share,
                project=project,
                report_share=report_share,
                canaries=canaries,
                policy=_read_policy(policy),
                without_dp=without_dp,
                allow_synthetic_input=allow_synthetic_input,
                where=wishes.where(where or (), declared),
                rebalance=wishes.rebalance(rebalance or (), declared),
                impute=wishes.impute(impute or (), declared),
                text=text,
                text_share=text_share,
                format=given_format(table_format) if table_format else None,
                sheet=sheet,
                out=out,
                on_progress=lambda stage, percent: bar.update(
                    task, description=_STAGES.get(stage, stage), completed=0 if stage == "upload" else percent
                ),
            )
        budget = client.budget(declared.population)
    if as_json:
        typer.echo(json.dumps(_outcome(result, budget)))
    else:
        _show_outcome(result, budget)


def _propose_and_stop(table: Path, table_format: str | None, url: str | None, api_key: str | None) -> None:
    with connect(url, api_key) as client:
        proposal = client.propose_schema(table, format=given_format(table_format) if table_format else None)
    typer.echo(json.dumps(proposal.table_schema, indent=2, ensure_ascii=False))
    say(
        "A table needs a schema. This one was proposed from the column names and the look of the values; it says "
        "nothing else of the data. Read it, correct it, add what is publicly known (enum, minimum, maximum), save "
        "it and give it with --schema."
    )
    raise typer.Exit(2)


def _outcome(result: SynthResult, budget: BudgetView) -> dict[str, object]:
    manifest = json.loads(result.files["manifest.json"].read_text())
    return {
        "job": result.job.id,
        "formal_guarantee": manifest.get("formal_guarantee", True),
        "epsilon": result.job.epsilon,
        "delta": result.job.delta,
        "population": result.job.population,
        "epsilon_left": budget.epsilon_left,
        "delta_left": budget.delta_left,
        "out": str(result.folder),
        "paths": {name: str(path) for name, path in sorted(result.files.items())},
        "seconds": {step.name: step.seconds for step in result.job.steps},
    }


def _show_outcome(result: SynthResult, budget: BudgetView) -> None:
    manifest = json.loads(result.files["manifest.json"].read_text())
    console = page()
    price = f"at epsilon {result.job.epsilon:g}, delta {result.job.delta:g}"
    if not manifest.get("formal_guarantee", True):
        price = (
            f"of {result.job.engine}. [bold red]No formal guarantee: they are not differentially private.[/bold red]"
        )
    console.print(f"[bold]{manifest['n_rows']:,} synthetic rows[/bold] {price}")
    if manifest.get("sampling", {}).get("unmet"):
        console.print("[bold]The model has no rows as they were asked for: these are as it has them.[/bold]")
    for name in ("synthetic.parquet", "synthetic.csv", "report.owner.html", "report.release.html"):
        if name in result.files:
            console.print(f"  {result.files[name]}")
    if "report.owner.json" in result.files:
        for figure in figures(result.files["report.owner.json"]):
            console.print(f"  {figure.group:<9}{figure.status:<6} {figure.label}: {figure.text}", markup=False)
    console.print(
        f"Population [bold]{budget.population}[/bold]: epsilon {budget.epsilon_spent:g} of {budget.epsilon:g} spent, "
        f"{budget.epsilon_left:g} left; delta {budget.delta_left:g} left."
    )


def _read_policy(path: Path | None) -> dict[str, object]:
    """Raises UsageError. What the gates are is checked by the service."""
    if path is None:
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UsageError("The policy cannot be read as JSON.", code="policy-invalid") from None
    if not isinstance(document, dict):
        raise UsageError("A policy is a JSON object.", code="policy-invalid")
    return document


app.command("scrub")(scrub)
app.command("upload")(upload)
app.command("cancel")(cancel)
app.command("curve")(curve)
app.command("report")(report)
app.command("plan")(plan)
schema_app.command("from-sdv")(schema_from_sdv)
schema_app.command("to-sdv")(schema_to_sdv)


@app.command()
def evaluate(
    real: Annotated[Path, typer.Argument(help="The rows that the synthetic table was made from.")],
    synthetic: Annotated[Path, typer.Argument(help="The table to judge, whoever made it.")],
    schema: Annotated[Path, typer.Option("--schema", help="The Table Schema of the real table, JSON.")],
    control: Annotated[
        Path | None, typer.Option("--control", help="Rows of the same kind that its maker never saw.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Directory for the reports.")] = Path("understudy-out"),
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Judge any synthetic table: an owner report, and a release report without a figure of real rows.

    Costs no budget and claims no guarantee. Without --control attacks cannot be judged, and their lights stay grey.
    """
    declared = read_schema(schema)
    with connect(url, api_key) as client:
        files = client.evaluate(real, synthetic, schema=declared, control=control, out=out)
    found = figures(files["report.owner.json"])
    if as_json:
        shown = [{"group": f.group, "label": f.label, "text": f.text, "status": f.status} for f in found]
        typer.echo(json.dumps({"paths": {name: str(path) for name, path in files.items()}, "figures": shown}))
        return
    console = page()
    for name in ("report.owner.html", "report.release.html"):
        console.print(f"  {files[name]}")
    for figure in found:
        console.print(f"  {figure.group:<9}{figure.status:<6} {figure.label}: {figure.text}", markup=False)


@schema_app.command("propose")
def schema_propose(
    table: Annotated[Path, typer.Argument(help=TABLE_HELP)],
    include_data: Annotated[
        bool, typer.Option("--include-data", help="Also read enums and bounds from the rows. This is NOT private.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the schema here.")] = None,
    table_format: FormatOf = None,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Propose a schema: types and PII guesses, and nothing else of the data unless asked."""
    with connect(url, api_key) as client:
        kind = given_format(table_format) if table_format else None
        proposal = client.propose_schema(table, format=kind, include_data=include_data)
    text = json.dumps(proposal.table_schema, indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text + "\n", encoding="utf-8")
    for guess in proposal.guesses:
        say(f"  {guess.column}: looks like {guess.kind} ({guess.why})")
    if proposal.data_derived:
        say(
            "[bold red]Warning:[/bold red] enums and bounds were read from the rows. A synthesis that uses them as "
            "declared facts is not covered by its epsilon. Replace them by what a codebook says."
        )


@schema_app.command("check")
def schema_check(schema: Annotated[Path, typer.Argument(help="A Table Schema, JSON.")]) -> None:
    """Check a schema without any data."""
    declared = read_schema(schema)
    table = Table("column", "type", "kind", "declared")
    for column in declared.columns:
        facts = []
        if column.enum is not None:
            facts.append(f"{len(column.enum)} values")
        if column.minimum is not None or column.maximum is not None:
            facts.append(f"{column.minimum} to {column.maximum}")
        if column.target:
            facts.append("target")
        table.add_row(column.name, column.type, column.kind or "", ", ".join(facts) or "to be bought")
    console = page()
    console.print(table)
    unit = declared.unit
    who = f"all rows with one {unit.column}, at most {unit.max_rows}" if unit.column else "one row"
    console.print(f"Population: {declared.population}. Protected: {who}.")


@app.command()
def health(url: Annotated[str, typer.Option("--url", envvar="UNDERSTUDY_URL", help="A running service.")]) -> None:
    """Is a service up? Exits with 0 if it answers."""
    with Client(url, api_key="none", timeout_s=5.0) as client:
        typer.echo(client.health().status)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _with_server_commands(arguments: list[str]) -> typer.Typer:
    """Add the server's commands, if one is installed; loaded only when asked for, since that takes a second."""
    wanted = arguments[0] if arguments else "--help"
    for entry in entry_points(group="understudy.commands"):
        if wanted in (entry.name, "--help"):
            app.command(entry.name)(entry.load())
    return app


def main() -> None:
    """Entry point: run a command; an error becomes one line on stderr and its exit code."""
    try:
        _with_server_commands(sys.argv[1:])()
    except UnderstudyError as error:
        _report(error)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        say("Stopped. An unfinished job is taken up again by the same command.")
        raise SystemExit(Failed.exit_code) from None


def _report(error: UnderstudyError) -> None:
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    console.print(f"understudy: {error.reason}: {error}")
    for key, value in error.facts.items():
        console.print(f"  {key}: {value}")
