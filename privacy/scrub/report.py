"""What scrubbing did, as counts. Counts come from rows: for the owner's eyes only, never in a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, cast

Action = Literal["surrogate", "drop", "mask", "generalise", "shift", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnScrub:
    """One column: ``n_values`` were not missing, ``n_dropped`` of them became missing.

    ``found`` counts the spans of each entity in a text column, and has the kind alone for another one.
    ``n_failed`` notes were dropped because looking at them failed; they are among ``n_dropped``.
    """

    column: str
    kind: str
    action: Action
    n_values: int
    n_dropped: int = 0
    n_failed: int = 0
    found: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: ColumnScrub) -> ColumnScrub:
        """Both parts of one column."""
        return replace(
            self,
            n_values=self.n_values + other.n_values,
            n_dropped=self.n_dropped + other.n_dropped,
            n_failed=self.n_failed + other.n_failed,
            found=dict(sorted((Counter(self.found) + Counter(other.found)).items())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrubReport:
    """All scrubbed columns, in the schema's order."""

    n_rows: int
    columns: tuple[ColumnScrub, ...] = ()

    @property
    def entities(self) -> dict[str, int]:
        """Counts over all columns."""
        total: Counter[str] = Counter()
        for column in self.columns:
            total.update(column.found)
        return dict(sorted(total.items()))

    @property
    def n_failed(self) -> int:
        """Notes that were dropped because looking at them failed."""
        return sum(column.n_failed for column in self.columns)

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values; ``from_dict`` gives the report back."""
        columns = [{**asdict(column), "found": dict(column.found)} for column in self.columns]
        return {"n_rows": self.n_rows, "columns": columns, "entities": self.entities}

    @classmethod
    def total(cls, reports: Sequence[ScrubReport]) -> ScrubReport:
        """The report of all rows of several parts of one table, none of them empty of columns."""
        columns: dict[str, ColumnScrub] = {}
        for column in (column for report in reports for column in report.columns):
            before = columns.get(column.column)
            columns[column.column] = column if before is None else before.plus(column)
        return cls(n_rows=sum(report.n_rows for report in reports), columns=tuple(columns.values()))

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> ScrubReport:
        """The report that ``as_dict`` wrote."""
        columns = cast(list[dict[str, object]], document["columns"])
        return cls(
            n_rows=cast(int, document["n_rows"]),
            columns=tuple(ColumnScrub(**column) for column in columns),  # type: ignore[arg-type]
        )
