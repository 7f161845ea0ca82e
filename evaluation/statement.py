"""The privacy statement: what was promised, to whom, by which mechanisms, as one JSON document.

It is made of public facts and of the ledger, so it may travel with the synthetic table. `build` takes
plain values; this module knows no synthesizer and no ledger type.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

FORMAT = "understudy.privacy-statement/1"
PROVENANCES = ("public", "declared", "dp", "raw")
"""How a bound, a category or a bin edge was learnt. `raw` means from private rows without an event."""

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPosition:
    """An account after this job was charged. Units: epsilon and delta as granted and as left."""

    population: str
    epsilon_granted: float
    epsilon_left: float
    delta_granted: float
    delta_left: float

    def as_dict(self) -> Json:
        """Plain JSON."""
        return {
            "population": self.population,
            "epsilon_granted": self.epsilon_granted,
            "epsilon_left": self.epsilon_left,
            "delta_granted": self.delta_granted,
            "delta_left": self.delta_left,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopePosition:
    """What the jobs of a scope add up to after this one was charged, and by which proven rule.

    ``rho_spent`` with ``conversion_delta`` gives back ``epsilon_spent`` where the rule is zcdp. Caps are None for a
    scope that only keeps count.
    """

    scope: str
    population: str
    project: str
    rule: str
    citation: str
    epsilon_granted: float | None
    delta_granted: float | None
    epsilon_spent: float
    delta_spent: float
    epsilon_left: float | None
    delta_left: float | None
    rho_spent: float | None
    conversion_delta: float | None

    def as_dict(self) -> Json:
        """Plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> ScopePosition:
        """Read ``as_dict`` back; keys that are not known are left aside."""

        def text(name: str) -> str:
            return str(document.get(name) or "")

        def number(name: str) -> float | None:
            return None if document.get(name) is None else _float(document[name], math.nan)

        return cls(
            scope=text("scope"),
            population=text("population"),
            project=text("project"),
            rule=text("rule"),
            citation=text("citation"),
            epsilon_granted=number("epsilon_granted"),
            delta_granted=number("delta_granted"),
            epsilon_spent=_float(document.get("epsilon_spent"), math.nan),
            delta_spent=_float(document.get("delta_spent"), math.nan),
            epsilon_left=number("epsilon_left"),
            delta_left=number("delta_left"),
            rho_spent=number("rho_spent"),
            conversion_delta=number("conversion_delta"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One mechanism run: what for, and its encoded `DpEvent`, so that any accountant can price it again."""

    purpose: str
    event: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyStatement:
    """The promise. `epsilon` None means that there is no formal guarantee."""

    job_id: str
    table: str
    engine: str
    unit_column: str | None
    max_rows: int
    adjacency: str
    epsilon: float | None
    delta: float
    accountant: str
    events: tuple[Event, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    budget: BudgetPosition | None = None
    scopes: tuple[ScopePosition, ...] = ()
    code_version: str = ""
    canaries: int = 0
    generation: int = 1
    made_from_release: str = ""

    @property
    def unit(self) -> str:
        """The privacy unit in words."""
        if self.unit_column is None:
            return "one row"
        rows = "row" if self.max_rows == 1 else "rows"
        return f"one value of {self.unit_column} (at most {self.max_rows:,} {rows})"

    @property
    def odds(self) -> float | None:
        """e^epsilon, or None without a guarantee. It may be infinite for an absurd epsilon."""
        if self.epsilon is None:
            return None
        return math.exp(self.epsilon) if self.epsilon < 700 else math.inf

    @property
    def sentence(self) -> str:
        """The guarantee in one plain sentence."""
        if self.epsilon is None or self.odds is None:
            return "This release carries no formal privacy guarantee."
        odds = f"{self.odds:.2f}" if self.odds < 10 else f"{self.odds:,.0f}"
        sentence = (
            f"Whatever an attacker already knows, including a person's data raises the odds of any conclusion "
            f"about a person by at most e^{self.epsilon:.4g} = {odds}"
        )
        return f"{sentence}, except with probability {short(self.delta)}." if self.delta else f"{sentence}."

    @property
    def canaries_note(self) -> str:
        """What canaries do to the counts, in words; empty without any."""
        if not self.canaries:
            return ""
        return (
            f"{self.canaries} invented rows were offered for training, each taken by a fair secret coin. Every count "
            f"that was learnt is higher by those taken, about {self.canaries / 2:g} in all; rows equal to one were "
            "taken out of the output. They are nobody's, and change nothing in the guarantee."
        )

    @property
    def lineage(self) -> str:
        """How far these rows are from real ones, in words."""
        if self.generation <= 1:
            return "Made of real rows."
        return (
            f"Made of synthetic rows, those of release {self.made_from_release}: generation {self.generation}. Each "
            "generation is further from life, and loses what is rare first. The guarantee is about the rows that this "
            "release was made of; what the earlier generations promised about real persons stands in their statements."
        )

    def as_dict(self) -> Json:
        """The document; `from_dict` gives the statement back."""
        return {
            "format": FORMAT,
            "sentence": self.sentence,
            "job_id": self.job_id,
            "table": self.table,
            "engine": self.engine,
            "unit": {"column": self.unit_column, "max_rows": self.max_rows, "text": self.unit},
            "adjacency": self.adjacency,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "odds_factor": self.odds if self.odds is None or math.isfinite(self.odds) else None,
            "accountant": self.accountant,
            "events": [{"purpose": item.purpose, "event": item.event} for item in self.events],
            "provenance": dict(self.provenance),
            "budget": None if self.budget is None else self.budget.as_dict(),
            "scopes": [scope.as_dict() for scope in self.scopes],
            "code_version": self.code_version,
            "canaries": self.canaries,
            "canaries_note": self.canaries_note,
            "generation": self.generation,
            "made_from_release": self.made_from_release,
            "lineage": self.lineage,
        }

    def to_json(self) -> str:
        """The document as text with sorted keys, so that equal statements have equal bytes."""
        return json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> PrivacyStatement:
        """Read `to_json` back."""
        document = json.loads(text)
        return cls.from_dict(document if isinstance(document, dict) else {})

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> PrivacyStatement:
        """Read a document of this or an older version; keys that are not known are left aside.

        Raises: ValueError if the document calls itself something else.
        """
        if document.get("format", FORMAT) != FORMAT:
            raise ValueError("This is no privacy statement of a known version.")
        unit, budget, epsilon = _map(document.get("unit")), _map(document.get("budget")), document.get("epsilon")
        events, scopes = document.get("events"), document.get("scopes")
        return cls(
            job_id=str(document.get("job_id") or ""),
            table=str(document.get("table") or ""),
            engine=str(document.get("engine") or ""),
            unit_column=None if unit.get("column") is None else str(unit["column"]),
            max_rows=int(_float(unit.get("max_rows"), 1)),
            adjacency=str(document.get("adjacency") or "add-remove-unit"),
            epsilon=None if epsilon is None else _float(epsilon, math.nan),
            delta=_float(document.get("delta"), 0.0),
            accountant=str(document.get("accountant") or ""),
            events=tuple(_events(events if isinstance(events, list) else [])),
            provenance={str(name): str(how) for name, how in _map(document.get("provenance")).items()},
            budget=_budget(budget) if budget else None,
            scopes=tuple(
                ScopePosition.from_dict(_map(scope)) for scope in (scopes if isinstance(scopes, list) else [])
            ),
            code_version=str(document.get("code_version") or ""),
            canaries=int(_float(document.get("canaries"), 0)),
            generation=int(_float(document.get("generation"), 1)),
            made_from_release=str(document.get("made_from_release") or ""),
        )


def build(
    *,
    job_id: str,
    table: str,
    engine: str,
    unit_column: str | None,
    max_rows: int,
    epsilon: float | None,
    delta: float,
    accountant: str,
    events: Iterable[tuple[str, Mapping[str, object]]],
    provenance: Mapping[str, str],
    budget: BudgetPosition | None,
    code_version: str,
    adjacency: str = "add-remove-unit",
    scopes: Iterable[ScopePosition] = (),
    canaries: int = 0,
    generation: int = 1,
    made_from_release: str = "",
) -> PrivacyStatement:
    """Make a statement from plain values: `events` are (purpose, encoded event), `provenance` is by column.

    Raises: ValueError if a provenance is not one of PROVENANCES, or epsilon or delta is out of range.
    """
    unknown = set(provenance.values()) - set(PROVENANCES)
    if unknown:
        raise ValueError(f"A provenance is one of {', '.join(PROVENANCES)}.")
    if (epsilon is not None and not (math.isfinite(epsilon) and epsilon > 0)) or not 0 <= delta < 1:
        raise ValueError("Epsilon is above 0 and finite, delta is in [0, 1).")
    return PrivacyStatement(
        job_id=job_id,
        table=table,
        engine=engine,
        unit_column=unit_column,
        max_rows=max_rows,
        adjacency=adjacency,
        epsilon=epsilon,
        delta=delta,
        accountant=accountant,
        events=tuple(Event(purpose=purpose, event=dict(event)) for purpose, event in events),
        provenance=dict(provenance),
        budget=budget,
        scopes=tuple(scopes),
        code_version=code_version,
        canaries=canaries,
        generation=generation,
        made_from_release=made_from_release,
    )


def short(value: float) -> str:
    """A small number without padding: 1e-5 and not 1e-05."""
    return f"{value:g}".replace("e-0", "e-")


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _float(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default


def _events(entries: list[object]) -> Iterable[Event]:
    for entry in map(_map, entries):
        yield Event(purpose=str(entry.get("purpose") or ""), event=dict(_map(entry.get("event"))))


def _budget(entry: Mapping[str, object]) -> BudgetPosition:
    return BudgetPosition(
        population=str(entry.get("population") or ""),
        epsilon_granted=_float(entry.get("epsilon_granted"), 0.0),
        epsilon_left=_float(entry.get("epsilon_left"), 0.0),
        delta_granted=_float(entry.get("delta_granted"), 0.0),
        delta_left=_float(entry.get("delta_left"), 0.0),
    )
