"""The audit log and the keys of a tenant, the same on every database."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.audit import AuditEntry, AuditEvent, AuditStore, Outcome
from service.context import TenantId
from service.ports import ApiKey
from service.store.audit_tables import AUDIT_ENTRIES, AUDIT_HEADS
from service.store.sql import SqlDatabase
from tests.tables import with_tables
from understudy.errors import Conflict, Forbidden, NotFound
from understudy.messages import Role

OURS, THEIRS = TenantId("ours"), TenantId("theirs")
NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def act(n: int = 0, **changes: object) -> AuditEvent:
    fields: dict[str, object] = {
        "at": NOW + timedelta(seconds=n),
        "actor": "key:0123456789abcdef",
        "action": "grant_budget",
        "outcome": Outcome.SUCCESS,
        "entity": "Größe / ward",
        "request_id": "a" * 32,
    }
    return AuditEvent(**fields | changes)  # type: ignore[arg-type]


def write(database: SqlDatabase, n: int, tenant: TenantId = OURS) -> None:
    for number in range(n):
        with database.begin() as tx:
            tx.for_tenant(tenant).audit.append(act(number))


def test_what_is_appended_is_read_in_order_and_verifies(database: SqlDatabase) -> None:
    write(database, 3)
    write(database, 1, THEIRS)
    with database.read() as tx:
        port: AuditStore = tx.for_tenant(OURS).audit
        entries = port.entries()
        assert [entry.n for entry in entries] == [1, 2, 3]
        assert entries[1].event == act(1)
        assert [entry.n for entry in port.entries(after=1, limit=1)] == [2]
        assert (port.check().n_entries, port.check().faults) == (3, ())
        assert tx.for_tenant(THEIRS).audit.check().n_entries == 1
        assert tx.for_tenant(TenantId("nobody")).audit.check().n_entries == 0


def altered(table: sa.Table, n: int, **values: object) -> sa.Update:
    entry = table.c.n == n if "n" in table.c else sa.true()
    return sa.update(table).where(table.c.tenant == OURS, entry).values(values)


def removed(*numbers: int) -> sa.Delete:
    return sa.delete(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.tenant == OURS, AUDIT_ENTRIES.c.n.in_(numbers))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (altered(AUDIT_ENTRIES, 2, actor="someone"), "entry 2 is not what was written"),
        (altered(AUDIT_ENTRIES, 3, outcome="denied"), "entry 3 is not what was written"),
        (removed(2), "entry 2 is not what was written"),
        (removed(3), "the last entries are not there"),
        (removed(1, 2, 3), "the last entries are not there"),
        (altered(AUDIT_HEADS, 0, n_entries=2), "the last entries are not there"),
    ],
    ids=["actor", "outcome", "middle", "last", "all", "end"],
)
def test_a_log_that_was_tampered_with_does_not_verify(
    database: SqlDatabase, statement: sa.Update | sa.Delete, fault: str
) -> None:
    write(database, 3)
    with database.begin() as tx:
        tx.for_tenant(OURS)
        tx.connection.execute(statement)
    with database.read() as tx:
        assert tx.for_tenant(OURS).audit.check().faults == (fault,)


def test_an_act_that_is_rolled_back_leaves_no_entry_and_feeds_nobody(engine: sa.Engine) -> None:
    fed: list[AuditEntry] = []

    class Feed:
        def __call__(self, entry: AuditEntry) -> None:
            fed.append(entry)

        def close(self) -> None:
            return

    database = SqlDatabase(with_tables(engine), feed=Feed())
    with contextlib.suppress(Conflict), database.begin() as tx:
        tx.for_tenant(OURS).audit.append(act())
        raise Conflict("not to be")
    assert fed == []
    write(database, 2)
    assert [entry.n for entry in fed] == [1, 2]
    with database.read() as tx:
        assert tx.for_tenant(OURS).audit.check().n_entries == 2


def test_eight_who_write_at_once_make_one_chain(database: SqlDatabase) -> None:
    threads = [threading.Thread(target=write, args=(database, 4)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as tx:
        state = tx.for_tenant(OURS).audit.check()
    assert (state.n_entries, state.faults) == (32, ())


@pytest.mark.parametrize(
    "change",
    [
        {"action": "not one word"},
        {"action": ""},
        {"code": "Jane Doe"},
        {"entity": "a\nb"},
        {"entity": "x" * 251},
        {"actor": "\x00"},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - the fault itself
    ],
)
def test_an_event_that_could_hold_anything_is_a_programming_error(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"name|word|moment"):
        act(**change)


def key(id: str = "k1", tenant: TenantId = OURS) -> ApiKey:
    return ApiKey(
        id=id,
        tenant=tenant,
        secret_sha256="ab" * 32,
        created_at=NOW,
        name="nightly",
        roles=(Role.ANALYST, Role.AUDITOR),
        scopes=("jobs:read",),
        expires_at=NOW + timedelta(days=1),
    )


class TestKeys:
    def test_a_key_keeps_all_that_it_is(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).api_keys.add(key())
            tx.for_tenant(THEIRS).api_keys.add(key("k2", THEIRS))
            tx.tenants.used_key("k1", NOW)
        with database.read() as tx:
            (found,) = tx.for_tenant(OURS).api_keys.all()
            assert found.last_used_at == NOW
            assert tx.tenants.find_key("k2") == key("k2", THEIRS)

    def test_a_revoked_key_stays_revoked_as_of_the_first_time(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).api_keys.add(key())
            tx.for_tenant(OURS).api_keys.revoke("k1", NOW)
            tx.for_tenant(OURS).api_keys.revoke("k1", NOW + timedelta(days=9))
        with database.read() as tx:
            (found,) = tx.for_tenant(OURS).api_keys.all()
        assert found.revoked_at == NOW

    def test_anothers_key_is_nobodys(self, database: SqlDatabase) -> None:
        with database.begin() as tx:
            tx.for_tenant(OURS).api_keys.add(key())
            with pytest.raises(NotFound):
                tx.for_tenant(THEIRS).api_keys.revoke("k1", NOW)
            with pytest.raises(Forbidden):
                tx.for_tenant(THEIRS).api_keys.add(key("k3"))
            with pytest.raises(Conflict):
                tx.for_tenant(OURS).api_keys.add(key())
