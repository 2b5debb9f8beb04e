"""Spoken as people speak: times, units, ranges, numbers, hard names; and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.lengths import BREATH_LIMIT, longest_breath
from warning_dispatch.delivery.speech import Speech, read_speech, spoken_chinese
from warning_dispatch.errors import Finding

SHIPPED = Path(__file__).parents[3] / "config" / "messages"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("7月22日21时33分", "7月22日21时33分"),
        ("22日21:30", "22日21时30分"),
        ("08:05", "8时5分"),
        ("21：00前", "21时整前"),
        ("2026-07-22", "2026年7月22日"),
        ("未来2小时", "未来两小时"),
        ("2个村、2户", "两个村、两户"),
        ("12小时", "12小时"),
        ("7月2日2时", "7月2日2时"),
        ("第2次", "第2次"),
        ("1~2小时", "1到2小时"),
        ("50mm", "50毫米"),
        ("50毫米", "50毫米"),
        ("100～150毫米", "100到150毫米"),
        ("雨强30mm/h", "雨强每小时30毫米"),
        ("阵风8-9级", "阵风8到9级"),
        ("8级—9级", "8到9级"),
        ("7月22日20时-23日8时", "7月22日20时到23日8时"),
        ("22日8时—20时", "22日8到20时"),
        ("50mm-80毫米", "50到80毫米"),
        ("80厘米～1米", "80厘米到1米"),
        ("35℃", "35摄氏度"),
        ("-5～3℃", "零下5到3摄氏度"),
        ("概率80%", "概率百分之80"),
        ("风速20m/s", "风速每秒20米"),
        ("Ⅰ级/特别严重", "一级，特别严重"),
        ("13个县(市、区)", "13个县市区"),
        ("请拨打12379", "请拨打幺二三七九"),
        ("电话：0358-8221234", "电话：零三五八八二二幺二三四"),
        ("13800138000", "幺三八零零幺三八零零零"),
        ("转移1200人", "转移1200人"),
        ("收到请按1", "收到请按1"),
    ],
)
def test_numbers_are_said_as_people_say_them(written: str, said: str) -> None:
    """21:30 is a time, 2小时 is 两小时, a number to call is read digit by digit; what is said rightly stays."""
    assert spoken_chinese(written) == said


SAID = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "未来", "阵风", "降水", "拨打", "电话：", "7月"]),
        st.integers(0, 20_000),
        st.sampled_from(["小时", "mm", "级", "%", "℃", ":30", "-9级", "～20毫米", "个村", "人", "m/s", "日2时", ""]),
    ),
    max_size=6,
).map("，".join)


@given(text=SAID)
def test_said_twice_is_said_once(text: str) -> None:
    """Speaking what is already spoken changes nothing, and our marks are never touched."""
    once = spoken_chinese(text)
    assert spoken_chinese(once) == once
    assert spoken_chinese("{unit}" + text + "{link}") == "{unit}" + once + "{link}"


@given(text=st.text("雨大风，。；县、Aa{}()（）\n", max_size=40))
def test_words_without_numbers_are_left_alone(text: str) -> None:
    """Only numbers and what belongs to them are said otherwise."""
    assert spoken_chinese(text) == text


def test_hard_names_are_said_by_their_sound() -> None:
    """地名: the words of the file are said in place of what is written, the longest first; other languages keep theirs."""
    speech = Speech({"zh_CN": {"碛口": "气口", "碛口古镇": "气口古镇子"}})
    assert speech.say("碛口镇、碛口古镇", "zh_CN") == "气口镇、气口古镇子"
    assert speech.say("碛口镇", "en") == "碛口镇"


def test_the_file_of_sounds_is_read_strictly(tmp_path: Path) -> None:
    """What is shipped is good; a value that is no word, or could forge a mark, is found."""
    found: list[Finding] = []
    assert read_speech(SHIPPED / "zh_CN", "zh_CN", found)["碛口"] == "气口"
    assert read_speech(tmp_path, "zh_CN", found) == {}
    assert found == []
    (tmp_path / "speech.toml").write_text('"a" = 1\n"b" = "{unit}"\n"c" = ""\n"好" = "号"\n', encoding="utf-8")
    assert read_speech(tmp_path, "zh_CN", found) == {"好": "号"}
    assert len(found) == 3


def test_a_breath_ends_at_a_pause() -> None:
    """Short sentences: the time between two pauses, whatever the whole lasts."""
    assert longest_breath("一二三，四五。" * 20, "zh_CN") < 1
    assert longest_breath("一" * 40, "zh_CN") > BREATH_LIMIT
