"""A register comes in beside a running engine: short jobs for the writer, and the same end as by comparing everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.store import schema
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.people_rows import PeopleTable
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_addition import add_receiver
from warning_dispatch.store.register_history import changes_of_unit
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.register_take_over import RegisterTakeOver, register_state
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql

KEYS = KeyRing.simulated(7)
SEALER = AesSealer(KEYS)
NOW = 1_785_000_000_000
TOWN = Unit("141124100", "临泉镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124100", None)
VILLAGES = tuple(
    Unit(f"141124100{n:03d}", f"村{n}", UnitKind.DIVISION, UnitLevel.VILLAGE, f"141124100{n:03d}", TOWN.code)
    for n in range(1, 4)
)
UNITS = (TOWN, *VILLAGES)


def person(code: str, role: Role, name: str, *numbers: int) -> ReceiverEntry:
    """A receiver of the sample."""
    both = (Channel.VOICE, Channel.SMS)
    endpoints = tuple(EndpointEntry(channel, sample_mobile(n)) for n in numbers for channel in both)
    return ReceiverEntry(code, role, name, "", "zh_CN", endpoints, sample=True)


DUTY = person(TOWN.code, Role.DUTY, "值班室", 99)
PEOPLE = st.builds(
    person,
    st.sampled_from([unit.code for unit in UNITS]),
    st.sampled_from(list(Role)),
    st.sampled_from(["样本甲", "样本乙", "样本丙"]),
    st.integers(0, 5),
)
REGISTERS = st.builds(
    lambda count, people: Register(UNITS[:count], (DUTY, *(one for one in people if one.unit_code in _codes(count)))),
    st.integers(2, 4),
    st.lists(PEOPLE, min_size=1, max_size=8),
)


def _codes(count: int) -> set[str]:
    return {unit.code for unit in UNITS[:count]}


def at_once(work: Callable[[int], Any]) -> Any:
    """The caller is the writer."""
    return work(NOW + 5)


def coming_to(engine: Engine) -> RegisterTakeOver:
    """What takes registers over into this database."""
    return RegisterTakeOver(
        engine, SEALER, Journal(KEYS.journal_key, structlog.get_logger()), KEYS.link_key, reaches_people=False
    )


def stands(engine: Engine) -> Register:
    """The register in force."""
    with reading(engine) as connection:
        return stored_register(connection, SEALER, usable_only=False)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=REGISTERS, second=REGISTERS)
def test_what_differs_is_all_that_need_be_written(each_kind: Any, first: Register, second: Register) -> None:
    """Writing only the units that differ ends where comparing everything does: people, order, reach, and what is ended."""
    ends = []
    for narrow in (True, False):
        engine = each_kind.create()
        take = coming_to(engine)
        take.carry_out(RegisterImport(first, "甲", allow_fewer=True), NOW, at_once)
        if narrow:
            take.carry_out(RegisterImport(second, "乙", allow_fewer=True), NOW + 1, at_once)
        else:
            with writing(engine) as connection:
                replace_register(connection, SEALER, second, NOW + 1)
        with reading(engine) as connection:
            reach = sorted(tuple(row) for row in connection.execute(select(schema.unit.c.code, schema.unit.c.reach)))
            ended = [
                row.valid_until for row in connection.execute(select(schema.receiver).order_by(schema.receiver.c.id))
            ]
            ranks = [row.rank for row in connection.execute(select(schema.receiver).order_by(schema.receiver.c.id))]
        ends.append((stands(engine), reach, ended, ranks))
        engine.dispose()
    assert ends[0] == ends[1]


def test_the_writer_gets_short_jobs(empty: Engine) -> None:
    """New numbers go in some hundreds at a time; the last job writes what differs with its history and its journal."""
    people = tuple(person(TOWN.code, Role.PRIMARY, f"样本{n}", n) for n in range(1_200))
    jobs: list[int] = []

    def write(work: Callable[[int], Any]) -> Any:
        jobs.append(1)
        return work(NOW)

    counts = coming_to(empty).carry_out(RegisterImport(Register((TOWN,), people), "甲"), NOW, write)
    assert (counts.receivers, counts.numbers, len(jobs)) == (1_200, 1_200, 4)
    with reading(empty) as connection:
        assert register_state(Sql(connection)) == 1
        assert len(changes_of_unit(Sql(connection), SEALER, TOWN.code)) == 1_201


def test_cut_short_nothing_has_changed(empty: Engine) -> None:
    """Whoever stops between two jobs leaves numbers that nobody holds, and the register as it was; again it is whole."""
    first = Register((TOWN,), (person(TOWN.code, Role.PRIMARY, "样本甲", 1),))
    take = coming_to(empty)
    take.carry_out(RegisterImport(first, "甲"), NOW, at_once)
    second = Register((TOWN,), tuple(person(TOWN.code, Role.PRIMARY, f"样本{n}", n) for n in range(900)))
    left = [2]

    def write(work: Callable[[int], Any]) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return work(NOW)

    with pytest.raises(KeyboardInterrupt):
        take.carry_out(RegisterImport(second, "乙"), NOW, write)
    assert stands(empty) == first
    assert take.carry_out(RegisterImport(second, "乙"), NOW, at_once).receivers_added == 900
    assert stands(empty).receivers == second.receivers


def test_what_has_changed_meanwhile_is_not_undone(empty: Engine) -> None:
    """A list compared with an older register is refused, at the last moment too; nothing of it is in."""
    first = Register((TOWN,), (person(TOWN.code, Role.PRIMARY, "样本甲", 1),))
    take = coming_to(empty)
    take.carry_out(RegisterImport(first, "甲"), NOW, at_once)
    after = replace(first, receivers=(person(TOWN.code, Role.PRIMARY, "样本乙", 2),))
    changes = changes_between(first, after)
    take.carry_out(RegisterImport(after, "乙", seen=1, changes=changes), NOW, at_once)
    with pytest.raises(RefusedError, match="刚刚有变动"):
        take.carry_out(RegisterImport(first, "丙", seen=1, changes=changes_between(after, first)), NOW, at_once)
    assert stands(empty) == after


def test_people_in_another_order_are_a_change(empty: Engine) -> None:
    """Who is rung first is written, though nobody came or went."""
    one, two = person(TOWN.code, Role.PRIMARY, "样本甲", 1), person(TOWN.code, Role.PRIMARY, "样本乙", 2)
    take = coming_to(empty)
    take.carry_out(RegisterImport(Register((TOWN,), (one, two)), "甲"), NOW, at_once)
    take.carry_out(RegisterImport(Register((TOWN,), (two, one)), "甲"), NOW, at_once)
    assert stands(empty).receivers == (two, one)


def real(count: int, *, first: int = 0) -> tuple[ReceiverEntry, ...]:
    """Receivers who could be reached: by mail, at the villages by turns."""
    return tuple(
        ReceiverEntry(
            VILLAGES[n % 3].code,
            Role.DEPUTY,
            f"某{n}",
            "",
            "zh_CN",
            (EndpointEntry(Channel.EMAIL, f"{n}@example.invalid"),),
        )
        for n in range(first, first + count)
    )


def test_half_of_a_part_is_a_loss_too(empty: Engine) -> None:
    """What a county's list would end is measured by the county, of receivers and of units; whoever insists is heard."""
    far = tuple(replace(TOWN, code=f"1411251{n:02d}", area=f"1411251{n:02d}") for n in range(9))
    many = tuple(replace(one, unit_code=far[0].code) for one in real(20, first=100))
    take = coming_to(empty)
    take.carry_out(RegisterImport(Register((*UNITS, *far), (*real(9), *many)), "甲"), NOW, at_once)
    fewer = Register((*UNITS, *far), (*real(4), *many))
    with pytest.raises(RefusedError, match=f"{TOWN.code} 的责任人将从 9 个减到 4 个"):
        take.carry_out(RegisterImport(fewer, "乙", within=TOWN.code), NOW, at_once)
    smaller = Register((TOWN, *far), (*(replace(one, unit_code=TOWN.code) for one in real(9)), *many))
    with pytest.raises(RefusedError, match=f"{TOWN.code} 的单位将从 4 个减到 1 个"):
        take.carry_out(RegisterImport(smaller, "乙", within=TOWN.code), NOW, at_once)
    whole = tuple(replace(one, unit_code=TOWN.code) for one in (*real(9), *many))
    with pytest.raises(RefusedError, match="单位将从 13 个减到 1 个"):
        take.carry_out(RegisterImport(Register((TOWN,), whole), "乙"), NOW, at_once)
    counts = take.carry_out(RegisterImport(fewer, "乙", allow_fewer=True, within=TOWN.code), NOW, at_once)
    assert counts.receivers_ended == 5


def test_whom_an_import_files_was_made_sure_of(empty: Engine) -> None:
    """Everybody in force at these units, but whoever was since the campaign opened; nobody at others."""
    early, late = person(TOWN.code, Role.PRIMARY, "样本甲", 1), person(TOWN.code, Role.DEPUTY, "样本乙", 2)
    late = replace(late, verified_on="2026-07-20", verified_how="上门")
    other = person(VILLAGES[0].code, Role.PRIMARY, "样本丙", 3)
    with writing(empty) as connection:
        replace_register(connection, SEALER, Register(UNITS, (early, late, other)), NOW)
        people = PeopleTable(Sql(connection), SEALER)
        people.verify([1], "2026-07-15", "2026-07-25", "年度更新")
    assert stands(empty).receivers == (replace(early, verified_on="2026-07-25", verified_how="年度更新"), late, other)


def test_who_is_kept_was_not_made_sure_of(empty: Engine) -> None:
    """The others of the unit were, and whole units beside it."""
    kept, listed = person(TOWN.code, Role.PRIMARY, "样本甲", 1), person(TOWN.code, Role.DEPUTY, "样本乙", 2)
    other = person(VILLAGES[0].code, Role.PRIMARY, "样本甲", 3)
    with writing(empty) as connection:
        replace_register(connection, SEALER, Register(UNITS, (kept, listed, other)), NOW)
        sql = Sql(connection)
        ids = [row[0] for row in sql.rows("SELECT DISTINCT unit_id FROM receiver")]
        keys = [(TOWN.code, Role.PRIMARY, "样本甲")]
        PeopleTable(sql, SEALER).verify(ids, "2026-07-15", "2026-07-25", "年度更新", kept=keys)
    days = {"verified_on": "2026-07-25", "verified_how": "年度更新"}
    assert stands(empty).receivers == (kept, replace(listed, **days), replace(other, **days))


def test_somebody_added_to_a_unit_that_has_left_is_not_of_the_register(empty: Engine) -> None:
    """Its call-out still runs, and may be given a number; lists of the register have no place for it, and do not fail."""
    chief = person(TOWN.code, Role.PRIMARY, "样本甲", 1)
    with writing(empty) as connection:
        replace_register(connection, SEALER, Register(UNITS, (chief,)), NOW)
        replace_register(connection, SEALER, Register(UNITS[:3], (chief,)), NOW + 1)
        sql = Sql(connection)
        left = sql.value("SELECT id FROM unit WHERE code = ?", VILLAGES[2].code)
        add_receiver(sql, SEALER, left, person(VILLAGES[2].code, Role.PRIMARY, "样本乙", 2), NOW + 2, actor="值班员")
    assert stands(empty) == Register(UNITS[:3], (chief,))
