"""`callout`: what the duty officer does at 3 a.m. with a keyboard."""

from __future__ import annotations

import re
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

COUNTY = "141124"
TOWNSHIP = "141124100"
REASON = ("--reason", "电话 03:12，本人")


def state_of(keyboard: Any, callout: int, unit: str) -> str:
    """How a unit stands."""
    states = ("waiting", "calling", "acknowledged", "waived", "unreached", "duty_answered", "stopped", "relayed")
    options = [word for state in states for word in ("--state", state)]
    units = keyboard.asked("callout", "show", callout, *options)["units"]
    found: str = next(one["state"] for one in units if one["unit_code"] == unit)
    return found


def test_list_shows_call_outs_and_alarms(keyboard: Any) -> None:
    """One glance: which warning, since when, how many have answered."""
    assert "现在没有叫应" in keyboard.run("callout", "list").out
    keyboard.ingested()
    [view] = keyboard.asked("callout", "list", "--live")["callouts"]
    assert (view["colour"], view["state"], view["plan"]) == ("red", "running", "county")
    out = keyboard.run("callout", "list").out
    assert "暴雨红色预警" in out
    assert "进行中" in out


def test_show_has_every_tier_and_the_list(keyboard: Any) -> None:
    """Tiers with counts, and the units in the states asked for."""
    callout = keyboard.ingested()
    document = keyboard.asked("callout", "show", callout)
    villages = next(tier for tier in document["tiers"] if tier["name"] == "villages")
    assert villages["callees"] == villages["waiting"] > 300
    shown = keyboard.run("callout", "show", callout, "--state", "waiting")
    assert "全部用 --all" in shown.out
    assert "显示前 40 个" in shown.out
    everybody = keyboard.run("callout", "show", callout, "--state", "waiting", "--all").out
    assert "白文镇" in everybody
    assert "显示前" not in everybody
    assert "名单为空" in keyboard.run("callout", "show", callout).out


def test_ack_records_what_the_officer_heard(keyboard: Any) -> None:
    """The unit is answered; actor and reason are kept."""
    callout = keyboard.ingested()
    said = keyboard.run("callout", "ack", callout, TOWNSHIP, *REASON)
    assert said.code == 0
    assert "已记录：临县 临泉镇，现在是“已应答”" in said.out
    assert state_of(keyboard, callout, TOWNSHIP) == "acknowledged"
    connection = sqlite3.connect(keyboard.database)
    kept = connection.execute("SELECT actor, reason, means FROM acknowledgement").fetchall()
    connection.close()
    assert kept == [("zhiban", "电话 03:12，本人", "operator")]


def test_a_superior_may_report(keyboard: Any) -> None:
    """代报 is told apart from an answer of the unit itself."""
    callout = keyboard.ingested()
    document = keyboard.asked("callout", "ack", callout, TOWNSHIP, *REASON, "--means", "superior", "--actor", "镇里")
    assert document["recorded"]
    assert '"superior"' in keyboard.run("journal", "export", callout).out
    keyboard.run("callout", "ack", callout, TOWNSHIP, *REASON, "--means", "dream").misused("dream")


def test_ack_of_what_is_not_there(keyboard: Any) -> None:
    """Wrong numbers and codes are said, not guessed."""
    callout = keyboard.ingested()
    keyboard.run("callout", "ack", callout, "999", *REASON).complained("没有单位 999")
    keyboard.run("callout", "ack", 77, TOWNSHIP, *REASON).complained("没有叫应 77", "callout list")
    keyboard.run("callout", "show", 77).complained("没有叫应 77")
    keyboard.run("callout", "show", callout, "--state", "asleep").misused("asleep")


def test_every_act_needs_a_reason(keyboard: Any) -> None:
    """Without one, and with nobody to ask, an act is wrong usage and nothing happens."""
    callout = keyboard.ingested()
    for act in ("pause", "resume", "cancel", "close", "open-gate"):
        keyboard.run("callout", act, callout).misused("--reason")
    for act in ("ack", "recall", "waive", "told-leader"):
        keyboard.run("callout", act, callout, TOWNSHIP).misused("--reason")
        keyboard.run("callout", act, callout).misused("UNIT")
    assert keyboard.asked("callout", "show", callout)["state"] == "running"


def test_open_gate_calls_what_lies_below(keyboard: Any) -> None:
    """Townships need not wait for a silent county room, villages not for a silent township."""
    callout = keyboard.ingested()
    assert keyboard.asked("callout", "open-gate", callout, *REASON)["done"]
    tiers = {tier["name"]: tier for tier in keyboard.asked("callout", "show", callout)["tiers"]}
    assert tiers["villages"]["waiting"] == 0


def test_unreached_says_whose_list_it_is(keyboard: Any) -> None:
    """A township that is not called for want of lines: its villages are on the county's or the bureau's list."""
    callout = keyboard.ingested()
    assert "名单归谁" not in keyboard.run("callout", "unreached", callout).out
    document = keyboard.asked("callout", "unreached", callout)
    villages = next(one for one in document["lists"] if one["unit_code"] == TOWNSHIP)
    assert (villages["holder_code"], villages["superior_state"]) == ("", "waiting")
    assert document["units"] == []
    keyboard.run("callout", "ack", callout, COUNTY, *REASON)
    document = keyboard.asked("callout", "unreached", callout, "--unit", COUNTY)
    assert {one["holder_code"] for one in document["lists"]} == {COUNTY}
    keyboard.run("callout", "unreached", callout, "--unit", "999").complained("没有下级名单")
    keyboard.run("callout", "unreached", 77).complained("没有叫应 77")


ADD = ("--role", "deputy", "--name", "样本甲", "--phone", "+8626010000007")


def test_a_start_by_hand_is_on_paper_at_once(keyboard: Any) -> None:
    """Nobody else is there to write it: the command does, for its owner only."""
    started(keyboard, "--hazard", "暴雨", "--colour", "red", "--area", TOWNSHIP)
    folder = keyboard.folder / "state" / "lists"
    [page] = folder.glob("*_callout-1_round-1.html")
    [table] = folder.glob("*_callout-1_round-1.csv")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (page, table)} == {0o600}
    assert "临泉镇" in page.read_text(encoding="utf-8")
    exported = keyboard.run("journal", "export", 1).out
    assert '"list.written"' in exported
    assert "样本甲" not in exported


def test_print_writes_the_list_again(keyboard: Any, tmp_path: Path) -> None:
    """With who and why, to wherever the officer says; what cannot be written is said with a remedy."""
    callout = keyboard.ingested()
    said = keyboard.run("callout", "print", callout, "--folder", tmp_path / "usb", "--reason", "备用机房要一份")
    assert said.code == 0, said
    assert "已写好" in said.out
    [page] = (tmp_path / "usb").glob("*.html")
    assert "zhiban" in page.read_text(encoding="utf-8")
    assert '"备用机房要一份"' in keyboard.run("journal", "export", callout).out
    (tmp_path / "file").write_text("no folder")
    said = keyboard.run("callout", "print", callout, "--folder", tmp_path / "file" / "x", "--reason", "x")
    said.complained("打印名单没有写成", "→")
    said = keyboard.run("callout", "print", callout, "--folder", tmp_path / "file", "--reason", "x")
    said.complained("那里是文件，不是目录", "换一个目录")
    assert "剩余空间" not in said.err
    keyboard.run("callout", "print", callout).misused("--reason")
    keyboard.run("callout", "print", 77, "--reason", "x").complained("没有叫应 77")


def test_add_receiver(keyboard: Any) -> None:
    """Somebody is added on the spot; who and why stand in both journals, the name and the number in neither."""
    callout = keyboard.ingested()
    keyboard.asked("callout", "open-gate", callout, *REASON)
    said = keyboard.run("callout", "add-receiver", callout, "--unit", TOWNSHIP, *ADD, *REASON)
    assert said.code == 0, said
    assert "已增加：临县 临泉镇 B岗，马上呼叫" in said.out
    assert "程序没有运行" in said.err
    assert "样本甲" not in keyboard.run("journal", "export", callout).out
    assert "8626010000007" not in keyboard.run("journal", "export", callout).out
    assert '"receiver.added"' in keyboard.run("journal", "export", callout).out
    keyboard.run("callout", "add-receiver", callout, "--unit", TOWNSHIP, *ADD, *REASON).complained("已在名册中")


def test_add_receiver_says_everything_that_is_wrong(keyboard: Any) -> None:
    """All findings at once, nothing changed; a number never stands in one."""
    callout = keyboard.ingested()
    said = keyboard.run(
        "callout", "add-receiver", callout, "--unit", TOWNSHIP, "--role", "deputy", "--phone", "123456", "--mail", "x",
        *REASON,
    )  # fmt: skip
    said.complained("--name", "--phone", "--mail", "(3)", "The receiver cannot be added")
    assert "123456" not in said.err
    said = keyboard.run("callout", "add-receiver", callout, "--unit", "999", "--role", "duty", "--phone", "1", *REASON)
    said.complained("没有单位 999", "--phone", "(2)")
    keyboard.run("callout", "add-receiver", 77, "--unit", TOWNSHIP, *ADD, *REASON).complained("没有叫应 77")
    keyboard.run("callout", "add-receiver", callout, "--unit", TOWNSHIP, *ADD).misused("--reason")
    keyboard.run("callout", "close", callout, *REASON)
    keyboard.run("callout", "add-receiver", callout, "--unit", TOWNSHIP, *ADD, *REASON).complained("已办结")


def test_the_unit_as_a_word_or_as_an_option(keyboard: Any) -> None:
    """An officer in a hurry may write either; two different ones are nobody's guess, and none is asked for."""
    callout = keyboard.ingested()
    keyboard.asked("callout", "open-gate", callout, *REASON)
    assert keyboard.asked("callout", "add-receiver", callout, TOWNSHIP, *ADD, *REASON)["unit_code"] == TOWNSHIP
    said = keyboard.run("callout", "add-receiver", callout, TOWNSHIP, "--unit", COUNTY, *ADD, *REASON)
    said.misused("写了两个单位")
    keyboard.run("callout", "add-receiver", callout, *ADD, *REASON).misused("请写明单位编码")
    word, option = (
        keyboard.asked("callout", "unreached", callout, *words) for words in ((COUNTY,), ("--unit", COUNTY))
    )
    assert word["lists"] == option["lists"]
    keyboard.run("callout", "unreached", callout, COUNTY, "--unit", TOWNSHIP).misused("写了两个单位")


def test_waive_and_recall(keyboard: Any) -> None:
    """A unit is taken off; another is called again from the start."""
    callout = keyboard.ingested()
    keyboard.asked("callout", "open-gate", callout, *REASON)
    keyboard.asked("callout", "waive", callout, TOWNSHIP, *REASON)
    assert state_of(keyboard, callout, TOWNSHIP) == "waived"
    keyboard.asked("callout", "recall", callout, "141124101", *REASON)
    assert state_of(keyboard, callout, "141124101") == "calling"


def test_an_act_that_the_state_does_not_allow(keyboard: Any) -> None:
    """It is refused and changes nothing."""
    callout = keyboard.ingested()
    keyboard.run("callout", "told-leader", callout, TOWNSHIP, *REASON).complained("✗")
    keyboard.run("callout", "resume", callout, *REASON).complained("✗")


def test_pause_resume_cancel(keyboard: Any) -> None:
    """The whole call-out stops and goes on; after a cancel it is over."""
    callout = keyboard.ingested()
    assert keyboard.asked("callout", "pause", callout, *REASON)["state"] == "paused"
    assert keyboard.asked("callout", "resume", callout, *REASON)["state"] == "running"
    said = keyboard.run("callout", "cancel", callout, *REASON)
    assert "已解除" in said.out
    keyboard.run("callout", "cancel", callout, *REASON).complained("✗")
    assert keyboard.asked("callout", "list", "--live")["callouts"] == []


def test_close(keyboard: Any) -> None:
    """办结."""
    callout = keyboard.ingested()
    assert keyboard.asked("callout", "close", callout, *REASON)["state"] == "closed"


def started(keyboard: Any, *words: str) -> Any:
    """`callout start` with these words."""
    return keyboard.run("callout", "start", *words, "--actor", "王值班", "--reason", "实况 3 小时 90 毫米")


def test_start_by_hand(keyboard: Any) -> None:
    """Observed rain goes the way of every message: kept, judged, called."""
    said = started(keyboard, "--hazard", "暴雨", "--colour", "red", "--area", TOWNSHIP, "--text", "已出现特大暴雨")
    assert said.code == 0, said
    assert "叫应 1" in said.out
    document = keyboard.asked("callout", "show", 1)
    villages = next(tier for tier in document["tiers"] if tier["name"] == "villages")
    assert 0 < villages["callees"] < 60
    alert = keyboard.asked("alert", "show", 1)
    assert alert["headline"] == "吕梁市气象台发布暴雨红色预警信号"
    assert alert["status"] == "Actual"


def test_start_says_first_how_long_it_will_take(keyboard: Any) -> None:
    """By storms over this register and these lines: half, and 95 %; --dry-run begins nothing, and nobody waits for the figure."""
    words = ("--hazard", "暴雨", "--colour", "red", "--area", "1411")
    said = started(keyboard, *words, "--dry-run")
    assert said.code == 0, said
    assert re.search(r"[\d,]+ 个单位、30 条线：预计约 \d+ 分钟一半应答，约 \d+ 分钟 95% 应答。", said.out)
    assert keyboard.asked("alert", "list")["alerts"] == []
    document = started(keyboard, *words, "--json").document["expected"]
    assert document["units"] > 2_456
    half, most, nearly = (one["seconds"] for one in document["shares"])
    assert half < most < nearly


def test_start_for_a_county_as_its_own_issuer(keyboard: Any) -> None:
    """The issuer's level chooses the chain."""
    words = ("--hazard", "rainstorm", "--colour", "orange", "--area", COUNTY)
    said = started(keyboard, *words, "--issuer", "14112441600000", "--issuer-name", "临县气象台", "--json")
    assert said.document["reasons"] == ["trigger_county"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--area", "99", "--area", "1411x"), "名册里没有区划 99"),
        (("--area", TOWNSHIP, "--headline", "临县气象台发布暴雪橙色预警信号"), "标题会被读成暴雪"),
    ],
)
def test_start_that_would_mean_something_else(keyboard: Any, words: tuple[str, ...], complaint: str) -> None:
    """Unknown areas and a headline that says another warning are refused before anything is stored."""
    started(keyboard, "--hazard", "rainstorm", "--colour", "red", *words).complained(complaint)
    assert keyboard.asked("alert", "list")["alerts"] == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--hazard", "sandstorms", "--colour", "red"), "--hazard"),
        (("--hazard", "rainstorm", "--colour", "blue"), "--colour"),
        (("--hazard", "rainstorm", "--colour", "red", "--issuer", "12"), "--issuer"),
        (("--hazard", "rainstorm", "--colour", "red", "--text", "a\x07b"), "--text"),
        (("--hazard", "rainstorm"), "--colour"),
    ],
)
def test_start_used_wrongly(keyboard: Any, words: tuple[str, ...], complaint: str) -> None:
    """Words we do not know are wrong usage, with the ones we do."""
    started(keyboard, *words, "--area", TOWNSHIP).misused(complaint)


def test_start_calls_what_no_trigger_covers(keyboard: Any) -> None:
    """The notice's "等": an orange snowstorm has no trigger; the officer who starts it by hand has decided."""
    said = started(keyboard, "--hazard", "snowstorm", "--colour", "orange", "--area", TOWNSHIP)
    assert said.code == 0
    assert "人工发起" in said.out
