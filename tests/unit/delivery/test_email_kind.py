"""Mail as a kind of channel: what comes back by the relay's door, what `check` foresees, and where no password ever stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog

from warning_dispatch.clock import VirtualClock
from warning_dispatch.delivery.configured import read_routes, route_findings
from warning_dispatch.delivery.email.bounces import WINDOW, BounceDoor
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.kinds import ChannelTools, HookAnswer, Hooked, HookRequest, Polled, Probed
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, OpenCall, Report
from warning_dispatch.settings import Settings, load_settings
from warning_dispatch.signing import SIGNATURE, TIMESTAMP, signature

NOW = 1_784_727_180_000
SECRET = "a shared secret of the relay"
TOKENS = Tokens(b"route")
MESSAGE = TOKENS.message_id(
    Dispatch(7, 1, Channel.EMAIL, Purpose.CALL, "mail", "a@b.cn", "zh_CN", "x"), "a@b.cn", "b.cn"
)


def posted(
    body: bytes,
    *,
    seconds: int = NOW // 1000,
    secret: str = SECRET,
    kind: str = "application/json",
    path: str = "bounce",
) -> HookRequest:
    """What a relay posts."""
    headers = {
        TIMESTAMP.lower(): str(seconds),
        SIGNATURE.lower(): signature(secret, seconds, body),
        "content-type": kind,
    }
    return HookRequest("POST", path, (), headers, body, "https://x.cn/hooks/mail/bounce")


def told(**fields: str) -> bytes:
    """A bounce as JSON."""
    return json.dumps({"message_id": MESSAGE, **fields}).encode()


async def asked(request: HookRequest, secret: str = SECRET) -> tuple[HookAnswer, list[Event]]:
    """What the door answers, and what the engine hears."""
    heard: list[Event] = []
    return await BounceDoor(secret, TOKENS, lambda: NOW, heard.append).answer(request), heard


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": "5.1.1", "diagnostic": "smtp; 550 5.1.1 no such user"}, "bounced"),
        ({"diagnostic": "550 邮箱不存在"}, "bounced"),
        ({"status": "5.2.2", "diagnostic": "552 5.2.2 full"}, "undelivered"),
        ({"action": "delivered"}, "delivered"),
    ],
)
async def test_a_relay_s_word_becomes_a_report(fields: dict[str, str], outcome: str) -> None:
    """退信: by Message-ID, as a row of the outcome table."""
    answer, heard = await asked(posted(told(**fields)))
    assert (answer.status, heard) == (200, [Report(7, outcome, NOW)])


async def test_a_raw_report_is_taken_as_it_is() -> None:
    """A relay need not understand its own report: it may post the bytes."""
    raw = f"From: postmaster@qq.com\r\nSubject: x\r\nIn-Reply-To: {MESSAGE}\r\n\r\n550 User not found".encode()
    answer, heard = await asked(posted(raw, kind="message/rfc822"))
    assert (answer.status, heard) == (200, [Report(7, "bounced", NOW)])


async def test_an_answer_never_comes_in_by_this_door() -> None:
    """Promise 2: whoever holds the relay's secret can report bounces, and answer for nobody."""
    raw = f"From: a@b.cn\r\nIn-Reply-To: {MESSAGE}\r\n\r\n收到".encode()
    assert (await asked(posted(raw, kind="message/rfc822")))[1] == []


@pytest.mark.parametrize(
    ("request_", "secret", "status"),
    [
        (posted(told(), secret="another secret of somebody"), SECRET, 401),
        (posted(told(), seconds=(NOW - WINDOW) // 1000 - 1), SECRET, 401),
        (posted(told(), path="else"), SECRET, 404),
        (posted(told(), secret=""), "", 404),
        (posted(b"{}"), SECRET, 400),
        (posted(b"\xff\x00"), SECRET, 400),
        (posted(told(message_id=MESSAGE.replace(".7.", ".8."))), SECRET, 200),
        (posted(told(action="delayed")), SECRET, 200),
        (HookRequest("POST", "bounce", (), {}, told(), ""), SECRET, 401),
        (HookRequest("GET", "bounce", (), {}, b"", ""), SECRET, 404),
    ],
)
async def test_whoever_cannot_sign_ends_nothing(request_: HookRequest, secret: str, status: int) -> None:
    """Forged, old, foreign, unreadable, or about another's mail: nothing is heard."""
    answer, heard = await asked(request_, secret)
    assert (answer.status, heard) == (status, [])


# --- as configured ----------------------------------------------------------------------------------------

PASSWORDS = ("correct-horse-smtp", "correct-horse-imap", "correct-horse-bounce")


def installation(folder: Path, more: str = "", *, passwords: bool = True) -> Settings:
    """An installation with one mail route; its secrets lie in files."""
    lines = ['[smtp]\nhost = "127.0.0.1"\nport = 1\nsender = "a@b.cn"\nusername = "duty"\ntimeout_s = 0.5\n', more]
    for key, word in zip(("password", "imap_password", "bounce_secret"), PASSWORDS if passwords else (), strict=False):
        (folder / key).write_text(word)
        (folder / key).chmod(0o600)
        lines.append(f'{key}_file = "{folder / key}"\n')
    lines.append('[[routes]]\nname = "mail"\nchannel = "email"\nadapter = "smtp"\n')
    (folder / "warning-dispatch.toml").write_text("".join(lines), encoding="utf-8")
    return load_settings(folder, {})


BOX = 'imap_host = "127.0.0.1"\nimap_port = 1\n'


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ('imap_host = "mail.b.cn"\nimap_security = "none"\n', "smtp.imap_security"),
        ('bounce_address = "bounce+{token}@b.cn"\n', "smtp.bounce_address"),
        (f'{BOX}bounce_address = "no address"\n', "email.bounce_address"),
        (f'{BOX}bounce_address = "{"b" * 40}+{{token}}@b.cn"\n', "email.bounce_address"),
    ],
)
def test_check_finds_what_would_not_work(tmp_path: Path, more: str, where: str) -> None:
    """A password in clear, bounces that nobody reads, an address that is none: found before the season."""
    found = route_findings(installation(tmp_path, more))
    assert [where in str(one.where) for one in found] == [True]


def test_check_wants_a_mailbox_s_user(tmp_path: Path) -> None:
    """A mailbox without a password opens to nobody."""
    assert len(route_findings(installation(tmp_path, BOX, passwords=False))) == 1
    assert route_findings(installation(tmp_path, BOX)) == []


def tools(heard: list[Event], secret: object) -> ChannelTools:
    """What the daemon gives a channel."""

    async def nothing_open(_number: str) -> Sequence[OpenCall]:
        return ()

    return ChannelTools(
        route="mail",
        channel=Channel.EMAIL,
        clock=VirtualClock(NOW),
        hear=heard.append,
        hook_url="",
        hook_secret=b"x" * 32,
        secret=secret,  # type: ignore[arg-type] # as configured
        open_calls=nothing_open,
        log=structlog.get_logger("route"),
    )


async def test_no_credential_is_ever_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Credentials never in logs, errors, or `check`: sending, looking and probing fail, and say so without them."""
    settings = installation(tmp_path, BOX + 'bounce_address = "b+{token}@b.cn"\n')
    [route] = read_routes(settings)
    heard: list[Event] = []
    with structlog.testing.capture_logs() as lines:
        channel = route.kind.build(route.options, tools(heard, route.facts.secret))
        assert isinstance(channel, Polled)
        assert isinstance(channel, Hooked)
        assert isinstance(channel, Probed)
        await channel.poll()
        mail = Dispatch(7, 1, Channel.EMAIL, Purpose.CALL, "mail", "a@b.cn", "zh_CN", "x")
        receipts = await channel.deliver([mail])
        probe = await channel.probe()
        await channel.close()
    assert (probe.healthy, probe.why) == (False, "provider_down")
    assert [one.outcome for one in receipts] == ["provider_down"]
    (tmp_path / "password").chmod(0o644)
    with pytest.raises(ConfigError) as refused:
        route.kind.build(route.options, tools(heard, route.facts.secret))
    said = [*lines, *capsys.readouterr(), refused.value, settings, route, channel.__dict__, tools(heard, None)]
    assert {one["event"] for one in lines} >= {"email.mailbox_unreachable", "email.no_connection", "email.batch"}
    for word in PASSWORDS:
        assert word not in "".join(f"{one!r} {one}" for one in said)
