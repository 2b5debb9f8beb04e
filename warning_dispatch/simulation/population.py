"""The people of the simulated network: what they do when the phone rings, in shares and times.

The default is **a red rainstorm at night in a mountain prefecture**. Its figures are assumptions of this
project, chosen on the careful side, not measurements: seven in ten first calls to a mobile end with the key,
a duty room's landline answers in 92 of 100, a quarter of the text messages bring an answer by themselves, and
one mobile in fifty has not pressed the key after ten calls (one in a hundred never will). Replace them by a
bureau's own figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isclose
from types import MappingProxyType
from typing import TypeVar

from warning_dispatch.errors import ConfigError, Finding

Span = tuple[int, int]
"""Shortest and longest, in ms."""


class VoiceHabit(StrEnum):
    """What becomes of a call to a number. The comment names the outcome that is reported."""

    ANSWERS = "answers"
    """Picks up after some rings, listens, presses 1: `key_pressed`."""
    HEARS = "hears"
    """Listens to the end and presses nothing: `heard_no_key`."""
    HANGS_UP = "hangs_up"
    """Picks up and hangs up within seconds: `hung_up_early`."""
    VOICEMAIL = "voicemail"
    """A mailbox picks up: `voicemail`."""
    COLOUR_RING = "colour_ring"
    """彩铃: the carrier plays an announcement instead of a ring and nobody comes: `colour_ring`."""
    MACHINE = "machine"
    """An answering machine or a call assistant picks up: `machine`."""
    ASLEEP = "asleep"
    """Lets it ring this time: `no_answer`."""
    NEVER = "never"
    """Lets it ring every time: `no_answer`."""
    REJECTS = "rejects"
    """Presses the red button: `rejected`."""
    BUSY = "busy"
    """Is on the phone with somebody else: `busy`."""
    SWITCHED_OFF = "switched_off"
    """关机: `switched_off`."""
    OUT_OF_COVERAGE = "out_of_coverage"
    """不在服务区: `out_of_coverage`."""
    EMPTY = "empty"
    """空号, or a network that says so in a storm: `empty_number`."""
    SUSPENDED = "suspended"
    """停机: `suspended`."""
    INVALID = "invalid"
    """Not a number at all: `invalid_number`."""


class TextHabit(StrEnum):
    """What a person does with a text message or a mail."""

    REPLIES = "replies"
    """Writes back one of `Population.reply_words`."""
    TAPS = "taps"
    """Opens the link and presses the button."""
    OPTS_OUT = "opts_out"
    """Writes back one of `Population.opt_out_words`; the carrier sends that number nothing more."""
    IGNORES = "ignores"
    """Reads it or not; nothing comes back."""
    UNREACHABLE = "unreachable"
    """It never arrives: `undelivered`."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long people and networks take, in ms."""

    ring: Span = (5_000, 25_000)
    """From the first ring to picking up: one to five rings of 5 s."""
    listen: Span = (6_000, 15_000)
    """From picking up to pressing 1."""
    speech: Span = (15_000, 20_000)
    """From picking up to the end of the announcement."""
    short: Span = (1_000, 4_000)
    """From picking up to hanging up early."""
    mailbox: Span = (3_000, 8_000)
    """From a machine's picking up to being recognised."""
    tone: Span = (1_000, 5_000)
    """From dialling to a busy tone or the network's announcement."""
    delivery: Span = (1_000, 8_000)
    """From the receipt of an SMS or a mail to its delivery report."""
    stored: Span = (600_000, 3_600_000)
    """The same while the phone is off or out of coverage."""
    reply: Span = (20_000, 600_000)
    """From delivery to a written answer."""
    tap: Span = (30_000, 900_000)
    """From delivery of an SMS to the button behind its link."""
    mail: Span = (60_000, 1_800_000)
    """From delivery of a mail to the button behind its link."""


MOBILE_AT_NIGHT: Mapping[VoiceHabit, float] = MappingProxyType(
    {
        VoiceHabit.ANSWERS: 0.700,
        VoiceHabit.ASLEEP: 0.105,
        VoiceHabit.HEARS: 0.035,
        VoiceHabit.BUSY: 0.030,
        VoiceHabit.HANGS_UP: 0.025,
        VoiceHabit.SWITCHED_OFF: 0.025,
        VoiceHabit.COLOUR_RING: 0.020,
        VoiceHabit.OUT_OF_COVERAGE: 0.015,
        VoiceHabit.VOICEMAIL: 0.010,
        VoiceHabit.REJECTS: 0.010,
        VoiceHabit.NEVER: 0.008,
        VoiceHabit.EMPTY: 0.006,
        VoiceHabit.MACHINE: 0.005,
        VoiceHabit.SUSPENDED: 0.004,
        VoiceHabit.INVALID: 0.002,
    }
)
"""The first call to a mobile."""

DUTY_LANDLINE: Mapping[VoiceHabit, float] = MappingProxyType(
    {
        VoiceHabit.ANSWERS: 0.920,
        VoiceHabit.BUSY: 0.025,
        VoiceHabit.ASLEEP: 0.020,
        VoiceHabit.HEARS: 0.015,
        VoiceHabit.HANGS_UP: 0.005,
        VoiceHabit.MACHINE: 0.005,
        VoiceHabit.NEVER: 0.005,
        VoiceHabit.EMPTY: 0.003,
        VoiceHabit.SUSPENDED: 0.002,
    }
)
"""The first call to a landline; in this product that is a duty room."""

SMS_AT_NIGHT: Mapping[TextHabit, float] = MappingProxyType(
    {
        TextHabit.IGNORES: 0.74,
        TextHabit.TAPS: 0.13,
        TextHabit.REPLIES: 0.12,
        TextHabit.UNREACHABLE: 0.01,
    }
)
"""The first SMS to a mobile. A number that is empty, suspended or a landline receives none at all."""

MAIL_AT_NIGHT: Mapping[TextHabit, float] = MappingProxyType(
    {
        TextHabit.IGNORES: 0.84,
        TextHabit.TAPS: 0.15,
        TextHabit.UNREACHABLE: 0.01,
    }
)
"""The first mail to an address."""

MOBILE_BY_DAY: Mapping[VoiceHabit, float] = MappingProxyType(
    {
        VoiceHabit.ANSWERS: 0.770,
        VoiceHabit.ASLEEP: 0.040,
        VoiceHabit.HEARS: 0.035,
        VoiceHabit.BUSY: 0.055,
        VoiceHabit.HANGS_UP: 0.030,
        VoiceHabit.SWITCHED_OFF: 0.010,
        VoiceHabit.COLOUR_RING: 0.015,
        VoiceHabit.OUT_OF_COVERAGE: 0.010,
        VoiceHabit.VOICEMAIL: 0.005,
        VoiceHabit.REJECTS: 0.010,
        VoiceHabit.NEVER: 0.005,
        VoiceHabit.EMPTY: 0.006,
        VoiceHabit.MACHINE: 0.003,
        VoiceHabit.SUSPENDED: 0.004,
        VoiceHabit.INVALID: 0.002,
    }
)
"""The same by day: nobody is asleep, more are on the phone."""

SMS_BY_DAY: Mapping[TextHabit, float] = MappingProxyType(
    {
        TextHabit.IGNORES: 0.66,
        TextHabit.TAPS: 0.17,
        TextHabit.REPLIES: 0.16,
        TextHabit.UNREACHABLE: 0.01,
    }
)
"""The first SMS to a mobile, by day."""

COMES_ROUND: Mapping[VoiceHabit, float] = MappingProxyType(
    {
        VoiceHabit.BUSY: 0.75,
        VoiceHabit.HANGS_UP: 0.60,
        VoiceHabit.COLOUR_RING: 0.60,
        VoiceHabit.HEARS: 0.50,
        VoiceHabit.REJECTS: 0.50,
        VoiceHabit.ASLEEP: 0.45,
        VoiceHabit.VOICEMAIL: 0.40,
        VoiceHabit.MACHINE: 0.40,
        VoiceHabit.OUT_OF_COVERAGE: 0.35,
        VoiceHabit.SWITCHED_OFF: 0.25,
        VoiceHabit.EMPTY: 0.05,
        VoiceHabit.SUSPENDED: 0.05,
    }
)
"""How likely a second or later call to such a number is answered with the key (networks lie in storms)."""

MOBILE_PREFIXES = ("+861", "1", "+862601")
"""Chinese mobiles, and the mobiles of the sample register; every other number is a landline."""

_ONE = TypeVar("_ONE", VoiceHabit, TextHabit)


@dataclass(frozen=True, slots=True)
class Population:
    """Whom the network is made of. Shares are of first calls and sum to 1.

    `comes_round`: habit → chance that the next call to that number is answered all the same; what is
    missing never changes. `slips`: how often somebody who answered before does not the next time.
    `second_thoughts`: how often somebody who ignored a message taps the link of the next.
    """

    mobile: Mapping[VoiceHabit, float] = field(default_factory=lambda: MOBILE_AT_NIGHT)
    landline: Mapping[VoiceHabit, float] = field(default_factory=lambda: DUTY_LANDLINE)
    sms: Mapping[TextHabit, float] = field(default_factory=lambda: SMS_AT_NIGHT)
    mail: Mapping[TextHabit, float] = field(default_factory=lambda: MAIL_AT_NIGHT)
    comes_round: Mapping[VoiceHabit, float] = field(default_factory=lambda: COMES_ROUND)
    slips: float = 0.06
    second_thoughts: float = 0.06
    times: Times = Times()
    mobile_prefixes: tuple[str, ...] = MOBILE_PREFIXES
    reply_words: tuple[str, ...] = ("收到", "1", " 收到 ")
    opt_out_words: tuple[str, ...] = ("TD",)

    def __post_init__(self) -> None:
        """Refuse shares that do not sum to 1 and chances outside 0 … 1, all findings at once."""
        findings = [
            *_share_findings("mobile", self.mobile),
            *_share_findings("landline", self.landline),
            *_share_findings("sms", self.sms),
            *_share_findings("mail", self.mail),
        ]
        chances = {habit.value: chance for habit, chance in self.comes_round.items()}
        chances |= {"slips": self.slips, "second_thoughts": self.second_thoughts}
        findings += [
            Finding(f"population: {name}", f"{chance} is no chance", "0 … 1")
            for name, chance in chances.items()
            if not 0 <= chance <= 1
        ]
        if findings:
            raise ConfigError(findings)

    @classmethod
    def by_day(cls) -> Population:
        """The same people between six in the morning and ten at night."""
        return cls(mobile=MOBILE_BY_DAY, sms=SMS_BY_DAY)

    @classmethod
    def everyone(
        cls,
        voice: VoiceHabit = VoiceHabit.ANSWERS,
        text: TextHabit = TextHabit.IGNORES,
        *,
        times: Times | None = None,
    ) -> Population:
        """A population in which everybody does the same, every time."""
        return cls(
            mobile={voice: 1.0},
            landline={voice: 1.0},
            sms={text: 1.0},
            mail={text: 1.0},
            comes_round={},
            slips=0.0,
            second_thoughts=0.0,
            times=times or Times(),
        )


@dataclass(frozen=True, slots=True)
class Script:
    """What one address does, call by call, whatever the population; the last habit goes on for ever.

    An empty tuple leaves that side to the population.
    """

    voice: tuple[VoiceHabit, ...] = ()
    text: tuple[TextHabit, ...] = ()


def _share_findings(name: str, shares: Mapping[_ONE, float]) -> list[Finding]:
    """What is wrong with one set of shares."""
    if any(share < 0 for share in shares.values()):
        return [Finding(f"population: {name}", "a share is below 0", "0 … 1")]
    total = sum(shares.values())
    if not isclose(total, 1.0, abs_tol=1e-6):
        return [Finding(f"population: {name}", f"the shares sum to {total:g}", "they must sum to 1")]
    return []
