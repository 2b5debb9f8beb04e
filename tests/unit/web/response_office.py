"""A double of the ports of the response's pages: a township with two villages and what they are asked; some key units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.key_units import KeyUnitRow, LastCall, Review
from warning_dispatch.model.response import Action, AreaSum, AskedItem, AskedList, AskedUnit, Measure, Tick, Who
from warning_dispatch.model.states import Stage
from warning_dispatch.model.unit import Unit, UnitKind, UnitLevel

MINUTE = 60_000
WORDS = {
    "watch": (
        "负责人到岗带班，加强值班值守，保持联络畅通",
        "The person responsible is on post; duty watch is strengthened",
    ),
    "move": (
        "转移低洼、沿河、滑坡隐患点和危房人员，落实“叫醒”到户",
        "Move people from low ground, rivers and landslide spots",
    ),
    "patrol": ("巡查河沟、边坡、塘坝，路口有人值守", "Patrol gullies, slopes and ponds; crossings are manned"),
}


def action(key: str) -> Action:
    """A measure."""
    chinese, english = WORDS[key]
    return Action(key, Stage.RESPONSE, (Who.VILLAGE,), (), {"zh_CN": chinese, "en": english})


class ResponseOffice:
    """ResponseReadings and ResponseDesk for one link. `ticked`: what was sent, in order."""

    def __init__(self, office: Any, units: int = 3) -> None:
        """`office` has the links and the clock."""
        self._office = office
        self.ticked: list[tuple[int, str, str]] = []
        now = office.clock.now()
        first = AskedItem(action("watch"), Tick("watch", now, "三人到岗", ""), now, late=False)
        rest = [
            AskedItem(action("move"), None, now - MINUTE, late=True),
            AskedItem(action("patrol"), None, now + MINUTE, late=False),
        ]
        self.asked_units = [
            AskedUnit(201 + number, f"郝家墕{number}村", "临县 白文镇", answered=True, items=(first, *rest))
            for number in range(units)
        ]

    def asked(self, token: str) -> AskedList | None:
        """The same for every link."""
        if token not in self._office.links:
            raise NotFoundError("no link")
        below = AreaSum("141124104", "白文镇", 40, 38, 20, 12, 96, 2, 41, 80, 7)
        return AskedList(1, Stage.RESPONSE, open=True, units=tuple(self.asked_units), below=below)

    def asked_of_unit(self, callout_id: int, callee_id: int) -> AskedUnit | None:
        """One of them."""
        del callout_id
        return next((one for one in self.asked_units if one.callee_id == callee_id), None)

    def sum_of(self, callout_id: int, codes: Sequence[str]) -> AreaSum:
        """Something."""
        del callout_id
        return AreaSum(codes[0], "", 40, 38, 20, 12, 96, 2, 41, 80, 7)

    def overview(self, callout_id: int, below: str = "", *, words: int = 0) -> Any:
        """Not needed here."""
        raise NotFoundError(f"{callout_id} {below} {words}")

    async def tick(self, token: str, ticks: Sequence[tuple[int, str, str]]) -> int:
        """Kept; what nobody asked for is refused."""
        assert token in self._office.links
        for callee, key, remark in ticks:
            if key not in WORDS:
                raise RefusedError(f"没有这项措施：{key} / there is no measure {key}")
            unit = self.asked_of_unit(1, callee)
            assert unit is not None
            done = Tick(key, self._office.clock.now(), remark)
            items = tuple(replace(one, tick=done) if one.action.id == key else one for one in unit.items)
            self.asked_units[self.asked_units.index(unit)] = replace(unit, items=items)
            self.ticked.append((callee, key, remark))
        return len(ticks)

    async def tick_for(self, callout_id: int, callee_id: int, key: str, *, actor: str, remark: str) -> int:
        """Not needed here."""
        raise RefusedError(f"{callout_id} {callee_id} {key} {actor} {remark}")

    async def exported(self, callout_id: int, *, actor: str, form: str, below: str) -> None:
        """Not needed here."""
        raise RefusedError(f"{callout_id} {actor} {form} {below}")


class KeyUnitOffice:
    """web.key_units.KeyUnitLook with a key unit for each way that a review may stand."""

    soon_days = 30

    def __init__(self, now: int) -> None:
        """`now` in ms."""
        self._now = now

    def key_units(self) -> Sequence[KeyUnitRow]:
        """Three."""
        call = LastCall(1, {"zh_CN": "暴雨", "en": "Rainstorm"}, Colour.RED, self._now, self._now + MINUTE)
        stop = replace(action("move"), who=(Who.KEY_UNIT,), measure=Measure.STOP)
        return [
            KeyUnitRow(self._unit(1, "2027-05-20"), "临县白文镇", Review.FINE, call, (self._now, stop), self._now),
            KeyUnitRow(self._unit(2, "2026-08-01"), "临县", Review.SOON),
            KeyUnitRow(replace(self._unit(3, ""), sector="", certificate=""), "兴县", Review.OVERDUE),
        ]

    def _unit(self, number: int, review_on: str) -> Unit:
        return Unit(
            f"141124104-k{number:02d}", f"样本煤矿{number}", UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "141124104", "141124104",
            "coal_mine", certified_on="2025-05-20", review_on=review_on, measures="停产撤人，人员全部升井",
            certificate="样本证字〔2025〕第001号",
        )  # fmt: skip
