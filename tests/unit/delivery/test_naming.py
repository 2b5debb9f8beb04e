"""One message that names several units: all while there is room, else where they lie and how many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.lengths import first_key_second, sms_segments, speech_seconds
from warning_dispatch.delivery.naming import Composer, name_units, nearest_common_superior, told_apart
from warning_dispatch.model.texts import LINK_MARK, UNIT_MARK, FrozenText, NamedUnit, TextPart
from warning_dispatch.model.unit import Channel, UnitLevel

CITY, COUNTY, OTHER_COUNTY = (1, "吕梁市"), (2, "临县"), (3, "兴县")
TOWNSHIP, OTHER_TOWNSHIP, NAMESAKE = (4, "白文镇"), (5, "兔坂镇"), (6, "白文镇")
LINK = "https://jy.example.cn/r/ABCDEFGHIJKLMNOP"
SPOKEN = FrozenText(
    "",
    f"暴雨红色预警，收到请按1。吕梁市气象台7月22日21时33分发布，影响离石区等13个县市区。请{UNIT_MARK}立即防范。请按1。",
)
ENGLISH = FrozenText("", f"Red rainstorm warning. Press 1 to confirm. {UNIT_MARK}: act now. Press 1.")
WRITTEN = FrozenText(
    "",
    f"【气象叫应】暴雨红色预警！吕梁市气象台7月22日21:33发布，影响离石区等13个县市区。请{UNIT_MARK}立即防范，回复1确认收到或点{LINK_MARK}",
)


def village(name: str, township: tuple[int, str] = TOWNSHIP, county: tuple[int, str] = COUNTY) -> NamedUnit:
    """A village below its township and county."""
    return NamedUnit(name, UnitLevel.VILLAGE, (township, county, CITY))


FORTY = [village(f"郝家墕{number}村") for number in range(40)]


def test_few_units_are_named_one_by_one() -> None:
    """Two villages of one person, as people say them."""
    pair = (village("甲村"), village("乙村", OTHER_TOWNSHIP))
    assert name_units(pair, "zh_CN", lambda _: True) == "甲村、乙村"
    assert name_units(pair, "en", lambda _: True) == "甲村, 乙村"


def test_too_many_are_counted_below_their_nearest_common_superior() -> None:
    """Some by name, then where and how many, in both languages."""
    room = 24
    assert name_units(FORTY, "zh_CN", lambda text: len(text) <= room) == "白文镇郝家墕0村、郝家墕1村等40个村"
    assert (
        name_units(FORTY, "en", lambda text: len(text) <= 40) == "郝家墕0村, 郝家墕1村 and 38 more villages of 白文镇"
    )
    assert name_units(FORTY, "zh_CN", lambda _: False) == "白文镇40个村"
    assert name_units(FORTY, "en", lambda _: False) == "40 villages of 白文镇"


def test_units_of_different_kinds_are_units() -> None:
    """A village and an office of the county have the county in common."""
    mixed = (village("甲村"), NamedUnit("临县水利局", None, (COUNTY, CITY)))
    assert name_units(mixed, "zh_CN", lambda _: False) == "临县2个单位"
    assert name_units(mixed, "en", lambda _: False) == "2 units of 临县"
    counties = [NamedUnit(name, UnitLevel.COUNTY, (CITY,)) for name in ("临县", "兴县")]
    assert name_units(counties, "zh_CN", lambda _: False) == "吕梁市2个县(市、区)"
    assert name_units([NamedUnit("甲", None), NamedUnit("乙", None)], "en", lambda _: False) == "2 units"


@pytest.mark.parametrize(
    ("units", "common"),
    [
        ((village("甲"), village("乙")), "白文镇"),
        ((village("甲"), village("乙", OTHER_TOWNSHIP)), "临县"),
        ((village("甲"), village("乙", NAMESAKE, OTHER_COUNTY)), "吕梁市"),
        ((village("甲"), NamedUnit("白文镇", UnitLevel.TOWNSHIP, (COUNTY, CITY))), "临县"),
        ((village("甲"), NamedUnit("乙", None)), ""),
    ],
)
def test_the_nearest_common_superior(units: tuple[NamedUnit, ...], common: str) -> None:
    """By the unit itself, not by a name that two have."""
    assert nearest_common_superior(units) == common


def test_the_same_name_twice_is_told_apart() -> None:
    """By the township, and where that is the same name too, by the county; who has a name of their own keeps it."""
    alike = [village("郝家墕村"), village("郝家墕村", OTHER_TOWNSHIP), village("乙村")]
    assert told_apart(alike) == ["白文镇郝家墕村", "兔坂镇郝家墕村", "乙村"]
    far = [village("郝家墕村"), village("郝家墕村", NAMESAKE, OTHER_COUNTY)]
    assert told_apart(far) == ["临县白文镇郝家墕村", "兴县白文镇郝家墕村"]


def test_a_clerks_call_fits_and_says_how_many() -> None:
    """Forty villages in twenty seconds, "按1" in the first five."""
    _, body = Composer()([TextPart(SPOKEN, tuple(FORTY))], "zh_CN", Channel.VOICE, "")
    assert "等40个村" in body
    assert "白文镇郝家墕0村" in body
    assert speech_seconds(body, "zh_CN") <= 20
    assert (first_key_second(body, "zh_CN") or 99) <= 5


def test_two_warnings_are_said_one_after_the_other() -> None:
    """The most urgent first, each with its own units; the key is said at once."""
    gale = FrozenText("", f"雷暴大风红色预警，收到请按1。请{UNIT_MARK}立即防范。请按1。")
    parts = [TextPart(SPOKEN, (village("甲村"),)), TextPart(gale, (village("甲村"), village("乙村")))]
    _, body = Composer()(parts, "zh_CN", Channel.VOICE, "")
    assert body.startswith("暴雨红色预警，收到请按1。")
    assert body.endswith("雷暴大风红色预警，收到请按1。请甲村、乙村立即防范。请按1。")
    assert (first_key_second(body, "zh_CN") or 99) <= 5
    _, english = Composer()([TextPart(ENGLISH, (village("甲村"),))] * 2, "en", Channel.VOICE, "")
    assert "Press 1. Red rainstorm" in english


def test_a_message_keeps_its_segments_and_a_mail_names_all() -> None:
    """An SMS is cut to two parts, with its link whole; a mail has room for everybody."""
    _, body = Composer()([TextPart(WRITTEN, tuple(FORTY))], "zh_CN", Channel.SMS, LINK)
    assert sms_segments(body).segments <= 2
    assert "等40个村" in body
    assert LINK in body
    mail = FrozenText(f"预警 {UNIT_MARK}", f"{UNIT_MARK}：{LINK_MARK}")
    subject, body = Composer()([TextPart(mail, tuple(FORTY))], "zh_CN", Channel.EMAIL, LINK)
    assert all(unit.name in body for unit in FORTY)
    assert subject.startswith("预警 郝家墕0村、")


@given(
    names=st.lists(st.text("甲乙丙丁村镇", min_size=1, max_size=8), min_size=1, max_size=30),
    room=st.integers(0, 120),
    language=st.sampled_from(("zh_CN", "en")),
)
def test_as_many_names_as_fit_and_never_more(names: list[str], room: int, language: str) -> None:
    """What fits is used; what does not is the shortest form; the number is always that of all."""
    units = [village(name, (10 + index, f"镇{index}")) for index, name in enumerate(names)]
    said = name_units(units, language, lambda text: len(text) <= room)
    shortest = name_units(units, language, lambda _: False)
    assert len(said) <= room or said == shortest
    whole = name_units(units, language, lambda _: True)
    assert said == whole or str(len(units)) in said or " more " in said
