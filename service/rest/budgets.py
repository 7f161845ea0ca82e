"""Accounts and the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.commands import budgets
from service.rest.asking import Caller, PortsOf, off_loop
from understudy.messages import (
    BudgetGrant,
    BudgetList,
    BudgetView,
    EntryList,
    LedgerCheck,
)

router = APIRouter()


Project = Annotated[str, Query(description="A project of the population.")]


@router.get("/v1/budgets", tags=["budgets"], summary="All accounts of the tenant")
async def list_budgets(caller: Caller, ports: PortsOf) -> BudgetList:
    """Cap, spent, held and left of the tenant, of every population and of every project."""
    return await off_loop(budgets.show_all, caller, ports)


@router.put("/v1/budgets", tags=["budgets"], summary="Set the tenant's own cap")
async def grant_tenant_budget(message: BudgetGrant, caller: Caller, ports: PortsOf) -> BudgetView:
    """Every job of the tenant counts here. Without a cap it only keeps count."""
    return await off_loop(budgets.grant, caller, "", message, ports)


@router.get("/v1/budgets/{population}", tags=["budgets"], summary="One account")
async def get_budget(population: str, caller: Caller, ports: PortsOf, project: Project = "") -> BudgetView:
    """Cap, spent, held and left."""
    return await off_loop(budgets.show, caller, population, ports, project=project)


@router.put("/v1/budgets/{population}", tags=["budgets"], summary="Set a lifetime cap")
async def grant_budget(
    population: str, message: BudgetGrant, caller: Caller, ports: PortsOf, project: Project = ""
) -> BudgetView:
    """Opens the account if there is none. What was spent stays spent."""
    return await off_loop(budgets.grant, caller, population, message, ports, project=project)


@router.get("/v1/ledger", tags=["budgets"], summary="Lines of the ledger")
async def list_entries(
    caller: Caller,
    ports: PortsOf,
    population: Annotated[str, Query(description="Only this one and its projects.")] = "",
    project: Project = "",
    after: Annotated[int, Query(description="Lines after this number.")] = 0,
    limit: Annotated[int, Query(description="At most so many.")] = budgets.MAX_ENTRIES,
) -> EntryList:
    """What was granted, held, spent and released, with the encoded events; oldest first."""
    return await off_loop(
        budgets.history, caller, ports, population=population, project=project, after=after, limit=limit
    )


@router.get("/v1/ledger/check", tags=["budgets"], summary="Check the ledger")
async def verify_ledger(caller: Caller, ports: PortsOf) -> LedgerCheck:
    """The chain of digests, the accounts against a replay, the end of the chain, the anchor outside the database."""
    return await off_loop(budgets.check, caller, ports)
