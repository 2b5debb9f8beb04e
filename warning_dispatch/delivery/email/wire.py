"""One mail over one open SMTP connection, and what the server's answer means for us.

What a refusal means depends on when it comes. Only a fact about the mailbox may mark an address as bad: a relay that
refuses us, a filter, or a full mailbox must never spoil the register, so they are told apart by the enhanced status
code (RFC 3463) where the server gives one, and by its words where it gives none. In doubt the address stays good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from aiosmtplib import SMTP, SMTPException, SMTPResponseException, SMTPTimeoutError

from warning_dispatch.delivery.email.message import Mail

TEMPORARILY_REFUSED = "temporarily_refused"
"""The server will not, or cannot, now: counts against the route."""
MAIL_DEFERRED = "mail_deferred"
"""This mail or its recipient is not taken now (greylist, full mailbox, filter): says nothing of the route."""
BOUNCED = "bounced"
CREDENTIALS_REFUSED = "credentials_refused"
PROVIDER_DOWN = "provider_down"

LOGIN_CODES = frozenset({530, 534, 535, 538})
"""The server wants (other) credentials, whatever it was asked."""
MAILBOX_CODES = frozenset({550, 551, 553, 554})
"""A recipient is refused for good; 552 is a full mailbox (RFC 5321, 4.5.3.1.10), 50x are quarrels over syntax."""
MAILBOX_STATUS = frozenset({(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 0), (2, 1)})
"""X.1.x and X.2.x of RFC 3463 that speak of the recipient's mailbox; (2, 2) is only full."""
SENDER_STATUS = frozenset({(1, 7), (1, 8)})
"""The sender's address is at fault, although many servers say so only when they hear the recipient."""
SERVICE_CLOSING = 421
NO_ROOM = 452
"""Insufficient storage of the server itself (a full mailbox is 552)."""
MAIL_SYSTEM = 3
"""X.3.x of RFC 3463: the system, not the mailbox."""
PERMANENT = 500

_ENHANCED = re.compile(r"\b[245]\.(\d{1,3})\.(\d{1,3})\b")
_ROUTE = re.compile(
    r"relay(ing)? (access )?(denied|not|prohibited)|(unable|cannot|not permitted) to relay"
    r"|sender (address|domain)|mail from must|authorized user|client host rejected|helo command rejected",
    re.IGNORECASE,
)
"""Words of servers that refuse us rather than the recipient."""
_FILTER = re.compile(r"frequency|limit|quota|full\b|spam|block|blacklist|content", re.IGNORECASE)
"""Words of filters and of full mailboxes, from servers that give no enhanced status code."""


class Stage(IntEnum):
    """How far the conversation about one mail had come."""

    SENDER = 1
    RECIPIENT = 2
    CONTENT = 3
    """DATA was begun: from here on a silence leaves it unknown whether the server took the mail."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mail. `outcome` is empty when the server took it.

    `repeat`: it certainly was not taken and may go over another connection at once. `usable`: the connection can
    carry the next mail. `unsure`: the server may have taken it although it did not say so.
    """

    outcome: str
    repeat: bool = False
    usable: bool = True
    unsure: bool = False


async def hand_over(connection: SMTP, mail: Mail) -> Verdict:
    """Hand one mail over: 1 sender, 2 recipient, 3 content. Never raises but for cancellation.

    A connection that breaks before step 3 leaves the mail certainly unsent: it goes again at once. In step 3 it is
    unknown. Then the mail counts as refused for now and unsure, so that it goes again as a possible duplicate: a mail
    that comes twice (with one Message-ID) costs a glance, a mail that is lost costs a village its warning.
    """
    stage = Stage.SENDER
    try:
        await connection.mail(mail.sender)
        stage = Stage.RECIPIENT
        await connection.rcpt(mail.recipient)
        stage = Stage.CONTENT
        await connection.data(mail.content)
    except SMTPResponseException as error:
        return await _refused(connection, stage, error)
    except (SMTPTimeoutError, TimeoutError):
        unsure = stage is Stage.CONTENT
        return Verdict(TEMPORARILY_REFUSED if unsure else PROVIDER_DOWN, usable=False, unsure=unsure)
    except (SMTPException, OSError):
        unsure = stage is Stage.CONTENT
        return Verdict(TEMPORARILY_REFUSED, repeat=not unsure, usable=False, unsure=unsure)
    return Verdict("")


async def _refused(connection: SMTP, stage: Stage, error: SMTPResponseException) -> Verdict:
    if stage is Stage.CONTENT and error.code // 100 == 2:  # noqa: PLR2004 - any 2yz is a yes (RFC 5321, 4.2.1)
        return Verdict("")
    if error.code == SERVICE_CLOSING or error.code < 0:  # -1: the answer could not be read
        unsure = stage is Stage.CONTENT and error.code < 0
        return Verdict(TEMPORARILY_REFUSED, repeat=stage is not Stage.CONTENT, usable=False, unsure=unsure)
    outcome = refusal_outcome(stage, error.code, error.message)
    try:
        await connection.rset()
    except (SMTPException, OSError):
        return Verdict(outcome, usable=False)
    return Verdict(outcome)


def refusal_outcome(stage: Stage, code: int, message: str) -> str:
    """The row of the outcome table for a refusal; see the module's docstring."""
    if code in LOGIN_CODES:
        return CREDENTIALS_REFUSED
    found = _ENHANCED.search(message)
    status = (int(found[1]), int(found[2])) if found is not None else None
    if code < PERMANENT:
        of_the_server = stage is Stage.SENDER or code == NO_ROOM or (status is not None and status[0] == MAIL_SYSTEM)
        return TEMPORARILY_REFUSED if of_the_server else MAIL_DEFERRED
    if stage is Stage.SENDER or status in SENDER_STATUS or (status not in MAILBOX_STATUS and _ROUTE.search(message)):
        return CREDENTIALS_REFUSED  # we may not send from here: true of every mail on this route
    if status is not None:
        return BOUNCED if status in MAILBOX_STATUS else MAIL_DEFERRED
    if stage is Stage.RECIPIENT and code in MAILBOX_CODES and not _FILTER.search(message):
        return BOUNCED
    return MAIL_DEFERRED
