"""The e-mail channel: a batch of mails over a few SMTP connections, each mail receipted once."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPHeloError, SMTPResponseException

from warning_dispatch.clock import Clock
from warning_dispatch.delivery.email.bounces import BounceDoor
from warning_dispatch.delivery.email.mailbox import Mailbox
from warning_dispatch.delivery.email.message import Mail, build_mail
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.email.wire import (
    BOUNCED,
    CREDENTIALS_REFUSED,
    LOGIN_CODES,
    PROVIDER_DOWN,
    TEMPORARILY_REFUSED,
    Verdict,
    hand_over,
)
from warning_dispatch.delivery.kinds import HookAnswer, HookRequest, Probe
from warning_dispatch.ports import Dispatch, Receipt

TRIES = 2
"""Connections one mail is tried on before it is reported as refused for now."""
BROKEN_IN_A_ROW = 3
"""Connections lost one after another, without one mail taken between them, before the server counts as down."""
IDLE_LIMIT = 30_000
"""ms a connection is kept for the next batch; servers and firewalls drop idle ones, often silently."""


@dataclass(slots=True)
class _Item:
    """One mail of a batch on its way."""

    dispatch: Dispatch
    tries: int = 0


class _Batch:
    """What is still to do of one batch, what is done, and why a connection could not be had."""

    def __init__(self, dispatches: Sequence[Dispatch]) -> None:
        self.work = deque(_Item(dispatch) for dispatch in dispatches)
        self.receipts: list[Receipt] = []
        self.trouble = ""

    def refuse(self, item: _Item, outcome: str, *, unsure: bool = False) -> None:
        attempt_id = item.dispatch.attempt_id
        self.receipts.append(Receipt(attempt_id, accepted=False, outcome=outcome, unsure=unsure))

    def settle(self) -> None:
        """Receipt what no connection could be found for."""
        while self.work:
            self.refuse(self.work.popleft(), self.trouble or PROVIDER_DOWN)


class EmailChannel:
    """电子邮件渠道: implements ChannelPort over one mail server.

    Connections are opened when there is work, carry many mails, and are kept for half a minute. `tls` replaces the
    machine's own trust (a bureau's private authority); certificate and host name are always verified.
    """

    def __init__(
        self,
        route: EmailRoute,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        tokens: Tokens | None = None,
        mailbox: Mailbox | None = None,
        bounces: BounceDoor | None = None,
    ) -> None:
        """`clock` dates the mails and ages idle connections; `tokens` sign what a mail is known by when it comes back.

        It comes back to the `mailbox`, or by the door for `bounces`.
        """
        self._route = route
        self._clock = clock
        self._tls = tls
        self._tokens = tokens or Tokens(b"")
        self._slots = asyncio.Semaphore(route.connections)
        self._idle: list[tuple[SMTP, int]] = []
        self._mailbox = mailbox
        self._bounces = bounces
        self._log = structlog.get_logger("delivery.email")

    async def deliver(self, batch: Sequence[Dispatch]) -> Sequence[Receipt]:
        """Hand a batch over. Accepted means that the mail server took it (发得出), nothing more."""
        work = _Batch(batch)
        workers = min(self._route.connections, len(batch))
        await asyncio.gather(*(self._serve(work) for _ in range(workers)))
        work.settle()
        counts = Counter(receipt.outcome or "accepted" for receipt in work.receipts)
        self._log.info("email.batch", mails=len(batch), **counts)
        return work.receipts

    async def hang_up(self, attempt_ids: Sequence[int]) -> None:
        """A mail does not ring; what the server took cannot be called back."""

    async def close(self) -> None:
        """Say good-bye on every idle connection."""
        while self._idle:
            connection, _ = self._idle.pop()
            await self._quit(connection)

    # --- what comes back ----------------------------------------------------------------------------------

    @property
    def every_s(self) -> float:
        """See kinds.Polled; 0 without a mailbox."""
        return self._mailbox.every_s if self._mailbox else 0.0

    async def poll(self) -> None:
        """See kinds.Polled: look into the mailbox."""
        if self._mailbox is not None:
            await self._mailbox.poll()

    async def hook(self, request: HookRequest) -> HookAnswer:
        """See kinds.Hooked: the relay says that a mail came back."""
        return await self._bounces.answer(request) if self._bounces else HookAnswer(404)

    async def probe(self) -> Probe:
        """See kinds.Probed: log in and say good-bye, without a mail; then how the last look into the mailbox went."""
        trial = _Batch(())
        async with self._slots:
            connection = await self._connect(trial)
        if connection is None:
            return Probe(healthy=False, why=trial.trouble)
        self._idle.append((connection, self._clock.monotonic()))
        trouble = self._mailbox.trouble if self._mailbox else ""
        return Probe(healthy=not trouble, why=trouble)

    # --- the work of a batch ------------------------------------------------------------------------------

    async def _serve(self, batch: _Batch) -> None:
        """Work the batch off over one connection at a time, a new one when the old one breaks."""
        async with self._slots:
            connection: SMTP | None = None
            broken = 0
            try:
                while batch.work and broken < BROKEN_IN_A_ROW:
                    connection = connection or await self._connect(batch)
                    if connection is None:
                        return
                    if not batch.work:  # others were quicker while we connected
                        break
                    verdict = await self._step(connection, batch)
                    broken = 0 if verdict.usable else broken + 1
                    if not verdict.usable:
                        connection.close()
                        connection = None
            except BaseException:
                if connection is not None:
                    connection.close()
                raise
            if connection is not None:
                self._idle.append((connection, self._clock.monotonic()))

    async def _step(self, connection: SMTP, batch: _Batch) -> Verdict:
        """One mail: build, hand over, receipt it or put it back."""
        item = batch.work.popleft()
        try:
            mail = build_mail(self._route, item.dispatch, self._clock.now(), self._tokens)
        except ValueError:
            batch.refuse(item, BOUNCED)
            return Verdict(BOUNCED)
        item.tries += 1
        verdict = await self._hand_over(connection, mail)
        if not verdict.outcome:
            attempt_id = item.dispatch.attempt_id
            batch.receipts.append(Receipt(attempt_id, accepted=True, provider_ref=mail.message_id))
        elif verdict.repeat and item.tries < TRIES:
            batch.work.appendleft(item)
        else:
            batch.refuse(item, verdict.outcome, unsure=verdict.unsure)
        return verdict

    async def _hand_over(self, connection: SMTP, mail: Mail) -> Verdict:
        try:
            return await hand_over(connection, mail)
        except Exception as error:  # noqa: BLE001 - a fault in the library must not take the rest of the batch along
            self._log.error("email.fault", kind=type(error).__name__)
            return Verdict(TEMPORARILY_REFUSED, usable=False, unsure=True)

    async def _connect(self, batch: _Batch) -> SMTP | None:
        """An idle connection that is still good, else a new one; None, with the batch's trouble noted."""
        while self._idle:
            connection, since = self._idle.pop()
            if connection.is_connected and self._clock.monotonic() - since < IDLE_LIMIT:
                return connection
            connection.close()
        connection = self._new_connection()
        try:
            await connection.connect()
            await _greet(connection)
        except (SMTPException, OSError, ValueError) as error:
            connection.close()
            batch.trouble = _connect_outcome(error)
            code = error.code if isinstance(error, SMTPResponseException) else None
            self._log.warning("email.no_connection", outcome=batch.trouble, kind=type(error).__name__, code=code)
            return None
        return connection

    def _new_connection(self) -> SMTP:
        route = self._route
        return SMTP(
            hostname=route.host,
            port=route.port,
            username=route.username or None,
            password=route.password if route.username else None,
            timeout=route.timeout_s,
            use_tls=route.security == "tls",
            start_tls=route.security == "starttls",
            tls_context=self._tls,
            local_hostname=route.helo or route.from_address.domain,
        )

    async def _quit(self, connection: SMTP) -> None:
        with suppress(SMTPException, OSError):
            await connection.quit()
        connection.close()


async def _greet(connection: SMTP) -> None:
    """Say EHLO (else HELO) now: a server with too many connections may say so only here, and no mail is in hand yet."""
    if not connection.is_ehlo_or_helo_needed:
        return
    try:
        await connection.ehlo()
    except SMTPHeloError:
        if not connection.is_connected:  # 421: it has hung up
            raise
        await connection.helo()


def _connect_outcome(error: Exception) -> str:
    """Wrong credentials are for the administrator; everything else is a server that cannot be used now."""
    if isinstance(error, SMTPAuthenticationError) and error.code >= 500:  # noqa: PLR2004 - 4xx passes by itself
        return CREDENTIALS_REFUSED
    if isinstance(error, SMTPResponseException) and error.code in LOGIN_CODES:
        return CREDENTIALS_REFUSED
    return PROVIDER_DOWN
