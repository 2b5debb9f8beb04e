"""Invented warnings and names to try texts on, at the start and by `check`."""

from __future__ import annotations

from dataclasses import replace

from warning_dispatch.delivery.templates import TYPES, Variant
from warning_dispatch.escalation.alarms import Cause
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.texts import AlertFacts

SAMPLE_UNIT = "山西医科大学汾阳学院社区居委会"
"""The longest name of a real register (15 characters)."""
SAMPLE_BUREAU = "吕梁市气象局带班领导"
SAMPLE_CAUSES = (
    Cause("quarantined", Colour.RED, 3),
    Cause("quarantined", Colour.RED, 3),
    Cause("area_unknown", Colour.RED, 2),
    Cause("route_down", Colour.ORANGE, 1),
    Cause("pause_over", Colour.ORANGE, 0),
)
"""As much as one call ever tells: three kinds, one of them twice, and something left over."""
SAMPLE_LINK = "https://jy.example.cn/r/ABCDEFGHIJKLMNOP"


def sample_facts(
    hazard: tuple[str, str] = ("暴雨", "Rainstorm"), colour: Colour = Colour.RED, *, full: bool = True
) -> AlertFacts:
    """An invented warning to try texts on; without `full` a lifting message in a drill with everything optional absent."""
    facts = AlertFacts(
        issuer="吕梁市气象台",
        sent=1_784_727_180_000,  # 2026-07-22 21:33 in Beijing
        hazard=hazard[0],
        hazard_english=hazard[1],
        colour=colour,
        msg_type=MsgType.UPDATE,
        headline=f"吕梁市气象台变更发布{hazard[0]}{colour.chinese}色预警信号",
        description="预计未来3小时，离石区、方山县等地累计降水量将达100毫米以上，请注意防范。",
        instruction="",
        advice={"zh_CN": "立即转移危险区域人员。", "en": "Move people out of danger areas now."},
        area_names=("离石区", "方山县", "临县", "兴县", "岚县", "柳林县", "石楼县", "中阳县", "交口县"),
        expires=1_784_748_780_000,  # six hours later
        measures_for=("departments",),
    )
    if full:
        return facts
    return replace(
        facts,
        msg_type=MsgType.CANCEL,
        headline="",
        description="",
        advice={},
        area_names=(),
        expires=None,
        drill=True,
        measures_for=(),
    )


def sample_for(variant: Variant, *, full: bool = True) -> AlertFacts:
    """The same as what a template is for: its hazard, colour and type of message."""
    facts = sample_facts(full=full)
    words = variant.words
    return replace(
        facts,
        hazard_key=words.get("hazard", facts.hazard_key),
        colour=next((one for one in Colour if one.key == words.get("colour")), facts.colour),
        msg_type=TYPES.get(words.get("type", ""), facts.msg_type),
    )
