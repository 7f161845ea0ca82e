"""What every text engine has in common: a price before any note is read, a fit through the session, notes for rows.

An engine writes one column of free text. The table's own engine makes the rows first; then ``FittedText.write`` makes
a note for each, with the row's values in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synthesizers.base import DpEvent, FormalGuarantee
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.session import PrivateSession

Note = tuple[str, str]
"""A note, and the same with nothing where the row's values or invented ones were written: what the model said."""
Events = tuple[tuple[str, DpEvent], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What there is to spend on one text column.

    ``epsilon`` and ``delta`` are the whole job's; ``alongside`` are the events of everything else in it; ``mu_squared``
    is this column's part, for engines whose events are Gaussian. ``units``: a public guess of the number of persons.
    """

    epsilon: float
    delta: float
    alongside: tuple[DpEvent, ...]
    mu_squared: float
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlan:
    """The price list of one text column, from public facts: plain JSON, and (purpose, event) pairs."""

    engine: str
    column: str
    params: Mapping[str, Any]
    events: Events

    def as_dict(self) -> dict[str, Any]:
        """Without the events: those stand in the job's plan."""
        return {"engine": self.engine, "column": self.column, "params": dict(self.params)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> TextPlan:
        """What ``as_dict`` wrote; its events are those of the job's plan."""
        return cls(engine=document["engine"], column=document["column"], params=document["params"], events=())


class FittedText(Protocol):
    """A model that holds released numbers only, and can write notes."""

    def write(self, rows: pa.Table, *, seed: int) -> list[Note]:
        """A note for each synthetic row. The same arguments give the same notes."""
        ...

    def explains(self, stretch: str) -> bool:
        """True if the words of a stretch follow each other in public text or in what was released of many persons."""
        ...

    def save(self, directory: Path) -> None:
        """Write the artifact; no pickle."""
        ...


class TextEngine(Protocol):
    """An engine for free text."""

    name: str
    summary: str
    formal_guarantee: FormalGuarantee
    pays_again: bool
    """True if a fit that was cut short is not begun anew under the same payment: it may have been seen outside, or it
    is a training, which nobody takes for free twice. A fit that only counts, and told nobody, may be."""

    def plan(self, schema: TableSchema, column: str, price: Price) -> TextPlan:
        """The price list; reads nothing private. Raises: UsageError if the engine cannot run here at all."""
        ...

    def fit(self, session: PrivateSession, plan: TextPlan) -> FittedText:
        """Spend the plan through the session."""
        ...


TEXTS = "text"
"""In a plan's parameters: the plans of its text columns."""


def has_text(plan: Mapping[str, object]) -> bool:
    """True for a stored plan of which notes are a part."""
    params = plan.get("params")
    return isinstance(params, Mapping) and bool(params.get(TEXTS))


def purpose(column_index: int, name: str) -> str:
    """The purpose of an event of the text column number ``column_index``. Persisted."""
    return f"text-{column_index}/{name}"


def index_of(schema: TableSchema, column: str) -> int:
    """The number of a text column among the schema's."""
    return [found.name for found in schema.columns if found.is_text].index(column)
