"""The sealed process: ``main(folder)`` reads ``request.json`` and ``codes.npz`` there, and writes what it made.

It answers with ``made.npz`` (a matrix of codes, nothing else) and ``answer.json``: how the network was shut, or one of
three words of error. Texts of exceptions, which may quote rows, go nowhere: both outputs of the process are closed.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from .jail import shut

RUNNERS = ("fake", "smartnoise", "smartnoise_network", "smartnoise_unproven", "sdv")


def main(folder: str, parent: int) -> None:
    """Do the one task of the folder, and end the process."""
    room = Path(folder)
    request = json.loads((room / "request.json").read_text(encoding="utf-8"))
    os.umask(0o077)
    network = shut(request["limits"], parent)
    answer: dict[str, Any] = {"network": network}
    if not network:
        answer["error"] = "open"
    else:
        answer |= _attempt(room, request)
    (room / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    os._exit(0)


def _attempt(room: Path, request: dict[str, Any]) -> dict[str, Any]:
    try:
        import numpy as np

        if request["runner"] not in RUNNERS:
            return {"error": "failed"}
        with np.load(room / "codes.npz", allow_pickle=False) as stored:
            codes = stored["codes"]
        runner = import_module(f".{request['runner']}", __package__)
        made = runner.run(codes.astype(np.int64), request["task"])
        np.savez(room / "made.npz", codes=np.asarray(made).astype(np.uint32))
    except MemoryError:
        return {"error": "exhausted"}
    except BaseException:  # a library may even exit
        return {"error": "failed"}
    return {}
