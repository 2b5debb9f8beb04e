"""What a call does, as TwiML: whatever a text holds stays text, it never grows too long, and a key's address says it all."""

from __future__ import annotations

import base64
import zlib
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.delivery.twilio.twiml import (
    LONGEST,
    Saying,
    again,
    announcement,
    carried,
    connect,
    phrases,
    thanks,
)

OPTIONS = TwilioOptions(account_sid="AC" + "0" * 32, from_numbers=("+12025550100",))
KEY_URL = "https://jiaoying.example.cn/hooks/voice/key/17?at=1784727180000"
READABLE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1)
"""What can stand in XML at all."""


def said(course: str) -> list[str]:
    """Everything that is read out, in order."""
    return [str(verb.text) for verb in etree.fromstring(course.encode()).iter("Say")]


def tags(course: str) -> set[str]:
    """The verbs there are."""
    return {str(verb.tag) for verb in etree.fromstring(course.encode()).iter()}


@given(READABLE)
def test_a_text_stays_a_text(text: str) -> None:
    """Nothing that a warning holds becomes a verb, an attribute or the end of one."""
    course = announcement(Saying(text, "zh_CN", KEY_URL), OPTIONS)
    assert tags(course) == {"Response", "Gather", "Say", "Hangup"}
    assert len(course) <= LONGEST
    assert course.count("<Gather") == course.count("</Gather>")


@given(st.text("暴雨红色预警，请立即防范。<&>\"'", min_size=1, max_size=120))
def test_the_address_of_a_key_carries_what_was_said(text: str) -> None:
    """Any process can read it out again, also one that has just started."""
    course = announcement(Saying(text, "zh_CN", KEY_URL), OPTIONS)
    [first, second] = etree.fromstring(course.encode()).iter("Gather")
    for gather in (first, second):
        parts = urlsplit(str(gather.get("action")))
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == KEY_URL.partition("?")[0]
        saying = carried(dict(parse_qsl(parts.query)), KEY_URL)
        assert (saying.text, saying.language) == (text, "zh_CN")
    assert (first.get("actionOnEmptyResult"), second.get("actionOnEmptyResult")) == ("false", "true")


@given(READABLE.filter(lambda text: len(text) > 1), st.integers(1, 4000))
def test_a_very_long_text_is_read_as_far_as_it_fits(piece: str, times: int) -> None:
    """Never more than Twilio takes, and never nothing."""
    course = announcement(Saying(piece * times, "zh_CN", KEY_URL), OPTIONS)
    assert len(course) <= LONGEST
    assert said(course)[0].strip()


def test_a_forged_or_missing_text_is_a_short_one() -> None:
    """Whatever stands in the address, something is read out that asks for the key, and nothing unpacks to more than a text."""
    bomb = base64.urlsafe_b64encode(zlib.compress(b"x" * 10_000_000)).decode()
    for packed in ("", "!", "AAAA", "\ud800", "é"):
        assert carried({"t": packed}, KEY_URL).text == phrases("zh_CN")["lost"]
    assert len(carried({"t": bomb}, KEY_URL).text) <= 20_000
    assert carried({"l": "fr"}, KEY_URL).text == phrases("zh_CN")["lost"]
    assert carried({"l": "en"}, KEY_URL).text == phrases("en")["lost"]


def test_after_each_key_the_call_goes_on_as_it_should() -> None:
    """2: the text again. 0: the duty officer, then the text again. 1: thanks, and the next one for whoever rang us."""
    saying = Saying("暴雨红色预警，收到请按1。", "zh_CN", KEY_URL)
    assert said(again(saying, OPTIONS, phrases("zh_CN")["press"]))[0] == phrases("zh_CN")["press"]
    duty = OPTIONS.model_copy(update={"duty_number": "+8635882220000"})
    assert [verb.text for verb in etree.fromstring(connect(saying, duty).encode()).iter("Number")] == ["+8635882220000"]
    assert said(connect(saying, duty))[-1].startswith(saying.text)
    assert said(connect(saying, OPTIONS))[0] == phrases("zh_CN")["no_duty"]
    assert tags(thanks("en", OPTIONS)) == {"Response", "Say", "Hangup"}
    assert tags(thanks("en", OPTIONS, "https://x.example/inbound")) == {"Response", "Say", "Redirect"}


def test_english_is_read_by_an_english_voice() -> None:
    """Each language has its voice, and a bureau may name another."""
    course = etree.fromstring(announcement(Saying("Press 1.", "en", KEY_URL), OPTIONS).encode())
    assert {(one.get("language"), one.get("voice")) for one in course.iter("Say")} == {("en-US", "Polly.Joanna")}
    own = TwilioOptions.model_validate(
        {
            "account_sid": "AC" + "0" * 32,
            "voices": {"zh_CN": {"language": "cmn-CN", "voice": "Google.cmn-CN-Wavenet-A"}},
        }
    )
    course = etree.fromstring(announcement(Saying("收到请按1。", "zh_CN", KEY_URL), own).encode())
    assert {one.get("voice") for one in course.iter("Say")} == {"Google.cmn-CN-Wavenet-A"}
