"""The read models over the tables: what people are shown is joined and counted right, quickly, and beside the writer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Table, event, insert, update

from warning_dispatch.clock import stopwatch
from warning_dispatch.configuration.freezing import chain_to_json
from warning_dispatch.errors import NotFoundError
from warning_dispatch.logs import silent_logger
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, AlertStatus, Disposition, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Ladder, Repeat, Selection, Tier, TierRule
from warning_dispatch.model.states import (
    UNREACHED,
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    Means,
    Purpose,
)
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel
from warning_dispatch.model.views import CurvePoint
from warning_dispatch.ports import ReadModels
from warning_dispatch.store import schema
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.database import create_in_memory, open_database, reading, upgrade, writing
from warning_dispatch.store.journal import Journal
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.reading_callouts import MOST_POINTS, thinned
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sealing import AesSealer, link_hash
from warning_dispatch.store.snapshot import fold_faults, snapshot

START = 1_785_000_000_000
KEYS = KeyRing.simulated(1)
SEALER = AesSealer(KEYS)
RAINSTORM = {"zh_CN": "暴雨", "en": "Rainstorm"}
TOKEN = "abcdefghij234567"
CITY, COUNTY, TOWNSHIP, WATER = 1, 2, 3, 4
LEADERS, TOWNSHIPS, VILLAGES, SNOW = range(4)
_ALERT = TypeAdapter(Alert)


def _tier(name: str, *colours: Colour) -> Tier:
    ladder = Ladder((), Repeat((60_000,), ()), Repeat((60_000,), ()), 600_000)
    return Tier(
        name=name,
        title={"zh_CN": f"层级{name}", "en": name},
        opens_after=None,
        gate=Gate.TIER,
        select=Selection(UnitKind.DIVISION, UnitLevel.VILLAGE),
        rule=TierRule.ALL,
        quorum=1.0,
        need=1,
        answering=3,
        gate_roles=0,
        hold={},
        ladders=dict.fromkeys(colours, ladder),
    )


PLAN = CallChain(
    name="city",
    title={"zh_CN": "市级叫应方案", "en": "City plan"},
    triggers=(),
    tiers=(
        _tier("leaders", Colour.RED),
        _tier("townships", Colour.RED),
        _tier("villages", Colour.RED),
        _tier("snow", Colour.YELLOW),
    ),
    target={},
)


def info(language: str, **changes: object) -> AlertInfo:
    """One info block of a red rainstorm."""
    values: dict[str, object] = {
        "language": language,
        "event_code": "11B03",
        "event_name": "暴雨",
        "colour": Colour.RED,
        "severity": "Red",
        "headline": f"headline {language}",
        "description": f"description {language}",
        "instruction": f"instruction {language}",
        "sender_name": "张某",
        "effective": None,
        "onset": None,
        "expires": START + 1,
        "areas": (AlertArea(f"area {language}", ("141124000000",)),),
    }
    return AlertInfo(**{**values, **changes})  # type: ignore[arg-type]


def message(*infos: AlertInfo) -> Alert:
    """An alert of the city's observatory."""
    return Alert(
        "12379",
        "id-1",
        "吕梁市气象台",
        "14110041600000",
        START - 5,
        AlertStatus.ACTUAL,
        MsgType.ALERT,
        "",
        "",
        "",
        (),
        infos,
    )


class House:
    """Rows by hand: each method inserts one row and gives its id."""

    def __init__(self, engine: Engine) -> None:
        """A prefecture of one county with one township; an office beside it."""
        self.engine = engine
        self.read = TableReadings(engine, SEALER, {"rainstorm": RAINSTORM}, reached={"key_pressed"})
        self.unit("1411", "吕梁市", UnitLevel.CITY, None)
        self.unit("141124", "临县", UnitLevel.COUNTY, CITY)
        self.unit("141124104", "白文镇", UnitLevel.TOWNSHIP, COUNTY)
        self.unit("141124-water", "临县水利局", UnitLevel.COUNTY, COUNTY, kind=UnitKind.DEPARTMENT)

    def add(self, table: Table, **values: object) -> int:
        """One row."""
        with writing(self.engine) as connection:
            key = connection.execute(insert(table).values(**values)).inserted_primary_key
        return int(key[0]) if key and isinstance(key[0], int) else 0

    def change(self, table: Table, key: int, **values: object) -> None:
        """Alter one row."""
        with writing(self.engine) as connection:
            connection.execute(update(table).where(table.c.id == key).values(**values))

    def unit(
        self, code: str, name: str, level: UnitLevel, superior: int | None, kind: UnitKind = UnitKind.DIVISION
    ) -> int:
        """A unit."""
        return self.add(
            schema.unit, code=code, name=name, kind=kind.value, level=level.value, area=code, superior_id=superior
        )

    def village(self, number: int, name: str = "") -> int:
        """A village of the township."""
        return self.unit(f"141124104{number:03}", name or f"村{number}", UnitLevel.VILLAGE, TOWNSHIP)

    def callout(self, **changes: object) -> int:
        """A running red call-out."""
        values: dict[str, object] = {
            "plan_name": "city",
            "plan": chain_to_json(PLAN),
            "texts": "{}",
            "hazard": "rainstorm",
            "colour": Colour.RED.value,
            "issuer_area": "1411",
            "purpose": Purpose.CALL.value,
            "state": CallOutState.RUNNING.value,
            "started_at": START,
            "voice_until": START + 1_000_000,
            "validity_guessed": 1,
        }
        return self.add(schema.callout, **{**values, **changes})

    def branch(self, callout: int, tier: int, opened_at: int | None = None, **changes: object) -> int:
        """A branch, shut unless it has a moment of opening."""
        state = BranchState.WAITING if opened_at is None else BranchState.OPEN
        values = {"callout_id": callout, "tier": tier, "state": state.value, "opened_at": opened_at}
        return self.add(schema.branch, **{**values, **changes})

    def callee(
        self,
        callout: int,
        branch: int,
        unit: int,
        tier: int,
        state: CalleeState = CalleeState.CALLING,
        **changes: object,
    ) -> int:
        """A callee."""
        values: dict[str, object] = {"callout_id": callout, "branch_id": branch, "unit_id": unit, "tier": tier}
        return self.add(schema.callee, **values, state=state.value, **changes)

    def attempt(self, callout: int, *callees: int, state: AttemptState = AttemptState.ENDED, **changes: object) -> int:
        """An attempt by voice that serves some callees."""
        values: dict[str, object] = {
            "callout_id": callout,
            "channel": Channel.VOICE.value,
            "purpose": Purpose.CALL.value,
            "roles": 1,
            "order_key": 1,
            "state": state.value,
            "due_at": START,
        }
        key = self.add(schema.attempt, **{**values, **changes})
        for callee in callees:
            self.add(schema.attempt_callee, attempt_id=key, callee_id=callee)
        return key

    def answer(self, callout: int, callee: int, at: int, *, counted: bool, receiver: int, means: Means) -> int:
        """An acknowledgement."""
        return self.add(
            schema.acknowledgement,
            callout_id=callout,
            callee_id=callee,
            at=at,
            means=means.value,
            receiver_id=receiver,
            counted=int(counted),
        )

    def raw(self, disposition: Disposition = Disposition.ACCEPTED, reasons: tuple[str, ...] = ()) -> int:
        """A message that came in."""
        return self.add(
            schema.raw_message,
            received_at=START,
            source="api",
            digest="d",
            size=9,
            sealed=b"",
            disposition=disposition.value,
            reasons=json.dumps(reasons),
        )

    def alert(self, alert: Alert, **changes: object) -> int:
        """A warning as the intake stores it."""
        values: dict[str, object] = {
            "raw_message_id": self.raw(),
            "dialect": alert.dialect,
            "identifier": alert.identifier,
            "issuer": alert.sender_code,
            "sender": alert.sender,
            "sent": alert.sent,
            "received_at": START,
            "status": alert.status.value,
            "msg_type": alert.msg_type.value,
            "hazard": "rainstorm",
            "colour": Colour.RED.value,
            "headline": "暴雨红色预警",
            "content_digest": f"{alert.identifier} {changes}",
            "sealed": SEALER.seal(_ALERT.dump_json(alert), ALERT_CONTEXT),
            "disposition": Disposition.ACCEPTED.value,
            "reasons": '["trigger"]',
        }
        return self.add(schema.alert, **{**values, **changes})

    def chain(self, root: str = "id-1") -> int:
        """A chain of warnings."""
        return self.add(
            schema.alert_chain, root=root, issuer="1411", issuer_area="1411", hazard="rainstorm", colour=4, state=1
        )

    def receiver(self, unit: int, language: str = "zh_CN") -> int:
        """A person who answers for a unit."""
        return self.add(schema.receiver, unit_id=unit, role=Role.PRIMARY.value, name_sealed=b"", language=language)

    def link(self, callout: int, receiver: int, token: str = TOKEN) -> str:
        """A receiver's link."""
        self.add(schema.link, hash=link_hash(token), callout_id=callout, receiver_id=receiver, purpose=1)
        return token

    def number(self, masked: str) -> int:
        """A number."""
        return self.add(schema.number, kind="phone", sealed=b"", blind_index=masked.encode(), masked=masked)


@pytest.fixture(params=["file", "memory"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on a database of either kind."""
    if request.param == "memory":
        engine = create_in_memory()
    else:
        engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
        upgrade(engine)
    yield House(engine)
    engine.dispose()


def linked(house: House, unit: int, step: CalleeState = CalleeState.CALLING, **changes: object) -> tuple[int, int, int]:
    """A call-out with one callee, whose receiver has a link: (call-out, callee, receiver)."""
    callout = house.callout(**changes)
    callee = house.callee(callout, house.branch(callout, VILLAGES), unit, VILLAGES, step)
    receiver = house.receiver(unit)
    house.link(callout, receiver)
    return callout, callee, receiver


# --- call-outs --------------------------------------------------------------------------------------------


def test_the_readings_are_the_port(house: House) -> None:
    """Pages, API and commands get exactly what ports.ReadModels promises."""
    read: ReadModels = house.read
    assert list(read.callouts()) == []
    assert list(read.alerts()) == []


def test_a_callout_is_shown_with_its_tiers_counted(house: House) -> None:
    """One glance: each tier with its states, their sum, and the moment it opened; a tier of other colours is left out."""
    callout = house.callout(alert_id=house.alert(message(info("zh-CN"))))
    house.branch(callout, LEADERS, START + 9)
    first, second = house.branch(callout, VILLAGES, START + 70), house.branch(callout, VILLAGES, START + 60)
    house.branch(callout, VILLAGES)
    states = [state for state in CalleeState for _ in range(state.value % 3 + 1)]
    for number, state in enumerate(states):
        house.callee(callout, (first, second)[number % 2], house.village(number), VILLAGES, state)
    view = house.read.callout(callout)
    assert [tier.name for tier in view.tiers] == ["leaders", "townships", "villages"]
    villages = view.tiers[VILLAGES]
    shown = [state for state in CalleeState if state is not CalleeState.SUPERSEDED]
    assert {state: getattr(villages, state.name.lower()) for state in shown} == {
        state: state.value % 3 + 1 for state in shown
    }
    assert villages.callees == sum(state.value % 3 + 1 for state in shown)
    assert villages.unreached == sum(state.value % 3 + 1 for state in UNREACHED)
    assert [tier.opened_at for tier in view.tiers] == [START + 9, None, START + 60]
    assert villages.title == {"zh_CN": "层级villages", "en": "villages"}
    assert (view.plan_title["en"], view.hazard_name, view.colour) == ("City plan", RAINSTORM, Colour.RED)
    assert (view.issuer, view.headline) == ("吕梁市气象台", "暴雨红色预警")


def test_a_callout_begun_by_hand_and_an_unknown_hazard_are_shown_all_the_same(house: House) -> None:
    """Without an alert the place stands for the issuer; a hazard that left the configuration goes by its key."""
    view = house.read.callout(house.callout(hazard="hail"))
    assert (view.alert_id, view.issuer, view.headline) == (None, "吕梁市", "")
    assert view.hazard_name == {"zh_CN": "hail", "en": "hail"}


def test_sent_and_got_through_are_counted_apart(house: House) -> None:
    """发得出 and 传得到: begun, handed over, got through; what was dropped in the queue never began."""
    callout = house.callout()
    callee = house.callee(callout, house.branch(callout, VILLAGES), house.village(1), VILLAGES)
    house.attempt(callout, callee, state=AttemptState.DROPPED, outcome="answered")
    house.attempt(callout, callee, state=AttemptState.READY)
    assert house.read.callout(callout).first_attempt_at is None
    house.attempt(callout, callee, claimed_at=START + 3, state=AttemptState.CLAIMED)
    house.attempt(callout, callee, claimed_at=START + 2, handed_at=START + 3, outcome="no_answer")
    house.attempt(callout, callee, claimed_at=START + 4, handed_at=START + 5, outcome="key_pressed")
    house.attempt(callout, callee, claimed_at=START + 4, handed_at=START + 5, delivered_at=START + 6)
    view = house.read.callout(callout)
    assert (view.attempts, view.handed, view.delivered, view.first_attempt_at) == (4, 3, 2, START + 2)


def test_callouts_come_newest_first_and_live_ones_alone(house: House) -> None:
    """The list of a night: the newest on top; those that ended only when asked for."""
    ids = [house.callout(state=state.value) for state in CallOutState]
    assert [view.id for view in house.read.callouts()] == ids[::-1]
    live = [CallOutState.AWAITING_LIFT, CallOutState.PAUSED, CallOutState.RUNNING]
    assert [view.state for view in house.read.callouts(live_only=True)] == live
    assert [view.id for view in house.read.callouts(limit=2)] == ids[:-3:-1]


def test_what_does_not_exist_is_said_to_be_missing(house: House) -> None:
    """An old bookmark is answered clearly."""
    with pytest.raises(NotFoundError):
        house.read.callout(9)
    with pytest.raises(NotFoundError):
        house.read.callees(9)
    with pytest.raises(NotFoundError):
        house.read.alert(9)
    with pytest.raises(NotFoundError):
        house.read.link(TOKEN)


# --- callees ----------------------------------------------------------------------------------------------


def test_callees_come_by_code_with_the_names_above_them(house: House) -> None:
    """Names repeat, so each unit shows its superiors, nearest last; the city needs no saying."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    units = [house.village(2, "郝家墕村"), WATER, COUNTY, CITY, house.village(1, "白文村")]
    for unit in units:
        house.callee(callout, branch, unit, VILLAGES, opened_at=START, next_at=START + 5, calls=2)
    rows = house.read.callees(callout)
    assert [(row.unit_code, row.unit_name, row.path) for row in rows] == [
        ("1411", "吕梁市", ""),
        ("141124", "临县", ""),
        ("141124-water", "临县水利局", "临县"),
        ("141124104001", "白文村", "临县 白文镇"),
        ("141124104002", "郝家墕村", "临县 白文镇"),
    ]
    assert (rows[0].tier, rows[0].calls, rows[0].opened_at, rows[0].next_at) == ("villages", 2, START, START + 5)


def test_callees_are_chosen_by_state_and_tier_and_paged(house: House) -> None:
    """The list of the unreached is one question, however long the call-out is."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    for number, state in enumerate(CalleeState):
        tier = VILLAGES if number % 2 else TOWNSHIPS
        house.callee(callout, branch, house.village(number), tier, state)
    read = house.read
    assert [row.state for row in read.callees(callout, states=UNREACHED)] == list(UNREACHED)
    assert {row.tier for row in read.callees(callout, tier="townships")} == {"townships"}
    assert [row.state for row in read.callees(callout, states=UNREACHED, tier="villages")] == [CalleeState.UNANSWERED]
    assert list(read.callees(callout, tier="nobody")) == []
    everybody = [row.callee_id for row in read.callees(callout)]
    paged = [row.callee_id for offset in range(0, 12, 5) for row in read.callees(callout, limit=5, offset=offset)]
    assert paged == everybody
    assert list(read.callees(callout, offset=12)) == []


def test_the_last_outcome_is_that_of_the_latest_ended_attempt(house: House) -> None:
    """What the duty officer reads beside a village is what happened last, not what was begun last."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    one, two, three = (house.callee(callout, branch, house.village(number), VILLAGES) for number in (1, 2, 3))
    house.attempt(callout, one, two, ended_at=START + 50, outcome="busy")
    house.attempt(callout, one, ended_at=START + 40, outcome="no_answer")
    house.attempt(callout, two, ended_at=START + 50, outcome="heard")
    house.attempt(callout, one, state=AttemptState.HANDED)
    house.attempt(callout, three, state=AttemptState.DROPPED, ended_at=START + 60, outcome="answered")
    assert [row.last_outcome for row in house.read.callees(callout)] == ["busy", "heard", ""]


def test_latest_attempts_show_masked_numbers_and_every_unit_of_a_call(house: House) -> None:
    """Promise 11 on the page; and one phone in one call names all its units. What only waits is not shown."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    one, two = (house.callee(callout, branch, house.village(number), VILLAGES) for number in (1, 2))
    house.attempt(callout, one, state=AttemptState.READY)
    late = house.attempt(
        callout,
        two,
        one,
        claimed_at=START + 9,
        number_id=house.number("100****0001"),
        role=Role.DEPUTY.value,
        outcome="no_answer",
        ended_at=START + 20,
        possible_duplicate=1,
    )
    early = house.attempt(callout, one, claimed_at=START + 8, state=AttemptState.HANDED, channel=Channel.SMS.value)
    rows = house.read.latest_attempts(callout)
    assert [row.id for row in rows] == [late, early]
    assert (rows[0].unit_name, rows[0].masked, rows[0].role) == ("村1、村2", "100****0001", Role.DEPUTY)
    assert (rows[0].outcome, rows[0].state, rows[0].possible_duplicate) == ("no_answer", AttemptState.ENDED, True)
    assert (rows[1].masked, rows[1].role, rows[1].channel, rows[1].outcome) == ("", None, Channel.SMS, "")
    assert [row.id for row in house.read.latest_attempts(callout, limit=1)] == [late]


# --- the curve --------------------------------------------------------------------------------------------


def test_the_curve_adds_up_answers_by_the_second_without_the_waived(house: House) -> None:
    """Each point says how many had answered by then; a unit that an officer took off has not."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES)
    moments = [START + 100, START + 900, START + 5_000, None]
    for number, moment in enumerate(moments):
        state = CalleeState.ACKNOWLEDGED if moment else CalleeState.CALLING
        house.callee(callout, branch, house.village(number), VILLAGES, state, answered_at=moment)
    house.callee(callout, branch, WATER, VILLAGES, CalleeState.WAIVED, answered_at=START + 6_000)
    house.callee(callout, branch, COUNTY, VILLAGES, CalleeState.DUTY_ANSWERED, answered_at=START + 7_000)
    assert list(house.read.curve(callout)) == [
        CurvePoint(START + 900, 2),
        CurvePoint(START + 5_000, 3),
        CurvePoint(START + 7_000, 4),
    ]


def test_a_long_curve_is_thinned_and_stays_true() -> None:
    """Thousands of answers are some 300 points, each of them one of the real ones, the last among them."""
    points = [CurvePoint(START + number * number, number + 1) for number in range(5_000)]
    kept = thinned(points)
    assert 100 < len(kept) <= MOST_POINTS
    assert set(kept) <= set(points)
    assert kept[-1] == points[-1]
    assert list(kept) == sorted(kept, key=lambda point: point.at)
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


# --- alarms, alerts, keys ---------------------------------------------------------------------------------


def test_open_alarms_are_those_nobody_claimed(house: House) -> None:
    """Promise 9: what needs a human stays on the page until one has it."""
    house.add(schema.alarm, at=START, kind="no_contact", detail="x", callout_id=1, unit_id=TOWNSHIP)
    house.add(schema.alarm, at=START, kind="claimed", detail="x", claimed_at=START)
    house.add(schema.alarm, at=START + 1, kind="route_down", detail="phones")
    alarms = house.read.open_alarms()
    assert [(one.kind, one.unit_name, one.callout_id) for one in alarms] == [
        ("route_down", "", None),
        ("no_contact", "白文镇", 1),
    ]
    assert len(house.read.open_alarms(limit=1)) == 1


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
    house.change(schema.api_key, key, revoked_at=START)
    assert house.read.scopes_of_key("secret") == frozenset()


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
    assert (view.callout_id, view.callee_id, view.unit_name) == (callout, callee, "临县白文镇郝家墕村")
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
    assert (view.headline, view.unit_name) == ("headline zh-CN", "临县水利局")


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
    assert (view.confirmed_at, view.confirmed_means, view.open) == (START + 5, Means.KEY, False)


def test_the_duty_rooms_answer_leaves_the_button_to_a(house: House) -> None:
    """An office whose duty room answered goes on asking A, so A's own link must still confirm."""
    callout, callee, receiver = linked(house, WATER, CalleeState.DUTY_ANSWERED)
    house.answer(callout, callee, START + 5, counted=True, receiver=receiver + 1, means=Means.KEY)
    assert house.read.link(TOKEN).open
    house.answer(callout, callee, START + 8, counted=True, receiver=receiver, means=Means.LINK)
    assert house.read.link(TOKEN).confirmed_at == START + 8


def test_ones_own_word_is_confirmed_even_if_it_does_not_answer_for_the_unit(house: House) -> None:
    """A clerk who tapped sees that it was received (RELAYED) and is not asked to tap again and again."""
    callout, callee, receiver = linked(house, WATER, CalleeState.RELAYED)
    assert house.read.link(TOKEN).confirmed_at is None
    house.answer(callout, callee, START + 5, counted=False, receiver=receiver, means=Means.LINK)
    view = house.read.link(TOKEN)
    assert (view.confirmed_at, view.confirmed_means) == (START + 5, Means.LINK)


# --- speed, and the writer --------------------------------------------------------------------------------


def fill(connection: Connection, callout: int, branch: int, units: int) -> None:
    """A prefecture's worth of villages, each with four ended attempts."""
    first = 1_000
    connection.execute(
        insert(schema.unit),
        [
            {
                "id": first + number,
                "code": f"1411241{number:05}",
                "name": f"村{number}",
                "kind": "division",
                "level": 4,
                "area": f"1411241{number:05}",
                "superior_id": TOWNSHIP,
            }
            for number in range(units)
        ],
    )
    connection.execute(
        insert(schema.callee),
        [
            {
                "id": first + number,
                "callout_id": callout,
                "branch_id": branch,
                "unit_id": first + number,
                "tier": VILLAGES,
                "state": CalleeState.UNANSWERED.value if number % 3 else CalleeState.ACKNOWLEDGED.value,
                "answered_at": None if number % 3 else START + number * 700,
            }
            for number in range(units)
        ],
    )
    attempts = [(number, 4 * number + each) for number in range(units) for each in range(4)]
    connection.execute(
        insert(schema.attempt),
        [
            {
                "id": first + key,
                "callout_id": callout,
                "channel": 1,
                "purpose": 1,
                "roles": 1,
                "order_key": 1,
                "state": AttemptState.ENDED.value,
                "due_at": START,
                "claimed_at": START + key,
                "ended_at": START + key + 9,
                "outcome": "no_answer",
            }
            for _, key in attempts
        ],
    )
    connection.execute(
        insert(schema.attempt_callee),
        [{"attempt_id": first + key, "callee_id": first + number} for number, key in attempts],
    )


def test_a_prefecture_is_shown_quickly_and_without_a_query_per_person(house: House) -> None:
    """A page of a call-out with 2,600 callees and 10,400 attempts costs some milliseconds and a few statements."""
    callout = house.callout()
    branch = house.branch(callout, VILLAGES, START)
    with writing(house.engine) as connection:
        fill(connection, callout, branch, 2_600)
    statements: list[str] = []
    event.listen(house.engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
    read = house.read
    questions = (
        lambda: read.callout(callout),
        lambda: read.callees(callout, limit=100),
        lambda: read.callees(callout, states=UNREACHED, limit=100, offset=1_600),
        lambda: read.latest_attempts(callout),
        lambda: read.curve(callout),
    )
    for question in questions:
        question()
        statements.clear()
        times = []
        for _ in range(3):
            began = stopwatch()
            question()
            times.append(stopwatch() - began)
        assert len(statements) <= 3 * 5
        assert min(times) < 0.05
    assert len(read.curve(callout)) == MOST_POINTS
    assert len(read.callees(callout, limit=5_000)) == 2_600


def test_reading_goes_on_while_somebody_writes(tmp_path: Path) -> None:
    """A page neither waits for the writer nor sees what is not committed."""
    engine = open_database(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    house = House(engine)
    callout = house.callout()
    with writing(engine) as connection:
        changed = update(schema.callout).where(schema.callout.c.id == callout)
        connection.execute(changed.values(state=CallOutState.CLOSED.value))
        assert house.read.callout(callout).state is CallOutState.RUNNING
    assert house.read.callout(callout).state is CallOutState.CLOSED
    engine.dispose()


# --- journal and rows -------------------------------------------------------------------------------------


def _journalled(house: House) -> tuple[int, int, int]:
    """A call-out whose journal and rows agree: (call-out, branch, callee that has answered)."""
    callout = house.callout(total=2, finished=1)
    branch = house.branch(callout, VILLAGES, START, total=2, needed=2, answered=1, finished=1)
    units = [house.village(1), house.village(2)]
    first = house.callee(callout, branch, units[0], VILLAGES, CalleeState.ACKNOWLEDGED)
    last = house.callee(callout, branch, units[1], VILLAGES)
    attempt = house.attempt(callout, first, outcome="key_pressed")
    house.answer(callout, first, START, counted=True, receiver=1, means=Means.KEY)
    digest = sha256(",".join(map(str, units)).encode()).hexdigest()
    filled = {"tier": VILLAGES, "total": 2, "first": first, "last": last, "digest": digest}
    entries: list[dict[str, object]] = [
        {"k": "callout.started", "id": callout},
        {"k": "branch.filled", "id": branch, **filled},
        {"k": "branch.opened", "branch": branch, "tier": VILLAGES, "count": 2, "why": "first_tier"},
        {"k": "attempt.queued", "id": attempt, "callee": first, "on": "voice", "roles": 0},
        {"k": "attempt.claimed", "id": attempt},
        {"k": "attempt.ended", "id": attempt, "outcome": "key_pressed"},
        {"k": "callee", "id": first, "from": "CALLING", "to": "ACKNOWLEDGED", "why": "answered"},
        {"k": "answer", "callee": first, "means": "key", "counted": True},
    ]
    journal = Journal(KEYS.journal_key, silent_logger())
    with writing(house.engine) as connection:
        journal.append(connection, f"callout:{callout}", entries[:3], START)
        journal.append(connection, f"callout:{callout}", entries[3:], START + 1)
    return callout, branch, first


def faults(house: House, callout: int | None = None) -> list[str]:
    """What journal and rows differ in."""
    with reading(house.engine) as connection:
        return fold_faults(connection, callout)


def test_the_rows_are_what_the_journal_folds_to(house: House) -> None:
    """Promise 8: folding the journal gives the stored state, block by block."""
    callout, _, first = _journalled(house)
    assert faults(house) == faults(house, callout) == []
    with reading(house.engine) as connection:
        assert snapshot(connection, callout).callees[first] is CalleeState.ACKNOWLEDGED
        with pytest.raises(NotFoundError):
            snapshot(connection, callout + 1)


def test_every_row_that_was_changed_behind_the_journal_is_named(house: House) -> None:
    """Whoever edits a table instead of the journal is found: states, kept counts, units, outcomes, answers."""
    callout, branch, first = _journalled(house)
    house.change(schema.callee, first + 1, state=CalleeState.ACKNOWLEDGED.value)
    house.change(schema.branch, branch, answered=2)
    house.change(schema.attempt, 1, outcome="no_answer")
    house.change(schema.acknowledgement, 1, means="operator")
    assert [fault.split(": ")[1] for fault in faults(house)] == [
        f"branch {branch}",
        f"callee {first + 1}",
        "attempt 1",
        f"answers of callee {first} by key, counted",
        f"answers of callee {first} by operator, counted",
    ]
    assert all(fault.startswith(f"callout:{callout}: ") for fault in faults(house))


def test_a_unit_put_in_anothers_place_is_found(house: House) -> None:
    """The set of units is frozen: the digest of the start tells that a callee stands for another village now."""
    _, branch, first = _journalled(house)
    house.change(schema.callee, first, unit_id=WATER)
    assert [fault.split(": ")[1] for fault in faults(house)] == [f"branch {branch}"]


def test_what_cannot_be_folded_is_one_fault_of_its_callout(house: House) -> None:
    """A call-out without a journal, an unreadable block and an impossible state do not hide the other call-outs."""
    house.callout()
    readable, _, _ = _journalled(house)
    broken = _broken(house)
    assert faults(house) == [
        "callout:1: the journal does not tell of the start",
        f"callout:{broken}: entry 1: block 1 cannot be read",
    ]
    house.change(schema.callout, readable, state=99)
    assert any(fault.startswith(f"callout:{readable}: a row holds a state") for fault in faults(house))


def _broken(house: House) -> int:
    callout = house.callout()
    stream = f"callout:{callout}"
    with writing(house.engine) as connection:
        Journal(KEYS.journal_key, silent_logger()).append(connection, stream, [{"k": "callout.started"}], START)
        connection.exec_driver_sql("UPDATE journal_block SET body = '[' WHERE stream = ?", (stream,))
    return callout


def test_a_buried_journal_has_nothing_left_to_fold(house: House) -> None:
    """What retention removed leaves a tombstone, not a fault."""
    callout, _, _ = _journalled(house)
    with writing(house.engine) as connection:
        Journal(KEYS.journal_key, silent_logger()).bury(connection, f"callout:{callout}", START + 9)
    assert faults(house) == []
