"""A child that makes the files of a step without any mathematics, slowly enough to be caught in its middle."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from service.sandbox import Progress
from service.sandbox_child import serve_child

FILES = {
    "ingest": (),
    "scrub": ("train.parquet", "members.parquet", "controls.parquet"),
    "fit": ("synthetic.parquet", "synthetic.csv"),
    "judge": ("report.owner.json", "report.owner.html", "report.release.json", "report.release.html"),
}
MIDDLE_S = 0.1
MIDDLE = "LIGHT_CHILD_MIDDLE_S"
"""The variable that says how long another middle lasts."""

FULL = "full"
"""A file of this name in the home makes the disk full for whoever fits."""


def _handler(task: str) -> Callable[[Mapping[str, object], Progress], dict[str, object]]:
    def handle(request: Mapping[str, object], progress: Progress) -> dict[str, object]:
        out = Path(str(request["out"]))
        progress(50, task)
        time.sleep(float(os.environ.get(MIDDLE, MIDDLE_S)))
        if task == "ingest":
            out.write_text("rows")
        for name in FILES[task]:
            (out / name).write_text("rows")
        if task == "fit" and (out.parents[2] / FULL).exists():
            Path("/dev/full").write_text("rows")
        if task == "scrub":
            (out / "scrub.json").write_text("{}")
        if task == "fit":
            return {"n_rows": 1, "provenance": {"age": {"bounds": "declared"}}, "seconds": {"fit": 0.0, "sample": 0.0}}
        return {"refused": []} if task == "judge" else {}

    return handle


HANDLERS = {task: _handler(task) for task in FILES}

if __name__ == "__main__":
    serve_child(HANDLERS)
