"""A table in a temporary directory, and ingest called on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privacy.ingest import Limits, ingest
from understudy.errors import InputRefused
from understudy.schema import TableSchema


@pytest.fixture
def schema_of() -> Callable[..., TableSchema]:
    """``schema_of(age="integer", sex={"type": "string", ...}, unit="id")``."""

    def make(
        *, unit: str | None = None, max_rows: int = 1, missing: list[str] | None = None, **columns: object
    ) -> TableSchema:
        fields = [
            {"name": name, **(entry if isinstance(entry, dict) else {"type": entry})} for name, entry in columns.items()
        ]
        document: dict[str, object] = {"fields": fields}
        if unit is not None:
            document["understudy:privacyUnit"] = {"column": unit, "maxRows": max_rows}
        if missing is not None:
            document["missingValues"] = missing
        return TableSchema.parse(document)

    return make


@pytest.fixture
def take_csv(tmp_path: Path) -> Callable[..., pa.Table]:
    """Ingest CSV text or bytes and read the canonical table back."""

    def take(content: str | bytes, schema: TableSchema, **limits: int) -> pa.Table:
        source = tmp_path / "in.csv"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        out = tmp_path / "out.parquet"
        ingest(source, out, format="csv", schema=schema, limits=Limits(**limits))
        table = pq.read_table(out)
        out.unlink()
        return table

    return take


@pytest.fixture
def take_parquet(tmp_path: Path) -> Callable[..., pa.Table]:
    """Write an Arrow table as Parquet, ingest it and read the canonical table back."""

    def take(table: pa.Table, schema: TableSchema, **limits: int) -> pa.Table:
        source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
        pq.write_table(table, source)
        ingest(source, out, format="parquet", schema=schema, limits=Limits(**limits))
        table = pq.read_table(out)
        out.unlink()
        return table

    return take


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., InputRefused]:
    """Call and return the refusal, after a look that nothing was left behind."""

    def call(take: Callable[..., pa.Table], *arguments: object, **limits: int) -> InputRefused:
        with pytest.raises(InputRefused) as caught:
            take(*arguments, **limits)
        assert not list(tmp_path.glob("out.parquet*"))
        assert caught.value.__cause__ is None
        return caught.value

    return call
