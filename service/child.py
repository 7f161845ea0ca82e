"""The processes that read rows: ``python -m service.child TASK``, started by ``sandbox.run_child``."""

from __future__ import annotations

from collections.abc import Mapping

from service import steps
from service.sandbox import Progress
from service.sandbox_child import Handler, serve_child


def _handler(task: steps.Task) -> Handler:
    def handle(request: Mapping[str, object], progress: Progress) -> dict[str, object]:
        return task(dict(request), lambda stage, percent: progress(percent, stage))

    return handle


if __name__ == "__main__":
    serve_child({name: _handler(task) for name, task in steps.TASKS.items()})
