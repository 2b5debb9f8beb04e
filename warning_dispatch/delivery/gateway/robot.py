"""群机器人: posts into a group of the bureau's own people. Nobody answers by it; what waits becomes one message.

At most one post in `every_s` seconds, so that with a second daemon taking over no minute sees more than is allowed. A robot
that says it was told too much is left alone for ten minutes, as the provider mutes it for so long; what comes meanwhile is told
in one message afterwards.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from warning_dispatch.delivery.gateway.answers import judge
from warning_dispatch.delivery.gateway.connections import Connections
from warning_dispatch.delivery.gateway.plan import Plan
from warning_dispatch.delivery.gateway.signers import SIGNERS
from warning_dispatch.delivery.http import HttpRules, HttpTroubleError

MUTED_FOR = 600_000
"""ms a robot is silent after it has been told too much."""
TOO_MUCH = "over_concurrency"


class GroupRobot:
    """One robot in one group."""

    def __init__(self, plan: Plan, name: str, now: Callable[[], int], log: FilteringBoundLogger) -> None:
        """`plan` of a provider's file for groups."""
        options = plan.options
        rules = HttpRules(timeout_s=options.timeout_s, connections=1, proxy=options.proxy, cleartext=options.cleartext)
        self._plan = plan
        self._now = now
        self._log = log
        self._connections = Connections(name, rules)
        self._muted_until = 0

    @property
    def muted(self) -> bool:
        """Whether it must be left alone for now."""
        return self._now() < self._muted_until

    async def post(self, text: str) -> bool:
        """Say something. Whether it was taken; nothing is repeated here."""
        if self.muted:
            return False
        shape, now, nonce = self._plan.provider.shape, self._now(), secrets.token_hex(16)
        held = {f"secret.{name}": value for name, value in self._plan.secrets.items()}
        chosen = {f"option.{name}": value for name, value in self._plan.chosen["notice"].items()}
        values = held | chosen | {"text": text, "now_s": str(now // 1000), "now_ms": str(now), "nonce": nonce}
        request = self._plan.provider.request.fill(values, self._plan.options.endpoint)
        signer = shape.request.signer
        signed = SIGNERS[signer.scheme](request, self._plan.credentials(signer), now, nonce)
        try:
            async with self._connections.one() as client:
                answer = await client.send(signed.request())
        except HttpTroubleError as trouble:
            self._log.warning("robot.silent", cause=str(trouble.cause))
            return False
        finally:
            await self._connections.close()  # it speaks seldom
        verdict = judge(answer, shape.answer, shape.errors, shape.unknown)
        if verdict.outcome == TOO_MUCH:
            self._muted_until = now + MUTED_FOR
        if verdict.outcome:
            self._log.warning("robot.refused", outcome=verdict.outcome, code=verdict.code)
        return not verdict.outcome
