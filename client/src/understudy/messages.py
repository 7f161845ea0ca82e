"""What crosses the wire, over HTTP as JSON and over gRPC as protobuf, field for field the same.

Anyone may import this. Range checks of privacy parameters live in the service, not here, so that every
transport refuses them with the same code. Messages only grow: no field is ever renamed or removed.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_EPSILON_CAP = 10.0
DEFAULT_DELTA_CAP = 1e-5
DEFAULT_JOB_DELTA = 1e-6
DEFAULT_AUDIT_SHARE = 0.1
DEFAULT_ENGINE = "marginal"
DEFAULT_REPORT_SHARE = 0.05
DEFAULT_TEXT = "withhold"
DEFAULT_TEXT_SHARE = 0.5
DEFAULT_CURVE_EPSILONS = (0.3, 1.0, 3.0, 10.0)
DEFAULT_CURVE_AUDIT_SHARE = 0.4


class Message(BaseModel):
    """Base of all messages: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TableFormat(StrEnum):
    """How an uploaded table is written. Any of them may be packed by gzip or zstd."""

    CSV = "csv"
    PARQUET = "parquet"
    TSV = "tsv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    FHIR = "fhir"


class ReportFormat(StrEnum):
    """A report as a page, or as the data that the page is rendered from."""

    JSON = "json"
    HTML = "html"


class ScrubFormat(StrEnum):
    """How a file to scrub is written: a table, or notes as JSON lines."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"


class ReleaseState(StrEnum):
    """``affected``: somebody was erased whose rows it was made with. ``superseded``: another took its place."""

    CURRENT = "current"
    AFFECTED = "affected"
    SUPERSEDED = "superseded"


class DatasetState(StrEnum):
    """A dataset is created empty, receives its content once, and is then ready; expired if its rows have gone since."""

    EMPTY = "empty"
    READY = "ready"
    EXPIRED = "expired"


class JobState(StrEnum):
    """``queued`` and ``running`` are open, the others are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing changes any more."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Role(StrEnum):
    """What a caller may do. The table of operations is in docs/security.md."""

    TENANT_ADMIN = "tenant_admin"
    STEWARD = "steward"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class PlaceView(Message):
    """Where a fault lies."""

    line: int | None = Field(None, description="Line of the file, counted from 1, header included.")
    column: str | None = Field(None, description="Name of the column.")
    pointer: str | None = Field(None, description="JSON pointer into the schema or the request.")


class Problem(Message):
    """An error, as RFC 9457 problem details. Never holds a cell value."""

    type: str = Field(description="A stable URI of the kind of error.")
    title: str = Field(description="The kind of error in words.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="A stable code to match on.")
    kind: str = Field("failed", description="The class of the error, one of a short fixed list; a code is finer.")
    detail: str = Field(description="What is wrong, in words.")
    where: list[PlaceView] = Field(default_factory=list, description="The first places of the fault.")
    facts: dict[str, str] = Field(default_factory=dict, description="Public facts, such as what is left.")


class TenantCreate(Message):
    """Open a tenant. Needs the one-time bootstrap credential or the operator's key."""

    name: str = Field(description="A name of 1 to 80 letters, digits, '-' and '_'.", examples=["st-elsewhere"])


class TenantView(Message):
    """A tenant and, this one time, its API key."""

    name: str
    api_key: str = Field(description="Shown once. Send it as 'Authorization: Bearer KEY'.")


class KeyCreate(Message):
    """Make an API key."""

    name: str = Field(description="What it is for, 1 to 80 printable characters.", examples=["nightly synthesis"])
    roles: list[Role] = Field(default_factory=list, description="At least one.")
    scopes: list[str] = Field(
        default_factory=list,
        description="Narrows the key, for example to 'jobs:write' and 'datasets:read'. None given: all of its roles.",
    )
    expires_in_days: int | None = Field(None, description="1 to 3650. None given: it does not expire.")


class KeyView(Message):
    """An API key, without its secret. Times are RFC 3339, UTC; empty if that has not happened."""

    id: str
    name: str
    roles: list[Role]
    scopes: list[str]
    created_at: str
    expires_at: str = ""
    last_used_at: str = Field("", description="To within a minute.")
    revoked_at: str = ""


class KeyMade(Message):
    """A key and, this one time, its secret."""

    key: KeyView
    api_key: str = Field(description="Shown once. Send it as 'Authorization: Bearer KEY'.")


class KeyList(Message):
    """All keys of a tenant, oldest first; those that are revoked too."""

    keys: list[KeyView]


class AuditCheck(Message):
    """What a check of the tenant's whole audit log found."""

    ok: bool
    n_entries: int
    head: str = Field(description="Digest of the last entry.")
    faults: list[str] = Field(default_factory=list, description="What is wrong, in words.")


class DatasetCreate(Message):
    """Declare a table before its content is sent."""

    table_schema: dict[str, object] = Field(
        description="Frictionless Table Schema with the understudy: keys.",
        examples=[
            {
                "fields": [
                    {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
                    {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
                ],
                "understudy:population": "inpatients-2024",
            }
        ],
    )
    format: TableFormat = TableFormat.CSV
    sheet: str = Field("", description="The sheet of a workbook to read; empty: its only visible one.")
    keep_raw: str = Field(
        "", description="How long its rows are kept: 'until-job-done', 'days:N', 'forever'; empty: as the tenant says."
    )


class DatasetView(Message):
    """A dataset as its owner sees it."""

    id: str
    state: DatasetState
    population: str
    format: TableFormat
    n_columns: int
    size_bytes: int = Field(0, description="Bytes received.")
    sha256: str = Field("", description="Digest of the bytes received.")
    created_at: str = Field(description="RFC 3339, UTC.")
    keep_raw: str = Field("", description="How long its rows are kept; empty: as the tenant says.")
    release_of: str = Field("", description="The job whose release this table is, if it is one of our own.")
    generation: int = Field(0, description="0 for real rows; 1 for a release made of them, and so on.")
    source: str = Field("", description="The connection that its rows were pulled from, if they were not sent.")
    source_version: str = Field("", description="The ETag of the object that was pulled.")


class PullCreate(Message):
    """Fill a declared table from a database or a bucket that the operator has declared as a connection."""

    dataset_id: str = Field(description="A declared table that is still empty.")
    source: str = Field(
        description="postgresql://NAME or s3://NAME/KEY, where NAME is a declared connection; never with a password.",
        examples=["postgresql://ehr", "s3://lab/2026/visits.csv.gz"],
    )
    table: str = Field("", description="Of a database: schema.table, all of it. This or query.")
    query: str = Field("", description="Of a database: one SELECT. It may read what the connection's role may.")


class UploadView(Message):
    """How far the upload of a table has come."""

    dataset_id: str
    state: DatasetState
    offset_bytes: int = Field(description="Bytes that are there: send on from here.")
    expires_at: str = Field("", description="RFC 3339, UTC: when they are forgotten, if nothing more comes.")


class JobCreate(Message):
    """Ask for synthetic data at a price."""

    dataset_id: str
    epsilon: float = Field(description="Above 0. What is charged to the population's account.", examples=[1.0])
    delta: float = Field(DEFAULT_JOB_DELTA, description="At least 0 and below 1.")
    n_rows: int | None = Field(
        None, description="Rows to synthesize. Default: the noisy number of real rows, which the plan pays for."
    )
    engine: str = Field(DEFAULT_ENGINE, description="Name of the synthesizer.")
    audit_share: float = Field(
        DEFAULT_AUDIT_SHARE,
        description="Share of persons in the audit. A random half of them is kept out of training, as a control.",
    )
    project: str = Field("", description="A project of the population, whose budget is charged too.")
    resume: bool = Field(
        False, description="If an unfinished job with the same table and parameters exists, return it instead."
    )
    report_share: float = Field(
        DEFAULT_REPORT_SHARE,
        description="Part of the price, 0 to 0.5 of its mu squared, for fidelity figures that may leave. 0: none.",
    )
    canaries: int = Field(
        0,
        description="So many invented rows are offered for training, each taken by a secret coin, to see what the "
        "output tells of them. 0, or 10 to 1000: a public number. Those in the output are taken out of it.",
    )
    policy: dict[str, object] = Field(
        default_factory=dict,
        description="Gates before anything leaves: max_epsilon, max_attack_auc, max_attack_rate, min_fidelity, "
        "no_pii_literal. They can only be stricter than the service's own.",
    )
    without_dp: bool = Field(
        False,
        description="Also fit once without privacy, to say in the owner report what the privacy costs. That table and "
        "its figures never leave.",
    )
    allow_synthetic_input: bool = Field(
        False, description="Train on a table that is itself one of our releases. Each generation is further from life."
    )
    where: dict[str, object] = Field(
        default_factory=dict,
        description="Rows of some values only: for each column a list of values, or an object with minimum and/or "
        "maximum. The model is of all rows; only what is drawn from it changes.",
        examples=[{"sex": ["female"], "age": {"minimum": 65}}],
    )
    rebalance: dict[str, object] = Field(
        default_factory=dict,
        description="Other shares of a column's values: for each column an object of values, as text, and shares. The "
        "other values divide the rest as in the model.",
        examples=[{"readmitted": {"true": 0.5}}],
    )
    impute: list[str] = Field(
        default_factory=list,
        description="Columns without a missing value: where the model leaves one out, it is drawn from the model given "
        "the row's other columns.",
        examples=[["age"]],
    )
    text: str = Field(
        DEFAULT_TEXT,
        description="Free text: 'withhold' leaves it out, 'model' writes notes with the embedded engine, or a text "
        "engine's name. Notes are scrubbed first and follow their row.",
    )
    text_share: float = Field(
        DEFAULT_TEXT_SHARE, description="Part of the price, 0.05 to 0.95 of its mu squared, for the notes."
    )
    priority: int = Field(0, description="-9 to 9: among the tenant's own jobs in the queue, higher ones go first.")


class StepView(Message):
    """One finished step of a job."""

    name: str
    seconds: float


class JobView(Message):
    """A job and how far it is. Progress counts work, it never derives from rows."""

    id: str
    dataset_id: str
    population: str
    state: JobState
    stage: str = Field(description="The step under way.")
    percent: int = Field(description="0 to 100.")
    epsilon: float
    delta: float
    engine: str
    steps: list[StepView] = Field(default_factory=list)
    error: Problem | None = None
    created_at: str = Field(description="RFC 3339, UTC.")
    project: str = ""
    kind: str = Field("synthesize", description="synthesize, evaluate, curve, pull: which steps the job has.")
    priority: int = 0
    attempt: int = Field(0, description="How many workers have taken it on; more than one after a crash.")


class BudgetGrant(Message):
    """Set the lifetime cap of an account, and how jobs add up in it."""

    epsilon: float
    delta: float
    composition: str = Field(
        "", description="'basic' or 'zcdp'; empty: as it is, at first basic. Fixed with the first job of the scope."
    )
    window_days: int | None = Field(None, description="With window_epsilon: a policy beside the lifetime cap.")
    window_epsilon: float | None = Field(None, description="At most so much epsilon within any window_days days.")
    distinct_from: list[str] = Field(
        default_factory=list,
        description="Populations that seem to be the same people, and are not: a steward's decision, kept.",
    )


class BudgetView(Message):
    """An account: what may ever be spent on a population, and what is left of it."""

    population: str
    epsilon: float = Field(description="Lifetime cap.")
    delta: float = Field(description="Lifetime cap.")
    epsilon_spent: float
    delta_spent: float
    epsilon_held: float = Field(description="Reserved by jobs that have not spent yet.")
    delta_held: float
    epsilon_left: float
    delta_left: float
    composition: str = Field(description="How jobs add up, with its proof.")
    n_entries: int
    scope: str = Field("population", description="tenant, population or project.")
    project: str = Field("", description="Of a project's account.")
    is_limited: bool = Field(True, description="False for an account that only keeps count; its cap is no cap then.")
    composition_rule: str = Field("basic", description="basic or zcdp.")
    epsilon_sum: float = Field(0.0, description="What plain sums of epsilon would show as spent and held.")
    rho_used: float | None = Field(None, description="Sum of rho, spent and held, if every job has a zCDP bound.")
    window_days: int | None = None
    window_epsilon: float | None = Field(None, description="Policy: at most so much within the window.")
    window_epsilon_left: float | None = Field(None, description="What is left of the window now.")


class BudgetList(Message):
    """All accounts of a tenant."""

    budgets: list[BudgetView]


class EntryView(Message):
    """One line of the ledger. It names the deepest scope; the charge counts in every scope above it too."""

    n: int = Field(description="Counted from 1 within the tenant.")
    kind: str = Field(description="grant, hold, spend, release or restore.")
    population: str
    project: str
    job_id: str = ""
    epsilon: float
    delta: float
    rho: float | None = Field(None, description="None if the job has no zCDP bound.")
    events: str = Field("", description="What was done, as JSON: pairs of purpose and encoded event.")
    terms: str = Field("", description="What was granted, as JSON.")
    at: str = Field(description="RFC 3339, UTC.")
    digest: str = Field(description="SHA-256 that chains this line to the one before.")


class EntryList(Message):
    """Lines of the ledger, oldest first."""

    entries: list[EntryView]


class LedgerCheck(Message):
    """What a check of the tenant's whole ledger found."""

    ok: bool
    n_entries: int
    head: str = Field(description="Digest of the last entry.")
    anchored_n: int | None = Field(None, description="The last entry that is known outside the database.")
    faults: list[str] = Field(default_factory=list, description="What is wrong, in words.")


class PlanCreate(Message):
    """Ask what a job would cost. No table is needed, only its schema."""

    table_schema: dict[str, object] = Field(description="Frictionless Table Schema with the understudy: keys.")
    epsilon: float = Field(description="Above 0.", examples=[1.0])
    delta: float = Field(DEFAULT_JOB_DELTA, description="At least 0 and below 1.")
    n_rows: int | None = Field(None, description="As of a job.")
    engine: str = Field(DEFAULT_ENGINE, description="Name of the synthesizer.")
    project: str = Field("", description="A project of the population, whose budget would be charged too.")
    report_share: float = Field(DEFAULT_REPORT_SHARE, description="As of a job.")
    text: str = Field(DEFAULT_TEXT, description="As of a job.")
    text_share: float = Field(DEFAULT_TEXT_SHARE, description="As of a job.")


class PlanEvent(Message):
    """One mechanism that a job would run."""

    purpose: str
    event: dict[str, object] = Field(description="The encoded event.")
    share: float = Field(description="Of the job's mu squared, 0 to 1; what buys this purpose its precision.")


class PlanScope(Message):
    """What the job would do to one account."""

    scope: str = Field(description="tenant, population or project.")
    population: str
    project: str
    composition_rule: str
    is_limited: bool
    epsilon_left: float
    delta_left: float
    epsilon_cost: float = Field(description="By how much the job would raise what is used, as this scope adds up.")
    epsilon_left_after: float
    delta_left_after: float
    fits: bool


class PlanExpected(Message):
    """The error to expect, from the schema, the noise and the number of rows that was given; no row was read.

    Strong dependences in the table leave more, weak ones less. Compare prices by it; it is no promise.
    """

    n_rows: int = Field(description="The number of rows that it holds for, as asked.")
    one_way: float = Field(description="Mean total variation distance of the columns, 0 to 1.")
    two_way: float = Field(description="Mean total variation distance of the pairs of columns, 0 to 1.")
    smallest_group: int = Field(
        description="Rows from which on a group told by one value stands above the noise, in every column."
    )


class PlanOffer(Message):
    """What the same epsilon buys under another engine."""

    engine: str
    summary: str
    events: list[PlanEvent]
    refusal: str = Field("", description="The code of the error, if this engine cannot do it.")
    expected: PlanExpected | None = Field(None, description="If a number of rows was given and the engine can tell.")


class PlanView(Message):
    """The price of a job, computed before any row is read."""

    engine: str
    population: str
    project: str
    epsilon: float
    delta: float
    epsilon_of_events: float = Field(description="The events by the tightest accountant; at most epsilon.")
    rho: float | None = Field(None, description="As zCDP, if every event has such a bound.")
    accountant: str
    fits: bool = Field(description="True if every scope could pay now.")
    events: list[PlanEvent]
    scopes: list[PlanScope]
    offers: list[PlanOffer]
    expected: PlanExpected | None = Field(None, description="If a number of rows was given and the engine can tell.")
    reason: str = Field("", description="Why this engine, if it was chosen and not asked for.")
    formal_guarantee: bool = Field(True, description="False if the engine's output is not differentially private.")


class EngineView(Message):
    """A synthesizer on offer."""

    name: str
    summary: str
    formal_guarantee: bool = Field(description="True if its output is differentially private.")
    is_ready: bool = Field(True, description="True if it can run here: its environment, if it has one, is installed.")
    environment: str = Field("", description="What 'understudy engines install' makes for it; empty for none.")
    licence: str = Field("", description="The licence of what that brings, if it is not ours.")
    conditions: str = Field("exact", description="How conditions are met: exact, or by rejection of rows.")
    rebalancing: str = Field("exact", description="How other shares of a column's values are met.")
    imputation: str = Field("exact", description="How a missing value is drawn, given the row's other columns.")
    constraints: str = Field("by rejection", description="How the schema's constraints are kept.")


class EngineList(Message):
    """All synthesizers on offer."""

    engines: list[EngineView]


class Guess(Message):
    """What a column seems to be."""

    column: str
    kind: str = Field(description="A kind of the schema, or empty.")
    why: str = Field(description="'name' or 'values': what the guess rests on.")


class SchemaProposal(Message):
    """A schema to start from. Its owner must read it before use."""

    table_schema: dict[str, object]
    guesses: list[Guess]
    data_derived: bool = Field(description="True if enums or bounds were read from rows: not private.")


class Health(Message):
    """The service answers."""

    status: str = "ok"
    version: str


class DatasetList(Message):
    """Datasets of a tenant, oldest first."""

    datasets: list[DatasetView]
    next_cursor: str = Field("", description="Ask for the next page with it; empty at the end.")


class JobList(Message):
    """Jobs of a tenant, oldest first."""

    jobs: list[JobView]
    next_cursor: str = Field("", description="Ask for the next page with it; empty at the end.")


class EvaluationCreate(Message):
    """Judge a synthetic table, whoever made it. Nothing is charged: the owner's figures are not private."""

    real_id: str = Field(description="The dataset with the rows that the synthetic table was made from.")
    synthetic_id: str = Field(description="The dataset to judge: the columns of the real one, of the same types.")
    control_id: str | None = Field(
        None, description="Rows of the same kind that its maker never saw. Without them attacks cannot be judged."
    )


class CurveCreate(Message):
    """Ask how useful the table would be at several prices. Nothing is released, so nothing is charged.

    What comes back is made of private rows, and choosing an epsilon by it is not covered by any guarantee. It counts as
    an attempt on the table.
    """

    dataset_id: str
    epsilons: list[float] = Field(
        default_factory=list, description="1 to 12 of them, each above 0. None given: 0.3, 1, 3 and 10."
    )
    delta: float = Field(DEFAULT_JOB_DELTA, description="As of a job.")
    n_rows: int | None = Field(None, description="As of a job. Default: as many as are trained on.")
    engine: str = Field(DEFAULT_ENGINE, description="Name of the synthesizer.")
    report_share: float = Field(DEFAULT_REPORT_SHARE, description="As of a job, which keeps so much for its report.")
    audit_share: float = Field(
        DEFAULT_CURVE_AUDIT_SHARE, description="As of a job. A half of these persons is held out, to test on."
    )


class ScrubCreate(Message):
    """Say what file is going to be scrubbed."""

    format: ScrubFormat = Field(description="Notes as JSON lines take no schema.")
    table_schema: dict[str, object] = Field(
        default_factory=dict,
        description="Frictionless Table Schema with the understudy: keys. Without one, kinds are guessed.",
    )
    population: str = Field(
        "default", description="Whose surrogates: the same person gets the same ones. A schema says it itself."
    )


class ScrubView(Message):
    """A scrub, and when it is done the counts of what was found. For the owner of the file only."""

    id: str
    format: ScrubFormat
    size_bytes: int | None = Field(None, description="Size of the scrubbed file, once it is there.")
    report: dict[str, object] | None = Field(None, description="Counts by column and entity. Never a value.")
    created_at: str = Field(description="RFC 3339, UTC.")


class Readiness(Message):
    """Whether the service can do its work now, which is more than that it is up."""

    ready: bool
    checks: dict[str, str] = Field(description="'ok' or 'failed' by name: database, disk, worker.")


class SigningKey(Message):
    """The public half of the key that signs bundles."""

    algorithm: str = Field(description="Ed25519.")
    public_key: str = Field(description="32 bytes as hexadecimal digits.")
    fingerprint: str = Field(description="SHA-256 of the public key, in groups of four digits, to be compared.")


class RetentionPolicy(Message):
    """How long the tenant keeps what."""

    keep_raw: str = Field(
        description="Rows of tables: 'until-job-done' (an hour after the last job on them, the default), 'days:N' or "
        "'forever'. A table may say otherwise."
    )
    keep_bundles: str = Field("forever", description="Files of finished jobs: 'days:N' or 'forever'.")
    retrain: bool = Field(
        False, description="True: an erasure asks for a new job, at the old one's price, for each release it affects."
    )


class ReleaseView(Message):
    """What left, or may leave, as the bundle of a job. It is kept when the files are gone."""

    job_id: str
    dataset_id: str
    population: str
    state: ReleaseState
    superseded_by: str = Field("", description="The job whose release took its place.")
    generation: int = Field(description="1 if it was made of real rows, one more with each release in between.")
    made_from: str = Field("", description="The job whose release it was made from, if it was made from one.")
    n_rows: int
    has_files: bool = Field(description="False once retention has removed the bundle.")
    created_at: str = Field(description="RFC 3339, UTC.")


class ReleaseList(Message):
    """All releases of a tenant."""

    releases: list[ReleaseView]


class ErasedDataset(Message):
    """What an erasure did to one table."""

    dataset_id: str
    population: str
    n_rows: int = Field(description="Rows that were dropped now.")


class AffectedRelease(Message):
    """A release that the person's rows were part of."""

    job_id: str
    state: ReleaseState
    retrained_by: str = Field("", description="The new job, if one was asked for.")
    retrain_refused: str = Field("", description="The code of the error, if a new job was refused.")


class ErasureView(Message):
    """What an erasure did and found. For the owner of the data only."""

    datasets: list[ErasedDataset] = Field(description="Tables that held rows of this person.")
    releases: list[AffectedRelease] = Field(description="Releases made with rows of this person.")
    n_datasets_searched: int
    n_releases_searched: int
    datasets_without_persons: list[str] = Field(description="Tables whose rows name no person.")
    releases_unknown: list[str] = Field(description="Releases of which it cannot be known any more, or never could.")
