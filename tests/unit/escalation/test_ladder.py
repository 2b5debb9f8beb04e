"""When rungs are due: derived, merged, never lost and never fired twice."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration import Configuration
from warning_dispatch.escalation.ladder import DueRungs, Position, collect, due_at, repeat_offset
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import Ladder, Repeat, Rung
from warning_dispatch.model.unit import ALL_ROLES, Channel

MINUTE = 60_000
FOOT = Position(0, 0)

channels = st.lists(st.sampled_from(list(Channel)), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def rungs(draw: st.DrawFn, *, least: int, longest: int) -> tuple[Rung, ...]:
    """Rungs in the order of their times."""
    times = sorted(draw(st.lists(st.integers(0, longest), min_size=least, max_size=5)))
    return tuple(Rung(at, draw(st.integers(1, ALL_ROLES)), draw(channels)) for at in times)


@st.composite
def repeats(draw: st.DrawFn) -> Repeat:
    """A repeat whose rungs fit between two cycles."""
    every = tuple(draw(st.lists(st.integers(5 * MINUTE, 30 * MINUTE), min_size=1, max_size=3)))
    return Repeat(every, draw(rungs(least=1, longest=4 * MINUTE)))


ladders = st.builds(
    Ladder,
    rungs=rungs(least=1, longest=10 * MINUTE),
    repeat=repeats(),
    slow=repeats(),
    unreached_after=st.just(10 * MINUTE),
)


def climb(ladder: Ladder, origin: int, *, slow: bool, steps: int = 20) -> list[int]:
    """The moments of the first rungs, one by one, as a callee that is looked at in time meets them."""
    moments = []
    position = Position(1, 0) if slow else FOOT
    moment = due_at(ladder, position, origin, slow=slow)
    while moment is not None and len(moments) < steps:
        due = collect(ladder, position, origin, moment, slow=slow)
        moments.extend([moment] * due.fired)
        position, moment = due.position, due.next_at
    return moments


@given(ladder=ladders, origin=st.integers(0, 10**12), slow=st.booleans())
def test_rungs_come_in_the_order_of_time(ladder: Ladder, origin: int, slow: bool) -> None:
    """`due_at` never goes back along a track, so a callee's next deadline is always its next rung."""
    moments = climb(ladder, origin, slow=slow)
    assert all(before <= after for before, after in pairwise(moments))
    assert moments[0] >= origin


@given(ladder=ladders, slow=st.booleans())
def test_a_track_with_a_repeat_never_ends(ladder: Ladder, slow: bool) -> None:
    """Promise 1: there is always a further rung; nobody falls off the end of a ladder."""
    position = Position(1, 0) if slow else FOOT
    for hours in (1, 6, 48):
        due = collect(ladder, position, 0, hours * 3_600_000, slow=slow)
        assert due.next_at is not None
        assert due.next_at > hours * 3_600_000


@given(
    ladder=ladders,
    slow=st.booleans(),
    looks=st.lists(st.integers(0, 120 * MINUTE), min_size=1, max_size=6),
)
def test_looking_once_late_or_often_in_time_fires_the_same_rungs(ladder: Ladder, slow: bool, looks: list[int]) -> None:
    """After downtime what is overdue is merged: nothing is missed, nothing fires a second time."""
    start = Position(1, 0) if slow else FOOT
    looks.sort()
    position, parts = start, []
    for now in looks:
        part = collect(ladder, position, 0, now, slow=slow)
        parts.append(part)
        position = part.position
    once = collect(ladder, start, 0, looks[-1], slow=slow)
    assert sum(part.fired for part in parts) == once.fired
    assert position == once.position
    assert parts[-1].next_at == once.next_at
    assert _voice(parts) == once.voice
    assert _texts(parts) == _texts([once])


def _voice(parts: list[DueRungs]) -> int:
    mask = 0
    for part in parts:
        mask |= part.voice
    return mask


def _texts(parts: list[DueRungs]) -> dict[Channel, int]:
    found: dict[Channel, int] = {}
    for part in parts:
        for channel, roles in part.texts:
            found[channel] = found.get(channel, 0) | roles
    return found


@given(every=st.lists(st.integers(1, 100), min_size=1, max_size=4), cycle=st.integers(1, 20))
def test_repeats_take_the_listed_gaps_and_then_the_last_for_ever(every: list[int], cycle: int) -> None:
    """The gaps as listed ("every 10 then 20 min"), then the last one again and again."""
    repeat = Repeat(tuple(every), (Rung(0, 1, (Channel.VOICE,)),))
    gaps = [every[min(number, len(every) - 1)] for number in range(cycle)]
    assert repeat_offset(repeat, cycle) == sum(gaps)


def test_nothing_is_due_before_its_time() -> None:
    """A look between two rungs changes nothing and names the same next moment."""
    ladder = Ladder(
        (Rung(0, 1, (Channel.VOICE,)), Rung(MINUTE, 2, (Channel.VOICE,))),
        Repeat((10 * MINUTE,), (Rung(0, 1, (Channel.VOICE,)),)),
        Repeat((), ()),
        10 * MINUTE,
    )
    due = collect(ladder, Position(0, 1), 0, MINUTE - 1, slow=False)
    assert (due.fired, due.voice, due.position, due.next_at) == (0, 0, Position(0, 1), MINUTE)


def test_a_track_without_rungs_has_no_deadline() -> None:
    """A ladder without slow calls asks for nothing after the duty room's answer, instead of inventing a moment."""
    ladder = Ladder((Rung(0, 1, (Channel.SMS,)),), Repeat((), ()), Repeat((), ()), MINUTE)
    assert due_at(ladder, Position(1, 0), 0, slow=True) is None
    assert due_at(ladder, Position(0, 1), 0, slow=False) is None


def test_the_red_village_ladder_is_the_known_practice(configuration: Configuration) -> None:
    """A at 0, 2 and 5 min, B at 3 and 7 min: three calls in five minutes, then every 20 min with B a minute later."""
    ladder = configuration.chain("city").tier("villages").ladders[Colour.RED]
    seconds = [moment // 1000 for moment in climb(ladder, 0, slow=False, steps=12)]
    assert seconds == [0, 0, 120, 180, 300, 420, 1620, 1620, 1680, 2820, 2820, 2880]
