"""How many bytes of tables one tenant may keep here: what is stored as it was uploaded, and uploads under way.

Checked when an upload begins and with every chunk. Uploads of one tenant that run beside each other see what was there
when each began, so together they may pass the cap by less than they are.
"""

from __future__ import annotations

from service.context import TenantId
from service.ports import Ports
from understudy.errors import Conflict

FULL = "tenant-storage-full"


class Room:
    """What a tenant may still send, from the moment at which it was asked for."""

    def __init__(self, tenant: TenantId, ports: Ports) -> None:
        """Raises Conflict (tenant-storage-full) if there is no room for a single byte."""
        with ports.database.read() as tx:
            stores = tx.for_tenant(tenant)
            used = stores.datasets.stored_bytes() + stores.uploads.stored_bytes()
        self._limit_bytes = ports.settings.max_tenant_bytes
        self._left_bytes = self._limit_bytes - used
        if self._left_bytes <= 0:
            raise self._full()

    def take(self, size_bytes: int) -> None:
        """Raises Conflict (tenant-storage-full) if there is no room for these bytes too."""
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise self._full()

    def _full(self) -> Conflict:
        limit = {"limit_bytes": f"{self._limit_bytes}"}
        return Conflict("The tenant keeps as many bytes as it may: remove tables first.", code=FULL, facts=limit)
