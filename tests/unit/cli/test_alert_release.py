"""`alert show` in full view of the problems, and `alert release`."""

from __future__ import annotations

from typing import Any


def held(keyboard: Any) -> int:
    """A red warning that names its severity twice: quarantined; its number."""
    path = keyboard.warning()
    path.write_bytes(
        path.read_bytes().replace(b"<severity>Red</severity>", b"<severity>Red</severity><severity>Orange</severity>")
    )
    said = keyboard.run("alert", "ingest", path, "--json")
    assert said.code == 1
    [result] = said.document["results"]
    assert result["disposition"] == "quarantined"
    return int(result["alert_id"])


def test_show_gives_the_text_and_every_problem(keyboard: Any) -> None:
    """Whoever must decide reads the whole message, where it is, and what is odd about it, in both languages."""
    number = held(keyboard)
    shown = keyboard.run("alert", "show", number)
    for words in (
        "临县",
        "141124000000",
        "读取时发现的问题",
        "/alert/info/severity",
        "同一元素出现多次",
        "alert release",
    ):
        assert words in shown.out
    document = keyboard.asked("alert", "show", number)
    assert [one["essential"] for one in document["problems"]] == [True]
    assert document["content"]["infos"][0]["areas"][0]["geocodes"] == ["141124000000"]
    assert "Problems found while reading" in keyboard.run("alert", "show", number, "--lang", "en").out


def test_release_calls(keyboard: Any) -> None:
    """With a name and a reason it calls at once; the verdict says who let it."""
    number = held(keyboard)
    said = keyboard.run("alert", "release", number, "--reason", "已核实", "--actor", "值班员", "--json")
    assert said.code == 0
    assert said.document["disposition"] == "accepted"
    [callout] = said.document["callouts"]
    assert keyboard.asked("callout", "show", callout)["purpose"] == "call"
    assert "同一元素出现多次" in said.err
    assert "值班员看过后释放" in keyboard.run("alert", "show", number).out
    keyboard.run("alert", "release", number, "--reason", "x", "--actor", "y").complained("已在叫应")


def test_release_needs_a_reason_and_a_message(keyboard: Any) -> None:
    """Nobody releases by accident."""
    number = held(keyboard)
    keyboard.run("alert", "release", number, "--actor", "y").misused("--reason")
    keyboard.run("alert", "release", 99, "--reason", "x", "--actor", "y").complained("没有消息 99")


def test_a_message_that_could_not_be_read_is_shown_as_it_came(keyboard: Any) -> None:
    """Its number stands in the list; its text in the encoding it is in, without anybody's number."""
    path = keyboard.warning()
    path.write_bytes(path.read_text("utf-8").replace("</severity>", "</severty>13800001234").encode("gb18030"))
    assert keyboard.run("alert", "ingest", path).code == 1
    [unread] = keyboard.asked("alert", "list")["unreadable"]
    shown = keyboard.run("alert", "message", unread["message_id"])
    assert "暴雨" in shown.out
    assert "13800001234" not in shown.out
    assert unread["sha256"] in shown.out
    assert keyboard.asked("alert", "message", unread["message_id"])["reasons"] == unread["reasons"]
    missing = keyboard.run("alert", "message", 999)
    assert (missing.code, "没有报文 999" in missing.err + missing.out) == (1, True)
