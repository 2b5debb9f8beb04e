"""Two cascades at once: whoever cannot be reached by the machine stands on the list of a superior who is at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.states import CalleeState
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.model.views import SuperiorList, UnreachedView
from warning_dispatch.ports import BUREAU
from warning_dispatch.simulation.population import VoiceHabit
from warning_dispatch.store.readings import TableReadings

RED_CITY = "12379-red-rain-city.xml"
RED_COUNTY = "12379-county-red-rain.xml"
COUNTY, TOWNSHIP, VILLAGE = "141121", "141121100", "141121100200"
MINUTE = 60_000
VILLAGES_CALLED = 300


def reading(place: Any) -> TableReadings:
    """What pages, API and commands read."""
    return TableReadings(place.database, place.sealer, {})


def on_list_of(place: Any, unit: str = "", **page: int) -> UnreachedView:
    """What somebody has to work through now."""
    return reading(place).unreached(1, now=place.clock.now(), unit_code=unit, **page)


def list_of(place: Any, unit: str) -> SuperiorList:
    """The list of the units below one superior."""
    return next(one for one in reading(place).superior_lists(1) if one.unit_code == unit)


def codes(view: UnreachedView) -> list[str]:
    """Who stands on it, in its order."""
    return [row.unit_code for row in view.rows]


# --- who holds a list -------------------------------------------------------------------------------------


def test_a_superior_who_never_answers(town: Callable[..., Any]) -> None:
    """Its villages are called when the hold is over, and its list is on the county's, then on the bureau's."""
    place = town(counties=1, townships=2, villages=2)
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED + 1)
    assert place.opened(VILLAGE) == VILLAGES_CALLED  # a silent township keeps nobody asleep
    place.record_answer(COUNTY)
    place.play(seconds=700)
    assert list_of(place, TOWNSHIP).holder_code == COUNTY
    mine = on_list_of(place, COUNTY)
    assert TOWNSHIP in codes(mine)  # the township itself is the county's
    assert VILLAGE in codes(mine)  # and so are its villages, now
    assert {row.superior_code for row in mine.rows} == {COUNTY, TOWNSHIP, "141121101"}
    assert codes(mine) == sorted(codes(mine))


def test_nobody_above_answers_either(town: Callable[..., Any]) -> None:
    """In the end every list is the bureau's."""
    place = town(counties=1, townships=1, villages=2)
    place.warning(RED_CITY)
    place.play(seconds=1_000)
    assert {one.holder_code for one in reading(place).superior_lists(1)} == {""}
    assert VILLAGE in codes(on_list_of(place, BUREAU))
    assert codes(on_list_of(place, BUREAU)) == codes(on_list_of(place))
    assert codes(on_list_of(place, TOWNSHIP)) == [VILLAGE, "141121100201"]  # asked for by name it is shown all the same


def test_an_answer_takes_the_list_back(town: Callable[..., Any]) -> None:
    """The township answers an hour later, by its duty room: its villages are its own again."""
    place = town(counties=1, townships=1, villages=2)
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED)
    place.record_answer(COUNTY)
    place.play(seconds=3_600)
    assert list_of(place, TOWNSHIP).holder_code == COUNTY
    assert place.state(TOWNSHIP) is CalleeState.UNANSWERED
    place.person(TOWNSHIP, Role.DUTY, VoiceHabit.ANSWERS)
    place.act(Act.RECALL, unit=TOWNSHIP)
    place.play(seconds=60)
    assert place.state(TOWNSHIP) is CalleeState.DUTY_ANSWERED
    assert not list_of(place, TOWNSHIP).rolled_up
    assert VILLAGE not in codes(on_list_of(place, COUNTY))
    assert VILLAGE in codes(on_list_of(place, TOWNSHIP))


def test_a_waived_superior_works_on_no_list(town: Callable[..., Any]) -> None:
    """An officer took it off because nobody is there: its villages are the county's."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED)
    place.record_answer(COUNTY)
    place.act(Act.WAIVE, unit=TOWNSHIP)
    assert list_of(place, TOWNSHIP).holder_code == COUNTY


def test_a_superior_that_another_call_out_of_the_hazard_carries(town: Callable[..., Any]) -> None:
    """A unit is called once a hazard: the county answered for the first warning and holds the lists of the second."""
    place = town(counties=1, townships=2, villages=1)
    assert place.take_in(place.message(RED_CITY, geocode=f"{TOWNSHIP}000")).callouts == (1,)
    place.play(seconds=60)
    raw = place.message(RED_COUNTY, senderCode="14112141600000", geocode="141121000000")
    assert 2 in place.take_in(raw).callouts
    place.play(seconds=400)
    other = next(one for one in reading(place).superior_lists(2) if one.unit_code == "141121101")
    assert (other.holder_code, place.state(COUNTY)) == ("", CalleeState.UNANSWERED)
    place.record_answer(COUNTY)
    other = next(one for one in reading(place).superior_lists(2) if one.unit_code == "141121101")
    assert other.holder_code == COUNTY


def test_by_the_county_chain(town: Callable[..., Any]) -> None:
    """The other shipped chain: county duty room, townships, villages; the county's leaders are on its list as well."""
    place = town(counties=1, townships=1, villages=1)
    raw = place.message(RED_COUNTY, senderCode="14112141600000", geocode="141121000000")
    assert place.take_in(raw).callouts
    place.play(seconds=1_000)
    assert list_of(place, TOWNSHIP).holder_code == ""
    place.record_answer(COUNTY)
    assert list_of(place, TOWNSHIP).holder_code == list_of(place, COUNTY).holder_code == COUNTY
    assert {VILLAGE, TOWNSHIP, f"{COUNTY}-L1", f"{COUNTY}-water"} <= set(codes(on_list_of(place, COUNTY)))


def test_a_unit_without_anybody_below_has_no_list(town: Callable[..., Any]) -> None:
    """A slip of the pen is said, not answered with an empty list."""
    place = town(counties=1, townships=1, villages=1)
    place.warning(RED_CITY)
    with pytest.raises(NotFoundError, match=VILLAGE):
        on_list_of(place, VILLAGE)
    with pytest.raises(NotFoundError, match="call-out 9"):
        reading(place).superior_lists(9)


# --- what stands on it ------------------------------------------------------------------------------------


def test_four_facts_are_told_apart(town: Callable[..., Any]) -> None:
    """未应答, 接听未确认, 已转告, with calls and last outcome; whoever has answered or is just being rung is not on it."""
    place = town(counties=1, townships=1, villages=5, clerks=["141121100203"])
    silent, heard, answered, relayed, busy = (f"1411211002{number:02d}" for number in range(5))
    place.person(heard, Role.PRIMARY, VoiceHabit.HEARS)
    place.person(answered, Role.PRIMARY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED)
    place.record_answer(TOWNSHIP)
    assert place.tap(place.token_for(relayed, Role.DUTY)) == 0
    place.play(seconds=10)
    assert codes(on_list_of(place, TOWNSHIP)) == [relayed]
    assert list_of(place, TOWNSHIP).calling == 4
    place.play(seconds=590)
    rows = {row.unit_code: row for row in on_list_of(place, TOWNSHIP).rows}
    assert rows[silent].state is CalleeState.UNANSWERED
    assert rows[heard].state is CalleeState.UNCONFIRMED
    assert answered not in rows
    assert rows[busy].calls >= 3
    assert rows[busy].last_outcome == "no_answer"
    assert rows[busy].path == "县1 县1乡1"
    assert [phone.role for phone in rows[silent].phones] == [Role.PRIMARY, Role.DEPUTY]
    assert all("****" in phone.masked for phone in rows[silent].phones)
    counts = list_of(place, TOWNSHIP)
    assert (counts.unanswered, counts.unconfirmed, counts.listed, counts.units) == (3, 1, 4, 5)


def test_without_a_line_it_is_on_the_list_at_once_with_an_estimate(town: Callable[..., Any]) -> None:
    """未呼: forty villages, two lines. Nobody waits for a limit to learn that a machine cannot keep up."""
    place = town(counties=1, townships=1, villages=40, lines=2, leaders=0)
    place.warning(RED_CITY)
    place.play(seconds=125)
    place.record_answer(COUNTY)
    place.record_answer(TOWNSHIP)
    for code in ("1411-water", "1411-emergency"):
        place.record_answer(code)
    place.play(seconds=5)
    view = on_list_of(place, TOWNSHIP)
    assert {row.state for row in view.rows} == {CalleeState.UNCALLED}
    assert len(view.rows) == view.total == 38  # two are being rung
    estimates = [row.estimate for row in view.rows]
    assert estimates == sorted(estimates, key=lambda one: one or 0)  # the queue keeps to the order of the codes
    assert estimates[0] == MINUTE
    assert view.estimate == estimates[-1]
    assert 8 * MINUTE <= (view.estimate or 0) <= 20 * MINUTE
    assert place.query("SELECT unreached FROM branch WHERE tier = 4") == [(0,)]


def test_what_the_estimate_promises_comes_true(town: Callable[..., Any]) -> None:
    """In a steady night the last of the queue is called about when it was said, by the calls made so far."""
    place = town(counties=1, townships=1, villages=40, lines=2, leaders=0)
    place.warning(RED_CITY)
    place.play(seconds=125)
    for code in (COUNTY, TOWNSHIP, "1411-water", "1411-emergency"):
        place.record_answer(code)
    place.play(seconds=100)
    view, told_at = on_list_of(place, TOWNSHIP), place.elapsed
    last = max(view.rows, key=lambda row: row.estimate or 0)
    place.play(seconds=3_000)
    waited = place.rings(last.unit_code)[0] - told_at
    assert 0.5 * (last.estimate or 0) <= waited * 1_000 <= 1.5 * (last.estimate or 0)


def test_after_the_limit_it_counts_in_the_branch_and_is_still_called_in_its_order(town: Callable[..., Any]) -> None:
    """UNCALLED by the limit keeps its place: before anybody's second call, in the order it stood in."""
    place = town(counties=1, townships=1, villages=40, lines=2, leaders=0)
    place.warning(RED_CITY)
    place.play(seconds=125)
    for code in (COUNTY, TOWNSHIP, "1411-water", "1411-emergency"):
        place.record_answer(code)
    place.play(seconds=601)
    uncalled = place.query(
        "SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.state = 5 ORDER BY u.code"
    )
    waiting = [str(code) for (code,) in uncalled]
    assert waiting
    assert place.query("SELECT unreached FROM branch WHERE tier = 4")[0][0] >= len(waiting)
    assert [row.unit_code for row in on_list_of(place, TOWNSHIP).rows if row.calls == 0 and row.estimate] == waiting
    place.play(seconds=3_000)
    first = [place.rings(code)[0] for code in waiting]
    assert first == sorted(first)
    called_twice = [place.rings(f"1411211002{number:02d}")[1:] for number in range(40)]
    assert max(first) <= min(rings[0] for rings in called_twice if rings)


def test_no_estimate_where_nobody_can_know(town: Callable[..., Any]) -> None:
    """While the call-out is paused nothing is dialled; a unit without a number is in no queue."""
    place = town(
        counties=1, townships=1, villages=3, lines=1, without=[(VILLAGE, Role.PRIMARY), (VILLAGE, Role.DEPUTY)]
    )
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED + 5)
    row = next(row for row in on_list_of(place).rows if row.unit_code == VILLAGE)
    assert (row.state, row.estimate, row.phones) == (CalleeState.UNCALLED, None, ())
    assert any(row.estimate for row in on_list_of(place).rows)
    place.act(Act.PAUSE)
    assert not any(row.estimate for row in on_list_of(place).rows)


def test_a_provider_that_is_down_makes_it_uncalled_too(town: Callable[..., Any]) -> None:
    """No phone rang: that is 未呼, whatever the reason, and nobody knows until when."""
    place = town(counties=1, townships=1, villages=1)
    place.network.set_outage(Channel.VOICE, "provider_down")
    place.warning(RED_CITY)
    place.play(seconds=VILLAGES_CALLED + 5)
    row = next(row for row in on_list_of(place).rows if row.unit_code == VILLAGE)
    assert (row.state, row.estimate) == (CalleeState.UNCALLED, None)


def test_pages(town: Callable[..., Any]) -> None:
    """A long list comes in pages; its sums are those of the whole."""
    place = town(counties=1, townships=1, villages=10)
    place.warning(RED_CITY)
    place.play(seconds=1_000)
    whole = on_list_of(place, TOWNSHIP)
    pages = [on_list_of(place, TOWNSHIP, limit=4, offset=offset) for offset in (0, 4, 8)]
    assert [code for page in pages for code in codes(page)] == codes(whole)
    assert {page.total for page in pages} == {10}
