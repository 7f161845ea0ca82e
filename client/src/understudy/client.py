"""The Python client. The same code talks to a remote service and to one inside this process.

>>> from understudy.client import Client
>>> with Client("https://understudy.hospital.internal", api_key="us_...") as client:   # doctest: +SKIP
...     result = client.synth("visits.csv", schema="visits.schema.json", epsilon=1.0, out="out")
...     print(result.job.epsilon, result.files["synthetic.parquet"])
"""

from __future__ import annotations

import contextlib
import csv
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

import httpx

from understudy import endpoints, retry
from understudy.digests import check_digests
from understudy.endpoints import Request
from understudy.errors import Failed, Forbidden, InputRefused, Place, UnderstudyError, UsageError
from understudy.messages import (
    DEFAULT_AUDIT_SHARE,
    DEFAULT_CURVE_AUDIT_SHARE,
    DEFAULT_ENGINE,
    DEFAULT_JOB_DELTA,
    DEFAULT_REPORT_SHARE,
    DEFAULT_TEXT,
    DEFAULT_TEXT_SHARE,
    AuditCheck,
    BudgetGrant,
    BudgetView,
    CurveCreate,
    DatasetCreate,
    DatasetView,
    EngineView,
    EntryView,
    ErasureView,
    EvaluationCreate,
    Health,
    JobCreate,
    JobView,
    KeyCreate,
    KeyMade,
    KeyView,
    LedgerCheck,
    Message,
    PlanCreate,
    PlanView,
    PullCreate,
    Readiness,
    ReleaseView,
    ReportFormat,
    RetentionPolicy,
    Role,
    SchemaProposal,
    ScrubCreate,
    ScrubFormat,
    ScrubView,
    SigningKey,
    TableFormat,
    TenantCreate,
    TenantView,
)
from understudy.schema import PrivacyUnit, TableSchema
from understudy.uploading import Sending, format_of
from understudy.watch import JobEvent, job_events

M = TypeVar("M", bound=Message)
Observer = Callable[[str, int], None]
"""Called with a stage and 0 to 100."""

WITHHELD = ("release-withheld", "gate-refused")
"""Codes of jobs that were judged and may not leave. The owner's report says why."""

_CHUNK = 1 << 20
WAIT_S = 20.0
"""How long one question for a job's next change waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthResult:
    """A finished job and its unpacked bundle. ``files`` maps a name in the bundle to its path.

    Beside the bundle's files it has report.owner.json and report.owner.html, if this key may read them.
    """

    job: JobView
    folder: Path
    files: dict[str, Path]


class Client:
    """A connection to a service. Close it, or use it as a context manager."""

    def __init__(
        self,
        url: str = "http://understudy",
        *,
        api_key: str,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 600.0,
    ) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            transport=transport,
            timeout=httpx.Timeout(timeout_s, connect=10.0),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def call(self, request: Request[M], content: Iterator[bytes] | None = None) -> M:
        """One request, one answer. Raises what the service names, or Failed if it cannot be reached."""
        body = content if request.streams else request.body
        kind = "application/octet-stream" if request.streams else "application/json"
        headers = {"Content-Type": kind, **request.headers}
        tries = 0
        while True:
            tries += 1
            wait = self._send(request, body, headers, tries)
            if isinstance(wait, httpx.Response):
                return endpoints.read(request, wait.status_code, wait.content)
            time.sleep(wait)

    def _send(
        self, request: Request[M], body: Iterator[bytes] | bytes | None, headers: dict[str, str], tries: int
    ) -> httpx.Response | float:
        """The answer, or how many seconds to wait before the next try."""
        can_repeat = retry.may_repeat(request.method, headers)
        try:
            answer = self._http.request(
                request.method, request.path, params=dict(request.params), content=body, headers=headers
            )
        except httpx.HTTPError as error:
            wait = retry.wait_s(tries, status=None, repeatable=can_repeat and isinstance(error, retry.CUT))
            if wait is None:
                raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
            return wait
        told = answer.headers.get("retry-after", "")
        wait = retry.wait_s(tries, status=answer.status_code, retry_after=told, repeatable=can_repeat)
        return answer if wait is None or request.streams else wait

    def health(self) -> Health:
        """Is the service up?"""
        return self.call(endpoints.health())

    def create_tenant(self, name: str) -> TenantView:
        """Open the first tenant; this client's key is the bootstrap credential."""
        return self.call(endpoints.create_tenant(TenantCreate(name=name)))

    def engines(self) -> list[EngineView]:
        """Synthesizers on offer."""
        return self.call(endpoints.list_engines()).engines

    def upload(
        self,
        table: str | Path,
        schema: TableSchema | dict[str, object],
        *,
        format: TableFormat | None = None,
        sheet: str = "",
        on_progress: Observer | None = None,
    ) -> DatasetView:
        """Declare a table and send its bytes; goes on by itself where a connection broke.

        ``format``: default by the file's name. ``sheet``: of a workbook; default its only visible one.
        Raises: SchemaError or InputRefused with places.
        """
        path = Path(table)
        document = schema.as_dict() if isinstance(schema, TableSchema) else schema
        message = DatasetCreate(table_schema=document, format=format or format_of(path), sheet=sheet)
        with _open(path) as file:
            dataset = self.call(endpoints.create_dataset(message))
            return Sending(
                client=self,
                dataset_id=dataset.id,
                file=file,
                size_bytes=path.stat().st_size,
                observe=on_progress or _silent,
            ).run()

    def pull(
        self,
        source: str,
        schema: TableSchema | dict[str, object],
        *,
        table: str = "",
        query: str = "",
        format: TableFormat | None = None,
        sheet: str = "",
        on_progress: Observer | None = None,
    ) -> DatasetView:
        """Declare a table and let the service fetch it: ``postgresql://NAME`` with ``table`` or ``query``, or
        ``s3://NAME/KEY``, where NAME is a connection that the service's operator has declared. Waits for the end.

        ``format``: of an object; default by its name. A source never has a password in it.
        Raises: as the job failed, with places if a row was refused; then no dataset is left.
        """
        document = schema.as_dict() if isinstance(schema, TableSchema) else schema
        kind = format or (format_of(Path(source)) if source.startswith("s3:") else TableFormat.CSV)
        dataset = self.call(endpoints.create_dataset(DatasetCreate(table_schema=document, format=kind, sheet=sheet)))
        asked = PullCreate(dataset_id=dataset.id, source=source, table=table, query=query)
        try:
            job = self.call(endpoints.create_pull(asked, idempotency_key=uuid.uuid4().hex))
            self.wait(job.id, on_progress=on_progress)
        except UnderstudyError:
            self._forget(dataset.id)
            raise
        return self.call(endpoints.get_dataset(dataset.id))

    def propose_schema(
        self, table: str | Path, *, format: TableFormat | None = None, include_data: bool = False
    ) -> SchemaProposal:
        """Types and PII guesses for a file. ``include_data`` reads enums and bounds too: not private."""
        path = Path(table)
        request = endpoints.propose_schema(format or format_of(path), include_data=include_data)
        with _open(path) as file:
            return self.call(request, _chunks(file, path.stat().st_size, _silent))

    def submit(self, message: JobCreate, *, idempotency_key: str = "") -> JobView:
        """Hold the price and queue the job. Raises BudgetExceeded with what is left.

        ``idempotency_key``: the same message with the same key makes one job, however often it is sent. Without one
        the client takes a random one, so that a broken connection never charges twice.
        """
        return self.call(endpoints.create_job(message, idempotency_key=idempotency_key or uuid.uuid4().hex))

    def datasets(self, *, population: str = "", state: str = "") -> Iterator[DatasetView]:
        """The tenant's tables, oldest first, fetched page by page."""
        cursor = ""
        while True:
            page = self.call(endpoints.list_datasets(cursor=cursor, population=population, state=state))
            yield from page.datasets
            if not (cursor := page.next_cursor):
                return

    def jobs(self, *, population: str = "", state: str = "") -> Iterator[JobView]:
        """The tenant's jobs, oldest first, fetched page by page."""
        cursor = ""
        while True:
            page = self.call(endpoints.list_jobs(cursor=cursor, population=population, state=state))
            yield from page.jobs
            if not (cursor := page.next_cursor):
                return

    def job(self, job_id: str, *, wait_s: float = 0.0) -> JobView:
        """A job as it stands, or after its next change within ``wait_s``."""
        return self.call(endpoints.get_job(job_id, wait_s=wait_s))

    def cancel(self, job_id: str) -> JobView:
        """Stop a job. Its price is free again unless it was spent; ``error`` says which.

        Raises: Conflict (job-ended) if it ended by itself.
        """
        return self.call(endpoints.cancel_job(job_id))

    def events(self, job_id: str, *, after: str = "") -> Iterator[JobEvent]:
        """The job at each change until its end, as the service sends it. ``after``: the id of the last event seen."""
        request = endpoints.get_job_events(job_id)
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after}
        try:
            with self._http.stream(request.method, request.path, headers=headers) as answer:
                if answer.status_code >= 400:
                    raise endpoints.error_of(answer.status_code, answer.read())
                yield from job_events(answer.iter_lines())
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None

    def wait(self, job_id: str, *, on_progress: Observer | None = None) -> JobView:
        """Wait for the end of a job. Raises Failed with the job's own code if it failed or was cancelled."""
        observe = on_progress or _silent
        job = self.job(job_id)
        while not job.state.is_final:
            observe(job.stage, job.percent)
            job = self.job(job_id, wait_s=WAIT_S)
        observe(job.stage, job.percent)
        return ended(job)

    def download(self, job_id: str, out: str | Path) -> dict[str, Path]:
        """Fetch and unpack a job's bundle into a directory. Returns name -> path."""
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        request = endpoints.get_bundle(job_id)
        archive = folder / ".bundle.zip.part"
        try:
            with self._http.stream(request.method, request.path) as answer:
                if answer.status_code >= 400:
                    raise endpoints.error_of(answer.status_code, answer.read())
                with archive.open("wb") as file:
                    for chunk in answer.iter_bytes(_CHUNK):
                        file.write(chunk)
            check_digests(archive)
            with zipfile.ZipFile(archive) as bundle:
                names = [name for name in bundle.namelist() if Path(name).name == name]
                bundle.extractall(folder, names)
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
        except zipfile.BadZipFile:
            raise Failed("The bundle arrived broken.", code="bundle-broken") from None
        finally:
            archive.unlink(missing_ok=True)
        return {name: folder / name for name in names}

    def synth(
        self,
        table: str | Path,
        *,
        schema: TableSchema | dict[str, object] | str | Path,
        epsilon: float,
        delta: float = DEFAULT_JOB_DELTA,
        n_rows: int | None = None,
        engine: str = DEFAULT_ENGINE,
        audit_share: float = DEFAULT_AUDIT_SHARE,
        project: str = "",
        report_share: float = DEFAULT_REPORT_SHARE,
        canaries: int = 0,
        policy: dict[str, object] | None = None,
        without_dp: bool = False,
        where: dict[str, object] | None = None,
        rebalance: dict[str, object] | None = None,
        impute: Sequence[str] = (),
        allow_synthetic_input: bool = False,
        text: str = DEFAULT_TEXT,
        text_share: float = DEFAULT_TEXT_SHARE,
        format: TableFormat | None = None,
        sheet: str = "",
        out: str | Path = "understudy-out",
        on_progress: Observer | None = None,
    ) -> SynthResult:
        """The whole way: upload, ask, wait, fetch. An unfinished job of the same request is taken up again.

        The uploaded rows are removed from the service at the end, whether the job went well or not.
        """
        declared = schema if isinstance(schema, TableSchema) else read_schema(schema)
        dataset = self.upload(table, declared, format=format, sheet=sheet, on_progress=on_progress)
        used = {dataset.id}
        try:
            request = JobCreate(
                dataset_id=dataset.id,
                epsilon=epsilon,
                delta=delta,
                n_rows=n_rows,
                engine=engine,
                audit_share=audit_share,
                project=project,
                report_share=report_share,
                canaries=canaries,
                policy=policy or {},
                without_dp=without_dp,
                where=where or {},
                rebalance=rebalance or {},
                impute=list(impute),
                allow_synthetic_input=allow_synthetic_input,
                text=text,
                text_share=text_share,
                resume=True,
            )
            job = self.submit(request)
            used.add(job.dataset_id)  # another one, if an unfinished job was taken up again
            done = self._judged(job.id, out, on_progress)
        finally:
            for dataset_id in used:
                self._forget(dataset_id)
        files = self.download(done.id, out) | self._save_owner_report(done.id, out)
        return SynthResult(job=done, folder=Path(out), files=files)

    def _judged(self, job_id: str, out: str | Path, on_progress: Observer | None) -> JobView:
        """The job once it has ended. Of one whose bundle is withheld, the owner's report is saved, to say why."""
        try:
            return self.wait(job_id, on_progress=on_progress)
        except Failed as error:
            if error.reason in WITHHELD:
                saved = self._save_owner_report(job_id, out)
                error.facts.update({name: str(path) for name, path in sorted(saved.items())})
            raise

    def report(self, job_id: str, *, owner: bool = False, report_format: ReportFormat = ReportFormat.JSON) -> bytes:
        """A job's release report, or its owner's: figures of real rows, which a withheld job has too.

        Raises: Conflict (report-not-ready); Forbidden if this key may not read it.
        """
        request = endpoints.get_report(job_id, owner=owner, report_format=report_format)
        try:
            answer = self._http.request(request.method, request.path, params=dict(request.params))
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
        if answer.status_code >= 400:
            raise endpoints.error_of(answer.status_code, answer.content)
        return answer.content

    def _save_owner_report(self, job_id: str, out: str | Path) -> dict[str, Path]:
        """Both forms of it beside the bundle, name -> path; nothing if this key may not read it."""
        try:
            return self._save_reports(job_id, out, {"report.owner": True})
        except Forbidden:
            return {}

    def _save_reports(self, job_id: str, out: str | Path, wanted: Mapping[str, bool]) -> dict[str, Path]:
        """Both forms of each report, under these names; True is the owner's. Returns name -> path."""
        found = {
            f"{name}.{form.value}": self.report(job_id, owner=owner, report_format=form).decode()
            for name, owner in wanted.items()
            for form in ReportFormat
        }
        return _write(found, out)

    def evaluate(
        self,
        real: str | Path,
        synthetic: str | Path,
        *,
        schema: TableSchema | dict[str, object] | str | Path,
        control: str | Path | None = None,
        out: str | Path = "understudy-out",
        on_progress: Observer | None = None,
    ) -> dict[str, Path]:
        """Judge a synthetic table, whoever made it. Writes both reports into a directory and returns name -> path.

        ``control``: rows of the same kind that its maker never saw. The synthetic table need not keep to what the
        schema declares, only to its types: what it gets wrong is what the report is about. All tables are removed
        from the service at the end.
        """
        declared = schema if isinstance(schema, TableSchema) else read_schema(schema)
        used: list[str] = []
        try:
            used.append(self.upload(real, declared).id)
            used.append(self.upload(synthetic, _as_made(declared, Path(synthetic))).id)
            if control is not None:
                used.append(self.upload(control, declared).id)
            ids = dict(zip(("real_id", "synthetic_id", "control_id"), used, strict=False))
            job = self.call(endpoints.create_evaluation(EvaluationCreate(**ids)))
            self.wait(job.id, on_progress=on_progress)
        finally:
            for dataset_id in used:
                self._forget(dataset_id)
        return self._save_reports(job.id, out, {"report.owner": True, "report.release": False})

    def curve(
        self,
        table: str | Path,
        *,
        schema: TableSchema | dict[str, object] | str | Path,
        epsilons: Sequence[float] = (),
        delta: float = DEFAULT_JOB_DELTA,
        n_rows: int | None = None,
        engine: str = DEFAULT_ENGINE,
        report_share: float = DEFAULT_REPORT_SHARE,
        audit_share: float = DEFAULT_CURVE_AUDIT_SHARE,
        out: str | Path = "understudy-out",
        on_progress: Observer | None = None,
    ) -> dict[str, Path]:
        """How useful the table would be at several prices. Writes a page and its JSON, and returns name -> path.

        For the owner of the table only: nothing of it is private, and choosing an epsilon by it is not covered by the
        guarantee. Costs no budget; counts as an attempt. The table is removed from the service at the end.
        """
        declared = schema if isinstance(schema, TableSchema) else read_schema(schema)
        dataset = self.upload(table, declared)
        try:
            request = CurveCreate(
                dataset_id=dataset.id,
                epsilons=list(epsilons),
                delta=delta,
                n_rows=n_rows,
                engine=engine,
                report_share=report_share,
                audit_share=audit_share,
            )
            job = self.call(endpoints.create_curve(request))
            self.wait(job.id, on_progress=on_progress)
        finally:
            self._forget(dataset.id)
        return self._save_reports(job.id, out, {"curve.owner": True})

    def scrub(
        self,
        source: str | Path,
        *,
        out: str | Path,
        schema: TableSchema | dict[str, object] | str | Path | None = None,
        population: str | None = None,
        on_progress: Observer | None = None,
    ) -> ScrubView:
        """Take identifiers out of a table or of notes (.jsonl) and write the result to ``out``.

        The answer's ``report`` has counts of what was found. Nothing stays at the service.
        """
        path, observe = Path(source), on_progress or _silent
        declared = schema if schema is None or isinstance(schema, TableSchema) else read_schema(schema)
        asked: dict[str, object] = {"format": _scrub_format(path)}
        if declared is not None:
            asked["table_schema"] = declared.as_dict()
        if population is not None:
            asked["population"] = population
        with _open(path) as file:
            scrub = self.call(endpoints.create_scrub(ScrubCreate.model_validate(asked)))
            try:
                chunks = _chunks(file, path.stat().st_size, _until_sent(observe))
                done = self.call(endpoints.put_scrub(scrub.id), chunks)
                self._fetch(endpoints.get_scrubbed(scrub.id), Path(out), done.size_bytes or 0, observe)
            finally:
                with contextlib.suppress(UnderstudyError):
                    self.call(endpoints.delete_scrub(scrub.id))
        observe("done", 100)
        return done

    def _fetch(self, request: Request[Message], out: Path, size_bytes: int, observe: Observer) -> None:
        """Stream an answer into a file, which is there only once it is whole."""
        part = out.with_name(f".{out.name}.part")
        got = 0
        try:
            with self._http.stream(request.method, request.path) as answer:
                if answer.status_code >= 400:
                    raise endpoints.error_of(answer.status_code, answer.read())
                with part.open("wb") as file:
                    for chunk in answer.iter_bytes(_CHUNK):
                        file.write(chunk)
                        got += len(chunk)
                        observe("download", 100 * got // max(1, size_bytes))
            part.replace(out)
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
        except OSError:
            raise UsageError("The result cannot be written there.", code="out-not-writable") from None
        finally:
            part.unlink(missing_ok=True)

    def _forget(self, dataset_id: str) -> None:
        try:
            self.call(endpoints.delete_dataset(dataset_id))
        except UnderstudyError:
            return  # the job may still use it, or the service is gone: its retention rules apply

    def plan(self, message: PlanCreate) -> PlanView:
        """What a job would cost, from its schema alone. No table is sent, nothing is held."""
        return self.call(endpoints.create_plan(message))

    def releases(self) -> list[ReleaseView]:
        """Every release of the tenant, oldest first, with what became of it."""
        return self.call(endpoints.list_releases()).releases

    def retention(self) -> RetentionPolicy:
        """How long the tenant keeps what."""
        return self.call(endpoints.get_retention())

    def set_retention(self, keep_raw: str, *, keep_bundles: str = "forever", retrain: bool = False) -> RetentionPolicy:
        """Decide it, from now on. Raises UsageError (retention-invalid)."""
        asked = RetentionPolicy(keep_raw=keep_raw, keep_bundles=keep_bundles, retrain=retrain)
        return self.call(endpoints.set_retention(asked))

    def erase_subject(self, subject_id: str, *, population: str = "") -> ErasureView:
        """Drop a person's rows from every stored table; which releases were made with them. Safe to repeat.

        Raises: Conflict (dataset-in-use) while an unfinished job uses a table that is to be searched.
        """
        return self.call(endpoints.erase_subject(subject_id, population))

    def signing_key(self) -> SigningKey:
        """The public half of the key that signs the service's bundles."""
        return self.call(endpoints.get_signing_key())

    def budget(self, population: str, *, project: str = "") -> BudgetView:
        """One account."""
        return self.call(endpoints.get_budget(population, project))

    def budgets(self) -> list[BudgetView]:
        """All accounts of the tenant, parents before children."""
        return self.call(endpoints.list_budgets()).budgets

    def grant(
        self,
        population: str,
        *,
        epsilon: float,
        delta: float,
        project: str = "",
        composition: str = "",
        window_days: int | None = None,
        window_epsilon: float | None = None,
        distinct_from: Sequence[str] = (),
    ) -> BudgetView:
        """Set the lifetime cap of a population or a project; with an empty population, of the tenant."""
        message = BudgetGrant(
            epsilon=epsilon,
            delta=delta,
            composition=composition,
            window_days=window_days,
            window_epsilon=window_epsilon,
            distinct_from=list(distinct_from),
        )
        return self.call(endpoints.grant_budget(population, message, project))

    def history(self, *, population: str = "", project: str = "") -> Iterator[EntryView]:
        """Lines of the ledger, oldest first, fetched page by page."""
        after = 0
        while page := self.call(endpoints.list_entries(population, project, after=after)).entries:
            yield from page
            after = page[-1].n

    def ready(self) -> Readiness:
        """Can the service do its work? Says so also if it cannot."""
        answer = self._http.get("/readyz")
        return Readiness.model_validate_json(answer.content)

    def create_key(
        self, name: str, roles: Sequence[Role | str], *, scopes: Sequence[str] = (), expires_in_days: int | None = None
    ) -> KeyMade:
        """Make an API key of this tenant. Its secret is in the answer, and nowhere else."""
        message = KeyCreate(
            name=name, roles=[Role(role) for role in roles], scopes=list(scopes), expires_in_days=expires_in_days
        )
        return self.call(endpoints.create_key(message))

    def api_keys(self) -> list[KeyView]:
        """All keys of the tenant, oldest first, those that are revoked too."""
        return self.call(endpoints.list_keys()).keys

    def revoke_key(self, key_id: str) -> None:
        """From the next request on the key opens nothing."""
        self.call(endpoints.revoke_key(key_id))

    def audit(self, *, after: int = 0) -> Iterator[dict[str, object]]:
        """Entries of the audit log after a number, oldest first, as FHIR AuditEvents; fetched page by page.

        Ends with what was there when it was called: reading the log is itself an entry.
        """
        last = self.check_audit().n_entries
        while after < last:
            request = endpoints.export_audit(after=after, limit=min(1000, last - after))
            page = endpoints.lines(self._fetched(request))
            yield from page
            after += max(1, len(page))

    def check_audit(self) -> AuditCheck:
        """Check the tenant's whole audit log."""
        return self.call(endpoints.check_audit())

    def _fetched(self, request: Request[Message]) -> bytes:
        try:
            answer = self._http.request(request.method, request.path, params=dict(request.params))
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
        if answer.status_code >= 400:
            raise endpoints.error_of(answer.status_code, answer.content)
        return answer.content

    def verify_ledger(self) -> LedgerCheck:
        """Check the tenant's whole ledger."""
        return self.call(endpoints.verify_ledger())


def ended(job: JobView) -> JobView:
    """The job, if it ended well. Raises Failed with the job's own code if it failed or was cancelled."""
    if job.error is not None:
        where = tuple(Place(line=one.line, column=one.column, pointer=one.pointer) for one in job.error.where)
        raise Failed(job.error.detail, code=job.error.code, where=where)
    return job


def read_schema(source: dict[str, object] | str | Path) -> TableSchema:
    """A schema from a document or a file. Raises SchemaError, or UsageError if there is no such file."""
    if isinstance(source, dict):
        return TableSchema.parse(source)
    try:
        return TableSchema.parse(Path(source).read_bytes())
    except OSError:
        raise UsageError("The schema file cannot be read.", code="schema-not-readable") from None


def _as_made(schema: TableSchema, table: Path) -> TableSchema:
    """The schema without what it demands of values, and without identifying columns that a CSV leaves out."""
    columns = tuple(replace(column, required=False, enum=None, minimum=None, maximum=None) for column in schema.columns)
    if format_of(table) is TableFormat.CSV:
        with _open(table) as file:
            header = next(csv.reader([file.readline().decode("utf-8-sig", "replace")]), [])
        columns = tuple(column for column in columns if column.is_modelled or column.name in header)
    return replace(schema, columns=columns, unit=PrivacyUnit())


def _write(files: dict[str, str], out: str | Path) -> dict[str, Path]:
    """Write an answer's files into a directory, under their plain names."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / Path(name).name).write_text(text, encoding="utf-8")
    return {name: folder / Path(name).name for name in files}


def _scrub_format(path: Path) -> ScrubFormat:
    try:
        return ScrubFormat(path.suffix.lower().lstrip("."))
    except ValueError:
        raise UsageError("A file to scrub is a .csv, a .parquet or a .jsonl.", code="format-unknown") from None


def _until_sent(observe: Observer) -> Observer:
    """Once everything is sent, the service scrubs."""
    return lambda stage, percent: observe("scrub" if percent >= 100 else stage, percent)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise InputRefused("The table cannot be read.", code="not-readable") from None


def _chunks(file: BinaryIO, size_bytes: int, observe: Observer) -> Iterator[bytes]:
    sent = 0
    while chunk := file.read(_CHUNK):
        yield chunk
        sent += len(chunk)
        observe("upload", min(100, 100 * sent // max(1, size_bytes)))


def _silent(_stage: str, _percent: int) -> None:
    return
