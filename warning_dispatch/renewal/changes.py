"""报送的变动: what of a hand-in needs approval, and which of its numbers get a test message. PURE."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from warning_dispatch.model.register_changes import canonical
from warning_dispatch.model.renewal import Approval
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry

TEXTS = (Channel.SMS, Channel.EMAIL)
"""Channels by which a test message goes; a landline is proved by a key, in the next call or drill."""

LETTER_CHANNELS = (*TEXTS, Channel.VOICE)
"""Channels of letters; a test call is made only where a registrar asks for it."""


class Proving(StrEnum):
    """Which numbers get a test message when they are handed in (证实)."""

    NONE = "none"
    NEW = "new"
    """Those that the unit did not have."""
    UNPROVED = "unproved"
    """Those, and whatever nobody has confirmed yet."""


def plain(entry: ReceiverEntry) -> ReceiverEntry:
    """The receiver without when it was last verified, its numbers in the order in which they are tried."""
    return canonical(replace(entry, verified_on="", verified_how=""))


def differs(before: Sequence[ReceiverEntry], after: Sequence[ReceiverEntry]) -> bool:
    """Whether anything changes but the day of verification."""
    return [plain(one) for one in before] != [plain(one) for one in after]


def needs_approval(approval: Approval, before: Sequence[ReceiverEntry], after: Sequence[ReceiverEntry]) -> bool:
    """Whether somebody must look at it before it is in force."""
    match approval:
        case Approval.NONE:
            return False
        case Approval.NEW_NUMBERS:
            return bool(addresses(after) - addresses(before))
        case Approval.ALL:
            return differs(before, after)


def addresses(entries: Sequence[ReceiverEntry]) -> frozenset[str]:
    """Every number and mail address of these people."""
    return frozenset(one.address for entry in entries for one in entry.endpoints)


def to_prove(
    proving: Proving, before: Sequence[ReceiverEntry], after: Sequence[ReceiverEntry], proved: Collection[str]
) -> tuple[EndpointEntry, ...]:
    """Channel and address of each test message; `proved`: addresses that their holders have confirmed."""
    known = addresses(before)
    wanted = [one for entry in after for one in entry.endpoints if one.channel in TEXTS and one.address not in proved]
    match proving:
        case Proving.NONE:
            return ()
        case Proving.NEW:
            return tuple(dict.fromkeys(one for one in wanted if one.address not in known))
        case Proving.UNPROVED:
            return tuple(dict.fromkeys(wanted))


NEGATIVE_REPLIES = frozenset({"0", "不是", "不是我", "打错了", "错了", "n", "no", "wrong"})
"""What counts as "this is not my number" in a reply; compared after engine.answers.plain_reply."""
