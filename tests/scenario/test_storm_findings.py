"""What storms brought to light, each as the smallest night in which it happens again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import StoreError
from warning_dispatch.ingest.samples import restamp
from warning_dispatch.model.states import CalleeState, CallOutState
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.simulation.population import Population, VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
FIRST, SECOND_VILLAGE = "141121100200", "141121100201"


def _county_warning(place: Any) -> bytes:
    """A county's red warning for the town's first county."""
    text = (place.samples / "12379-county-red-rain.xml").read_text(encoding="utf-8").replace("141124", "141121")
    return restamp(text.encode(), place.clock.now())


@pytest.mark.parametrize("kind", ["Cancel", "Update"])
@pytest.mark.parametrize("status", ["Test", "Exercise", "System", "Draft"])
def test_practice_ends_nothing_either(town: Callable[..., Any], status: str, kind: str) -> None:
    """Promise 5 (storm county-0): a Cancel marked as practice leaves the real call-out alone and sends no all-clear."""
    place = town()
    real = (place.samples / RED_CITY).read_text(encoding="utf-8")
    stamped = restamp(real.encode(), place.clock.now()).decode()
    place.take_in(stamped.encode())
    identifier = stamped.split("<identifier>")[1].split("<")[0]
    practice = real.replace("<status>Actual<", f"<status>{status}<").replace("<msgType>Alert<", f"<msgType>{kind}<")
    practice = practice.replace("<references/>", f"<references>{identifier}</references>")
    place.play(seconds=30)
    result = place.take_in(restamp(practice.encode(), place.clock.now()))
    assert result.callouts == ()
    assert place.callout_state() is CallOutState.RUNNING
    place.play(seconds=300)
    assert place.rings(FIRST)


def test_a_refused_text_does_not_wait_for_a_cancelled_warning(town: Callable[..., Any]) -> None:
    """Promise 6 (storm city-145): a refusal that is told after the cancel puts nothing back into the queue."""
    place = town()
    place.warning(RED_CITY)
    place.network.set_outage(Channel.SMS, "provider_down")
    place.stage.round()
    place.act(Act.CANCEL)
    place.stage.round()
    assert place.query("SELECT count(*) FROM attempt WHERE state = 1 AND purpose <> 3") == [(0,)]


def test_a_notice_goes_although_everybody_else_has_answered(town: Callable[..., Any]) -> None:
    """Who is only told is told: that the others have finished does not drop the message that waits for the rate."""
    place = town(counties=1, townships=1, villages=1, sms_rate=6)
    place.take_in(_county_warning(place))
    place.stage.round()
    for (code,) in place.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id"):
        if place.state(code) is not CalleeState.INFORMED:
            place.record_answer(code)
    place.play(seconds=120)
    assert place.callout_state() is CallOutState.COMPLETE
    assert place.state("1411-water") is CalleeState.INFORMED
    assert len(place.texts_to("1411-water")) == 2


def test_a_pause_that_outlasts_the_validity(town: Callable[..., Any]) -> None:
    """Promise 1 (storm city-38): it ends in 待解除, opens no gate on the way, and an extension finds everybody."""
    place = town()
    text = (place.samples / RED_CITY).read_text(encoding="utf-8")
    text = text.replace("<expires/>", "<expires>2026-07-22 22:10:00+08:00</expires>")
    raw = restamp(text.encode(), place.clock.now()).decode()
    place.take_in(raw.encode())
    place.play(seconds=30)
    place.act(Act.PAUSE)
    place.play(seconds=601)
    assert place.callout_state() is CallOutState.AWAITING_LIFT
    assert place.opened("141121") is None
    identifier = raw.split("<identifier>")[1].split("<")[0]
    update = text.replace("<msgType>Alert<", "<msgType>Update<").replace("22:10:00", "23:30:00")
    update = update.replace("<references/>", f"<references>{identifier}</references>")
    place.take_in(restamp(update.encode(), place.clock.now()))
    place.play(seconds=1)
    assert place.callout_state() is CallOutState.RUNNING
    assert place.query("SELECT count(*) FROM callee WHERE state <> 1 AND next_at IS NULL") == [(0,)]


def test_a_call_lost_after_the_validity_does_not_wait_for_an_extension(town: Callable[..., Any], kept: Any) -> None:
    """Promise 7 (storm city-594): the village is rung once when the warning is extended, not for each of two attempts."""
    place = town(townships=1, villages=1)
    text = (place.samples / RED_CITY).read_text(encoding="utf-8")
    text = text.replace("<expires/>", "<expires>2026-07-22 22:08:30+08:00</expires>")
    raw = restamp(text.encode(), place.clock.now()).decode()
    place.take_in(raw.encode())
    place.play(seconds=299)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.stage.round()
    place.clock.advance_to(place.clock.now() + 130_000)
    place.restart()
    identifier = raw.split("<identifier>")[1].split("<")[0]
    update = text.replace("<msgType>Alert<", "<msgType>Update<").replace("22:08:30", "23:30:00")
    update = update.replace("<references/>", f"<references>{identifier}</references>")
    place.take_in(restamp(update.encode(), place.clock.now()))
    for _ in range(3):
        place.stage.round()
        kept(place)

    assert place.rings(FIRST, Role.PRIMARY) == [300, 430]


@pytest.mark.parametrize("outcome", ["over_concurrency", "number_limited"])
def test_two_providers_do_not_play_ball(town: Callable[..., Any], outcome: str) -> None:
    """Storm strict-259: when both refuse, each is asked once, and the next rung comes in its time, not at once."""
    place = town(spare_route=True)
    place.network.set_outage(Channel.VOICE, outcome)
    place.warning(RED_CITY)
    place.play(seconds=59)
    assert place.query("SELECT route, count(*) FROM attempt WHERE channel = 1 GROUP BY route ORDER BY route") == [
        ("phones", 2),
        ("spare", 2),
    ]


def test_a_provider_that_is_full_is_not_asked_again_on_the_spot(town: Callable[..., Any]) -> None:
    """Storm strict-99: the other provider's lines are all in use, so the refused calls wait for one of them."""
    place = town(spare_route=True, lines=1, population=Population.everyone(VoiceHabit.NEVER))
    place.network._lines = 1  # the carrier takes fewer calls than we believe
    place.warning(RED_CITY)
    place.play(seconds=30)
    [(refused,)] = place.query("SELECT count(*) FROM attempt WHERE outcome = 'over_concurrency'")
    assert refused <= 2
    place.play(seconds=60)
    assert place.rings("1411-L1")
    assert place.rings("1411-L2")


def test_both_people_of_a_post_are_written_to(town: Callable[..., Any]) -> None:
    """Nothing is lost: where the rate has room for one message, the second person's waits its turn."""
    place = town(counties=1, townships=1, villages=1, sms_rate=6, two_of=[(FIRST, Role.PRIMARY)])
    place.warning(RED_CITY)
    place.play(seconds=600)
    written = {one.address for one in place.network.handed if one.channel is Channel.SMS}
    assert place.numbers[FIRST, Role.PRIMARY] in written
    assert place.numbers[f"{FIRST}/b", Role.PRIMARY] in written


def test_a_repeated_call_names_only_units_of_that_phone(town: Callable[..., Any]) -> None:
    """Promise 2: one call named two villages and was lost; the repeat goes to another phone, and speaks for one."""
    place = town(same_phone={(SECOND_VILLAGE, Role.PRIMARY): (FIRST, Role.DEPUTY)})
    place.person(FIRST, Role.PRIMARY, VoiceHabit.NEVER, VoiceHabit.NEVER, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=479)
    place.clock.advance_to(place.clock.now() + 1_000)
    place.act(Act.RECALL, unit=SECOND_VILLAGE)
    named = place.engine.turn(place.clock.now())
    assert any("村1" in one.text and "村2" in one.text for one in named.batch if one.channel is Channel.VOICE)
    place.clock.advance_to(place.clock.now() + 130_000)
    place.restart()
    place.play(seconds=50)
    assert place.state(FIRST) is CalleeState.ACKNOWLEDGED
    assert place.state(SECOND_VILLAGE) is CalleeState.CALLING
    assert place.rings(SECOND_VILLAGE, Role.PRIMARY)[-1] == 610


def test_a_warning_the_database_failed_leaves_no_plan_behind(town: Callable[..., Any]) -> None:
    """A call-out that was rolled back gives its id to the next one, but neither its plan nor its texts."""
    place = town()
    failing = FailsOnce(place.storage)
    place.storage = failing
    place.engine = place.stage.engine = place.build_engine()
    failing.fails = True
    with pytest.raises(StoreError):
        place.take_in(_county_warning(place))
    place.warning(RED_CITY)
    called = [one for one in place.engine.turn(place.clock.now()).batch if one.channel is Channel.VOICE]
    assert called
    assert all("吕梁市气象台" in one.text for one in called)


def test_a_turn_the_database_failed_leaves_no_plan_behind(storm: Callable[[str, int], Any]) -> None:
    """Storm county-4299: a turn began the bureau's own call-out, failed, and its number went to a warning's."""
    storm("county", 4299)


class FailsOnce:
    """A storage whose next transaction fails at its end."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.fails = False

    @property
    def many_writers(self) -> bool:
        """See engine.storage."""
        return bool(self._inner.many_writers)

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[Any]:
        """See engine.storage."""
        with self._inner.writing(shared=shared) as tx:
            yield tx
            if self.fails:
                self.fails = False
                raise StoreError("The disk is full.")


def test_a_late_key_of_the_duty_room_and_a_wrong_number_in_one_turn(town: Callable[..., Any]) -> None:
    """Promise 1 (storm county-747): the slow call that follows from the one report is not silenced by the other."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=115)
    county = "141121"
    assert place.state(county) is CalleeState.CALLING
    assert place.outcomes(county, Role.PRIMARY) == [None]
    place.report(county, Role.DUTY, "key_pressed")
    place.report(county, Role.PRIMARY, "invalid_number")
    place.stage.round()
    assert place.state(county) is CalleeState.DUTY_ANSWERED
    place.play(seconds=60)
    assert len(place.rings(county, Role.DEPUTY)) == 1
