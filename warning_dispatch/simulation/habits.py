"""What a person does with a call or a message, drawn from the seed and the address.

A number's habit is a function of (seed, address); what one call makes of it, of (seed, address, n-th call
to that address). Who is called first, in which batch, by which worker changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from warning_dispatch.model.unit import Channel
from warning_dispatch.simulation.dice import Dice, Shares, between
from warning_dispatch.simulation.population import Population, Script, Span, TextHabit, VoiceHabit


class VoiceTurn(NamedTuple):
    """One call as it will go if nobody hangs up: times in ms from the hand-over.

    `picked_up_after` is None when nobody and nothing picks up.
    """

    outcome: str
    picked_up_after: int | None
    ends_after: int


class TextTurn(NamedTuple):
    """One message as it will go: times in ms from the hand-over.

    `outcome` is "delivered" or "undelivered"; `habit` is what the person does `acts_after`, with `words`.
    """

    outcome: str
    told_after: int
    habit: TextHabit
    acts_after: int
    words: str


class _Course(NamedTuple):
    """How a voice habit runs: its outcome, the name of its time to the pick-up, the name of what follows.

    A first part of None rings until the dialler gives up; a second part of None means nobody picks up.
    """

    outcome: str
    until: str | None
    then: str | None


_COURSES: Mapping[VoiceHabit, _Course] = MappingProxyType(
    {
        VoiceHabit.ANSWERS: _Course("key_pressed", "ring", "listen"),
        VoiceHabit.HEARS: _Course("heard_no_key", "ring", "speech"),
        VoiceHabit.HANGS_UP: _Course("hung_up_early", "ring", "short"),
        VoiceHabit.VOICEMAIL: _Course("voicemail", "ring", "mailbox"),
        VoiceHabit.MACHINE: _Course("machine", "ring", "mailbox"),
        VoiceHabit.COLOUR_RING: _Course("colour_ring", "ring", None),
        VoiceHabit.REJECTS: _Course("rejected", "ring", None),
        VoiceHabit.ASLEEP: _Course("no_answer", None, None),
        VoiceHabit.NEVER: _Course("no_answer", None, None),
        VoiceHabit.BUSY: _Course("busy", "tone", None),
        VoiceHabit.SWITCHED_OFF: _Course("switched_off", "tone", None),
        VoiceHabit.OUT_OF_COVERAGE: _Course("out_of_coverage", "tone", None),
        VoiceHabit.EMPTY: _Course("empty_number", "tone", None),
        VoiceHabit.SUSPENDED: _Course("suspended", "tone", None),
        VoiceHabit.INVALID: _Course("invalid_number", "tone", None),
    }
)

_NO_SUCH_PHONE = (VoiceHabit.EMPTY, VoiceHabit.SUSPENDED, VoiceHabit.INVALID)
_PHONE_IS_OFF = (VoiceHabit.SWITCHED_OFF, VoiceHabit.OUT_OF_COVERAGE)
_NO_TIME: Span = (0, 0)


class Habits:
    """Draws what people do. Keeps nothing but the scripts it is given."""

    def __init__(self, seed: int, population: Population) -> None:
        """The same seed and population make the same people."""
        self._population = population
        self._scripts: dict[str, Script] = {}
        self._person = Dice(seed, "person")
        self._turn = Dice(seed, "turn")
        self._mobile = Shares(population.mobile)
        self._landline = Shares(population.landline)
        self._sms = Shares(population.sms)
        self._mail = Shares(population.mail)
        times = population.times
        self._courses: dict[VoiceHabit, tuple[str, Span | None, Span | None]] = {
            habit: (
                course.outcome,
                None if course.until is None else getattr(times, course.until),
                None if course.then is None else getattr(times, course.then),
            )
            for habit, course in _COURSES.items()
        }

    def set_script(self, address: str, script: Script | None) -> None:
        """From now on `address` does what the script says; None gives it back to the population."""
        if script is None:
            self._scripts.pop(address, None)
        else:
            self._scripts[address] = script

    def standing(self, address: str) -> VoiceHabit:
        """The habit that belongs to a number, as its first call shows it."""
        shares = self._mobile if self._is_mobile(address) else self._landline
        return shares.pick(self._person.roll(address)[0])

    def call(self, address: str, nth: int, ring_for: int) -> VoiceTurn:
        """How the n-th call (from 1) to a number goes that rings for at most `ring_for` ms."""
        changes, rings, talks, slip = self._turn.roll(f"voice {nth} {address}")
        outcome, until, then = self._courses[self._voice_habit(address, nth, changes, slip)]
        if until is None:
            return VoiceTurn(outcome, None, ring_for)
        ringing = between(until, rings)
        if ringing >= ring_for:
            return VoiceTurn("no_answer", None, ring_for)
        if then is None:
            return VoiceTurn(outcome, None, ringing)
        return VoiceTurn(outcome, ringing, ringing + between(then, talks))

    def message(self, channel: Channel, address: str, nth: int) -> TextTurn:
        """How the n-th SMS or mail (from 1) to an address goes."""
        arrives, acts, word, changes = self._turn.roll(f"{channel.key} {nth} {address}")
        times = self._population.times
        script = self._scripts.get(address)
        stored = False
        told_to = () if script is None else script.text
        if told_to:
            habit = told_to[min(nth, len(told_to)) - 1]
        elif channel is Channel.EMAIL:
            habit = self._mail.pick(self._person.roll(address)[1])
        else:
            phone = self._phone(address)
            habit = self._sms_habit(address, phone)
            stored = nth == 1 and phone in _PHONE_IS_OFF
        if habit is TextHabit.IGNORES and not told_to and nth > 1 and changes < self._population.second_thoughts:
            habit = TextHabit.TAPS
        told_after = between(times.stored if stored else times.delivery, arrives)
        if habit is TextHabit.UNREACHABLE:
            return TextTurn("undelivered", told_after, habit, told_after, "")
        span, words = self._reaction(channel, habit)
        acts_after = told_after + between(span, acts)
        return TextTurn("delivered", told_after, habit, acts_after, words[int(len(words) * word)] if words else "")

    def _voice_habit(self, address: str, nth: int, changes: float, slip: float) -> VoiceHabit:
        """The habit the n-th call meets."""
        script = self._scripts.get(address)
        if script is not None and script.voice:
            return script.voice[min(nth, len(script.voice)) - 1]
        habit = self.standing(address)
        if nth == 1:
            return habit
        if habit is not VoiceHabit.ANSWERS:
            return VoiceHabit.ANSWERS if changes < self._population.comes_round.get(habit, 0.0) else habit
        if changes < self._population.slips:
            return VoiceHabit.ASLEEP if slip < 0.5 else VoiceHabit.BUSY  # noqa: PLR2004 - one or the other
        return habit

    def _phone(self, address: str) -> VoiceHabit:
        """The voice habit that decides whether an SMS can arrive: a scripted number has a working phone."""
        script = self._scripts.get(address)
        if script is not None and script.voice:
            return script.voice[0]
        return self.standing(address)

    def _is_mobile(self, address: str) -> bool:
        """Whether a number is a mobile, by its beginning."""
        return address.startswith(self._population.mobile_prefixes)

    def _sms_habit(self, address: str, phone: VoiceHabit) -> TextHabit:
        """What a number does with an SMS; no SMS arrives where there is no mobile."""
        if phone in _NO_SUCH_PHONE or not self._is_mobile(address):
            return TextHabit.UNREACHABLE
        return self._sms.pick(self._person.roll(address)[1])

    def _reaction(self, channel: Channel, habit: TextHabit) -> tuple[Span, tuple[str, ...]]:
        """How long after the delivery somebody acts, and the words to choose from."""
        times = self._population.times
        match habit:
            case TextHabit.REPLIES:
                return times.reply, self._population.reply_words
            case TextHabit.OPTS_OUT:
                return times.reply, self._population.opt_out_words
            case TextHabit.TAPS:
                return (times.mail if channel is Channel.EMAIL else times.tap), ()
            case TextHabit.IGNORES | TextHabit.UNREACHABLE:
                return _NO_TIME, ()
