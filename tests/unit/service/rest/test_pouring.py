"""A body is poured beside the event loop, whole, and up to where a connection breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from service.rest.pouring import beside_loop, pour
from understudy.errors import InputRefused


def request_of(*messages: Message) -> Request:
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    return Request({"type": "http", "method": "PUT", "headers": []}, receive)


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_all_of_it_arrives_in_order_a_mebibyte_at_a_time() -> None:
    chunks = [bytes([number]) * 300_000 for number in range(10)]
    taken: list[bytes] = []
    asyncio.run(pour(request_of(*map(part, chunks), part(b"", more=False)), taken.append))
    assert b"".join(taken) == b"".join(chunks)
    assert [len(piece) for piece in taken] == [1_200_000, 1_200_000, 600_000]


def test_what_had_arrived_when_the_connection_broke_is_written() -> None:
    taken: list[bytes] = []
    with pytest.raises(ClientDisconnect):
        asyncio.run(pour(request_of(part(b"ab"), part(b"c"), {"type": "http.disconnect"}), taken.append))
    assert taken == [b"abc"]


def test_what_the_receiver_refuses_is_raised_and_nothing_more_is_written() -> None:
    taken: list[bytes] = []

    def refuse(content: bytes) -> None:
        taken.append(content)
        raise InputRefused("Too much.", code="too-large")

    with pytest.raises(InputRefused):
        asyncio.run(pour(request_of(*[part(b"x" * (1 << 20))] * 3), refuse))
    assert len(taken) == 1


@contextmanager
def slow(left: list[str], *, swallows: bool = False) -> Iterator[str]:
    time.sleep(0.2)
    try:
        yield "in"
    except ValueError:
        left.append("after an error")
        if not swallows:
            raise
    time.sleep(0.2)
    left.append("out")


def test_the_loop_goes_on_while_a_block_is_entered_and_left() -> None:
    left: list[str] = []

    async def tick() -> int:
        count = 0
        while not left:
            await asyncio.sleep(0.01)
            count += 1
        return count

    async def both() -> int:
        ticking = asyncio.create_task(tick())
        async with beside_loop(slow(left)) as value:
            assert value == "in"
        return await ticking

    assert asyncio.run(both()) > 5, "it would tick once if somebody blocked the loop"


@pytest.mark.parametrize("swallows", [False, True])
def test_an_error_in_the_block_is_the_blocks_to_judge(swallows: bool) -> None:
    left: list[str] = []

    async def fail() -> None:
        async with beside_loop(slow(left, swallows=swallows)):
            raise ValueError

    if swallows:
        asyncio.run(fail())
    else:
        with pytest.raises(ValueError, match=r"^$"):
            asyncio.run(fail())
    assert left[0] == "after an error"


def test_a_request_that_is_cancelled_leaves_its_block() -> None:
    left: list[str] = []

    @contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        finally:
            left.append("left")

    async def held() -> None:
        async def work() -> None:
            async with beside_loop(noted()):
                await asyncio.sleep(60)

        task = asyncio.create_task(work())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(held())
    assert left == ["left"]
