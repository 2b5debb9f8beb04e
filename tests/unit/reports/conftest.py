"""A small call-out on paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.printed import PrintedCallOut, PrintedPerson, PrintedUnit
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.model.unit import Role, UnitLevel

START = 1_784_727_180_000
"""2026-07-22 21:33:00 in Beijing, in ms."""
LIN, XING = ("141124", "临县"), ("141123", "兴县")
TIERS = ("市领导", "县(市、区)", "乡镇(街道)", "村(社区)")


def person(role: Role, index: int, *, name: str = "", phones: int = 1, language: str = "zh_CN") -> PrintedPerson:
    """Somebody of the sample block."""
    numbers = tuple(f"+862601{index * 10 + place:07d}" for place in range(phones))
    return PrintedPerson(role, name or f"样本{index}", "支书", language, numbers, sample=True)


def unit(code: str, name: str, level: UnitLevel, *superiors: tuple[str, str]) -> PrintedUnit:
    """A unit with A and B, and a duty room above the villages; its tier follows from its level."""
    index = int(code.replace("L", "9")) % 100_000
    people = [person(Role.PRIMARY, index), person(Role.DEPUTY, index + 1)]
    if level is not UnitLevel.VILLAGE:
        people.append(person(Role.DUTY, index + 2, name="值班室"))
    return PrintedUnit(code, name, level, level - 1, superiors, CalleeState.WAITING, None, tuple(people))


@pytest.fixture
def callout() -> PrintedCallOut:
    """Two counties: one with two townships, one whose township is not called itself."""
    baiwen, cheng = ("141124100", "白文镇"), ("141124101", "城庄镇")
    units = (
        unit("1411L1", "市长", UnitLevel.CITY),
        unit(LIN[0], LIN[1], UnitLevel.COUNTY),
        unit(baiwen[0], baiwen[1], UnitLevel.TOWNSHIP, LIN),
        unit("141124100200", "郝家墕村", UnitLevel.VILLAGE, LIN, baiwen),
        unit("141124100201", "上庄村", UnitLevel.VILLAGE, LIN, baiwen),
        unit(cheng[0], cheng[1], UnitLevel.TOWNSHIP, LIN),
        unit("141123100200", "蔡家崖村", UnitLevel.VILLAGE, XING, ("141123100", "蔡家崖镇")),
    )
    return PrintedCallOut(
        callout_id=17,
        round=1,
        supersedes=None,
        purpose=Purpose.CALL,
        hazard_name={"zh_CN": "暴雨", "en": "Rainstorm"},
        colour=Colour.RED,
        issuer="吕梁市气象台",
        headline="吕梁市气象台发布暴雨红色预警信号",
        sent=START - 60_000,
        started_at=START,
        area_names=("临县", "兴县"),
        plan_title={"zh_CN": "市级发布叫应方案", "en": "City-issued call chain"},
        tiers=tuple({"zh_CN": title} for title in TIERS),
        scripts={"zh_CN": "您好。\n暴雨红色预警，影响临县。\n请{unit}立即防范。", "en": "Hello {unit}."},
        units=tuple(sorted(units, key=lambda one: one.code)),
    )


@pytest.fixture
def changed(callout: PrintedCallOut) -> Callable[..., PrintedCallOut]:
    """The call-out with one unit changed: `changed("141124", state=…)`."""

    def change(code: str, **changes: object) -> PrintedCallOut:
        units = tuple(replace(one, **changes) if one.code == code else one for one in callout.units)  # type: ignore[arg-type]
        return replace(callout, units=units)

    return change
