"""Scrubbing a file for its owner: a table or notes in, the same without identifiers out. Nothing is charged.

The output is pseudonymised, not anonymous: it goes back to whoever sent the input and nowhere else. Files live in
the scratch directory, only until they are fetched and removed, or for an hour.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.commands.ids import new_id, rfc3339
from service.commands.schemas import FileWriter
from service.context import RequestContext
from service.intake import Upload
from service.ports import Ports
from understudy.errors import Conflict, NotFound, UsageError
from understudy.messages import ScrubCreate, ScrubFormat, ScrubView
from understudy.schema import TableSchema, population_name

KEEP_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scrub:
    """One folder of the scratch directory: what was asked, what was sent, what came out."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def view(self) -> ScrubView:
        return ScrubView.model_validate_json((self.folder / "view.json").read_bytes())

    def put(self, view: ScrubView) -> None:
        (self.folder / "view.json").write_text(view.model_dump_json(), encoding="utf-8")


def create(context: RequestContext, message: ScrubCreate, ports: Ports) -> ScrubView:
    """Say what will be sent. Raises SchemaError; UsageError (schema-not-used) for notes with a schema."""
    schema = TableSchema.parse(message.table_schema) if message.table_schema else None
    if message.format is ScrubFormat.JSONL and schema is not None:
        raise UsageError("Notes as JSON lines take no schema.", code="schema-not-used")
    population = population_name(message.population if schema is None else schema.population)
    now = ports.clock.now()
    sweep(ports, now.timestamp())
    scrub = _Scrub(folder=_home(context, ports) / new_id("scrub", at=now, entropy=ports.entropy))
    scrub.folder.mkdir(mode=0o700, parents=True)
    asked = {"schema": None if schema is None else schema.as_dict(), "population": population}
    (scrub.folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    view = ScrubView(id=scrub.folder.name, format=message.format, created_at=rfc3339(now))
    scrub.put(view)
    return view


@contextmanager
def receiving(context: RequestContext, scrub_id: str, ports: Ports) -> Iterator[Upload]:
    """Take the file in. Nothing is kept if the block raises."""
    scrub = _get(context, scrub_id, ports)
    if scrub.source.exists():
        raise Conflict("The file was sent already.", code="scrub-has-content")
    writer = FileWriter(scrub.source)
    try:
        yield Upload(writer, ports.settings.max_upload_bytes)
    except BaseException:
        scrub.source.unlink(missing_ok=True)
        raise
    finally:
        writer.close()


def finish(context: RequestContext, scrub_id: str, ports: Ports) -> ScrubView:
    """Scrub what was received, in a child process. Raises InputRefused with places; then nothing is kept."""
    scrub = _get(context, scrub_id, ports)
    view = scrub.view()
    asked = json.loads((scrub.folder / "asked.json").read_text(encoding="utf-8"))
    key = ports.keys.population_key(context.tenant, asked["population"], "surrogates")
    request: dict[str, object] = {
        "source": str(scrub.source),
        "out": str(scrub.out),
        "format": view.format.value,
        "schema": asked["schema"],
        "surrogate_key": key.hex(),
        "max_bytes": ports.settings.max_upload_bytes,
        "model": str(ports.settings.scrub_model or ""),
    }
    try:
        report = ports.sandbox("scrub-file", request, on_progress=lambda _stage, _percent: None)
    except BaseException:
        shutil.rmtree(scrub.folder, ignore_errors=True)
        raise
    scrub.source.write_bytes(b"")  # the identifiers are not needed any more
    done = view.model_copy(update={"size_bytes": scrub.out.stat().st_size, "report": report})
    scrub.put(done)
    return done


def output(context: RequestContext, scrub_id: str, ports: Ports) -> Path:
    """The scrubbed file. Raises NotFound; Conflict (scrub-empty) before the file was sent."""
    scrub = _get(context, scrub_id, ports)
    if scrub.view().size_bytes is None:
        raise Conflict("The file was not sent yet.", code="scrub-empty")
    return scrub.out


def remove(context: RequestContext, scrub_id: str, ports: Ports) -> None:
    """Forget it all. Raises NotFound."""
    shutil.rmtree(_get(context, scrub_id, ports).folder, ignore_errors=True)


def _home(context: RequestContext, ports: Ports) -> Path:
    return ports.scratch / "scrubs" / context.tenant


def _get(context: RequestContext, scrub_id: str, ports: Ports) -> _Scrub:
    known = scrub_id.startswith("scrub_") and scrub_id.isascii() and scrub_id.replace("_", "").isalnum()
    scrub = _Scrub(folder=_home(context, ports) / (scrub_id if known else "-"))
    if not (scrub.folder / "view.json").exists():
        raise NotFound("There is no such scrub.", code="not-found")
    return scrub


def sweep(ports: Ports, now: float) -> None:
    """Folders that nobody fetched."""
    for folder in (ports.scratch / "scrubs").glob("*/*"):
        if folder.stat().st_mtime < now - KEEP_S:
            shutil.rmtree(folder, ignore_errors=True)
