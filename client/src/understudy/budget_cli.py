"""The commands of the budget: what may be spent, what was spent and on what, what is left, what a job would cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from understudy.errors import Failed
from understudy.messages import (
    DEFAULT_DELTA_CAP,
    BudgetView,
    EntryView,
    PlanEvent,
    PlanExpected,
    PlanOffer,
    PlanScope,
    PlanView,
)
from understudy.options import ApiKey, AsJson, Url, connect, page

budget_app = typer.Typer(no_args_is_help=True, help="What may be spent on a population, and what is left of it.")

Population = Annotated[str, typer.Option("--population", help="Whose data it is.")]
Project = Annotated[str, typer.Option("--project", help="A project of the population.")]


@budget_app.command("show")
def show(
    population: Annotated[str, typer.Option("--population", help="One population; default all.")] = "",
    project: Project = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """What was spent, what is held, what is left."""
    with connect(url, api_key) as client:
        budgets = [client.budget(population, project=project)] if population else client.budgets()
    _show_budgets(budgets, as_json)


@budget_app.command("grant")
def grant(
    epsilon: Annotated[float, typer.Option("--epsilon", help="Lifetime cap.")],
    population: Annotated[str, typer.Option("--population", help="Whose data; without, the whole tenant's cap.")] = "",
    project: Project = "",
    delta: Annotated[float, typer.Option("--delta", help="Lifetime cap.")] = DEFAULT_DELTA_CAP,
    composition: Annotated[
        str, typer.Option("--composition", help="How jobs add up: basic or zcdp. Fixed with the first job.")
    ] = "",
    window_days: Annotated[int | None, typer.Option("--window-days", help="A policy beside the cap.")] = None,
    window_epsilon: Annotated[
        float | None, typer.Option("--window-epsilon", help="At most so much within any window.")
    ] = None,
    distinct_from: Annotated[
        list[str] | None, typer.Option("--distinct-from", help="A population whose people these are not. May repeat.")
    ] = None,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Set a lifetime cap. What was spent stays spent."""
    with connect(url, api_key) as client:
        granted = client.grant(
            population,
            project=project,
            epsilon=epsilon,
            delta=delta,
            composition=composition,
            window_days=window_days,
            window_epsilon=window_epsilon,
            distinct_from=distinct_from or (),
        )
    _show_budgets([granted], as_json)


@budget_app.command("history")
def history(
    population: Annotated[str, typer.Option("--population", help="One population; default all.")] = "",
    project: Project = "",
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Every line of the ledger: what was granted, held, spent and released, and on what."""
    with connect(url, api_key) as client:
        entries = list(client.history(population=population, project=project))
    if as_json:
        typer.echo(json.dumps([entry.model_dump(mode="json") for entry in entries]))
        return
    table = Table("n", "when", "what", "scope", "job", "epsilon", "delta", "rho", "on what")
    for entry in entries:
        scope = " / ".join(name for name in (entry.population, entry.project) if name) or "(tenant)"
        rho = "" if entry.rho is None else f"{entry.rho:.4g}"
        numbers = (f"{entry.epsilon:g}", f"{entry.delta:g}", rho) if entry.job_id else ("", "", "")
        table.add_row(str(entry.n), entry.at, entry.kind, scope, entry.job_id, *numbers, _subject(entry))
    page(markup=False).print(table)


@budget_app.command("verify")
def verify(url: Url = None, api_key: ApiKey = None, as_json: AsJson = False) -> None:
    """Check the whole ledger: its chain of digests, its sums, and its anchor outside the database."""
    with connect(url, api_key) as client:
        found = client.verify_ledger()
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        anchored = "not anchored" if found.anchored_n is None else f"anchored up to entry {found.anchored_n}"
        typer.echo(f"{found.n_entries} entries, {anchored}, head {found.head[:16] or 'none'}")
        for fault in found.faults:
            typer.echo(f"  {fault}")
    if not found.ok:
        raise Failed("The ledger does not verify.", code="ledger-broken")


def show_plan(plan: PlanView, as_json: bool) -> None:
    """A plan for a person, or as JSON."""
    if as_json:
        typer.echo(plan.model_dump_json())
        return
    console = page(markup=False)
    rho = "" if plan.rho is None else f", rho {plan.rho:.4g}"
    console.print(f"{plan.engine}: epsilon {plan.epsilon:g}, delta {plan.delta:g}{rho}. No row was read.")
    console.print(_events_table(plan.events))
    table = Table("scope", "adds up by", "epsilon left", "cost", "left after", "delta left after", "fits")
    for scope in plan.scopes:
        table.add_row(*_scope_row(scope))
    console.print(table)
    if plan.expected is not None:
        console.print(_expected(plan.expected))
    if plan.reason:
        console.print(f"Chosen: {plan.engine}, {plan.reason}.")
    if not plan.formal_guarantee:
        console.print("No formal guarantee: this engine's output is not differentially private.", style="bold red")
    if others := [offer for offer in plan.offers if not offer.refusal]:
        console.print(_others_table(others))
    if refused := [f"{offer.engine} ({offer.refusal})" for offer in plan.offers if offer.refusal]:
        console.print(f"Not for this job: {', '.join(refused)}.")
    if not plan.fits:
        console.print("The budget cannot cover this job.")


def _others_table(offers: Sequence[PlanOffer]) -> Table:
    """What the other engines would do for the same epsilon, the least expected error first; prices are in the JSON."""
    table = Table("instead", "guarantee", "columns off by", "pairs off by", "reliable groups from", "what it is")

    def rank(offer: PlanOffer) -> tuple[bool, float]:
        return not _is_private(offer), offer.expected.two_way if offer.expected else 2.0

    for offer in sorted(offers, key=rank):
        error = offer.expected
        told = ("not told", "not told", "") if error is None else _told_of(error)
        private = _is_private(offer)
        promise = Text("differential privacy") if private else Text("none", style="bold red")
        table.add_row(offer.engine, promise, *told, offer.summary)
    return table


def _told_of(error: PlanExpected) -> tuple[str, str, str]:
    return f"{error.one_way:.2%}", f"{error.two_way:.2%}", f"{error.smallest_group:,} rows"


def _is_private(offer: PlanOffer) -> bool:
    return all(leaf.get("type") != "non_private" for item in offer.events for leaf in _leaves(item.event))


def _expected(error: PlanExpected) -> str:
    return (
        f"Expected on {error.n_rows:,} rows: columns off by {error.one_way:.2%}, pairs of columns by "
        f"{error.two_way:.2%} (mean total variation distance); groups of {error.smallest_group:,} rows or more are "
        "reliable."
    )


def _scope_row(scope: PlanScope) -> tuple[str, ...]:
    name = " / ".join(part for part in (scope.population, scope.project) if part) or "(tenant)"
    left = (f"{scope.epsilon_left:g}", f"{scope.epsilon_left_after:g}", f"{scope.delta_left_after:g}")
    before, after, delta = left if scope.is_limited else ("no cap", "no cap", "no cap")
    return name, scope.composition_rule, before, f"{scope.epsilon_cost:g}", after, delta, "yes" if scope.fits else "no"


def _events_table(events: list[PlanEvent]) -> Table:
    table = Table("purpose", "mechanism", "noise or delta", "share of precision")
    for item in events:
        kinds, numbers = zip(*(_told(leaf) for leaf in _leaves(item.event)), strict=True)
        kind = ", ".join(dict.fromkeys(kinds))
        table.add_row(item.purpose, kind, ", ".join(numbers), f"{item.share:.1%}" if item.share else "")
    return table


def _leaves(event: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The mechanisms inside an encoded event; itself, if it is one."""
    parts = event.get("events")
    if not isinstance(parts, list) or not parts:
        return [event]
    return [leaf for part in parts for leaf in _leaves(part)]


def _told(event: Mapping[str, object]) -> tuple[str, str]:
    number = event.get("noise_multiplier", event.get("delta"))
    return str(event.get("type", "")), f"{number:.4g}" if isinstance(number, int | float) else ""


def _subject(entry: EntryView) -> str:
    if entry.terms:
        terms = json.loads(entry.terms)
        window = "" if terms["window"] is None else f", window {terms['window'][0]} days"
        return f"{terms['composition']}{window}"
    events = json.loads(entry.events) if entry.kind == "hold" and entry.events else []
    return ", ".join(str(purpose) for purpose, _ in events)


def _show_budgets(budgets: list[BudgetView], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps([budget.model_dump(mode="json") for budget in budgets]))
        return
    table = Table("scope", "adds up by", "epsilon cap", "spent", "held", "left", "delta cap", "delta left", "window")
    for budget in budgets:
        name = " / ".join(part for part in (budget.population, budget.project) if part) or "(tenant)"
        spent, held = f"{budget.epsilon_spent:g}", f"{budget.epsilon_held:g}"
        caps = [f"{number:g}" for number in (budget.epsilon, budget.epsilon_left, budget.delta, budget.delta_left)]
        cap, left, delta, delta_left = caps if budget.is_limited else ["none"] * 4
        table.add_row(name, budget.composition_rule, cap, spent, held, left, delta, delta_left, _window(budget))
    page(markup=False).print(table)


def _window(budget: BudgetView) -> str:
    if budget.window_days is None:
        return ""
    return f"{budget.window_epsilon_left:g} of {budget.window_epsilon:g} left in {budget.window_days} days"
