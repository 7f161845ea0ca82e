"""A request's raw body into a receiver that blocks, while the event loop serves everybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing, asynccontextmanager
from typing import TypeVar

from anyio import CancelScope
from fastapi import Request
from starlette.requests import ClientDisconnect

from service.rest.asking import body_of, off_loop

T = TypeVar("T")

_POUR_BYTES = 1 << 20
"""Written at once: a change of threads costs some 0.1 ms, and a chunk of the network's is 64 KiB."""


@asynccontextmanager
async def beside_loop(block: AbstractContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave a block beside the event loop: to leave it may mean to send a whole file to a far store.

    Guarantees: the block is left, also if the request is cancelled meanwhile.
    """
    value = await off_loop(block.__enter__)
    try:
        yield value
    except BaseException as error:
        with CancelScope(shield=True):
            is_handled = await off_loop(block.__exit__, type(error), error, error.__traceback__)
        if not is_handled:
            raise
    else:
        with CancelScope(shield=True):
            await off_loop(block.__exit__, None, None, None)


async def pour(request: Request, write: Callable[[bytes], None]) -> None:
    """Give ``write`` the whole raw body, a mebibyte at a time.

    Raises: InputRefused for a form; ClientDisconnect when the connection breaks, after what had arrived was written;
    what ``write`` raises.
    """
    pending = bytearray()
    async with aclosing(body_of(request)) as chunks:
        try:
            async for chunk in chunks:
                pending += chunk
                if len(pending) >= _POUR_BYTES:
                    whole, pending = bytes(pending), bytearray()
                    await off_loop(write, whole)
        except ClientDisconnect:
            await off_loop(write, bytes(pending))
            raise
    await off_loop(write, bytes(pending))
