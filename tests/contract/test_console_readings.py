"""What the officers' console reads: the same on every database, in a fixed number of statements."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded

from warning_dispatch.console_ports import ConsoleReadings
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.console_views import CalleeOrder, CalleeQuery
from warning_dispatch.model.states import UNREACHED, AttemptState, CalleeState, Means
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.store import schema
from warning_dispatch.store.alert_rows import RAW_CONTEXT
from warning_dispatch.store.register import NAME_CONTEXT, NUMBER_CONTEXT
from warning_dispatch.store.sql import Sql

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
START, TOWNSHIPS, VILLAGES = rows_by_hand.START, rows_by_hand.TOWNSHIPS, rows_by_hand.VILLAGES
COUNTY, TOWNSHIP = rows_by_hand.COUNTY, rows_by_hand.TOWNSHIP
S = CalleeState


@pytest.fixture
def storm(house: House) -> dict[str, Any]:
    """A township and nine villages in various states; the township's branch below it."""
    callout = house.callout()
    upper = house.branch(callout, TOWNSHIPS, START)
    chief = house.callee(callout, upper, TOWNSHIP, TOWNSHIPS, S.ACKNOWLEDGED, answered_at=START + 5_000, superior=1)
    lower = house.branch(
        callout, VILLAGES, START + 9, superior_callee_id=chief, opened_by="superior_answered", total=9, answered=2
    )
    states = (
        S.ACKNOWLEDGED,
        S.DUTY_ANSWERED,
        S.CALLING,
        S.RELAYED,
        S.UNCALLED,
        S.UNANSWERED,
        S.UNCONFIRMED,
        S.WAITING,
        S.WAIVED,
    )
    villages = [
        house.callee(callout, lower, house.village(n, f"村{n}_"), VILLAGES, state, calls=9 - n, opened_at=START + n)
        for n, state in enumerate(states)
    ]
    return {"callout": callout, "chief": chief, "villages": villages, "lower": lower}


def asked(house: House, storm: dict[str, Any], **query: Any) -> list[int]:
    """Villages of a page, by their number, and as many as the page says there are."""
    page = house.read.page(storm["callout"], CalleeQuery(**query))
    assert page.total == len(page.rows)
    return [storm["villages"].index(row.callee_id) for row in page.rows if row.callee_id in storm["villages"]]


def test_a_list_is_filtered_by_state_tier_place_and_name(house: House, storm: dict[str, Any]) -> None:
    """Each alone and together; the signs of a pattern mean nothing."""
    read: ConsoleReadings = house.read
    assert asked(house, storm, states=UNREACHED) == [4, 5, 6]
    assert asked(house, storm, tier="townships") == []
    assert asked(house, storm, tier="villages", area="141124104003") == [3]
    assert asked(house, storm, words="村7") == [7]
    assert asked(house, storm, words="%村_") == list(range(9)), "a pattern's signs are passed over"
    assert asked(house, storm, words="'; DROP TABLE callee; --") == []
    assert read.page(storm["callout"], CalleeQuery(tier="nowhere")).total == 0
    with pytest.raises(NotFoundError):
        read.page(99, CalleeQuery())


def test_a_list_is_sorted_by_any_column_both_ways_and_cut_into_pages(house: House, storm: dict[str, Any]) -> None:
    """What has no value comes last either way; the pages together are the whole list, each row once."""
    assert asked(house, storm, tier="villages", order=CalleeOrder.CALLS) == list(range(8, -1, -1))
    assert asked(house, storm, tier="villages", order=CalleeOrder.CALLS, descending=True) == list(range(9))
    house.change(schema.callee, storm["villages"][0], opened_at=None)
    for descending in (False, True):
        assert asked(house, storm, tier="villages", order=CalleeOrder.OPENED, descending=descending)[-1] == 0
    for order in CalleeOrder:
        whole = house.read.page(storm["callout"], CalleeQuery(order=order)).rows
        pages = [house.read.page(storm["callout"], CalleeQuery(order=order, limit=4, offset=n)) for n in (0, 4, 8)]
        assert tuple(row for page in pages for row in page.rows) == whole
        assert {page.total for page in pages} == {10}


def test_shares_are_counted_by_county_and_township(house: House, storm: dict[str, Any]) -> None:
    """A county has everybody in it; below it stand its own offices and its townships."""
    (county,) = house.read.shares(storm["callout"])
    assert (county.code, county.name, county.callees, county.asked, county.answered) == ("141124", "临县", 10, 9, 3)
    assert (county.calling, county.unreached, county.waiting, county.excused) == (2, 3, 1, 1)
    (township,) = house.read.shares(storm["callout"], "141124")
    assert (township.code, township.name, township.callees, township.own) == ("141124104", "白文镇", 10, False)
    assert house.read.shares(storm["callout"], "999999") == []
    house.callee(storm["callout"], storm["lower"], COUNTY, TOWNSHIPS, S.CALLING)
    own = house.read.shares(storm["callout"], "141124")[0]
    assert (own.own, own.name, own.callees) == (True, "临县", 1)


def test_the_measures_count_units_not_attempts(house: House, storm: dict[str, Any]) -> None:
    """发得出 and 传得到 by tier: a unit that was called five times is one."""
    first, second, third = storm["villages"][:3]
    for _ in range(2):
        house.attempt(storm["callout"], first, handed_at=START, outcome="no_answer")
    house.attempt(storm["callout"], first, second, handed_at=START, outcome="key_pressed")
    house.attempt(storm["callout"], third, state=AttemptState.CLAIMED, claimed_at=START)
    assert house.read.reached(storm["callout"]) == {"villages": (2, 2)}


def person(house: House, unit: int, name: str, number: str) -> None:
    """A receiver with one phone."""
    sealer = rows_by_hand.SEALER
    receiver = house.add(
        schema.receiver, unit_id=unit, role=Role.PRIMARY.value, name_sealed=sealer.seal(name.encode(), NAME_CONTEXT)
    )
    key = house.add(
        schema.number,
        kind="phone",
        sealed=sealer.seal(number.encode(), NUMBER_CONTEXT),
        blind_index=number.encode(),
        masked="138****5678",
    )
    house.add(
        schema.endpoint,
        receiver_id=receiver,
        unit_id=unit,
        role=1,
        channel=Channel.VOICE.value,
        number_id=key,
        usable=1,
    )


def test_a_units_story_is_whole(house: House, storm: dict[str, Any]) -> None:
    """Superior, gate, people (masked), tries, answers, the acts on it and on the whole, alarms, other call-outs."""
    village, callout = storm["villages"][5], storm["callout"]
    unit = house.village(50, "张家村")
    house.change(schema.callee, village, unit_id=unit)
    person(house, unit, "张三", "13800005678")
    house.attempt(callout, village, handed_at=START + 1, ended_at=START + 2, outcome="busy", claimed_at=START)
    house.attempt(callout, village, state=AttemptState.DROPPED)
    house.answer(callout, village, START + 7, counted=False, receiver=1, means=Means.OPERATOR)
    acts = [
        {"k": "act", "act": "recall", "actor": "甲", "why": "x", "unit": "141124104050"},
        {"k": "act", "act": "recall", "actor": "甲", "why": "x", "unit": "141124104051"},
        {"k": "act", "act": "pause", "actor": "乙", "why": "y", "unit": ""},
    ]
    body = json.dumps(acts, ensure_ascii=False, separators=(",", ":"))
    house.add(
        schema.journal_block,
        stream=f"callout:{callout}", seq=1, at=START, entries=3, body=body, previous=b"", hash=b"",
    )  # fmt: skip
    house.add(schema.alarm, at=START, kind="no_contact", callout_id=callout, unit_id=unit, detail="{}")
    other = house.callout(state=6)
    twin = house.callee(other, house.branch(other, VILLAGES, START), unit, VILLAGES, S.SUPERSEDED)
    story = house.read.story(callout, village)
    assert (story.row.unit_name, story.superior_name, story.superior_state) == ("张家村", "白文镇", S.ACKNOWLEDGED)
    assert story.opened_by == "superior_answered"
    assert [(one.masked, one.usable) for one in story.people[0].endpoints] == [("138****5678", True)]
    assert [one.outcome for one in story.tries] == ["busy"]
    assert [one.counted for one in story.answers] == [False]
    assert [(one.act, one.actor) for one in story.acts] == [("recall", "甲"), ("pause", "乙")]
    assert [one.kind for one in story.alarms] == ["no_contact"]
    assert [(one.callout_id, one.callee_id) for one in story.elsewhere] == [(other, twin)]
    chief = house.read.story(callout, storm["chief"])
    assert (chief.below, chief.below_answered, chief.shut_below) == (9, 2, 0)
    (clear,) = house.read.in_clear(callout, village)
    assert (clear.name, clear.addresses) == ("张三", ((Channel.VOICE, "13800005678"),))
    for ask in (house.read.story, house.read.in_clear):
        with pytest.raises(NotFoundError):
            ask(other, village)


def test_everything_that_came_in_is_listed_whatever_became_of_it(house: House) -> None:
    """Messages that could not be read as well; narrowed by verdict and words; a chain is shown whole."""
    chain = house.chain()
    message = rows_by_hand.message
    info = rows_by_hand.info
    first = house.alert(message(info("zh-CN")), chain_id=chain, headline="暴雨红色")
    house.alert(
        message(info("zh-CN")), chain_id=chain, disposition="quarantined", headline="更新 100%", content_digest="b"
    )
    sealed = rows_by_hand.SEALER.seal(b"\xff\x00garbage", RAW_CONTEXT)
    raw = house.raw(Disposition.QUARANTINED, ("unreadable",))
    house.change(schema.raw_message, raw, sealed=sealed, source="文件夹")
    callout = house.callout(alert_id=first, chain_id=chain)
    page = house.read.arrived()
    assert page.total == 3
    assert [one.alert_id is None for one in page.rows] == [True, False, False]
    assert page.rows[-1].callouts == (callout,)
    aside = house.read.arrived(dispositions=(Disposition.QUARANTINED,))
    assert [one.disposition for one in aside.rows] == [Disposition.QUARANTINED] * 2
    assert [one.headline for one in house.read.arrived(words="暴雨").rows] == ["暴雨红色"]
    assert [one.raw_id for one in house.read.arrived(words="文件夹").rows] == [raw]
    assert house.read.arrived(words="%").total == 3, "a pattern's sign means nothing"
    assert [one.raw_id for one in house.read.arrived(limit=1, offset=1).rows] == [page.rows[1].raw_id]
    story = house.read.arrived_story(raw)
    assert (story.raw, story.events, story.reasons) == (b"\xff\x00garbage", (), ("unreadable",))
    house.change(schema.raw_message, page.rows[-1].raw_id, sealed=sealed)
    assert len(house.read.arrived_story(page.rows[-1].raw_id).chain) == 2
    with pytest.raises(NotFoundError):
        house.read.arrived_story(999)


def test_who_took_note_is_known_until_then_nobody(house: House) -> None:
    """A call-out that nobody has seen is left out."""
    callout = house.callout()
    assert house.read.seen_by([callout, 99]) == {}
    house.change(schema.callout, callout, seen_at=START, seen_by="甲")
    assert house.read.seen_by([callout]) == {callout: (START, "甲")}


def test_the_number_of_statements_does_not_grow(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two villages or sixty: a page, the shares, the measures and a story take the same few statements."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES, START)
    seen: list[str] = []
    execute = Sql._execute

    def noted(self: Sql, text: str, parameters: Any) -> Any:
        seen.append(text)
        return execute(self, text, parameters)

    def looked(callee: int) -> int:
        seen.clear()
        house.read.page(callout, CalleeQuery())
        house.read.shares(callout)
        house.read.reached(callout)
        house.read.story(callout, callee)
        return len(seen)

    monkeypatch.setattr(Sql, "_execute", noted)
    first = house.callee(callout, branch, house.village(0), VILLAGES)
    few = looked(first)
    for number in range(1, 60):
        house.callee(callout, branch, house.village(number), VILLAGES)
    assert looked(first) == few
