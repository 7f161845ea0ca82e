"""What the commands share: the options that say which service, and the connection to it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Annotated

import typer
from rich.console import Console

from understudy.client import Client
from understudy.errors import UsageError

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="UNDERSTUDY_URL", help="A running service; without it, one in this process."),
]
ApiKey = Annotated[
    str | None, typer.Option("--api-key", envvar="UNDERSTUDY_API_KEY", help="Key for --url.", show_envvar=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="The last line of stdout is one JSON object.")]


_WIDTH_OF_A_FILE = 160


def page(*, markup: bool = True) -> Console:
    """Standard output: as wide as the terminal, or wide enough for our tables where there is none."""
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_FILE
    return Console(highlight=False, markup=markup, width=wide)


@contextlib.contextmanager
def connect(url: str | None, api_key: str | None) -> Iterator[Client]:
    """A client of the service at ``url``, or of one that runs inside this process."""
    if url:
        if not api_key:
            raise UsageError("Give the key of the service: --api-key or UNDERSTUDY_API_KEY.", code="api-key-missing")
        with Client(url, api_key=api_key) as client:
            yield client
        return
    found = tuple(entry_points(group="understudy.embedded"))
    if not found:
        raise UsageError("No server is installed here; give --url, or install understudy-server.", code="no-server")
    with found[0].load()(dict(os.environ)) as (transport, key), Client(api_key=key, transport=transport) as client:
        yield client


def say(text: str) -> None:
    """A line for a person, on stderr."""
    Console(stderr=True, highlight=False).print(text)
