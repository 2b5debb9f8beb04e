"""The life of every thing as one closed enum each, a sentence per member."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class CallOutState(IntEnum):
    """叫应 as a whole."""

    RUNNING = 1
    """进行中: gates open, calls go out."""
    PAUSED = 2
    """暂停: nothing new is dialled; ends by itself after ten minutes, with an alarm."""
    AWAITING_LIFT = 3
    """待解除: the (guessed) validity is over; voice has stopped, lists and links stay, an officer is asked."""
    COMPLETE = 4
    """全部应答: every callee has finished."""
    CANCELLED = 5
    """已解除: the warning was lifted or an officer cancelled."""
    SUPERSEDED = 6
    """被新一轮取代."""
    CLOSED = 7
    """办结: an officer closed it."""


LIVE_CALLOUT = (CallOutState.RUNNING, CallOutState.PAUSED, CallOutState.AWAITING_LIFT)
"""States in which answers still change callees."""


class BranchState(IntEnum):
    """分支: the callees of one tier below one superior."""

    WAITING = 1
    """等待开闸."""
    OPEN = 2
    """已开闸: its callees are being called."""


class CalleeState(IntEnum):
    """叫应对象. See escalation/callee.py for the machine."""

    WAITING = 1
    """等待: its gate is closed."""
    CALLING = 2
    """叫应中: its ladder runs."""
    RELAYED = 3
    """已转告: someone who does not answer for the unit has received; still open, the ladder runs."""
    DUTY_ANSWERED = 4
    """值班已应答: the duty room answered; the gate is open, slow calls to A go on."""
    UNCALLED = 5
    """未呼: the limit passed and nobody could be called (no line, no contact); on the list, still open."""
    UNANSWERED = 6
    """未应答: called in vain; on the superior's list, repeats go on."""
    UNCONFIRMED = 7
    """接听未确认: heard twice without a key; ringing has stopped, on the superior's list."""
    ACKNOWLEDGED = 8
    """已应答: a human said received, by the unit's rule."""
    WAIVED = 9
    """免叫: an officer took it off, with a reason."""
    INFORMED = 10
    """已告知: a notice was sent, no answer is asked."""
    STOPPED = 11
    """已停止: the warning was lifted or the call-out closed before an answer."""
    SUPERSEDED = 12
    """转入新一轮: a newer round calls this unit."""

    @property
    def chinese(self) -> str:
        """The word in refusals, on the terminal and on paper."""
        return _CHINESE[self]


_CHINESE = {
    CalleeState.WAITING: "等待",
    CalleeState.CALLING: "叫应中",
    CalleeState.RELAYED: "已转告",
    CalleeState.DUTY_ANSWERED: "值班已应答",
    CalleeState.UNCALLED: "未呼",
    CalleeState.UNANSWERED: "未应答",
    CalleeState.UNCONFIRMED: "接听未确认",
    CalleeState.ACKNOWLEDGED: "已应答",
    CalleeState.WAIVED: "免叫",
    CalleeState.INFORMED: "已告知",
    CalleeState.STOPPED: "已停止",
    CalleeState.SUPERSEDED: "转入新一轮",
}


UNREACHED = (CalleeState.UNCALLED, CalleeState.UNANSWERED, CalleeState.UNCONFIRMED)
"""未叫应, the two (three) facts together."""
ANSWERED = (CalleeState.ACKNOWLEDGED, CalleeState.DUTY_ANSWERED, CalleeState.WAIVED)
"""What a gate counts as answered."""
FINISHED = (
    CalleeState.ACKNOWLEDGED,
    CalleeState.WAIVED,
    CalleeState.INFORMED,
    CalleeState.STOPPED,
    CalleeState.SUPERSEDED,
)
"""States that no event leaves any more."""


class Voice(IntEnum):
    """Where a callee's one voice attempt stands."""

    NONE = 0
    QUEUED = 1
    """Due, waiting for a line; the endpoint is chosen when it goes."""
    LIVE = 2
    """Claimed: perhaps ringing, perhaps being listened to."""


class AttemptState(IntEnum):
    """呼叫记录. Only moves forward, but for CLAIMED → READY after a lost lease."""

    READY = 1
    """Due; waits for a line or the rate."""
    CLAIMED = 2
    """Leased to a worker: it may or may not have reached the carrier."""
    HANDED = 3
    """发得出: the carrier took it; no final report yet."""
    ENDED = 4
    """Final outcome known."""
    DROPPED = 5
    """Not needed any more before it went (answered, cancelled, merged)."""


class PostState(IntEnum):
    """传播: a warning on its way to one outlet. Only moves forward."""

    WAITING = 1
    """To be posted, now or again later."""
    DELIVERED = 2
    """The outlet has confirmed that it took it."""
    FAILED = 3
    """Refused for good, or tried for too long; a human is told."""


class Purpose(IntEnum):
    """Why an attempt is made."""

    CALL = 1
    NOTICE = 2
    """Told without asking for an answer."""
    ALL_CLEAR = 3
    """解除通知."""
    CAMPAIGN = 4
    DRILL = 5
    SELF = 6
    """值班叫应: the bureau calls its own duty officer, ahead of every queue."""
    STAGE = 7
    """阶段通知: the response has gone on; whoever is asked something new is told so."""


ASKING = frozenset({Purpose.CALL, Purpose.DRILL, Purpose.CAMPAIGN, Purpose.SELF})
"""Purposes that ask for an answer: an answer silences them, and a claim that was lost is repeated only while it is wanted."""


class Means(StrEnum):
    """How an answer came (应答方式). 本人应答 and 代报 are counted apart."""

    KEY = "key"
    LINK = "link"
    REPLY = "reply"
    EMAIL = "email"
    OPERATOR = "operator"
    """The duty officer spoke with them and recorded it."""
    SUPERIOR = "superior"
    """代报: the superior told them and recorded it."""


class ChainState(IntEnum):
    """预警链: an Alert with the Updates and the Cancel that refer to it."""

    IN_FORCE = 1
    ENDED = 2
    """Cancelled; a tombstone that a late parent cannot wake."""
    SET_ASIDE = 3
    """搁置: an officer lifted its call-out. Only a higher colour or a larger area calls again by itself."""
    MERGED = 4
    """A later message showed that it was one chain with another, which goes on for both."""


class Stage(IntEnum):
    """响应阶段 of a call-out (吕政办函〔2025〕23号, 四). An officer moves it; the colour says where it begins."""

    NONE = 0
    """No response is configured for this hazard and colour."""
    PREPARATION = 1
    """响应准备: duty watch is strengthened, people and goods stand ready."""
    RESPONSE = 2
    """应急响应: measures are carried out."""
    LINKAGE = 3
    """应急联动: departments act together: roads, schools and sites are closed, people are moved."""

    @property
    def key(self) -> str:
        """Lower-case name for files and JSON."""
        return self.name.lower()


STAGES: tuple[Stage, ...] = (Stage.PREPARATION, Stage.RESPONSE, Stage.LINKAGE)
