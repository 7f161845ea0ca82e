"""The engine "network": an autoregressive network over the marginal engine's codes, trained by DP-SGD.

Steps of a fit, each with the budget purpose that pays for it: the domain; the number of rows ("number of rows");
one-way marginals ("one-way marginals"), from which the network starts; DP-SGD ("training"). After the domain the
engine sees released numbers only.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from privacy.training import is_trainable, require_deep
from synthesizers.base import Abilities, ExpectedError, FormalGuarantee, Plan, schema_digest
from synthesizers.network.expected import expected as expected_error
from synthesizers.network.fitted import KIND, VERSION, FittedNetwork
from synthesizers.network.learn import learn
from synthesizers.network.sizes import COUNT, ONE_WAYS, Costs, costs
from synthesizers.network.weights import log_shares
from synthesizers.tabular.budget import split
from understudy.errors import Failed
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from privacy.session import PrivateSession

NAME = KIND


class NetworkSynthesizer:
    """The engine "network"."""

    name = NAME
    summary = "An autoregressive network trained by DP-SGD (Opacus). For tables; needs the extra 'deep'."
    formal_guarantee: FormalGuarantee | None = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="DP-SGD: clipped gradients of persons, rounded Gaussian noise on their exact sum, Poisson sampling",
        accountant="PLD of Poisson-sampled Gaussians, with the Gaussians of counts and domain",
    )
    abilities = Abilities(
        conditions="by rejection",
        rebalancing="by rejection, one column",
        imputation="exact for one cell of a row, by Gibbs draws for more",
        constraints="by rejection",
    )

    @property
    def is_ready(self) -> bool:
        """Whether torch and opacus are installed."""
        return is_trainable()

    def plan(self, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Plan:
        """The price list, from the schema and public numbers only.

        Guarantees: epsilon_of(compose(events), delta) <= epsilon.
        Raises: PrivacyParameterError if epsilon or delta is out of range.
        """
        found = costs(schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
        return Plan(
            engine=NAME,
            params={"version": VERSION, "costs": found.as_dict()},
            schema_digest=schema_digest(schema),
            epsilon=epsilon,
            delta=delta,
            events=found.events(schema),
            n_rows=n_rows,
        )

    def expected(self, schema: TableSchema, plan: Plan, n_rows: int) -> ExpectedError:
        """The error to expect on ``n_rows`` rows, by a rule fitted to public tables; see ``expected``. Reads no row."""
        rival = split(schema, epsilon=plan.epsilon, delta=plan.delta, n_rows=plan.n_rows)
        return expected_error(schema, Costs.from_dict(plan.params["costs"]), rival, n_rows)

    def fit(self, session: PrivateSession, plan: Plan) -> FittedNetwork:
        """Spend the plan and train. Raises: Failed (plan-mismatch), UsageError (deep-missing); nothing is read then."""
        if plan.engine != NAME or plan.schema_digest != schema_digest(session.schema):
            raise Failed("The plan was made for another schema or engine.", code="plan-mismatch")
        require_deep()
        schema, prices = session.schema, Costs.from_dict(plan.params["costs"])
        discretisation = session.discretise(prices.domain_plan(schema))
        names = session.domain.names
        stddev = schema.unit.max_rows / prices.count**0.5
        total = max(1.0, float(session.measure([()], stddev=stddev, purpose=COUNT)[0].counts))
        stddev = schema.unit.max_rows * len(names) ** 0.5 / prices.one_ways**0.5
        marginals = session.measure([(name,) for name in names], stddev=stddev, purpose=ONE_WAYS)
        order = _order(schema, names)
        base = [log_shares(marginals[column].counts, total) for column in order]
        weights = learn(session, prices.training, order=order, base=base, width=prices.width)
        return FittedNetwork(
            weights,
            discretisation,
            total=round(total),
            types={column.name: column.type for column in schema.modelled},
            constraints=schema.constraints,
        )

    def load(self, directory: Path) -> FittedNetwork:
        """Read what ``FittedNetwork.save`` wrote. Raises: Failed."""
        return FittedNetwork.load(directory)


def _order(schema: TableSchema, names: tuple[str, ...]) -> list[int]:
    """Columns as declared, the declared targets last: a target then hangs on all others."""
    targets = {column.name for column in schema.targets}
    return sorted(range(len(names)), key=lambda column: names[column] in targets)
