from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_TENANT_ADMIN: _ClassVar[Role]
    ROLE_STEWARD: _ClassVar[Role]
    ROLE_ANALYST: _ClassVar[Role]
    ROLE_AUDITOR: _ClassVar[Role]
    ROLE_OPERATOR: _ClassVar[Role]

class TableFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TABLE_FORMAT_UNSPECIFIED: _ClassVar[TableFormat]
    TABLE_FORMAT_CSV: _ClassVar[TableFormat]
    TABLE_FORMAT_PARQUET: _ClassVar[TableFormat]
    TABLE_FORMAT_TSV: _ClassVar[TableFormat]
    TABLE_FORMAT_JSONL: _ClassVar[TableFormat]
    TABLE_FORMAT_XLSX: _ClassVar[TableFormat]
    TABLE_FORMAT_FHIR: _ClassVar[TableFormat]

class ReportFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPORT_FORMAT_UNSPECIFIED: _ClassVar[ReportFormat]
    REPORT_FORMAT_JSON: _ClassVar[ReportFormat]
    REPORT_FORMAT_HTML: _ClassVar[ReportFormat]

class ScrubFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCRUB_FORMAT_UNSPECIFIED: _ClassVar[ScrubFormat]
    SCRUB_FORMAT_CSV: _ClassVar[ScrubFormat]
    SCRUB_FORMAT_PARQUET: _ClassVar[ScrubFormat]
    SCRUB_FORMAT_JSONL: _ClassVar[ScrubFormat]

class ReleaseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_STATE_UNSPECIFIED: _ClassVar[ReleaseState]
    RELEASE_STATE_CURRENT: _ClassVar[ReleaseState]
    RELEASE_STATE_AFFECTED: _ClassVar[ReleaseState]
    RELEASE_STATE_SUPERSEDED: _ClassVar[ReleaseState]

class DatasetState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DATASET_STATE_UNSPECIFIED: _ClassVar[DatasetState]
    DATASET_STATE_EMPTY: _ClassVar[DatasetState]
    DATASET_STATE_READY: _ClassVar[DatasetState]
    DATASET_STATE_EXPIRED: _ClassVar[DatasetState]

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_DONE: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]
ROLE_UNSPECIFIED: Role
ROLE_TENANT_ADMIN: Role
ROLE_STEWARD: Role
ROLE_ANALYST: Role
ROLE_AUDITOR: Role
ROLE_OPERATOR: Role
TABLE_FORMAT_UNSPECIFIED: TableFormat
TABLE_FORMAT_CSV: TableFormat
TABLE_FORMAT_PARQUET: TableFormat
TABLE_FORMAT_TSV: TableFormat
TABLE_FORMAT_JSONL: TableFormat
TABLE_FORMAT_XLSX: TableFormat
TABLE_FORMAT_FHIR: TableFormat
REPORT_FORMAT_UNSPECIFIED: ReportFormat
REPORT_FORMAT_JSON: ReportFormat
REPORT_FORMAT_HTML: ReportFormat
SCRUB_FORMAT_UNSPECIFIED: ScrubFormat
SCRUB_FORMAT_CSV: ScrubFormat
SCRUB_FORMAT_PARQUET: ScrubFormat
SCRUB_FORMAT_JSONL: ScrubFormat
RELEASE_STATE_UNSPECIFIED: ReleaseState
RELEASE_STATE_CURRENT: ReleaseState
RELEASE_STATE_AFFECTED: ReleaseState
RELEASE_STATE_SUPERSEDED: ReleaseState
DATASET_STATE_UNSPECIFIED: DatasetState
DATASET_STATE_EMPTY: DatasetState
DATASET_STATE_READY: DatasetState
DATASET_STATE_EXPIRED: DatasetState
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_DONE: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState

class PlaceView(_message.Message):
    __slots__ = ("line", "column", "pointer")
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    POINTER_FIELD_NUMBER: _ClassVar[int]
    line: int
    column: str
    pointer: str
    def __init__(self, line: _Optional[int] = ..., column: _Optional[str] = ..., pointer: _Optional[str] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("type", "title", "status", "code", "detail", "where", "facts", "kind")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    type: str
    title: str
    status: int
    code: str
    detail: str
    where: _containers.RepeatedCompositeFieldContainer[PlaceView]
    facts: _containers.ScalarMap[str, str]
    kind: str
    def __init__(self, type: _Optional[str] = ..., title: _Optional[str] = ..., status: _Optional[int] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ..., where: _Optional[_Iterable[_Union[PlaceView, _Mapping]]] = ..., facts: _Optional[_Mapping[str, str]] = ..., kind: _Optional[str] = ...) -> None: ...

class TenantCreate(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class TenantView(_message.Message):
    __slots__ = ("name", "api_key")
    NAME_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    name: str
    api_key: str
    def __init__(self, name: _Optional[str] = ..., api_key: _Optional[str] = ...) -> None: ...

class DatasetCreate(_message.Message):
    __slots__ = ("table_schema", "format", "keep_raw", "sheet")
    TABLE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    KEEP_RAW_FIELD_NUMBER: _ClassVar[int]
    SHEET_FIELD_NUMBER: _ClassVar[int]
    table_schema: str
    format: TableFormat
    keep_raw: str
    sheet: str
    def __init__(self, table_schema: _Optional[str] = ..., format: _Optional[_Union[TableFormat, str]] = ..., keep_raw: _Optional[str] = ..., sheet: _Optional[str] = ...) -> None: ...

class DatasetView(_message.Message):
    __slots__ = ("id", "state", "population", "format", "n_columns", "size_bytes", "sha256", "created_at", "keep_raw", "release_of", "generation", "source", "source_version")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    N_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    KEEP_RAW_FIELD_NUMBER: _ClassVar[int]
    RELEASE_OF_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: DatasetState
    population: str
    format: TableFormat
    n_columns: int
    size_bytes: int
    sha256: str
    created_at: str
    keep_raw: str
    release_of: str
    generation: int
    source: str
    source_version: str
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[DatasetState, str]] = ..., population: _Optional[str] = ..., format: _Optional[_Union[TableFormat, str]] = ..., n_columns: _Optional[int] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ..., created_at: _Optional[str] = ..., keep_raw: _Optional[str] = ..., release_of: _Optional[str] = ..., generation: _Optional[int] = ..., source: _Optional[str] = ..., source_version: _Optional[str] = ...) -> None: ...

class PullCreate(_message.Message):
    __slots__ = ("dataset_id", "source", "table", "query")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    source: str
    table: str
    query: str
    def __init__(self, dataset_id: _Optional[str] = ..., source: _Optional[str] = ..., table: _Optional[str] = ..., query: _Optional[str] = ...) -> None: ...

class DatasetList(_message.Message):
    __slots__ = ("datasets", "next_cursor")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[DatasetView]
    next_cursor: str
    def __init__(self, datasets: _Optional[_Iterable[_Union[DatasetView, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class UploadView(_message.Message):
    __slots__ = ("dataset_id", "state", "offset_bytes", "expires_at")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    state: DatasetState
    offset_bytes: int
    expires_at: str
    def __init__(self, dataset_id: _Optional[str] = ..., state: _Optional[_Union[DatasetState, str]] = ..., offset_bytes: _Optional[int] = ..., expires_at: _Optional[str] = ...) -> None: ...

class JobCreate(_message.Message):
    __slots__ = ("dataset_id", "epsilon", "delta", "n_rows", "engine", "audit_share", "resume", "project", "report_share", "canaries", "policy", "without_dp", "priority", "allow_synthetic_input", "where", "rebalance", "text", "text_share", "impute")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    AUDIT_SHARE_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REPORT_SHARE_FIELD_NUMBER: _ClassVar[int]
    CANARIES_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_DP_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_SYNTHETIC_INPUT_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    REBALANCE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_SHARE_FIELD_NUMBER: _ClassVar[int]
    IMPUTE_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    epsilon: float
    delta: float
    n_rows: int
    engine: str
    audit_share: float
    resume: bool
    project: str
    report_share: float
    canaries: int
    policy: str
    without_dp: bool
    priority: int
    allow_synthetic_input: bool
    where: str
    rebalance: str
    text: str
    text_share: float
    impute: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, dataset_id: _Optional[str] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., n_rows: _Optional[int] = ..., engine: _Optional[str] = ..., audit_share: _Optional[float] = ..., resume: _Optional[bool] = ..., project: _Optional[str] = ..., report_share: _Optional[float] = ..., canaries: _Optional[int] = ..., policy: _Optional[str] = ..., without_dp: _Optional[bool] = ..., priority: _Optional[int] = ..., allow_synthetic_input: _Optional[bool] = ..., where: _Optional[str] = ..., rebalance: _Optional[str] = ..., text: _Optional[str] = ..., text_share: _Optional[float] = ..., impute: _Optional[_Iterable[str]] = ...) -> None: ...

class StepView(_message.Message):
    __slots__ = ("name", "seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    seconds: float
    def __init__(self, name: _Optional[str] = ..., seconds: _Optional[float] = ...) -> None: ...

class JobView(_message.Message):
    __slots__ = ("id", "dataset_id", "population", "state", "stage", "percent", "epsilon", "delta", "engine", "steps", "error", "created_at", "project", "kind", "priority", "attempt")
    ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    id: str
    dataset_id: str
    population: str
    state: JobState
    stage: str
    percent: int
    epsilon: float
    delta: float
    engine: str
    steps: _containers.RepeatedCompositeFieldContainer[StepView]
    error: Problem
    created_at: str
    project: str
    kind: str
    priority: int
    attempt: int
    def __init__(self, id: _Optional[str] = ..., dataset_id: _Optional[str] = ..., population: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., stage: _Optional[str] = ..., percent: _Optional[int] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., engine: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[StepView, _Mapping]]] = ..., error: _Optional[_Union[Problem, _Mapping]] = ..., created_at: _Optional[str] = ..., project: _Optional[str] = ..., kind: _Optional[str] = ..., priority: _Optional[int] = ..., attempt: _Optional[int] = ...) -> None: ...

class JobList(_message.Message):
    __slots__ = ("jobs", "next_cursor")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[JobView]
    next_cursor: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[JobView, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class BudgetGrant(_message.Message):
    __slots__ = ("epsilon", "delta", "composition", "window_days", "window_epsilon", "distinct_from")
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    COMPOSITION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_DAYS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_EPSILON_FIELD_NUMBER: _ClassVar[int]
    DISTINCT_FROM_FIELD_NUMBER: _ClassVar[int]
    epsilon: float
    delta: float
    composition: str
    window_days: int
    window_epsilon: float
    distinct_from: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., composition: _Optional[str] = ..., window_days: _Optional[int] = ..., window_epsilon: _Optional[float] = ..., distinct_from: _Optional[_Iterable[str]] = ...) -> None: ...

class BudgetView(_message.Message):
    __slots__ = ("population", "epsilon", "delta", "epsilon_spent", "delta_spent", "epsilon_held", "delta_held", "epsilon_left", "delta_left", "composition", "n_entries", "scope", "project", "is_limited", "composition_rule", "epsilon_sum", "rho_used", "window_days", "window_epsilon", "window_epsilon_left")
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    EPSILON_SPENT_FIELD_NUMBER: _ClassVar[int]
    DELTA_SPENT_FIELD_NUMBER: _ClassVar[int]
    EPSILON_HELD_FIELD_NUMBER: _ClassVar[int]
    DELTA_HELD_FIELD_NUMBER: _ClassVar[int]
    EPSILON_LEFT_FIELD_NUMBER: _ClassVar[int]
    DELTA_LEFT_FIELD_NUMBER: _ClassVar[int]
    COMPOSITION_FIELD_NUMBER: _ClassVar[int]
    N_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    IS_LIMITED_FIELD_NUMBER: _ClassVar[int]
    COMPOSITION_RULE_FIELD_NUMBER: _ClassVar[int]
    EPSILON_SUM_FIELD_NUMBER: _ClassVar[int]
    RHO_USED_FIELD_NUMBER: _ClassVar[int]
    WINDOW_DAYS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_EPSILON_FIELD_NUMBER: _ClassVar[int]
    WINDOW_EPSILON_LEFT_FIELD_NUMBER: _ClassVar[int]
    population: str
    epsilon: float
    delta: float
    epsilon_spent: float
    delta_spent: float
    epsilon_held: float
    delta_held: float
    epsilon_left: float
    delta_left: float
    composition: str
    n_entries: int
    scope: str
    project: str
    is_limited: bool
    composition_rule: str
    epsilon_sum: float
    rho_used: float
    window_days: int
    window_epsilon: float
    window_epsilon_left: float
    def __init__(self, population: _Optional[str] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., epsilon_spent: _Optional[float] = ..., delta_spent: _Optional[float] = ..., epsilon_held: _Optional[float] = ..., delta_held: _Optional[float] = ..., epsilon_left: _Optional[float] = ..., delta_left: _Optional[float] = ..., composition: _Optional[str] = ..., n_entries: _Optional[int] = ..., scope: _Optional[str] = ..., project: _Optional[str] = ..., is_limited: _Optional[bool] = ..., composition_rule: _Optional[str] = ..., epsilon_sum: _Optional[float] = ..., rho_used: _Optional[float] = ..., window_days: _Optional[int] = ..., window_epsilon: _Optional[float] = ..., window_epsilon_left: _Optional[float] = ...) -> None: ...

class BudgetList(_message.Message):
    __slots__ = ("budgets",)
    BUDGETS_FIELD_NUMBER: _ClassVar[int]
    budgets: _containers.RepeatedCompositeFieldContainer[BudgetView]
    def __init__(self, budgets: _Optional[_Iterable[_Union[BudgetView, _Mapping]]] = ...) -> None: ...

class EntryView(_message.Message):
    __slots__ = ("n", "kind", "population", "project", "job_id", "epsilon", "delta", "rho", "events", "terms", "at", "digest")
    N_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    RHO_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    n: int
    kind: str
    population: str
    project: str
    job_id: str
    epsilon: float
    delta: float
    rho: float
    events: str
    terms: str
    at: str
    digest: str
    def __init__(self, n: _Optional[int] = ..., kind: _Optional[str] = ..., population: _Optional[str] = ..., project: _Optional[str] = ..., job_id: _Optional[str] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., rho: _Optional[float] = ..., events: _Optional[str] = ..., terms: _Optional[str] = ..., at: _Optional[str] = ..., digest: _Optional[str] = ...) -> None: ...

class EntryList(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[EntryView]
    def __init__(self, entries: _Optional[_Iterable[_Union[EntryView, _Mapping]]] = ...) -> None: ...

class LedgerCheck(_message.Message):
    __slots__ = ("ok", "n_entries", "head", "anchored_n", "faults")
    OK_FIELD_NUMBER: _ClassVar[int]
    N_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    ANCHORED_N_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    ok: bool
    n_entries: int
    head: str
    anchored_n: int
    faults: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ok: _Optional[bool] = ..., n_entries: _Optional[int] = ..., head: _Optional[str] = ..., anchored_n: _Optional[int] = ..., faults: _Optional[_Iterable[str]] = ...) -> None: ...

class PlanCreate(_message.Message):
    __slots__ = ("table_schema", "epsilon", "delta", "n_rows", "engine", "project", "report_share", "text", "text_share")
    TABLE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    REPORT_SHARE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_SHARE_FIELD_NUMBER: _ClassVar[int]
    table_schema: str
    epsilon: float
    delta: float
    n_rows: int
    engine: str
    project: str
    report_share: float
    text: str
    text_share: float
    def __init__(self, table_schema: _Optional[str] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., n_rows: _Optional[int] = ..., engine: _Optional[str] = ..., project: _Optional[str] = ..., report_share: _Optional[float] = ..., text: _Optional[str] = ..., text_share: _Optional[float] = ...) -> None: ...

class PlanEvent(_message.Message):
    __slots__ = ("purpose", "event", "share")
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    purpose: str
    event: str
    share: float
    def __init__(self, purpose: _Optional[str] = ..., event: _Optional[str] = ..., share: _Optional[float] = ...) -> None: ...

class PlanScope(_message.Message):
    __slots__ = ("scope", "population", "project", "composition_rule", "is_limited", "epsilon_left", "delta_left", "epsilon_cost", "epsilon_left_after", "delta_left_after", "fits")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    COMPOSITION_RULE_FIELD_NUMBER: _ClassVar[int]
    IS_LIMITED_FIELD_NUMBER: _ClassVar[int]
    EPSILON_LEFT_FIELD_NUMBER: _ClassVar[int]
    DELTA_LEFT_FIELD_NUMBER: _ClassVar[int]
    EPSILON_COST_FIELD_NUMBER: _ClassVar[int]
    EPSILON_LEFT_AFTER_FIELD_NUMBER: _ClassVar[int]
    DELTA_LEFT_AFTER_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    scope: str
    population: str
    project: str
    composition_rule: str
    is_limited: bool
    epsilon_left: float
    delta_left: float
    epsilon_cost: float
    epsilon_left_after: float
    delta_left_after: float
    fits: bool
    def __init__(self, scope: _Optional[str] = ..., population: _Optional[str] = ..., project: _Optional[str] = ..., composition_rule: _Optional[str] = ..., is_limited: _Optional[bool] = ..., epsilon_left: _Optional[float] = ..., delta_left: _Optional[float] = ..., epsilon_cost: _Optional[float] = ..., epsilon_left_after: _Optional[float] = ..., delta_left_after: _Optional[float] = ..., fits: _Optional[bool] = ...) -> None: ...

class PlanOffer(_message.Message):
    __slots__ = ("engine", "summary", "events", "refusal", "expected")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    engine: str
    summary: str
    events: _containers.RepeatedCompositeFieldContainer[PlanEvent]
    refusal: str
    expected: PlanExpected
    def __init__(self, engine: _Optional[str] = ..., summary: _Optional[str] = ..., events: _Optional[_Iterable[_Union[PlanEvent, _Mapping]]] = ..., refusal: _Optional[str] = ..., expected: _Optional[_Union[PlanExpected, _Mapping]] = ...) -> None: ...

class PlanExpected(_message.Message):
    __slots__ = ("n_rows", "one_way", "two_way", "smallest_group")
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    ONE_WAY_FIELD_NUMBER: _ClassVar[int]
    TWO_WAY_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_GROUP_FIELD_NUMBER: _ClassVar[int]
    n_rows: int
    one_way: float
    two_way: float
    smallest_group: int
    def __init__(self, n_rows: _Optional[int] = ..., one_way: _Optional[float] = ..., two_way: _Optional[float] = ..., smallest_group: _Optional[int] = ...) -> None: ...

class PlanView(_message.Message):
    __slots__ = ("engine", "population", "project", "epsilon", "delta", "epsilon_of_events", "rho", "accountant", "fits", "events", "scopes", "offers", "expected", "reason", "formal_guarantee")
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    EPSILON_OF_EVENTS_FIELD_NUMBER: _ClassVar[int]
    RHO_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTANT_FIELD_NUMBER: _ClassVar[int]
    FITS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    OFFERS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    FORMAL_GUARANTEE_FIELD_NUMBER: _ClassVar[int]
    engine: str
    population: str
    project: str
    epsilon: float
    delta: float
    epsilon_of_events: float
    rho: float
    accountant: str
    fits: bool
    events: _containers.RepeatedCompositeFieldContainer[PlanEvent]
    scopes: _containers.RepeatedCompositeFieldContainer[PlanScope]
    offers: _containers.RepeatedCompositeFieldContainer[PlanOffer]
    expected: PlanExpected
    reason: str
    formal_guarantee: bool
    def __init__(self, engine: _Optional[str] = ..., population: _Optional[str] = ..., project: _Optional[str] = ..., epsilon: _Optional[float] = ..., delta: _Optional[float] = ..., epsilon_of_events: _Optional[float] = ..., rho: _Optional[float] = ..., accountant: _Optional[str] = ..., fits: _Optional[bool] = ..., events: _Optional[_Iterable[_Union[PlanEvent, _Mapping]]] = ..., scopes: _Optional[_Iterable[_Union[PlanScope, _Mapping]]] = ..., offers: _Optional[_Iterable[_Union[PlanOffer, _Mapping]]] = ..., expected: _Optional[_Union[PlanExpected, _Mapping]] = ..., reason: _Optional[str] = ..., formal_guarantee: _Optional[bool] = ...) -> None: ...

class EngineView(_message.Message):
    __slots__ = ("name", "summary", "formal_guarantee", "is_ready", "environment", "licence", "conditions", "rebalancing", "imputation", "constraints")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FORMAL_GUARANTEE_FIELD_NUMBER: _ClassVar[int]
    IS_READY_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    LICENCE_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    REBALANCING_FIELD_NUMBER: _ClassVar[int]
    IMPUTATION_FIELD_NUMBER: _ClassVar[int]
    CONSTRAINTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    summary: str
    formal_guarantee: bool
    is_ready: bool
    environment: str
    licence: str
    conditions: str
    rebalancing: str
    imputation: str
    constraints: str
    def __init__(self, name: _Optional[str] = ..., summary: _Optional[str] = ..., formal_guarantee: _Optional[bool] = ..., is_ready: _Optional[bool] = ..., environment: _Optional[str] = ..., licence: _Optional[str] = ..., conditions: _Optional[str] = ..., rebalancing: _Optional[str] = ..., imputation: _Optional[str] = ..., constraints: _Optional[str] = ...) -> None: ...

class EngineList(_message.Message):
    __slots__ = ("engines",)
    ENGINES_FIELD_NUMBER: _ClassVar[int]
    engines: _containers.RepeatedCompositeFieldContainer[EngineView]
    def __init__(self, engines: _Optional[_Iterable[_Union[EngineView, _Mapping]]] = ...) -> None: ...

class Guess(_message.Message):
    __slots__ = ("column", "kind", "why")
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    column: str
    kind: str
    why: str
    def __init__(self, column: _Optional[str] = ..., kind: _Optional[str] = ..., why: _Optional[str] = ...) -> None: ...

class SchemaProposal(_message.Message):
    __slots__ = ("table_schema", "guesses", "data_derived")
    TABLE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    GUESSES_FIELD_NUMBER: _ClassVar[int]
    DATA_DERIVED_FIELD_NUMBER: _ClassVar[int]
    table_schema: str
    guesses: _containers.RepeatedCompositeFieldContainer[Guess]
    data_derived: bool
    def __init__(self, table_schema: _Optional[str] = ..., guesses: _Optional[_Iterable[_Union[Guess, _Mapping]]] = ..., data_derived: _Optional[bool] = ...) -> None: ...

class EvaluationCreate(_message.Message):
    __slots__ = ("real_id", "synthetic_id", "control_id")
    REAL_ID_FIELD_NUMBER: _ClassVar[int]
    SYNTHETIC_ID_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    real_id: str
    synthetic_id: str
    control_id: str
    def __init__(self, real_id: _Optional[str] = ..., synthetic_id: _Optional[str] = ..., control_id: _Optional[str] = ...) -> None: ...

class CurveCreate(_message.Message):
    __slots__ = ("dataset_id", "epsilons", "delta", "n_rows", "engine", "report_share", "audit_share")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    EPSILONS_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    REPORT_SHARE_FIELD_NUMBER: _ClassVar[int]
    AUDIT_SHARE_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    epsilons: _containers.RepeatedScalarFieldContainer[float]
    delta: float
    n_rows: int
    engine: str
    report_share: float
    audit_share: float
    def __init__(self, dataset_id: _Optional[str] = ..., epsilons: _Optional[_Iterable[float]] = ..., delta: _Optional[float] = ..., n_rows: _Optional[int] = ..., engine: _Optional[str] = ..., report_share: _Optional[float] = ..., audit_share: _Optional[float] = ...) -> None: ...

class ScrubCreate(_message.Message):
    __slots__ = ("format", "table_schema", "population")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    TABLE_SCHEMA_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    format: ScrubFormat
    table_schema: str
    population: str
    def __init__(self, format: _Optional[_Union[ScrubFormat, str]] = ..., table_schema: _Optional[str] = ..., population: _Optional[str] = ...) -> None: ...

class ScrubView(_message.Message):
    __slots__ = ("id", "format", "size_bytes", "report", "created_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    format: ScrubFormat
    size_bytes: int
    report: str
    created_at: str
    def __init__(self, id: _Optional[str] = ..., format: _Optional[_Union[ScrubFormat, str]] = ..., size_bytes: _Optional[int] = ..., report: _Optional[str] = ..., created_at: _Optional[str] = ...) -> None: ...

class Health(_message.Message):
    __slots__ = ("status", "version")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    status: str
    version: str
    def __init__(self, status: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class StreamEnd(_message.Message):
    __slots__ = ("size_bytes",)
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    def __init__(self, size_bytes: _Optional[int] = ...) -> None: ...

class UploadRequest(_message.Message):
    __slots__ = ("metadata", "chunk", "end")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    metadata: UploadMetadata
    chunk: bytes
    end: StreamEnd
    def __init__(self, metadata: _Optional[_Union[UploadMetadata, _Mapping]] = ..., chunk: _Optional[bytes] = ..., end: _Optional[_Union[StreamEnd, _Mapping]] = ...) -> None: ...

class UploadMetadata(_message.Message):
    __slots__ = ("dataset_id", "offset_bytes", "incomplete", "sha256")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    INCOMPLETE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    offset_bytes: int
    incomplete: bool
    sha256: str
    def __init__(self, dataset_id: _Optional[str] = ..., offset_bytes: _Optional[int] = ..., incomplete: _Optional[bool] = ..., sha256: _Optional[str] = ...) -> None: ...

class UploadScrubRequest(_message.Message):
    __slots__ = ("metadata", "chunk", "end")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    metadata: UploadScrubMetadata
    chunk: bytes
    end: StreamEnd
    def __init__(self, metadata: _Optional[_Union[UploadScrubMetadata, _Mapping]] = ..., chunk: _Optional[bytes] = ..., end: _Optional[_Union[StreamEnd, _Mapping]] = ...) -> None: ...

class UploadScrubMetadata(_message.Message):
    __slots__ = ("scrub_id",)
    SCRUB_ID_FIELD_NUMBER: _ClassVar[int]
    scrub_id: str
    def __init__(self, scrub_id: _Optional[str] = ...) -> None: ...

class DownloadScrubRequest(_message.Message):
    __slots__ = ("scrub_id",)
    SCRUB_ID_FIELD_NUMBER: _ClassVar[int]
    scrub_id: str
    def __init__(self, scrub_id: _Optional[str] = ...) -> None: ...

class DownloadScrubResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class DeleteScrubRequest(_message.Message):
    __slots__ = ("scrub_id",)
    SCRUB_ID_FIELD_NUMBER: _ClassVar[int]
    scrub_id: str
    def __init__(self, scrub_id: _Optional[str] = ...) -> None: ...

class DeleteScrubResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetUploadRequest(_message.Message):
    __slots__ = ("dataset_id",)
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    def __init__(self, dataset_id: _Optional[str] = ...) -> None: ...

class GetDatasetRequest(_message.Message):
    __slots__ = ("dataset_id",)
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    def __init__(self, dataset_id: _Optional[str] = ...) -> None: ...

class ListDatasetsRequest(_message.Message):
    __slots__ = ("limit", "cursor", "population", "state")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    population: str
    state: DatasetState
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ..., population: _Optional[str] = ..., state: _Optional[_Union[DatasetState, str]] = ...) -> None: ...

class DeleteDatasetRequest(_message.Message):
    __slots__ = ("dataset_id",)
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    def __init__(self, dataset_id: _Optional[str] = ...) -> None: ...

class DeleteDatasetResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ProposeSchemaRequest(_message.Message):
    __slots__ = ("metadata", "chunk", "end")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    metadata: ProposeSchemaMetadata
    chunk: bytes
    end: StreamEnd
    def __init__(self, metadata: _Optional[_Union[ProposeSchemaMetadata, _Mapping]] = ..., chunk: _Optional[bytes] = ..., end: _Optional[_Union[StreamEnd, _Mapping]] = ...) -> None: ...

class ProposeSchemaMetadata(_message.Message):
    __slots__ = ("format", "include_data")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DATA_FIELD_NUMBER: _ClassVar[int]
    format: TableFormat
    include_data: bool
    def __init__(self, format: _Optional[_Union[TableFormat, str]] = ..., include_data: _Optional[bool] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("limit", "cursor", "population", "state")
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    limit: int
    cursor: str
    population: str
    state: JobState
    def __init__(self, limit: _Optional[int] = ..., cursor: _Optional[str] = ..., population: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ...) -> None: ...

class WatchJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class DownloadBundleRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class DownloadBundleResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class DownloadOwnerReportRequest(_message.Message):
    __slots__ = ("job_id", "format")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    format: ReportFormat
    def __init__(self, job_id: _Optional[str] = ..., format: _Optional[_Union[ReportFormat, str]] = ...) -> None: ...

class DownloadOwnerReportResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class DownloadReleaseReportRequest(_message.Message):
    __slots__ = ("job_id", "format")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    format: ReportFormat
    def __init__(self, job_id: _Optional[str] = ..., format: _Optional[_Union[ReportFormat, str]] = ...) -> None: ...

class DownloadReleaseReportResponse(_message.Message):
    __slots__ = ("chunk",)
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    chunk: bytes
    def __init__(self, chunk: _Optional[bytes] = ...) -> None: ...

class GetBudgetRequest(_message.Message):
    __slots__ = ("population", "project")
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    population: str
    project: str
    def __init__(self, population: _Optional[str] = ..., project: _Optional[str] = ...) -> None: ...

class ListBudgetsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GrantBudgetRequest(_message.Message):
    __slots__ = ("population", "grant", "project")
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    population: str
    grant: BudgetGrant
    project: str
    def __init__(self, population: _Optional[str] = ..., grant: _Optional[_Union[BudgetGrant, _Mapping]] = ..., project: _Optional[str] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("population", "project", "after", "limit")
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    PROJECT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    population: str
    project: str
    after: int
    limit: int
    def __init__(self, population: _Optional[str] = ..., project: _Optional[str] = ..., after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class VerifyLedgerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetHealthRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEnginesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KeyCreate(_message.Message):
    __slots__ = ("name", "roles", "scopes", "expires_in_days")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_DAYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    roles: _containers.RepeatedScalarFieldContainer[Role]
    scopes: _containers.RepeatedScalarFieldContainer[str]
    expires_in_days: int
    def __init__(self, name: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[Role, str]]] = ..., scopes: _Optional[_Iterable[str]] = ..., expires_in_days: _Optional[int] = ...) -> None: ...

class KeyView(_message.Message):
    __slots__ = ("id", "name", "roles", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    roles: _containers.RepeatedScalarFieldContainer[Role]
    scopes: _containers.RepeatedScalarFieldContainer[str]
    created_at: str
    expires_at: str
    last_used_at: str
    revoked_at: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[Role, str]]] = ..., scopes: _Optional[_Iterable[str]] = ..., created_at: _Optional[str] = ..., expires_at: _Optional[str] = ..., last_used_at: _Optional[str] = ..., revoked_at: _Optional[str] = ...) -> None: ...

class KeyMade(_message.Message):
    __slots__ = ("key", "api_key")
    KEY_FIELD_NUMBER: _ClassVar[int]
    API_KEY_FIELD_NUMBER: _ClassVar[int]
    key: KeyView
    api_key: str
    def __init__(self, key: _Optional[_Union[KeyView, _Mapping]] = ..., api_key: _Optional[str] = ...) -> None: ...

class KeyList(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[KeyView]
    def __init__(self, keys: _Optional[_Iterable[_Union[KeyView, _Mapping]]] = ...) -> None: ...

class AuditCheck(_message.Message):
    __slots__ = ("ok", "n_entries", "head", "faults")
    OK_FIELD_NUMBER: _ClassVar[int]
    N_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    ok: bool
    n_entries: int
    head: str
    faults: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ok: _Optional[bool] = ..., n_entries: _Optional[int] = ..., head: _Optional[str] = ..., faults: _Optional[_Iterable[str]] = ...) -> None: ...

class Readiness(_message.Message):
    __slots__ = ("ready", "checks")
    class ChecksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    READY_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    ready: bool
    checks: _containers.ScalarMap[str, str]
    def __init__(self, ready: _Optional[bool] = ..., checks: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ListKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RevokeKeyRequest(_message.Message):
    __slots__ = ("key_id",)
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    def __init__(self, key_id: _Optional[str] = ...) -> None: ...

class RevokeKeyResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExportAuditRequest(_message.Message):
    __slots__ = ("after", "limit")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after: int
    limit: int
    def __init__(self, after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class ExportAuditResponse(_message.Message):
    __slots__ = ("entry",)
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    entry: str
    def __init__(self, entry: _Optional[str] = ...) -> None: ...

class CheckAuditRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetReadinessRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SigningKey(_message.Message):
    __slots__ = ("algorithm", "public_key", "fingerprint")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    algorithm: str
    public_key: str
    fingerprint: str
    def __init__(self, algorithm: _Optional[str] = ..., public_key: _Optional[str] = ..., fingerprint: _Optional[str] = ...) -> None: ...

class RetentionPolicy(_message.Message):
    __slots__ = ("keep_raw", "keep_bundles", "retrain")
    KEEP_RAW_FIELD_NUMBER: _ClassVar[int]
    KEEP_BUNDLES_FIELD_NUMBER: _ClassVar[int]
    RETRAIN_FIELD_NUMBER: _ClassVar[int]
    keep_raw: str
    keep_bundles: str
    retrain: bool
    def __init__(self, keep_raw: _Optional[str] = ..., keep_bundles: _Optional[str] = ..., retrain: _Optional[bool] = ...) -> None: ...

class ReleaseView(_message.Message):
    __slots__ = ("job_id", "dataset_id", "population", "state", "superseded_by", "generation", "made_from", "n_rows", "has_files", "created_at")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_BY_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    MADE_FROM_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    HAS_FILES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    dataset_id: str
    population: str
    state: ReleaseState
    superseded_by: str
    generation: int
    made_from: str
    n_rows: int
    has_files: bool
    created_at: str
    def __init__(self, job_id: _Optional[str] = ..., dataset_id: _Optional[str] = ..., population: _Optional[str] = ..., state: _Optional[_Union[ReleaseState, str]] = ..., superseded_by: _Optional[str] = ..., generation: _Optional[int] = ..., made_from: _Optional[str] = ..., n_rows: _Optional[int] = ..., has_files: _Optional[bool] = ..., created_at: _Optional[str] = ...) -> None: ...

class ReleaseList(_message.Message):
    __slots__ = ("releases",)
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    releases: _containers.RepeatedCompositeFieldContainer[ReleaseView]
    def __init__(self, releases: _Optional[_Iterable[_Union[ReleaseView, _Mapping]]] = ...) -> None: ...

class ErasedDataset(_message.Message):
    __slots__ = ("dataset_id", "population", "n_rows")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    N_ROWS_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    population: str
    n_rows: int
    def __init__(self, dataset_id: _Optional[str] = ..., population: _Optional[str] = ..., n_rows: _Optional[int] = ...) -> None: ...

class AffectedRelease(_message.Message):
    __slots__ = ("job_id", "state", "retrained_by", "retrain_refused")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RETRAINED_BY_FIELD_NUMBER: _ClassVar[int]
    RETRAIN_REFUSED_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    state: ReleaseState
    retrained_by: str
    retrain_refused: str
    def __init__(self, job_id: _Optional[str] = ..., state: _Optional[_Union[ReleaseState, str]] = ..., retrained_by: _Optional[str] = ..., retrain_refused: _Optional[str] = ...) -> None: ...

class ErasureView(_message.Message):
    __slots__ = ("datasets", "releases", "n_datasets_searched", "n_releases_searched", "datasets_without_persons", "releases_unknown")
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    N_DATASETS_SEARCHED_FIELD_NUMBER: _ClassVar[int]
    N_RELEASES_SEARCHED_FIELD_NUMBER: _ClassVar[int]
    DATASETS_WITHOUT_PERSONS_FIELD_NUMBER: _ClassVar[int]
    RELEASES_UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    datasets: _containers.RepeatedCompositeFieldContainer[ErasedDataset]
    releases: _containers.RepeatedCompositeFieldContainer[AffectedRelease]
    n_datasets_searched: int
    n_releases_searched: int
    datasets_without_persons: _containers.RepeatedScalarFieldContainer[str]
    releases_unknown: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, datasets: _Optional[_Iterable[_Union[ErasedDataset, _Mapping]]] = ..., releases: _Optional[_Iterable[_Union[AffectedRelease, _Mapping]]] = ..., n_datasets_searched: _Optional[int] = ..., n_releases_searched: _Optional[int] = ..., datasets_without_persons: _Optional[_Iterable[str]] = ..., releases_unknown: _Optional[_Iterable[str]] = ...) -> None: ...

class GetRetentionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListReleasesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EraseSubjectRequest(_message.Message):
    __slots__ = ("subject_id", "population")
    SUBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    subject_id: str
    population: str
    def __init__(self, subject_id: _Optional[str] = ..., population: _Optional[str] = ...) -> None: ...

class GetSigningKeyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
