"""Drills: the same engine, marked texts, nobody woken without a release, and gone at once when it is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warning_dispatch.errors import FindingsError, NotFoundError, RefusedError
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillRequest, DrillState
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.simulation.population import VoiceHabit

RED_CITY = "12379-red-rain-city.xml"
HOUR = 3_600_000
MINUTE = 60_000
EVERYONE = DrillRequest(DrillKind.EVERYONE, hazard="暴雨", colour="red", areas=("1411",), valid=HOUR)


def compose(place: Any, asked: DrillRequest, actor: str = "甲") -> int:
    """Somebody writes a drill down."""
    engine = place.engine
    return int(engine.once(place.clock.now(), lambda led: engine.drills.compose(led, asked, actor)).result)


def release(place: Any, drill_id: int, *actors: str) -> list[bool]:
    """These people release it, one after the other."""
    return [_once(place, lambda led, who=who: place.engine.drills.release(led, drill_id, who)) for who in actors]


def stop(place: Any, drill_id: int) -> None:
    """An officer ends it."""
    _once(place, lambda led: place.engine.drills.stop(led, drill_id, "甲", "到此为止"))


def tend(place: Any, today: str = "2026-07-22") -> None:
    """The daemon looks at its drills."""
    _once(place, lambda led: place.engine.drills.tend(led, today))


def _once(place: Any, work: Callable[[Any], Any]) -> Any:
    done = place.engine.once(place.clock.now(), work)
    place.network.hang_up(done.hang_up, place.clock.now())
    return done.result


def state(place: Any, drill_id: int = 1) -> DrillState:
    """How the drill stands."""
    return DrillState(place.query("SELECT state FROM drill WHERE id = ?", drill_id)[0][0])


def callouts(place: Any, purpose: Purpose) -> list[int]:
    """The call-outs of a purpose."""
    return [int(row[0]) for row in place.query("SELECT id FROM callout WHERE purpose = ? ORDER BY id", purpose.value)]


# --- who is woken -----------------------------------------------------------------------------------------


def test_nobody_is_called_before_two_persons_have_released_it(town: Callable[..., Any]) -> None:
    """Promise 5. Composed, then released by one, by the same one again: the phones stay silent."""
    place = town()
    drill = compose(place, EVERYONE)
    assert release(place, drill, "甲") == [False]
    with pytest.raises(RefusedError, match="另一人"):
        release(place, drill, " 甲")
    place.play(seconds=600)
    assert place.network.handed == []
    assert callouts(place, Purpose.DRILL) == []
    assert release(place, drill, "乙") == [True]
    place.play(seconds=30)
    assert place.network.handed
    assert state(place) is DrillState.RUNNING


def test_every_word_of_a_drill_says_so(town: Callable[..., Any]) -> None:
    """【演练】 stands first in every message, and is the first thing that is heard; nothing else goes out."""
    place = town(mail=[("141121", Role.PRIMARY)])
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=1_200)
    marks = {Channel.VOICE: "演练，演练。", Channel.SMS: "【演练】", Channel.EMAIL: "【演练】"}
    assert {one.channel for one in place.network.handed} >= {Channel.VOICE, Channel.SMS}
    for one in place.network.handed:
        assert one.text.startswith(marks.get(one.channel, "【演练】")), one
        assert not one.subject or one.subject.startswith("【演练】")
        assert one.purpose in (Purpose.DRILL, Purpose.NOTICE)


def test_the_staff_drill_dials_its_list_and_nobody_else(town: Callable[..., Any]) -> None:
    """Two named people, one of them of the bureau: of their units too only they are called and written to."""
    place = town(bureau=True)
    asked = replace(EVERYONE, kind=DrillKind.STAFF, people=("141121:A岗", "1411-duty:duty"))
    drill = compose(place, asked)
    assert place.network.handed == []
    assert release(place, drill, "甲") == [True]
    place.play(seconds=1_800)
    allowed = {place.numbers["141121", Role.PRIMARY], place.numbers["1411-duty", Role.DUTY]}
    assert {one.address for one in place.network.handed} == allowed


def test_chosen_areas_and_tiers_alone(town: Callable[..., Any]) -> None:
    """Villages of one township, without waiting for anybody above them."""
    place = town()
    asked = replace(EVERYONE, areas=("141121100",), tiers=("villages",))
    release(place, compose(place, asked), "甲", "乙")
    place.play(seconds=60)
    called = place.query("SELECT DISTINCT u.code FROM callee c JOIN unit u ON u.id = c.unit_id ORDER BY u.code")
    assert called == [("141121100200",), ("141121100201",)]
    assert place.rings("141121100200")


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_a_practice_message_feeds_a_drill_and_never_a_call_out(town: Callable[..., Any], status: str) -> None:
    """CAP Exercise and 12379 Test: stored, silent; a drill may go by them once somebody has released it."""
    place = town()
    result = place.take_in(place.message(RED_CITY, status=status))
    place.play(seconds=60)
    assert place.network.handed == []
    drill = compose(place, DrillRequest(DrillKind.EVERYONE, alert_id=result.alert_id, valid=HOUR))
    release(place, drill, "甲", "乙")
    place.play(seconds=10)
    assert place.network.handed
    assert callouts(place, Purpose.CALL) == []


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (replace(EVERYONE, areas=("141199",)), "名册里没有区划 141199"),
        (replace(EVERYONE, areas=()), "没有写区域"),
        (replace(EVERYONE, areas=("1401",)), "名册里没有区划 1401"),
        (replace(EVERYONE, valid=10 * MINUTE), "有效期只有 10 分钟"),
        (replace(EVERYONE, valid=MINUTE), "5 分钟到 24 小时"),
        (replace(EVERYONE, tiers=("villages", "nowhere")), "不叫层级 nowhere"),
        (replace(EVERYONE, hazard="沙尘"), "灾种目录中没有 沙尘"),
        (replace(EVERYONE, colour="purple"), "没有颜色 purple"),
        (replace(EVERYONE, plan="nowhere"), "没有方案 nowhere"),
        (replace(EVERYONE, kind=DrillKind.STAFF), "内部演练要有名单"),
        (replace(EVERYONE, kind=DrillKind.STAFF, people=("141121:C",)), "没有这个人"),
        (replace(EVERYONE, people=("141121",)), "名单只用于内部演练"),
        (replace(EVERYONE, starts_at=1), "时间已过"),
        (replace(EVERYONE, announce=HOUR), "预告要写明演练时间"),
        (DrillRequest(DrillKind.EVERYONE, alert_id=99), "没有消息 99"),
    ],
)
def test_what_cannot_be_drilled_is_refused_with_its_reason(
    town: Callable[..., Any], asked: DrillRequest, words: str
) -> None:
    """A clear word, nothing written, nothing sent."""
    place = town()
    with pytest.raises(FindingsError, match=words):
        compose(place, asked)
    place.play(seconds=60)
    assert place.query("SELECT count(*) FROM drill") == [(0,)]
    assert place.network.handed == []


@pytest.mark.parametrize("status", ["Draft", "System", "Unknown"])
def test_drafts_are_no_drills(town: Callable[..., Any], status: str) -> None:
    """What is no practice message either feeds nothing."""
    place = town()
    result = place.take_in(place.message(RED_CITY, status=status))
    assert result.alert_id
    with pytest.raises(FindingsError, match="不能拿来演练"):
        compose(place, DrillRequest(DrillKind.EVERYONE, alert_id=result.alert_id, valid=HOUR))


def test_there_is_no_drill_while_a_warning_stands(town: Callable[..., Any]) -> None:
    """Real call-outs are closed first; the release is refused and nothing goes out."""
    place = town()
    drill = compose(place, EVERYONE)
    release(place, drill, "甲")
    place.warning(RED_CITY)
    place.play(seconds=5)
    with pytest.raises(RefusedError, match="还没办结"):
        release(place, drill, "乙")
    assert state(place) is DrillState.COMPOSED
    assert callouts(place, Purpose.DRILL) == []


def test_what_is_over_is_neither_released_nor_stopped(town: Callable[..., Any]) -> None:
    """A drill that was withdrawn stays so; one that is not there is not found."""
    place = town()
    drill = compose(place, EVERYONE)
    stop(place, drill)
    assert state(place) is DrillState.WITHDRAWN
    with pytest.raises(RefusedError, match="已撤销"):
        release(place, drill, "甲")
    with pytest.raises(RefusedError, match="已撤销"):
        stop(place, drill)
    with pytest.raises(NotFoundError, match="没有演练 7"):
        release(place, 7, "甲")


# --- the real one comes -----------------------------------------------------------------------------------


def test_a_real_warning_ends_the_drill_at_once(town: Callable[..., Any]) -> None:
    """Promises 5 and 6: in the same transaction nothing of it is left, and its next words are the warning's."""
    place = town(lines=2, sms_rate=120, bureau=True)
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=200)
    drilled = len(place.network.handed)
    assert place.query("SELECT count(*) FROM attempt WHERE state = 1") != [(0,)], "somebody still waits"
    place.warning(RED_CITY)
    assert state(place) is DrillState.INTERRUPTED
    (drill,), (real,) = callouts(place, Purpose.DRILL), callouts(place, Purpose.CALL)
    assert place.callout_state(drill) is CallOutState.CLOSED
    assert place.query("SELECT count(*) FROM attempt WHERE callout_id = ? AND state IN (1, 2)", drill) == [(0,)]
    place.play(seconds=1)
    after = place.network.handed[drilled:]
    assert any(one.callout_id == real for one in after), "the real one goes within the second"
    place.play(seconds=1_800)
    later = place.network.handed[drilled:]
    assert all(one.callout_id != drill for one in later)
    assert not any("演练" in one.text + one.subject for one in later if one.purpose is not Purpose.SELF)
    assert "drill_interrupted" in place.alarms()
    assert place.alarm_texts("drill_interrupted") == [f"演练 1（叫应 {drill}）已停，不再发演练短信；现在叫的是真实预警"]
    assert place.callout_state(real) is CallOutState.RUNNING


def test_an_answer_to_the_drill_answers_no_warning(town: Callable[..., Any]) -> None:
    """Statistics and obligations are apart: who answered the drill is called for the warning all the same."""
    place = town(counties=1, townships=1)
    place.everyone_of(UnitLevel.COUNTY, Role.DUTY, VoiceHabit.ANSWERS)
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=300)
    drill = callouts(place, Purpose.DRILL)[0]
    assert place.answers("141121", drill)
    place.warning(RED_CITY)
    real = callouts(place, Purpose.CALL)[0]
    assert place.answers("141121", real) == []
    place.play(seconds=1)
    assert any(one.callout_id == real for one in place.network.handed)
    assert place.query("SELECT count(*) FROM acknowledgement WHERE callout_id = ?", real) == [(0,)]


@pytest.mark.parametrize("sample", ["12379-red-rain-city.xml"])
def test_a_red_that_nobody_can_place_ends_it_too(town: Callable[..., Any], sample: str) -> None:
    """What is put before a human as perhaps red: nobody shall be busy with a drill."""
    place = town(bureau=True)
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=30)
    place.take_in(place.message(sample, senderCode="14999941600000"))
    assert callouts(place, Purpose.CALL) == []
    assert state(place) is DrillState.INTERRUPTED


def test_practice_does_not_end_a_drill(town: Callable[..., Any]) -> None:
    """A test message in mid-drill is only kept."""
    place = town()
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=30)
    place.take_in(place.message(RED_CITY, status="Test"))
    assert state(place) is DrillState.RUNNING


# --- how it ends ------------------------------------------------------------------------------------------


def test_it_ends_by_itself_without_another_word(town: Callable[..., Any]) -> None:
    """When its time is over nothing is sent, and no officer is asked to lift it."""
    place = town(bureau=True)
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=3_600)
    handed = len(place.network.handed)
    tend(place)
    assert state(place) is DrillState.DONE
    place.play(seconds=3_600)
    assert len(place.network.handed) == handed
    assert "awaiting_lift" not in place.alarms()


def test_when_all_have_answered_it_is_over(town: Callable[..., Any]) -> None:
    """No need to wait for its hour to pass."""
    place = town(counties=1, townships=1, villages=1)
    for unit, role in list(place.numbers):
        if role in (Role.PRIMARY, Role.DUTY):
            place.person(unit, role, VoiceHabit.ANSWERS)
    release(place, compose(place, EVERYONE), "甲", "乙")
    place.play(seconds=1_800)
    assert place.callout_state() is CallOutState.COMPLETE
    tend(place)
    assert state(place) is DrillState.DONE
    assert place.callout_state() is CallOutState.CLOSED


def test_an_officer_stops_it_or_ends_its_call_out(town: Callable[..., Any]) -> None:
    """By the drill's own act or by that of its call-out: nothing more goes out, no all-clear either."""
    for by_callout in (False, True):
        place = town()
        drill = compose(place, EVERYONE)
        release(place, drill, "甲", "乙")
        place.play(seconds=60)
        handed = len(place.network.handed)
        if by_callout:
            from warning_dispatch.engine.acts import Act  # noqa: PLC0415 - one of the two ways

            place.act(Act.CANCEL)
            tend(place)
        else:
            stop(place, drill)
        assert state(place) is (DrillState.DONE if by_callout else DrillState.STOPPED)
        place.play(seconds=1_800)
        assert len(place.network.handed) == handed


# --- its hour ---------------------------------------------------------------------------------------------


def test_it_is_announced_and_begins_at_its_hour(town: Callable[..., Any]) -> None:
    """An hour before everybody is told by SMS, marked, and asked for nothing; then it begins by itself."""
    place = town()
    at = place.clock.now() + 2 * HOUR
    release(place, compose(place, replace(EVERYONE, starts_at=at, announce=HOUR)), "甲", "乙")
    place.play(seconds=1_800)
    tend(place)
    assert place.network.handed == []
    place.play(seconds=1_900)
    tend(place)
    place.play(seconds=600)
    told = list(place.network.handed)
    assert {one.channel for one in told} == {Channel.SMS}
    assert all(one.text.startswith("【演练】预告：") and "现在不用回复" in one.text for one in told)
    assert all("{" not in one.text for one in told)
    assert len({one.address for one in told}) == len(told)
    assert state(place) is DrillState.RELEASED
    place.play(seconds=3_000)
    tend(place)
    assert state(place) is DrillState.RUNNING
    place.play(seconds=10)
    assert len(place.network.handed) > len(told)


def test_a_drill_whose_hour_finds_a_real_warning_is_called_off(town: Callable[..., Any]) -> None:
    """And the officer reads why."""
    place = town()
    release(place, compose(place, replace(EVERYONE, starts_at=place.clock.now() + HOUR)), "甲", "乙")
    place.warning(RED_CITY)
    place.play(seconds=3_601)
    tend(place)
    assert state(place) is DrillState.INTERRUPTED
    assert callouts(place, Purpose.DRILL) == []
    assert "drill_called_off" in place.alarms()


def test_a_drill_whose_hour_was_slept_through_is_missed(town: Callable[..., Any]) -> None:
    """The daemon was down: nobody is woken at midnight for a drill of the morning."""
    place = town()
    release(place, compose(place, replace(EVERYONE, starts_at=place.clock.now() + HOUR)), "甲", "乙")
    place.clock.advance_to(place.clock.now() + 3 * HOUR)
    tend(place)
    assert state(place) is DrillState.WITHDRAWN
    assert place.network.handed == []
    assert "drill_missed" in place.alarms()


# --- budgets and lines ------------------------------------------------------------------------------------


def test_a_drill_has_no_share_in_the_reserve(town: Callable[..., Any]) -> None:
    """Of five calls an hour to one number a red drill makes three; the other two are a warning's."""
    drilled, warned = town(counties=1, townships=1, villages=1), town(counties=1, townships=1, villages=1)
    release(drilled, compose(drilled, EVERYONE), "甲", "乙")
    warned.warning(RED_CITY)
    calls = {}
    for place in (drilled, warned):
        place.play(seconds=3_500)
        first = place.rings("141121100200", Role.PRIMARY)[0]
        calls[place] = sum(at < first + 3_600 for at in place.rings("141121100200", Role.PRIMARY))
    assert calls[drilled] == 3
    assert calls[warned] > 3


# --- the calendar -----------------------------------------------------------------------------------------


def test_the_calendar_reminds_and_comes_again(town: Callable[..., Any]) -> None:
    """Fourteen days before, three days before and on the day, each once; a yearly day is entered anew."""
    place = town()
    day = DrillDay(0, "2026-08-05", "汛前演练", DrillKind.EVERYONE, "", yearly=True)
    _once(place, lambda led: place.engine.drills.add_day(led, day, "甲"))
    for today, reminders in (
        ("2026-07-21", 0), ("2026-07-22", 1), ("2026-07-22", 1), ("2026-08-03", 2), ("2026-08-05", 3), ("2026-08-05", 3),
    ):  # fmt: skip
        tend(place, today)
        assert place.alarms().count("drill_due") == reminders, today
    tend(place, "2026-08-06")
    tend(place, "2026-08-07")
    assert place.alarms().count("drill_not_held") == 1
    assert place.query("SELECT day FROM drill_day ORDER BY id") == [("2026-08-05",), ("2027-08-05",)]
    assert place.network.handed == [], "a reminder rings nobody"


def test_a_day_for_which_a_drill_was_composed_is_not_reminded_of(town: Callable[..., Any]) -> None:
    """Who has done it is left in peace."""
    place = town()
    day = DrillDay(0, "2026-08-05", "汛前演练", DrillKind.EVERYONE, "", yearly=False)
    key = _once(place, lambda led: place.engine.drills.add_day(led, day, "甲"))
    compose(place, replace(EVERYONE, day_id=key))
    tend(place, "2026-08-04")
    tend(place, "2026-08-06")
    assert place.alarms() == []
    with pytest.raises(NotFoundError):
        compose(place, replace(EVERYONE, day_id=99))
