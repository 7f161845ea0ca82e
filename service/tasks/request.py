"""What a task is asked and answers: plain JSON, with paths, schemas and keys as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from understudy.schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.ports import Progress

Request = dict[str, object]
Task: TypeAlias = "Callable[[Request, Progress], Request]"


def path_of(request: Request, key: str) -> Path:
    """A file or directory that the request names."""
    return Path(cast(str, request[key]))


def schema_of(request: Request) -> TableSchema:
    """The declared facts."""
    return TableSchema.parse(request["schema"])


def key_of(request: Request, key: str) -> bytes:
    """A secret key."""
    return bytes.fromhex(cast(str, request[key]))


def environments_of(request: Request) -> Path | None:
    """Where sealed engines have their environments; a request of before has none."""
    return path_of(request, "engines") if "engines" in request else None
