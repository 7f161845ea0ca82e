"""A sealed engine as a synthesizer: the domain is bought, the whole price is paid, and the child gets the codes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy.accounting import compose, epsilon_of, without_guarantee
from synthesizers.base import Abilities, ExpectedError, FormalGuarantee, Plan, schema_digest
from synthesizers.sealed import door
from synthesizers.sealed.catalogue import EngineSpec, Pricing
from synthesizers.sealed.environments import Environments
from synthesizers.sealed.expected import expected as expected_error
from synthesizers.sealed.fitted import FittedSealed
from synthesizers.sealed.prices import ROWS, SEALED, Price, price
from synthesizers.tabular.budget import split
from understudy.errors import Failed, UsageError
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from privacy.discretisation import Discretisation
    from privacy.session import PrivateSession

VERSION = 1
LEAST_MADE = 1_000
"""Rows that an engine makes at least, for they are all that is kept of its model."""
MOST_MADE = 200_000
_ORDERED_FROM = 12


class SealedSynthesizer:
    """An engine that reads rows itself, behind the door."""

    abilities = Abilities(
        conditions="by rejection",
        rebalancing="by rejection, one column",
        imputation="from the nearest rows that it made",
        constraints="by rejection",
    )

    def __init__(
        self, spec: EngineSpec, environments: Environments, *, limits: door.SealedLimits | None = None
    ) -> None:
        self.spec = spec
        self.name, self.summary = spec.name, spec.summary
        self._environments = environments
        self._limits = limits or door.SealedLimits()
        self.formal_guarantee = _guarantee(spec)

    @property
    def is_ready(self) -> bool:
        """Whether its environment is there and is the one that this release was made with."""
        return not self.spec.environment or self._environments.is_ready(self.spec.environment)

    def plan(self, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Plan:
        """The price list, from the schema and public numbers only.

        With a guarantee, epsilon_of(compose(events), delta) <= epsilon. Without one, epsilon and delta of the plan
        are those of the domain alone, 0 if nothing had to be bought, and the last event says so.
        Raises: PrivacyParameterError; UsageError (engine-too-wide, engine-one-row).
        """
        prices = price(self.spec, schema, epsilon=epsilon, delta=delta, n_rows=n_rows)
        events = prices.events(schema)
        paid = [event for _, event in events if not without_guarantee(event)]
        if self.spec.pricing is Pricing.NONE:
            epsilon, delta = (epsilon_of(compose(paid), delta), delta) if paid else (0.0, 0.0)
        return Plan(
            engine=self.name,
            params={"version": VERSION, "price": prices.as_dict()},
            schema_digest=schema_digest(schema),
            epsilon=epsilon,
            delta=delta,
            events=events,
            n_rows=n_rows,
        )

    def expected(self, schema: TableSchema, plan: Plan, n_rows: int) -> ExpectedError | None:
        """The error to expect on ``n_rows`` rows, by a rule fitted to public tables; None if there is none for this
        engine. Reads no row.
        """
        if not self.spec.is_private:
            return None
        rival = split(schema, epsilon=plan.epsilon, delta=plan.delta, n_rows=plan.n_rows)
        return expected_error(self.spec, schema, Price.from_dict(plan.params["price"]), rival, n_rows)

    def fit(self, session: PrivateSession, plan: Plan) -> FittedSealed:
        """Buy the domain and the number of rows, pay the engine whole, and let it run on the codes.

        Raises: UsageError (engine-not-installed), Failed (plan-mismatch): nothing is read then. Failed (sealed-...):
        what was paid stays paid.
        """
        if plan.engine != self.name or plan.schema_digest != schema_digest(session.schema):
            raise Failed("The plan was made for another schema or engine.", code="plan-mismatch")
        program = self._program()
        prices = Price.from_dict(plan.params["price"])
        discretisation = session.discretise(prices.domain_plan(session.schema))
        total = self._total(session, prices, plan.n_rows)
        n_made = min(MOST_MADE, max(LEAST_MADE, plan.n_rows or total))
        sizes = session.domain.sizes
        if sum(sizes) > self.spec.max_cells:
            raise Failed("The table has more codes than this engine takes.", code="engine-too-wide")
        task = {
            "model": self.spec.model,
            "sizes": list(sizes),
            "n_rows": n_made,
            "total": float(total),
            "rho": prices.rho / session.max_rows**2,
            "options": self._options(prices, discretisation, session.schema),
        }
        with tempfile.TemporaryDirectory(prefix="understudy-sealed-") as room:
            folder = Path(room)
            with session.sealed(folder, prices.engine_event(), purpose=SEALED):
                made = door.run(program, folder, self.spec.runner, task, sizes=sizes, n_rows=n_made)
        return FittedSealed(
            made.codes,
            discretisation,
            total=total,
            types={column.name: column.type for column in session.schema.modelled},
            constraints=session.schema.constraints,
        )

    def load(self, directory: Path) -> FittedSealed:
        """Read what ``FittedSealed.save`` wrote. Raises: Failed."""
        return FittedSealed.load(directory)

    def _program(self) -> door.Sealed:
        if not self.is_ready:
            raise UsageError(
                f"This engine is not installed: 'understudy engines install {self.spec.environment}'.",
                code="engine-not-installed",
            )
        if not self.spec.environment:
            return door.Sealed(python=door.own_python(), limits=self._limits)
        return door.Sealed(python=self._environments.python(self.spec.environment), limits=self._limits)

    def _total(self, session: PrivateSession, prices: Price, n_rows: int | None) -> int:
        """The noisy number of rows, at least 1; the number that was asked for, if no count was bought."""
        if not prices.rows:
            return max(1, n_rows or 1)
        stddev = session.max_rows / prices.rows**0.5
        return max(1, round(float(session.measure([()], stddev=stddev, purpose=ROWS)[0].counts)))

    def _options(self, prices: Price, discretisation: Discretisation, schema: TableSchema) -> dict[str, Any]:
        """What the runner is told: ``ordered`` says of which columns codes are in an order that means something."""
        options = dict(self.spec.options)
        if "rounds_per_column" in options:
            options["rounds"] = max(2, options.pop("rounds_per_column") * len(schema.modelled))
        if prices.training is not None:
            options |= prices.training
        columns = [(codec.size, schema[codec.name]) for codec in discretisation.codecs]
        options["ordered"] = [
            size > _ORDERED_FROM and column.enum is None and column.type not in ("string", "boolean")
            for size, column in columns
        ]
        return options


def _guarantee(spec: EngineSpec) -> FormalGuarantee | None:
    if spec.pricing is Pricing.NONE:
        return None
    zcdp = spec.pricing is Pricing.ZCDP
    return FormalGuarantee(
        relation="add-remove-unit",
        mechanism=spec.mechanism,
        accountant="zCDP of the whole engine, composed by Renyi DP" if zcdp else "PLD of Poisson-sampled Gaussians",
        caveats=("the engine is another project's code, run sealed, and its noise is not drawn by Understudy",),
    )
