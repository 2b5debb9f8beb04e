"""How long texts are counted to be."""

from __future__ import annotations

import pytest

from warning_dispatch.delivery.lengths import SmsLength, first_key_second, sms_segments, speech_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SmsLength(0, 1, "GSM-7")),
        ("a" * 160, SmsLength(160, 1, "GSM-7")),
        ("a" * 161, SmsLength(161, 2, "GSM-7")),
        ("a" * 306, SmsLength(306, 2, "GSM-7")),
        ("a" * 307, SmsLength(307, 3, "GSM-7")),
        ("€" * 80, SmsLength(160, 1, "GSM-7")),
        ("a" * 152 + "€" + "a" * 152, SmsLength(306, 3, "GSM-7")),
        ("雨" * 70, SmsLength(70, 1, "UCS-2")),
        ("雨" * 71, SmsLength(71, 2, "UCS-2")),
        ("雨" * 134, SmsLength(134, 2, "UCS-2")),
        ("雨" * 135, SmsLength(135, 3, "UCS-2")),
        ("𠮷" * 35, SmsLength(70, 1, "UCS-2")),
        ("雨" * 66 + "𠮷" + "雨" * 66, SmsLength(134, 3, "UCS-2")),
        ("plain ASCII, but one 雨", SmsLength(22, 1, "UCS-2")),
    ],
)
def test_segments_are_those_of_the_network(text: str, expected: SmsLength) -> None:
    """SMS length is known in segments: 160/153 and 70/67, two-unit characters whole in one part."""
    assert sms_segments(text) == expected


@pytest.mark.parametrize(
    ("text", "syllables"),
    [("暴雨红色预警", 6), ("22", 3), ("10", 1), ("20", 2), ("15", 2), ("05", 2), ("9", 1), ("A岗", 2), ("2026", 7)],
)
def test_chinese_is_spoken_at_one_character_a_syllable(text: str, syllables: int) -> None:
    """Numbers take as long as they are spoken (22 is 二十二)."""
    assert speech_seconds(text, "zh_CN") == pytest.approx(syllables / 4.5)


def test_pauses_and_english_letters_count() -> None:
    """A full stop and a comma take time; a colon within a time of day and a decimal point are no pauses."""
    assert speech_seconds("，。", "zh_CN") == pytest.approx(0.45)
    assert speech_seconds("abcd efgh", "en") == pytest.approx(9 / 14)
    assert speech_seconds("21:33", "en") == pytest.approx(20 / 14)
    assert speech_seconds("1.5", "en") == pytest.approx(10 / 14)


def test_the_key_is_found_where_it_is_first_said() -> None:
    """The key counts when it has been said; a text that never says it has no such second."""
    assert first_key_second("收到请按1。后面还有很多，请按1。", "zh_CN") == pytest.approx(5 / 4.5)
    assert first_key_second("请按一", "zh_CN") == pytest.approx(3 / 4.5)
    assert first_key_second("Press 1 now", "en") == pytest.approx((6 + 5) / 14)
    assert first_key_second("press 10", "en") is None
    assert first_key_second("暴雨红色预警", "zh_CN") is None
