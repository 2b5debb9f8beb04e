"""What holds up what on the way to an outlet."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any

import httpx2

from warning_dispatch.model.sources import Post, Posted
from warning_dispatch.outward.outlets import Outlet, OutletPoster

NOW = 1_785_000_000_000
YELLOW, YELLOW_ENDS, RED = (
    Post(number, "tv", f"tv-{number}", f"{number}", body, 1, NOW, chain)
    for number, (body, chain) in enumerate((("yellow", 1), ("yellow ends", 1), ("red", 2)))
)


class _Body(httpx2.AsyncByteStream):
    async def __aiter__(self) -> Any:
        yield b"x"


async def _post(answer: Callable[[str], int], *posts: Post) -> tuple[list[str], list[Posted]]:
    """What reached the outlet, and what became of each. `answer`: the status for a body."""
    came: list[str] = []

    def take(request: httpx2.Request) -> httpx2.Response:
        came.append(request.content.decode())
        return httpx2.Response(answer(came[-1]), stream=_Body())

    clock: Any = SimpleNamespace(now=lambda: NOW, monotonic=lambda: 0)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(take)) as client:
        poster = OutletPoster([Outlet("tv", "http://tv.cn/w")], client, clock, Random(1))
        return came, [result for _, result in await poster.post(posts)]


async def test_a_message_that_an_outlet_stumbles_over_holds_up_its_own_chain() -> None:
    """The red of another chain goes out at once; how the yellow ends waits for the yellow."""
    came, (first, second, red) = await _post(lambda body: 500 if body == "yellow" else 200, YELLOW, YELLOW_ENDS, RED)
    assert came == ["yellow", "red"]
    assert red.delivered
    assert first.again_at is not None
    assert (second.delivered, second.again_at) == (False, first.again_at)


async def test_where_there_is_no_answer_the_rest_waits() -> None:
    """An outlet out of reach is not asked once more for each warning."""

    def gone(_body: str) -> int:
        raise httpx2.ConnectError("nobody there")

    came, results = await _post(gone, YELLOW, RED)
    assert came == ["yellow"]
    assert results[0].again_at == results[1].again_at
    assert results[1].again_at is not None
