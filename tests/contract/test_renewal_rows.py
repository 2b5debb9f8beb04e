"""The rows of the yearly refresh as engine and pages rely on them, on either kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from warning_dispatch.engine.records import RouteRecord
from warning_dispatch.engine.storage_renewal import NewLetter
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.register import Register
from warning_dispatch.model.renewal import FilingState, HandIn, LetterKind, ProofState
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.renewal.filing import FilingEvent
from warning_dispatch.renewal.registrars import registrar
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.filing_rows import people_from_json, people_to_json
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.letter_rows import filing_token
from warning_dispatch.store.proof_rows import proof_token
from warning_dispatch.store.references import broken_references
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_history import changes_of_unit
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.storage import TableStorage, TableTransaction

NOW = 1_806_973_200_000
"""2027-04-06 09:00 in Beijing."""
HOUR, DAY = 3_600_000, 86_400_000
KEYS = KeyRing.simulated(1)
SEALER = AesSealer(KEYS)
COUNTY, TOWNSHIP, VILLAGE, WATER = "141124", "141124104", "141124104201", "141124-water"
UNITS = (
    Unit(COUNTY, "临县", UnitKind.DIVISION, UnitLevel.COUNTY, COUNTY, None),
    Unit(WATER, "临县水利局", UnitKind.DEPARTMENT, UnitLevel.COUNTY, COUNTY, COUNTY, "water"),
    Unit(TOWNSHIP, "白文镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, TOWNSHIP, COUNTY),
    Unit(VILLAGE, "某村", UnitKind.DIVISION, UnitLevel.VILLAGE, VILLAGE, TOWNSHIP),
)


def number(index: int) -> str:
    """A sample mobile."""
    return f"+862601000{index:04d}"


def person(unit: str, name: str, index: int, role: Role = Role.PRIMARY, mail: str = "") -> ReceiverEntry:
    """Somebody who can be called and written to."""
    endpoints = [EndpointEntry(channel, number(index)) for channel in (Channel.VOICE, Channel.SMS)]
    endpoints += [EndpointEntry(Channel.EMAIL, mail)] if mail else []
    return ReceiverEntry(unit, role, name, "", "zh_CN", tuple(endpoints), sample=True)


PEOPLE = (
    person(COUNTY, "县甲", 1),
    person(WATER, "水甲", 2, mail="a@example.invalid"),
    person(TOWNSHIP, "镇甲", 3),
    person(TOWNSHIP, "镇乙", 4, Role.DEPUTY),
    person(VILLAGE, "村甲", 5),
)


def settled(engine: Engine) -> TableStorage:
    """A county with its people."""
    with writing(engine) as connection:
        replace_register(connection, SEALER, Register(UNITS, PEOPLE), NOW)
    return TableStorage(engine, SEALER, KEYS.link_key, Journal(KEYS.journal_key, silent_logger()))


@pytest.fixture
def storage(empty: Engine) -> TableStorage:
    """The county on either kind of database."""
    return settled(empty)


@pytest.fixture
def tx(storage: TableStorage) -> Iterator[TableTransaction]:
    """A transaction on it."""
    with storage.writing() as transaction:
        yield transaction


def rows(tx: TableTransaction, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What stands in the tables."""
    return [tuple(row) for row in tx.campaigns._sql.rows(statement, *values)]


def opened(tx: TableTransaction) -> int:
    """A campaign with a filing for every unit."""
    campaign = tx.campaigns.add("2027年度更新备案", "2027-04-20", RenewalRules(), NOW, "张工")
    tx.campaigns.ask_all(campaign.id)
    return campaign.id


def add_letters(tx: TableTransaction, campaign: int, kind: LetterKind = LetterKind.ASK, day: str = "2027-04-06") -> int:
    """A letter to every registrar."""
    recipients = tx.letters.recipients(campaign, None, overdue=False)
    links = tx.letters.links(campaign, recipients, NOW)
    return tx.letters.add(
        [
            NewLetter(campaign, kind, one.channel, one.number_id, one.units[0], one.language, day, NOW, link_id=link)
            for one, link in zip(recipients, links, strict=True)
        ]
    )


# --- campaigns and filings --------------------------------------------------------------------------------


def test_one_campaign_is_open_at_most(tx: TableTransaction) -> None:
    """Two daemons cannot open two: the database itself refuses the second."""
    opened(tx)
    found = tx.campaigns.open_one()
    assert found is not None
    assert found.rules == RenewalRules()
    with pytest.raises(IntegrityError):
        tx.campaigns.add("2", "2027-05-01", RenewalRules(), NOW, "李工")


def test_who_is_asked_is_what_the_rule_says(tx: TableTransaction) -> None:
    """The statement for all units and the rule for one agree, also where a township cannot be written to."""
    reach = dict(rows(tx, "SELECT code, reach FROM unit"))
    by_code = {unit.code: unit for unit in UNITS}
    asked = """SELECT u.code, r.code FROM filing f JOIN unit u ON u.id = f.unit_id JOIN unit r ON r.id = f.registrar_id
     WHERE f.campaign_id = ?"""
    campaign = opened(tx)
    assert dict(rows(tx, asked, campaign)) == {one.code: registrar(one, by_code, reach) for one in UNITS}
    tx.campaigns.close(campaign, NOW, "张工")
    for code in (TOWNSHIP, VILLAGE):
        tx.campaigns._sql.run("UPDATE unit SET reach = 0 WHERE code = ?", code)
    deaf = {**reach, TOWNSHIP: 0, VILLAGE: 0}
    assert dict(rows(tx, asked, opened(tx))) == {one.code: registrar(one, by_code, deaf) for one in UNITS}


def test_what_a_filing_proposes_is_sealed_and_comes_back_whole(tx: TableTransaction) -> None:
    """Everything of the record, people and note included; in the row there is nobody's name or number."""
    campaign = opened(tx)
    filing = tx.campaigns.filings_of(campaign, [VILLAGE])[VILLAGE]
    changed = replace(
        filing,
        state=FilingState.HANDED_IN,
        version=1,
        how=HandIn.CORRECTED,
        changed=True,
        handed_in_at=NOW,
        handed_in_by="link:1",
        note="号码像是写错了",
        proposed=(person(VILLAGE, "新人", 9),),
        compared=b"\x01" * 32,
    )
    tx.campaigns.save([changed])
    assert tx.campaigns.filings([filing.id]) == {filing.id: changed}
    (row,) = rows(tx, "SELECT proposed, note FROM filing WHERE id = ?", filing.id)
    assert all(word.encode() not in bytes(cell) for cell in row for word in ("新人", number(9)[-8:], "写错"))
    assert people_from_json(people_to_json(PEOPLE)) == PEOPLE


def test_closing_moves_what_is_open_and_nothing_else(tx: TableTransaction) -> None:
    """FILED stays; links expire, letters that wait are dropped, test messages lapse."""
    campaign = opened(tx)
    add_letters(tx, campaign)
    filing = tx.campaigns.filings_of(campaign, [VILLAGE])[VILLAGE]
    tx.campaigns.save([replace(filing, state=FilingState.FILED, version=1, filed_at=NOW)])
    (proof,) = tx.proofs.ask([(filing.unit_id, EndpointEntry(Channel.SMS, number(5)), True)], campaign, NOW)
    assert tx.campaigns.move_all(campaign, FilingEvent.CLOSED, NOW) == 3
    tx.campaigns.close(campaign, NOW + 1, "张工")
    assert tx.campaigns.open_one() is None
    states = dict(rows(tx, "SELECT u.code, f.state FROM filing f JOIN unit u ON u.id = f.unit_id"))
    assert states == {**dict.fromkeys((COUNTY, WATER, TOWNSHIP), FilingState.LAPSED), VILLAGE: FilingState.FILED}
    assert tx.letters.waiting(Channel.SMS, NOW + DAY) == 0
    holder = tx.letters.holder(filing_token(KEYS.link_key, campaign, number_id(tx, 3), Channel.SMS), NOW + 1)
    assert holder is not None
    assert holder.expired
    assert tx.proofs.load([proof.id])[0].state is ProofState.LAPSED


def number_id(tx: TableTransaction, index: int) -> int:
    """The key of a number."""
    return int(rows(tx, "SELECT id FROM number WHERE blind_index = ?", SEALER.blind_index(number(index)))[0][0])


def test_a_unit_that_has_gone_is_not_asked_any_more(tx: TableTransaction) -> None:
    """WITHDRAWN, and its registrar is not reminded for it."""
    campaign = opened(tx)
    tx.campaigns._sql.run("UPDATE unit SET valid_until = ? WHERE code = ?", NOW, WATER)
    assert tx.campaigns.move_all(campaign, FilingEvent.UNIT_GONE, NOW) == 1
    assert len(tx.letters.recipients(campaign, None, overdue=False)) == 2


def test_a_unit_that_is_back_is_asked_again(tx: TableTransaction) -> None:
    """Only that one: who is still gone stays WITHDRAWN; the version has moved, so an older page is stale."""
    campaign = opened(tx)
    end = "UPDATE unit SET valid_until = ? WHERE code = ?"
    for code in (WATER, VILLAGE):
        tx.campaigns._sql.run(end, NOW, code)
    assert tx.campaigns.move_all(campaign, FilingEvent.UNIT_BACK, NOW) == 0
    assert tx.campaigns.move_all(campaign, FilingEvent.UNIT_GONE, NOW) == 2
    tx.campaigns._sql.run(end, None, WATER)
    assert tx.campaigns.move_all(campaign, FilingEvent.UNIT_BACK, NOW) == 1
    found = rows(
        tx, "SELECT u.code, f.state, f.version FROM filing f JOIN unit u ON u.id = f.unit_id WHERE version > 0"
    )
    assert set(found) == {(WATER, FilingState.ASKED, 2), (VILLAGE, FilingState.WITHDRAWN, 1)}


def test_without_a_campaign_each_change_has_a_filing_of_its_own(tx: TableTransaction) -> None:
    """One that waits for approval is the same one; once it is filed the next change is a new one."""
    first = tx.campaigns.filings_of(None, [VILLAGE])[VILLAGE]
    assert tx.campaigns.filings_of(None, [VILLAGE])[VILLAGE].id == first.id
    tx.campaigns.save([replace(first, state=FilingState.FILED, filed_at=NOW)])
    assert tx.campaigns.filings_of(None, [VILLAGE, "999"]).keys() == {VILLAGE}
    assert tx.campaigns.filings_of(None, [VILLAGE])[VILLAGE].id != first.id


def test_a_reminder_is_sent_by_one(tx: TableTransaction) -> None:
    """Of several daemons the first one gets it; an earlier reminder never comes after a later one."""
    campaign = opened(tx)
    assert [tx.campaigns.set_reminded(campaign, step) for step in (-7, -7, -14, -3)] == [True, False, False, True]


# --- people -----------------------------------------------------------------------------------------------


def test_people_of_one_unit_are_replaced_and_nobody_else(tx: TableTransaction) -> None:
    """Rows that stay the same stay; the history knows before and after; other units are untouched."""
    units = tx.campaigns.unit_ids([TOWNSHIP, VILLAGE])
    before = tx.people.of_units(list(units.values()))
    ids = dict(rows(tx, "SELECT id, valid_until FROM receiver"))
    wanted = (replace(before[units[TOWNSHIP]][0], verified_on="2027-04-06"), person(TOWNSHIP, "镇丙", 8, Role.DEPUTY))
    counts = tx.people.replace({units[TOWNSHIP]: wanted}, NOW + 1, actor="link:1", source="page")
    assert (counts.receivers_added, counts.receivers_ended, counts.endpoints_added) == (1, 1, 2)
    assert tx.people.of_units([units[TOWNSHIP]])[units[TOWNSHIP]] == wanted
    assert tx.people.of_units([units[VILLAGE]]) == {units[VILLAGE]: before[units[VILLAGE]]}
    gone = [key for key, until in rows(tx, "SELECT id, valid_until FROM receiver") if until is not None]
    assert len(gone) == 1
    assert set(gone) <= set(ids)
    history = changes_of_unit(tx.campaigns._sql, SEALER, TOWNSHIP)
    assert {(one.actor, one.source) for one in history} == {("link:1", "page")}
    assert len(history) == 3  # verified, gone, new


def test_the_same_number_keeps_what_is_known_of_it(tx: TableTransaction) -> None:
    """The person's proof stays with the person; a new holder of a known number has proved nothing."""
    (unit,) = tx.campaigns.unit_ids([VILLAGE]).values()
    tx.proofs.prove_numbers([number_id(tx, 5)], NOW)
    assert tx.people.proved([unit]) == {number(5)}
    renamed = replace(person(VILLAGE, "村甲", 5), post="主任")
    tx.people.replace({unit: (renamed,)}, NOW + 1, actor="x", source="page")
    assert tx.people.proved([unit]) == {number(5)}
    tx.people.replace({unit: (person(VILLAGE, "另一人", 5),)}, NOW + 2, actor="x", source="page")
    assert tx.people.proved([unit]) == frozenset()


# --- letters ----------------------------------------------------------------------------------------------


def test_one_letter_for_all_units_of_a_registrar(tx: TableTransaction) -> None:
    """Township and village together, by each channel the person has; the link answers for the registrar's unit."""
    campaign = opened(tx)
    assert add_letters(tx, campaign) == 4  # county, township, water by SMS; water by mail
    batch = tx.letters.claim(Channel.SMS, 10, NOW, NOW + HOUR)
    assert {one.unit_name: one.units for one in batch} == {"临县": 1, "白文镇": 2, "临县水利局": 1}
    holder = tx.letters.holder(next(one.token for one in batch if one.unit_name == "白文镇").upper(), NOW)
    assert holder is not None
    assert holder.units == set(tx.campaigns.unit_ids([TOWNSHIP]).values())
    assert not holder.expired
    assert tx.letters.holder("a" * 16, NOW) is None


def test_a_number_gets_one_letter_of_a_kind_a_day(tx: TableTransaction) -> None:
    """Whoever adds it again on that day adds nothing; the next day it goes again."""
    campaign = opened(tx)
    assert [add_letters(tx, campaign, LetterKind.REMIND, day) for day in ("d1", "d1", "d2")] == [4, 0, 4]


def test_a_letter_that_nobody_needs_any_more_is_not_wanted(tx: TableTransaction) -> None:
    """Handed in between writing and sending: no letter."""
    campaign = opened(tx)
    add_letters(tx, campaign)
    done = tx.campaigns.filings_of(campaign, [TOWNSHIP, VILLAGE])
    tx.campaigns.save([replace(one, state=FilingState.FILED, version=1) for one in done.values()])
    batch = tx.letters.claim(Channel.SMS, 10, NOW, NOW + HOUR)
    assert {one.unit_name: one.wanted for one in batch} == {"临县": True, "白文镇": False, "临县水利局": True}


def test_a_claim_is_a_lease(tx: TableTransaction) -> None:
    """Claimed is not claimed again until the lease is over; then it is a repeat and marked; handed over it never is."""
    campaign = opened(tx)
    add_letters(tx, campaign)
    first = tx.letters.claim(Channel.SMS, 10, NOW, NOW + HOUR)
    assert len(first) == 3
    assert tx.letters.claim(Channel.SMS, 10, NOW + HOUR - 1, NOW + 2 * HOUR) == []
    tx.letters.hand([first[0].id], NOW, NOW)
    again = tx.letters.claim(Channel.SMS, 10, NOW + HOUR, NOW + 2 * HOUR)
    assert [(one.id, one.repeat, one.tries) for one in again] == [(one.id, True, 2) for one in first[1:]]
    tx.letters.again([(again[0].id, NOW + 3 * HOUR, False)])
    tx.letters.finish([(again[1].id, "undelivered")], NOW + HOUR)
    assert tx.letters.claim(Channel.SMS, 10, NOW + 2 * HOUR, NOW + 4 * HOUR) == []
    assert [one.id for one in tx.letters.claim(Channel.SMS, 10, NOW + 3 * HOUR, NOW + 4 * HOUR)] == [again[0].id]


def test_a_message_of_a_call_out_goes_first(tx: TableTransaction) -> None:
    """While one is ready on a channel no letter waits there: it is looked at again when the warning has gone."""
    add_letters(tx, opened(tx))
    assert tx.letters.waiting(Channel.SMS, NOW) == 3
    tx.campaigns._sql.run(
        "INSERT INTO attempt (channel, purpose, roles, order_key, state, due_at) VALUES (?, 1, 1, 1, 1, ?)",
        Channel.SMS.value,
        NOW,
    )
    assert tx.letters.waiting(Channel.SMS, NOW) == 0
    assert tx.letters.waiting(Channel.EMAIL, NOW) == 1


def test_a_test_call_takes_a_line_and_a_phone_like_any_other(tx: TableTransaction) -> None:
    """From its claim to its last report it counts among the lines of its route, and nobody else rings that number."""
    tx.routes.define([RouteRecord("phones", Channel.VOICE, 10)])
    (unit,) = tx.campaigns.unit_ids([TOWNSHIP]).values()
    (proof,) = tx.proofs.ask([(unit, EndpointEntry(Channel.VOICE, number(3)), True)], None, NOW)
    tx.letters.add(
        [NewLetter(None, LetterKind.PROVE, Channel.VOICE, proof.number_id, unit, "zh_CN", "d1", NOW, proof_id=proof.id)]
    )
    assert lines_used(tx) == 0
    (letter,) = tx.letters.claim(Channel.VOICE, 10, NOW, NOW + HOUR)
    tx.letters.set_route([(letter.id, "phones")])
    assert (lines_used(tx), tx.attempts.live_numbers([proof.number_id])) == (1, {proof.number_id})
    tx.letters.hand([letter.id], NOW, NOW + HOUR)
    assert (lines_used(tx), tx.attempts.live_numbers([proof.number_id])) == (1, {proof.number_id})
    assert tx.letters.end_overdue(NOW + HOUR - 1, "no_report") == 0
    assert tx.letters.end_overdue(NOW + HOUR, "no_report") == 1
    assert (lines_used(tx), tx.attempts.live_numbers([proof.number_id])) == (0, frozenset())


def lines_used(tx: TableTransaction) -> int:
    """Of the one route."""
    return tx.routes.load()[0].lines_used


def test_nobody_is_written_to_at_a_number_that_was_denied(tx: TableTransaction) -> None:
    """The next person of the unit is asked instead."""
    campaign = opened(tx)
    (unit,) = tx.campaigns.unit_ids([TOWNSHIP]).values()
    (proof,) = tx.proofs.ask([(unit, EndpointEntry(Channel.SMS, number(3)), True)], campaign, NOW)
    tx.proofs.end([proof.id], ProofState.DENIED, "reply", NOW)
    numbers = {one.number_id for one in tx.letters.recipients(campaign, [unit], overdue=True)}
    assert numbers == {number_id(tx, 4)}


# --- proofs -----------------------------------------------------------------------------------------------


def test_one_test_message_at_a_time_for_a_number(tx: TableTransaction) -> None:
    """Asked twice it is the same one; ended, it can be asked again; an ended one does not end twice."""
    (unit,) = tx.campaigns.unit_ids([VILLAGE]).values()
    wanted = [(unit, EndpointEntry(Channel.SMS, number(5)), True)]
    (first,) = tx.proofs.ask(wanted, None, NOW)
    assert first.fresh
    (same,) = tx.proofs.ask(wanted, None, NOW)
    assert (same.id, same.fresh) == (first.id, False)
    found = tx.proofs.by_token(proof_token(KEYS.link_key, first.id))
    assert found == same
    assert tx.proofs.by_numbers([SEALER.blind_index(number(5)), b"nobody"]) == [same]
    assert tx.proofs.end([first.id], ProofState.PROVED, "link", NOW) == 1
    assert tx.proofs.end([first.id], ProofState.DENIED, "link", NOW) == 0
    assert tx.proofs.ask(wanted, None, NOW + 1)[0].fresh


def test_a_number_proved_before_it_was_in_force_is_proved_then(tx: TableTransaction) -> None:
    """It waited for approval; what was proved long ago by somebody else does not count."""
    (unit,) = tx.campaigns.unit_ids([VILLAGE]).values()
    for moment, index in ((NOW - DAY, 21), (NOW, 22)):
        (proof,) = tx.proofs.ask([(unit, EndpointEntry(Channel.SMS, number(index)), True)], None, moment)
        tx.proofs.end([proof.id], ProofState.PROVED, "reply", moment + 1)
    people = (person(VILLAGE, "甲", 21), person(VILLAGE, "乙", 22, Role.DEPUTY))
    tx.people.replace({unit: people}, NOW + 2, actor="x", source="approval")
    tx.proofs.carry_over([unit], NOW)
    assert tx.people.proved([unit]) == {number(22)}


def test_proofs_that_nobody_answered_lapse(tx: TableTransaction) -> None:
    """After their days, and only those."""
    (unit,) = tx.campaigns.unit_ids([VILLAGE]).values()
    old, _ = (
        tx.proofs.ask([(unit, EndpointEntry(Channel.SMS, number(index)), True)], None, at)[0]
        for index, at in ((5, NOW - DAY), (6, NOW))
    )
    assert tx.proofs.lapse(NOW, NOW + 1) == 1
    assert tx.proofs.load([old.id])[0].state is ProofState.LAPSED


def test_real_answers_prove_the_numbers_they_came_from(tx: TableTransaction) -> None:
    """By key the number called, by reply the number written from, everywhere it stands; once a day is enough."""
    village, township = tx.campaigns.unit_ids([VILLAGE, TOWNSHIP]).values()
    tx.campaigns._sql.run(
        "INSERT INTO attempt (id, channel, purpose, roles, order_key, state, due_at, number_id) VALUES (7, 1, 1, 1, 1, 4, ?, ?)",
        NOW,
        number_id(tx, 5),
    )
    tx.proofs.prove_by_answers([7], [], [SEALER.blind_index(number(3)), SEALER.blind_index("+8626019999999")], NOW)
    assert tx.people.proved([village, township]) == {number(5), number(3)}
    tx.proofs.prove_by_answers([7], [], [], NOW + HOUR)
    assert rows(tx, "SELECT DISTINCT proved_at FROM endpoint WHERE number_id = ?", number_id(tx, 5)) == [(NOW,)]
    tx.proofs.prove_by_answers([7], [], [], NOW + 2 * DAY)
    assert rows(tx, "SELECT DISTINCT proved_at FROM endpoint WHERE number_id = ?", number_id(tx, 5)) == [
        (NOW + 2 * DAY,)
    ]


def test_nothing_refers_to_nothing(storage: TableStorage) -> None:
    """Every reference of these tables leads somewhere."""
    with storage.writing() as tx:
        campaign = opened(tx)
        add_letters(tx, campaign)
        (unit,) = tx.campaigns.unit_ids([VILLAGE]).values()
        tx.proofs.ask([(unit, EndpointEntry(Channel.SMS, number(5)), True)], campaign, NOW)
    with reading(storage._engine) as connection:
        assert broken_references(connection) == []


# --- many workers -----------------------------------------------------------------------------------------


def test_many_workers_send_a_reminder_once(postgresql: Any) -> None:
    """Eight look at the same moment: one of them has it, its letters are written once, and each is claimed once."""
    storage = settled(postgresql.create())
    with storage.writing() as tx:
        campaign = opened(tx)

    def many(work: Callable[[TableTransaction], Any]) -> list[Any]:
        def one(_: int) -> Any:
            with storage.writing() as tx:
                return work(tx)

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, range(8)))

    def remind(tx: TableTransaction) -> int:
        return add_letters(tx, campaign, LetterKind.REMIND) if tx.campaigns.set_reminded(campaign, -7) else 0

    assert sorted(many(remind)) == [0, 0, 0, 0, 0, 0, 0, 4]
    claimed = many(lambda tx: [one.id for one in tx.letters.claim(Channel.SMS, 10, NOW, NOW + HOUR)])
    keys = [key for some in claimed for key in some]
    assert len(keys) == len(set(keys)) == 3
