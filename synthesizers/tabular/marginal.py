"""The default engine: noisy marginals of one and two columns, a maximum-entropy model of them, rounded rows.

Steps of a fit, each with the budget purpose that pays for it:
1. fix the domain (privacy.binning);
2. one-way marginals, cleaned by shrinking ("one-way marginals");
3. noisy dependence of every pair of columns ("dependence scores");
4. the pairs and resolutions that are worth their noise, within a junction tree (free);
5. those pairs ("pair marginals");
6. the maximum-entropy model (free).
After step 1 the engine sees released numbers only. Steps 2 to 6 are in ``model.fit_model``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthesizers.base import Abilities, ExpectedError, FormalGuarantee, Plan, schema_digest
from synthesizers.tabular import budget as budgets
from synthesizers.tabular.columns import coding
from synthesizers.tabular.evidence import impossible
from synthesizers.tabular.expected import expected as expected_error
from synthesizers.tabular.fitted import KIND, VERSION, FittedMarginal
from synthesizers.tabular.model import fit_model
from understudy.errors import Failed
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from privacy.session import PrivateSession

NAME = KIND


class MarginalSynthesizer:
    """The engine "marginal"."""

    name = NAME
    summary = "Noisy marginals, a maximum-entropy model of them, and rounded rows. For tables; the default."
    formal_guarantee: FormalGuarantee | None = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="rounded Gaussian noise on marginal counts",
        accountant="exact Gaussian-DP composition",
    )
    abilities = Abilities(
        conditions="exact",
        rebalancing="exact, several columns",
        imputation="exact",
        constraints="in the model, then by rejection",
    )

    def plan(self, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Plan:
        """The price list, from the schema and public numbers only.

        Guarantees: epsilon_of(compose(events), delta) <= epsilon.
        Raises: PrivacyParameterError if epsilon or delta is out of range.
        """
        budget = budgets.split(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
        return Plan(
            engine=NAME,
            params={"version": VERSION, "budget": budget.as_dict()},
            schema_digest=schema_digest(schema),
            epsilon=epsilon,
            delta=delta,
            events=budget.events(schema),
            n_rows=n_rows,
        )

    def expected(self, schema: TableSchema, plan: Plan, n_rows: int) -> ExpectedError:
        """The error to expect on ``n_rows`` rows; see ``expected.expected``. Reads no row."""
        return expected_error(schema, budgets.Budget.from_dict(plan.params["budget"]), n_rows)

    def fit(self, session: PrivateSession, plan: Plan) -> FittedMarginal:
        """Spend the plan and make a model.

        Raises: Failed if the plan was made for another schema or engine; nothing is read then.
        """
        if plan.engine != NAME or plan.schema_digest != schema_digest(session.schema):
            raise Failed("The plan was made for another schema or engine.", code="plan-mismatch")
        schema, budget = session.schema, budgets.Budget.from_dict(plan.params["budget"])
        discretisation = session.discretise(budget.domain_plan(schema))
        model = fit_model(
            session,
            budget,
            [coding(codec, schema[codec.name]) for codec in discretisation.codecs],
            max_rows=schema.unit.max_rows,
            targets=[column.name for column in schema.targets],
            known=discretisation.one_ways,
            impossible=impossible(schema.constraints, discretisation.codecs),
        )
        return FittedMarginal(model, discretisation, schema.constraints)

    def load(self, directory: Path) -> FittedMarginal:
        """Read what ``FittedMarginal.save`` wrote. Raises: Failed."""
        return FittedMarginal.load(directory)
