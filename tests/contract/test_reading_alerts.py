"""What came in as people see it: alarms, warnings, what could not be read, keys, and the receiver's page."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from by_path import loaded

from warning_dispatch.model.alert import AlertArea, Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import (
    CalleeState,
    CallOutState,
    Means,
    Purpose,
)
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.store import schema

rows_by_hand = loaded("contract_house", Path(__file__).with_name("house.py"))
House = Any
"""The class of that name in house.py."""
START = rows_by_hand.START
TOKEN = rows_by_hand.TOKEN
RAINSTORM = rows_by_hand.RAINSTORM
TOWNSHIP = rows_by_hand.TOWNSHIP
WATER = rows_by_hand.WATER
VILLAGES = rows_by_hand.VILLAGES
info = rows_by_hand.info
message = rows_by_hand.message


# --- alarms, alerts, keys ---------------------------------------------------------------------------------


def test_open_alarms_are_those_nobody_claimed(house: House) -> None:
    """Promise 9: what needs a human stays on the page until one has it."""
    house.add(schema.alarm, at=START, kind="no_contact", detail="x", callout_id=1, unit_id=TOWNSHIP)
    house.add(schema.alarm, at=START, kind="claimed", detail="x", claimed_at=START)
    house.add(schema.alarm, at=START + 1, kind="route_down", detail="phones")
    alarms = house.read.alarms(open_only=True)
    assert [(one.kind, one.unit_name, one.callout_id) for one in alarms.rows] == [
        ("route_down", "", None),
        ("no_contact", "白文镇", 1),
    ]
    cut = house.read.alarms(open_only=True, limit=1)
    assert (len(cut.rows), cut.total, alarms.total, house.read.alarms().total) == (1, 2, 2, 3)


def test_alarms_of_a_call_out_are_not_lost_behind_newer_ones(house: House) -> None:
    """Chosen by the database, before the list is cut."""
    house.add(schema.alarm, at=START, kind="no_contact", detail="", callout_id=1, unit_id=TOWNSHIP)
    for position in range(60):
        house.add(schema.alarm, at=START + position, kind="quarantined", detail="", about=str(position))
    found = house.read.alarms(open_only=True, callout_id=1)
    assert ([one.kind for one in found.rows], found.total) == (["no_contact"], 1)


def test_who_answered_a_self_call_is_shown_by_unit_and_role(house: House) -> None:
    """The record keeps the number of the receiver; an officer who calls himself so is nobody of the register."""
    receiver = house.receiver(TOWNSHIP)
    for by in (f"receiver:{receiver}", "receiver:999999", "receiver:x", "receiver:" + "9" * 30, "wang"):
        house.add(schema.alarm, at=START, kind="route_down", detail="", claimed_at=START, claimed_by=by)
    *others, claimed = house.read.alarms().rows
    assert (claimed.claimed_unit, claimed.claimed_role) == ("白文镇", Role.PRIMARY)
    assert [(one.claimed_unit, one.claimed_role) for one in others] == [("", None)] * 4


def test_alerts_name_the_callouts_they_concerned(house: House) -> None:
    """A Cancel shows the call-out that its chain began; a stored message of the same chain shows none of it."""
    chain = house.chain()
    first = house.alert(message(info("zh-CN")), chain_id=chain)
    callouts = tuple(house.callout(alert_id=first, chain_id=chain, round=number) for number in (1, 2))
    cancel = house.alert(message(), chain_id=chain, identifier="c", msg_type="Cancel", colour=0)
    stored = house.alert(message(), chain_id=chain, identifier="s", disposition=Disposition.STORED.value)
    alone = house.alert(message(), identifier="x")
    rows = {row.id: row for row in house.read.alerts()}
    assert list(rows) == [alone, stored, cancel, first]
    assert rows[first].callouts == rows[cancel].callouts == callouts
    assert rows[stored].callouts == rows[alone].callouts == ()
    assert (rows[cancel].colour, rows[first].colour) == (None, Colour.RED)
    assert (rows[first].reasons, rows[first].sender, rows[first].status) == (("trigger",), "吕梁市气象台", "Actual")
    assert house.read.alert(cancel) == rows[cancel]


def test_what_could_not_be_read_is_listed_with_its_reasons(house: House) -> None:
    """Promise 10: a message for which no alert stands is still found, newest first."""
    one = house.raw(Disposition.QUARANTINED, ("DOCTYPE",))
    house.raw(Disposition.STORED)
    house.alert(message(), raw_message_id=house.raw(Disposition.QUARANTINED, ("sender_not_allowed",)))
    two = house.raw(Disposition.QUARANTINED, ("not XML",))
    rows = house.read.quarantined()
    assert [(row.raw_id, row.reasons) for row in rows] == [(two, ("not XML",)), (one, ("DOCTYPE",))]
    assert [row.raw_id for row in house.read.quarantined(limit=1)] == [two]


def test_a_key_opens_its_scopes_until_it_is_revoked(house: House) -> None:
    """Keys are known by their hash only; an unknown or revoked one opens nothing."""
    values = {"name": "a", "hash": sha256(b"secret").digest(), "scopes": "alerts, read", "created_at": START}
    key = house.add(schema.api_key, **values)
    assert house.read.scopes_of_key("secret") == {"alerts", "read"}
    assert house.read.scopes_of_key("other") == frozenset()
    assert (house.read.name_of_key("secret"), house.read.name_of_key("other")) == ("a", "")
    house.change(schema.api_key, key, revoked_at=START)
    assert house.read.scopes_of_key("secret") == frozenset()
    assert house.read.name_of_key("secret") == ""


def linked(house: House, unit: int, step: CalleeState = CalleeState.CALLING, **changes: object) -> tuple[int, int, int]:
    """A call-out with one callee, whose receiver has a link: (call-out, callee, receiver)."""
    callout = house.callout(**changes)
    callee = house.callee(callout, house.branch(callout, VILLAGES), unit, VILLAGES, step)
    receiver = house.receiver(unit)
    house.link(callout, receiver)
    return callout, callee, receiver


# --- the receiver's page ----------------------------------------------------------------------------------


def test_a_link_shows_the_warning_in_the_receivers_language(house: House) -> None:
    """The village head reads the block of their language, of the gravest event; the issuer is never a person's name."""
    alert = message(
        info("en-US"),
        info("zh-CN", colour=Colour.BLUE, headline="大风蓝色"),
        info("zh-CN", areas=(AlertArea("临县", ()), AlertArea("兴县", ()), AlertArea("临县", ()))),
    )
    village = house.village(1, "郝家墕村")
    callout, callee, receiver = linked(house, village, alert_id=house.alert(alert))
    view = house.read.link(TOKEN.upper())
    (unit,) = view.units
    assert (view.callout_id, unit.callee_id, unit.path, unit.name) == (callout, callee, "临县 白文镇", "郝家墕村")
    assert (view.headline, view.description, view.instruction) == (
        "headline zh-CN",
        "description zh-CN",
        "instruction zh-CN",
    )
    assert (view.issuer, view.sent, view.expires) == ("吕梁市气象台", START - 5, START + 1)
    assert view.area_names == ("临县", "兴县")
    assert view.open
    house.change(schema.receiver, receiver, language="en")
    english = house.read.link(TOKEN)
    assert (english.language, english.headline, english.area_names) == ("en", "headline en-US", ("area en-US",))


def test_a_language_the_warning_does_not_speak_falls_back(house: House) -> None:
    """Chinese first: an English receiver of a Chinese-only warning reads Chinese, not nothing."""
    _, _, receiver = linked(house, WATER, alert_id=house.alert(message(info("zh-CN"))))
    house.change(schema.receiver, receiver, language="en")
    view = house.read.link(TOKEN)
    assert (view.headline, view.units[0].path, view.units[0].name) == ("headline zh-CN", "", "临县水利局")


def test_areas_without_a_description_are_named_by_the_register(house: House) -> None:
    """A code alone tells a villager nothing; those that the register knows get their names."""
    areas = (AlertArea("", ("141124000000", "141124104000", "990000000000")),)
    linked(house, WATER, alert_id=house.alert(message(info("zh-CN", areas=areas))))
    assert house.read.link(TOKEN).area_names == ("临县", "白文镇")


def test_a_link_of_a_callout_without_an_alert_is_shown_all_the_same(house: House) -> None:
    """Begun by hand: colour, hazard and place are known, the rest is left empty; a drill says so."""
    linked(house, WATER, purpose=Purpose.DRILL.value, state=CallOutState.CANCELLED.value)
    view = house.read.link(TOKEN)
    assert (view.headline, view.description, view.area_names, view.expires) == ("", "", (), None)
    assert (view.issuer, view.sent, view.hazard_name, view.drill) == ("吕梁市", START, RAINSTORM, True)
    assert not view.open


def test_a_message_without_any_block_still_has_its_headline(house: House) -> None:
    """What the intake noted of an alert is shown when its body says nothing."""
    linked(house, WATER, alert_id=house.alert(message(), expires=START + 7))
    view = house.read.link(TOKEN)
    assert (view.headline, view.expires) == ("暴雨红色预警", START + 7)


def test_an_acknowledged_unit_is_confirmed_by_whoever_answered_first(house: House) -> None:
    """Once the unit is acknowledged nobody of it is asked again, and the page says when and how."""
    callout, callee, receiver = linked(house, WATER, CalleeState.ACKNOWLEDGED)
    house.answer(callout, callee, START + 1, counted=False, receiver=receiver + 2, means=Means.LINK)
    house.answer(callout, callee, START + 5, counted=True, receiver=receiver + 1, means=Means.KEY)
    house.answer(callout, callee, START + 9, counted=True, receiver=receiver + 1, means=Means.REPLY)
    view = house.read.link(TOKEN)
    assert (view.units[0].confirmed_at, view.units[0].confirmed_means, view.open) == (START + 5, Means.KEY, False)


def test_the_duty_rooms_answer_leaves_the_button_to_a(house: House) -> None:
    """An office whose duty room answered goes on asking A, so A's own link must still confirm."""
    callout, callee, receiver = linked(house, WATER, CalleeState.DUTY_ANSWERED)
    house.answer(callout, callee, START + 5, counted=True, receiver=receiver + 1, means=Means.KEY)
    assert house.read.link(TOKEN).open
    house.answer(callout, callee, START + 8, counted=True, receiver=receiver, means=Means.LINK)
    assert house.read.link(TOKEN).units[0].confirmed_at == START + 8


def test_ones_own_word_is_confirmed_even_if_it_does_not_answer_for_the_unit(house: House) -> None:
    """A clerk who tapped sees that it was received (RELAYED) and is not asked to tap again and again."""
    callout, callee, receiver = linked(house, WATER, CalleeState.RELAYED)
    assert house.read.link(TOKEN).last_confirmed is None
    house.answer(callout, callee, START + 5, counted=False, receiver=receiver, means=Means.LINK)
    unit = house.read.link(TOKEN).last_confirmed
    assert unit is not None
    assert (unit.confirmed_at, unit.confirmed_means) == (START + 5, Means.LINK)


def post(house: House, unit: int, role: Role, number: int, channel: Channel = Channel.SMS) -> int:
    """A receiver of a unit with a number on a channel."""
    receiver = house.receiver(unit)
    house.change(schema.receiver, receiver, role=role.value)
    values = {"receiver_id": receiver, "unit_id": unit, "role": role.value, "channel": channel.value}
    house.add(schema.endpoint, number_id=number, **values)
    return receiver


def test_a_link_names_every_unit_behind_the_number_it_was_sent_to(house: House) -> None:
    """A of one village, B of another and the clerk of a third are one person; a stranger's village is not theirs."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    villages = [house.village(number, f"村{number}") for number in range(4)]
    callees = [house.callee(callout, branch, unit, VILLAGES, CalleeState.CALLING) for unit in villages]
    phone, other = house.number("1"), house.number("2")
    receivers = [post(house, villages[at], role, phone) for at, role in ((1, Role.PRIMARY), (0, Role.DEPUTY))]
    receivers.append(post(house, villages[2], Role.DUTY, phone))
    post(house, villages[3], Role.PRIMARY, other)
    post(house, villages[3], Role.DEPUTY, phone, Channel.VOICE)  # the same phone, but no message goes there
    house.link(callout, receivers[0])
    view = house.read.link(TOKEN)
    assert [unit.callee_id for unit in view.units] == [callees[1], callees[0], callees[2]]
    house.answer(callout, callees[0], START + 3, counted=True, receiver=receivers[1], means=Means.LINK)
    view = house.read.link(TOKEN)
    assert view.open
    assert [unit.confirmed_at for unit in view.units] == [None, START + 3, None]


def test_the_link_of_an_old_round_shows_what_took_over(house: House) -> None:
    """The newest in the chain of rounds, with its own button; a unit that was not taken over is left out of it."""
    _, first, receiver = linked(house, WATER, CalleeState.SUPERSEDED, state=CallOutState.SUPERSEDED.value)
    assert not house.read.link(TOKEN).open
    rounds = [house.callout(round=2, state=CallOutState.SUPERSEDED.value), house.callout(round=3)]
    newer = [
        house.callee(callout, house.branch(callout, VILLAGES), WATER, VILLAGES, CalleeState.CALLING)
        for callout in rounds
    ]
    house.change(schema.callee, first, carried_id=newer[0])
    house.change(schema.callee, newer[0], carried_id=newer[1])
    view = house.read.link(TOKEN)
    assert (view.callout_id, view.units[0].callee_id, view.open) == (rounds[1], newer[1], True)
    house.answer(rounds[1], newer[1], START + 3, counted=True, receiver=receiver, means=Means.LINK)
    assert not house.read.link(TOKEN).open


def test_alarms_say_how_urgent_they_are_and_who_claimed_them(house: House) -> None:
    """Claimed ones only when asked for."""
    house.add(schema.alarm, at=START, kind="route_down", detail="x", colour=3, times=4, self_callout_id=7)
    house.add(schema.alarm, at=START, kind="downgraded", detail="x", claimed_at=START + 1, claimed_by="wang")
    [rung] = house.read.alarms(open_only=True).rows
    assert (rung.colour, rung.times, rung.self_callout_id, rung.claimed_at) == (Colour.ORANGE, 4, 7, None)
    claimed, _ = house.read.alarms().rows
    assert (claimed.colour, claimed.claimed_at, claimed.claimed_by) == (None, START + 1, "wang")


def test_the_bureaus_own_call_is_no_call_out_of_the_list(house: House) -> None:
    """It is found by its number, and never among warnings."""
    own, warning = house.callout(purpose=Purpose.SELF.value), house.callout()
    assert [one.id for one in house.read.callouts()] == [warning]
    assert [one.id for one in house.read.callouts(live_only=True)] == [warning]
    assert house.read.callout(own).purpose is Purpose.SELF


def test_a_link_of_the_bureaus_own_call_shows_what_is_open_now(house: House) -> None:
    """In the words frozen into the self-call; what was claimed is not shown any more."""
    texts = '{"zh_CN/cause/route_down": ["", "一条线路停用"], "zh_CN/cause/several": ["", "{cause}（{count}项）"]}'
    callout, _, _ = linked(house, WATER, purpose=Purpose.SELF.value, texts=texts)
    told = [
        house.add(schema.alarm, at=START, kind="route_down", detail="x", colour=3, self_callout_id=callout)
        for _ in range(2)
    ]
    alarm = house.add(schema.alarm, at=START, kind="source_silent", detail="x", self_callout_id=callout, colour=3)
    house.change(schema.alarm, alarm, claimed_at=START)
    view = house.read.link(TOKEN)
    assert (view.own, view.causes, view.open) == (True, ("一条线路停用（2项）",), True)
    assert view.told_alarm == told[-1]
