"""The Python client. The same code talks to a remote service and to one inside this process.

>>> from understudy.client import Client
>>> with Client("https://understudy.hospital.internal", api_key="us_...") as client:   # doctest: +SKIP
...     result = client.synth("visits.csv", schema="visits.schema.json", epsilon=1.0, out="out")
...     print(result.job.epsilon, result.files["synthetic.parquet"])
"""

from __future__ import annotations

import contextlib
import csv
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

import httpx

from understudy import endpoints
from understudy.endpoints import Request
from understudy.errors import Failed, InputRefused, UnderstudyError, UsageError
from understudy.messages import (
    DEFAULT_AUDIT_SHARE,
    DEFAULT_CURVE_AUDIT_SHARE,
    DEFAULT_ENGINE,
    DEFAULT_JOB_DELTA,
    DEFAULT_REPORT_SHARE,
    BudgetGrant,
    BudgetView,
    CurveCreate,
    DatasetCreate,
    DatasetView,
    EngineView,
    EntryView,
    EvaluationCreate,
    Health,
    JobCreate,
    JobView,
    LedgerCheck,
    Message,
    PlanCreate,
    PlanView,
    SchemaProposal,
    ScrubCreate,
    ScrubFormat,
    ScrubView,
    TableFormat,
    TenantCreate,
    TenantView,
)
from understudy.schema import PrivacyUnit, TableSchema

M = TypeVar("M", bound=Message)
Observer = Callable[[str, int], None]
"""Called with a stage and 0 to 100."""

_CHUNK = 1 << 20
_WAIT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthResult:
    """A finished job and its unpacked bundle. ``files`` maps a name in the bundle to its path."""

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
        headers = {"Content-Type": "application/octet-stream" if request.streams else "application/json"}
        try:
            answer = self._http.request(
                request.method, request.path, params=dict(request.params), content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise Failed(f"The service cannot be reached ({type(error).__name__}).", code="unreachable") from None
        return endpoints.read(request, answer.status_code, answer.content)

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
        self, table: str | Path, schema: TableSchema | dict[str, object], *, on_progress: Observer | None = None
    ) -> DatasetView:
        """Declare a table and send its bytes. Raises SchemaError or InputRefused with places."""
        path = Path(table)
        document = schema.as_dict() if isinstance(schema, TableSchema) else schema
        message = DatasetCreate(table_schema=document, format=format_of(path))
        with _open(path) as file:
            dataset = self.call(endpoints.create_dataset(message))
            chunks = _chunks(file, path.stat().st_size, on_progress or _silent)
            return self.call(endpoints.put_content(dataset.id), chunks)

    def propose_schema(self, table: str | Path, *, include_data: bool = False) -> SchemaProposal:
        """Types and PII guesses for a file. ``include_data`` reads enums and bounds too: not private."""
        path = Path(table)
        request = endpoints.propose_schema(format_of(path), include_data=include_data)
        with _open(path) as file:
            return self.call(request, _chunks(file, path.stat().st_size, _silent))

    def submit(self, message: JobCreate) -> JobView:
        """Hold the price and queue the job. Raises BudgetExceeded with what is left."""
        return self.call(endpoints.create_job(message))

    def job(self, job_id: str, *, wait_s: float = 0.0) -> JobView:
        """A job as it stands, or after its next change within ``wait_s``."""
        return self.call(endpoints.get_job(job_id, wait_s=wait_s))

    def wait(self, job_id: str, *, on_progress: Observer | None = None) -> JobView:
        """Wait for the end of a job. Raises Failed with the job's own code if it failed."""
        observe = on_progress or _silent
        job = self.job(job_id)
        while not job.state.is_final:
            observe(job.stage, job.percent)
            job = self.job(job_id, wait_s=_WAIT_S)
        observe(job.stage, job.percent)
        if job.error is not None:
            raise Failed(job.error.detail, code=job.error.code)
        return job

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
        out: str | Path = "understudy-out",
        on_progress: Observer | None = None,
    ) -> SynthResult:
        """The whole way: upload, ask, wait, fetch. An unfinished job of the same request is taken up again.

        The uploaded rows are removed from the service at the end, whether the job went well or not.
        """
        declared = schema if isinstance(schema, TableSchema) else read_schema(schema)
        dataset = self.upload(table, declared, on_progress=on_progress)
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
                resume=True,
            )
            job = self.submit(request)
            used.add(job.dataset_id)  # another one, if an unfinished job was taken up again
            done = self.wait(job.id, on_progress=on_progress)
        finally:
            for dataset_id in used:
                self._forget(dataset_id)
        return SynthResult(job=done, folder=Path(out), files=self.download(done.id, out))

    def evaluate(
        self,
        real: str | Path,
        synthetic: str | Path,
        *,
        schema: TableSchema | dict[str, object] | str | Path,
        control: str | Path | None = None,
        out: str | Path = "understudy-out",
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
            found = self.call(endpoints.create_evaluation(EvaluationCreate(**ids)))
        finally:
            for dataset_id in used:
                self._forget(dataset_id)
        return _write(found.files, out)

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
            found = self.call(endpoints.create_curve(request))
        finally:
            self._forget(dataset.id)
        return _write(found.files, out)

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

    def verify_ledger(self) -> LedgerCheck:
        """Check the tenant's whole ledger."""
        return self.call(endpoints.verify_ledger())


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


def format_of(path: Path) -> TableFormat:
    """The format of a table by its ending. Raises UsageError."""
    try:
        return TableFormat(path.suffix.lower().lstrip("."))
    except ValueError:
        raise UsageError("A table is a .csv or a .parquet file.", code="format-unknown") from None


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
