"""Wrong links and wrong digits, counted: first they cost nothing, then they are slow, then they are refused and logged.

In memory: a token has 80 bits, so the count defends the server's time and the log, not the secret; of four digits it
defends the phone, for as long as a call-out lives. Behind one address of a mobile network stand thousands of people, so
no count by address ever keeps a right link out.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from warning_dispatch.clock import Clock
from warning_dispatch.model.lockout import LockRule
from warning_dispatch.web.bureau import place_of
from warning_dispatch.web.failures import Failures

SLOW_FROM: Final = 10
"""Wrong links of an address from which on each waits."""
PAUSE: Final = 0.5
"""Seconds such an answer waits."""
LINKS: Final = LockRule(free=30, first=60_000, longest=900_000)
DIGITS: Final = LockRule(free=5, first=60_000, longest=900_000)
MOST_KEPT: Final = 10_000
"""Addresses and links that are counted at a time; the one longest quiet goes first."""
AT_ONCE: Final = 64
"""Answers that wait at a time: guesses must not fill the server with waiting."""


class Guesses:
    """Counts by address and by link."""

    def __init__(self, clock: Clock, proxies: Collection[str] = ()) -> None:
        """`proxies`: whose word about an address is believed."""
        self._clock = clock
        self._proxies = proxies
        self._counts: OrderedDict[tuple[LockRule, str], tuple[int, int]] = OrderedDict()
        self._waiting = 0
        self._log = structlog.get_logger("warning_dispatch.web")

    async def wrong_link(self, request: Request, failures: Failures, name: str = "link") -> Response:
        """The answer to a link that is none: told kindly by the page `name`, then late, then refused."""
        place = place_of(request, self._proxies)
        seconds = self.wait(LINKS, place)
        if seconds:
            return self._refused(request, failures, seconds)
        count = self.wrong(LINKS, place)
        if count >= SLOW_FROM and self._waiting < AT_ONCE:
            self._waiting += 1
            try:
                await asyncio.sleep(PAUSE)
            finally:
                self._waiting -= 1
        return failures.page(request, name, 404)

    def _refused(self, request: Request, failures: Failures, seconds: int) -> Response:
        answer = failures.page(request, "guessing", 429)
        answer.headers["Retry-After"] = str(seconds)
        return answer

    def wait(self, rule: LockRule, key: str) -> int:
        """Seconds for which whoever it is has to wait; 0: not at all."""
        count, at = self._count(rule, key)
        left = at + rule.wait(count) - self._clock.now()
        return 0 if left <= 0 or not count else -(-left // 1000)

    def begin(self, rule: LockRule, key: str) -> int:
        """Count a try before it is looked at, so that fifty at once are fifty. Seconds to wait: then it is neither.

        What comes of it is said afterwards: `failed`, `right`, or `unseen`.
        """
        seconds = self.wait(rule, key)
        if not seconds:
            self._add(rule, key)
        return seconds

    def failed(self, rule: LockRule, key: str) -> int:
        """What was begun was wrong; how many by now. The log names the address or the link's digest, and never a token."""
        count = self._count(rule, key)[0]
        if rule.wait(count):
            what = "links" if rule is LINKS else "digits"
            self._log.warning("guessing", what=what, of=key, wrong=count, wait_s=rule.wait(count) // 1000)
        return count

    def right(self, rule: LockRule, key: str) -> None:
        """What was begun was right: it is forgotten, and the wrong ones before it."""
        self._counts.pop((rule, key), None)

    def unseen(self, rule: LockRule, key: str) -> None:
        """What was begun could not be looked at, by no fault of whoever asked."""
        count, at = self._count(rule, key)
        if count:
            self._counts[rule, key] = (count - 1, at)

    def wrong(self, rule: LockRule, key: str) -> int:
        """One more that is known to be wrong; how many by now."""
        self._add(rule, key)
        return self.failed(rule, key)

    def _add(self, rule: LockRule, key: str) -> None:
        self._counts[rule, key] = (self._count(rule, key)[0] + 1, self._clock.now())
        self._counts.move_to_end((rule, key))
        if len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)

    def _count(self, rule: LockRule, key: str) -> tuple[int, int]:
        count, at = self._counts.get((rule, key), (0, 0))
        return (0, 0) if self._clock.now() - at > rule.forget else (count, at)
