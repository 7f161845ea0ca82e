"""The processes that read rows: ``python -m service.child TASK``, started by ``sandbox.run_child``."""

from __future__ import annotations

from collections.abc import Mapping

from service.sandbox import Progress
from service.sandbox_child import Handler, serve_child
from service.tasks import TASKS
from service.tasks.request import Task


def _handler(task: Task) -> Handler:
    def handle(request: Mapping[str, object], progress: Progress) -> dict[str, object]:
        return task(dict(request), lambda stage, percent: progress(percent, stage))

    return handle


if __name__ == "__main__":
    serve_child({name: _handler(task) for name, task in TASKS.items()})
