"""Proposing a schema to start from. Nothing of the file is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from service.intake import Upload
from service.ports import Ports
from understudy.messages import SchemaProposal, TableFormat


class FileWriter:
    """Bytes into a file of the scratch directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb", buffering=0)

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)

    def close(self) -> None:
        self._file.close()


@contextmanager
def receiving(ports: Ports) -> Iterator[tuple[Path, Upload]]:
    """A directory for the file, gone at the end of the block, and where to write its bytes."""
    with ports.folder("propose") as folder, closing(FileWriter(folder / "table")) as writer:
        yield folder, Upload(writer, ports.settings.max_upload_bytes)


def propose(folder: Path, table_format: TableFormat, ports: Ports, *, include_data: bool) -> SchemaProposal:
    """Types and PII guesses; with ``include_data`` also enums and bounds, which is not private."""
    request: dict[str, object] = {
        "source": str(folder / "table"),
        "format": table_format.value,
        "include_data": include_data,
    }
    answer = ports.sandbox("propose", request, on_progress=lambda _stage, _percent: None)
    return SchemaProposal.model_validate(answer)
