"""How long what is kept. Pure: a policy, a moment and what is known of a table or a release in, yes or no out.

A table's raw rows by default go an hour after the last job on them has ended, and at least one ended well: long enough
to look at the result and ask again, or for a price curve, and then nothing more can be taken from them. Whoever needs
them longer says so, for the tenant or for one table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from understudy.errors import UsageError

UNTIL_JOB_DONE = "until-job-done"
FOREVER = "forever"
GRACE = timedelta(hours=1)
"""Between the end of the last job and the end of the rows, so that a second question does not need a second upload."""

ABANDONED = timedelta(days=30)
"""Rows that no job has used go too, unless they are kept for ever."""

_DAYS = re.compile(r"days:([1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a tenant has decided. ``retrain``: what an erasure does to releases by itself."""

    keep_raw: str = UNTIL_JOB_DONE
    keep_bundles: str = FOREVER
    retrain: bool = False


def check_raw(text: str) -> str:
    """``until-job-done``, ``days:N`` or ``forever``. Raises UsageError (retention-invalid)."""
    if text not in (UNTIL_JOB_DONE, FOREVER):
        _days(text, "raw rows are kept until-job-done, days:N or forever")
    return text


def check_bundles(text: str) -> str:
    """``days:N`` or ``forever``. Raises UsageError (retention-invalid)."""
    if text != FOREVER:
        _days(text, "bundles are kept days:N or forever")
    return text


def raw_is_due(keep: str, created_at: datetime, idle_since: datetime | None, now: datetime) -> bool:
    """True if a table's rows are to go now, if no job needs them.

    ``idle_since``: since when no job has been open on the table, after one that ended with a release; None before.
    """
    if keep == FOREVER:
        return False
    if keep != UNTIL_JOB_DONE:
        return now - created_at >= _days(keep, "")
    return now - idle_since >= GRACE if idle_since is not None else now - created_at >= ABANDONED


def bundle_is_due(keep: str, created_at: datetime, now: datetime) -> bool:
    """True if a release's files are to go now."""
    return keep != FOREVER and now - created_at >= _days(keep, "")


def _days(text: str, what: str) -> timedelta:
    match = _DAYS.fullmatch(text)
    if match is None:
        raise UsageError(f"Not a retention policy: {what}.", code="retention-invalid")
    return timedelta(days=int(match[1]))
