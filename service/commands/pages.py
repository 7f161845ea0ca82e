"""Pages of a list: how a cursor is written, and what a caller may ask for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from service.ports import Cut
from understudy.errors import UsageError

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class Listed(Protocol):
    """Something that a list has: oldest first, by its id where two are as old."""

    @property
    def id(self) -> str: ...

    @property
    def created_at(self) -> datetime: ...


T = TypeVar("T", bound=Listed)


def cut_of(*, limit: int, cursor: str, population: str, state: str) -> Cut:
    """What part of a list is asked for. Raises UsageError (page-invalid)."""
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"A page has 1 to {MAX_LIMIT} entries.", code="page-invalid")
    return Cut(limit=limit, after=_place(cursor) if cursor else None, population=population, state=state)


def page_of(cut: Cut, read: Callable[[Cut], Sequence[T]]) -> tuple[Sequence[T], str]:
    """A page, and the cursor of the next one; empty if this is the last."""
    found = read(Cut(limit=cut.limit + 1, after=cut.after, population=cut.population, state=cut.state))
    page = found[: cut.limit]
    return page, _cursor(page[-1]) if len(found) > cut.limit else ""


def _cursor(last: Listed) -> str:
    text = f"{last.created_at.isoformat()} {last.id}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, identity = text.partition(" ")
        moment = datetime.fromisoformat(at)
        moment.astimezone()
    except (ValueError, OverflowError, binascii.Error):
        raise _unknown() from None
    if moment.tzinfo is None or not identity.isascii() or not identity.isprintable():
        raise _unknown()
    return moment, identity


def _unknown() -> UsageError:
    return UsageError("This cursor is not one that a list has given.", code="page-invalid")
