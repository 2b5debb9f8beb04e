"""The gateway channel: a batch over a bounded number of workers, each request sent once, each attempt receipted once."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from warning_dispatch.delivery.batches import NOT_BEGUN
from warning_dispatch.delivery.gateway.answers import Verdict, judge
from warning_dispatch.delivery.gateway.connections import Connections
from warning_dispatch.delivery.gateway.description import RequestShape
from warning_dispatch.delivery.gateway.filling import RequestForm
from warning_dispatch.delivery.gateway.hooks import Callbacks
from warning_dispatch.delivery.gateway.numbers import is_served, number_forms
from warning_dispatch.delivery.gateway.pacing import Pace
from warning_dispatch.delivery.gateway.plan import Plan
from warning_dispatch.delivery.gateway.references import References
from warning_dispatch.delivery.gateway.signers import SIGNERS
from warning_dispatch.delivery.http import Cause, HttpAnswer, HttpClient, HttpRules, HttpTroubleError
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, HookRequest
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import DRILL, DRILL_SPOKEN
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Receipt

SILENT_IN_A_ROW = 3
"""Requests without an answer, one after another, after which the provider counts as down for the rest of a batch."""
CONNECT_S = 3.0
"""Seconds for each step of a connection."""
LONGEST_POLL = 20
"""Requests of one poll at the most; the next one goes on."""
PROVIDER_DOWN, INVALID, NOT_HERE, FOR_NOW = "provider_down", "invalid_number", "number_limited", "temporarily_refused"
MISCONFIGURED = "misconfigured"
OF_THE_ROUTE = frozenset({PROVIDER_DOWN, "credentials_refused", "balance_exhausted", MISCONFIGURED})
"""Outcomes that will not be another one for the rest of a batch."""
_PURPOSE_KEYS: Mapping[Purpose, str] = {
    Purpose.NOTICE: "notice",
    Purpose.ALL_CLEAR: "all_clear",
    Purpose.STAGE: "notice",
    Purpose.SELF: "self",
}


class GatewayChannel:
    """HTTP 网关渠道: implements ChannelPort, Hooked and Polled over one provider's file."""

    def __init__(self, plan: Plan, tools: ChannelTools) -> None:
        """Nothing is sent, and no connection made, before there is something to hand over."""
        options, shape = plan.options, plan.provider.shape
        rules = HttpRules(
            timeout_s=options.timeout_s,
            connect_s=CONNECT_S,
            connections=options.connections,
            proxy=options.proxy,
            cleartext=options.cleartext,
        )
        self._plan = plan
        self._shape = shape
        self._tools = tools
        self._lines = Connections(tools.route, rules)
        self._longest = round(1000 * (rules.timeout_s + 2 * rules.connect_s))
        self._pace = Pace(shape.limits.per_second)
        self._references = References(tools)
        self._callbacks = Callbacks(shape.callbacks, plan, tools, self._references)
        self._polls = {
            name: (plan.provider.polls[name], poll, self._callbacks.reader(poll.readings))
            for name, poll in shape.polls.items()
        }
        hooks = {
            f"hook.{name}": self._callbacks.address(name) for name, one in shape.callbacks.items() if not one.bound
        }
        held = {f"secret.{name}": value for name, value in plan.secrets.items()} | hooks
        self._fixed = {
            purpose: held | {f"option.{name}": value for name, value in chosen.items()} | {"purpose": purpose}
            for purpose, chosen in plan.chosen.items()
        }
        self._drill = DRILL_SPOKEN if tools.channel is Channel.VOICE else DRILL

    # --- handing over -------------------------------------------------------------------------------------

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Hand a batch over. Accepted means that the provider took it (发得出), nothing more."""
        work = _Batch(batch)
        workers = min(self._plan.options.connections, len(batch))
        await asyncio.gather(*(self._serve(work) for _ in range(workers)))
        counts = Counter(receipt.outcome or "accepted" for receipt in work.receipts)
        self._tools.log.info("gateway.batch", attempts=len(batch), codes=dict(work.codes), **counts)
        return work.receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """No provider of notices can end a call that rings; it ends by itself, and a key pressed in it counts."""

    async def close(self) -> None:
        """Tell what was held back, let go of connections."""
        self._callbacks.close()
        await self._lines.close()

    async def _serve(self, batch: _Batch) -> None:
        async with self._lines.one() as client:
            await self._work_off(batch, client)

    async def _work_off(self, batch: _Batch, client: HttpClient) -> None:
        while batch.work:
            dispatch = batch.work.popleft()
            try:
                verdict = Verdict(batch.trouble) if batch.trouble else await self._hand_over(dispatch, batch, client)
            except Exception as error:  # noqa: BLE001 - a fault of ours must not take the rest of the batch along
                self._tools.log.error("gateway.fault", kind=type(error).__name__)  # noqa: TRY400 - a traceback holds numbers
                verdict = Verdict(FOR_NOW, unsure=True)
            if verdict is not None:
                batch.settle(dispatch.attempt_id, verdict)

    async def _hand_over(self, dispatch: Dispatch, batch: _Batch, client: HttpClient) -> Verdict | None:
        """One attempt: 1. can it go at all; 2. its turn; 3. is it still ours; 4. send once, read once. None: it is put back."""
        if dispatch.purpose is Purpose.CAMPAIGN and self._plan.provider.wants_values:
            return Verdict(MISCONFIGURED)  # a letter has no values: it would go out as a warning that says nothing
        forms = number_forms(dispatch.address)
        if not dispatch.address:
            return Verdict(INVALID)
        if not forms or not is_served(dispatch.address, self._shape.serves):
            return Verdict(NOT_HERE)
        await self._pace.turn()
        now = self._tools.now()
        if dispatch.lease_until and now + self._longest > dispatch.lease_until:
            return Verdict(NOT_BEGUN)  # our lateness: what is begun must end while it is ours, or it would go twice
        values = self._values(dispatch, forms)
        try:
            answer = await self._send(client, self._plan.provider.request, self._shape.request, values, now)
        except HttpTroubleError as trouble:
            batch.silent(trouble)
            again = trouble.cause is Cause.NO_CONNECTION and not batch.trouble and batch.put_back(dispatch)
            return None if again else Verdict(trouble.outcome, unsure=trouble.unsure)
        batch.answered()
        verdict = judge(answer, self._shape.answer, self._shape.errors, self._shape.unknown)
        if verdict.outcome in OF_THE_ROUTE:
            batch.trouble = verdict.outcome
        if verdict.ref and not verdict.outcome and self._callbacks.by_reference:
            self._references.keep(verdict.ref, dispatch.attempt_id)
        return verdict

    async def _send(
        self, client: HttpClient, form: RequestForm, shape: RequestShape, values: Mapping[str, str], now: int
    ) -> HttpAnswer:
        nonce = secrets.token_hex(16)
        moments = {"now_s": str(now // 1000), "now_ms": str(now), "nonce": nonce}
        request = form.fill({**values, **moments}, self._plan.options.endpoint)
        signed = SIGNERS[shape.signer.scheme](request, self._plan.credentials(shape.signer), now, nonce)
        return await client.send(signed.request())

    def _values(self, dispatch: Dispatch, forms: Mapping[str, str]) -> Mapping[str, str]:
        given = dispatch.values
        hooks = {f"hook.{name}": self._callbacks.address(name, dispatch.attempt_id) for name in self._callbacks.bound}
        return {
            **given,
            **self._fixed[_PURPOSE_KEYS.get(dispatch.purpose, "call")],
            **hooks,
            "drill": given.get(self._drill, ""),
            "attempt": str(dispatch.attempt_id),
            "language": dispatch.language,
            "text": dispatch.text,
            "subject": dispatch.subject,
            "link": dispatch.link,
            "ring_s": str(dispatch.ring_for // 1000),
            "number.e164": forms["e164"],
            "number.plain": forms["plain"],
            "number.domestic": forms["domestic"],
        }

    # --- what is told later -------------------------------------------------------------------------------

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See Hooked."""
        return await self._callbacks.take(request)

    @property
    def callbacks(self) -> Sequence[str]:
        """The names of the provider's callbacks."""
        return list(self._shape.callbacks)

    def address_of(self, callback: str, attempt_id: int = 0) -> str:
        """The address that the provider is to be given, with its digest."""
        return self._callbacks.address(callback, attempt_id)

    @property
    def every_s(self) -> float:
        """Polling is for where no callback can reach us."""
        return self._shape.every_s if self._polls and not self._tools.hook_url else 0.0

    async def poll(self) -> None:
        """Ask for everything that has been told since, request by request."""
        async with self._lines.one() as client:
            for name in self._polls:
                for _ in range(LONGEST_POLL):
                    if not await self._poll_once(name, client):
                        break

    async def _poll_once(self, name: str, client: HttpClient) -> bool:
        """Whether there may be more."""
        form, poll, reader = self._polls[name]
        try:
            answer = await self._send(client, form, poll.request, self._fixed["call"], self._tools.now())
        except HttpTroubleError as trouble:
            self._tools.log.warning("gateway.poll_failed", poll=name, cause=str(trouble.cause))
            return False
        told = await self._callbacks.tell(reader.read(answer.document()))
        verdict = judge(answer, self._shape.answer, self._shape.errors, self._shape.unknown)
        if not told and verdict.outcome and verdict.code:
            self._tools.log.warning("gateway.poll_refused", poll=name, code=verdict.code)
        return told >= poll.most


class _Batch:
    """What is still to do of one batch, what is done, and why the rest cannot go."""

    def __init__(self, dispatches: Sequence[Dispatch]) -> None:
        self.work = deque(dispatches)
        self.receipts: list[Receipt] = []
        self.codes: Counter[str] = Counter()
        self.trouble = ""
        self._silent = 0
        self._tried = set[int]()

    def settle(self, attempt_id: int, verdict: Verdict) -> None:
        refused = bool(verdict.outcome)
        if refused and verdict.code:
            self.codes[verdict.code] += 1
        self.receipts.append(
            Receipt(
                attempt_id,
                accepted=not refused,
                provider_ref=verdict.ref,
                outcome=verdict.outcome,
                unsure=refused and verdict.unsure,
            )
        )

    def answered(self) -> None:
        self._silent = 0

    def silent(self, trouble: HttpTroubleError) -> None:
        """One lost connection is nothing; several one after another are a provider that is down."""
        self._silent += 1
        if trouble.outcome in OF_THE_ROUTE and trouble.outcome != PROVIDER_DOWN:
            self.trouble = trouble.outcome
        elif self._silent >= SILENT_IN_A_ROW:
            self.trouble = PROVIDER_DOWN

    def put_back(self, dispatch: Dispatch) -> bool:
        """Nothing of it was sent: once more, but once only."""
        if dispatch.attempt_id in self._tried:
            return False
        self._tried.add(dispatch.attempt_id)
        self.work.appendleft(dispatch)
        return True
