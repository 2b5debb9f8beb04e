"""应急联动 in a night: lists go out with the call, units tick, an officer moves the stage, silent counties alarm, sums are right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from warning_dispatch.engine.acts import Act
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.responding import Responding
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.figures.callout import tally
from warning_dispatch.figures.season import share_of
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.model.record_views import SeasonQuery
from warning_dispatch.model.response import ResponseBook
from warning_dispatch.model.states import AttemptState, CalleeState, CallOutState, Purpose, Stage
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.response_desk import WriterResponseDesk
from warning_dispatch.simulation.population import Population, TextHabit, VoiceHabit
from warning_dispatch.store.reading_own_list import OwnListTables
from warning_dispatch.store.reading_response import ResponseTables
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.records import RecordTables
from warning_dispatch.superior_desk import WriterSuperiorDesk

RED_CITY, RED_COUNTY = "12379-red-rain-city.xml", "12379-county-red-rain.xml"
COUNTY, OTHER_COUNTY, TOWNSHIP, VILLAGE, OTHER = "141121", "141122", "141121100", "141121100200", "141121100201"
WATER = "1411-water"
RED, ORANGE = ("Red", "红色"), ("Orange", "橙色")
ANSWERING = Population.everyone(VoiceHabit.ANSWERS, TextHabit.IGNORES)


class Counter:
    """The daemon's desk where nothing else runs."""

    def __init__(self, place: Any) -> None:
        self._place = place

    async def once(self, lane: Lane, work: Callable[[Any], Any]) -> Any:
        """At once."""
        del lane
        return self._place.engine.once(self._place.clock.now(), work).result

    async def acknowledge(self, *_: Any, **__: Any) -> None:
        """Not needed here."""


class Night:
    """A town under a red warning that asks for measures, and what its people do on their pages."""

    def __init__(self, place: Any) -> None:
        self.place = place
        self.links = TableReadings(place.database, place.sealer, {})
        own = OwnListTables(place.database, place.sealer, place.keys.link_key, self.links, place.clock.now)
        self.read = ResponseTables(place.database, place.sealer, self.links, place.clock.now)
        self.desk = WriterResponseDesk(Counter(place), own)
        self.after = WriterSuperiorDesk(Counter(place), own)

    def link(self, unit: str, callout: int = 1) -> str:
        """The link of a unit's responsible person."""
        return str(self.place.token_for(unit, Role.PRIMARY, callout))

    def tick(self, unit: str, *actions: str, remark: str = "", callout: int = 1) -> int:
        """The unit's person ticks measures."""
        callee = self.place.callee_id(unit, callout)
        ticks = [(callee, action, remark) for action in actions]
        return asyncio.run(self.desk.tick(self.link(unit, callout), ticks))

    def report(self, unit: str, callout: int = 1, **said: Any) -> None:
        """The unit's person reports."""
        asyncio.run(self.after.feed_back(self.link(unit, callout), Feedback(**said)))

    def owed(self, unit: str, callout: int = 1) -> list[str]:
        """What the unit's page lists."""
        asked = self.read.asked(self.link(unit, callout))
        return [item.action.id for one in asked.units for item in one.items] if asked else []


@pytest.fixture
def night(town: Callable[..., Any]) -> Night:
    """Two counties of two townships of two villages; everybody picks up and presses the key."""
    place = town(population=ANSWERING, response=True, bureau=True)
    place.warning(RED_CITY)
    place.play(seconds=900)
    assert place.callout_state() is CallOutState.COMPLETE
    return Night(place)


def test_a_night_from_the_call_to_the_sums(night: Night, kept: Callable[[Any], None]) -> None:
    """Each level ticks its own, villages report upwards, and county, prefecture and journal agree."""
    assert night.tick(WATER, "duty_watch", "rain_reservoirs", "rain_flash_floods", remark="三座水库到人") == 3
    for unit, moved in ((VILLAGE, 12), (OTHER, 30)):
        assert night.tick(unit, "rain_village_move") == 1
        night.report(unit, on_post=True, moved=moved)
    night.report(TOWNSHIP, moved=40, dangers="桥头进水")
    whole = night.read.overview(1, words=5)
    rows = {one.code: one for one in whole.areas}
    assert rows[COUNTY].moved == 42
    assert rows[OTHER_COUNTY].moved == 0
    assert whole.total.moved == 42
    assert (whole.total.on_post, whole.total.dangers, whole.total.done) == (2, 1, 5)
    assert [one.dangers for one in whole.words] == ["桥头进水"]
    villages = {one.action.id: (one.done, one.owed) for one in whole.measures}
    assert villages["rain_village_move"] == (2, 8)
    assert villages["rain_reservoirs"] == (1, 1)
    assert night.read.overview(1, TOWNSHIP).total.moved == 42
    entries = [one for one in night.place.journal_entries() if one["k"] == "action.done"]
    assert len(entries) == 5
    assert "三座水库到人" not in str(entries)
    kept(night.place)


def test_the_message_speaks_of_the_list_only_where_there_is_one(night: Night) -> None:
    """A department's SMS says so; a notice of nothing is in no other text, and the voice is as short as ever."""
    texts = [one.text for one in night.place.dispatches(WATER, Role.PRIMARY, channel=Channel.SMS)]
    assert any("按链接落实" in text for text in texts)


def _old_tick(ledger: Any, callee_id: int) -> int:
    return Responding(ResponseBook()).tick(ledger, 1, [(callee_id, "duty_watch", "")])


@pytest.mark.parametrize(
    ("unit", "action", "error"),
    [
        (WATER, "no_such_thing", RefusedError),
        (WATER, "rain_village_move", RefusedError),
        (WATER, "link_close", RefusedError),
    ],
)
def test_what_is_not_a_units_own_is_refused(night: Night, unit: str, action: str, error: type[Exception]) -> None:
    """An unknown measure, a village's, one of a stage that has not come: all refused, nothing half done."""
    with pytest.raises(error):
        night.tick(unit, "duty_watch", action)
    assert not [one for one in night.place.journal_entries() if one["k"] == "action.done"]


def test_nobody_ticks_for_another_or_before_the_answer(town: Callable[..., Any]) -> None:
    """A link speaks for its own units, and only for those that have answered."""
    place = town(response=True)
    place.warning(RED_CITY)
    place.play(seconds=60)
    night = Night(place)
    with pytest.raises(RefusedError, match="先确认收到"):
        night.tick(WATER, "duty_watch")
    place.tap(night.link(WATER))
    assert night.tick(WATER, "duty_watch") == 1
    assert night.tick(WATER, "duty_watch") == 0
    stranger = place.callee_id(COUNTY)
    with pytest.raises(RefusedError, match="不能替该单位"):
        asyncio.run(night.desk.tick(night.link(WATER), [(stranger, "duty_watch", "")]))
    with pytest.raises(NotFoundError):
        asyncio.run(night.desk.tick("a" * 16, [(stranger, "duty_watch", "")]))


def test_an_officer_moves_the_stage_and_those_concerned_are_told(night: Night, kept: Callable[[Any], None]) -> None:
    """Into linkage: more is asked, and whoever has answered gets one SMS; back again nobody is told anything."""
    before = night.owed(COUNTY)
    assert "link_county" not in before
    night.place.act(Act.LINK_UP, reason="政府决定停课")
    night.place.play(seconds=30)
    assert "link_county" in night.owed(COUNTY)
    told = [purpose for _, _, purpose in night.place.texts_to(COUNTY)]
    assert told.count(Purpose.STAGE.value) >= 1
    assert Purpose.STAGE.value not in [purpose for _, _, purpose in night.place.texts_to(VILLAGE)]
    with pytest.raises(RefusedError):
        night.place.act(Act.LINK_UP)
    night.place.act(Act.RESPOND, reason="雨停了")
    night.place.play(seconds=30)
    assert night.owed(COUNTY) == before
    stages = [(one["to"], one["actor"]) for one in night.place.journal_entries() if one["k"] == "stage"]
    assert stages == [("response", ""), ("linkage", "officer"), ("response", "officer")]
    assert [one.stage for one in night.read.overview(1).steps] == [Stage.RESPONSE, Stage.LINKAGE, Stage.RESPONSE]
    kept(night.place)


def test_an_answer_does_not_stop_the_text_about_a_new_stage(
    town: Callable[..., Any], kept: Callable[[Any], None]
) -> None:
    """Whoever answers while it still waits is told what is asked of it now; only what asks for an answer is dropped."""
    place = town(counties=1, townships=1, response=True, bureau=False)
    place.person(WATER, Role.DUTY, VoiceHabit.ANSWERS)  # its A goes on being called, but is not the last to answer
    place.take_in(place.message("12379-orange-rain-counties.xml", geocode="141121000000"))
    place.play(seconds=3_600)
    place.act(Act.RESPOND)
    queued = _stage_texts(place, VILLAGE, AttemptState.READY)
    assert queued
    place.record_answer(VILLAGE)
    assert _stage_texts(place, VILLAGE, AttemptState.READY) == queued
    place.play(seconds=600)
    told = [purpose for _, _, purpose in place.texts_to(VILLAGE)]
    assert told.count(Purpose.STAGE.value) == len(queued)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    kept(place)


def _stage_texts(place: Any, unit: str, state: AttemptState) -> list[int]:
    rows = place.query(
        """SELECT a.id FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id WHERE ac.callee_id = ?
        AND a.purpose = ? AND a.state = ? ORDER BY a.id""",
        *(place.callee_id(unit), Purpose.STAGE.value, state.value),
    )
    return [row[0] for row in rows]


def test_a_silent_county_rings_the_bureau_once(night: Night) -> None:
    """Half an hour after it was called; a county that reported in time is not named, and a restart changes nothing."""
    night.report(COUNTY, on_post=True)
    night.place.restart()
    night.place.play(seconds=1_500)
    assert night.place.alarm_texts("county_unreported") == [
        "县2 该县（市、区）被叫后一直没有落实措施或反馈情况的报告，请打电话催报"
    ]
    assert [one.code for one in night.read.overview(1).areas if one.silent] == [OTHER_COUNTY]
    night.place.play(seconds=4_000)
    assert night.place.alarms().count("county_unreported") == 1
    night.report(OTHER_COUNTY, on_post=True)
    assert not any(one.silent for one in night.read.overview(1).areas)


def test_free_words_are_no_report(night: Night) -> None:
    """Somebody wrote back "thank you": the county is as silent as before, and no sum has moved."""
    night.report(OTHER_COUNTY, on_post=True)
    for word in ("谢谢", "桥断了，请求支援"):
        night.place.reply(COUNTY, Role.PRIMARY, word)
    assert night.read.overview(1).total.dangers == 0
    night.place.play(seconds=1_500)
    assert [one.code for one in night.read.overview(1).areas if one.silent] == [COUNTY]
    assert night.place.alarms().count("county_unreported") == 1


def test_an_officer_ticks_what_was_heard_by_phone(night: Night) -> None:
    """With a name and what was heard; without them it is refused."""
    callee = night.place.callee_id(COUNTY)
    with pytest.raises(RefusedError):
        asyncio.run(night.desk.tick_for(1, callee, "duty_watch", actor="user:wang", remark=" "))
    assert asyncio.run(night.desk.tick_for(1, callee, "duty_watch", actor="user:wang", remark="电话：已到岗")) == 1
    unit = night.read.asked_of_unit(1, callee)
    assert unit is not None
    ticked = [item.tick for item in unit.items if item.tick]
    assert [(one.actor, one.remark) for one in ticked] == [("user:wang", "电话：已到岗")]
    with pytest.raises(NotFoundError):
        asyncio.run(night.desk.tick_for(99, callee, "duty_watch", actor="user:wang", remark="x"))


def test_an_upgrade_begins_with_what_the_officer_decided(
    town: Callable[..., Any], forecasters: Callable[[Any], Any], kept: Callable[[Any], None]
) -> None:
    """Orange prepares; red responds. Whoever goes over with its answer keeps its ticks, whoever is called anew does it anew."""
    place = town(population=ANSWERING, response=True)
    bureau = forecasters(place)
    bureau.send(ORANGE, COUNTY)
    place.play(seconds=1_500)
    night = Night(place)
    assert night.owed(WATER) == ["duty_watch"]
    assert night.tick(WATER, "duty_watch") == 1
    first = bureau.identifier
    bureau.send(ORANGE, COUNTY, OTHER_COUNTY, kind="Update", references=first)
    place.play(seconds=1_500)
    newest = int(str(place.query("SELECT max(id) FROM callout")[0][0]))
    assert newest > 1
    water = night.read.asked_of_unit(newest, place.callee_id(WATER, newest))
    assert water is not None
    assert [(item.action.id, item.tick is not None) for item in water.items] == [("duty_watch", True)]
    old = place.callee_id(WATER)
    with pytest.raises(RefusedError):  # the old round's own row takes nothing more
        place.engine.once(place.clock.now(), lambda ledger: _old_tick(ledger, old))
    old_tick = [(place.callee_id(WATER, newest), "duty_watch", "")]
    assert asyncio.run(night.desk.tick(night.link(WATER), old_tick)) == 0  # the old link leads to the newer round
    place.act(Act.LINK_UP, newest)
    bureau.send(RED, COUNTY, OTHER_COUNTY, kind="Update", references=first)
    place.play(seconds=900)
    red = int(str(place.query("SELECT max(id) FROM callout")[0][0]))
    assert night.read.overview(red).stage is Stage.LINKAGE
    again = night.read.asked_of_unit(red, place.callee_id(WATER, red))
    assert again is not None
    assert not any(item.tick for item in again.items)
    kept(place)


def test_a_key_unit_of_another_line_is_not_called(town: Callable[..., Any]) -> None:
    """A mine is called in a rainstorm and ticks its measure; under snow it sleeps, one whose line nobody knows does not."""
    place = town(population=ANSWERING, response=True)
    place.change(
        "UPDATE unit SET kind = 'key_unit', level = 3, area = ?, sector = 'coal_mine' WHERE code = ?", TOWNSHIP, VILLAGE
    )
    place.change(
        "UPDATE unit SET kind = 'key_unit', level = 3, area = ?, sector = '没写对' WHERE code = ?", TOWNSHIP, OTHER
    )
    place.warning(RED_CITY)
    place.play(seconds=900)
    night = Night(place)
    assert place.state(VILLAGE) is CalleeState.ACKNOWLEDGED
    assert night.owed(VILLAGE) == ["key_mine_stop"]
    assert night.tick(VILLAGE, "key_mine_stop", remark="升井 80 人") == 1
    night.report(VILLAGE, moved=80)
    assert night.read.overview(1, COUNTY).total.moved == 80
    snow = {"eventType": "11B04", "headline": "吕梁市气象台发布暴雪红色预警信号"}
    place.take_in(place.message(RED_CITY, **snow))
    place.play(seconds=600)
    called = {
        row[0]
        for row in place.query("SELECT u.code FROM callee c JOIN unit u ON u.id = c.unit_id WHERE c.callout_id = 2")
    }
    assert VILLAGE not in called
    assert OTHER in called


def test_the_report_to_the_superiors_counts_as_the_record_does(town: Callable[..., Any]) -> None:
    """A county's own red that everybody answered is 100%, whoever else was only told; before its gate nobody was called."""
    place = town(population=Population.everyone(VoiceHabit.ANSWERS, TextHabit.TAPS))
    place.take_in(place.message(RED_COUNTY, senderCode="14112141600000", geocode="141121000000"))
    place.play(seconds=5)
    read = ResponseTables(
        place.database, place.sealer, TableReadings(place.database, place.sealer, {}), place.clock.now
    )
    early = read.overview(1).total.units
    assert 0 < early <= place.query("SELECT count(*) FROM callee WHERE opened_at IS NOT NULL")[0][0]
    place.play(seconds=3_600)
    total = read.overview(1).total
    record = RecordTables(place.database, place.sealer, {}, reached={"key_pressed"}).record(1)
    assert place.query(f"SELECT 1 FROM callee WHERE state = {CalleeState.INFORMED.value}"), "somebody was only told"
    assert total.units == total.answered == sum(one.asked for one in record.units) > early
    assert total.answered == sum(one.answered for one in record.units)


def test_after_a_lifting_the_report_counts_as_the_record_does(town: Callable[..., Any]) -> None:
    """Lifted before the villages' gates opened: nobody called them, and neither paper nor the season says they did not answer."""
    place = town(counties=1, townships=1, villages=1, response=True)
    place.person(COUNTY, Role.DUTY, VoiceHabit.ANSWERS)
    place.warning(RED_CITY)
    place.play(seconds=120)
    place.act(Act.CANCEL)
    place.play(seconds=60)
    assert place.query(f"SELECT 1 FROM callee WHERE state = {CalleeState.STOPPED.value} AND opened_at IS NULL")
    links = TableReadings(place.database, place.sealer, {})
    total = ResponseTables(place.database, place.sealer, links, place.clock.now).overview(1).total
    records = RecordTables(place.database, place.sealer, {}, reached={"key_pressed"})
    whole = tally(records.record(1).units)
    assert (whole.asked, whole.answered) == (total.units, total.answered)
    assert whole.unopened
    season = share_of(records.season(SeasonQuery(0, place.clock.now() + 1)).groups)
    assert (season.asked, season.answered) == (whole.asked, whole.answered)


def test_nobody_is_asked_where_nothing_is_configured(town: Callable[..., Any]) -> None:
    """A bureau without config/response.toml calls as ever, and its officer is told when a stage is asked for."""
    place = town(population=ANSWERING)
    place.warning(RED_CITY)
    place.play(seconds=300)
    night = Night(place)
    assert night.read.asked(night.link(WATER)) is None
    with pytest.raises(RefusedError, match="没有配置应急联动"):
        place.act(Act.LINK_UP)
