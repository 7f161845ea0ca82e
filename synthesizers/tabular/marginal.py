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
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthesizers import artifact
from synthesizers.base import ExpectedError, FormalGuarantee, Plan, schema_digest
from synthesizers.tabular import budget as budgets
from synthesizers.tabular.columns import coding
from synthesizers.tabular.expected import expected as expected_error
from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.model import Model, fit_model
from understudy.errors import Failed
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.discretisation import Discretisation
    from privacy.session import PrivateSession

NAME = "marginal"
VERSION = 1


class MarginalSynthesizer:
    """The engine "marginal"."""

    name = NAME
    summary = "Noisy marginals, a maximum-entropy model of them, and rounded rows. For tables; the default."
    formal_guarantee = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="rounded Gaussian noise on marginal counts",
        accountant="exact Gaussian-DP composition",
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
        )
        return FittedMarginal(model, discretisation)

    def load(self, directory: Path) -> FittedMarginal:
        """Read what ``FittedMarginal.save`` wrote. Raises: Failed."""
        return FittedMarginal.load(directory)


class FittedMarginal:
    """A fitted model and the meaning of its codes."""

    def __init__(self, model: Model, discretisation: Discretisation) -> None:
        self._model = model
        self._discretisation = discretisation

    def sample(self, n_rows: int | None, *, seed: int) -> pa.Table:
        """Synthetic rows in canonical types; the same (n_rows, seed) gives the same rows."""
        codes = self._model.codes(n_rows, seed=seed)
        names = self._discretisation.domain.names
        rng = np.random.default_rng([seed, 1])
        return self._discretisation.decode(dict(zip(names, codes, strict=True)), rng)

    def save(self, directory: Path) -> None:
        """Write manifest.json and arrays.npz: released numbers and declared facts only."""
        domain, arrays = self._discretisation.parts()
        stored: dict[str, NDArray[Any]] = {f"domain.{name}": array for name, array in arrays.items()}
        for column, axis in enumerate(self._model.axes):
            stored[f"order.{column}"] = axis.order
            for level, starts in enumerate(axis.starts):
                stored[f"starts.{column}.{level}"] = starts
        for index, belief in enumerate(self._model.beliefs):
            stored[f"belief.{index}"] = belief
        manifest = {
            "domain": domain,
            "total": self._model.total,
            "levels": [len(axis.starts) for axis in self._model.axes],
            "nodes": [
                {"members": sorted(node.members), "separator": node.separator, "axes": node.axes, "parent": node.parent}
                for node in self._model.nodes
            ],
        }
        artifact.save(directory, kind=NAME, version=VERSION, manifest=manifest, arrays=stored)

    @classmethod
    def load(cls, directory: Path) -> FittedMarginal:
        """Read what ``save`` wrote. Raises: Failed."""
        from privacy.discretisation import Discretisation

        _, manifest, arrays = artifact.load(directory, kind=NAME, versions=(VERSION,))
        axes = tuple(
            Axis(arrays[f"order.{column}"], tuple(arrays[f"starts.{column}.{level}"] for level in range(levels)))
            for column, levels in enumerate(manifest["levels"])
        )
        nodes = tuple(
            Node(
                members=frozenset((int(column), int(level)) for column, level in node["members"]),
                axes=tuple((int(column), int(level)) for column, level in node["axes"]),
                separator=tuple((int(column), int(level)) for column, level in node["separator"]),
                parent=int(node["parent"]),
            )
            for node in manifest["nodes"]
        )
        beliefs = tuple(arrays[f"belief.{index}"] for index in range(len(nodes)))
        domain = {name.removeprefix("domain."): array for name, array in arrays.items() if name.startswith("domain.")}
        return cls(
            Model(axes, nodes, beliefs, float(manifest["total"])), Discretisation.from_parts(manifest["domain"], domain)
        )
