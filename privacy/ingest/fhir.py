"""FHIR NDJSON in, as bulk exports write it: one resource a line, one kind of resource a file.

A schema declares those of the kind's columns (``fhir_columns``) that it wants; what it does not declare is not read.
A row belongs to its patient: the schema must say so, so that nobody's many rows pass for many people.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from privacy.ingest.faults import refusal
from privacy.ingest.fhir_columns import COLUMNS, UNIT, rows_of
from privacy.ingest.json_lines import objects
from privacy.ingest.limits import Limits
from privacy.ingest.records import Record
from understudy.errors import Place
from understudy.schema import TableSchema


def kind_of(path: Path) -> str:
    """The kind of resource that a file begins with. Raises: InputRefused with empty-file, not-fhir or a line's."""
    for line, _, resource in objects(path):
        return _kind(resource.get("resourceType"), line)
    raise refusal("empty-file")


class FhirLines:
    """A file of FHIR resources of one kind."""

    def __init__(self, path: Path, schema: TableSchema, _limits: Limits) -> None:
        """Raises: InputRefused with not-fhir, fhir-unit, or column-missing for what the kind has not."""
        self._path = path
        self._kind = kind_of(path)
        self.names: Sequence[str] = schema.names
        known = {column.name: column for column in COLUMNS[self._kind]}
        if strange := [name for name in schema.names if name not in known]:
            raise refusal("column-missing", *(Place(column=name) for name in strange))
        if schema.unit.column != UNIT:
            raise refusal("fhir-unit")
        self._columns = [known[name] for name in schema.names]

    def records(self) -> Iterator[Record]:
        """See ``RecordReader``."""
        for line, share, resource in objects(self._path):
            if _kind(resource.get("resourceType"), line) != self._kind:
                raise refusal("fhir-mixed", Place(line=line))
            for row in rows_of(resource):
                yield Record(line, share, [column.read(row) for column in self._columns])


def _kind(name: object, line: int) -> str:
    if not isinstance(name, str) or name not in COLUMNS:
        raise refusal("not-fhir", Place(line=line))
    return name
