"""A message as it is sent: short enough and whole, answerable by what works, and with nothing in it that a warning smuggled in."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from warning_dispatch.delivery.email.message import build_mail
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.delivery.lengths import sms_segments
from warning_dispatch.delivery.naming import Composer
from warning_dispatch.delivery.templates import Vocabulary
from warning_dispatch.delivery.text_checks import self_findings, texts_findings
from warning_dispatch.delivery.text_samples import SAMPLE_LINK, SAMPLE_UNIT, sample_facts
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.delivery.ways import Ways
from warning_dispatch.delivery.wording import placeholder_values
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.texts import AlertFacts, FrozenText, NamedUnit, TextPart
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch

SHIPPED = Path(__file__).parents[3] / "config" / "messages"
WORDS = Vocabulary(tiers=frozenset({"leaders", "outlets"}))
BOOK = TextBook(SHIPPED, ("zh_CN", "en"), WORDS)
COMPOSE = Composer(BOOK.speech, {"long": "【山西省吕梁市气象台】"})
EVIL = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "{{ 7*7 }}{% for x in y %}{{ config }}",
            "</Say><Dial>13800138000</Dial><Say>",
            "<script>alert(1)</script>\"'><a href=javascript:1>",
            "x\r\nBcc: all@example.cn\r\n\r\n.\r\nMAIL FROM:<a@b.cn>",
            "{link}{unit}{causes}",
            "\u202e\u200b\x00\x1b[31m\ud800\uffff\ufffe",
            "暴雨" * 200,
        ]
    ),
)
FACTS = st.builds(
    AlertFacts,
    issuer=EVIL,
    sent=st.just(sample_facts().sent),
    hazard=EVIL,
    hazard_english=EVIL,
    colour=st.sampled_from(Colour),
    msg_type=st.just(sample_facts().msg_type),
    headline=EVIL,
    description=EVIL,
    instruction=EVIL,
    advice=st.just({}),
    area_names=st.lists(EVIL, max_size=3).map(tuple),
    expires=st.none(),
    drill=st.booleans(),
)


def told(
    text: FrozenText, channel: Channel, *, route: str = "", link: str = SAMPLE_LINK, unit: str = "某村"
) -> tuple[str, str]:
    """What one receiver gets."""
    return COMPOSE([TextPart(text, (NamedUnit(unit, None),))], "zh_CN", channel, link, route)


# --- short enough, and whole ------------------------------------------------------------------------------


@given(
    unit=st.text("某村社区居委会ABC", min_size=1, max_size=30),
    token=st.text("abcdefgh234567", min_size=0, max_size=40),
    areas=st.lists(st.sampled_from(["离石区", "方山县", "吕梁经济技术开发区"]), max_size=9).map(tuple),
    route=st.sampled_from(["", "long"]),
    back=st.sampled_from([True, False, None]),
    drill=st.booleans(),
)
def test_a_message_is_shortened_by_rule_and_never_cut(
    unit: str, token: str, areas: tuple[str, ...], route: str, back: bool | None, drill: bool
) -> None:
    """短信: the fullest form that keeps to two parts with its signature, else the shortest one; link, issuer and time stay whole."""
    book = TextBookOf.ways(Ways(call_back=back))
    facts = replace(sample_facts(), area_names=areas, drill=drill)
    text = book.freeze(facts).get("zh_CN", "sms", "call")
    link = f"https://jy.example.cn/r/{token}"
    _, body = told(text, Channel.SMS, route=route, link=link, unit=unit)
    signature = "【山西省吕梁市气象台】" if route else ""
    forms = [one.replace("{unit}", unit).replace("{link}", link) for one in (text.body, *text.shorter)]
    assert body in forms
    assert body == next((one for one in forms if sms_segments(signature + one).segments <= 2), forms[-1])
    assert body.endswith(link)
    assert "吕梁市气象台7月22日21:33" in body
    assert body.startswith("【演练】") == drill
    assert all(len(after) < len(before) for before, after in pairwise(forms))


class TextBookOf:
    """Books by the ways of answering, each compiled once."""

    books: dict[Ways, TextBook] = {}  # noqa: RUF012 - kept between examples on purpose

    @classmethod
    def ways(cls, ways: Ways) -> TextBook:
        """The shipped book of such an installation."""
        return cls.books.setdefault(ways, TextBook(SHIPPED, ("zh_CN", "en"), WORDS, ways))


def test_what_is_left_out_first() -> None:
    """The rule: calling back, then the message's own words, then the areas by name."""
    text = TextBookOf.ways(Ways(call_back=True)).freeze(sample_facts()).get("zh_CN", "sms", "call")
    assert [("回拨" in one, "离石区" in one, "9个" in one) for one in (text.body, *text.shorter)] == [
        (True, True, True),
        (False, True, True),
        (False, False, True),
    ]


def test_a_signature_counts() -> None:
    """条数: what the provider puts in front is part of the message, so less of ours fits."""
    text = FrozenText("", "雨" * 120 + "{unit}{link}", ("雨" * 100 + "{unit}{link}",))
    assert told(text, Channel.SMS, link="", unit="村")[1] == "雨" * 120 + "村"
    assert told(text, Channel.SMS, link="", unit="某某某某村", route="long")[1] == "雨" * 100 + "某某某某村"


def test_a_name_is_said_as_it_sounds() -> None:
    """地名: the unit's name is filled in at the last moment, and is spoken by the same rules."""
    text = BOOK.freeze(sample_facts()).get("zh_CN", "voice", "call")
    assert "气口镇2村" in told(text, Channel.VOICE, unit="碛口镇2村")[1]
    assert (
        "碛口镇2村" in told(text, Channel.SMS, unit="碛口镇2村")[1]
        or "碛口镇" in told(text, Channel.EMAIL, unit="碛口镇")[1]
    )


# --- answered by what works -------------------------------------------------------------------------------

WAYS = [
    Ways(linked=linked, replies=frozenset(replies), call_back=back)
    for linked in (True, False)
    for replies in ((), (Channel.SMS,), (Channel.EMAIL,), (Channel.SMS, Channel.EMAIL))
    for back in (True, False, None)
]


@pytest.mark.parametrize("ways", WAYS, ids=str)
def test_no_text_asks_for_what_cannot_be_done(ways: Ways) -> None:
    """没有公网地址的局: no link, no "回复1" to a number nobody reads, and the way that is left is named; `check` finds nothing."""
    book = TextBookOf.ways(ways)
    texts = book.freeze(sample_facts())
    assert texts_findings(book, sample_facts()) == []
    assert self_findings(book) == []
    frames = book.freeze_self()
    link = SAMPLE_LINK if ways.linked else ""
    for purpose, source in (("call", texts), ("self", frames)):
        sms = told(source.get("zh_CN", "sms", purpose), Channel.SMS, link=link)[1]
        mail = told(source.get("zh_CN", "email", purpose), Channel.EMAIL, link=link)[1]
        assert ("http" in sms) == ("http" in mail) == ways.linked
        assert ("回复1" in sms) == (Channel.SMS in ways.replies)
        assert ("回复本邮件" in mail) == (Channel.EMAIL in ways.replies and (purpose == "call" or not ways.linked))
        assert ("按1" in sms.replace("可回拨来电按1", "")) == (not ways.linked and Channel.SMS not in ways.replies)
        assert "打开" not in mail or ways.linked
    english = told(texts.get("en", "sms", "call"), Channel.SMS, link=link)[1]
    assert ("reply 1" in english) == (Channel.SMS in ways.replies)
    assert ("call back" in texts.get("en", "sms", "call").body) == (ways.call_back is not None)
    assert ("勿回拨" in texts.get("zh_CN", "sms", "call").body) == (ways.call_back is False)


# --- nothing smuggled in ----------------------------------------------------------------------------------


@given(facts=FACTS)
def test_nothing_in_a_warning_becomes_code_markup_or_a_header(facts: AlertFacts) -> None:
    """No text of a message injects template code, a line of a header, markup, or what an XML of a provider cannot hold."""
    frozen = BOOK.freeze(facts)
    for key, text in frozen.by_key.items():
        channel = Channel[key.split("/")[1].upper()]
        subject, body = text.fill("某村", "LINK")
        assert "\n" not in subject
        assert body.count("LINK") <= 1 + sum("LINK" in str(one) for one in (facts.hazard, facts.issuer))
        assert not {"{", "}"} & set(subject + body)
        assert not any(ord(char) < 32 and char != "\n" for char in subject + body)
        if channel in {Channel.VOICE, Channel.SMS}:
            assert "\n" not in body
        spoken = etree.Element("Say")
        spoken.text = body  # what cannot stand in XML raises
        assert len(etree.fromstring(etree.tostring(spoken))) == 0
        mark = {"voice": ("演练，演练。", "Drill, drill. ")}.get(channel.key, ("【演练】",))
        assert body.startswith(mark) == facts.drill or not facts.drill
        assert not facts.drill or not subject or subject.startswith("【演练】")


@given(facts=FACTS)
def test_a_mail_has_our_headers_and_our_markup_only(facts: AlertFacts) -> None:
    """The mail of any warning at all is one paragraph per line, one button, and the headers that we write."""
    text = BOOK.freeze(facts).get("zh_CN", "email", "call")
    subject, body = text.fill(SAMPLE_UNIT, SAMPLE_LINK)
    dispatch = Dispatch(7, 1, Channel.EMAIL, Purpose.CALL, "mail", "a@b.cn", "zh_CN", body, subject, SAMPLE_LINK)
    mail = build_mail(EmailRoute("h", 25, "x@b.cn", security="none"), dispatch, facts.sent, Tokens(b""))
    read = message_from_bytes(mail.content, policy=default)
    assert not {"Bcc", "Cc", "Reply-To"} & set(read.keys())
    html = read.get_body(("html",))
    assert html is not None
    tree = etree.HTML(html.get_content())
    assert {node.tag for node in tree.iter() if isinstance(node.tag, str)} == {
        "html",
        "head",
        "meta",
        "body",
        "p",
        "a",
        "br",
    }
    assert {node.get("href") for node in tree.iter("a")} == {SAMPLE_LINK}


def test_the_official_guidance_is_said_where_the_message_carries_it() -> None:
    """防御指南: the message's own instruction, in mails and in what the officer reads out; else the hazard's advice."""
    official = replace(sample_facts(), instruction="停止户外作业，转移危险地带人员。")
    for facts, said in ((official, official.instruction), (sample_facts(), "立即转移危险区域人员。")):
        texts = BOOK.freeze(facts)
        for channel in ("email", "operator"):
            assert f"防御指引：{said}" in texts.get("zh_CN", channel, "call").body
    assert placeholder_values(official, "zh_CN")["advice"] == official.instruction
