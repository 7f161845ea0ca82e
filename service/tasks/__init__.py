"""The work on private rows, one function a task, run in a child process with limits and no database.

Each takes file paths and public facts, writes files, and returns counters and public facts only. The
budget was spent before ``fit`` is called; nothing here can spend or refund.
"""

from __future__ import annotations

from service.tasks.curve import curve
from service.tasks.erase import erase
from service.tasks.files import propose, scrub_file
from service.tasks.fit import fit
from service.tasks.ingest import ingest
from service.tasks.judge import compare, judge
from service.tasks.pull import pull
from service.tasks.request import Task
from service.tasks.scrub import scrub

TASKS: dict[str, Task] = {
    "ingest": ingest,
    "scrub": scrub,
    "scrub-file": scrub_file,
    "fit": fit,
    "judge": judge,
    "compare": compare,
    "curve": curve,
    "propose": propose,
    "erase": erase,
    "pull": pull,
}
