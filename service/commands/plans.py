"""What a job would cost, before any row is read: its events, its price in every scope, what other engines offer."""

from __future__ import annotations

from collections.abc import Sequence

from privacy.accounting import DpEvent, compose, encode, epsilon_of, gaussian_price, without_guarantee
from privacy.amount import Charge
from privacy.budget import PrivacyParams
from privacy.charging import charge_of
from privacy.ledger import Account, LedgerStore, Scope, default_terms, window_start
from service.commands.budgets import scope_of
from service.commands.choices import chosen, refusal
from service.commands.reports import check_report_share, plan_with_report
from service.commands.texts import check_text, places_of, plan_with_text
from service.context import RequestContext
from service.ports import Clock, Ports
from synthesizers.base import Plan
from synthesizers.registry import AUTO, accountant_of, engines
from synthesizers.registry import engine as named_engine
from synthesizers.text.registry import Places
from understudy.errors import BudgetExceeded, NotFound, PrivacyParameterError, UnderstudyError, UsageError
from understudy.messages import JobCreate, PlanCreate, PlanEvent, PlanExpected, PlanOffer, PlanScope, PlanView
from understudy.schema import TableSchema

Asked = JobCreate | PlanCreate
Purposed = Sequence[tuple[str, DpEvent]]


def create(context: RequestContext, message: PlanCreate, ports: Ports) -> PlanView:
    """The price of a job, from its schema alone. Nothing is held, nothing is kept.

    Raises: PrivacyParameterError, UsageError, SchemaError.
    """
    check_asked(message, ports)
    schema = TableSchema.parse(message.table_schema)
    choice = chosen(message, schema, ports.settings)
    message = message.model_copy(update={"engine": choice.name})
    scope = scope_of(schema.population, message.project)
    plan = plan_of(message, schema, places=places_of(ports.settings))
    charge = charge_of_plan(plan)
    with ports.database.read() as tx:
        ledger = tx.for_tenant(context.tenant).ledger
        scopes = [_scope_view(step, charge, ledger, ports.clock) for step in scope.path]
    return PlanView(
        engine=plan.engine,
        population=scope.population,
        project=scope.project,
        epsilon=plan.epsilon,
        delta=plan.delta,
        epsilon_of_events=epsilon_of(compose(_priced(plan)), plan.delta),
        rho=None if charge.zcdp is None else charge.zcdp.rho,
        accountant=accountant_of(plan.engine),
        fits=all(step.fits for step in scopes),
        events=_events(plan.events),
        scopes=scopes,
        offers=[_offer(name, message, schema, context, ports) for name in sorted(engines()) if name != plan.engine],
        expected=_expected(plan, schema, message.n_rows),
        reason=choice.reason,
        formal_guarantee=engines()[plan.engine].formal_guarantee is not None,
    )


def check_asked(message: Asked, ports: Ports) -> None:
    """Raises: PrivacyParameterError, UsageError for a price, a number of rows or an engine that cannot be."""
    PrivacyParams(epsilon=message.epsilon, delta=message.delta)
    if message.n_rows is not None and not 1 <= message.n_rows <= ports.settings.max_synthetic_rows:
        raise UsageError(
            f"The number of rows is from 1 to {ports.settings.max_synthetic_rows}.", code="row-count-invalid"
        )
    if message.engine != AUTO and message.engine not in engines():
        raise UsageError(f"An engine is {AUTO} or one of: {', '.join(sorted(engines()))}.", code="engine-unknown")
    check_report_share(message.report_share)


def plan_of(message: Asked, schema: TableSchema, *, engine: str = "", places: Places | None = None) -> Plan:
    """The price list of the engine, of the report and of the notes. Raises UsageError if there is nothing to model."""
    if not schema.modelled:
        raise UsageError("The schema has no column that an engine could model.", code="nothing-to-model")

    def table(epsilon: float) -> Plan:
        return plan_with_report(
            named_engine(engine or message.engine),
            schema,
            epsilon=epsilon,
            delta=message.delta,
            n_rows=message.n_rows,
            share=message.report_share,
        )

    check_text(message, schema, places or Places())
    return plan_with_text(table, schema, message, places or Places())


def charge_of_plan(plan: Plan) -> Charge:
    """What the ledger is charged. Raises: PrivacyParameterError (event-unknown), PlanExceeded; see ``charge_of``."""
    return charge_of(_priced(plan), epsilon=plan.epsilon, delta=plan.delta)


def _priced(plan: Plan) -> list[DpEvent]:
    """All but what has no price at any epsilon: it is written down with the others, and costs nothing."""
    return [event for _, event in plan.events if not without_guarantee(event)]


def _scope_view(scope: Scope, charge: Charge, ledger: LedgerStore, clock: Clock) -> PlanScope:
    try:
        account = ledger.account(scope)
    except NotFound:
        account = Account(scope=scope, terms=default_terms(scope))
    used, left = account.held + account.spent, account.left
    after = account.cap - account.position(used + charge)
    return PlanScope(
        scope=scope.kind,
        population=scope.population,
        project=scope.project,
        composition_rule=account.terms.composition.value,
        is_limited=account.terms.is_limited,
        epsilon_left=max(0.0, left.epsilon),
        delta_left=max(0.0, left.delta),
        epsilon_cost=(left - after).epsilon,
        epsilon_left_after=max(0.0, after.epsilon),
        delta_left_after=max(0.0, after.delta),
        fits=_fits(account, charge, ledger, clock),
    )


def _fits(account: Account, charge: Charge, ledger: LedgerStore, clock: Clock) -> bool:
    window = account.terms.window
    try:
        if window is None:
            account.check(charge)
        else:
            account.check(charge, ledger.recent(account.scope, window_start(window, clock.now())))
    except BudgetExceeded:
        return False
    return True


def _offer(name: str, message: PlanCreate, schema: TableSchema, context: RequestContext, ports: Ports) -> PlanOffer:
    summary = engines()[name].summary
    if code := refusal(name, context.tenant, ports.settings):
        return PlanOffer(engine=name, summary=summary, events=[], refusal=code)
    try:
        plan = plan_of(message, schema, engine=name, places=places_of(ports.settings))
        charge_of_plan(plan)
    except UnderstudyError as refused:
        return PlanOffer(engine=name, summary=summary, events=[], refusal=refused.reason)
    expected = _expected(plan, schema, message.n_rows)
    return PlanOffer(engine=name, summary=summary, events=_events(plan.events), expected=expected)


def _expected(plan: Plan, schema: TableSchema, n_rows: int | None) -> PlanExpected | None:
    """The engine's prediction for the number of rows that was given, a public guess; None without one."""
    found = None if n_rows is None else engines()[plan.engine].expected(schema, plan, n_rows)
    if found is None:
        return None
    return PlanExpected(
        n_rows=found.n_rows, one_way=found.one_way, two_way=found.two_way, smallest_group=found.smallest_group
    )


def _events(events: Purposed) -> list[PlanEvent]:
    weights = [_mu_squared(event) for _, event in events]
    total = sum(weights) or 1.0
    return [
        PlanEvent(purpose=purpose, event=encode(event), share=weight / total)
        for (purpose, event), weight in zip(events, weights, strict=True)
    ]


def _mu_squared(event: DpEvent) -> float:
    try:
        price = gaussian_price(event)
    except PrivacyParameterError:
        return 0.0
    return 0.0 if price is None else price.mu_squared
