"""What every synthesizer has in common: a plan before any row is read, a fit through the session, rows out.

A synthesizer never sees a row. ``plan`` reads public facts only; ``fit`` asks the session, which debits
each of the plan's events before it answers; everything after that is post-processing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from synthesizers.conditions import Conditions, Source
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.domain import Clique, Domain
    from privacy.marginals import NoisyMarginal

DpEvent = Any
"""A ``dp_accounting.DpEvent``; made, priced and encoded by ``privacy.accounting`` only."""

Recoding = tuple[str, NDArray[np.intp]]
"""A column's name and a map from each of its codes to a new code: ``(source, new_code[old_code])``."""

RELATION = "add-remove-unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The price list of one fit, computed from public facts only, before any row is read.

    ``events`` are (purpose, event) in the order in which the fit will ask for them; each purpose stands
    once. ``params`` is plain JSON: what the engine needs to ask for exactly these events.
    Guarantees: epsilon_of(compose(events), delta) <= epsilon; from_dict(as_dict()) == self.
    """

    engine: str
    params: Mapping[str, Any]
    schema_digest: str
    epsilon: float
    delta: float
    relation: str = RELATION
    events: tuple[tuple[str, DpEvent], ...] = ()
    n_rows: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain JSON."""
        from privacy.accounting import encode

        return {
            "engine": self.engine,
            "params": dict(self.params),
            "schema_digest": self.schema_digest,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "relation": self.relation,
            "events": [{"purpose": purpose, "event": encode(event)} for purpose, event in self.events],
            "n_rows": self.n_rows,
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Plan:
        """The plan that ``as_dict`` wrote."""
        from privacy.accounting import decode

        events = tuple((entry["purpose"], decode(entry["event"])) for entry in document["events"])
        return cls(**{**document, "events": events})


def schema_digest(schema: TableSchema) -> str:
    """SHA-256 of the schema's canonical JSON, so that a plan cannot be used with another schema."""
    text = json.dumps(schema.as_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class MarginalSession(Protocol):
    """The part of ``privacy.session.PrivateSession`` that marginal engines use."""

    @property
    def domain(self) -> Domain:
        """The discrete columns and their sizes."""
        ...

    def measure(self, cliques: Sequence[Clique], *, stddev: float, purpose: str) -> list[NoisyMarginal]:
        """Noisy counts of every clique; one event; L2 sensitivity unit.max_rows * sqrt(len(cliques))."""
        ...

    def choose(
        self,
        candidates: Sequence[Clique],
        expected: Callable[[Clique], NDArray[np.float64]],
        *,
        stddev: float,
        purpose: str,
    ) -> NDArray[np.float64]:
        """Noisy L1 distance between each candidate's counts and round(expected(clique)); one event."""
        ...

    def recoded(self, columns: Mapping[str, Recoding]) -> MarginalSession:
        """A session over derived columns that shares this one's rows and meter.

        ``columns[new name] = (column of this session, map from its codes to new codes)``; the new size is
        max(map) + 1. The map acts on one row at a time, so no sensitivity changes. This is how an engine
        measures coarse cells with the noise of one cell.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FormalGuarantee:
    """What a fit promises, in words fit for the privacy statement."""

    relation: str
    mechanism: str
    accountant: str
    caveats: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedError:
    """What a plan's noise is expected to cost in accuracy, predicted from public facts only.

    one_way, two_way: mean total variation distance, 0 to 1, of the synthetic table from the real one, over columns and
    over pairs of columns. ``smallest_group``: rows from which on a group told by one value of a column stands above the
    noise (three standard deviations, in the column with most noise).
    """

    n_rows: int
    one_way: float
    two_way: float
    smallest_group: int


class FittedSynthesizer(Source, Protocol):
    """A model that holds released numbers only, and can make rows.

    An engine gives ``propose``, ``conditioned``, ``constraints`` and ``completed``; ``conditions.sampled`` makes
    ``sample`` of them, ``imputation.imputed`` makes ``impute``.
    """

    def sample(self, n_rows: int | None, *, seed: int, conditions: Conditions | None = None) -> pa.Table:
        """Synthetic rows: the modelled columns in canonical types, null where missing, true to the constraints.

        ``n_rows`` None means the noisy number of rows. The same arguments give the same rows.
        Raises: UsageError if the conditions cannot be met; see ``conditions.sampled``.
        """
        ...

    def impute(self, rows: pa.Table, columns: Sequence[str], *, seed: int) -> pa.Table:
        """Given rows, with the empty cells of these columns filled from the model; see ``imputation.imputed``.

        No given cell is changed. The same arguments give the same rows. Raises: UsageError (impute-...).
        """
        ...

    def save(self, directory: Path) -> None:
        """Write the artifact: manifest.json and arrays.npz."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """How an engine does what all engines can, in words fit for a table."""

    conditions: str
    rebalancing: str
    imputation: str
    constraints: str


class Synthesizer(Protocol):
    """An engine."""

    name: str
    summary: str
    formal_guarantee: FormalGuarantee | None
    """None: rows are used without any formal guarantee, and the last event of every plan says so."""
    abilities: Abilities

    def plan(self, schema: TableSchema, *, epsilon: float, delta: float, n_rows: int | None) -> Plan:
        """The price list; ``n_rows`` is a public guess of the number of rows, or None."""
        ...

    def expected(self, schema: TableSchema, plan: Plan, n_rows: int) -> ExpectedError | None:
        """The error to expect of this plan on a table of ``n_rows`` rows, a public guess, at least 1; no row is read.

        None if the engine cannot tell.
        """
        ...

    def fit(self, session: Any, plan: Plan) -> FittedSynthesizer:
        """Spend the plan through the session and make a model."""
        ...

    def load(self, directory: Path) -> FittedSynthesizer:
        """Read what ``FittedSynthesizer.save`` wrote."""
        ...
