"""The processes that read rows: ``python -m service.child TASK``, started by ``sandbox.run_child``.

Each task imports what it needs when it runs, so that a child carries no more than its own work.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from service.sandbox import Progress
from service.sandbox_child import serve_child


def ingest(request: Mapping[str, object], progress: Progress) -> dict[str, object]:
    """Take a table in.

    Request: source and out (paths), format, schema (a document), limits (optional). Result: the summary's fields.
    """
    from privacy.ingest import Limits
    from privacy.ingest import ingest as take_in
    from understudy.schema import TableSchema

    limits = request.get("limits", {})
    assert isinstance(limits, dict)
    summary = take_in(
        Path(str(request["source"])),
        Path(str(request["out"])),
        format="csv" if request["format"] == "csv" else "parquet",
        schema=TableSchema.parse(request["schema"]),
        limits=Limits(**limits),
        on_progress=lambda share: progress(int(100 * share), "ingest"),
    )
    return dict(summary.as_dict())


TASKS = {"ingest": ingest}

if __name__ == "__main__":
    serve_child(TASKS)
