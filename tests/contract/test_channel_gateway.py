"""The gateway channel against each shipped provider on loopback: each attempt sent once, each told as the table says."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from by_path import loaded
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.clock import VirtualClock
from warning_dispatch.configuration.outcomes import load_outcomes
from warning_dispatch.delivery.gateway.channel import CONNECT_S, SILENT_IN_A_ROW, GatewayChannel
from warning_dispatch.delivery.gateway.description import BY_STATUS, UNSURE_STATUSES
from warning_dispatch.delivery.gateway.files import load_provider, shipped_folder
from warning_dispatch.delivery.gateway.kind import KIND
from warning_dispatch.delivery.http import Cause, HttpAnswer, HttpRequest, HttpTroubleError
from warning_dispatch.delivery.kinds import ChannelTools, HookRequest, RouteFacts
from warning_dispatch.model.plan import Next
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Dispatch, Event, Receipt, Reply, Report
from warning_dispatch.tomlfiles import read_toml

STAND = Path(__file__).with_name("provider_stand.py")
NOW = 1_784_727_300_000
"""2026-07-22 21:35 in Beijing."""
NAMES = sorted(path.stem for path in shipped_folder().glob("*.toml") if not path.stem.endswith("-robot"))
VOICE = [name for name in NAMES if name.endswith("-voice")]
SMS = [name for name in NAMES if name.endswith("-sms")]
VALUES = {
    "issuer": "吕梁市气象台",
    "time": "7月22日21时33分",
    "time_short": "7月22日21:33",
    "issued": "发布",
    "hazard": "暴雨",
    "colour": "红色",
    "signal": "暴雨红色",
    "level": "Ⅰ级/特别严重",
    "area": "临县",
    "area_short": "临县",
    "unit": "城北社区",
    "drill": "",
    "drill_spoken": "",
}
DOCUMENTS = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def stand() -> Any:
    """The module provider_stand.py."""
    return loaded("contract_provider_stand", STAND)


class House:
    """A route to one provider, and what the engine hears of it."""

    def __init__(
        self, words: Any, endpoint: str, hook_url: str = "https://jy.example.cn/hooks/r", **options: Any
    ) -> None:
        self.heard: list[Event] = []
        self.clock = VirtualClock(NOW)
        self.known: dict[str, int] = {}
        self.facts = RouteFacts(
            "r", Channel[words.channel.upper()], "warning-dispatch.toml: routes[0]",
            hook_url=hook_url, secret=words.secrets.get,
        )  # fmt: skip
        self.tools = ChannelTools(
            route="r",
            channel=self.facts.channel,
            clock=self.clock,
            hear=self.heard.append,
            hook_url=hook_url,
            hook_secret=b"s" * 32,
            secret=words.secrets.get,
            open_calls=_nothing_open,
            log=structlog.get_logger("route"),
            attempts_of=self._attempts_of,
            alike=[self.facts],
        )
        raw = {"provider": words.name, "endpoint": endpoint, "timeout_s": 0.5, "set": dict(words.options), **options}
        self.options = KIND.options.model_validate(raw)
        self.channel: GatewayChannel = KIND.build(self.options, self.tools)

    async def _attempts_of(self, asked: Sequence[tuple[str, str]]) -> Mapping[str, int]:
        return {ref: self.known[ref] for ref, number in asked if ref in self.known and number}

    async def call_back(self, name: str, content: Any, attempt: int = 0, **changes: Any) -> int:
        """What the provider sends to the address it was given; the status it gets back."""
        shape = load_provider(self.options.provider, [shipped_folder()]).shape.callbacks[name]
        url = self.channel.address_of(name, attempt if shape.bound else 0)
        return await self.post(url, json.dumps(content).encode(), **changes)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Any callback."""
        path = url.partition("/hooks/r/")[2]
        request = HookRequest("POST", path, (), headers or {}, body, url)
        return (await self.channel.hook(request)).status

    @property
    def reports(self) -> list[tuple[int, str]]:
        """What was reported, in order."""
        return [(one.attempt_id, one.outcome) for one in self.heard if isinstance(one, Report)]


async def _nothing_open(_number: str) -> Sequence[Any]:
    return ()


def calls(count: int = 1, first: int = 1, **changes: Any) -> list[Dispatch]:
    """A batch to numbers that belong to nobody."""
    made = []
    for at in range(first, first + count):
        fields = {
            "attempt_id": at, "callout_id": 1, "channel": Channel.VOICE, "purpose": Purpose.CALL, "route": "r",
            "address": f"+861000000{at:04d}", "language": "zh_CN", "text": "暴雨红色预警", "values": VALUES,
            "link": "https://jy.example.cn/r/ABCDEFGHIJKLMNOP",
        }  # fmt: skip
        made.append(Dispatch(**{**fields, **changes}))
    return made


def outcomes(receipts: Sequence[Receipt]) -> set[tuple[str, bool]]:
    """(outcome, unsure) of a batch."""
    return {(receipt.outcome, receipt.unsure) for receipt in receipts}


@pytest.mark.parametrize("name", NAMES)
async def test_every_attempt_is_sent_once_and_receipted_once(stand: Any, name: str) -> None:
    """Forty attempts over sixteen connections: each number once, in full, never more at once than allowed."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint, connections=16)
        channel: ChannelPort = house.channel
        receipts = await channel.deliver(calls(40))
        assert await channel.deliver([]) == []
        await channel.close()
    assert sorted(receipt.attempt_id for receipt in receipts) == list(range(1, 41))
    assert all(receipt.accepted and receipt.provider_ref for receipt in receipts)
    assert len({receipt.provider_ref for receipt in receipts}) == 40
    assert Counter(words.attempt(seen) for seen in provider.seen) == dict.fromkeys(range(1, 41), 1)
    assert {words.number(seen) for seen in provider.seen} == {one.address for one in calls(40)}
    assert provider.most_at_once <= 16


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_said_is_what_the_text_says(stand: Any, name: str) -> None:
    """Hazard with colour, issuer, time, area and unit reach the provider as values; a drill says so first."""
    words = stand.WORDS[name]
    drill = {**VALUES, "drill": "【演练】", "drill_spoken": "演练，演练。"}
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        await house.channel.deliver(calls())
        await house.channel.deliver(calls(first=2, purpose=Purpose.DRILL, values=drill))
        await house.channel.deliver(
            calls(first=3, purpose=Purpose.SELF, values={"unit": "值班员", "count": "3", "causes": "来源中断"})
        )
        await house.channel.close()
    said, drilled, called = ("".join(words.said(seen)) for seen in provider.seen)
    for value in ("暴雨红色", "吕梁市气象台", "7月22日21", "临县", "城北社区"):
        assert value in said
    assert drilled.startswith("演练，演练。暴雨" if words.channel == "voice" else "【演练】暴雨")
    assert all(value in called for value in ("值班员", "3", "来源中断"))
    assert "T-self" in provider.seen[2].target + provider.seen[2].body.decode()


@pytest.mark.parametrize("name", NAMES)
async def test_every_error_of_the_table_is_told_as_its_outcome(stand: Any, name: str) -> None:
    """Each code of the provider's own table, and one it has not got; none is sent twice."""
    words = stand.WORDS[name]
    shape = load_provider(name, [shipped_folder()]).shape
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        for code, outcome in [*shape.errors.items(), ("Never.Heard", shape.unknown)]:
            provider.seen.clear()
            provider.script = lambda _seen, code=code: words.no(code.replace("*", ".Some"))
            assert outcomes(await house.channel.deliver(calls())) == {(outcome, False)}, code
            assert len(provider.seen) == 1
        await house.channel.close()


@pytest.mark.parametrize("name", NAMES)
async def test_every_error_status_is_told_as_its_outcome(stand: Any, name: str) -> None:
    """An answer of a proxy on the way, not of the provider: a page, nothing, or half a document."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        for status, outcome in BY_STATUS.items():
            for body in (b"<html>no</html>", b"", b'{"Code":'):
                says = stand.Says(status, body)
                provider.script = lambda _seen, says=says: says
                receipts = await house.channel.deliver(calls())
                assert outcomes(receipts) == {(outcome, status in UNSURE_STATUSES)}, status
        await house.channel.close()


def broken_ways(stand: Any, words: Any) -> Mapping[str, Any]:
    """Ways in which it stays open whether the provider took the call."""
    good = json.dumps(words.taken(1)).encode()
    return {
        "no answer in time": stand.Says(silent=True),
        "too late": stand.Says(body=good, after=0.5),
        "cut off before the answer": stand.Says(cut=0),
        "cut off in the head": stand.Says(body=good, cut=9),
        "cut off in the body": stand.Says(body=good, cut=len(good)),
        "not JSON": stand.Says(body=b"OK"),
        "another document": stand.Says(body=b'{"hello": 1}'),
    }


@pytest.mark.parametrize("name", NAMES)
async def test_what_may_have_been_taken_is_unsure_and_not_sent_again(stand: Any, name: str) -> None:
    """Silence, lateness, a cut connection, an answer that says nothing: told as unsure, sent once."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint, timeout_s=0.1)
        for way, says in broken_ways(stand, words).items():
            provider.seen.clear()
            provider.script = lambda _seen, says=says: says
            assert outcomes(await house.channel.deliver(calls())) == {("temporarily_refused", True)}, way
            assert len(provider.seen) == 1, way
        await house.channel.close()


async def test_a_provider_that_cannot_be_reached_has_surely_not_taken_anything(stand: Any) -> None:
    """No connection: the route is down, nothing is a possible duplicate, and the whole batch is told at once."""
    words = stand.WORDS["aliyun-voice"]
    async with stand.standing(words.ok) as provider:
        endpoint = provider.endpoint
    house = House(words, endpoint)
    receipts = await house.channel.deliver(calls(50))
    await house.channel.close()
    assert len(receipts) == 50
    assert outcomes(receipts) == {("provider_down", False)}


class Unsteady:
    """Connections of which every second one cannot be made: nothing is sent then."""

    def __init__(self) -> None:
        self.tried: list[int] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Any]:
        """The one there is."""
        yield self

    async def send(self, _request: HttpRequest) -> HttpAnswer:
        """Every second time."""
        self.tried.append(1)
        if len(self.tried) % 2:
            raise HttpTroubleError(Cause.NO_CONNECTION)
        return HttpAnswer(200, b'{"Code":"OK","CallId":"c"}')

    async def close(self) -> None:
        """Nothing to let go of."""


async def test_one_lost_connection_is_not_a_provider_that_is_down(stand: Any) -> None:
    """What surely was not sent is tried once more, on the spot; the route stays in service."""
    house = House(stand.WORDS["aliyun-voice"], "http://127.0.0.1:9", connections=1)
    house.channel._lines = Unsteady()  # type: ignore[assignment] # no port refuses every second connection
    receipts = await house.channel.deliver(calls(5))
    await house.channel.close()
    assert outcomes(receipts) == {("", False)}
    assert sorted(receipt.attempt_id for receipt in receipts) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("code", ["isv.OUT_OF_SERVICE", "SignatureDoesNotMatch", "isv.TTS_TEMPLATE_ILLEGAL"])
async def test_what_holds_for_the_route_is_not_asked_for_every_call(stand: Any, code: str) -> None:
    """Without money, with wrong keys or templates, a storm is not sent through: the rest is told without asking."""
    words = stand.WORDS["aliyun-voice"]
    async with stand.standing(lambda _seen: words.no(code)) as provider:
        house = House(words, provider.endpoint, connections=4)
        receipts = await house.channel.deliver(calls(100))
        await house.channel.close()
    assert len(receipts) == 100
    assert len(outcomes(receipts)) == 1
    assert len(provider.seen) <= 4


async def test_a_silent_provider_holds_up_nobody(stand: Any) -> None:
    """After some requests without an answer the rest of the batch goes elsewhere, and surely was not sent."""
    words = stand.WORDS["huawei-voice"]
    async with stand.standing(lambda _seen: stand.Says(silent=True)) as provider:
        house = House(words, provider.endpoint, connections=2, timeout_s=0.1)
        receipts = await house.channel.deliver(calls(40))
        await house.channel.close()
    assert len(provider.seen) <= SILENT_IN_A_ROW + 2
    assert Counter(receipt.unsure for receipt in receipts)[True] == len(provider.seen)
    assert len(receipts) == 40


async def test_what_is_no_longer_ours_is_not_sent(stand: Any) -> None:
    """What could still be under way when its claim lapses is not begun: another worker would call a second time."""
    words = stand.WORDS["aliyun-voice"]
    longest = round(1000 * (0.5 + 2 * CONNECT_S))
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        receipts = await house.channel.deliver(
            calls(lease_until=NOW + longest - 1) + calls(first=2, lease_until=NOW + longest)
        )
        await house.channel.close()
    assert sorted((receipt.attempt_id, receipt.accepted) for receipt in receipts) == [(1, False), (2, True)]
    assert len(provider.seen) == 1


async def test_our_own_lateness_is_not_held_against_the_provider(stand: Any) -> None:
    """A batch too large for its lease: the rest comes again, and says nothing against a route that is well."""
    words = stand.WORDS["aliyun-sms"]
    table = load_outcomes(DOCUMENTS / "outcomes.toml", "outcomes.toml", [])
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        receipts = await house.channel.deliver(calls(9, lease_until=NOW + 1, channel=Channel.SMS))
        await house.channel.close()
    ((outcome, unsure),) = outcomes(receipts)
    assert not table[outcome].failure
    assert table[outcome].next is Next.OTHER_ROUTE
    assert not unsure
    assert not provider.seen


@pytest.mark.parametrize("name", NAMES)
async def test_a_letter_never_goes_as_a_warning_without_content(stand: Any, name: str) -> None:
    """A letter of the yearly refresh has a text and no values: a provider that fills templates does not get it."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        letter, warning = calls(purpose=Purpose.CAMPAIGN, values={}), calls(first=2)
        receipts = await house.channel.deliver([*letter, *warning])
        await house.channel.close()
    assert {one.attempt_id: one.outcome for one in receipts} == {1: "misconfigured", 2: ""}
    assert len(provider.seen) == 1


async def test_numbers_that_the_provider_cannot_reach_go_by_other_routes(stand: Any) -> None:
    """Short codes and other countries are left to other routes; a sample number has no address at all."""
    words = stand.WORDS["aliyun-voice"]
    numbers = {"66123": "number_limited", "+85200000000": "number_limited", "": "invalid_number"}
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        for number, outcome in numbers.items():
            assert outcomes(await house.channel.deliver(calls(address=number))) == {(outcome, False)}
        await house.channel.close()
    assert not provider.seen


# --- what is told later -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VOICE)
async def test_the_key_is_told_whenever_it_comes(stand: Any, name: str) -> None:
    """The key before the end, after it, twice: always told as pressed; only the right key is."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        await house.channel.deliver(calls(4))
        over = {"aliyun-voice": "200000", "tencent-voice": "0", "huawei-voice": "0"}[name]
        for attempt, order in ((1, "ke"), (2, "ek"), (3, "kekek")):
            for step in order:
                number = f"+861000000{attempt:04d}"
                told = words.key(attempt, number, "1") if step == "k" else words.ended(attempt, number, over)
                for callback, content in told:
                    assert await house.call_back(callback, content, attempt) == 200
        for callback, content in words.key(4, "+8610000000004", "2"):
            assert await house.call_back(callback, content, 4) == 200
        await house.channel.close()
    pressed = Counter(attempt for attempt, outcome in house.reports if outcome == "key_pressed")
    assert pressed == {1: 1, 2: 1, 3: 3}
    others = {outcome for _, outcome in house.reports} - {"key_pressed"}
    assert others <= {"heard_no_key"}


@pytest.mark.parametrize("name", VOICE)
async def test_every_status_of_the_table_is_told(stand: Any, name: str) -> None:
    """Each code that the provider documents for a call that failed, whatever comes first."""
    words = stand.WORDS[name]
    shape = load_provider(name, [shipped_folder()]).shape
    table = {
        code: outcome
        for callback in shape.callbacks.values()
        for reading in callback.readings
        for code, outcome in reading.outcomes.items()
        if outcome and code.isdecimal() and code not in ("0", "100", "8008") and not reading.weak_s
    }
    if name == "tencent-voice":
        table.pop("1")  # that is also the word for "not answered": the stand speaks of one only
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        dispatches = calls(2 * len(table))
        await house.channel.deliver(dispatches)
        told: dict[int, str] = {}
        for at, (code, outcome) in enumerate(table.items(), start=1):
            for attempt, turned in ((2 * at - 1, False), (2 * at, True)):
                told[attempt] = outcome
                content = list(words.ended(attempt, f"+861000000{attempt:04d}", code))
                for callback, document in reversed(content) if turned else content:
                    assert await house.call_back(callback, document, attempt) == 200
        await house.channel.close()
    first: dict[int, str] = {}
    for attempt, outcome in house.reports:
        first.setdefault(attempt, outcome)
    assert first == told


PIECES = ("key", "state", "reason")


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8))
def test_in_whatever_order_and_however_often_it_is_told(stand: Any, order: list[str]) -> None:
    """Tencent tells a key, a state and a reason apart: the key is always told; the reason goes before the vaguer state."""
    words = stand.WORDS["tencent-voice"]

    async def told() -> list[tuple[int, str]]:
        house = House(words, "http://127.0.0.1:9")
        house.known["call-1"] = 1
        state, reason = words.ended(1, "+8610000000001", "8")
        (key,) = words.key(1, "+8610000000001", "1")
        for piece in order:
            callback, content = {"key": key, "state": state, "reason": reason}[piece]
            assert await house.call_back(callback, content) == 200
        await house.channel.close()
        return house.reports

    reports = [outcome for _, outcome in asyncio.run(told())]
    assert reports.count("key_pressed") == order.count("key")
    ends = [outcome for outcome in reports if outcome != "key_pressed"]
    if "reason" in order:
        assert ends[0] == "empty_number"
    elif "key" not in order:
        assert ends == ["no_answer"]


@pytest.mark.parametrize("name", VOICE)
async def test_a_call_that_was_heard_for_a_moment_only_was_not_heard(stand: Any, name: str) -> None:
    """Providers that tell only how long a call lasted: a moment is a call that was hung up."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        await house.channel.deliver(calls())
        over = {"aliyun-voice": "200001", "tencent-voice": "0", "huawei-voice": "0"}[name]
        for callback, content in words.ended(1, "+8610000000001", over):
            text = json.dumps(content).replace("1784727220", "1784727203").replace("13:33:20", "13:33:58")
            await house.call_back(callback, json.loads(text), 1)
        await house.channel.close()
    assert house.reports == [(1, "hung_up_early")]


@pytest.mark.parametrize("name", SMS)
async def test_deliveries_and_replies_are_told(stand: Any, name: str) -> None:
    """Delivered, not delivered, a reply from a number; twice is as good as once."""
    words = stand.WORDS[name]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        await house.channel.deliver(calls(2, channel=Channel.SMS))
        for callback, content in [
            *words.delivered(1, "+8610000000001", good := True),
            *words.delivered(2, "+8610000000002", not good),
            *words.replied("+8610000000001", "收到"),
        ]:
            assert await house.call_back(callback, content) == 200
            assert await house.call_back(callback, content) == 200
        await house.channel.close()
    assert {outcome for attempt, outcome in house.reports if attempt == 1} == {"delivered"}
    assert {outcome for attempt, outcome in house.reports if attempt == 2} <= {"undelivered", "suspended"}
    replies = [one for one in house.heard if isinstance(one, Reply)]
    assert {(reply.channel, reply.address, reply.text) for reply in replies} == {
        (Channel.SMS, "+8610000000001", "收到")
    }


async def test_a_call_is_known_by_its_name_after_a_restart(stand: Any) -> None:
    """A provider that tells only its own name of a call: looked up by number and name, by whichever process hears it."""
    words = stand.WORDS["tencent-voice"]
    async with stand.standing(words.ok) as provider:
        house = House(words, provider.endpoint)
        for callback, content in words.key(77, "+8610000000077", "1"):
            await house.call_back(callback, content)
        assert house.reports == []
        house.known["call-77"] = 77
        for callback, content in words.key(77, "+8610000000077", "1"):
            await house.call_back(callback, content)
        await house.channel.close()
    assert house.reports == [(77, "key_pressed")]


async def test_a_call_that_was_found_by_its_number_is_known_by_its_name_from_then_on(stand: Any) -> None:
    """What is told of it next comes when it has ended, and is looked up no more: an end after the key is the same call's."""
    words = stand.WORDS["tencent-voice"]
    house = House(words, "http://127.0.0.1:9")
    house.known["call-77"] = 77
    for callback, content in words.key(77, "+8610000000077", "1"):
        await house.call_back(callback, content)
    house.known.clear()
    for callback, content in words.ended(77, "+8610000000077", "0"):
        await house.call_back(callback, content)
    await house.channel.close()
    assert {attempt for attempt, _ in house.reports} == {77}
    assert len(house.reports) > 1


@pytest.mark.parametrize("name", NAMES)
async def test_only_whom_we_gave_the_address_to_is_believed(stand: Any, name: str) -> None:
    """A wrong digest, another callback's, another attempt's, an unknown name: refused, and nothing is told."""
    words = stand.WORDS[name]
    house = House(words, "http://127.0.0.1:9")
    forged = words.key(1, "+8610000000001", "1") or words.delivered(1, "+8610000000001", _good := True)
    callback, content = forged[0]
    body = json.dumps(content).encode()
    right = house.channel.address_of(callback, 1)
    bound = load_provider(name, [shipped_folder()]).shape.callbacks[callback].bound
    wrong = [right[:-1] + ("a" if right[-1] != "a" else "b"), right.rpartition("/")[0] + "/", right + "/x", right + "x"]
    wrong += [right.replace("/1/", "/2/")] if bound else [right.replace(f"/{callback}/", f"/{callback}/1/")]
    for url in wrong:
        assert await house.post(url, body) in (403, 404), url
    assert await house.post("https://jy.example.cn/hooks/r/other/abc", body) == 404
    assert await house.post(house.channel.address_of(callback, 1 if bound else 0), b"{not json") == 400
    await house.channel.close()
    assert house.heard == []


async def test_a_signature_that_is_there_must_be_right(stand: Any) -> None:
    """Huawei signs its callbacks in its newer platform: a wrong token is refused, a right one and none are taken."""
    words = stand.WORDS["huawei-voice"]
    house = House(words, "http://127.0.0.1:9")
    (callback, content), *_ = words.key(5, NUMBER, "1")
    url = house.channel.address_of(callback, 5)
    body = json.dumps(content).encode()
    import hashlib  # noqa: PLC0415 - only here
    import hmac  # noqa: PLC0415 - only here

    text = f"{url}nonce2026-07-22T13:34:00Z".encode()
    digest = base64.b64encode(hmac.new(words.secrets["app_secret"].encode(), text, hashlib.sha256).digest()).decode()
    token = f'UsernameToken Username="{words.secrets["app_key"]}",PasswordDigest="%s",Nonce="nonce",Created="2026-07-22T13:34:00Z"'
    assert await house.post(url, body, headers={"x-aksk": token % "wrong"}) == 401
    assert house.heard == []
    assert await house.post(url, body, headers={"x-aksk": token % digest}) == 200
    assert await house.post(url, body) == 200
    assert house.reports == [(5, "key_pressed")] * 2
    await house.channel.close()


NUMBER = "+8610000000005"


@pytest.mark.parametrize("name", NAMES)
async def test_callbacks_of_any_shape_are_survived(stand: Any, name: str) -> None:
    """Lists where objects should be, numbers where texts should be, nothing at all: answered, and nobody acknowledges."""
    words = stand.WORDS[name]
    house = House(words, "http://127.0.0.1:9")
    for callback, shape in load_provider(name, [shipped_folder()]).shape.callbacks.items():
        url = house.channel.address_of(callback, 1 if shape.bound else 0)
        for body in (b"[]", b"{}", b"null", b"3", b'"x"', b'[[1],{"out_id":{"a":1},"dtmf":["1"]}]', b'{"feeLst":[null]}',
                     b'{"statusInfo":{"digitInfo":{}},"eventType":"collectInfo"}', b"[" * 5000, b"\xff\xfe"):  # fmt: skip
            assert await house.post(url, body) in (200, 400)
    await house.channel.close()
    assert "key_pressed" not in {outcome for _, outcome in house.reports}


# --- polling ------------------------------------------------------------------------------------------------


async def test_where_no_callback_can_come_states_and_replies_are_fetched(stand: Any) -> None:
    """Without a public address: asked page by page, told as if they had been pushed, and no further than there is."""
    words = stand.WORDS["tencent-sms"]
    states = [{"SessionContext": str(at), "SerialNo": f"sid-{at}", "PhoneNumber": f"+861000000{at:04d}",
               "ReportStatus": "SUCCESS", "UserReceiveTime": 1784727240} for at in range(1, 131)]  # fmt: skip

    def script(seen: Any) -> Any:
        if seen.headers["x-tc-action"] == "PullSmsReplyStatus":
            reply = {"PhoneNumber": "+8610000000009", "ReplyContent": "1", "ReplyTime": 1784727240}
            page: Any = {"PullSmsReplyStatusSet": [reply]}
        else:
            page = {"PullSmsSendStatusSet": [states.pop(0) for _ in range(min(100, len(states)))]}
        return stand.Says(body=json.dumps({"Response": page}).encode())

    async with stand.standing(script) as provider:
        house = House(words, provider.endpoint, hook_url="")
        assert house.channel.every_s > 0
        await house.channel.poll()
        await house.channel.close()
    assert Counter(seen.headers["x-tc-action"] for seen in provider.seen) == {
        "PullSmsSendStatus": 2,
        "PullSmsReplyStatus": 1,
    }
    assert house.reports == [(at, "delivered") for at in range(1, 131)]
    assert [(one.address, one.text) for one in house.heard if isinstance(one, Reply)] == [("+8610000000009", "1")]
    assert House(words, "http://127.0.0.1:9").channel.every_s == 0


async def test_a_poll_that_fails_is_said_and_tried_again(stand: Any) -> None:
    """A provider that does not answer, or refuses, raises nothing and tells nothing."""
    words = stand.WORDS["tencent-sms"]
    for says in (stand.Says(silent=True), stand.Says(500), words.no("AuthFailure.SecretIdNotFound")):
        async with stand.standing(lambda _seen, says=says: says) as provider:
            house = House(words, provider.endpoint, hook_url="", timeout_s=0.1)
            await house.channel.poll()
            await house.channel.close()
        assert house.heard == []


# --- what must not show -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_no_secret_and_no_number_shows_anywhere(stand: Any, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Logs in every way of going wrong, what `check` prints, and what objects say of themselves."""
    words = stand.WORDS[name]
    scripts = [
        words.ok,
        lambda _seen: words.no("Never.Heard"),
        lambda _seen: stand.Says(cut=5),
        lambda _seen: stand.Says(500),
    ]
    shown = []
    with structlog.testing.capture_logs() as logs:
        for script in scripts:
            async with stand.standing(script) as provider:
                house = House(words, provider.endpoint)
                receipts = await house.channel.deliver(calls(2))
                await house.post(house.channel.address_of(next(iter(house.channel.callbacks))) + "x", b"{}")
                for callback, content in [
                    *words.key(1, "+8610000000001", "1"),
                    *words.delivered(9, "+8610000000009", True),
                ]:
                    await house.call_back(callback, content, 1)
                await house.channel.close()
                shown += [
                    repr(receipts),
                    repr(house.tools),
                    repr(house.channel),
                    repr(house.facts),
                    repr(house.options),
                ]
        shown += [str(finding) for finding in KIND.check(house.options, house.facts)]
    shown += [json.dumps(log, default=str) for log in logs]
    written = capfd.readouterr()
    everything = "\n".join([*shown, written.out, written.err])
    assert logs
    for secret in words.secrets.values():
        assert secret not in everything
    assert "1000000000" not in everything
    assert house.channel.address_of(next(iter(house.channel.callbacks))).rpartition("/")[2] not in everything


def test_every_outcome_of_a_shipped_file_is_a_row_of_the_table() -> None:
    """No provider's word ends in an outcome that the engine does not know."""
    rows = read_toml(DOCUMENTS / "outcomes.toml", "outcomes.toml", [])
    assert rows
    for path in shipped_folder().glob("*.toml"):
        load_provider(path.stem, [shipped_folder()], rows)


async def test_workers_are_bounded_and_the_loop_stays_free(stand: Any) -> None:
    """A batch of a storm is served by as many tasks as there are connections, not by one for each message."""
    words = stand.WORDS["aliyun-sms"]
    most = 0
    async with stand.standing(lambda seen: stand.Says(body=words.ok(seen).body, after=0.01)) as provider:
        house = House(words, provider.endpoint, connections=8)
        handing_over = asyncio.ensure_future(house.channel.deliver(calls(120, channel=Channel.SMS)))
        while not handing_over.done():
            most = max(most, sum("_serve" in repr(task.get_coro()) for task in asyncio.all_tasks()))
            await asyncio.sleep(0.002)
        await house.channel.close()
    assert most <= 8
    assert len(await handing_over) == 120
