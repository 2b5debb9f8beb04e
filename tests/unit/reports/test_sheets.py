"""The list on paper: everybody once, in the order in which a human calls, and nothing from outside."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import html

from warning_dispatch.model.printed import PrintedCallOut
from warning_dispatch.model.states import CalleeState, Purpose
from warning_dispatch.reports.arrangement import arranged
from warning_dispatch.reports.dialling import in_a_cell, on_paper
from warning_dispatch.reports.sheets import COLUMNS, Printed, Sheets

START = 1_784_727_180_000
BY_HAND = Printed("王值班", START + 5_000, "备用机房要一份")
Changed = Callable[..., PrintedCallOut]


def page_of(callout: PrintedCallOut, printed: Printed = BY_HAND) -> Any:
    """The page, parsed."""
    return html.fromstring(Sheets().page(callout, printed).decode())


def words(element: Any) -> str:
    """What can be read in it."""
    return " ".join(element.text_content().split())


def units_on(page: Any) -> list[str]:
    """The codes of the units with a box to tick, in their order."""
    return [words(row.xpath("./td[2]/small")[0]) for row in page.xpath("//tr[td[@class='box']]")]


def rows_of(callout: PrintedCallOut) -> list[list[str]]:
    """The rows of the table below its headings."""
    text = Sheets.table(callout, BY_HAND).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


# --- the page ---------------------------------------------------------------------------------------------


def test_every_unit_stands_on_it_once_in_the_order_of_the_night(callout: PrintedCallOut) -> None:
    """Leaders, counties; then county by county each township with its villages."""
    assert units_on(page_of(callout)) == [
        "1411L1",
        "141124",
        "141123100200",
        "141124100",
        "141124100200",
        "141124100201",
        "141124101",
    ]


def test_it_needs_nothing_but_itself(callout: PrintedCallOut) -> None:
    """On a stick, in a machine without a network: no address, no script, no picture, nothing to fetch."""
    text = Sheets().page(callout, BY_HAND).decode()
    assert not re.search(r"https?:|//[a-z]|url\(|<script|<img|<link|@import", text)
    assert "default-src 'none'" in text
    assert '<meta charset="utf-8">' in text


def test_the_head_says_which_warning_it_is(callout: PrintedCallOut) -> None:
    """Hazard, colour, issuer, time, area, plan, and what to say on the phone; the colour in words for a grey printer."""
    page = page_of(callout)
    head = words(page.xpath("//header")[0])
    for said in ("暴雨", "红色预警", "吕梁市气象台", "2026-07-22 21:32", "临县、兴县", "市级发布叫应方案", "第 1 轮"):
        assert said in head
    script = words(page.xpath("//section[@class='say']")[0])
    assert "请【单位】立即防范。" in script
    assert "{" not in script


def test_who_printed_it_and_when_stands_on_every_page(callout: PrintedCallOut) -> None:
    """A watermark behind everything, and the foot of each page."""
    page = page_of(callout)
    mark = words(page.xpath("//div[@class='mark']")[0])
    for said in ("叫应 17", "第 1 轮", "王值班", "2026-07-22 21:33:05", "内部资料"):
        assert said in mark
    style = page.xpath("//style")[0].text
    assert "position: fixed" in style
    assert "counter(page)" in style
    by_itself = page_of(callout, Printed("engine", START, "启动时自动生成"))
    assert "系统自动" in words(by_itself.xpath("//div[@class='mark']")[0])


def test_numbers_are_in_clear_and_grouped_and_marked_as_sample(callout: PrintedCallOut) -> None:
    """This is the one place where they are; a sample says that it reaches nobody."""
    row = page_of(callout).xpath("//tr[td/small='141124100200']")[0]
    assert "260 1000 2000" in words(row)
    assert "样本" in words(row)
    assert "样本" in words(page_of(callout).xpath("//body")[0])


def test_an_office_has_its_duty_room_first_a_village_its_head(callout: PrintedCallOut) -> None:
    """As the ladders do it."""
    page = page_of(callout)
    office = page.xpath("//tr[td/small='141124100']//b[@class='r']")
    village = page.xpath("//tr[td/small='141124100200']//b[@class='r']")
    assert [words(one) for one in office] == ["值", "A", "B"]
    assert [words(one) for one in village] == ["A", "B"]


def test_each_county_begins_a_page_with_its_own_room_for_reference(callout: PrintedCallOut) -> None:
    """So that a county's part can be handed to a helper; the room is ticked on the front, not twice."""
    counties = page_of(callout).xpath("//section[@class='county']")
    assert ["兴县" in words(one.xpath(".//tr[@class='title']")[0]) for one in counties] == [True, False]
    assert "在前页打勾" in words(counties[1])
    assert "不在本次叫应内" in words(counties[0])
    assert ".county { break-before: page; }" in page_of(callout).xpath("//style")[0].text


def test_nobody_and_no_phone_are_said(changed: Changed, callout: PrintedCallOut) -> None:
    """The officer learns it from the paper, not after a search."""
    nobody = page_of(changed("141124100200", people=()))
    assert "没有接收责任人" in words(nobody.xpath("//tr[td/small='141124100200']")[0])
    mute = [replace(one, phones=()) for one in callout.units[0].people]
    silent = page_of(changed(callout.units[0].code, people=tuple(mute)))
    assert "无电话" in words(silent)


def test_totals(callout: PrintedCallOut, changed: Changed) -> None:
    """Tier by tier: units, people, phones, and how many have none."""
    found = arranged(changed("141124100201", people=()))
    assert [(one.units, one.people, one.phones, one.unreachable) for one in found.totals] == [
        (1, 3, 3, 0),
        (1, 3, 3, 0),
        (2, 6, 6, 0),
        (3, 4, 4, 1),
    ]
    assert "7" in words(page_of(callout).xpath("//table[@class='sums']/tbody/tr[last()]")[0])


def test_written_again_it_shows_who_has_answered(changed: Changed) -> None:
    """In mid-storm nobody is called twice from paper."""
    page = page_of(changed("141124", state=CalleeState.DUTY_ANSWERED, answered_at=START + 120_000))
    row = page.xpath("//tr[td/small='141124']")[0]
    assert words(row).startswith("✓")
    assert "值班已应答 21:35" in words(row)
    waived = page_of(changed("141124100200", state=CalleeState.WAIVED, answered_at=START))
    assert "免叫" in words(waived.xpath("//tr[td/small='141124100200']")[0])


def test_a_new_round_and_a_drill_say_so(callout: PrintedCallOut) -> None:
    """Two lists lie on the desk: which one counts must be plain."""
    again = words(page_of(replace(callout, round=2, supersedes=16)))
    assert "第 2 轮" in again
    assert "代替叫应 16 的名单" in again
    assert "【演练】" in words(page_of(replace(callout, purpose=Purpose.DRILL)))
    assert "【演练】" not in again


def test_the_script_is_also_in_the_language_of_whoever_is_called(changed: Changed, callout: PrintedCallOut) -> None:
    """English only where somebody on the list speaks it."""
    assert "In English" not in words(page_of(callout))
    [village] = [one for one in callout.units if one.code == "141124100200"]
    english = tuple(replace(one, language="en") for one in village.people)
    assert "Hello 【单位】." in words(page_of(changed("141124100200", people=english)))


def test_names_are_text_and_never_markup(changed: Changed, callout: PrintedCallOut) -> None:
    """Whatever stands in the register."""
    [village] = [one for one in callout.units if one.code == "141124100200"]
    odd = (replace(village.people[0], name="<b>甲</b>", post="=1+1"),)
    page = page_of(changed("141124100200", people=odd))
    assert "<b>甲</b>" in words(page.xpath("//tr[td/small='141124100200']")[0])


# --- the table --------------------------------------------------------------------------------------------


def test_the_table_opens_in_a_spreadsheet(callout: PrintedCallOut) -> None:
    """UTF-8 with its mark; the stamp, the headings, a row for each number."""
    raw = Sheets.table(callout, BY_HAND)
    assert raw.startswith(b"\xef\xbb\xbf")
    stamp, head, *rows = rows_of(callout)
    assert "叫应 17 第 1 轮" in stamp[0]
    assert "王值班" in stamp[0]
    assert tuple(head) == COLUMNS
    assert len(rows) == callout.phones == 18
    assert rows[-1][:5] == ["乡镇(街道)", "临县", "城庄镇", "城庄镇", "141124101"]
    village = next(row for row in rows if row[4] == "141124100200")
    assert village[1:10] == [
        "临县",
        "白文镇",
        "郝家墕村",
        "141124100200",
        "A岗",
        "样本200",
        "支书",
        "26010002000",
        "样本",
    ]


def test_no_cell_is_a_formula(changed: Changed, callout: PrintedCallOut) -> None:
    """A name from the register never runs on the officer's machine."""
    [village] = [one for one in callout.units if one.code == "141124100200"]
    odd = (replace(village.people[0], name="=HYPERLINK(1)", post="@x"),)
    rows = rows_of(changed("141124100200", people=odd))
    assert "'=HYPERLINK(1)" in rows[rows.index(next(row for row in rows if row[4:5] == ["141124100200"]))]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@"))]


def test_whoever_has_no_number_has_a_row_all_the_same(changed: Changed) -> None:
    """Nobody is forgotten on paper either."""
    rows = rows_of(changed("141124100200", people=()))
    assert next(row for row in rows if row[4:5] == ["141124100200"])[5:9] == ["", "", "", ""]


# --- numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "paper", "cell"),
    [
        ("+862601000123 4".replace(" ", ""), "260 1000 1234", "26010001234"),
        ("+861012345", "010-12345", "010-12345"),
        ("+85221234567", "+85221234567", "+85221234567"),
        ("zhiban@example.invalid", "zhiban@example.invalid", "zhiban@example.invalid"),
    ],
)
def test_a_number_stands_as_it_is_dialled(number: str, paper: str, cell: str) -> None:
    """Groups that can be read aloud; in a cell without blanks."""
    assert on_paper(number) == paper
    assert in_a_cell(number) == cell
