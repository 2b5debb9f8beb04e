"""What is put on the wire as a mail, and what a server's refusal means."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest

from warning_dispatch.delivery.email.message import build_mail, html_body
from warning_dispatch.delivery.email.route import EmailRoute, read_address
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.email.wire import Stage, refusal_outcome
from warning_dispatch.errors import ConfigError
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch

NOW = 1_784_727_180_999
TOKENS = Tokens(b"of this route alone")
ROUTE = EmailRoute(host="mail.example.cn", port=587, sender="气象叫应 <alert@example.cn>", reply_to="duty@example.cn")


def mail_of(**changes: object) -> Dispatch:
    """One attempt by mail."""
    values: dict[str, object] = {
        "attempt_id": 42,
        "callout_id": 3,
        "channel": Channel.EMAIL,
        "purpose": Purpose.CALL,
        "route": "smtp",
        "address": "head@village.example.cn",
        "language": "zh_CN",
        "text": "某村：\n请确认：\nhttps://jy.example.cn/r/ABC?x=1&y=2",
        "subject": "暴雨红色预警",
        "link": "https://jy.example.cn/r/ABC?x=1&y=2",
    }
    return Dispatch(**{**values, **changes})  # type: ignore[arg-type] # a table of keyword arguments


def test_a_mail_has_the_headers_of_an_automatic_message() -> None:
    """From, To, Reply-To, Date of the given clock, Auto-Submitted, text and HTML in UTF-8, all of it 7-bit."""
    mail = build_mail(ROUTE, mail_of(), NOW, TOKENS)
    assert mail.content.isascii()
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    read = message_from_bytes(mail.content, policy=default)
    assert read["From"] == "气象叫应 <alert@example.cn>"
    assert (read["To"], read["Reply-To"]) == ("head@village.example.cn", "duty@example.cn")
    assert read["Date"] == "Wed, 22 Jul 2026 21:33:00 +0800"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Subject"] == "暴雨红色预警"
    assert read["Content-Language"] == "zh-CN"
    assert read["Message-ID"] == mail.message_id
    plain, html = (read.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == mail_of().text.splitlines()
    assert '<a href="https://jy.example.cn/r/ABC?x=1&amp;y=2"' in html.get_content()
    assert "打开确认页面" in html.get_content()


def test_a_repeat_is_known_by_its_message_id_and_another_mail_is_not() -> None:
    """The same attempt gives the same Message-ID; another attempt, text or receiver gives another."""
    first = build_mail(ROUTE, mail_of(), NOW, TOKENS).message_id
    assert build_mail(ROUTE, mail_of(possible_duplicate=True), NOW + 60_000, TOKENS).message_id == first
    others = [mail_of(attempt_id=43), mail_of(text="别的"), mail_of(address="b@example.cn"), mail_of(callout_id=4)]
    assert len({first, *(build_mail(ROUTE, other, NOW, TOKENS).message_id for other in others)}) == 5
    assert first.startswith("<3.42.")
    assert first.endswith("@example.cn>")


@pytest.mark.parametrize("evil", ["a\r\nBcc: x@example.cn", "a\nX: y", "a\u2028b", "a\x00b", "a\ud800b"])
def test_headers_cannot_be_injected(evil: str) -> None:
    """Whatever subject, language or text holds, the mail has our headers and no other."""
    mail = build_mail(ROUTE, mail_of(subject=evil, language=evil, text=evil), NOW, TOKENS)
    read = message_from_bytes(mail.content, policy=default)
    assert set(read.keys()) == {
        "Message-ID",
        "Date",
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Auto-Submitted",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    }


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.cn",
        "a@",
        "王@example.cn",
        "a b@example.cn",
        "a@b.cn, c@d.cn",
        "a@b.cn\r\nRCPT TO:<c@d.cn>",
    ],
)
def test_an_address_that_can_never_work_is_refused(address: str) -> None:
    """A bad address is a ValueError before anything goes out; two addresses are never one receiver."""
    with pytest.raises(ValueError, match=r"address|control"):
        build_mail(ROUTE, mail_of(address=address), NOW, TOKENS)


def test_a_chinese_domain_goes_out_in_ascii() -> None:
    """An internationalised domain is encoded, the name before it is kept."""
    assert read_address("a@例子.中国").addr_spec == "a@xn--fsqu00a.xn--fiqs8s"


def test_html_is_escaped() -> None:
    """A text cannot bring markup of its own, nor break out of the link."""
    html = html_body('<script>x</script>\nhttps://e.cn/"><b>', 'https://e.cn/"><b>', 'en"><i>')
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("stage", "code", "message", "outcome"),
    [
        (Stage.RECIPIENT, 550, "5.1.1 no such user", "bounced"),
        (Stage.RECIPIENT, 550, "no such user", "bounced"),
        (Stage.RECIPIENT, 550, "5.1.1 User unknown in relay recipient table", "bounced"),
        (Stage.RECIPIENT, 550, "User unknown in relay recipient table", "bounced"),
        (Stage.RECIPIENT, 554, "5.7.1 Relay access denied", "credentials_refused"),
        (Stage.RECIPIENT, 550, "Relaying denied", "credentials_refused"),
        (Stage.RECIPIENT, 550, "5.1.8 Sender address rejected: Domain not found", "credentials_refused"),
        (Stage.RECIPIENT, 530, "5.7.0 Must issue STARTTLS", "credentials_refused"),
        (Stage.RECIPIENT, 550, "5.7.1 blocked by policy", "mail_deferred"),
        (Stage.RECIPIENT, 550, "Connection frequency limited", "mail_deferred"),
        (Stage.RECIPIENT, 552, "5.2.2 mailbox full", "mail_deferred"),
        (Stage.RECIPIENT, 552, "over quota", "mail_deferred"),
        (Stage.RECIPIENT, 450, "4.2.0 greylisted", "mail_deferred"),
        (Stage.SENDER, 553, "Mail from must equal authorized user", "credentials_refused"),
        (Stage.SENDER, 451, "later", "temporarily_refused"),
        (Stage.CONTENT, 554, "5.6.0 content rejected", "mail_deferred"),
        (Stage.CONTENT, 550, "Mail content denied", "mail_deferred"),
        (Stage.CONTENT, 550, "5.1.1 no such user", "bounced"),
        (Stage.CONTENT, 452, "disk full", "temporarily_refused"),
        (Stage.RECIPIENT, 451, "4.3.0 mail system not ready", "temporarily_refused"),
        (Stage.CONTENT, 451, "4.7.1 greylisted", "mail_deferred"),
    ],
)
def test_only_a_fact_about_the_mailbox_marks_an_address(stage: Stage, code: int, message: str, outcome: str) -> None:
    """A relay, a filter or a full mailbox never spoils the register; a mailbox that does not exist is found."""
    assert refusal_outcome(stage, code, message) == outcome


def test_a_route_lists_everything_that_is_wrong_with_it() -> None:
    """All findings at once, and a password never goes over the network in clear nor into a log."""
    with pytest.raises(ConfigError) as caught:
        EmailRoute(
            host=" ",
            port=0,
            sender="nobody",
            security="ssl",  # type: ignore[arg-type] # that is the point
            reply_to="@",
            password="x",
            timeout_s=0,
            connections=0,
            helo="a b",
        )
    places = {finding.where for finding in caught.value.findings}
    assert places == {
        f"email.{key}"
        for key in ("host", "port", "sender", "security", "reply_to", "username", "timeout_s", "connections", "helo")
    }
    with pytest.raises(ConfigError, match="in clear"):
        EmailRoute(host="mail.example.cn", port=25, sender="a@example.cn", security="none", username="u", password="p")
    kept = EmailRoute(
        host="127.0.0.1", port=25, sender="a@example.cn", security="none", username="u", password="geheim"
    )
    assert "geheim" not in repr(kept)
