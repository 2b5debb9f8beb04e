"""Rows by hand for the tests of what is read from the tables: a small prefecture and whatever lies in it."""

from __future__ import annotations

import json

from pydantic import TypeAdapter
from sqlalchemy import Engine, Table, insert, update

from warning_dispatch.configuration.freezing import chain_to_json
from warning_dispatch.model.alert import Alert, AlertArea, AlertInfo, AlertStatus, Disposition, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Gate, Ladder, Repeat, Selection, Tier, TierRule
from warning_dispatch.model.states import (
    AttemptState,
    BranchState,
    CalleeState,
    CallOutState,
    Means,
    Purpose,
)
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel
from warning_dispatch.store import schema
from warning_dispatch.store.alert_rows import ALERT_CONTEXT
from warning_dispatch.store.database import writing
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sealing import AesSealer, link_hash

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
