"""Call-outs as people see them: joined and counted right, quickly, and beside the writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from sqlalchemy import Connection, event, insert, update

from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import (
    UNREACHED,
    AttemptState,
    CalleeState,
    CallOutState,
)
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import CurvePoint
from warning_dispatch.ports import ReadModels
from warning_dispatch.store import schema
from warning_dispatch.store.database import open_database, upgrade, writing
from warning_dispatch.store.reading_callouts import MOST_POINTS, thinned

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
"""The class of that name in house.py."""
START = rows_by_hand.START
TOKEN = rows_by_hand.TOKEN
RAINSTORM = rows_by_hand.RAINSTORM
CITY = rows_by_hand.CITY
COUNTY = rows_by_hand.COUNTY
TOWNSHIP = rows_by_hand.TOWNSHIP
WATER = rows_by_hand.WATER
TOWNSHIPS = rows_by_hand.TOWNSHIPS
VILLAGES = rows_by_hand.VILLAGES
LEADERS = rows_by_hand.LEADERS
info = rows_by_hand.info
message = rows_by_hand.message


# --- call-outs --------------------------------------------------------------------------------------------


def test_the_readings_are_the_port(house: House) -> None:
    """Pages, API and commands get exactly what ports.ReadModels promises."""
    read: ReadModels = house.read
    assert list(read.callouts()) == []
    assert list(read.alerts()) == []


def test_a_callout_is_shown_with_its_tiers_counted(house: House) -> None:
    """One glance: each tier with its states, their sum, and the moment it opened; a tier of other colours is left out."""
    callout = house.callout(alert_id=house.alert(message(info("zh-CN"))))
    house.branch(callout, LEADERS, START + 9)
    first, second = house.branch(callout, VILLAGES, START + 70), house.branch(callout, VILLAGES, START + 60)
    house.branch(callout, VILLAGES)
    states = [state for state in CalleeState for _ in range(state.value % 3 + 1)]
    for number, state in enumerate(states):
        house.callee(callout, (first, second)[number % 2], house.village(number), VILLAGES, state)
    view = house.read.callout(callout)
    assert [tier.name for tier in view.tiers] == ["leaders", "townships", "villages"]
    villages = view.tiers[VILLAGES]
    shown = [state for state in CalleeState if state is not CalleeState.SUPERSEDED]
    assert {state: getattr(villages, state.name.lower()) for state in shown} == {
        state: state.value % 3 + 1 for state in shown
    }
    assert villages.callees == sum(state.value % 3 + 1 for state in shown)
    assert villages.unreached == sum(state.value % 3 + 1 for state in UNREACHED)
    assert [tier.opened_at for tier in view.tiers] == [START + 9, None, START + 60]
    assert villages.title == {"zh_CN": "层级villages", "en": "villages"}
    assert (view.plan_title["en"], view.hazard_name, view.colour) == ("City plan", RAINSTORM, Colour.RED)
    assert (view.issuer, view.headline) == ("吕梁市气象台", "暴雨红色预警")


def test_a_callout_begun_by_hand_and_an_unknown_hazard_are_shown_all_the_same(house: House) -> None:
    """Without an alert the place stands for the issuer; a hazard that left the configuration goes by its key."""
    view = house.read.callout(house.callout(hazard="hail"))
    assert (view.alert_id, view.issuer, view.headline) == (None, "吕梁市", "")
    assert view.hazard_name == {"zh_CN": "hail", "en": "hail"}


def test_sent_and_got_through_are_counted_apart(house: House) -> None:
    """发得出 and 传得到: begun, handed over, got through; what was dropped in the queue never began."""
    callout = house.callout()
    callee = house.callee(callout, house.branch(callout, VILLAGES), house.village(1), VILLAGES)
    house.attempt(callout, callee, state=AttemptState.DROPPED, outcome="answered")
    house.attempt(callout, callee, state=AttemptState.READY)
    assert house.read.callout(callout).first_attempt_at is None
    house.attempt(callout, callee, claimed_at=START + 3, state=AttemptState.CLAIMED)
    house.attempt(callout, callee, claimed_at=START + 2, handed_at=START + 3, outcome="no_answer")
    house.attempt(callout, callee, claimed_at=START + 4, handed_at=START + 5, outcome="key_pressed")
    house.attempt(callout, callee, claimed_at=START + 4, handed_at=START + 5, delivered_at=START + 6)
    view = house.read.callout(callout)
    assert (view.attempts, view.handed, view.delivered, view.first_attempt_at) == (4, 3, 2, START + 2)


def test_callouts_come_newest_first_and_live_ones_alone(house: House) -> None:
    """The list of a night: the newest on top; those that ended only when asked for."""
    ids = [house.callout(state=state.value) for state in CallOutState]
    assert [view.id for view in house.read.callouts()] == ids[::-1]
    live = [CallOutState.AWAITING_LIFT, CallOutState.PAUSED, CallOutState.RUNNING]
    assert [view.state for view in house.read.callouts(live_only=True)] == live
    assert [view.id for view in house.read.callouts(limit=2)] == ids[:-3:-1]


def test_what_does_not_exist_is_said_to_be_missing(house: House) -> None:
    """An old bookmark is answered clearly."""
    with pytest.raises(NotFoundError):
        house.read.callout(9)
    with pytest.raises(NotFoundError):
        house.read.callees(9)
    with pytest.raises(NotFoundError):
        house.read.alert(9)
    with pytest.raises(NotFoundError):
        house.read.link(TOKEN)


# --- callees ----------------------------------------------------------------------------------------------


def test_callees_come_by_code_with_the_names_above_them(house: House) -> None:
    """Names repeat, so each unit shows its superiors, nearest last; the city needs no saying."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    units = [house.village(2, "郝家墕村"), WATER, COUNTY, CITY, house.village(1, "白文村")]
    for unit in units:
        house.callee(callout, branch, unit, VILLAGES, opened_at=START, next_at=START + 5, calls=2)
    rows = house.read.callees(callout)
    assert [(row.unit_code, row.unit_name, row.path) for row in rows] == [
        ("1411", "吕梁市", ""),
        ("141124", "临县", ""),
        ("141124-water", "临县水利局", "临县"),
        ("141124104001", "白文村", "临县 白文镇"),
        ("141124104002", "郝家墕村", "临县 白文镇"),
    ]
    assert (rows[0].tier, rows[0].calls, rows[0].opened_at, rows[0].next_at) == ("villages", 2, START, START + 5)


def test_callees_are_chosen_by_state_and_tier_and_paged(house: House) -> None:
    """The list of the unreached is one question, however long the call-out is."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    for number, state in enumerate(CalleeState):
        tier = VILLAGES if number % 2 else TOWNSHIPS
        house.callee(callout, branch, house.village(number), tier, state)
    read = house.read
    assert [row.state for row in read.callees(callout, states=UNREACHED)] == list(UNREACHED)
    assert {row.tier for row in read.callees(callout, tier="townships")} == {"townships"}
    assert [row.state for row in read.callees(callout, states=UNREACHED, tier="villages")] == [CalleeState.UNANSWERED]
    assert list(read.callees(callout, tier="nobody")) == []
    everybody = [row.callee_id for row in read.callees(callout)]
    paged = [row.callee_id for offset in range(0, 12, 5) for row in read.callees(callout, limit=5, offset=offset)]
    assert paged == everybody
    assert list(read.callees(callout, offset=12)) == []


def test_the_last_outcome_is_that_of_the_latest_ended_attempt(house: House) -> None:
    """What the duty officer reads beside a village is what happened last, not what was begun last."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    one, two, three = (house.callee(callout, branch, house.village(number), VILLAGES) for number in (1, 2, 3))
    house.attempt(callout, one, two, ended_at=START + 50, outcome="busy")
    house.attempt(callout, one, ended_at=START + 40, outcome="no_answer")
    house.attempt(callout, two, ended_at=START + 50, outcome="heard")
    house.attempt(callout, one, state=AttemptState.HANDED)
    house.attempt(callout, three, state=AttemptState.DROPPED, ended_at=START + 60, outcome="answered")
    assert [row.last_outcome for row in house.read.callees(callout)] == ["busy", "heard", ""]


def test_a_call_of_another_call_out_is_shown_where_its_units_were_named(house: House) -> None:
    """One phone, one call: both call-outs count it once and show it, although its home is one of them."""
    rain, gale = house.callout(), house.callout()
    callees = [house.callee(each, house.branch(each, VILLAGES), WATER, VILLAGES) for each in (rain, gale)]
    call = house.attempt(rain, *callees, claimed_at=START + 2, handed_at=START + 3, outcome="key_pressed")
    for _ in range(2):
        dropped = {"state": AttemptState.DROPPED, "outcome": "merged", "merged_id": call}
        house.attempt(gale, callees[1], **dropped)
    own = house.attempt(gale, callees[1], claimed_at=START + 9, handed_at=START + 9, outcome="no_answer")
    first, second = house.read.callout(rain), house.read.callout(gale)
    assert (first.attempts, first.handed, first.delivered, first.first_attempt_at) == (1, 1, 1, START + 2)
    assert (second.attempts, second.handed, second.delivered, second.first_attempt_at) == (2, 2, 1, START + 2)
    assert [row.id for row in house.read.latest_attempts(rain)] == [call]
    assert [row.id for row in house.read.latest_attempts(gale)] == [own, call]


def test_latest_attempts_show_masked_numbers_and_every_unit_of_a_call(house: House) -> None:
    """Promise 11 on the page; and one phone in one call names all its units. What only waits is not shown."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    one, two = (house.callee(callout, branch, house.village(number), VILLAGES) for number in (1, 2))
    house.attempt(callout, one, state=AttemptState.READY)
    late = house.attempt(
        callout,
        two,
        one,
        claimed_at=START + 9,
        number_id=house.number("100****0001"),
        role=Role.DEPUTY.value,
        outcome="no_answer",
        ended_at=START + 20,
        possible_duplicate=1,
    )
    early = house.attempt(callout, one, claimed_at=START + 8, state=AttemptState.HANDED, channel=Channel.SMS.value)
    rows = house.read.latest_attempts(callout)
    assert [row.id for row in rows] == [late, early]
    assert (rows[0].unit_name, rows[0].masked, rows[0].role) == ("村1、村2", "100****0001", Role.DEPUTY)
    assert (rows[0].outcome, rows[0].state, rows[0].possible_duplicate) == ("no_answer", AttemptState.ENDED, True)
    assert (rows[1].masked, rows[1].role, rows[1].channel, rows[1].outcome) == ("", None, Channel.SMS, "")
    assert [row.id for row in house.read.latest_attempts(callout, limit=1)] == [late]


# --- the curve --------------------------------------------------------------------------------------------


def test_the_curve_adds_up_answers_by_the_second_without_the_waived(house: House) -> None:
    """Each point says how many had answered by then; a unit that an officer took off has not."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    moments = [START + 100, START + 900, START + 5_000, None]
    for number, moment in enumerate(moments):
        state = CalleeState.ACKNOWLEDGED if moment else CalleeState.CALLING
        house.callee(callout, branch, house.village(number), VILLAGES, state, answered_at=moment)
    house.callee(callout, branch, WATER, VILLAGES, CalleeState.WAIVED, answered_at=START + 6_000)
    house.callee(callout, branch, COUNTY, VILLAGES, CalleeState.DUTY_ANSWERED, answered_at=START + 7_000)
    gone = house.village(9)  # taken over after its duty room had answered: the newer round counts it
    house.callee(callout, branch, gone, VILLAGES, CalleeState.SUPERSEDED, answered_at=START + 8_000)
    assert list(house.read.curve(callout)) == [
        CurvePoint(START + 900, 2),
        CurvePoint(START + 5_000, 3),
        CurvePoint(START + 7_000, 4),
    ]


def test_a_long_curve_is_thinned_and_stays_true() -> None:
    """Thousands of answers are some 300 points, each of them one of the real ones, the last among them."""
    points = [CurvePoint(START + number * number, number + 1) for number in range(5_000)]
    kept = thinned(points)
    assert 100 < len(kept) <= MOST_POINTS
    assert set(kept) <= set(points)
    assert kept[-1] == points[-1]
    assert list(kept) == sorted(kept, key=lambda point: point.at)
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


# --- speed, and the writer --------------------------------------------------------------------------------


def fill(connection: Connection, callout: int, branch: int, units: int) -> None:
    """A prefecture's worth of villages, each with four ended attempts."""
    first = 1_000
    connection.execute(
        insert(schema.unit),
        [
            {
                "id": first + number,
                "code": f"1411241{number:05}",
                "name": f"村{number}",
                "kind": "division",
                "level": 4,
                "area": f"1411241{number:05}",
                "superior_id": TOWNSHIP,
            }
            for number in range(units)
        ],
    )
    connection.execute(
        insert(schema.callee),
        [
            {
                "id": first + number,
                "callout_id": callout,
                "branch_id": branch,
                "unit_id": first + number,
                "tier": VILLAGES,
                "state": CalleeState.UNANSWERED.value if number % 3 else CalleeState.ACKNOWLEDGED.value,
                "answered_at": None if number % 3 else START + number * 700,
            }
            for number in range(units)
        ],
    )
    attempts = [(number, 4 * number + each) for number in range(units) for each in range(4)]
    connection.execute(
        insert(schema.attempt),
        [
            {
                "id": first + key,
                "callout_id": callout,
                "channel": 1,
                "purpose": 1,
                "roles": 1,
                "order_key": 1,
                "state": AttemptState.ENDED.value,
                "due_at": START,
                "claimed_at": START + key,
                "ended_at": START + key + 9,
                "outcome": "no_answer",
            }
            for _, key in attempts
        ],
    )
    connection.execute(
        insert(schema.attempt_callee),
        [{"attempt_id": first + key, "callee_id": first + number} for number, key in attempts],
    )


def test_a_prefecture_is_shown_without_a_query_per_person(house: House) -> None:
    """A page of a call-out with 2,600 callees and 10,400 attempts costs a few statements."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES, START)
    with writing(house.engine) as connection:
        fill(connection, callout, branch, 2_600)
    statements: list[str] = []
    event.listen(house.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    read = house.read
    questions = (
        lambda: read.callout(callout),
        lambda: read.callees(callout, limit=100),
        lambda: read.callees(callout, states=UNREACHED, limit=100, offset=1_600),
        lambda: read.latest_attempts(callout),
        lambda: read.curve(callout),
    )
    for question in questions:
        question()
        statements.clear()
        question()
        assert len(statements) <= 5
    assert len(read.curve(callout)) == MOST_POINTS
    assert len(read.callees(callout, limit=5_000)) == 2_600


def test_reading_goes_on_while_somebody_writes(tmp_path: Path) -> None:
    """A page neither waits for the writer nor sees what is not committed."""
    engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    house = rows_by_hand.House(engine)
    callout = house.callout()
    with writing(engine) as connection:
        changed = update(schema.callout).where(schema.callout.c.id == callout)
        connection.execute(changed.values(state=CallOutState.CLOSED.value))
        assert house.read.callout(callout).state is CallOutState.RUNNING
    assert house.read.callout(callout).state is CallOutState.CLOSED
    engine.dispose()
