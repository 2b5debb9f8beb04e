"""年度更新备案: the closed lists of what a campaign, a filing, a proof and a letter can be, a sentence per member."""

from __future__ import annotations

from enum import IntEnum, StrEnum

FILING_PATH = "/f/"
"""Where a registrar's page stands: the public address, this, and the link's token."""
PROOF_PATH = "/p/"
"""Where the holder of a number confirms it."""
LETTERS_FROM = 1 << 48
"""A letter is known to the channels by its number above this one: attempts of call-outs stay below."""


class CampaignState(IntEnum):
    """年度更新备案 as a whole."""

    OPEN = 1
    """进行中: units are asked, reminded, and may hand in."""
    CLOSED = 2
    """已结束: frozen; links have expired, the closing report is written."""


class FilingState(IntEnum):
    """备案: one unit's confirmation of who answers for it. The table of moves is renewal/filing.py."""

    ASKED = 1
    """待报: its registrar has been asked."""
    HANDED_IN = 2
    """已报待审: handed in, waits for approval; what was on file stays in force."""
    RETURNED = 3
    """退回: whoever approves sent it back with a reason, or a new number's holder denied it."""
    FILED = 4
    """已备案: taken over into the register (or found to be right as it stands)."""
    LAPSED = 5
    """逾期未报: the campaign was closed before it was filed."""
    WITHDRAWN = 6
    """不再需要: the unit has left the register; is it back before the campaign is closed, it is asked again."""


OPEN_FILING = (FilingState.ASKED, FilingState.HANDED_IN, FilingState.RETURNED)
"""States that still wait for somebody."""
TO_HAND_IN = (FilingState.ASKED, FilingState.RETURNED)
"""States that wait for the registrar: who is in one of them is reminded."""


class HandIn(StrEnum):
    """How a filing was handed in (报送方式)."""

    AS_IS = "as_is"
    """原样确认: nothing has changed."""
    CORRECTED = "corrected"
    """更正."""
    SUCCESSOR = "successor"
    """换人: somebody else answers from now on."""
    WORKBOOK = "workbook"
    """工作簿."""
    COMMAND = "command"
    """命令: the bureau entered it."""


class ProofState(IntEnum):
    """号码证实: whether a number's holder has confirmed it."""

    ASKED = 1
    """已发测试信息，待证实."""
    PROVED = 2
    """已证实: by link, reply or key."""
    DENIED = 3
    """否认: whoever holds the number says that it is not that person's."""
    UNDELIVERED = 4
    """送不到: the carrier says that there is no such number."""
    LAPSED = 5
    """未证实: nobody answered in time, or the number has left the register."""


class LetterKind(IntEnum):
    """函件: why a message of a campaign is sent."""

    ASK = 1
    """通知: the campaign has begun, here is your link."""
    REMIND = 2
    """催报."""
    RETURN = 3
    """退回通知."""
    PROVE = 4
    """测试信息: is this your number?"""
    APPROVE = 5
    """待审通知: filings of units below wait for you."""


class LetterState(IntEnum):
    """A letter on its way. Only moves forward, but for CLAIMED → READY after a lost lease or a refusal for the route's sake."""

    READY = 1
    CLAIMED = 2
    """Leased to a worker: it may or may not have reached the carrier."""
    HANDED = 3
    """发得出."""
    ENDED = 4
    """The carrier said what became of it, or refused it."""
    DROPPED = 5
    """Not needed any more before it went."""


class Approval(StrEnum):
    """When a filing needs approval before it is in force (审核)."""

    NONE = "none"
    NEW_NUMBERS = "new_numbers"
    """Only what brings a number that the unit did not have."""
    ALL = "all"
    """Whatever differs from what is on file."""


class Unready(StrEnum):
    """What a unit's filing still lacks, as pages and reports name it."""

    NO_PERSON = "no_person"
    """Nobody is on file."""
    NO_NUMBER = "no_number"
    """A person without any number."""
    BAD_NUMBER = "bad_number"
    """A call found the number empty, suspended or invalid."""
    UNPROVED = "unproved"
    """No number of the unit has been confirmed by its holder."""
    DENIED = "denied"
    """A holder says that the number is not theirs."""
    UNDELIVERED = "undelivered"
    """The test message could not be delivered."""
