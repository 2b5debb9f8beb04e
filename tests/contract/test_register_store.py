"""Taking a register over into the database: all or nothing, and a second time only what differs."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, Table, event, func, select, update

from warning_dispatch.errors import RegisterError
from warning_dispatch.model.register import Register, ranked_endpoints
from warning_dispatch.model.unit import (
    Channel,
    EndpointEntry,
    ReceiverEntry,
    Role,
    Unit,
    UnitKind,
    UnitLevel,
    reach_bit,
    reachable_roles,
)
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_landline, sample_mail, sample_mobile
from warning_dispatch.store import schema
from warning_dispatch.store.register import refresh_reach, replace_register

CONTACTS = Path(__file__).parents[2] / "contacts"
FIRST, SECOND = 1_000, 2_000
"""Moments of the first and the second import."""

COUNTY = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)
TOWNSHIP = Unit("141124100", "临泉镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, "141124100", "141124")
VILLAGE = Unit("141124100200", "黄白塔村委会", UnitKind.DIVISION, UnitLevel.VILLAGE, "141124100200", "141124100")


class GcmSealer:
    """AES-GCM with the context as associated data: what the store needs of a sealer, and no more."""

    def __init__(self) -> None:
        self._cipher = AESGCM(bytes(32))

    def seal(self, clear: bytes, context: str) -> bytes:
        """Nonce and ciphertext."""
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, clear, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """The clear bytes, if the context is the same."""
        return self._cipher.decrypt(sealed[:12], sealed[12:], context.encode())

    def blind_index(self, clear: str) -> bytes:
        """A keyed digest."""
        return hmac.digest(bytes(32), clear.encode(), "sha256")


SEALER = GcmSealer()


@pytest.fixture
def connection(empty: Engine) -> Iterator[Connection]:
    """An empty database that minds its foreign keys, in a transaction."""
    with empty.connect() as opened:
        yield opened
        opened.rollback()


def mobile(index: int) -> tuple[EndpointEntry, ...]:
    """A mobile's two endpoints."""
    return tuple(EndpointEntry(channel, sample_mobile(index)) for channel in (Channel.VOICE, Channel.SMS))


def landline(index: int) -> EndpointEntry:
    """A landline's one endpoint."""
    return EndpointEntry(Channel.VOICE, sample_landline(index))


def person(unit: Unit, role: Role, name: str, *endpoints: EndpointEntry, post: str = "书记") -> ReceiverEntry:
    """A receiver of the sample."""
    return ReceiverEntry(unit.code, role, name, post, "zh_CN", endpoints, sample=True)


HEAD = person(VILLAGE, Role.PRIMARY, "样本甲0001", *mobile(1))
DEPUTY = person(VILLAGE, Role.DEPUTY, "样本乙0002", *mobile(2))
CLERK = person(TOWNSHIP, Role.DUTY, "样本值班", *mobile(3), landline(3))
REGISTER = Register((COUNTY, TOWNSHIP, VILLAGE), (HEAD, DEPUTY, CLERK))


def rows(connection: Connection, table: Table) -> list[Any]:
    """All rows in the order of their keys."""
    return list(connection.execute(select(table).order_by(table.c.id)))


def in_force(connection: Connection, table: Table) -> list[Any]:
    """The rows that have not been ended."""
    return [row for row in rows(connection, table) if row.valid_until is None]


def unit_row(connection: Connection, code: str) -> Any:
    """One unit's row."""
    return connection.execute(select(schema.unit).where(schema.unit.c.code == code)).one()


def test_a_register_arrives_whole(connection: Connection) -> None:
    """Tree, people and phones are there, each with its superior, unit and rank."""
    counts = replace_register(connection, SEALER, REGISTER, FIRST)
    assert (counts.units, counts.receivers, counts.endpoints, counts.numbers) == (3, 3, 7, 4)
    assert (counts.units_added, counts.receivers_added, counts.endpoints_added) == (3, 3, 7)
    village = unit_row(connection, VILLAGE.code)
    assert village.superior_id == unit_row(connection, TOWNSHIP.code).id
    assert unit_row(connection, COUNTY.code).superior_id is None
    assert (village.level, village.kind, village.callable, village.valid_from) == (4, "division", 1, FIRST)


def test_nothing_personal_is_stored_in_clear(connection: Connection) -> None:
    """Numbers and names are sealed, each under its own context; what is shown is masked."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    number = rows(connection, schema.number)[0]
    receiver = rows(connection, schema.receiver)[0]
    assert SEALER.unseal(number.sealed, "number").decode() == sample_mobile(1)
    assert SEALER.unseal(receiver.name_sealed, "receiver.name").decode() == "样本甲0001"
    assert (number.kind, number.masked, number.sample) == ("phone", "260****0001", 1)
    clear = sample_mobile(1)[3:]
    for table in (schema.number, schema.receiver, schema.endpoint, schema.unit):
        for row in rows(connection, table):
            assert clear not in repr(tuple(row))
            assert "样本" not in repr(tuple(row))


def test_one_number_is_one_row_however_many_hold_it(connection: Connection) -> None:
    """One phone, one call needs one key for it."""
    twin = replace(VILLAGE, code="141124100201", area="141124100201")
    other = person(twin, Role.PRIMARY, "样本甲0001", *mobile(1))
    register = Register((*REGISTER.units, twin), (*REGISTER.receivers, other))
    assert replace_register(connection, SEALER, register, FIRST).numbers == 4
    keys = {row.number_id for row in rows(connection, schema.endpoint) if row.role == Role.PRIMARY.value}
    assert len(keys) == 1


def test_the_reach_of_a_unit_says_who_can_be_reached_how(connection: Connection) -> None:
    """The engine asks the mask instead of the endpoints."""
    mail = person(VILLAGE, Role.DUTY, "样本值班", EndpointEntry(Channel.EMAIL, sample_mail("duty")))
    replace_register(connection, SEALER, replace(REGISTER, receivers=(HEAD, mail)), FIRST)
    reach = unit_row(connection, VILLAGE.code).reach
    assert reachable_roles(reach, Channel.VOICE) == Role.PRIMARY
    assert reachable_roles(reach, Channel.SMS) == Role.PRIMARY
    assert reachable_roles(reach, Channel.EMAIL) == Role.DUTY
    assert unit_row(connection, COUNTY.code).reach == 0


def test_reach_follows_what_is_found_out_about_a_number(connection: Connection) -> None:
    """An empty number no longer counts as a way to reach somebody."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    village = unit_row(connection, VILLAGE.code).id
    columns = schema.endpoint.c
    connection.execute(
        update(schema.endpoint).where(columns.unit_id == village, columns.role == Role.DEPUTY.value).values(usable=0)
    )
    refresh_reach(connection, [village])
    expected = reach_bit(Role.PRIMARY, Channel.VOICE) | reach_bit(Role.PRIMARY, Channel.SMS)
    assert unit_row(connection, VILLAGE.code).reach == expected


def test_the_mobile_rings_first_of_a_person_and_the_landline_of_a_duty_room() -> None:
    """A village head is not at a desk; a duty room is."""
    both = (landline(9), *mobile(9))
    head = ranked_endpoints(person(VILLAGE, Role.PRIMARY, "样本甲0009", *both))
    duty = ranked_endpoints(person(VILLAGE, Role.DUTY, "样本值班", *reversed(both)))
    voice = {each.address: each.rank for each in head if each.channel is Channel.VOICE}
    assert voice == {sample_mobile(9): 0, sample_landline(9): 1}
    voice = {each.address: each.rank for each in duty if each.channel is Channel.VOICE}
    assert voice == {sample_landline(9): 0, sample_mobile(9): 1}
    assert [each.rank for each in head if each.channel is Channel.SMS] == [0]


def test_the_same_register_again_changes_nothing(connection: Connection) -> None:
    """Importing twice is no event: keys stay, so links and records go on pointing at the right rows."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    tables = (schema.unit, schema.number, schema.receiver, schema.endpoint)
    before = [rows(connection, table) for table in tables]
    counts = replace_register(connection, SEALER, REGISTER, SECOND)
    assert [rows(connection, table) for table in tables] == before
    assert (counts.units_changed, counts.receivers_ended, counts.endpoints_added, counts.endpoints_ended) == (
        0,
        0,
        0,
        0,
    )


def test_a_new_number_ends_the_old_endpoint_and_keeps_the_receiver(connection: Connection) -> None:
    """A wrong number can be mended in mid-storm; the record of the old one stays."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    mended = replace(HEAD, endpoints=mobile(7))
    counts = replace_register(connection, SEALER, replace(REGISTER, receivers=(mended, DEPUTY, CLERK)), SECOND)
    assert (counts.receivers_added, counts.endpoints_added, counts.endpoints_ended) == (0, 2, 2)
    ended = [row for row in rows(connection, schema.endpoint) if row.valid_until is not None]
    assert {(row.role, row.valid_until) for row in ended} == {(Role.PRIMARY.value, SECOND)}
    assert len(rows(connection, schema.number)) == 5


def test_a_successor_ends_the_predecessor(connection: Connection) -> None:
    """A new head of the village is a new receiver; only the new one can be called."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    successor = person(VILLAGE, Role.PRIMARY, "样本甲0008", *mobile(8))
    counts = replace_register(connection, SEALER, replace(REGISTER, receivers=(successor, DEPUTY, CLERK)), SECOND)
    assert (counts.receivers_added, counts.receivers_ended) == (1, 1)
    old = rows(connection, schema.receiver)[0]
    assert old.valid_until == SECOND
    live = {row.receiver_id for row in in_force(connection, schema.endpoint)}
    assert old.id not in live
    assert live == {row.id for row in in_force(connection, schema.receiver)}


def test_what_was_found_out_about_a_number_survives_a_new_post(connection: Connection) -> None:
    """A dead number does not come to life because a title was corrected."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    dead = rows(connection, schema.endpoint)[0]
    connection.execute(
        update(schema.endpoint).where(schema.endpoint.c.id == dead.id).values(usable=0, finding="empty_number")
    )
    renamed = replace(HEAD, post="社区党委书记")
    replace_register(connection, SEALER, replace(REGISTER, receivers=(renamed, DEPUTY, CLERK)), SECOND)
    (again,) = [
        row
        for row in in_force(connection, schema.endpoint)
        if (row.number_id, row.channel, row.unit_id) == (dead.number_id, dead.channel, dead.unit_id)
    ]
    assert (again.usable, again.finding) == (0, "empty_number")
    assert again.id != dead.id


def test_a_unit_is_changed_in_place(connection: Connection) -> None:
    """Call-outs under way refer to it; a new name or another superior keeps its key."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    before = unit_row(connection, VILLAGE.code)
    moved = replace(VILLAGE, name="黄白塔社区居委会", superior=COUNTY.code)
    counts = replace_register(connection, SEALER, replace(REGISTER, units=(COUNTY, TOWNSHIP, moved)), SECOND)
    after = unit_row(connection, VILLAGE.code)
    assert counts.units_changed == 1
    assert (after.id, after.name) == (before.id, "黄白塔社区居委会")
    assert (after.superior_id, after.valid_from) == (unit_row(connection, COUNTY.code).id, FIRST)


def test_a_unit_that_is_gone_is_ended_with_its_people_and_may_come_back(connection: Connection) -> None:
    """A merged village is called no more; its row stays for the records."""
    replace_register(connection, SEALER, REGISTER, FIRST)
    counts = replace_register(connection, SEALER, Register((COUNTY, TOWNSHIP), (CLERK,)), SECOND)
    gone = unit_row(connection, VILLAGE.code)
    assert (gone.callable, gone.valid_until, gone.reach) == (0, SECOND, 0)
    assert (counts.units_ended, counts.receivers_ended, counts.endpoints_ended) == (1, 2, 4)
    assert replace_register(connection, SEALER, Register((COUNTY, TOWNSHIP), (CLERK,)), SECOND).units_ended == 0
    replace_register(connection, SEALER, REGISTER, 3_000)
    back = unit_row(connection, VILLAGE.code)
    assert (back.id, back.callable, back.valid_from, back.valid_until) == (gone.id, 1, 3_000, None)
    assert back.reach


def test_the_order_of_the_file_is_the_order_of_the_people(connection: Connection) -> None:
    """Two receivers of one role are ranked as entered; turning them round moves the rank, not the row."""
    second = person(VILLAGE, Role.PRIMARY, "样本甲0005", *mobile(5))
    replace_register(connection, SEALER, replace(REGISTER, receivers=(HEAD, second)), FIRST)
    keys = [(row.id, row.rank) for row in rows(connection, schema.receiver)]
    replace_register(connection, SEALER, replace(REGISTER, receivers=(second, HEAD)), SECOND)
    assert [(row.id, row.rank) for row in rows(connection, schema.receiver)] == [(key, 1 - rank) for key, rank in keys]


@pytest.mark.parametrize(
    "broken",
    [
        replace(REGISTER, units=(COUNTY, VILLAGE)),
        replace(REGISTER, units=(COUNTY, replace(TOWNSHIP, superior=VILLAGE.code), VILLAGE)),
        replace(REGISTER, units=(COUNTY, TOWNSHIP, VILLAGE, VILLAGE)),
        replace(REGISTER, units=(COUNTY, TOWNSHIP)),
    ],
    ids=["orphan", "cycle", "duplicate", "receiver of no unit"],
)
def test_a_broken_register_is_refused_before_anything_is_written(connection: Connection, broken: Register) -> None:
    """All or nothing, also for a register that no file reader has checked."""
    with pytest.raises(RegisterError):
        replace_register(connection, SEALER, broken, FIRST)
    assert connection.execute(select(func.count()).select_from(schema.unit)).scalar_one() == 0


def _whole_prefecture() -> Register:
    units = read_register(CONTACTS).units
    return Register(units, sample_receivers(units, 7))


@pytest.mark.slow
def test_the_whole_prefecture_fits_and_can_be_reached(connection: Connection) -> None:
    """Every callable unit's A can be reached by voice."""
    counts = replace_register(connection, SEALER, _whole_prefecture(), FIRST)
    assert counts.units == 2857
    callable_units = [row for row in rows(connection, schema.unit) if row.callable]
    assert len(callable_units) == 2853
    assert all(reachable_roles(row.reach, Channel.VOICE) & Role.PRIMARY for row in callable_units)


def test_importing_the_same_again_asks_few_questions(connection: Connection) -> None:
    """Never a query per person: the comparison reads each table once."""
    register = _whole_prefecture()
    replace_register(connection, SEALER, register, FIRST)
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    replace_register(connection, SEALER, register, SECOND)
    assert len(seen) <= 4
