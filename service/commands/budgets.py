"""What may be spent on whom, and what is left of it."""

from __future__ import annotations

from privacy.amount import Amount
from privacy.budget import PrivacyParams
from privacy.ledger import BASIC_COMPOSITION, Account
from service.context import RequestContext
from service.ports import Ports
from understudy.messages import BudgetGrant, BudgetList, BudgetView
from understudy.schema import population_name


def show(context: RequestContext, population: str, ports: Ports) -> BudgetView:
    """Raises NotFound for a population without an account."""
    with ports.database.begin() as tx:
        return view(tx.for_tenant(context.tenant).ledger.account(population))


def show_all(context: RequestContext, ports: Ports) -> BudgetList:
    """Every account of the tenant."""
    with ports.database.begin() as tx:
        return BudgetList(budgets=[view(account) for account in tx.for_tenant(context.tenant).ledger.accounts()])


def grant(context: RequestContext, population: str, message: BudgetGrant, ports: Ports) -> BudgetView:
    """Set the lifetime cap of a population. What was spent stays spent, whatever the new cap."""
    name = population_name(population)
    params = PrivacyParams(epsilon=message.epsilon, delta=message.delta)
    with ports.database.begin() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        return view(ledger.grant(name, Amount.cap(params.epsilon, params.delta), at=ports.clock.now()))


def view(account: Account) -> BudgetView:
    """An account as the wire shows it. What is left is never shown below zero."""
    left = account.left
    return BudgetView(
        population=account.population,
        epsilon=account.cap.epsilon,
        delta=account.cap.delta,
        epsilon_spent=account.spent.epsilon,
        delta_spent=account.spent.delta,
        epsilon_held=account.held.epsilon,
        delta_held=account.held.delta,
        epsilon_left=max(0.0, left.epsilon),
        delta_left=max(0.0, left.delta),
        composition=BASIC_COMPOSITION,
        n_entries=account.n_entries,
    )
