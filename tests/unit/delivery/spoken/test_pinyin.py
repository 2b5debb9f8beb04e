"""How names are read aloud: every name of the register, and the table of places before the usual reading."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.spoken.numerals import number_words, read_figures
from warning_dispatch.delivery.spoken.pinyin import SYLLABLE, Readings, read_pinyin
from warning_dispatch.errors import ConfigError

ROOT = Path(__file__).resolve().parents[4]
_LINES = (ROOT / "contacts" / "divisions.csv").read_text(encoding="utf-8").splitlines()
NAMES = [row["name"] for row in csv.DictReader(_LINES)]
HEARD = {
    "碛口镇": "qi4 kou3 zhen4",
    "任家塔村委会": "ren2 jia1 ta3 cun1 wei3 hui4",
    "下令狐村委会": "xia4 ling2 hu2 cun1 wei3 hui4",
    "杏花咀村委会": "xing4 hua1 zui3 cun1 wei3 hui4",
    "湫水柏林苑社区居委会": "qiu1 shui3",
    "竖石佛村委会": "shu4 shi2 fo2",
    "霜雾都社区居委会": "shuang1 wu4 du1",
    "马杓峁村委会": "ma3 shao2 mao3",
    "索达干村委会": "suo3 da2 gan1",
    "郝家墕村委会": "hao3 jia1 yan4",
    "开栅镇": "kai1 zha4 zhen4",
    "兔坂镇": "tu4 ban3 zhen4",
    "克虎镇": "ke4 hu3 zhen4",
    "岚县": "lan2 xian4",
    "大孝堡镇": "da4 xiao4 bao3 zhen4",
    "圪洞镇": "ge1 dong4 zhen4",
    "长峪村委会": "chang2 yu4",
}
"""As the people of these places say them."""


@pytest.fixture(scope="module")
def readings() -> Readings:
    """The shipped table."""
    return read_pinyin(ROOT / "config")


def test_every_name_of_the_register_can_be_read(readings: Readings) -> None:
    """Each of the 2,623 names is one toned syllable for each character, and the table's word wherever one stands in it."""
    assert len(NAMES) == 2_623
    for name in NAMES:
        said = readings.syllables(name)
        assert len(said) == len(name), name
        assert all(map(SYLLABLE.fullmatch, said)), name
        for word, reading in readings.table.items():
            at = name.find(word)
            longer = any(word != other and word in other and other in name for other in readings.table)
            if at >= 0 and not longer:
                assert said[at : at + len(word)] == reading.split(), name


def test_a_reading_is_one_that_the_character_has(readings: Readings) -> None:
    """Nothing is read as another character, but for the two that the register itself writes wrongly."""
    from pypinyin import Style, pinyin  # noqa: PLC0415 - heavy, and of this test alone

    strange = set()
    for name in NAMES:
        for character, said in zip(name, readings.syllables(name), strict=True):
            known = pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
            if said not in known and not said.endswith("5"):
                strange.add(character)
    assert strange <= {"屹", "暧", "咀", "疙"}


@pytest.mark.parametrize(("name", "said"), HEARD.items())
def test_names_that_the_usual_reading_gets_wrong(readings: Readings, name: str, said: str) -> None:
    """Names of counties, townships and villages of 吕梁 as they are said there."""
    assert " ".join(readings.syllables(name)).startswith(said)


def test_a_sentence_is_read_whole(readings: Readings) -> None:
    """Figures in words, pauses where they stand, nothing left over in another alphabet."""
    assert readings.pinyin("暴雨红色预警，收到请按1。") == "bao4 yu3 hong2 se4 yu4 jing3, shou1 dao4 qing3 an4 yi1."
    assert readings.pinyin("7月22日21时05分") == "qi1 yue4 er4 shi2 er4 ri4 er4 shi2 yi1 shi2 ling2 wu3 fen1"


@pytest.mark.parametrize(
    ("written", "read"),
    [("2026年", "二零二六年"), ("12", "十二"), ("20", "二十"), ("105", "一百零五"), ("1010", "一千零一十"),
     ("10030", "一万零三十"), ("0.5", "零点五"), ("05", "零五"), ("110000", "十一万")],
)  # fmt: skip
def test_figures_are_read_as_people_do(written: str, read: str) -> None:
    """Years digit by digit, amounts as amounts."""
    assert read_figures(written) == read


@given(st.integers(min_value=0, max_value=99_999_999))
def test_every_number_has_words(number: int) -> None:
    """No number is left as figures, none begins or ends in a nought that nobody says."""
    words = number_words(number)
    assert words
    assert not any(one.isascii() for one in words)
    assert words == "零" or not (words.endswith("零") or words.startswith("零") or "零零" in words)


def test_a_broken_table_is_told_whole(tmp_path: Path) -> None:
    """Every wrong line is named, with what was expected."""
    (tmp_path / "pinyin.toml").write_text(
        '"碛口" = "qi4"\n"abc" = "a1 b1 c1"\n"临县" = "lin2 xian4"\n', encoding="utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        read_pinyin(tmp_path)
    assert len(caught.value.findings) == 2
