"""The reports of a job: the owner's, which stays within the walls, and the one that may travel with the data.

Two use cases and not one with a parameter, because who may call them differs: a role is given each by name.
"""

from __future__ import annotations

from service.auth.access import permit_own
from service.context import RequestContext
from service.jobs import Job
from service.ports import Ports
from understudy.errors import Conflict, NotFound
from understudy.messages import JobState, ReportFormat


def owner(context: RequestContext, job_id: str, report_format: ReportFormat, ports: Ports) -> bytes:
    """The owner's report of a job that has ended, also of one whose bundle was withheld: its owner must learn why.

    For the data owner only: ordinary statistics of private rows.
    Raises: NotFound; Conflict (report-not-ready) while the job runs, and if it ended before it was judged.
    """
    job = _load(context, job_id, ports)
    return _read(job, f"report.owner.{report_format.value}", ports, is_there=job.state.is_final)


def release(context: RequestContext, job_id: str, report_format: ReportFormat, ports: Ports) -> bytes:
    """The release report of a job that ended well.

    Raises: NotFound; Forbidden (not-your-job); Conflict (report-not-ready).
    """
    job = _load(context, job_id, ports)
    permit_own(context.principal, "get_release_report", job.asked_by)
    return _read(job, f"report.release.{report_format.value}", ports, is_there=job.state is JobState.DONE)


def _load(context: RequestContext, job_id: str, ports: Ports) -> Job:
    with ports.database.read() as tx:
        return tx.for_tenant(context.tenant).jobs.get(job_id)


def _read(job: Job, name: str, ports: Ports, *, is_there: bool) -> bytes:
    try:
        if is_there:
            with ports.blobs.open(job.key_of(name)) as file:
                return file.read()
    except NotFound:
        pass
    raise Conflict("The job has no such report.", code="report-not-ready")
