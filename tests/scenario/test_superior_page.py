"""A township head in the rain: answers by link, opens the own list with four digits, dials, and records who was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.lanes import Lane
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.feedback import MOST, Feedback
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Role
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.superior_desk import WriterSuperiorDesk

RED_CITY = "12379-red-rain-city.xml"
COUNTY, TOWNSHIP, VILLAGE, OTHER = "141121", "141121100", "141121100200", "141121100201"


class Counter:
    """The daemon's desk where nothing else runs."""

    def __init__(self, place: Any) -> None:
        self._place = place

    async def once(self, lane: Lane, work: Callable[[Any], Any]) -> Any:
        """At once."""
        del lane
        return self._place.engine.once(self._place.clock.now(), work).result

    async def acknowledge(self, callout_id: int, callee_id: int, **order: Any) -> None:
        """By the engine."""
        self._place.engine.acknowledge(self._place.clock.now(), callout_id, callee_id, **order)


class Night:
    """A town under a red warning in which nobody picks up, and the page of its superiors."""

    def __init__(self, place: Any) -> None:
        self.place = place
        place.warning(RED_CITY)
        place.play(seconds=1_500)
        read = TableReadings(place.database, place.sealer, {})
        self.read = OwnListTables(place.database, place.sealer, place.keys.link_key, read, place.clock.now)
        self.desk = WriterSuperiorDesk(Counter(place), self.read)

    def link(self, unit: str) -> str:
        """The link of a unit's responsible person."""
        return str(self.place.token_for(unit, Role.PRIMARY))

    def step(self, token: str, unit: str) -> str:
        """With the right digits."""
        return asyncio.run(self.desk.pass_step(token, self.place.numbers[unit, Role.PRIMARY][-4:]))

    def told(self, token: str, unit: str, passed: str) -> None:
        """In person."""
        asyncio.run(self.desk.told(token, self.place.callee_id(unit), passed))


@pytest.fixture
def night(town: Callable[..., Any]) -> Night:
    """One county, one township, two villages."""
    return Night(town(counties=1, townships=1, villages=2))


def test_from_the_link_to_the_last_village(night: Night) -> None:
    """Nothing before the answer; counts before the step; then numbers to dial, and 代报 counted apart."""
    token = night.link(TOWNSHIP)
    assert not night.read.has_list(token)
    with pytest.raises(NotFoundError):
        night.read.own_list(token)
    night.place.tap(token)
    assert night.read.has_list(token)
    before = night.read.own_list(token)
    assert (before.step_needed, before.total, before.units) == (True, 2, ())
    passed = night.step(token, TOWNSHIP)
    page = night.read.own_list(token, passed)
    assert [one.callee_id for one in page.units] == [night.place.callee_id(unit) for unit in (VILLAGE, OTHER)]
    numbers = {one.number for one in page.units[0].people}
    assert night.place.numbers[VILLAGE, Role.PRIMARY] in numbers
    night.told(token, VILLAGE, passed)
    assert night.place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert (Means.SUPERIOR, True) in night.place.answers(VILLAGE)
    after = night.read.own_list(token, passed)
    assert (after.total, after.told, after.answered) == (1, 1, 0)
    night.place.tap(night.link(OTHER))
    last = night.read.own_list(token, passed)
    assert (last.total, last.told, last.answered) == (0, 1, 1)


def test_what_is_told_twice_counts_once(night: Night) -> None:
    """A double tap, and a village that answered meanwhile."""
    token = night.link(TOWNSHIP)
    night.place.tap(token)
    passed = night.step(token, TOWNSHIP)
    night.told(token, VILLAGE, passed)
    with pytest.raises(RefusedError):
        night.told(token, VILLAGE, passed)
    assert len(night.place.answers(VILLAGE)) == 1


def test_the_link_alone_opens_and_records_nothing(night: Night) -> None:
    """Wrong digits, another link's cookie, a unit that is another's."""
    token = night.link(TOWNSHIP)
    night.place.tap(token)
    with pytest.raises(RefusedError):
        asyncio.run(night.desk.pass_step(token, "99999"))
    county = night.link(COUNTY)
    night.place.tap(county)
    passed = night.step(county, COUNTY)
    assert night.read.own_list(token, passed).units == ()
    for unit, proof in ((VILLAGE, ""), (VILLAGE, passed)):
        with pytest.raises(RefusedError):
            night.told(token, unit, proof)
    with pytest.raises(RefusedError):  # the township has answered: its villages are its own, not the county's
        night.told(county, VILLAGE, passed)
    assert night.place.state(VILLAGE) is not CalleeState.ACKNOWLEDGED
    village = night.link(VILLAGE)
    night.place.tap(village)
    assert not night.read.has_list(village)


def test_a_silent_township_is_worked_through_by_its_county(night: Night) -> None:
    """The list rolls up to whoever has answered, and is the township's again by its answer."""
    county = night.link(COUNTY)
    night.place.tap(county)
    passed = night.step(county, COUNTY)
    ids = {one.callee_id for one in night.read.own_list(county, passed).units}
    assert {night.place.callee_id(unit) for unit in (TOWNSHIP, VILLAGE, OTHER)} <= ids
    night.place.tap(night.link(TOWNSHIP))
    assert night.place.callee_id(VILLAGE) not in {one.callee_id for one in night.read.own_list(county, passed).units}


def test_the_journal_says_who_opened_the_list_and_no_number(night: Night) -> None:
    """Who, whose units and how many; looking again adds nothing."""
    token = night.link(TOWNSHIP)
    night.place.tap(token)
    passed = night.step(token, TOWNSHIP)
    for _ in range(3):
        night.read.own_list(token, passed)
    opened = [one for one in night.place.journal_entries() if one["k"] == "list.opened"]
    assert [(one["units"], one["count"]) for one in opened] == [([TOWNSHIP], 2)]
    assert night.place.numbers[VILLAGE, Role.PRIMARY] not in json.dumps(night.place.journal_entries(), default=str)


def test_feedback_stands_in_the_units_story_and_not_in_the_journal(night: Night) -> None:
    """Only after the answer; sealed at rest, told to the officer, and no more than twenty."""
    token = night.link(VILLAGE)
    said = Feedback(on_post=True, moved=37, dangers="桥头进水，张三受伤")
    with pytest.raises(RefusedError):
        asyncio.run(night.desk.feed_back(token, said))
    night.place.tap(token)
    assert night.read.reported_at(token) is None
    for _ in range(MOST):
        asyncio.run(night.desk.feed_back(token, said))
    with pytest.raises(RefusedError):
        asyncio.run(night.desk.feed_back(token, said))
    assert night.read.reported_at(token) == night.place.clock.now()
    story = TableReadings(night.place.database, night.place.sealer, {}).story(1, night.place.callee_id(VILLAGE))
    assert [one for _, one in story.feedback] == [said] * MOST
    assert "张三" not in json.dumps(night.place.journal_entries(), default=str, ensure_ascii=False)
    assert "张三".encode() not in bytes(night.place.query("SELECT sealed FROM feedback LIMIT 1")[0][0])


def test_what_a_superior_adds_stands_in_the_villages_story(night: Night) -> None:
    """A few words beside 代报, kept as feedback about the village."""
    token = night.link(TOWNSHIP)
    night.place.tap(token)
    passed = night.step(token, TOWNSHIP)
    village = night.place.callee_id(VILLAGE)
    asyncio.run(night.desk.told(token, village, passed, "在村委会见到李四"))
    story = TableReadings(night.place.database, night.place.sealer, {}).story(1, village)
    assert [one.told for _, one in story.feedback] == ["在村委会见到李四"]
    assert "李四" not in json.dumps(night.place.journal_entries(), default=str, ensure_ascii=False)
