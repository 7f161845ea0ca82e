"""A whole table from file to file, some rows at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from privacy.scrub.report import ScrubReport
from privacy.scrub.table import open_text_scrubber, scrub_table
from privacy.scrub.text import TextScrubber
from privacy.scrub.undeclared import refuse_undeclared
from understudy.schema import TableSchema

BATCH_ROWS = 20_000
_AGE = re.compile(r"(?i)(^|[^a-z])(age|alter|edad)([^a-z]|$)")


def as_safe_harbor_asks(document: Mapping[str, object]) -> dict[str, object]:
    """A proposed schema in which dates are shifted by person and ages end at 90: nobody has decided otherwise.

    In notes it is so anyway, and a date in clear beside its shifted self would tell the shift.
    Source: 45 CFR 164.514(b)(2)(i)(C). Shifted dates are no dates of the person's, but still days, not years.
    """
    fields = [dict(field) for field in document["fields"]]  # type: ignore[attr-defined]
    for field in fields:
        if "understudy:kind" in field or "understudy:operator" in field:
            continue
        if field["type"] in ("date", "datetime"):
            field["understudy:operator"] = "shift"
        elif field["type"] == "integer" and _AGE.search(str(field["name"])):
            field["understudy:operator"] = "generalise"
    return {**document, "fields": fields}


def scrub_canonical(
    source: Path,
    out: Path,
    schema: TableSchema,
    *,
    key: bytes,
    scrubber: TextScrubber | None = None,
    on_progress: Callable[[int], None] = lambda _percent: None,
) -> ScrubReport:
    """A canonical Parquet file to a scrubbed one, some rows at a time. Raises InputRefused (column-looks-identifying).

    Guarantees: the same rows as ``scrub_table`` of the whole would give, for it maps each row by itself.
    """
    file = pq.ParquetFile(source)
    refuse_undeclared(file.read(), schema)
    if scrubber is None and any(column.is_text for column in schema.columns):
        scrubber = open_text_scrubber(key)
    reports: list[ScrubReport] = []
    done = 0
    with pq.ParquetWriter(out, file.schema_arrow, compression="zstd") as writer:
        for batch in file.iter_batches(batch_size=BATCH_ROWS):
            scrubbed, report = scrub_table(pa.Table.from_batches([batch]), schema, key=key, scrubber=scrubber)
            writer.write_table(scrubbed)
            reports.append(report)
            done += batch.num_rows
            on_progress(99 * done // max(1, file.metadata.num_rows))
    return ScrubReport.total(reports)
