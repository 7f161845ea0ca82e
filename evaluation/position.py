"""Where a ledger's accounts stand, in the plain values that a privacy statement is made of."""

from __future__ import annotations

from evaluation.statement import BudgetPosition, ScopePosition
from privacy.composition import Composition
from privacy.ledger import Account


def scope_position(account: Account) -> ScopePosition:
    """What an account has spent and has left, by its own rule of composition."""
    spent, left, limited = account.position(account.spent), account.left, account.terms.is_limited
    in_zcdp = account.terms.composition is Composition.ZCDP
    zcdp = account.spent.zcdp
    return ScopePosition(
        scope=account.scope.kind,
        population=account.scope.population,
        project=account.scope.project,
        rule=account.terms.composition.value,
        citation=account.terms.composition.citation,
        epsilon_granted=account.cap.epsilon if limited else None,
        delta_granted=account.cap.delta if limited else None,
        epsilon_spent=spent.epsilon,
        delta_spent=spent.delta,
        epsilon_left=max(0.0, left.epsilon) if limited else None,
        delta_left=max(0.0, left.delta) if limited else None,
        rho_spent=None if zcdp is None else zcdp.rho,
        conversion_delta=account.conversion_delta.delta if in_zcdp else None,
    )


def budget_position(account: Account) -> BudgetPosition:
    """The same for the report's picture of one account."""
    return BudgetPosition(
        population=account.scope.population,
        epsilon_granted=account.cap.epsilon,
        epsilon_left=max(0.0, account.left.epsilon),
        delta_granted=account.cap.delta,
        delta_left=max(0.0, account.left.delta),
    )
