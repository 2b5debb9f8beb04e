"""Posts to outlets: one warning a request, signed, the same key at every try, each chain in the order in which it went on.

    POST <address>          Content-Type: application/cap+xml
    X-Warning-Delivery      the same for every try of one warning, so that a repeat can be told
    X-Warning-Identifier    the warning's identifier
    X-Warning-Timestamp, X-Warning-Signature    see signing.py; absent where no secret is shared

Any 2xx is a receipt, and the beginning of the answer is kept. What can mend itself is tried again with growing pauses until
the outlet's time is over; what the outlet refuses for good is not. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import httpx2

from warning_dispatch.clock import Clock
from warning_dispatch.model.sources import Post, Posted
from warning_dispatch.outward.cap import MEDIA_TYPE
from warning_dispatch.signing import SIGNATURE, TIMESTAMP, signature

FIRST_PAUSE, LONGEST_PAUSE = 5_000, 900_000
"""ms before the second try, and between any two."""
REFUSED_FOR_GOOD = frozenset({400, 405, 410, 413, 415, 422})
"""Answers that another try will not change. A wrong key or address (401, 403, 404) somebody may mend."""
KEPT_OF_ANSWER = 500
"""Bytes read of an answer."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where warnings are posted. `give_up` in ms after it was passed on; `timeout` in s."""

    name: str
    address: str
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    give_up: int = 86_400_000


class OutletPoster:
    """Posts a batch. Concurrency: outlets beside each other, the posts of one after each other."""

    def __init__(self, outlets: Sequence[Outlet], client: httpx2.AsyncClient, clock: Clock, dice: Random) -> None:
        """`client` follows no redirects."""
        self._outlets: Mapping[str, Outlet] = {one.name: one for one in outlets}
        self._client = client
        self._clock = clock
        self._dice = dice

    async def post(self, posts: Sequence[Post]) -> list[tuple[Post, Posted]]:
        """One result for each."""
        by_outlet: defaultdict[str, list[Post]] = defaultdict(list)
        for one in posts:
            by_outlet[one.outlet].append(one)
        results = await asyncio.gather(*(self._post_to(name, some) for name, some in by_outlet.items()))
        return [result for some in results for result in some]

    async def _post_to(self, name: str, posts: Sequence[Post]) -> list[tuple[Post, Posted]]:
        """One after the other. Where there is no answer the rest waits too, and nobody is pestered.

        An answer speaks of that warning alone: only what else its chain says waits, to keep the order.
        """
        outlet = self._outlets.get(name)
        done: list[tuple[Post, Posted]] = []
        closed_until: int | None = None
        held: dict[int | None, int] = {}
        for post in posts:
            wait_until = held.get(post.chain_id, closed_until)
            if outlet is None:
                result = Posted(post.id, delivered=False, status=None, receipt="不在设置中 / no longer configured")
            elif wait_until is not None:
                result = Posted(post.id, delivered=False, status=None, receipt="", again_at=wait_until)
            else:
                result = await self._try(outlet, post)
                if result.again_at is not None:
                    held[post.chain_id] = result.again_at
                    closed_until = result.again_at if result.status is None else None
            done.append((post, result))
        return done

    async def _try(self, outlet: Outlet, post: Post) -> Posted:
        body = post.body.encode()
        headers = {
            "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
            "X-Warning-Delivery": post.key,
            "X-Warning-Identifier": post.identifier.encode("ascii", "replace").decode(),
        }
        if outlet.secret:
            seconds = self._clock.now() // 1000
            headers |= {TIMESTAMP: str(seconds), SIGNATURE: signature(outlet.secret, seconds, body)}
        try:
            async with asyncio.timeout(outlet.timeout):
                status, said = await self._ask(outlet.address, body, headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            return self._in_vain(outlet, post, None, type(error).__name__)
        if 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
            return Posted(post.id, delivered=True, status=status, receipt=said or str(status))
        return self._in_vain(outlet, post, status, f"HTTP {status} {said}".strip())

    async def _ask(self, address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Status and the beginning of the answer, in one line."""
        async with self._client.stream("POST", address, content=body, headers=dict(headers)) as answer:
            said = bytearray()
            async for piece in answer.aiter_raw():
                said += piece
                if len(said) >= KEPT_OF_ANSWER:
                    break
        text = bytes(said[:KEPT_OF_ANSWER]).decode("utf-8", "replace")
        return answer.status_code, " ".join("".join(c if c.isprintable() else " " for c in text).split())

    def _in_vain(self, outlet: Outlet, post: Post, status: int | None, why: str) -> Posted:
        now = self._clock.now()
        again = now + pause(post.tries, self._dice)
        over = status in REFUSED_FOR_GOOD or again > post.since + outlet.give_up
        return Posted(post.id, delivered=False, status=status, receipt=why, again_at=None if over else again)


def pause(tries: int, dice: Random) -> int:
    """Until the next try after so many, ms: doubled each time, a fifth more or less so that outlets do not march in step."""
    plain = min(LONGEST_PAUSE, FIRST_PAUSE << min(max(tries - 1, 0), 20))
    return round(plain * dice.uniform(0.8, 1.2))
