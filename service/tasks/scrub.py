"""Canonical rows -> the rows that a fit and an audit may see, each person's own mapped for itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from service.filenames import PERSONS
from service.tasks.request import Request, key_of, path_of, schema_of
from understudy.schema import ColumnSchema, TableSchema

if TYPE_CHECKING:
    from privacy.ingest import Split
    from service.ports import Progress


def scrub(request: Request, on_progress: Progress) -> Request:
    """Canonical Parquet -> scrubbed training, member and control rows. A map of each person's own rows."""
    from privacy.persons import person_set
    from privacy.scrub.files import scrub_rows

    schema, out = schema_of(request), path_of(request, "out")
    on_progress("scrub", 0)
    parts = split_rows(request, schema)
    on_progress("scrub", 20)
    train, report = scrub_rows(parts.train, schema, key=key_of(request, "surrogate_key"))
    on_progress("scrub", 90)
    pq.write_table(train, out / "train.parquet", compression="zstd")
    # The audit knows people by the same pseudonyms as the training rows, or it would take them for others.
    for role, part in (("members", parts.members), ("controls", parts.controls)):
        pq.write_table(pseudonymised(part, request, schema), out / f"{role}.parquet", compression="zstd")
    (out / "scrub.json").write_text(json.dumps(report.as_dict(), sort_keys=True))
    if schema.unit.column is not None:
        persons = parts.train[schema.unit.column].unique().to_pylist()
        (out / PERSONS).write_bytes(person_set(persons, key=key_of(request, "persons_key")))
    return {}


def split_rows(request: Request, schema: TableSchema) -> Split:
    """The canonical rows, capped per person and split by person."""
    from privacy.ingest import bound_rows, split

    bounded = bound_rows(pq.read_table(path_of(request, "canonical")), schema, key=key_of(request, "rows_key"))
    return split(bounded, schema, key=key_of(request, "audit_key"), audit_share=cast(float, request["audit_share"]))


def kept(schema: TableSchema) -> tuple[ColumnSchema, ...]:
    """What an engine models, and who each row is of: discovery of categories counts persons, not rows."""
    return tuple(column for column in schema.columns if column.is_modelled or column.name == schema.unit.column)


def pseudonymised(rows: pa.Table, request: Request, schema: TableSchema) -> pa.Table:
    """The kept columns, scrubbed with the population's key."""
    from privacy.scrub.table import scrub_table

    columns = kept(schema)
    selected = rows.select([column.name for column in columns])
    scrubbed, _ = scrub_table(selected, replace(schema, columns=columns), key=key_of(request, "surrogate_key"))
    return scrubbed
