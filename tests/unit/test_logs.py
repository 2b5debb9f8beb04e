"""The log: structured, one way for our lines and the libraries', and no number that reaches a person (promise 11)."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from warning_dispatch.logs import configure_logging, mask, mask_text, silent_logger

FIRST, LAST = "100", "0123"
NUMBER = f"{FIRST}0000{LAST}"
"""No block of mobile numbers begins with 100."""


@pytest.fixture
def out() -> Iterator[StringIO]:
    """A stream to print to; the logging module is left as it was found."""
    root = logging.getLogger()
    names = ("alembic", "apscheduler", "httpcore2", "httpx2", "uvicorn", "uvicorn.error", "uvicorn.access")
    before = (root.handlers, root.level, [(name, logging.getLogger(name).level) for name in names])
    yield StringIO()
    root.handlers, root.level = before[0], before[1]
    for name, level in before[2]:
        logging.getLogger(name).setLevel(level)
    structlog.reset_defaults()


def printed(out: StringIO) -> list[dict[str, object]]:
    """The lines of a JSON log."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    "number",
    [
        NUMBER,
        f"+86{NUMBER}",
        f"0086{NUMBER}",
        f"86 {NUMBER}",
        "100 0000 0123",
        "100-0000-0123",
        "0358-0000123",
        "0358 0000123",
        "03580000123",
        "(0358)0000123",
        "（0358）0000123",
        "010-00000123",
        "+44 20 0000 0123",
        "+1-200-000-0123",
    ],
)
@pytest.mark.parametrize("around", ["{}", "打给{}，未接", "tel:{};x", "to {}.", "a{}b", "call.{} failed", "'{}','{}'"])
def test_numbers_are_masked_wherever_they_stand(number: str, around: str) -> None:
    """As people write them, in Chinese or English text, in quotes or glued to a word."""
    masked = mask_text(around.format(number, number))
    assert number not in masked
    assert "0000" not in masked.replace("****", "")
    assert "****" in masked


@given(st.text(max_size=20), st.integers(0, 10**10 - 1), st.text(max_size=20))
def test_no_surrounding_text_uncovers_a_mobile_number(before: str, rest: int, after: str) -> None:
    """Eleven digits beginning with 1 never get through, unless their neighbours make them part of another thing."""
    number = f"1{rest:010d}"
    assume(not re.search(r"\d$", before))
    assume(not re.match(r"\d", after))
    text = f"{before}{number}{after}"
    assume(not re.search(r"[0-9a-f]{16}", text))
    assert number not in mask_text(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail zhang.san+duty@weather.example.cn!", "mail z***@weather.example.cn!"),
        ("邮箱：a@b.cn", "邮箱：a***@b.cn"),
        ("GET /r/abcdefgh234567ab HTTP/1.1", "GET /r/**** HTTP/1.1"),
        ("Authorization: Bearer wd_0a1b2c.3d", "Authorization: Bearer ****"),
    ],
)
def test_addresses_and_tokens_are_masked(text: str, masked: str) -> None:
    """An access log must not hold what acknowledges in another's name."""
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "141124100000",
        "1411",
        "14110041600000_20250723101010",
        "1763868921000",
        "2025-07-23T10:10:10.123456Z",
        "2025-07-23 10:10:10",
        "0138123456789abc",
        "5f1381234567890d",
        "callout:12345678",
        "127.0.0.1:54321",
        "100****0123",
        "a red warning, 2,453 villages",
    ],
)
def test_codes_times_and_hashes_stay_readable(text: str) -> None:
    """What the duty officer and the auditor look for is not a number of a person."""
    assert mask_text(text) == text


def test_values_are_masked_however_deep() -> None:
    """Lists, mappings and their keys, integers, bytes, objects, errors: a number hides in none of them."""
    values = {
        "event": f"to {NUMBER}",
        "list": [NUMBER, (NUMBER, {NUMBER: {NUMBER}})],
        "integer": int(NUMBER),
        "bytes": NUMBER.encode(),
        "error": ValueError(NUMBER),
        "kept": [True, None, 1.5, 1763868921000, 12],
    }
    masked = mask(None, "info", values)
    assert NUMBER not in repr(masked)
    assert masked["kept"] == values["kept"]


def test_json_lines_for_the_journal_daemon(out: StringIO) -> None:
    """One JSON object per line, with ISO time, level, event and bound ids, Chinese readable."""
    configure_logging("info", json=True, stream=out)
    structlog.get_logger().bind(callout_id=7).info("叫应开始", tier=1, to=NUMBER)
    structlog.get_logger().debug("not shown")
    (line,) = printed(out)
    assert {key: line[key] for key in ("event", "level", "callout_id", "tier", "to")} == {
        "event": "叫应开始",
        "level": "info",
        "callout_id": 7,
        "tier": 1,
        "to": "100****0123",
    }
    assert str(line["timestamp"]).endswith("Z")
    assert "叫应开始" in out.getvalue()


def test_libraries_go_the_same_way(out: StringIO) -> None:
    """A sentence of uvicorn is masked like ours, and small talk is not printed."""
    configure_logging("info", json=True, stream=out)
    logging.getLogger("uvicorn.error").warning("failed for %s", NUMBER)
    logging.getLogger("apscheduler.scheduler").info("looking for jobs")
    logging.getLogger("uvicorn.access").info("GET /")
    (line,) = printed(out)
    assert (line["event"], line["logger"], line["level"]) == ("failed for 100****0123", "uvicorn.error", "warning")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_is_masked(out: StringIO, *, as_json: bool) -> None:
    """The text of an exception passes the mask too, ours and a library's, for machines and for people."""
    configure_logging("info", json=as_json, stream=out)

    def fail(number: str) -> None:
        raise ValueError(f"cannot call {number}")

    try:
        fail(NUMBER)
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed too")
    assert out.getvalue().count("ValueError: cannot call 100****0123") == 2
    assert NUMBER not in out.getvalue()


def test_debug_shows_the_small_talk(out: StringIO) -> None:
    """Who looks for a fault in the libraries can."""
    configure_logging("debug", json=True, stream=out)
    logging.getLogger("apscheduler.scheduler").debug("looking for jobs")
    assert [line["event"] for line in printed(out)] == ["looking for jobs"]


def test_columns_for_a_person(out: StringIO) -> None:
    """No colours where nobody sees them."""
    configure_logging("info", json=False, stream=out)
    structlog.get_logger().info("turn", callees=500)
    assert "turn" in out.getvalue()
    assert "callees=500" in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("as_json", [True, False])
def test_nobody_writes_a_line_of_their_own(out: StringIO, *, as_json: bool) -> None:
    """Line ends and the signs that drive a terminal stand there in letters: our values and a library's sentence alike."""
    configure_logging("info", json=as_json, stream=out)
    forged = "/a\r\n2026-07-01T00:00:00Z [info] forged \x1b[2J\x85\u2028 end"
    structlog.get_logger().info("request", path=forged)
    logging.getLogger("library").warning("it said %s", forged)
    written = out.getvalue()
    assert len(written.splitlines()) == 2
    assert not any(sign in written for sign in ("\r", "\x1b", "\x85", "\u2028"))


def test_an_unknown_level_is_refused(out: StringIO) -> None:
    """A mistyped level is not silently another one."""
    with pytest.raises(ValueError, match="loud"):
        configure_logging("loud", json=True, stream=out)


def test_a_silent_logger_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Storms write journals by the thousand and print nothing."""
    log = silent_logger()
    log.info("journal_sealed", stream="callout:1")
    log.critical("even this")
    assert capsys.readouterr() == ("", "")
