"""What the use cases need from the outside, as protocols. Adapters live in store/ and worker.py.

Stores of tenant data exist only per tenant: there is no way to ask for a row without saying whose.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from privacy.ledger import Head, LedgerStore
from privacy.sketch import Sketch
from service.audit import AuditEntry, AuditStore
from service.context import Principal, TenantId
from service.jobs import Job
from service.retention import Policy
from service.settings import Settings
from service.tracing import Fact, Span
from understudy.messages import DatasetState, ReleaseState, Role, TableFormat

Entropy = Callable[[int], bytes]
"""n -> n random bytes; os.urandom outside tests."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present moment, timezone-aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A declared table. ``schema`` is the Frictionless document, ``facts`` are owner-only counts.

    ``source``: the connection that its rows were pulled from, ``source_version`` the ETag of an object; else empty.
    """

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
    keep_raw: str = ""
    idle_since: datetime | None = None
    release_of: str = ""
    generation: int = 0
    sheet: str = ""
    source: str = ""
    source_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What left, or may leave, as the bundle of a job: kept when its files and its dataset are gone.

    ``generation``: 1 if it was made of real rows, one more than what it was made from otherwise (``made_from``, a job).
    ``sketch``: keyed hashes of its rows (``privacy.resemblance``).
    """

    tenant: str
    job_id: str
    dataset_id: str
    population: str
    created_at: datetime
    n_rows: int
    generation: int
    made_from: str = ""
    state: ReleaseState = ReleaseState.CURRENT
    superseded_by: str = ""
    has_files: bool = True
    sketch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A credential; only the digest of its secret is kept."""

    id: str
    tenant: TenantId
    secret_sha256: str
    created_at: datetime
    name: str = ""
    roles: tuple[Role, ...] = (Role.TENANT_ADMIN,)
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A part of a list: at most ``limit`` entries after a place, which is a moment and an id; empty filters: all."""

    limit: int
    after: tuple[datetime, str] | None = None
    population: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A request that was sent with an Idempotency-Key, and the job that the first one made."""

    key_sha256: str
    request_sha256: str
    job_id: str = ""


class TenantStore(Protocol):
    """Tenants, their keys, and the one-time bootstrap credential. The only store that crosses tenants."""

    def add(self, tenant: TenantId, created_at: datetime) -> None:
        """Raises Conflict if the name is taken."""

    def names(self) -> Sequence[TenantId]: ...

    def add_key(self, key: ApiKey) -> None: ...

    def find_key(self, key_id: str) -> ApiKey | None: ...

    def used_key(self, key_id: str, at: datetime) -> None:
        """Remember when a key was last used."""

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

    def stored_bytes(self) -> int:
        """The size of all tables whose rows are there, as they were uploaded."""

    def page(self, cut: Cut) -> Sequence[Dataset]:
        """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """That a job used a table: is it open, and did it end with a release?"""

    job_id: str
    dataset_id: str
    is_open: bool
    has_release: bool


class JobStore(Protocol):
    """One tenant's jobs."""

    def add(self, job: Job) -> None: ...

    def get(self, job_id: str) -> Job:
        """Raises NotFound, for another tenant's job too."""

    def put(self, job: Job) -> None:
        """Replace a job that exists. Raises Conflict if it has ended, or a later attempt has begun, meanwhile."""

    def lock(self, job_id: str) -> Job:
        """The job; nobody else changes it before the transaction ends. Raises NotFound."""

    def claim(self, job_id: str) -> Job:
        """The job with one more attempt under way; nothing can be put under an older one. Raises NotFound, Conflict."""

    def count_open(self) -> int:
        """How many jobs have not ended."""

    def all(self) -> Sequence[Job]: ...

    def page(self, cut: Cut) -> Sequence[Job]:
        """Oldest first."""

    def uses(self) -> Sequence[Use]:
        """Every job in a word or two, for who looks at all of them often."""

    def open_with(self, fingerprint: str) -> Job | None:
        """An unfinished job of this fingerprint, the newest."""

    def count_done(self, dataset_sha256: str) -> int:
        """How many jobs ended well on a table with this digest."""

    def count_withheld(self, dataset_sha256: str, codes: Sequence[str]) -> int:
        """How many jobs on a table with this digest failed with one of these codes."""


class RepeatStore(Protocol):
    """One tenant's Idempotency-Keys."""

    def find(self, key_sha256: str) -> Repeat | None:
        """What was first asked with this key."""

    def add(self, repeat: Repeat, job_id: str, at: datetime) -> None:
        """Raises Conflict if the key was used meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPart:
    """Bytes ``start`` to ``end`` of a table that is being sent, and the blob that holds them."""

    start: int
    end: int
    blob: str
    received_at: datetime


class UploadStore(Protocol):
    """One tenant's uploads under way."""

    def parts(self, dataset_id: str) -> Sequence[UploadPart]:
        """In their order; empty if nothing has arrived."""

    def add(self, dataset_id: str, part: UploadPart) -> None:
        """Raises Conflict (upload-offset-taken) if another part begins there."""

    def clear(self, dataset_id: str) -> None:
        """Forget the parts of a dataset; it is no error if there are none."""

    def stored_bytes(self) -> int:
        """The size of all parts."""

    def still_since(self, moment: datetime) -> Sequence[str]:
        """The datasets whose last part came at this moment or before."""


class KeyStore(Protocol):
    """One tenant's API keys."""

    def add(self, key: ApiKey) -> None:
        """Raises Conflict if the key's id is taken."""

    def all(self) -> Sequence[ApiKey]:
        """Oldest first, those that are revoked too."""

    def revoke(self, key_id: str, at: datetime) -> None:
        """Raises NotFound, for another tenant's key too. A key that is revoked already stays as it is."""


class OverlapStore(Protocol):
    """Which populations of one tenant hold the same people."""

    def add(self, population: str, sketch: Sketch) -> None:
        """Add a table's units to their population, and note every other population that holds the same people."""

    def undecided(self, population: str) -> Sequence[str]:
        """The populations that this one seems to be, about which nobody has decided."""

    def decide(self, population: str, other: str) -> None:
        """A steward says that these are different people."""


class ReleaseStore(Protocol):
    """One tenant's releases."""

    def add(self, release: Release) -> None:
        """A job has one release: added once more, nothing changes."""

    def get(self, job_id: str) -> Release:
        """Raises NotFound."""

    def find(self, job_id: str) -> Release | None:
        """The release of a job, if there is one."""

    def put(self, release: Release) -> None:
        """Replace a release that exists."""

    def all(self) -> Sequence[Release]:
        """Oldest first."""

    def summaries(self) -> Sequence[Release]:
        """All, without their sketches, which are long."""


class RetentionStore(Protocol):
    """How long one tenant keeps what."""

    def get(self) -> Policy:
        """The defaults until the tenant has decided."""

    def put(self, policy: Policy) -> None: ...


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

    @property
    def releases(self) -> ReleaseStore: ...

    @property
    def retention(self) -> RetentionStore: ...

    @property
    def audit(self) -> AuditStore: ...

    @property
    def api_keys(self) -> KeyStore: ...

    @property
    def repeats(self) -> RepeatStore: ...

    @property
    def uploads(self) -> UploadStore: ...


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


class AuditFeed(Protocol):
    """Where a copy of the audit log goes, entry by entry, once each is committed."""

    def __call__(self, entry: AuditEntry) -> None:
        """Never raises and never waits: what could not be sent is in the log of the database."""

    def close(self) -> None:
        """Send what is waiting, then end."""


class Database(Protocol):
    """Where transactions come from."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Commits at the end of the block, rolls back on any exception."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Sees one moment, waits for no writer, and cannot write."""

    @property
    def anchor(self) -> Anchor | None:
        """Where the ends of the ledgers are kept too."""

    def close(self) -> None:
        """Send on what is committed and has not left yet. The connections are closed by who opened them."""

    def ledger_tenants(self) -> Sequence[TenantId]:
        """Every tenant that has a ledger.  # cross-tenant: anchors, recovery"""

    def open_jobs(self) -> Sequence[tuple[TenantId, str]]:
        """(tenant, job id) of every unfinished job, for the settler.  # cross-tenant: recovery"""

    def is_full(self, error: Exception) -> bool:
        """True if the database has no room left: the same again succeeds once there is some."""

    def is_passing(self, error: Exception) -> bool:
        """True if the database raised this because it could not be reached, was busy, or ended the connection."""


class JobQueue(Protocol):
    """A durable queue of job ids."""

    def enqueue(self, tx: Transaction, job: Job) -> None:
        """In the transaction given: a rollback leaves no job behind."""

    def cancel(self, job_id: str) -> None:
        """Run no further step of this job, wherever it is; no error if there is none left to run."""


class BlobWriter(Protocol):
    """A blob being written. Nothing is visible under its key before the block ends well."""

    def write(self, chunk: bytes) -> None:
        """Append a chunk. What reaches a disk or the network is as protected as the blob will be."""


class BlobStore(Protocol):
    """Bytes by key. Keys are made by the service, never by a caller; the first part of a key is its tenant."""

    def create(self, key: str) -> AbstractContextManager[BlobWriter]:
        """Write a blob; published at the end of the block, gone after any exception."""

    def local(self, key: str) -> AbstractContextManager[Path]:
        """A local file with the blob's bytes, to read only, for the block; a copy in clear lies in scratch and goes
        with the block. Raises NotFound."""

    def open(self, key: str) -> BinaryIO:
        """The blob's bytes, seekable. Raises NotFound."""

    def size_bytes(self, key: str) -> int:
        """How long the content is. Raises NotFound."""

    def remove(self, prefix: str) -> None:
        """Remove every blob under a prefix; it is no error if there is none."""

    def keys(self, prefix: str) -> Iterator[str]:
        """The key itself if it is a blob, and every one below it, sorted; with ``""`` all."""

    def sweep(self) -> int:
        """Remove what writers that died have left behind, and say how many; call it at start."""


class Keys(Protocol):
    """Secret keys by purpose."""

    def population_key(self, tenant: str, population: str, purpose: str) -> bytes:
        """32 secret bytes, the same for ever for the same three names."""

    def signing_seed(self) -> bytes:
        """32 secret bytes, the same for ever: the private half of the service's signature."""


Progress = Callable[[str, int], None]
"""Called with a stage and 0 to 100."""


class Tokens(Protocol):
    """Recognises the tokens of an identity provider."""

    def principal(self, token: str) -> Principal:
        """Whose token this is, with tenant and roles by the operator's rules. Raises Unauthenticated."""


class Door(StrEnum):
    """By which way a call came in."""

    HTTP = "http"
    GRPC = "grpc"


class Limits(Protocol):
    """How much one caller, and one tenant, may ask for at a time."""

    def admit(self, principal: Principal) -> None:
        """Count a request. Raises RateLimited."""

    def slot(self, tenant: TenantId, door: Door = Door.GRPC) -> AbstractContextManager[None]:
        """Room for one call of a tenant under way. Raises RateLimited."""


class Metrics(Protocol):
    """Counters for the operator."""

    def request(self, door: str, operation: str, outcome: str, seconds: float) -> None:
        """All names come from fixed lists, never from a caller."""

    def served(self, host: str, port: int) -> AbstractContextManager[int]:
        """Answer on a port of its own while the block lasts; gives the port, which 0 lets the system choose."""


class Traces(Protocol):
    """Where spans go."""

    def span(self, name: str, *, trace: str = "", parent: str = "", **facts: Fact) -> AbstractContextManager[Span]:
        """Time the block. See ``service.tracing``."""

    def close(self) -> None:
        """Send what is waiting, then end."""


class Sandbox(Protocol):
    """Runs one task on private data in a child process with limits."""

    def __call__(
        self,
        task: str,
        request: dict[str, object],
        *,
        on_progress: Progress,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> dict[str, object]:
        """``is_cancelled`` is asked several times a second; the child is dead as soon as it says so, or raises.

        Raises the task's own UnderstudyError, or Failed.
        """


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
    tokens: Tokens | None = None
    limits: Limits | None = None
    metrics: Metrics | None = None
    traces: Traces | None = None
    checks: Mapping[str, Callable[[], bool]] = field(default_factory=dict)
    """What must hold for the service to be ready, by name."""

    def span(self, name: str, *, trace: str = "", parent: str = "", **facts: Fact) -> AbstractContextManager[Span]:
        """Time the block, if somebody wants to know."""
        if self.traces is None:
            return contextlib.nullcontext(Span())
        return self.traces.span(name, trace=trace, parent=parent, **facts)

    @contextlib.contextmanager
    def folder(self, prefix: str) -> Iterator[Path]:
        """A directory of the scratch space, readable by its owner only, gone at the end of the block."""
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=self.scratch, prefix=f"{prefix}-"))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


_CHUNK_BYTES = 1 << 20


def keep(file: Path, key: str, ports: Ports) -> None:
    """Make a file of the scratch space a blob."""
    with ports.blobs.create(key) as writer, file.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            writer.write(chunk)
