"""Sweeps what dead processes have left in scratch: rows in clear, until somebody starts under the same name again.

A process is dead if the kernel says so: it holds a lock on its name in the home for as long as it lives, also while it
is frozen, so a lock that can be had is nobody's. Where homes are shared by machines over a file system without locks,
the register of workers still tells who was seen. Should both be wrong, the owner's step finds its folder gone and fails
with ``scratch-gone``, without having published anything (``service.execution``).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection

from service.homelock import has_run, owned
from service.settings import Settings
from service.telemetry import event
from understudy.errors import Conflict, UsageError


def sweep_dead(settings: Settings, alive: Collection[str]) -> list[str]:
    """Remove the scratch folders of processes that have run in this home and are dead; their names.

    ``alive``: workers that were seen lately, on whatever machine. A name is held while its folder is removed, so that
    nobody can start under it meanwhile. Folders of scratch that no process of this home has made are left alone.
    """
    folder, swept = settings.scratch_folder.parent, []
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    for name in names:
        if name == settings.process or name in alive or not has_run(settings.home, name):
            continue
        with contextlib.suppress(Conflict, UsageError), owned(settings.home, role="sweep", wait_s=0.0, name=name):
            shutil.rmtree(folder / name, ignore_errors=True)
            swept.append(name)
    if swept:
        event("scratch.swept", entry=len(swept))
    return swept
