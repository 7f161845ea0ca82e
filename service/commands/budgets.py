"""What may be spent on whom, what was spent and on what, and what is left of it."""

from __future__ import annotations

import json

from privacy.amount import Amount
from privacy.budget import PrivacyParams
from privacy.composition import Composition
from privacy.ledger import TENANT, Account, LedgerEntry, LedgerStore, Scope, Terms, Window, replay, verify, window_start
from service.commands.anchors import holds
from service.commands.ids import rfc3339
from service.context import RequestContext
from service.ports import Clock, Ports
from understudy.errors import NotFound, SchemaError, UsageError
from understudy.messages import BudgetGrant, BudgetList, BudgetView, EntryList, EntryView, LedgerCheck
from understudy.schema import population_name

MAX_ENTRIES = 1000
"""How many lines of history one answer has at most."""


def scope_of(population: str, project: str = "") -> Scope:
    """The scope of these names, both checked; empty names stand for the tenant, and for no project.

    Raises: SchemaError (population-invalid), UsageError (project-invalid).
    """
    if not population:
        if project:
            raise UsageError("A project belongs to a population: name it too.", code="project-invalid")
        return TENANT
    name = population_name(population)
    try:
        return Scope(name, population_name(project) if project else "")
    except SchemaError:
        raise UsageError("A project is a name of 1 to 200 printable characters.", code="project-invalid") from None


def show(context: RequestContext, population: str, ports: Ports, *, project: str = "") -> BudgetView:
    """Raises NotFound for a scope without an account."""
    with ports.database.read() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        return view(ledger.account(scope_of(population, project)), ledger, ports.clock)


def show_all(context: RequestContext, ports: Ports) -> BudgetList:
    """Every account of the tenant, parents before children."""
    with ports.database.read() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        return BudgetList(budgets=[view(account, ledger, ports.clock) for account in ledger.accounts()])


def grant(
    context: RequestContext, population: str, message: BudgetGrant, ports: Ports, *, project: str = ""
) -> BudgetView:
    """Set the lifetime cap of a scope. What was spent stays spent, whatever the new cap.

    Raises: PrivacyParameterError, UsageError; Conflict (composition-fixed) for another composition after a job.
    """
    scope = scope_of(population, project)
    params = PrivacyParams(epsilon=message.epsilon, delta=message.delta)
    with ports.database.begin() as tx:
        stores = tx.for_tenant(context.tenant)
        ledger = stores.ledger
        terms = Terms(
            cap=Amount.cap(params.epsilon, params.delta),
            composition=_composition(message, ledger, scope),
            window=_window(message),
        )
        decided = json.dumps({"distinct_from": message.distinct_from}) if message.distinct_from else ""
        account = ledger.grant(scope, terms, at=ports.clock.now(), events=decided)
        for other in message.distinct_from:
            stores.overlaps.decide(scope.population, other)
        return view(account, ledger, ports.clock)


def _composition(message: BudgetGrant, ledger: LedgerStore, scope: Scope) -> Composition:
    if not message.composition:
        try:
            return ledger.account(scope).terms.composition
        except NotFound:
            return Composition.BASIC
    try:
        return Composition(message.composition)
    except ValueError:
        names = ", ".join(Composition)
        raise UsageError(f"A composition is one of: {names}.", code="composition-unknown") from None


def _window(message: BudgetGrant) -> Window | None:
    if message.window_days is None and message.window_epsilon is None:
        return None
    if message.window_days is None or message.window_epsilon is None:
        raise UsageError("A window has both days and an epsilon.", code="window-invalid")
    params = PrivacyParams(epsilon=message.window_epsilon, delta=0.0)
    return Window(days=message.window_days, epsilon=params.cap)


def history(
    context: RequestContext,
    ports: Ports,
    *,
    population: str = "",
    project: str = "",
    after: int = 0,
    limit: int = MAX_ENTRIES,
) -> EntryList:
    """Lines of the ledger of a scope and all below it, oldest first; without a population, the whole tenant's."""
    if after < 0 or not 1 <= limit <= MAX_ENTRIES:
        raise UsageError(f"'after' is at least 0, 'limit' from 1 to {MAX_ENTRIES}.", code="page-invalid")
    with ports.database.read() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        entries = ledger.entries(scope_of(population, project), after=after, limit=limit)
    return EntryList(entries=[_entry_view(entry) for entry in entries])


def check(context: RequestContext, ports: Ports) -> LedgerCheck:
    """Check the tenant's whole ledger: the chain, the accounts against a replay, the head, the anchor."""
    with ports.database.read() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        entries, accounts, head = ledger.entries(), ledger.accounts(), ledger.head()
    anchor = ports.database.anchor
    anchored = None if anchor is None else anchor.read(context.tenant)
    last = entries[-1].digest if entries else ""
    ours = all(entry.tenant == context.tenant for entry in entries)
    found = {
        "An entry was changed, removed or put in.": not (ours and verify(entries)),
        "The accounts are not what the entries add up to.": list(accounts)
        != sorted(replay(entries).values(), key=lambda account: account.scope),
        "The ledger's end is not its last entry.": (head.n, head.digest) != (len(entries), last),
        "The ledger is behind its anchor.": anchored is not None and not holds(context.tenant, anchored, ports),
    }
    faults = [fault for fault, is_so in found.items() if is_so]
    return LedgerCheck(
        ok=not faults,
        n_entries=len(entries),
        head=head.digest,
        anchored_n=None if anchored is None else anchored.n,
        faults=faults,
    )


def view(account: Account, ledger: LedgerStore, clock: Clock) -> BudgetView:
    """An account as the wire shows it. What is left is never shown below zero."""
    used, left, window = account.held + account.spent, account.left, account.terms.window
    spent = account.position(account.spent)
    held = account.position(used) - spent
    return BudgetView(
        population=account.scope.population,
        epsilon=account.cap.epsilon,
        delta=account.cap.delta,
        epsilon_spent=spent.epsilon,
        delta_spent=spent.delta,
        epsilon_held=held.epsilon,
        delta_held=held.delta,
        epsilon_left=max(0.0, left.epsilon),
        delta_left=max(0.0, left.delta),
        composition=account.terms.composition.citation,
        n_entries=account.n_entries,
        scope=account.scope.kind,
        project=account.scope.project,
        is_limited=account.terms.is_limited,
        composition_rule=account.terms.composition.value,
        epsilon_sum=used.dp.epsilon,
        rho_used=None if used.zcdp is None else used.zcdp.rho,
        window_days=None if window is None else window.days,
        window_epsilon=None if window is None else window.epsilon.epsilon,
        window_epsilon_left=_window_left(account, ledger, clock),
    )


def _window_left(account: Account, ledger: LedgerStore, clock: Clock) -> float | None:
    window = account.terms.window
    if window is None:
        return None
    recent = ledger.recent(account.scope, window_start(window, clock.now()))
    return max(0.0, (window.epsilon - account.position(recent)).epsilon)


def _entry_view(entry: LedgerEntry) -> EntryView:
    return EntryView(
        n=entry.n,
        kind=entry.kind.value,
        population=entry.scope.population,
        project=entry.scope.project,
        job_id=entry.job_id or "",
        epsilon=entry.charge.dp.epsilon,
        delta=entry.charge.dp.delta,
        rho=None if entry.charge.zcdp is None else entry.charge.zcdp.rho,
        events=entry.events,
        terms="" if entry.terms is None else json.dumps(entry.terms.as_dict(), sort_keys=True),
        at=rfc3339(entry.at),
        digest=entry.digest,
    )
