"""Is a privacy statement's epsilon right? Computed again from the document alone, by two independent accountants.

Anyone may run this on any statement: it needs no service, no database and no row. Ours is the exact Gaussian curve;
the other is dp_accounting's, whose formulas share no code with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.statement import PrivacyStatement, ScopePosition
from privacy.accounting import DpEvent, compose, decode, epsilon_by_dp_accounting, epsilon_of
from privacy.composition import Composition, epsilon_of_rho

TOLERANCE = 1e-6
"""How far two exact accountants may lie apart, and how far above the stated epsilon a recomputation may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputation:
    """What was found. ``dp_accounting`` maps each of its ways to an epsilon; ``faults`` is empty if all is well."""

    stated: float | None
    delta: float
    ours: float
    dp_accounting: dict[str, float]
    faults: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True if nothing speaks against the statement."""
        return not self.faults


def recompute(statement: PrivacyStatement) -> Recomputation:
    """Price the statement's events again, and its scopes' totals where the document has what that takes.

    Raises: PrivacyParameterError (event-unknown) for an event that no accountant knows.
    """
    event = compose(_events(statement))
    ours = epsilon_of(event, statement.delta)
    theirs = epsilon_by_dp_accounting(event, statement.delta)
    return Recomputation(
        stated=statement.epsilon,
        delta=statement.delta,
        ours=ours,
        dp_accounting=theirs,
        faults=tuple(_faults(statement, ours, theirs)),
    )


def _events(statement: PrivacyStatement) -> list[DpEvent]:
    return [decode(item.event) for item in statement.events]


def _faults(statement: PrivacyStatement, ours: float, theirs: dict[str, float]) -> Iterable[str]:
    if statement.epsilon is None:
        yield "The statement makes no promise."
        return
    if not statement.events:
        yield "The statement names no events to price."
    if ours > statement.epsilon + TOLERANCE:
        yield f"The events cost epsilon {ours:.9g}, more than is stated."
    if theirs and min(theirs.values()) > statement.epsilon + TOLERANCE:
        yield f"By dp_accounting the events cost epsilon {min(theirs.values()):.9g}, more than is stated."
    if "gaussian" in theirs and abs(theirs["gaussian"] - ours) > TOLERANCE:
        yield "Two exact accountants disagree."
    for scope in statement.scopes:
        yield from _scope_faults(scope)


def _scope_faults(scope: ScopePosition) -> Iterable[str]:
    name = " ".join(part for part in (scope.scope, scope.population, scope.project) if part)
    if scope.rule not in {rule.value for rule in Composition}:
        yield f"How jobs add up in {name} is not a rule that is known here."
    if scope.epsilon_granted is not None and scope.epsilon_spent > scope.epsilon_granted + TOLERANCE:
        yield f"More was spent in {name} than its cap allows."
    if scope.rule == Composition.ZCDP and scope.rho_spent is not None and scope.conversion_delta:
        epsilon = epsilon_of_rho(scope.rho_spent, scope.conversion_delta)
        if not math.isclose(epsilon, scope.epsilon_spent, abs_tol=TOLERANCE):
            yield f"The rho of {name} is epsilon {epsilon:.9g}, not what is stated."
