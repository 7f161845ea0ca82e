"""How often one caller may ask, and how many calls of one tenant may be under way: the only door to ``limits``.

Counted in this process: several API processes allow so many times as much. Nothing of it is stored, and one
tenant's counts are never seen by another.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from service.context import Principal, TenantId
from service.ports import Door
from understudy.errors import RateLimited


class Limiter:
    """``per_minute`` requests of one caller; of one tenant, ``at_once`` calls that hold a thread and ``http_at_once``
    HTTP requests under way. 0: no limit.
    """

    def __init__(
        self, *, per_minute: int, at_once: int, http_at_once: int = 0, now: Callable[[], float] = time.time
    ) -> None:
        self._item = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._at_once = {Door.GRPC: at_once, Door.HTTP: http_at_once}
        self._now = now
        self._lock = threading.Lock()
        self._open: Counter[tuple[TenantId, Door]] = Counter()

    def admit(self, principal: Principal) -> None:
        """Count a request. Raises RateLimited with ``retry_after_s``; such a request is not counted."""
        if self._item is None or self._windows.hit(self._item, principal.tenant, principal.actor):
            return
        reset = self._windows.get_window_stats(self._item, principal.tenant, principal.actor).reset_time
        raise _too_many(max(1, math.ceil(reset - self._now())))

    @contextmanager
    def slot(self, tenant: TenantId, door: Door = Door.GRPC) -> Iterator[None]:
        """Room for one call of a tenant, given back at the end. Raises RateLimited if it has too many under way."""
        who, most = (tenant, door), self._at_once[door]
        with self._lock:
            if most and self._open[who] >= most:
                raise _too_many(1)
            self._open[who] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[who] -= 1
                if not self._open[who]:
                    del self._open[who]


def _too_many(seconds: int) -> RateLimited:
    return RateLimited("Too many requests; ask again later.", facts={"retry_after_s": str(seconds)})
