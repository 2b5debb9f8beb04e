"""The parts of a line: what its process reads, what it says over the control connection, and what settings are refused."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from warning_dispatch.clock import SystemClock
from warning_dispatch.delivery.kinds import RouteFacts, kind_of
from warning_dispatch.delivery.sip.control import ControlError, Frames, framed
from warning_dispatch.delivery.sip.course import Course
from warning_dispatch.delivery.sip.files import LinePlace, account_text, config_text, forget_account, write_files
from warning_dispatch.delivery.sip.kind import KIND
from warning_dispatch.delivery.sip.line import SETUP_LIMIT_S, SILENT_AFTER_S, Call, Line
from warning_dispatch.delivery.sip.options import SipOptions
from warning_dispatch.delivery.sip.ping import options_request
from warning_dispatch.model.unit import Channel
from warning_dispatch.route_settings import RouteSettings

ROOT = Path(__file__).resolve().parents[4]


def options(**words: Any) -> SipOptions:
    """A trunk's options."""
    return SipOptions.model_validate({"trunk": "10.9.8.7:5060", "caller_id": "03588230000", **words})


def place(folder: Path, **changes: Any) -> LinePlace:
    """A line's place."""
    words = {
        "index": 0,
        "sip_port": 5070,
        "control_port": 14440,
        "address": "10.0.0.5",
        "registers": False,
        "password": "geheim",
    }
    return LinePlace(**{"folder": folder, **words, **changes})


def facts(lines: int | None = 10, secret: Callable[[str], str] = lambda _name: "") -> RouteFacts:
    """A route as it is configured."""
    return RouteFacts(
        "own", Channel.VOICE, "warning-dispatch.toml: routes[0]", lines, secret=secret, config_dir=ROOT / "config"
    )


@given(
    st.lists(st.dictionaries(st.sampled_from(["event", "type", "param"]), st.text(max_size=20)), max_size=6),
    st.integers(1, 40),
)
def test_frames_come_out_whole_however_they_are_cut(documents: list[dict[str, str]], cut: int) -> None:
    """A stream of netstrings gives the documents in order, wherever the network cuts it."""
    stream = b"".join(b"%d:%s," % (len(raw), raw) for raw in (json.dumps(one).encode() for one in documents))
    frames, found = Frames(), []
    for at in range(0, len(stream), cut):
        found += frames.feed(stream[at : at + cut])
    assert found == documents


@pytest.mark.parametrize(
    "stream", [b"GET / HTTP/1.1\r\n", b"x", b"3:abc,", b"2:{}x", b"9999999999", b"2:[],", b"99999999:"]
)
def test_what_is_not_our_program_is_told(stream: bytes) -> None:
    """Somebody else on the port, or another protocol: an error, never a guess."""
    with pytest.raises(ControlError):
        Frames().feed(stream)


class Deaf:
    """A trunk that answers no questions, and a process that takes every command."""

    def is_free(self, line: Line) -> None:
        """Nobody waits for it."""

    def rings(self, line: Line, number: str) -> None:
        """Nobody rings."""

    async def trunk_answers(self) -> bool:
        """Never."""
        return False

    async def ask(self, *_command: str) -> SimpleNamespace:
        """Taken."""
        return SimpleNamespace(ok=True, text="")


@pytest.mark.parametrize(("ping", "asked_after"), [(True, SILENT_AFTER_S), (False, SETUP_LIMIT_S)])
async def test_a_trunk_that_answers_no_questions_is_not_asked_why_it_is_slow(
    tmp_path: Path, ping: bool, asked_after: float
) -> None:
    """With `ping = false` a call may take its time until it rings; nobody declares the trunk dead for silence."""
    log, deaf = structlog.get_logger("route"), Deaf()
    line = Line(place(tmp_path), options(ping=ping), SystemClock(), deaf, log)
    line._control = deaf  # type: ignore[assignment] # no process here
    line.engage()
    call = Call(7, Course(asks=True, heard_after=1), lambda *_end: None, 35, 20, tmp_path / "thanks.wav")
    began = asyncio.get_running_loop().time()
    assert await line.dial(call, "sip:13800000000@10.9.8.7", b"RIFF")
    assert min(one.when() for one in line._timers) - began == pytest.approx(asked_after, abs=1)
    line.withdraw(7)
    await line.stop()


def test_a_command_is_one_netstring() -> None:
    """Length, JSON, comma."""
    [document] = Frames().feed(framed("dial", "sip:13800000000@10.9.8.7", "7"))
    assert document == {"command": "dial", "params": "sip:13800000000@10.9.8.7", "token": "7"}


def test_the_control_port_is_on_loopback_whatever_faces_the_trunk(tmp_path: Path) -> None:
    """SIP faces the trunk, control never does."""
    text = config_text(place(tmp_path), options())
    assert "ctrl_tcp_listen 127.0.0.1:14440\n" in text
    assert "sip_listen 10.0.0.5:5070\n" in text
    assert "0.0.0.0" not in text  # noqa: S104 - that it is not there


def test_the_password_is_the_owners_alone_and_goes(tmp_path: Path) -> None:
    """Nobody else may read it from its first moment on, and it is gone when the process has read it."""
    here = place(tmp_path / "001", registers=True)
    write_files(here, options(user="bureau", register_every_s=300))
    path = here.folder / "accounts"
    assert path.stat().st_mode & 0o777 == 0o600
    assert here.folder.stat().st_mode & 0o777 == 0o700
    assert ";auth_user=bureau;auth_pass=geheim;regint=300;" in path.read_text(encoding="utf-8")
    forget_account(here)
    assert not path.exists()


def test_an_account_without_a_login_has_none(tmp_path: Path) -> None:
    """A trunk that knows us by our address gets no password; the caller id is the user part."""
    text = account_text(place(tmp_path), options())
    assert text.startswith("<sip:03588230000@10.9.8.7:5060;transport=udp>;regint=0;")
    assert "auth_" not in text


@pytest.mark.parametrize(
    "words",
    [
        {"trunk": "10.9.8.7;transport=tls"}, {"trunk": ""}, {"caller_id": "0358 823"}, {"caller_id": "", "user": ""},
        {"prefix": "9;"}, {"register_every_s": 60}, {"rtp_from": 20_000, "rtp_until": 20_050}, {"unknown": 1},
        {"endings": {"200": "busy"}}, {"ring_s": 200},
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(words: dict[str, Any]) -> None:
    """Nothing reaches the program's files or commands that is not what it says."""
    with pytest.raises(ValidationError):
        options(**words)


def test_check_tells_everything_at_once() -> None:
    """Lines, password, program, voice, ports and the site's own table: every fault in one go, in two languages."""
    broken = options(
        user="bureau", program="no-such-program", speak=("no-such-voice",), sip_port=21_000, endings={"480": "no_such_row", "486": "key_pressed"},
        trunk="127.0.0.1",
    )  # fmt: skip
    found = KIND.check(broken, facts())
    keys = {one.where.rpartition("options.")[2] for one in found}
    assert keys == {"password_file", "program", "speak", "sip_port", "endings.480", "endings.486"}
    assert all(" / " in one.what for one in found)
    assert [one.where for one in KIND.check(options(trunk="127.0.0.1"), facts(lines=None))][:1] == [
        "warning-dispatch.toml: routes[0].lines"
    ]


@pytest.mark.parametrize("password", ["ge;heim", "ge heim", "ge>heim", 'ge"heim'])
def test_a_password_that_would_change_the_account_is_refused(password: str) -> None:
    """It would end its field in the account's line."""
    found = KIND.check(options(user="bureau", trunk="127.0.0.1"), facts(secret=lambda _name: password))
    assert any(one.where.endswith("options.password_file") for one in found)


def test_the_question_to_a_trunk_rings_nobody() -> None:
    """OPTIONS, addressed to the trunk itself."""
    request = options_request(options(), "10.0.0.5", 5999).decode()
    assert request.startswith("OPTIONS sip:10.9.8.7:5060 SIP/2.0\r\n")
    assert request.endswith("\r\n\r\n")
    assert "INVITE" not in request


def test_the_shipped_settings_example_is_true() -> None:
    """The routes that stand commented in the shipped settings can be read as they stand."""
    text = (ROOT / "config" / "warning-dispatch.toml").read_text("utf-8")
    example = text.partition("# --- 自有线路示例（")[2].partition("\n")[2].partition("# --- 自有线路示例完")[0]
    routes = tomllib.loads("\n".join(line.removeprefix("#") for line in example.splitlines()))["routes"]
    assert [one["adapter"] for one in routes] == ["sip", "ari"]
    for one in routes:
        kind_of(one["adapter"]).options.model_validate(one["options"])
        assert RouteSettings.model_validate(one).channel == "voice"
