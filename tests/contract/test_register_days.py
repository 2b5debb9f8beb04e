"""The register's daily rows, as engine and commands rely on them: chores, rosters, days of service, history, erasure, keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import ReceiverChange, RegisterChanges, UnitChange
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.store.chore_rows import ChoreTable
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.endpoint_rows import EndpointTable
from warning_dispatch.store.erasure import erase_before
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_history import changes_of_unit, write_changes
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.register_upkeep import UpkeepTable
from warning_dispatch.store.roster_rows import follow_people, save_shifts, stored_shifts
from warning_dispatch.store.rotation import reseal, sealed_otherwise
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.source_rows import LeaseTable
from warning_dispatch.store.sql import Sql
from warning_dispatch.store.verification import verify_unit

NOW = 1_785_000_000_000
"""2026-07-26 01:20 in Beijing."""
HOUR = 3_600_000
KEYS = KeyRing.simulated(1)
SEALER = AesSealer(KEYS)
COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)


def person(name: str, number: str, role: Role = Role.PRIMARY, **more: Any) -> ReceiverEntry:
    """Somebody of the county who can be called and written to."""
    endpoints = tuple(EndpointEntry(channel, number) for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry("141124", role, name, "", "zh_CN", endpoints, sample=True, **more)


ZHANG, LI, WANG = person("张", "+8626010000001"), person("李", "+8626010000002"), person("王", "+8626010000003")


@pytest.fixture
def engine(empty: Engine) -> Engine:
    """A county with three people in one role, on either kind of database."""
    with writing(empty) as connection:
        replace_register(connection, SEALER, Register((COUNTY,), (ZHANG, LI, WANG)), NOW)
    return empty


@pytest.fixture
def sql(engine: Engine) -> Iterator[Sql]:
    """A transaction on it."""
    with writing(engine) as connection:
        yield Sql(connection)


def key_of(sql: Sql) -> int:
    """The county's row."""
    return int(sql.value("SELECT id FROM unit WHERE code = '141124'"))


def called(sql: Sql, now: int) -> Sequence[str]:
    """Names of those who are not left out on the phone."""
    names = dict(sql.rows("SELECT id, name_sealed FROM receiver"))
    found = EndpointTable(sql, SEALER).of_units([key_of(sql)], now)[key_of(sql)]
    views = [one.view for one in found if one.view.channel is Channel.VOICE and not one.view.off_duty]
    return sorted(SEALER.unseal(bytes(names[view.receiver_id]), "receiver.name").decode() for view in views)


# --- what is done once a day ------------------------------------------------------------------------------


def test_a_chore_is_one_daemons_until_it_is_done_for_the_day(sql: Sql) -> None:
    """Claimed by one, free again when the claim lapses, done once a day, with what it remembers."""
    chores = ChoreTable(sql)
    assert chores.claim("a", "2026-07-26", NOW, NOW + 10) == "{}"
    assert chores.claim("a", "2026-07-26", NOW + 9, NOW + 19) is None
    assert chores.claim("b", "2026-07-26", NOW + 9, NOW + 19) == "{}"
    assert chores.claim("a", "2026-07-26", NOW + 10, NOW + 20) == "{}"
    assert [chores.finish("a", "2026-07-26", '{"x": 1}') for _ in range(2)] == [True, False]
    assert chores.claim("a", "2026-07-26", NOW + 90, NOW + 99) is None
    assert chores.claim("a", "2026-07-27", NOW + 90, NOW + 99) == '{"x": 1}'


def test_a_day_written_by_a_clock_that_was_ahead_stops_nothing(sql: Sql) -> None:
    """Somebody set the year wrong for an hour."""
    chores = ChoreTable(sql)
    chores.claim("a", "2031-01-01", NOW, NOW)
    assert chores.finish("a", "2031-01-01", "{}")
    assert chores.claim("a", "2026-07-26", NOW, NOW + 10) == "{}"
    assert chores.finish("a", "2026-07-26", "{}")


def test_chores_and_lasting_leases_lie_in_one_table(sql: Sql) -> None:
    """A daemon that gives back what it holds takes no chore's memory along."""
    chores, leases = ChoreTable(sql), LeaseTable(sql)
    chores.claim("a", "2026-07-26", NOW, NOW)
    chores.finish("a", "2026-07-26", '{"x": 1}')
    assert leases.claim("folder:a", "one", NOW, NOW + 10)
    leases.let_go(["a", "folder:a"], "one")
    assert chores.claim("a", "2026-07-27", NOW, NOW) == '{"x": 1}'
    assert leases.claim("folder:a", "two", NOW, NOW + 10)


# --- the roster -------------------------------------------------------------------------------------------


def test_who_is_on_duty_comes_with_the_endpoints(sql: Sql) -> None:
    """Role by role: the others of the roster are left out, who stands in none is called; in a gap all are."""
    assert called(sql, NOW) == ["张", "李", "王"]
    shifts = [Shift("141124", "张", NOW - HOUR, NOW + HOUR), Shift("141124", "李", NOW + HOUR, NOW + 2 * HOUR)]
    assert save_shifts(sql, SEALER, shifts) == 2
    assert called(sql, NOW) == ["张", "王"]
    assert called(sql, NOW + HOUR) == ["李", "王"]
    assert called(sql, NOW + 3 * HOUR) == ["张", "李", "王"]
    assert EndpointTable(sql, SEALER).of_units([], NOW) == {}


def test_a_roster_replaces_what_it_covers_and_follows_its_people(sql: Sql) -> None:
    """The same span is written anew; somebody with a new post keeps the shifts; who has gone has none."""
    save_shifts(
        sql, SEALER, [Shift("141124", "张", NOW, NOW + HOUR), Shift("141124", "李", NOW + HOUR, NOW + 2 * HOUR)]
    )
    anew = [Shift("141124", "李", NOW, NOW + HOUR), Shift("141124", "张", NOW + HOUR, NOW + 2 * HOUR)]
    assert save_shifts(sql, SEALER, anew) == 2
    assert stored_shifts(sql, SEALER, NOW) == anew
    after = Register((COUNTY,), (replace(ZHANG, role=Role.DEPUTY), WANG))
    replace_register(sql.connection, SEALER, after, NOW + 1)
    follow_people(sql, SEALER)
    assert stored_shifts(sql, SEALER, NOW) == [anew[1]]
    assert stored_evidence(sql, SEALER, NOW).shifts == (anew[1],)


# --- days of service, verification ------------------------------------------------------------------------


def test_first_and_last_days_are_kept(sql: Sql) -> None:
    """Before the first day no endpoint is usable, after the last nobody is there; and the unit's reach follows."""
    people = (replace(ZHANG, serves_until="2026-07-26"), replace(LI, serves_from="2026-07-27"))
    replace_register(sql.connection, SEALER, Register((COUNTY,), people), NOW)
    upkeep = UpkeepTable(sql, SEALER)
    assert called(sql, NOW) == ["张"]
    assert upkeep.settle(NOW) is None
    entry = upkeep.settle(NOW + 24 * HOUR)
    assert entry is not None
    assert (len(entry["began"]), len(entry["ended"])) == (1, 1)
    assert called(sql, NOW + 24 * HOUR) == ["李"]
    assert upkeep.unit_ids(["141124", "nowhere"]) == {"141124": key_of(sql)}


def test_a_verification_is_written_down(sql: Sql) -> None:
    """For the roles it speaks of."""
    assert len(verify_unit(sql, "141124", Role.PRIMARY.value, "2026-07-26", "电话核实")) == 3
    assert verify_unit(sql, "141124", Role.DUTY.value, "2026-07-26", "电话核实") == []
    (found,) = {(one.verified_on, one.verified_how) for one in stored_register(sql.connection, SEALER).receivers}
    assert found == ("2026-07-26", "电话核实")


# --- history, erasure, keys -------------------------------------------------------------------------------


def history(sql: Sql) -> None:
    """A unit that is new, a person who changed, one who left."""
    receivers = (ReceiverChange(ZHANG, replace(ZHANG, post="主任")), ReceiverChange(LI, None))
    changes = RegisterChanges((UnitChange(None, COUNTY),), receivers)
    write_changes(sql, SEALER, changes, actor="wang", source="import", now=NOW)


def test_history_tells_what_stood_before_until_it_is_erased(sql: Sql) -> None:
    """Who, when, before, after; later only that there was a change. What ended later stays."""
    history(sql)
    unit, changed, left = changes_of_unit(sql, SEALER, "141124")
    assert (unit.actor, unit.source, unit.subject, unit.before, unit.erased) == ("wang", "import", "unit", None, False)
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before["post"], changed.after["post"], left.after) == ("", "主任", None)
    replace_register(sql.connection, SEALER, Register((COUNTY,), (ZHANG, WANG)), NOW + 5)
    assert erase_before(sql, SEALER, NOW).nothing
    erased = erase_before(sql, SEALER, NOW + 6)
    assert (erased.receivers, erased.numbers, erased.changes) == (1, 1, 3)
    assert [one.erased for one in changes_of_unit(sql, SEALER, "141124")] == [True, True, True]
    assert erase_before(sql, SEALER, NOW + 6).nothing
    assert len(stored_register(sql.connection, SEALER).receivers) == 2


def test_everything_is_sealed_anew_and_reads_the_same(engine: Engine) -> None:
    """With a new data key: every value, once; the old key is needed for none of them any more."""
    with writing(engine) as connection:
        history(Sql(connection))
        before = stored_register(connection, SEALER)
    newer = replace(KEYS, data_key=bytes(range(32)), data_key_id=2, former={1: KEYS.data_key})
    waiting = sealed_otherwise(engine, 2)
    counts = reseal(engine, AesSealer(newer))
    assert (sum(counts.values()), waiting) == (waiting, 3 + 3 + 4)
    assert sealed_otherwise(engine, 2) == 0
    alone = AesSealer(replace(newer, former={}))
    with reading(engine) as connection:
        assert stored_register(connection, alone) == before
        assert len(changes_of_unit(Sql(connection), alone, "141124")) == 3
