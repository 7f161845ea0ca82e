"""A synthetic table as it leaves: all declared columns, as Parquet and as CSV that a spreadsheet may open."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from understudy.schema import TableSchema


def assemble(schema: TableSchema, modelled: pa.Table, invented: dict[str, pa.Array]) -> pa.Table:
    """All declared columns in their order: modelled, invented, and free text, which is withheld as null."""
    columns: list[pa.Array | pa.ChunkedArray] = []
    for column in schema.columns:
        if column.is_modelled:
            columns.append(modelled[column.name])
        elif column.name in invented:
            columns.append(invented[column.name])
        else:
            columns.append(pa.nulls(modelled.num_rows, pa.string()))
    return pa.table(columns, names=list(schema.names))


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: pa.Table, path: Path) -> None:
    """The table as RFC 4180 CSV, readable with its own schema, and safe to open in a spreadsheet.

    A text cell that a spreadsheet would run as a formula gets a leading apostrophe (OWASP ASVS 1.2.10);
    Parquet stays exact. Missing is an unquoted empty cell.
    """
    columns = [_csv_column(column) for column in table.columns]
    pyarrow.csv.write_csv(pa.table(columns, names=table.column_names), path)


def _csv_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        return pc.strftime(pc.cast(column, pa.timestamp("s"), safe=False), format="%Y-%m-%dT%H:%M:%S")
    if not pa.types.is_string(column.type):
        return column
    risky = pc.is_in(pc.utf8_slice_codeunits(column, 0, 1), pa.array(_FORMULA))
    is_number = pc.match_substring_regex(column, r"^[+-]?[0-9][0-9.,eE+-]*$")
    escaped = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(pc.and_(risky, pc.invert(is_number)), escaped, column)
