"""Imports that leave out what would only be looked at.

Anyone may import this. Presidio and spaCy import torch and transformers wherever these are installed, for models that
the default does not use: five seconds of processor time in every child that scrubs a note.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lightly(*heavy: str) -> Iterator[None]:
    """Within it, importing these packages fails as if they were not installed, unless they have been imported before.

    What is imported within stays as it is for the life of the process: not for one that will need them together.
    """
    barred = [name for name in heavy if name not in sys.modules]
    sys.modules.update(dict.fromkeys(barred))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in barred:
            sys.modules.pop(name, None)
