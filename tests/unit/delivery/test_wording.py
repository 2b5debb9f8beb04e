"""The small words of a text: clean, short, readable aloud."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.text_samples import sample_facts
from warning_dispatch.delivery.wording import PLACEHOLDERS, clean, placeholder_values, shortened_area
from warning_dispatch.model.alert import MsgType
from warning_dispatch.model.colour import Colour

COUNTIES = (
    "离石区",
    "方山县",
    "临县",
    "兴县",
    "岚县",
    "柳林县",
    "石楼县",
    "中阳县",
    "交口县",
    "交城县",
    "文水县",
    "孝义市",
    "汾阳市",
)


def test_a_long_list_of_areas_is_named_and_counted() -> None:
    """Thirteen counties become two names and a number, one name where room is short."""
    assert shortened_area(COUNTIES, "zh_CN") == "离石区、方山县等13个县(市、区)"
    assert shortened_area(COUNTIES, "zh_CN", room=12) == "离石区等13个县市区"
    assert shortened_area(("吕梁经济技术开发区", "凤山街道"), "zh_CN", room=12) == "2个乡镇"
    assert shortened_area(COUNTIES, "en", room=5) == "13 counties"
    assert shortened_area(COUNTIES, "en", room=24) == "离石区, 方山县 and 11 more"
    assert shortened_area(COUNTIES, "en") == "离石区, 方山县 and 11 more counties"
    assert shortened_area(("临泉镇", "白文镇", "城庄镇"), "zh_CN") == "临泉镇、白文镇等3个乡镇(街道)"
    assert shortened_area(("临泉镇", "方山县", "汾河沿岸"), "en") == "临泉镇, 方山县 and 1 more area"


def test_a_short_list_is_given_whole_and_an_empty_one_has_words() -> None:
    """One or two areas need no number; no area at all is still a sentence."""
    assert shortened_area(("离石区", "方山县"), "zh_CN") == "离石区、方山县"
    assert shortened_area(("吕梁市",), "zh_CN", room=1) == "吕梁市"
    assert shortened_area((), "zh_CN") == "有关区域"


@pytest.mark.parametrize(
    ("dirty", "tidy"),
    [
        ("暴雨\r\nBcc: x", "暴雨 Bcc: x"),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("{unit}{{ issuer }}", "｛unit｝｛｛ issuer ｝｝"),
        ("  一\t二\u2028三  ", "一 二 三"),
        ("x\ud800y\x00z", "xy z"),
        ("𠮷\U000f0000堎", "𠮷\U000f0000堎"),
    ],
)
def test_foreign_text_is_made_safe(dirty: str, tidy: str) -> None:
    """Control characters, bidi marks and braces of a warning never reach a text; rare characters stay."""
    assert clean(dirty, 100) == tidy


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_clean_text_is_short_and_has_no_marks(text: str, limit: int) -> None:
    """Whatever a message holds, what is left fits its limit and cannot forge a mark or a line."""
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not set(cleaned) & set("{}\r\n\x00\u202e\u2028")


def test_a_time_can_be_read_aloud() -> None:
    """21时33分, not 21:33; a full hour is 整; English says the month."""
    values = placeholder_values(sample_facts(), "zh_CN")
    assert (values["time"], values["time_short"], values["time_full"]) == (
        "7月22日21时33分",
        "7月22日21:33",
        "2026年7月22日21时33分",
    )
    assert placeholder_values(replace(sample_facts(), sent=1_784_725_200_000), "zh_CN")["time"] == "7月22日21时整"
    assert placeholder_values(sample_facts(), "en")["time"] == "July 22 at 21:33"


def test_every_placeholder_has_a_value_and_no_other_name_has() -> None:
    """The documented names are exactly those a template gets, in every language."""
    for language in ("zh_CN", "en"):
        assert set(placeholder_values(sample_facts(), language)) == set(PLACEHOLDERS)


def test_the_messages_own_instruction_comes_before_ours() -> None:
    """Official wording wins on Chinese texts; English prefers what is written in English."""
    facts = replace(sample_facts(), instruction="按官方指引防御。")
    assert placeholder_values(facts, "zh_CN")["advice"] == "按官方指引防御。"
    assert placeholder_values(facts, "en")["advice"] == "Move people out of danger areas now."
    bare = replace(facts, advice={})
    assert placeholder_values(bare, "en")["advice"] == "按官方指引防御。"
    assert placeholder_values(replace(bare, instruction=""), "zh_CN")["advice"] == ""


def test_the_verb_follows_the_message() -> None:
    """An update says so, a cancel lifts, anything odd is still issued."""
    words = {
        kind: placeholder_values(replace(sample_facts(), msg_type=kind), "zh_CN")["issued"]
        for kind in (MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL, MsgType.UNKNOWN)
    }
    assert list(words.values()) == ["发布", "变更发布", "解除", "发布"]
    assert placeholder_values(sample_facts(colour=Colour.ORANGE), "zh_CN")["level"] == "Ⅱ级/严重"
