"""Files of a caller outside any job: a schema proposed for one, the identifiers taken out of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pyarrow.parquet as pq

from service.tasks.output import write_csv
from service.tasks.request import Request, key_of, path_of
from understudy.schema import TableSchema

if TYPE_CHECKING:
    from service.ports import Progress


def propose(request: Request, on_progress: Progress) -> Request:
    """A file -> a schema to start from: names, types and PII guesses; enums and bounds only if asked."""
    from privacy.propose import propose_schema

    on_progress("propose", 0)
    return propose_schema(
        path_of(request, "source"),
        format=cast("str", request["format"]),  # type: ignore[arg-type]
        include_data=bool(request["include_data"]),
    )


def scrub_file(request: Request, on_progress: Progress) -> Request:
    """A file of a caller -> the same without identifiers, and the counts of what was found. A table without a schema
    gets the kinds that its names and values show, its dates are shifted and its ages end at 90; what looks identifying
    and has no kind is refused."""
    from privacy.ingest import Limits
    from privacy.ingest import ingest as take_in
    from privacy.propose import propose_schema
    from privacy.scrub.files import as_safe_harbor_asks, scrub_canonical
    from privacy.scrub.notes import scrub_notes
    from privacy.scrub.table import open_text_scrubber

    source, out, key = path_of(request, "source"), path_of(request, "out"), key_of(request, "surrogate_key")
    kind, model = cast(str, request["format"]), cast(str, request["model"])
    scrubber = open_text_scrubber(key, model=Path(model)) if model else None

    def observe(percent: int) -> None:
        on_progress("scrub", percent)

    if kind == "jsonl":
        return scrub_notes(source, out, scrubber or open_text_scrubber(key), on_progress=observe).as_dict()
    document = request["schema"]
    if document is None:
        proposal = propose_schema(source, format=kind, include_data=False)  # type: ignore[arg-type]
        document = as_safe_harbor_asks(proposal["table_schema"])  # type: ignore[arg-type]
    schema = TableSchema.parse(document)
    canonical, scrubbed = out.with_suffix(".in.parquet"), out.with_suffix(".parquet")
    limits = Limits(max_bytes=cast(int, request["max_bytes"]))
    try:
        take_in(source, canonical, format=kind, schema=schema, limits=limits)  # type: ignore[arg-type]
        report = scrub_canonical(canonical, scrubbed, schema, key=key, scrubber=scrubber, on_progress=observe)
    finally:
        canonical.unlink(missing_ok=True)
    if kind == "csv":
        write_csv(pq.read_table(scrubbed), out)
        scrubbed.unlink()
    else:
        scrubbed.replace(out)
    return report.as_dict()
