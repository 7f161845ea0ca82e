"""What the use cases need from the outside, as protocols. Adapters live in store/ and worker.py.

Stores of tenant data exist only per tenant: there is no way to ask for a row without saying whose.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from privacy.ledger import Head, LedgerStore
from privacy.sketch import Sketch
from service.context import TenantId
from service.jobs import Job
from service.settings import Settings
from understudy.messages import DatasetState, TableFormat

Entropy = Callable[[int], bytes]
"""n -> n random bytes; os.urandom outside tests."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A declared table. ``schema`` is the Frictionless document, ``facts`` are owner-only counts."""

    id: str
    tenant: str
    population: str
    format: TableFormat
    schema: dict[str, object]
    created_at: datetime
    state: DatasetState = DatasetState.EMPTY
    blob: str | None = None
    size_bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential; only the digest of its secret is kept."""

    id: str
    tenant: TenantId
    secret_sha256: str
    created_at: datetime


class TenantStore(Protocol):
    """Tenants, their keys, and the one-time bootstrap credential. The only store that crosses tenants."""

    def add(self, tenant: TenantId, created_at: datetime) -> None:
        """Raises Conflict if the name is taken."""

    def names(self) -> Sequence[TenantId]: ...

    def add_key(self, key: ApiKey) -> None: ...

    def find_key(self, key_id: str) -> ApiKey | None: ...

    def set_bootstrap(self, secret_sha256: str) -> None:
        """Keep the digest of the credential that may open the first tenant."""

    def take_bootstrap(self, secret_sha256: str) -> bool:
        """True once, for the digest that was set; it is used up then."""

    def has_bootstrap(self) -> bool:
        """True if a bootstrap credential was ever made, used or not."""


class DatasetStore(Protocol):
    """One tenant's datasets."""

    def add(self, dataset: Dataset) -> None: ...

    def get(self, dataset_id: str) -> Dataset:
        """Raises NotFound, for another tenant's dataset too."""

    def put(self, dataset: Dataset) -> None:
        """Replace a dataset that exists."""

    def remove(self, dataset_id: str) -> None: ...

    def all(self) -> Sequence[Dataset]: ...


class JobStore(Protocol):
    """One tenant's jobs."""

    def add(self, job: Job) -> None: ...

    def get(self, job_id: str) -> Job:
        """Raises NotFound, for another tenant's job too."""

    def put(self, job: Job) -> None:
        """Replace a job that exists. Raises Conflict if it has ended meanwhile."""

    def all(self) -> Sequence[Job]: ...

    def open_with(self, fingerprint: str) -> Job | None:
        """An unfinished job of this fingerprint, the newest."""

    def count_done(self, dataset_sha256: str) -> int:
        """How many jobs ended well on a table with this digest."""

    def count_withheld(self, dataset_sha256: str, codes: Sequence[str]) -> int:
        """How many jobs on a table with this digest failed with one of these codes."""


class OverlapStore(Protocol):
    """Which populations of one tenant hold the same people."""

    def add(self, population: str, sketch: Sketch) -> None:
        """Add a table's units to their population, and note every other population that holds the same people."""

    def undecided(self, population: str) -> Sequence[str]:
        """The populations that this one seems to be, about which nobody has decided."""

    def decide(self, population: str, other: str) -> None:
        """A steward says that these are different people."""


class TenantStores(Protocol):
    """Everything of one tenant, inside one transaction."""

    @property
    def datasets(self) -> DatasetStore: ...

    @property
    def jobs(self) -> JobStore: ...

    @property
    def ledger(self) -> LedgerStore: ...

    @property
    def overlaps(self) -> OverlapStore: ...


class Transaction(Protocol):
    """One transaction: all or nothing, and serial with every other that writes the ledger."""

    @property
    def tenants(self) -> TenantStore: ...

    def for_tenant(self, tenant: TenantId) -> TenantStores: ...

    @property
    def connection(self) -> object:
        """The database's own handle, for a queue that enqueues in the same transaction."""


class Anchor(Protocol):
    """Where the end of each tenant's ledger is kept outside the database, so that a restored copy is noticed."""

    def read(self, tenant: TenantId) -> Head | None:
        """The furthest end that was written; None if there is none."""

    def write(self, tenant: TenantId, head: Head) -> None:
        """Keep an end, unless one further on is kept already. Called after the commit; never raises."""

    def reset(self, tenant: TenantId, head: Head) -> None:
        """Begin anew at this end: an operator accepted a restored database. What was kept stays legible."""

    def tenants(self) -> Sequence[TenantId]:
        """Whose ends are kept."""


class Database(Protocol):
    """Where transactions come from."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Commits at the end of the block, rolls back on any exception."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Sees one moment, waits for no writer, and cannot write."""

    @property
    def anchor(self) -> Anchor | None:
        """Where the ends of the ledgers are kept too."""

    def ledger_tenants(self) -> Sequence[TenantId]:
        """Every tenant that has a ledger.  # cross-tenant: anchors, recovery"""

    def open_jobs(self) -> Sequence[tuple[TenantId, str]]:
        """(tenant, job id) of every unfinished job, for the settler.  # cross-tenant: recovery"""


class JobQueue(Protocol):
    """A durable queue of job ids."""

    def enqueue(self, tx: Transaction, tenant: TenantId, job_id: str) -> None:
        """In the transaction given: a rollback leaves no job behind."""


class BlobWriter(Protocol):
    """A blob being written. Nothing is visible under its key before the block ends well."""

    @property
    def path(self) -> Path:
        """The file under way."""

    def write(self, chunk: bytes) -> None: ...


class BlobStore(Protocol):
    """Bytes by key. Keys are made by the service, never by a caller."""

    def create(self, key: str) -> AbstractContextManager[BlobWriter]:
        """Write a blob; published at the end of the block, gone after any exception."""

    def path(self, key: str) -> Path:
        """A local file with the blob's bytes, to read only. Raises NotFound."""

    def open(self, key: str) -> BinaryIO:
        """Raises NotFound."""

    def size_bytes(self, key: str) -> int: ...

    def remove(self, prefix: str) -> None:
        """Remove every blob under a prefix; it is no error if there is none."""

    def keys(self, prefix: str) -> Iterator[str]: ...


class Keys(Protocol):
    """Secret keys by purpose."""

    def population_key(self, tenant: str, population: str, purpose: str) -> bytes:
        """32 secret bytes, the same for ever for the same three names."""


Progress = Callable[[str, int], None]
"""Called with a stage and 0 to 100."""


class Sandbox(Protocol):
    """Runs one task on private data in a child process with limits."""

    def __call__(self, task: str, request: dict[str, object], *, on_progress: Progress) -> dict[str, object]:
        """Raises the task's own UnderstudyError, or Failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All adapters, put together once by bootstrap."""

    database: Database
    blobs: BlobStore
    queue: JobQueue
    keys: Keys
    clock: Clock
    sandbox: Sandbox
    settings: Settings
    scratch: Path
    entropy: Entropy

    @contextlib.contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        """A directory of the scratch space, readable by its owner only, gone at the end of the block."""
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self.scratch, prefix=f"{prefix}-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)
