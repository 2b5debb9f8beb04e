"""What comes back by mail: bounces in their many forms, answers of people, and machines that answer nothing."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.delivery.email.incoming import Bounce, Incoming, Passed, WrittenAnswer, own_words, read_incoming
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.escalation.help_words import cries_for_help
from warning_dispatch.model.feedback import LONGEST_REPLY
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch

TOKENS = Tokens(b"secret of the route")
ROOT = Path(__file__).parents[3]
HEAD = "Head.Wang@village.cn"
OURS = TOKENS.message_id(
    Dispatch(7, 3, Channel.EMAIL, Purpose.CALL, "mail", HEAD, "zh_CN", "正文", "暴雨红色预警"), HEAD, "bureau.cn"
)
ANSWER = WrittenAnswer(7, "head.wang@village.cn", "收到")


def letter(
    text: str = "收到", sender: str = "head.wang@village.cn", subject: str = "Re: 暴雨红色预警", **headers: str
) -> bytes:
    """A letter that answers our mail; `headers` with _ for -; an empty one is left out."""
    mail = EmailMessage(policy=SMTP)
    values = {"From": sender, "To": "alert@bureau.cn", "Subject": subject, "In-Reply-To": OURS}
    values |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in values.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def read(raw: bytes) -> Incoming:
    """What it is."""
    return read_incoming(raw, TOKENS)


def report(
    action: str, status: str, diagnostic: str = "", *, returned: str = "text/rfc822-headers", name: str = OURS
) -> bytes:
    """A report of RFC 3464."""
    said = f"Diagnostic-Code: {diagnostic}\r\n" if diagnostic else ""
    return (
        "From: MAILER-DAEMON@relay.cn\r\nSubject: Delivery Status Notification\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.cn\r\n\r\n"
        f"Final-Recipient: rfc822; x@y.cn\r\nAction: {action}\r\nStatus: {status}\r\n{said}\r\n"
        f"--b\r\nContent-Type: {returned}\r\n\r\nSubject: x\r\nMessage-ID: {name}\r\n\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (report("failed", "5.1.1", "smtp; 550 5.1.1 <x@y.cn>: Recipient address rejected"), Bounce(7, "bounced")),
        (report("failed", "5.1.1", returned="message/rfc822"), Bounce(7, "bounced")),
        (report("failed", "5.0.0", "smtp; 550 User not found: x@y.cn"), Bounce(7, "bounced")),
        (report("failed", "5.0.0", "smtp; 550 Mailbox unavailable or access denied"), Bounce(7, "bounced")),
        (report("failed", "5.2.2", "smtp; 552 5.2.2 mailbox full"), Bounce(7, "undelivered")),
        (report("failed", "5.7.1", "smtp; 554 5.7.1 rejected as spam"), Bounce(7, "undelivered")),
        (report("failed", "5.7.1", "smtp; 550 5.7.1 relaying denied"), Bounce(7, "undelivered")),
        (report("failed", "4.4.7", "smtp; 421 time-out"), Bounce(7, "undelivered")),
        (report("delayed", "4.4.1"), Passed("delayed")),
        (report("delivered", "2.0.0"), Bounce(7, "delivered")),
        (report("relayed", "2.0.0"), Passed("unclear")),
        (report("failed", "5.1.1", name="<somebody@else.cn>"), Passed("not_ours")),
        (report("failed", "5.1.1", name=OURS.replace(".7.", ".8.")), Passed("not_ours")),
    ],
)
def test_a_report_is_read_by_its_fields(raw: bytes, expected: Incoming) -> None:
    """Only a fact about the mailbox is a bounce: a full one, a filter or a delay never spoils the register."""
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("系统退信", "抱歉，您的邮件被退回来了……\n收件人邮件地址（x@qq.com）不存在，邮件无法送达。", "bounced"),
        ("系统退信/The mail is bounced back", "退信原因：550 User not found: x@163.com 用户不存在", "bounced"),
        ("Undelivered Mail", "550 5.1.1 no such user", "bounced"),
        ("系统退信", "550 收件人邮箱容量已满，暂时无法接收", "undelivered"),
        ("退信通知", "554 DT:SPM 发送的邮件内容包含了未被许可的信息", "undelivered"),
    ],
)
def test_a_provider_s_own_bounce_is_understood(subject: str, text: str, expected: str) -> None:
    """QQ, 163 and others return no report but a page of text, with our mail quoted or attached."""
    raw = letter(f"{text}\n\n原邮件信息：\nMessage-ID: {OURS}\n", "PostMaster@qq.com", subject, In_Reply_To="")
    assert read(raw) == Bounce(7, expected)


def test_a_bounce_to_the_return_path_needs_no_message_id() -> None:
    """Where a server returns nothing of our mail, the address it wrote to says which one it was."""
    to = f"bounce+{TOKENS.return_token(7)}@bureau.cn"
    raw = letter("550 5.1.1 no such user", "mailer-daemon@relay.cn", "failure notice", In_Reply_To="", To=to)
    assert read(raw) == Bounce(7, "bounced")


def test_a_warning_that_it_takes_longer_is_no_bounce() -> None:
    """A server that goes on trying has not failed."""
    raw = letter(f"邮件投递延迟，系统将继续尝试投递。{OURS}", "postmaster@qq.com", "邮件投递延迟", In_Reply_To="")
    assert read(raw) == Passed("delayed")


def test_an_invented_bounce_ends_nothing() -> None:
    """A number without its signature is nobody's attempt."""
    raw = letter(
        "550 5.1.1 no such user <3.8.0123456789.abcdefghabcdefgh.abcdefghabcdefgh@bureau.cn>",
        "mailer-daemon@x.cn",
        In_Reply_To="",
    )
    assert read(raw) == Passed("not_ours")


@pytest.mark.parametrize(
    "text",
    [
        "收到",
        "\n\n收到\n\n-- \n王某\n村委会",
        "收到\n\n------------------ 原始邮件 ------------------\n发件人: 气象叫应\n请确认收到",
        "收到\n\n在 2026年7月22日，气象叫应 <alert@bureau.cn> 写道：\n> 请确认收到",
        "收到\n> 请确认收到",
        "收到\n\n发自我的iPhone",
    ],
)
def test_what_a_person_wrote_is_told_from_what_is_quoted(text: str) -> None:
    """本人应答: what is their own; our own words below are not an answer."""
    assert read(letter(text)) == ANSWER


@pytest.mark.parametrize(
    "head",
    [
        "---- 回复的原邮件 ----\n| 发件人 | 吕梁市气象台<alert@bureau.cn> |\n| 主题 | 暴雨红色预警 |",
        "| |\n王某\n|\n|\nwang@163.com\n|\n签名由网易邮箱大师定制\n---- 回复的原邮件 ----",
        "---- Replied Message ----\n| From | 吕梁市气象台<alert@bureau.cn> |\n| Date | 07/15/2026 18:31 |",
        "------------------\u00a0Original\u00a0------------------\nFrom: alert",
        "On Wed, Jul 15, 2026 at 6:31 PM 吕梁市气象台 <alert@bureau.cn>\nwrote:\n",
        "On Wed, Jul 15, 2026 at 6:31 PM 吕梁市气象台 <\nalert@bureau.cn>\nwrote:\n",
        "在 2026年7月15日 18:31，吕梁市气象台 <alert@bureau.cn>\n写道：",
        "获取 Outlook for iOS\n________________________________",
        "来自我的华为手机\n\n-------- 原始邮件 --------",
        "| 发件人 | 吕梁市气象台<alert@bureau.cn> |",
        "*发件人:* 吕梁市气象台",
    ],
)
@pytest.mark.parametrize("text", sorted((ROOT / "config/messages").glob("*/email/*.j2")), ids=lambda path: path.stem)
def test_our_own_warning_below_is_no_cry_for_help(head: str, text: Path) -> None:
    """What a mailer puts above the mail that is answered ends what the person wrote, in every mailer's manner."""
    ours = f"{text.read_text(encoding='utf-8')}\n请防范山洪、滑坡、泥石流，转移危险区被困群众。"
    assert cries_for_help(ours)
    assert read(letter(f"收到\n\n{head}\n{ours}")) == ANSWER


@pytest.mark.parametrize(
    "text",
    ["来自王家沟的手机都打不通了", "在 2026 路口\n桥断了", "original bridge is gone, help", "从邮箱收到了，人被困"],
)
def test_words_that_look_like_a_quote_s_head_are_read(text: str) -> None:
    """Only what is nothing else ends what somebody wrote."""
    assert cries_for_help(own_words(f"您好\n{text}"))


@pytest.mark.parametrize("text", ["> 收到", "-----原始邮件-----\n收到", "", "发件人：alert@bureau.cn\n收到"])
def test_a_quote_alone_says_nothing(text: str) -> None:
    """A letter that only returns our text has no word of its own."""
    assert read(letter(text)) == WrittenAnswer(7, "head.wang@village.cn", "")


def test_html_is_read_as_a_person_sees_it() -> None:
    """Phones write HTML only; what they quote stands in a block of its own."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["References"] = HEAD, f"<other@x.cn> {OURS}"
    html = "<style>p{}</style><div>收到</div><div><blockquote>请回复</blockquote></div><script>1</script>"
    mail.set_content(html, subtype="html", charset="gb18030")
    assert read(mail.as_bytes()) == ANSWER


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; owner-email=x"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "x"},
        {"X_Auto_Response_Suppress": "All"},
        {"Precedence": "auto_reply"},
        {"Precedence": "Bulk"},
        {"List_Id": "<all.village.cn>"},
        {"Return_Path": "<>"},
        {"subject": "自动回复: 暴雨红色预警"},
        {"subject": "自动答复：Re: 暴雨"},
        {"subject": "Automatic reply: warning"},
        {"subject": "Out of Office: warning"},
        {"subject": "已读: 暴雨红色预警"},
        {"subject": "Read: warning"},
        {"subject": "[自动回复]暴雨"},
    ],
)
def test_a_machine_never_answers(headers: dict[str, str]) -> None:
    """Promise 2: an automatic reply that says 收到 is no answer, whatever thread it names and wherever it comes from."""
    assert read(letter("收到", **headers)) == Passed("automatic")


@pytest.mark.parametrize(
    "sender",
    [
        "clerk@village.cn",
        "head.wang@village.cn.evil.cn",
        "a@b.cn, head.wang@village.cn",
        "",
        "head.wang@village.cn <evil@x.cn>",
        "head.wang@village.cn,evil@x.cn",
    ],
)
def test_an_answer_comes_from_where_the_mail_went(sender: str) -> None:
    """A forwarded mail is answered by whoever got it: that is not the person we called."""
    assert read(letter(sender=sender)) == Passed("other_sender")


@pytest.mark.parametrize("named", ["", "<someone@else.cn>", OURS.replace("<3.7.", "<3.8.")])
def test_an_answer_names_our_mail(named: str) -> None:
    """收到 out of the blue belongs to no warning."""
    assert read(letter(In_Reply_To=named)) == Passed("not_ours")


@given(raw=st.binary(max_size=400))
def test_any_bytes_can_be_read(raw: bytes) -> None:
    """A mailbox on the internet gets everything: no letter stops the ones behind it, none of them answers."""
    assert isinstance(read(raw), Passed)
    assert not isinstance(read(b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" + raw), WrittenAnswer)


@given(lines=st.lists(st.text("收到桥断了 \u3000", max_size=20), max_size=6), below=st.text(max_size=60))
def test_own_words_are_only_what_stands_above_the_quote(lines: list[str], below: str) -> None:
    """Every line of it goes on to the engine, whatever the greeting; of what is quoted nothing does."""
    said = [line.strip() for line in lines if line.strip()]
    assert own_words("\n".join([*lines, "> " + below])) == "\n".join(said)
    assert own_words("\n".join([*lines, "-----原始邮件-----", below])) == "\n".join(said)


@pytest.mark.parametrize("greeting", ["您好：", "收到"])
def test_what_comes_behind_the_first_line_is_read(greeting: str) -> None:
    """A cry for help stands below the greeting, and below the 收到."""
    assert read(letter(f"{greeting}\n\n  桥断了，三户被困，\n快来人\n\n-- \n王某")) == WrittenAnswer(
        7, "head.wang@village.cn", f"{greeting}\n桥断了，三户被困，\n快来人"
    )


def test_a_letter_of_any_length_is_cut_where_the_engine_shows_that_it_was() -> None:
    """Nothing is lost without a mark: one character more than is kept goes on."""
    assert own_words("桥" * 3_000) == "桥" * (LONGEST_REPLY + 1)


def test_a_token_holds_for_one_attempt_and_one_address() -> None:
    """Neither a neighbour's mail nor another route's secret proves anything."""
    thread = next(iter(TOKENS.threads(OURS)))
    assert TOKENS.was_written_to(thread, HEAD.upper())
    assert not TOKENS.was_written_to(thread, "head.wang@village.com")
    assert list(Tokens(b"another").threads(OURS)) == []
    assert list(TOKENS.attempts(TOKENS.return_token(7).replace("7-", "8-") + "@x")) == []
