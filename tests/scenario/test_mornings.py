"""Each morning in the flood season the duty officer hears what got worse in the register; once, whatever the number of daemons."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from warning_dispatch.bootstrap import RegisterMornings
from warning_dispatch.clock import beijing_text
from warning_dispatch.engine.lanes import Lane
from warning_dispatch.engine.register_desk import EngineRegisterDays
from warning_dispatch.errors import StoreError
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.settings import load_settings
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.erasure import erase_before
from warning_dispatch.store.register import NAME_CONTEXT, replace_register
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sql import Sql

ROOT = Path(__file__).resolve().parents[2]
VILLAGE = "141121100200"
HOUR = 3_600_000
DAY = 24 * HOUR


class Office:
    """A town whose register two daemons look after."""

    def __init__(self, place: Any) -> None:
        self.place = place
        settings = load_settings(ROOT / "config", {})
        self.days = EngineRegisterDays(place.engine, place.clock)
        self.daemons = [RegisterMornings(settings, place.database, place.sealer, place.clock) for _ in range(2)]

    def until(self, day: str, hour: str) -> None:
        """Time passes; both daemons look every ten minutes."""
        while beijing_text(self.place.clock.now(), "%m-%d %H:%M") < f"{day} {hour}":
            for daemon in self.daemons:
                daemon.look(self.days)
            self.place.clock.advance_to(self.place.clock.now() + 600_000)

    def break_phones(self, *codes: str) -> None:
        """Every phone of these units is found to be wrong."""
        with writing(self.place.database) as connection:
            for code in codes:
                Sql(connection).run(
                    """UPDATE endpoint SET usable = 0, finding = 'empty_number' WHERE unit_id =
                    (SELECT id FROM unit WHERE code = ?)""",
                    code,
                )

    def told(self) -> list[str]:
        """Kinds of alarm about the register."""
        return [one for one in self.place.alarms() if one in ("units_unreachable", "register_worse")]

    def mornings(self) -> list[dict[str, Any]]:
        """The journal's account of each morning."""
        return [one for one in self.place.journal_entries("register") if one["k"] == "register.morning"]


@pytest.fixture
def office(town: Callable[..., Any]) -> Office:
    """The first morning has passed: there is something to compare with. It is 22 July, 21:33."""
    office = Office(town(counties=1, townships=1, villages=3, bureau=True))
    office.until("07-23", "09:00")
    assert len(office.mornings()) == 1
    assert office.told() == []
    return office


def test_units_that_cannot_be_reached_any_more_ring_the_duty_officer(office: Office) -> None:
    """Once, by two daemons, county by county with names; the next morning the same is no news."""
    office.break_phones(VILLAGE)
    office.until("07-24", "07:50")
    assert office.told() == []
    office.until("07-24", "09:00")
    assert office.told() == ["units_unreachable", "register_worse"]
    (said,) = office.place.alarm_texts("units_unreachable")
    assert "1 个单位没有能用的电话" in said
    assert "有坏号码" in office.place.alarm_texts("register_worse")[0]
    assert office.place.query("SELECT count(*) FROM callout WHERE purpose = 6") == [(1,)]
    office.until("07-25", "09:00")
    assert office.told() == ["units_unreachable", "register_worse"]
    assert [one["lost"] for one in office.mornings()] == [{}, {"141121": 1}, {}]


def test_what_got_better_and_worse_again_is_told_again(office: Office) -> None:
    """A mended number that breaks again is news."""
    office.break_phones(VILLAGE)
    office.until("07-24", "09:00")
    with writing(office.place.database) as connection:
        Sql(connection).run("UPDATE endpoint SET usable = 1, finding = ''")
    office.until("07-25", "09:00")
    office.break_phones(VILLAGE)
    office.until("07-26", "09:00")
    assert office.told().count("units_unreachable") == 2


def test_a_daemon_that_dies_over_it_is_followed_by_another(office: Office) -> None:
    """The claim lapses after ten minutes; then it is told, once."""
    office.break_phones(VILLAGE)
    office.place.clock.advance_to(office.place.clock.now() + 23 * HOUR)
    assert office.days.claim_morning("2026-07-24") is not None
    assert office.days.claim_morning("2026-07-24") is None
    for _ in range(3):
        for daemon in office.daemons:
            daemon.look(office.days)
        office.place.clock.advance_to(office.place.clock.now() + 600_001)
    assert office.told().count("units_unreachable") == 1


class Lanes:
    """A writer that does at once what is put into its lanes; or cannot, while the database is away."""

    def __init__(self, office: Office) -> None:
        self.clock = office.place.clock
        self.away = False

    def submit(self, _lane: Lane, work: Callable[[int], Any]) -> Future[Any]:
        """Do it."""
        future: Future[Any] = Future()
        if self.away:
            future.set_exception(StoreError("away"))
        else:
            future.set_result(work(self.clock.now()).result)
        return future


async def test_a_running_daemon_tells_it_through_its_writer(office: Office) -> None:
    """A database that is away is said and asked again; the daemon goes on."""
    office.break_phones(VILLAGE)
    office.place.clock.advance_to(office.place.clock.now() + 23 * HOUR)
    lanes = Lanes(office)
    look = office.daemons[0].beside(office.place.engine)
    lanes.away = True
    await look(lanes)  # type: ignore[arg-type] # of a writer only what is asked of it
    assert office.told() == []
    lanes.away = False
    await look(lanes)  # type: ignore[arg-type] # see above
    assert office.told() == ["units_unreachable", "register_worse"]


def test_outside_the_season_nobody_is_told(office: Office) -> None:
    """From 16 October on."""
    office.until("10-16", "00:10")
    before = len(office.mornings())
    office.break_phones(VILLAGE)
    office.until("10-20", "12:00")
    assert len(office.mornings()) == before


def person(name: str, phone: str, **days: str) -> ReceiverEntry:
    """An A of the village."""
    endpoints = (EndpointEntry(Channel.VOICE, phone), EndpointEntry(Channel.SMS, phone))
    return ReceiverEntry(VILLAGE, Role.PRIMARY, name, "", "zh_CN", endpoints, sample=True, **days)


def test_first_and_last_days_are_kept(office: Office) -> None:
    """The successor is not called before the first day, the predecessor not after the last; on the record, by ids."""
    place = office.place
    with writing(place.database) as connection:
        stood = stored_register(connection, place.sealer)
        others = tuple(one for one in stood.receivers if one.unit_code != VILLAGE)
        old = person("样本旧", "+8626010009001", serves_until="2026-07-23")
        new = person("样本新", "+8626010009002", serves_from="2026-07-24")
        replace_register(connection, place.sealer, Register(stood.units, (*others, old, new)), place.clock.now())
    assert reachable(place) == ["样本旧"]
    office.until("07-24", "00:30")
    assert reachable(place) == ["样本新"]
    (entry,) = [one for one in place.journal_entries("register") if one["k"] == "receivers.by_day"]
    assert (len(entry["began"]), len(entry["ended"])) == (1, 1)


def reachable(place: Any) -> list[str]:
    """Who of the village can be called."""
    with reading(place.database) as connection:
        found = stored_register(connection, place.sealer).receivers
    return [one.name for one in found if one.unit_code == VILLAGE and one.endpoints]


def test_who_left_is_erased_on_schedule(office: Office) -> None:
    """Name and number are gone from the database, the rows stay; the same number coming back is a new one."""
    place = office.place
    with writing(place.database) as connection:
        stood = stored_register(connection, place.sealer)
        others = tuple(one for one in stood.receivers if one.unit_code != VILLAGE)
        replace_register(connection, place.sealer, Register(stood.units, others), place.clock.now())
        gone = [one for one in stood.receivers if one.unit_code == VILLAGE]
        sql = Sql(connection)
        assert erase_before(sql, place.sealer, place.clock.now()).nothing
        erased = erase_before(sql, place.sealer, place.clock.now() + 1)
        assert (erased.receivers, erased.numbers) == (len(gone), len({one.endpoints[0].address for one in gone}))
        assert erase_before(sql, place.sealer, place.clock.now() + 1).nothing
        names = [
            place.sealer.unseal(row[0], NAME_CONTEXT)
            for row in sql.rows("SELECT name_sealed FROM receiver WHERE valid_until IS NOT NULL")
        ]
        assert set(names) == {b""}
        counts = replace_register(connection, place.sealer, stood, place.clock.now())
        assert counts.receivers_added == len(gone)
        assert [one for one in stored_register(connection, place.sealer).receivers if one.unit_code == VILLAGE] == gone


def test_a_review_of_a_key_unit_is_told_once_each_time_and_rings_nobody(office: Office) -> None:
    """A week and a day before, by two daemons; in winter too; with its name, and nobody is woken."""
    office.place.change(
        "UPDATE unit SET kind = 'key_unit', review_on = '2026-07-31', measures = '停产' WHERE code = ?", VILLAGE
    )
    office.until("07-27", "09:00")
    assert office.place.alarms().count("review_near") == 1
    assert "县1乡1村1" in office.place.alarm_texts("review_near")[0]
    office.until("07-31", "09:00")
    assert office.place.alarms().count("review_near") == 3
    assert office.place.query("SELECT count(*) FROM callout WHERE purpose = 6") == [(0,)]
    office.place.change("UPDATE unit SET review_on = '2026-12-01' WHERE code = ?", VILLAGE)
    office.place.clock.advance_to(office.place.clock.now() + 122 * DAY)
    office.until("12-01", "09:00")
    assert office.place.alarms().count("review_near") == 5
    assert all(not one["lost"] for one in office.mornings()[-2:])
