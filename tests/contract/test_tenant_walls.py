"""Two walls between tenants: every statement names its tenant, and on Postgres the database itself holds them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.context import TenantId
from service.store.engine import open_engine
from service.store.ledger_tables import ENTRIES
from service.store.sql import SqlDatabase
from service.store.tables import DATASETS, JOBS
from service.store.wall import ACROSS, build, stands, walled
from tests.contract.scoping import Unscoped, unscoped
from tests.contract.test_stores import job
from tests.tables import with_tables

OURS, THEIRS = TenantId("ours"), TenantId("theirs")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINE = JOBS.c.tenant == "ours"


class TestTheFirstWall:
    """``tests/contract/conftest.py`` puts the lint before every contract test; here it is broken on purpose."""

    @pytest.mark.parametrize(
        "statement",
        [
            sa.select(JOBS.c.id),
            sa.select(JOBS).where(JOBS.c.id == "j"),
            sa.select(JOBS).where(MINE | (JOBS.c.id == "j")),
            sa.select(JOBS).where(JOBS.c.tenant != "ours"),
            sa.select(JOBS, DATASETS).where(MINE, JOBS.c.dataset_id == DATASETS.c.id),
            sa.select(JOBS).where(MINE, JOBS.c.dataset_id.in_(sa.select(DATASETS.c.id))),
            sa.select(JOBS.join(DATASETS, JOBS.c.dataset_id == DATASETS.c.id)).where(MINE),
            sa.update(JOBS).where(JOBS.c.id == "j").values(percent=1),
            sa.delete(ENTRIES),
            sa.insert(DATASETS).values(id="d"),
        ],
    )
    def test_a_statement_without_its_tenant_is_found(self, statement: object) -> None:
        assert unscoped(statement) != []

    @pytest.mark.parametrize(
        "statement",
        [
            sa.select(JOBS).where(MINE, JOBS.c.id == "j"),
            sa.select(JOBS).where(MINE & (JOBS.c.state == "done") & ((JOBS.c.id == "a") | (JOBS.c.id == "b"))),
            sa.select(JOBS, DATASETS).where(MINE, DATASETS.c.tenant == JOBS.c.tenant),
            sa.update(JOBS).where(MINE).values(percent=1),
            sa.insert(DATASETS).values(id="d", tenant="ours"),
        ],
    )
    def test_one_with_it_passes(self, statement: object) -> None:
        assert unscoped(statement) == []

    def test_it_stands_before_every_contract_test(self, database: SqlDatabase) -> None:
        with pytest.raises(Unscoped), database.begin() as tx:
            tx.connection.execute(sa.select(JOBS))
        with pytest.raises(Unscoped), database.begin() as tx:
            tx.connection.execute(sa.text("SELECT id FROM jobs"))
        with database.begin() as tx:
            tx.connection.execute(sa.select(JOBS).execution_options(**{ACROSS: True}))


@pytest.fixture
def plain(new_postgres_url: Callable[[], str]) -> Iterator[SqlDatabase]:
    """A database whose tables belong to a role like the one a service should have: no superuser."""
    url = new_postgres_url()
    schema = url.rsplit("search_path%3D", 1)[-1]
    admin = open_engine(url)
    with admin.begin() as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = 'understudy_app'")) is None:
            connection.exec_driver_sql("CREATE ROLE understudy_app LOGIN NOSUPERUSER NOBYPASSRLS")
        connection.exec_driver_sql(f"GRANT ALL ON SCHEMA {schema} TO understudy_app")
    admin.dispose()
    engine = open_engine(sa.make_url(url).set(username="understudy_app").render_as_string(hide_password=False))
    database = SqlDatabase(with_tables(engine))
    for tenant in (OURS, THEIRS):
        with database.begin() as tx:
            tx.for_tenant(tenant).jobs.add(job(tenant=tenant))
    yield database
    engine.dispose()


class TestTheSecondWall:
    """Raw SQL on the service's own connection, as a forgotten condition or an injected one would run it."""

    def rows(self, database: SqlDatabase, sql: str, tenant: TenantId | None = None) -> list[tuple[object, ...]]:
        with database.begin() as tx:
            if tenant is not None:
                tx.for_tenant(tenant)
            return [tuple(row) for row in tx.connection.execute(sa.text(sql))]  # type: ignore[attr-defined]

    def test_a_transaction_sees_its_tenant_and_no_other(self, plain: SqlDatabase) -> None:
        assert self.rows(plain, "SELECT tenant FROM jobs", OURS) == [("ours",)]
        assert self.rows(plain, "SELECT tenant FROM jobs WHERE tenant = 'theirs' OR true", OURS) == [("ours",)]

    def test_one_that_has_named_none_sees_nothing(self, plain: SqlDatabase) -> None:
        assert self.rows(plain, "SELECT tenant FROM jobs") == []

    def test_a_name_does_not_outlive_its_transaction(self, plain: SqlDatabase) -> None:
        self.rows(plain, "SELECT 1", OURS)
        assert self.rows(plain, "SELECT tenant FROM jobs") == []

    def test_anothers_rows_are_neither_changed_nor_made(self, plain: SqlDatabase) -> None:
        assert self.rows(plain, "UPDATE jobs SET percent = 99 WHERE tenant = 'theirs' RETURNING id", OURS) == []
        assert self.rows(plain, "DELETE FROM jobs WHERE tenant = 'theirs' RETURNING id", OURS) == []
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            self.rows(
                plain, "INSERT INTO population_sketches (tenant, population, sketch) VALUES ('theirs', 'p', '')", OURS
            )
        assert self.rows(plain, "SELECT percent FROM jobs", THEIRS) == [(0,)]

    def test_recovery_says_that_it_means_all(self, plain: SqlDatabase) -> None:
        assert plain.open_jobs() == [("ours", "j1"), ("theirs", "j1")]

    def test_it_stands_on_every_table_and_is_built_once(self, plain: SqlDatabase) -> None:
        with plain.begin() as tx:
            build(tx.connection)  # type: ignore[arg-type]
            assert stands(tx.connection)  # type: ignore[arg-type]
            here = "relnamespace = current_schema()::regnamespace"
            forced = sa.text(f"SELECT relname FROM pg_class WHERE relforcerowsecurity AND {here}")
            assert sorted(tx.connection.scalars(forced)) == walled()  # type: ignore[attr-defined]

    def test_a_superuser_stands_above_it_and_is_told_so(self, new_postgres_url: Callable[[], str]) -> None:
        engine = open_engine(new_postgres_url())
        with_tables(engine)
        with engine.begin() as connection:
            assert not stands(connection)
        engine.dispose()
