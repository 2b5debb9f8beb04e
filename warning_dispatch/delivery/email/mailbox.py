r"""The mailbox that bounces and answers come to, looked into now and then over IMAP.

A letter is told to the engine in one look and marked in the next: if the process dies in between it is told again, and the
engine has heard it already. The mark is a keyword of our own where the server keeps such, so that an officer who reads the
mailbox hides nothing from us; elsewhere it is \Seen. Nothing is moved and nothing is deleted: the mailbox is the bureau's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError
from structlog.typing import FilteringBoundLogger

from warning_dispatch.delivery.email.incoming import Bounce, Passed, WrittenAnswer, read_incoming
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Event, Reply, Report

KEYWORD = b"WarningDispatchRead"
SEEN = b"\\Seen"
ANY_KEYWORD = b"\\*"
MOST_LETTERS = 200
"""Letters taken in one look; the rest wait for the next."""
MOST_LOOKS = 20
"""Looks in a row while there is more: after a storm of bounces."""
MOST_BYTES = 262_144
"""Of one letter: a bounce that returns our mail is far smaller."""
DAYS = 14
"""How far back a look goes. No server tries longer than five days."""
US = {"name": "warning-dispatch", "vendor": "warning-dispatch"}
"""Some providers (163, 126) let nobody in who has not said what program it is (RFC 2971)."""


@dataclass(frozen=True, slots=True)
class MailboxRoute:
    """One mailbox. `every_s`: seconds between two looks."""

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 993
    security: Literal["tls", "starttls", "none"] = "tls"
    folder: str = "INBOX"
    every_s: float = 30.0
    timeout_s: float = 15.0


@dataclass(slots=True)
class _Look:
    """What one look brought."""

    validity: int
    letters: dict[int, bytes]


class Mailbox:
    """收件箱: reads what came back and tells the engine. One look at a time."""

    def __init__(
        self,
        route: MailboxRoute,
        tokens: Tokens,
        now: Callable[[], int],
        hear: Callable[[Event], None],
        log: FilteringBoundLogger,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`hear` takes what is for the engine; `tls` replaces the machine's own trust."""
        self._route = route
        self._tokens = tokens
        self._now = now
        self._hear = hear
        self._log = log
        self._tls = tls
        self._told: tuple[int, frozenset[int]] = (0, frozenset())
        self._lock = asyncio.Lock()
        self.trouble = ""
        """Why the last look failed, as a word; empty when it did not."""

    @property
    def every_s(self) -> float:
        """Seconds between two looks."""
        return self._route.every_s

    async def poll(self) -> None:
        """Take what is new. A mailbox that cannot be opened is said once, and looked at again the next time."""
        if self._lock.locked():
            return
        async with self._lock:
            for _ in range(MOST_LOOKS):
                try:
                    look = await asyncio.to_thread(self._look)
                except (IMAPClientError, OSError, ValueError) as error:
                    self._say(_trouble_of(error), error)
                    return
                self._say("")
                counts = Counter(self._tell(raw) for raw in look.letters.values())
                self._told = (look.validity, frozenset(look.letters))
                if counts:
                    self._log.info("email.mailbox", **counts)
                if len(look.letters) < MOST_LETTERS:
                    return

    def _say(self, trouble: str, error: Exception | None = None) -> None:
        if trouble and trouble != self.trouble:
            self._log.warning("email.mailbox_unreachable", why=trouble, kind=type(error).__name__)
        elif self.trouble and not trouble:
            self._log.info("email.mailbox_reachable")
        self.trouble = trouble

    # --- in a thread of its own ---------------------------------------------------------------------------

    def _look(self) -> _Look:
        """1. Log in. 2. Mark what was told in the last look. 3. Take what bears no mark, oldest first."""
        route = self._route
        tls = self._tls or ssl.create_default_context()
        with IMAPClient(
            route.host, port=route.port, ssl=route.security == "tls", ssl_context=tls, timeout=route.timeout_s
        ) as client:
            if route.security == "starttls":
                client.starttls(tls)
            client.login(route.username, route.password)
            if client.has_capability("ID"):
                client.id_(US)
            return self._take(client)

    def _take(self, client: IMAPClient) -> _Look:
        box = client.select_folder(self._route.folder)
        validity = int(box.get(b"UIDVALIDITY", 0))
        mark = KEYWORD if ANY_KEYWORD in box.get(b"PERMANENTFLAGS", ()) else SEEN
        told_validity, told = self._told
        if told and told_validity == validity:
            client.add_flags(sorted(told), [mark], silent=True)
        since = datetime.fromtimestamp(self._now() // 1000, UTC) - timedelta(days=DAYS)
        unmarked = ["UNKEYWORD", KEYWORD.decode()] if mark == KEYWORD else ["UNSEEN"]
        found: Sequence[int] = client.search([*unmarked, "UNDELETED", "SINCE", since.date()])
        wanted = sorted(found)[:MOST_LETTERS]
        part = f"BODY.PEEK[]<0.{MOST_BYTES}>"
        letters: dict[int, bytes] = {}
        for uid, answer in client.fetch(wanted, [part]).items() if wanted else ():
            body = next((value for key, value in answer.items() if key.startswith(b"BODY[]")), b"")
            letters[int(uid)] = bytes(body or b"")
        return _Look(validity, letters)

    # --- to the engine ------------------------------------------------------------------------------------

    def _tell(self, raw: bytes) -> str:
        """Tell the engine what a letter says; gives a word for the log."""
        match read_incoming(raw, self._tokens):
            case Bounce(attempt_id, outcome):
                self._hear(Report(attempt_id, outcome, self._now()))
                return outcome
            case WrittenAnswer(attempt_id, address, text):
                self._hear(Reply(Channel.EMAIL, address, text, self._now(), attempt_id))
                return "reply"
            case Passed(why):
                return why


def _trouble_of(error: Exception) -> str:
    return "credentials_refused" if isinstance(error, LoginError) else "provider_down"
