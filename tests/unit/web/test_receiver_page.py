"""/r/{token}: GET shows, POST confirms, nothing else ever does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.states import CalleeState, CallOutState, Means

TOKEN = "abcdefghij234567"
PATH = f"/r/{TOKEN}"


def test_the_page_says_everything_a_receiver_needs(client: TestClient, office: Any) -> None:
    """Colour in words, hazard, issuer and issue time, area, until when, what to do, and the one button."""
    office.add_link()
    page = client.get(PATH)
    assert page.status_code == 200
    for text in (
        "暴雨红色预警",
        "吕梁市气象台",
        "2026-07-26 01:20",
        "临县、兴县、方山县",
        "预警解除为止",
        "立即组织沿河",
        "我已收到",
    ):
        assert text in page.text
    assert page.text.count("<button") == 1


def test_the_page_is_small_and_needs_nothing_else(client: TestClient, office: Any) -> None:
    """Under 15 kB in all: no script, no picture, no style sheet, no address of anybody else's."""
    office.add_link()
    page = client.get(PATH)
    assert len(page.content) < 15_000
    assert not re.search(r"<script|<img|<link|https?://|@import|url\(", page.text)
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"style-src 'nonce-([^']+)'", policy)
    assert nonce is not None
    assert f'<style nonce="{nonce.group(1)}">' in page.text
    assert nonce.group(1) not in client.get(PATH).text
    for rule in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_never_confirms(client: TestClient, office: Any, method: str) -> None:
    """Only a human acknowledges: previews and scanners fetch by GET or HEAD."""
    office.add_link()
    for agent in ("MicroMessenger", "TelegramBot (like TwitterBot)", ""):
        assert client.request(method, PATH, headers={"User-Agent": agent}).status_code == 200
    assert office.confirmations == []


@pytest.mark.parametrize(
    "header",
    [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}, {"X-Moz": "prefetch"}, {"X-Purpose": "preview"}],
)
def test_a_request_read_ahead_never_confirms(client: TestClient, office: Any, header: dict[str, str]) -> None:
    """A POST that says of itself that no person made it is refused, in words."""
    office.add_link()
    answer = client.post(PATH, headers=header)
    assert answer.status_code == 403
    assert "我已收到" in answer.text
    assert office.confirmations == []


def test_pressing_the_button_confirms_once(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """POST, redirect, the page that shows when; a second tap changes neither time nor count."""
    office.add_link()
    answer = client.post(PATH)
    assert answer.status_code == 303
    assert answer.headers["location"] == TOKEN
    clock.advance_to(clock.now() + 60_000)
    assert client.post(PATH).status_code == 303
    page = client.get(PATH).text
    assert "已确认" in page
    assert "2026-07-26 01:20:00" in page
    assert "<button" not in page
    assert office.confirmations == [TOKEN]


def test_english_is_complete(client: TestClient, office: Any) -> None:
    """In the receiver's language or by ?lang=, kept through the confirmation; only data stays Chinese."""
    office.add_link(
        language="en",
        units=(office.link_unit(name="X", path=""),),
        issuer="X",
        description="X",
        instruction="X",
        area_names=("X",),
    )
    page = client.get(PATH)
    assert page.headers["content-language"] == "en"
    assert "Red rainstorm warning" in page.text
    assert "I have received it" in page.text
    assert not re.search(r"[\u4e00-\u9fff]", page.text.replace("中文", ""))
    assert "我已收到" in client.get(f"{PATH}?lang=zh").text
    assert client.post(f"{PATH}?lang=zh-CN").headers["location"] == f"{TOKEN}?lang=zh_CN"
    assert "已确认" in client.get(f"{PATH}?lang=zh_CN").text


@pytest.mark.parametrize(
    "path", ["/r/none", "/r/abcdefghij23456", "/r/abcdefghij2345678", "/r/abcdefghij234561", "/r/zzzzzzzzzzzzzzzz"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_link_is_told_in_plain_words(client: TestClient, office: Any, path: str, method: str) -> None:
    """404 as a page with what to do, in both languages, no traceback."""
    office.add_link()
    answer = client.request(method, path)
    assert answer.status_code == 404
    assert "链接无效" in answer.text
    assert "This link does not work" in client.request(method, path, headers={"Accept-Language": "en"}).text
    assert "Traceback" not in answer.text


def test_a_malformed_token_is_never_looked_up(client: TestClient, office: Any) -> None:
    """The form is checked before any look-up, so a scanner costs no query."""
    office.links["none"] = None
    assert client.get("/r/none").status_code == 404


@pytest.mark.parametrize("tail", ["。", "）请点击", "%E3%80%82", "."])
def test_what_a_message_glues_to_the_link_is_passed_over(client: TestClient, office: Any, tail: str) -> None:
    """Phones take a full stop or bracket after the link as part of it; the page opens all the same."""
    office.add_link()
    assert client.get(PATH + tail).status_code == 200
    assert client.post(PATH + tail).headers["location"] == TOKEN


def test_a_link_typed_in_capitals_opens(client: TestClient, office: Any) -> None:
    """Old phones begin a word with a capital by themselves."""
    office.add_link()
    assert client.get(f"/r/{TOKEN.upper()}").status_code == 200
    assert client.post(f"/r/{TOKEN.capitalize()}").headers["location"] == TOKEN


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (CallOutState.CANCELLED, "预警已解除"),
        (CallOutState.SUPERSEDED, "预警已更新"),
        (CallOutState.CLOSED, "叫应已结束"),
    ],
)
def test_an_ended_callout_says_so_and_has_no_button(
    client: TestClient, office: Any, state: CallOutState, word: str
) -> None:
    """Nobody is asked to act on a warning that is over; pressing an old button changes nothing."""
    office.add_link(callout_state=state)
    page = client.get(PATH).text
    assert word in page
    assert "<button" not in page
    assert "立即组织沿河" not in page
    assert client.post(PATH).status_code == 303
    assert office.confirmations == []


def test_a_drill_cannot_be_mistaken(client: TestClient, office: Any) -> None:
    """【演练】 stands first and large, in both languages."""
    office.add_link(drill=True)
    page = client.get(PATH).text
    assert page.index("【演练】") < page.index("<h1>")
    assert "DRILL" in client.get(f"{PATH}?lang=en").text


def test_a_confirmation_that_was_not_stored_is_not_thanked_for(client: TestClient, office: Any) -> None:
    """A database that cannot write: the person is told to press again, and is not shown 已确认."""
    office.add_link()
    office.database = False
    answer = client.post(PATH)
    assert answer.status_code == 503
    assert "还没有记上" in answer.text
    office.database = True
    assert client.post(PATH).status_code == 303


def test_every_means_and_colour_has_its_words(client: TestClient, office: Any) -> None:
    """Whatever way the answer came, in whatever colour and language, the page is whole."""
    for colour in Colour:
        for means in Means:
            confirmed = office.link_unit(confirmed_at=office.clock.now(), confirmed_means=means)
            office.add_link(colour=colour, units=(confirmed,))
            assert client.get(PATH).status_code == 200
            assert client.get(f"{PATH}?lang=en").status_code == 200
            assert f"band {colour.key}" in client.get(PATH).text


def test_foreign_text_cannot_become_markup(client: TestClient, office: Any) -> None:
    """A message is data: its angle brackets are shown, not obeyed."""
    foreign = office.link_unit(name='"><b>', path="<i>")
    office.add_link(headline="", description="<script>alert(1)</script>", units=(foreign, foreign))
    page = client.get(PATH).text
    assert "<script" not in page
    assert '"><b>' not in page
    assert "<i>" not in page


def test_who_comes_second_may_still_confirm(client: TestClient, office: Any) -> None:
    """The deputy of a unit that has answered sees that, and keeps the button; many areas are cut with their number."""
    answered = office.link_unit(state=CalleeState.ACKNOWLEDGED)
    office.add_link(units=(answered,), area_names=tuple(f"乡{n}" for n in range(20)))
    page = client.get(PATH).text
    assert "本单位已有人应答" in page
    assert "<button" in page
    assert "等 20 处" in page


def test_the_bureaus_own_page_says_what_happened_and_asks_to_take_it(client: TestClient, office: Any) -> None:
    """No hazard and no area: the causes that are open, and one button that claims them."""
    desk = office.link_unit(1, "吕梁市气象局值班室", "")
    office.add_link(own=True, causes=("一条线路停用", "有区域编码不认识"), units=(desk,))
    page = client.get(PATH)
    assert page.status_code == 200
    for text in ("值班叫应，请认领", "吕梁市气象局值班室", "一条线路停用", "有区域编码不认识", "我来认领"):
        assert text in page.text
    assert page.text.count("<button") == 1
    assert "预警信号" not in page.text
    assert client.post(PATH, follow_redirects=False).status_code == 303
    assert "已认领" in client.get(PATH).text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"shown": "417"}, 417),
        ({}, None),
        ({"shown": "-1"}, None),
        ({"shown": "٣"}, None),
        ({"shown": "9" * 40}, None),
        ({"shown": "1", "more": "x" * 3_000}, None),
    ],
)
def test_the_button_says_what_its_page_showed(
    client: TestClient, office: Any, form: dict[str, str], told: int | None
) -> None:
    """What came up since is not claimed by it. Whatever else a form holds, the tap counts."""
    office.add_link(own=True, causes=("一条线路停用",), told_alarm=417)
    assert '<input type="hidden" name="shown" value="417">' in client.get(PATH).text
    assert client.post(PATH, data=form, follow_redirects=False).status_code == 303
    assert office.shown == [told]
    assert office.confirmations == [TOKEN]


def test_the_bureaus_own_page_after_somebody_else_took_it(client: TestClient, office: Any) -> None:
    """Nothing is left to press."""
    office.add_link(own=True, causes=(), callout_state=CallOutState.COMPLETE)
    page = client.get(f"{PATH}?lang=en")
    assert "Somebody has taken it" in page.text
    assert "<button" not in page.text


def test_every_unit_of_the_person_is_named_and_confirmed_at_once(client: TestClient, office: Any) -> None:
    """One page, one button: villages below their township, an office by its name, and how many one tap confirms."""
    villages = [office.link_unit(number, f"样村{number}") for number in (1, 2)]
    office.add_link(units=(*villages, office.link_unit(3, "临县水利局", "")))
    page = client.get(PATH).text
    assert "致您负责的 3 个单位：" in page
    assert "<li>临县白文镇：样村1、样村2</li>" in page
    assert "<li>临县水利局</li>" in page
    assert "按一次，确认以上全部 3 个单位。" in page
    assert page.count("<button") == 1
    english = client.get(f"{PATH}?lang=en").text
    assert "To the 3 units you answer for:" in english
    assert "One tap confirms all 3 units above." in english
    client.post(PATH)
    page = client.get(PATH).text
    assert "已确认" in page
    assert "<button" not in page


def test_what_is_confirmed_already_says_so(client: TestClient, office: Any) -> None:
    """One of two was answered for by somebody else: it is marked, and the button stays for the other."""
    done = office.link_unit(1, "甲村", confirmed_at=office.clock.now(), confirmed_means=Means.OPERATOR)
    office.add_link(units=(done, office.link_unit(2, "乙村")))
    page = client.get(PATH).text
    assert "甲村（已确认）、乙村</li>" in page
    assert page.count("<button") == 1
    assert "甲村 (confirmed), 乙村</li>" in client.get(f"{PATH}?lang=en").text


def test_a_clerk_is_told_that_the_responsible_person_must_still_answer(client: TestClient, office: Any) -> None:
    """Who only passes it on has not answered for the unit: the page does not promise that nobody is called any more."""
    passed_on = office.link_unit(
        1, "甲村", state=CalleeState.RELAYED, confirmed_at=office.clock.now(), confirmed_means=Means.LINK
    )
    office.add_link(units=(passed_on,))
    page = client.get(PATH).text
    assert "负责人本人仍须应答" in page
    assert "不会再为此预警呼叫您" not in page
    assert "must still answer" in client.get(f"{PATH}?lang=en").text


def test_a_clerks_forty_villages_fit_the_page(client: TestClient, office: Any) -> None:
    """All forty by name, still under 15 kB."""
    units = tuple(office.link_unit(number, f"郝家圪{number}垯村") for number in range(40))
    office.add_link(units=units)
    page = client.get(PATH)
    assert len(page.content) < 15_000
    assert all(unit.name in page.text for unit in units)
