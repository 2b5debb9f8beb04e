"""/r/{token}/list: a superior's own units; nothing of it for whoever only has the link."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient
from starlette.types import Message
from structlog.testing import capture_logs

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.web import guesses
from warning_dispatch.web.application import Renewal, Superiors, create_app

TOKEN = "abcdefghij234567"
PATH = f"/r/{TOKEN}"
LIST = f"{PATH}/list"
FILING = "/f/filingtoken23456"
FOUR = "0042"


@pytest.fixture
def superior(office: Any, loaded: Callable[[str, str], ModuleType]) -> Any:
    """A township's list of three villages."""
    return loaded("web_superior_double", "superior_office.py").SuperiorOffice(office)


@pytest.fixture
def phone(office: Any, superior: Any, clock: VirtualClock) -> Iterator[TestClient]:
    """The superior's browser; the superior has confirmed."""
    app = create_app(
        office,
        office,
        public_url="http://testserver",
        live_page=False,
        body_limit=1000,
        clock=clock,
        superiors=Superiors(superior, superior),
    )
    office.add_link(units=(office.link_unit(name="白文镇", path="临县"),))
    with TestClient(app, follow_redirects=False) as client:
        client.post(PATH)
        yield client


def step(phone: TestClient, four: str = FOUR) -> Any:
    """The four digits."""
    return phone.post(LIST, data={"do": "step", "four": four})


def test_who_has_confirmed_is_shown_the_way(phone: TestClient, office: Any) -> None:
    """After the answer and not before it; and not when the warning is over."""
    assert f'href="{TOKEN}/list"' in phone.get(PATH).text
    office.add_link()
    assert "/list" not in phone.get(PATH).text
    assert phone.get(LIST).status_code == 303


def test_the_link_alone_shows_no_number(phone: TestClient, superior: Any) -> None:
    """Links are forwarded into chat groups: counts and the step, no unit and no person; and nothing is recorded."""
    page = phone.get(LIST)
    assert page.status_code == 200
    assert "末四位" in page.text
    assert "tel:" not in page.text
    assert "郝家墕" not in page.text
    assert phone.post(LIST, data={"u": "101"}).status_code == 303
    assert superior.told_units == []


def test_the_step_binds_this_phone(phone: TestClient) -> None:
    """Once; then a cookie that no script reads and no other link's page gets."""
    answer = step(phone)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path" not in cookie
    page = phone.get(LIST)
    assert page.text.count('href="tel:+86') == 6
    assert "样本甲" in page.text
    for text in ("未应答 3", "正在叫 2", "本人应答 4", "代报 0"):
        assert text in page.text


def test_an_empty_list_is_no_answer_of_those_still_called(phone: TestClient, superior: Any) -> None:
    """Nobody is late yet, two are being called: the phone is not put away. All have answered when nobody is called either."""
    superior.units = []
    step(phone)
    early = phone.get(LIST).text
    assert "2 个单位正在叫" in early
    assert "都已应答" not in early
    superior.coming = 0
    assert "都已应答" in phone.get(LIST).text


def test_one_is_told_at_a_time_and_asked_once_more(phone: TestClient, superior: Any) -> None:
    """GET asks, POST records, going back or a double tap adds nothing."""
    step(phone)
    asked = phone.get(f"{LIST}?u=102")
    assert "临县白文镇郝家墕102村" in asked.text
    assert superior.told_units == []
    for _ in range(2):
        assert phone.post(LIST, data={"u": "102", "words": " 已去村委 "}).headers["location"] == "list"
    assert superior.told_units == [102]
    assert superior.words == ["已去村委"]
    page = phone.get(LIST).text
    assert "郝家墕102村" not in page
    assert "代报 1" in page
    assert phone.get(f"{LIST}?u=102").status_code == 303


def test_looking_and_reading_ahead_record_nothing(phone: TestClient, superior: Any) -> None:
    """A browser that reads ahead sees no number, even with the cookie, and what it posts does not count."""
    step(phone)
    ahead = {"Sec-Purpose": "prefetch"}
    assert "tel:" not in phone.get(LIST, headers=ahead).text
    assert phone.post(LIST, data={"u": "101"}, headers=ahead).status_code == 403
    assert phone.head(LIST).status_code == 200
    assert superior.told_units == []


def test_what_was_not_stored_is_not_thanked_for(phone: TestClient, office: Any) -> None:
    """A database that cannot write: told so, and the unit stays on the list."""
    step(phone)
    office.database = False
    assert phone.post(LIST, data={"u": "101"}).status_code == 503
    assert "郝家墕101村" in phone.get(LIST).text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_of_a_long_list_is_small(
    phone: TestClient, superior: Any, loaded: Callable[[str, str], ModuleType], office: Any, language: str
) -> None:
    """Forty villages, each with two people: every page below 15 kB, nothing from elsewhere, all of them reachable."""
    step(phone)
    superior.units = loaded("web_superior_double", "superior_office.py").SuperiorOffice(office, 40).units
    seen = set()
    for number in (1, 2, 3):
        page = phone.get(f"{LIST}?page={number}&lang={language}")
        assert len(page.content) < 15_000
        assert not re.search(r"<script|<img|<link|https?://|@import|url\(", page.text)
        seen |= set(re.findall(r"郝家墕\d+村", page.text))
    assert len(seen) == 40


def test_english_is_kept_along_the_way(phone: TestClient) -> None:
    """The step, the list and the question in English, and back to the list in English."""
    assert "Enter the last four digits" in phone.get(f"{LIST}?lang=en").text
    assert phone.post(f"{LIST}?lang=en", data={"do": "step", "four": FOUR}).headers["location"] == "list?lang=en"
    page = phone.get(f"{LIST}?lang=en").text
    assert "Not answered 3" in page
    assert 'href="list?lang=en&amp;u=101"' in page
    assert "Have you told" in phone.get(f"{LIST}?lang=en&u=101").text


def test_guessing_the_digits_is_locked(phone: TestClient, superior: Any, clock: VirtualClock) -> None:
    """After a few wrong ones right ones are not looked at either, until the wait is over."""
    tries = guesses.DIGITS.free
    for number in range(tries):
        assert step(phone, f"{number:04}").status_code == 409
    locked = step(phone)
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) == 60
    assert len(superior.steps) == tries
    assert "tel:" not in phone.get(LIST).text
    clock.advance_to(clock.now() + 60_000)
    assert step(phone).status_code == 303


async def sent_step(app: Any, four: str) -> int:
    """The step from a browser of its own, in the loop of whoever asks; the answer's status."""
    body = f"do=step&four={four}".encode()
    headers = {
        "host": "testserver",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(len(body)),
    }
    scope = {
        "type": "http", "method": "POST", "path": LIST, "raw_path": LIST.encode(), "query_string": b"", "root_path": "",
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()], "scheme": "http",
        "server": ("testserver", 80), "client": ("192.0.2.7", 1), "http_version": "1.1", "asgi": {"version": "3.0"},
    }  # fmt: skip
    said: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    return int(said[0]["status"])


async def test_guessing_at_once_is_guessing_all_the_same(phone: TestClient, superior: Any) -> None:
    """Fifty at the same moment are fifty: no more are looked at than one after the other, and the right one is not among them."""
    tries = guesses.DIGITS.free
    found = await asyncio.gather(*(sent_step(phone.app, f"{number:04}") for number in range(50)))
    assert len(superior.steps) == tries
    assert Counter(found) == {409: tries, 429: 50 - tries}


def test_who_knows_the_digits_is_not_kept_from_a_second_phone(phone: TestClient) -> None:
    """A right try is taken back, with the wrong ones before it; and none of them is told to the log."""
    with capture_logs() as logs:
        for _ in range(2):
            for number in range(guesses.DIGITS.free - 1):
                assert step(phone, f"{number:04}").status_code == 409
            assert step(phone).status_code == 303
    assert [one for one in logs if one["event"] == "guessing"] == []


def test_a_database_that_is_away_is_no_wrong_try(phone: TestClient, office: Any) -> None:
    """What was never looked at closes no door."""
    office.database = False
    for _ in range(guesses.DIGITS.free + 2):
        assert step(phone).status_code == 503
    office.database = True
    assert step(phone).status_code == 303


GUESSED = (
    "/r/{}",
    "/r/{}/list",
    "/r/{}/feedback",
    "/f/{}",
    "/f/{}/u/141124",
    "/f/{}/workbook",
    "/f/{}/approve",
    "/p/{}",
)
"""Every kind of page behind a link."""


@pytest.fixture
def guessed(
    office: Any, superior: Any, renewal: Any, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], TestClient]:
    """A browser at an address, before an application with every page that has a link; waits cost nothing."""
    monkeypatch.setattr(guesses, "PAUSE", 0.0)
    renewal.add_township(2)
    renewal.step = False
    app = create_app(
        office,
        office,
        public_url="http://x",
        live_page=False,
        body_limit=1000,
        clock=clock,
        superiors=Superiors(superior, superior),
        renewal=Renewal(renewal, renewal),
    )
    return lambda place: TestClient(app, follow_redirects=False, client=(place, 50_000))


def wrong_token(number: int) -> str:
    """One that nobody has."""
    return f"zzzz{number:012}".translate(str.maketrans("0189", "abcd"))


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_thousand_guessed_links(office: Any, guessed: Callable[[str], TestClient], method: str) -> None:
    """Whatever page they are of: slowed, then refused and logged, one count for all; a right link is answered all the same."""
    office.add_link()
    kinds = [one for one in GUESSED if method == "get" or "/u/" not in one]
    paths = [kinds[number % len(kinds)].format(wrong_token(number)) for number in range(1_000)]
    with guessed("192.0.2.7") as client, capture_logs() as logs:
        seen = [getattr(client, method)(path) for path in paths]
        assert [one.status_code for one in seen[: guesses.LINKS.free]] == [404] * guesses.LINKS.free
        assert {one.status_code for one in seen[guesses.LINKS.free :]} == {429}
        assert "请稍后再试" in seen[-1].text
        assert client.get(PATH).status_code == 200
        assert client.get(FILING).status_code == 200
    said = [one for one in logs if one["event"] == "guessing"]
    assert [(one["of"], one["wrong"], one["wait_s"]) for one in said] == [("192.0.2.7", guesses.LINKS.free, 60)]
    with guessed("192.0.2.8") as neighbour:
        assert neighbour.get("/r/zzzzzzzzzzzzzzzz").status_code == 404


@pytest.mark.parametrize("path", GUESSED)
def test_each_page_slows_and_refuses_by_itself(guessed: Callable[[str], TestClient], path: str) -> None:
    """A kind of page that forgot the count would be the one that is guessed at; malformed tokens count too."""
    with guessed("192.0.2.9") as client:
        for number in range(guesses.LINKS.free):
            token = wrong_token(number) if number % 2 else "nonsense"
            assert client.get(path.format(token)).status_code == 404
        answer = client.get(path.format(wrong_token(99)))
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_a_wrong_unit_behind_a_right_link_is_no_guess(guessed: Callable[[str], TestClient]) -> None:
    """An old bookmark of a registrar costs nothing."""
    with guessed("192.0.2.9") as client:
        for _ in range(guesses.LINKS.free + 2):
            assert client.get(f"{FILING}/u/999999").status_code == 404
        assert client.get(f"/f/{wrong_token(1)}").status_code == 404


def test_guesses_are_slow_before_they_are_refused(
    office: Any, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the tenth on each waits."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("warning_dispatch.web.guesses.asyncio.sleep", note)
    app = create_app(office, office, public_url="http://x", live_page=False, body_limit=1000, clock=clock)
    with TestClient(app, client=("192.0.2.7", 50_000)) as client:
        for _ in range(guesses.SLOW_FROM + 2):
            client.get("/r/zzzzzzzzzzzzzzzz")
    assert waited.count(guesses.PAUSE) == 3


def test_feedback_is_short_optional_and_after_the_answer(phone: TestClient, superior: Any, office: Any) -> None:
    """The way stands on the confirmed page; what was written is kept and thanked for, and nothing is taken before the answer."""
    assert f'href="{TOKEN}/feedback"' in phone.get(PATH).text
    page = phone.get(f"{PATH}/feedback")
    assert len(page.content) < 15_000
    assert "已收到您" not in page.text
    sent = {"on_post": "1", "moved": "37", "measures": "转移沿河户", "dangers": "x" * 200}
    assert phone.post(f"{PATH}/feedback", data=sent).headers["location"] == "feedback"
    assert superior.reports == [Feedback(on_post=True, measures="转移沿河户", moved=37, dangers="x" * 200)]
    assert "已收到您 2026-07-26" in phone.get(f"{PATH}/feedback").text
    phone.post(f"{PATH}/feedback", data=sent, headers={"Purpose": "prefetch"})
    assert len(superior.reports) == 1
    office.add_link()
    assert "/feedback" not in phone.get(PATH).text
    assert phone.get(f"{PATH}/feedback").status_code == 303
    early = phone.post(f"{PATH}/feedback", data=sent)
    assert early.status_code == 409
    assert "请先在预警页面按“我已收到”" in early.text
    assert "转移沿河户</textarea>" in early.text
    assert phone.get("/r/zzzzzzzzzzzzzzzz/feedback").status_code == 404


def test_bad_feedback_is_told_beside_its_field(phone: TestClient, superior: Any) -> None:
    """What cannot be read and what is too long: said where it stands, all else as it was written, nothing kept."""
    bad = {"on_post": "1", "moved": "三十多", "measures": "转移沿河户", "dangers": "险" * 201}
    page = phone.post(f"{PATH}/feedback", data=bad)
    assert page.status_code == 422
    assert superior.reports == []
    moved, dangers = (page.text.split(f'name="{name}"')[0].rpartition("<label")[2] for name in ("moved", "dangers"))
    assert "只写数字" in moved
    assert "最多 200 个字" in dangers
    assert 'value="三十多"' in page.text
    assert "转移沿河户</textarea>" in page.text
    assert "险" * 201 in page.text
    assert "checked" in page.text
    empty = phone.post(f"{PATH}/feedback", data={"measures": "  "})
    assert empty.status_code == 422
    assert "还没有填写" in empty.text


def test_what_is_too_long_about_a_unit_is_told(phone: TestClient, superior: Any) -> None:
    """The unit is not recorded as told, and the words stand in their field."""
    step(phone)
    page = phone.post(LIST, data={"u": "102", "words": "话" * 201})
    assert page.status_code == 422
    assert "最多 200 个字" in page.text
    assert "话" * 201 in page.text
    assert superior.told_units == []
