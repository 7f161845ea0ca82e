"""The same request sent twice with one Idempotency-Key makes one job."""

from __future__ import annotations

import json

from service.auth import digest
from service.context import RequestContext
from service.ports import Repeat, TenantStores
from understudy.errors import UsageError
from understudy.messages import Message


def repeat_of(context: RequestContext, message: Message) -> Repeat | None:
    """What a request with a key is known by; None without a key. Neither key nor request is kept, only digests."""
    if not context.idempotency_key:
        return None
    body = json.dumps(message.model_dump(mode="json"), sort_keys=True)
    return Repeat(key_sha256=digest(context.idempotency_key), request_sha256=digest(body))


def job_of(repeat: Repeat | None, stores: TenantStores) -> str | None:
    """The job that the first request with this key made; None if there was none.

    Raises: UsageError (idempotency-key-reused) if that request asked for something else.
    """
    found = None if repeat is None else stores.repeats.find(repeat.key_sha256)
    if repeat is None or found is None:
        return None
    if found.request_sha256 != repeat.request_sha256:
        raise UsageError("This Idempotency-Key was used for another request.", code="idempotency-key-reused")
    return found.job_id
