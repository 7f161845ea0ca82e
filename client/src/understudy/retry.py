"""When a request may be sent again, and after how long. No I/O here; both clients ask.

Sent again: what was refused because there were too many (429), or while the service was away (503), as it says
itself; and whatever is safe to repeat when the connection broke: reads, and what carries an Idempotency-Key.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

CUT = (httpx.ReadError, httpx.RemoteProtocolError)
"""The connection was there and broke."""

MAX_TRIES = 4
MAX_WAIT_S = 60.0
_FIRST_WAIT_S = 0.5


def may_repeat(method: str, headers: Mapping[str, str]) -> bool:
    """True if sending the request twice does no more than sending it once."""
    return method in ("GET", "HEAD") or "Idempotency-Key" in headers


def wait_s(tries: int, *, status: int | None, retry_after: str = "", repeatable: bool) -> float | None:
    """How many seconds to wait before the next try; None to give up.

    ``tries``: how many there were. ``status``: None if there was no answer. A 429 was not begun, so that it may be
    sent again whatever it is, if its body can be.
    """
    if tries >= MAX_TRIES or not (status == 429 or (repeatable and status in (None, 503))):
        return None
    told = float(retry_after) if retry_after.isdecimal() else _FIRST_WAIT_S * 2 ** (tries - 1)
    return told if told <= MAX_WAIT_S else None
