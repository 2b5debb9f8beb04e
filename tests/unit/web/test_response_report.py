"""信息报送: what is sent on says the sums, the dangers with their places, and who has not reported."""

from __future__ import annotations

from typing import Any

import pytest

from warning_dispatch.model.colour import Colour
from warning_dispatch.model.response import AreaSum, ResponseOverview, Words
from warning_dispatch.model.states import CallOutState, Purpose, Stage
from warning_dispatch.model.views import CallOutView
from warning_dispatch.web.catalogues import load_catalogues
from warning_dispatch.web.response_report import Report, harmless

START = 1_785_000_000_000


def view(purpose: Purpose = Purpose.CALL) -> CallOutView:
    """A red rainstorm."""
    return CallOutView(
        1, 1, "city", {"zh_CN": "市"}, "rainstorm", {"zh_CN": "暴雨", "en": "Rainstorm"}, Colour.RED, "吕梁市气象台", "头",
        CallOutState.RUNNING, purpose, 1, START, None, START, False, (), 0, 0, 0, None,
    )  # fmt: skip


def overview(**changes: Any) -> ResponseOverview:
    """Two counties, one silent."""
    values: dict[str, Any] = {
        "callout_id": 1,
        "below": "",
        "path": (),
        "stage": Stage.RESPONSE,
        "steps": (),
        "total": AreaSum("", "", 10, 9, 5, 3, 42, 1, 6, 20, 4),
        "areas": (AreaSum("141124", "临县", 6, 5, 5, 3, 30, 1), AreaSum("141123", "兴县", 4, 4, 0, 0, 12, silent=True)),
        "measures": (),
        "offices": (),
        "words": (Words(START, "141124104201", "临县白文镇", "郝家墕村", "已转移", "=桥头进水"),),
    }
    return ResponseOverview(**{**values, **changes})


def report(language: str = "zh_CN", purpose: Purpose = Purpose.CALL, **changes: Any) -> Report:
    """At some later moment."""
    return Report(view(purpose), overview(**changes), load_catalogues()[language], START + 3_600_000)


def test_the_text_says_everything_that_is_asked_for() -> None:
    """人员到岗、措施、转移、险情、未报, with places by name."""
    text = report().text()
    for words in (
        "关于暴雨红色预警应急响应情况的报告", "全市共叫应10个单位，已应答9个（90%）", "应急响应阶段", "其中3个报告人员在岗",
        "应落实措施20项次，已落实6项次，逾期未落实4项次", "共转移42人。其中：临县30人、兴县12人。", "1个单位报告险情",
        "临县白文镇郝家墕村", "=桥头进水", "尚未报告响应情况：兴县",
    ):  # fmt: skip
        assert words in text


def test_without_a_response_there_is_no_word_of_measures() -> None:
    """What was fed back is reported all the same; where nothing is wrong, that is said."""
    text = report(stage=Stage.NONE, total=AreaSum("", "", 0)).text()
    assert "措施" not in text
    assert "暂无险情" in text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_drill_says_so_first(language: str) -> None:
    """Nobody takes practice for a disaster."""
    drill = report(language, Purpose.DRILL)
    assert drill.title.startswith("【演练】" if language == "zh_CN" else "DRILL ")
    assert drill.text().startswith(drill.title)


def test_the_table_has_a_row_for_each_place_and_the_whole() -> None:
    """And what a spreadsheet would calculate is text."""
    lines = report().csv_bytes().decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == ["地方", "临县", "兴县", "全市"]
    assert lines[2].endswith("未报")
    assert harmless("=1+1") == "'=1+1"
    assert harmless(7) == 7
    assert report().xlsx_bytes()[:2] == b"PK"
