"""Declare a table, send its bytes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.commands import datasets, pulls, schemas, uploads
from service.commands.pages import DEFAULT_LIMIT
from service.rest.asking import BINARY, Caller, OnlyPopulation, PageCursor, PageLimit, PortsOf, off_loop
from service.rest.pouring import beside_loop, pour
from service.rest.uploads import digest_of
from understudy.messages import (
    DatasetCreate,
    DatasetList,
    DatasetState,
    DatasetView,
    JobView,
    PullCreate,
    SchemaProposal,
    TableFormat,
)

router = APIRouter()


@router.post("/v1/datasets", status_code=201, tags=["datasets"], summary="Declare a table")
async def create_dataset(message: DatasetCreate, response: Response, caller: Caller, ports: PortsOf) -> DatasetView:
    """The schema is checked now; the bytes come with PUT."""
    view = await off_loop(datasets.create, caller, message, ports)
    response.headers["Location"] = f"/v1/datasets/{view.id}"
    return view


@router.get("/v1/datasets", tags=["datasets"], summary="Tables of the tenant")
async def list_datasets(
    caller: Caller,
    ports: PortsOf,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: PageCursor = "",
    population: OnlyPopulation = "",
    state: Annotated[DatasetState | None, Query(description="Only those in this state.")] = None,
) -> DatasetList:
    """Oldest first, page by page."""
    return await off_loop(datasets.page, caller, ports, limit=limit, cursor=cursor, population=population, state=state)


@router.get("/v1/datasets/{dataset_id}", tags=["datasets"], summary="One table")
async def get_dataset(dataset_id: str, caller: Caller, ports: PortsOf) -> DatasetView:
    """Its state, size and digest."""
    return datasets.view(await off_loop(datasets.get, caller, dataset_id, ports))


@router.delete("/v1/datasets/{dataset_id}", status_code=204, tags=["datasets"], summary="Remove a table")
async def delete_dataset(dataset_id: str, caller: Caller, ports: PortsOf) -> None:
    """Its bytes go. What was spent on its population stays spent."""
    await off_loop(datasets.remove, caller, dataset_id, ports)


@router.put("/v1/datasets/{dataset_id}/content", tags=["datasets"], summary="Send the bytes", openapi_extra=BINARY)
async def put_content(dataset_id: str, request: Request, caller: Caller, ports: PortsOf) -> DatasetView:
    """The raw file as the request's body, streamed. A refused table leaves nothing behind: declare it again."""
    sha256 = digest_of(request)
    async with beside_loop(datasets.receiving(caller, dataset_id, ports)) as upload:
        await pour(request, upload.write)
        uploads.check_digest(upload.received, sha256)
    return await off_loop(datasets.finish_upload, caller, dataset_id, upload, ports)


@router.post("/v1/pulls", status_code=202, tags=["datasets"], summary="Fill a table from elsewhere")
async def create_pull(message: PullCreate, response: Response, caller: Caller, ports: PortsOf) -> JobView:
    """From a connection that the operator has declared: a job. The table is ready when it is done, and empty still if
    it fails."""
    view = await off_loop(pulls.create, caller, message, ports)
    response.headers["Location"] = f"/v1/jobs/{view.id}"
    response.headers["Retry-After"] = "1"
    return view


@router.post("/v1/schema-proposals", tags=["datasets"], summary="Propose a schema for a file", openapi_extra=BINARY)
async def propose_schema(
    request: Request,
    _caller: Caller,
    ports: PortsOf,
    format: Annotated[TableFormat, Query()] = TableFormat.CSV,
    include_data: Annotated[bool, Query(description="Also read enums and bounds from the rows. NOT private.")] = False,
) -> SchemaProposal:
    """Types and PII guesses. Nothing of the file is kept."""
    async with beside_loop(schemas.receiving(ports)) as (folder, upload):
        await pour(request, upload.write)
        return await off_loop(schemas.propose, folder, format, ports, include_data=include_data)
