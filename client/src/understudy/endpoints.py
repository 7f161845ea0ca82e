"""The HTTP API without any I/O: a call becomes a Request, an answer becomes a message or an error.

Both clients, sync and async, are thin shells over this. Nothing here knows a socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from understudy.errors import ERRORS, Failed, Place, UnderstudyError
from understudy.messages import (
    AuditCheck,
    BudgetGrant,
    BudgetList,
    BudgetView,
    CurveCreate,
    DatasetCreate,
    DatasetList,
    DatasetView,
    EngineList,
    EntryList,
    ErasureView,
    EvaluationCreate,
    Health,
    JobCreate,
    JobList,
    JobView,
    KeyCreate,
    KeyList,
    KeyMade,
    LedgerCheck,
    Message,
    PlanCreate,
    PlanView,
    Problem,
    PullCreate,
    Readiness,
    ReleaseList,
    ReportFormat,
    RetentionPolicy,
    SchemaProposal,
    ScrubCreate,
    ScrubView,
    SigningKey,
    TableFormat,
    TenantCreate,
    TenantView,
    UploadView,
)

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[M]):
    """One call. ``answer`` is the type of a good answer; ``streams`` means that the body is bytes to send."""

    method: str
    path: str
    answer: type[M]
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    streams: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def _json(message: Message) -> bytes:
    return json.dumps(message.model_dump(mode="json", exclude_unset=False), allow_nan=True).encode()


def health() -> Request[Health]:
    """GET /healthz"""
    return Request(method="GET", path="/healthz", answer=Health)


def create_tenant(message: TenantCreate) -> Request[TenantView]:
    """POST /v1/tenants, with the bootstrap credential as the key."""
    return Request(method="POST", path="/v1/tenants", answer=TenantView, body=_json(message))


def readiness() -> Request[Readiness]:
    """GET /readyz"""
    return Request(method="GET", path="/readyz", answer=Readiness)


def create_key(message: KeyCreate) -> Request[KeyMade]:
    """POST /v1/keys"""
    return Request(method="POST", path="/v1/keys", answer=KeyMade, body=_json(message))


def list_keys() -> Request[KeyList]:
    """GET /v1/keys"""
    return Request(method="GET", path="/v1/keys", answer=KeyList)


def revoke_key(key_id: str) -> Request[Message]:
    """DELETE /v1/keys/{id}"""
    return Request(method="DELETE", path=f"/v1/keys/{_part(key_id)}", answer=Message)


def export_audit(*, after: int = 0, limit: int = 1000) -> Request[Message]:
    """GET /v1/audit; the answer is lines of JSON, not a message."""
    params = {"after": str(after), "limit": str(limit)}
    return Request(method="GET", path="/v1/audit", answer=Message, params=params)


def check_audit() -> Request[AuditCheck]:
    """GET /v1/audit/check"""
    return Request(method="GET", path="/v1/audit/check", answer=AuditCheck)


def list_engines() -> Request[EngineList]:
    """GET /v1/engines"""
    return Request(method="GET", path="/v1/engines", answer=EngineList)


def create_dataset(message: DatasetCreate) -> Request[DatasetView]:
    """POST /v1/datasets"""
    return Request(method="POST", path="/v1/datasets", answer=DatasetView, body=_json(message))


def put_content(dataset_id: str) -> Request[DatasetView]:
    """PUT /v1/datasets/{id}/content, the file as the body."""
    return Request(method="PUT", path=f"/v1/datasets/{_part(dataset_id)}/content", answer=DatasetView, streams=True)


def append_content(
    dataset_id: str, *, offset_bytes: int, is_complete: bool = True, sha256: str = ""
) -> Request[DatasetView]:
    """PATCH /v1/datasets/{id}/content, the file from the offset on as the body."""
    headers = {"Upload-Offset": str(offset_bytes), "Upload-Complete": "?1" if is_complete else "?0"}
    if sha256:
        headers["X-Content-SHA256"] = sha256
    path = f"/v1/datasets/{_part(dataset_id)}/content"
    return Request(method="PATCH", path=path, answer=DatasetView, streams=True, headers=headers)


def create_pull(message: PullCreate, *, idempotency_key: str = "") -> Request[JobView]:
    """POST /v1/pulls. The same message sent again with the same key is answered with the same job."""
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return Request(method="POST", path="/v1/pulls", answer=JobView, body=_json(message), headers=headers)


def get_upload(dataset_id: str) -> Request[UploadView]:
    """GET /v1/datasets/{id}/content"""
    return Request(method="GET", path=f"/v1/datasets/{_part(dataset_id)}/content", answer=UploadView)


def get_dataset(dataset_id: str) -> Request[DatasetView]:
    """GET /v1/datasets/{id}"""
    return Request(method="GET", path=f"/v1/datasets/{_part(dataset_id)}", answer=DatasetView)


def list_datasets(*, cursor: str = "", population: str = "", state: str = "", limit: int = 100) -> Request[DatasetList]:
    """GET /v1/datasets"""
    params = _given(cursor=cursor, population=population, state=state, limit=str(limit))
    return Request(method="GET", path="/v1/datasets", answer=DatasetList, params=params)


def delete_dataset(dataset_id: str) -> Request[Message]:
    """DELETE /v1/datasets/{id}"""
    return Request(method="DELETE", path=f"/v1/datasets/{_part(dataset_id)}", answer=Message)


def propose_schema(table_format: TableFormat, *, include_data: bool) -> Request[SchemaProposal]:
    """POST /v1/schema-proposals, the file as the body."""
    params = {"format": table_format.value, "include_data": str(include_data).lower()}
    return Request(method="POST", path="/v1/schema-proposals", answer=SchemaProposal, params=params, streams=True)


def create_scrub(message: ScrubCreate) -> Request[ScrubView]:
    """POST /v1/scrubs"""
    return Request(method="POST", path="/v1/scrubs", answer=ScrubView, body=_json(message))


def put_scrub(scrub_id: str) -> Request[ScrubView]:
    """PUT /v1/scrubs/{id}/content, the file as the body."""
    return Request(method="PUT", path=f"/v1/scrubs/{_part(scrub_id)}/content", answer=ScrubView, streams=True)


def get_scrubbed(scrub_id: str) -> Request[Message]:
    """GET /v1/scrubs/{id}/content; the answer is the file, not a message."""
    return Request(method="GET", path=f"/v1/scrubs/{_part(scrub_id)}/content", answer=Message)


def delete_scrub(scrub_id: str) -> Request[Message]:
    """DELETE /v1/scrubs/{id}"""
    return Request(method="DELETE", path=f"/v1/scrubs/{_part(scrub_id)}", answer=Message)


def create_job(message: JobCreate, *, idempotency_key: str = "") -> Request[JobView]:
    """POST /v1/jobs. The same message sent again with the same key is answered with the same job."""
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    return Request(method="POST", path="/v1/jobs", answer=JobView, body=_json(message), headers=headers)


def get_job(job_id: str, *, wait_s: float = 0.0) -> Request[JobView]:
    """GET /v1/jobs/{id}"""
    return Request(method="GET", path=f"/v1/jobs/{_part(job_id)}", answer=JobView, params={"wait_s": str(wait_s)})


def cancel_job(job_id: str) -> Request[JobView]:
    """POST /v1/jobs/{id}/cancel"""
    return Request(method="POST", path=f"/v1/jobs/{_part(job_id)}/cancel", answer=JobView)


def get_job_events(job_id: str) -> Request[JobView]:
    """GET /v1/jobs/{id}/events; the answer is a stream of events, the data of each a JobView."""
    return Request(method="GET", path=f"/v1/jobs/{_part(job_id)}/events", answer=JobView)


def list_jobs(*, cursor: str = "", population: str = "", state: str = "", limit: int = 100) -> Request[JobList]:
    """GET /v1/jobs"""
    params = _given(cursor=cursor, population=population, state=state, limit=str(limit))
    return Request(method="GET", path="/v1/jobs", answer=JobList, params=params)


def get_bundle(job_id: str) -> Request[Message]:
    """GET /v1/jobs/{id}/bundle; the answer is a zip, not a message."""
    return Request(method="GET", path=f"/v1/jobs/{_part(job_id)}/bundle", answer=Message)


def get_report(job_id: str, *, owner: bool, report_format: ReportFormat) -> Request[Message]:
    """GET /v1/jobs/{id}/reports/owner or /release; the answer is the report, not a message."""
    path = f"/v1/jobs/{_part(job_id)}/reports/{'owner' if owner else 'release'}"
    return Request(method="GET", path=path, answer=Message, params={"format": report_format.value})


def create_plan(message: PlanCreate) -> Request[PlanView]:
    """POST /v1/plans"""
    return Request(method="POST", path="/v1/plans", answer=PlanView, body=_json(message))


def create_evaluation(message: EvaluationCreate) -> Request[JobView]:
    """POST /v1/evaluations"""
    return Request(method="POST", path="/v1/evaluations", answer=JobView, body=_json(message))


def create_curve(message: CurveCreate) -> Request[JobView]:
    """POST /v1/curves"""
    return Request(method="POST", path="/v1/curves", answer=JobView, body=_json(message))


def get_signing_key() -> Request[SigningKey]:
    """GET /v1/signing-key"""
    return Request(method="GET", path="/v1/signing-key", answer=SigningKey)


def get_retention() -> Request[RetentionPolicy]:
    """GET /v1/retention"""
    return Request(method="GET", path="/v1/retention", answer=RetentionPolicy)


def set_retention(message: RetentionPolicy) -> Request[RetentionPolicy]:
    """PUT /v1/retention"""
    return Request(method="PUT", path="/v1/retention", answer=RetentionPolicy, body=_json(message))


def list_releases() -> Request[ReleaseList]:
    """GET /v1/releases"""
    return Request(method="GET", path="/v1/releases", answer=ReleaseList)


def erase_subject(subject_id: str, population: str = "") -> Request[ErasureView]:
    """DELETE /v1/subjects/{id}"""
    path = f"/v1/subjects/{_part(subject_id)}"
    return Request(method="DELETE", path=path, answer=ErasureView, params=_given(population=population))


def list_budgets() -> Request[BudgetList]:
    """GET /v1/budgets"""
    return Request(method="GET", path="/v1/budgets", answer=BudgetList)


def get_budget(population: str, project: str = "") -> Request[BudgetView]:
    """GET /v1/budgets/{population}"""
    path = f"/v1/budgets/{_part(population)}"
    return Request(method="GET", path=path, answer=BudgetView, params=_given(project=project))


def grant_budget(population: str, message: BudgetGrant, project: str = "") -> Request[BudgetView]:
    """PUT /v1/budgets/{population}; without a population PUT /v1/budgets, the tenant's own account."""
    path = f"/v1/budgets/{_part(population)}" if population else "/v1/budgets"
    params = _given(project=project)
    return Request(method="PUT", path=path, answer=BudgetView, params=params, body=_json(message))


def list_entries(population: str = "", project: str = "", *, after: int = 0) -> Request[EntryList]:
    """GET /v1/ledger"""
    params = _given(population=population, project=project, after=str(after))
    return Request(method="GET", path="/v1/ledger", answer=EntryList, params=params)


def verify_ledger() -> Request[LedgerCheck]:
    """GET /v1/ledger/check"""
    return Request(method="GET", path="/v1/ledger/check", answer=LedgerCheck)


def read(request: Request[M], status: int, body: bytes) -> M:
    """The answer's message. Raises the error that the service named, as its own class."""
    if status >= 400:
        raise error_of(status, body)
    try:
        return request.answer.model_validate_json(body or b"{}")
    except ValidationError:
        raise Failed("The service's answer is not of the form this client knows.", code="answer-unknown") from None


def lines(body: bytes) -> list[dict[str, object]]:
    """Lines of JSON as documents. Raises Failed (answer-unknown)."""
    try:
        return [json.loads(line) for line in body.splitlines()]
    except ValueError:
        raise Failed("The service's answer is not of the form this client knows.", code="answer-unknown") from None


def error_of(status: int, body: bytes) -> UnderstudyError:
    """Problem details as the error they describe."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return Failed(f"The service answered {status} without saying why.", code="answer-unknown")
    kind = ERRORS.get(problem.kind, Failed)
    where = tuple(Place(line=place.line, column=place.column, pointer=place.pointer) for place in problem.where)
    return kind(problem.detail, code=problem.code, where=where, facts=problem.facts)


def _given(**params: str) -> dict[str, str]:
    return {name: value for name, value in params.items() if value}


def _part(text: str) -> str:
    return quote(text, safe="")
