"""The Twilio channels against a Twilio of our own on loopback: rung once, answered by a key alone, told late, twice and forged."""

from __future__ import annotations

import asyncio
import logging
import socket
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.applications import Starlette

from warning_dispatch.bootstrap import serve
from warning_dispatch.clock import ScaledClock, SystemClock
from warning_dispatch.configuration import load_configuration
from warning_dispatch.delivery.kinds import ChannelTools, HookRequest, RouteFacts, RouteLimits, kind_of
from warning_dispatch.delivery.twilio import twiml
from warning_dispatch.delivery.twilio.errors import error_table
from warning_dispatch.delivery.twilio.options import TwilioOptions
from warning_dispatch.delivery.twilio.voice import TwilioVoice
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, OpenCall, Reply, Report
from warning_dispatch.route_settings import RouteSettings
from warning_dispatch.simulation.faults import Faults
from warning_dispatch.simulation.population import Population, TextHabit, Times, VoiceHabit
from warning_dispatch.web.hooks import Hooks

PUBLIC = "https://jiaoying.example.cn"
SPEED = 120
TEXT = "暴雨红色预警，收到请按1。气象台22点发布，影响石盘乡。请石盘村立即防范。请按1。"
VILLAGE = "+8613900000001"
DUTY = "+8635882220000"
PATIENCE = 10.0


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def call_to(address: str = VILLAGE, attempt: int = 1, **more: Any) -> Dispatch:
    """One call on its way."""
    return Dispatch(attempt, 1, Channel.VOICE, Purpose.CALL, "voice", address, "zh_CN", TEXT, **more)


def text_to(address: str = VILLAGE, attempt: int = 1) -> Dispatch:
    """One message on its way."""
    link = "https://jiaoying.example.cn/r/ABCDEFGHIJKLMNOP"
    return Dispatch(attempt, 1, Channel.SMS, Purpose.CALL, "sms", address, "zh_CN", f"{TEXT} {link}", link=link)


class Bench:
    """A channel, the door it is called back at, and Twilio."""

    def __init__(self, server: Any, channel: Any, heard: list[Event], clock: Any) -> None:
        self.server = server
        self.channel = channel
        self.heard = heard
        self.clock = clock
        self.open: list[OpenCall] = []

    @property
    def outcomes(self) -> list[tuple[int, str]]:
        """Reports, as attempt and outcome."""
        return [(one.attempt_id, one.outcome) for one in self.heard if isinstance(one, Report)]

    def forget(self) -> None:
        """Another process has taken over: nothing in memory is left."""
        if isinstance(self.channel, TwilioVoice):
            self.channel._book._calls.clear()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - whatever a test waits for
                await asyncio.sleep(0.005)

    async def quiet(self) -> None:
        """Wait until every call has ended and every callback has come."""
        await self.until(lambda: not self.server.callbacks._under_way)


@pytest.fixture
def bench(twilio_server: Any) -> Callable[..., Any]:
    """Makes benches."""

    @asynccontextmanager
    async def made(
        channel: Channel = Channel.VOICE,
        *,
        voice: VoiceHabit = VoiceHabit.ANSWERS,
        text: TextHabit = TextHabit.IGNORES,
        faults: Faults | None = None,
        speed: float = SPEED,
        **options: Any,
    ) -> AsyncIterator[Bench]:
        clock = ScaledClock(SystemClock().now(), speed)
        port, name = free_port(), channel.key
        times = Times(reply=(1_000, 2_000), tap=(1_000, 2_000))
        people = twilio_server("people").People(1, Population.everyone(voice, text, times=times))
        rest, callbacks = twilio_server("rest"), twilio_server("callbacks")
        server = rest.TwilioServer(
            clock, public=PUBLIC, local=f"http://127.0.0.1:{port}", people=people, faults=faults, sms_route=name
        )
        heard: list[Event] = []
        async with server.running():
            given = {"account_sid": callbacks.ACCOUNT, "from_numbers": ["+12025550100", "+12025550101"]}
            read = TwilioOptions.model_validate({**given, "address": server.address, "timeout_s": 0.5, **options})
            place = Bench(server, None, heard, clock)

            async def open_calls(number: str) -> Sequence[OpenCall]:
                return place.open if number == VILLAGE else []

            async def knows(number: str) -> bool:
                return number == VILLAGE

            tools = ChannelTools(
                knows=knows,
                route=name,
                channel=channel,
                clock=clock,
                hear=heard.append,
                hook_url=f"{PUBLIC}/hooks/{name}",
                hook_secret=b"x" * 32,
                secret=lambda _name: callbacks.TOKEN,
                open_calls=open_calls,
                log=structlog.get_logger("test"),
            )
            place.channel = kind_of("twilio").build(read, tools)
            app = Starlette(routes=Hooks({name: place.channel}, PUBLIC).routes())
            door = asyncio.create_task(serve(app, host="127.0.0.1", port=port))  # type: ignore[arg-type]
            await rest.listening(port)
            try:
                yield place
            finally:
                await place.channel.close()
                door.cancel()
                await asyncio.gather(door, return_exceptions=True)

    return made


# --- calls ---------------------------------------------------------------------------------------------------------


async def test_a_key_is_an_answer_and_the_call_ends_with_thanks(bench: Callable[..., Any]) -> None:
    """Key 1 is told at once; the end of the call, told after it, changes nothing."""
    async with bench() as place:
        [receipt] = await place.channel.deliver([call_to()])
        await place.quiet()
        [call] = place.server.rang
    assert (receipt.accepted, receipt.provider_ref) == (True, call.sid)
    assert place.outcomes[0] == (1, "key_pressed")
    assert call.to == VILLAGE
    assert call.said[0].startswith(TEXT)
    assert call.said[-1] == twiml.phrases("zh_CN")["thanks"]


@pytest.mark.parametrize(
    ("habit", "outcome"),
    [
        (VoiceHabit.HEARS, "heard_no_key"),
        (VoiceHabit.HANGS_UP, "hung_up_early"),
        (VoiceHabit.MACHINE, "machine"),
        (VoiceHabit.NEVER, "no_answer"),
        (VoiceHabit.BUSY, "busy"),
        (VoiceHabit.REJECTS, "rejected"),
        (VoiceHabit.SWITCHED_OFF, "out_of_coverage"),
        (VoiceHabit.EMPTY, "empty_number"),
        (VoiceHabit.INVALID, "invalid_number"),
    ],
)
async def test_whatever_else_happens_is_no_answer(bench: Callable[..., Any], habit: VoiceHabit, outcome: str) -> None:
    """Picked up, listened to, taken by a machine, refused, or never reached: each has its row, none of them answers."""
    async with bench(voice=habit) as place:
        await place.channel.deliver([call_to()])
        await place.quiet()
    assert {found for _, found in place.outcomes} == {outcome}


async def test_a_machine_that_presses_nothing_is_one_although_it_listens_to_the_end(bench: Callable[..., Any]) -> None:
    """The verdict is kept until the call ends: somebody whom Twilio took for a machine may still press 1."""
    async with bench() as place:
        place.server.people.script(VILLAGE, voice=VoiceHabit.VOICEMAIL)
        await place.channel.deliver([call_to()])
        await place.quiet()
        assert {found for _, found in place.outcomes} == {"machine"}
        place.heard.clear()
        place.server.people.keys["+8613900000002"] = ((5_000, "1"),)
        await place.channel.deliver([call_to("+8613900000002", 2)])
        await place.quiet()
        assert place.outcomes[0] == (2, "key_pressed")


async def test_the_text_is_read_twice_again_for_key_2_and_key_0_reaches_the_duty_officer(
    bench: Callable[..., Any],
) -> None:
    """2 and 0 are no answers; after either the text is read again, and 1 still counts."""
    async with bench(duty_number=DUTY) as place:
        place.server.people.keys[VILLAGE] = ((3_000, "2"), (6_000, "9"), (12_000, "0"), (30_000, "1"))
        await place.channel.deliver([call_to()])
        await place.quiet()
        [call] = place.server.rang
        assert [digit for _, digit in call.pressed] == ["2", "9", "0", "1"]
        assert call.dialled == [DUTY]
        assert sum(text.startswith(TEXT) for text in call.said) >= 4
        assert place.outcomes[0] == (1, "key_pressed")
        place.server.people.keys[VILLAGE] = ((200_000, "1"),)
        place.heard.clear()
        await place.channel.deliver([call_to(attempt=2)])
        await place.quiet()
        assert [text.startswith(TEXT) for text in place.server.rang[1].said] == [True, True]
        assert {found for _, found in place.outcomes} == {"heard_no_key"}


async def test_a_notice_asks_for_no_key(bench: Callable[..., Any]) -> None:
    """An all-clear is read out and waits for nothing."""
    async with bench(voice=VoiceHabit.HEARS) as place:
        await place.channel.deliver([replace(call_to(), purpose=Purpose.ALL_CLEAR)])
        await place.quiet()
        assert "Gather" not in place.server.rang[0].twiml
    assert place.outcomes == [(1, "heard_no_key")]


async def test_what_rings_is_ended_and_who_listens_is_not_cut_off(bench: Callable[..., Any]) -> None:
    """Another receiver has answered: ringing phones stop, a conversation goes on to its end."""
    async with bench() as place:
        place.server.people.keys[VILLAGE] = ((20_000, "1"),)
        place.server.people.script("+8613900000002", voice=VoiceHabit.NEVER)
        await place.channel.deliver([call_to(), call_to("+8613900000002", 2)])
        listening, ringing = place.server.rang
        await place.until(lambda: listening.status == "in-progress")
        assert ringing.status == "ringing"
        await place.channel.hang_up([1, 2, 99])
        assert ringing.status == "canceled"
        await place.quiet()
        await place.channel.hang_up([1, 2])
    assert listening.status == "completed"
    assert place.outcomes[0] == (2, "hung_up_by_us")
    assert (1, "key_pressed") in place.outcomes


async def test_somebody_who_rings_back_hears_what_is_open_and_can_answer_it(
    bench: Callable[..., Any], twilio_server: Any
) -> None:
    """回拨: the key they press is the key of the attempt that had reached them; who has nothing open is told so."""
    async with bench() as place:
        place.open.append(OpenCall(7, 1, "zh_CN", TEXT))
        ask = place.server.callbacks.ask
        url = f"{PUBLIC}/hooks/voice/inbound"
        course = await ask(url, {"CallSid": "CAback", "From": VILLAGE, "CallStatus": "ringing"})
        assert TEXT in course
        call = twilio_server("calls")
        [action, *_] = [verb.get("action") for verb in call._verbs(course) if verb.tag == "Gather"]
        place.open.clear()
        course = await ask(action, {"CallSid": "CAback", "From": VILLAGE, "Digits": "1"})
        assert place.outcomes == [(7, "key_pressed")]
        [redirect] = [verb.text for verb in call._verbs(course) if verb.tag == "Redirect"]
        assert twiml.phrases("zh_CN")["nothing"] in await ask(redirect, {"CallSid": "CAback", "From": VILLAGE})


async def test_a_stranger_who_rings_is_put_to_the_duty_officer(bench: Callable[..., Any]) -> None:
    """回拨: a number that nobody knows is connected with the desk; where there is none, it hears what this number is."""
    stranger = {"CallSid": "CAback", "From": "+8613700000009", "CallStatus": "ringing"}
    async with bench(duty_number="+863588220000") as place:
        course = await place.server.callbacks.ask(f"{PUBLIC}/hooks/voice/inbound", stranger)
        assert "<Number>+863588220000</Number>" in course
        assert "Gather" not in course
    async with bench() as place:
        course = await place.server.callbacks.ask(f"{PUBLIC}/hooks/voice/inbound", stranger)
        assert twiml.phrases("zh_CN")["nothing"] in course


# --- what is not known ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", ["hang", "cut"])
@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
async def test_what_was_taken_without_an_answer_is_found_again_and_not_repeated(
    bench: Callable[..., Any], channel: Channel, failure: str
) -> None:
    """A time-out after sending, a connection cut in mid-answer: Twilio is asked whether it has it, and has it once."""
    async with bench(channel) as place:
        place.server.failing = iter([failure])
        make = call_to if channel is Channel.VOICE else text_to
        receipts = await place.channel.deliver([make(), make("+8613900000002", 2)])
        await place.quiet()
        taken = place.server.rang if channel is Channel.VOICE else place.server.sent
    assert all(one.accepted and not one.unsure for one in receipts)
    assert Counter(one.to for one in taken) == {VILLAGE: 1, "+8613900000002": 1}
    assert {one.attempt_id: one.provider_ref for one in receipts} == {one.attempt: one.sid for one in taken}


@pytest.mark.parametrize("channel", [Channel.VOICE, Channel.SMS])
async def test_after_a_crash_what_twilio_has_is_not_handed_over_again(
    bench: Callable[..., Any], channel: Channel
) -> None:
    """The worker died between Twilio and its commit; who repeats it asks first, and the call that rings is the call."""
    async with bench(channel, voice=VoiceHabit.NEVER) as place:
        make = call_to if channel is Channel.VOICE else text_to
        [first] = await place.channel.deliver([make()])
        place.forget()
        [again] = await place.channel.deliver([replace(make(), possible_duplicate=True)])
        assert (again.accepted, again.provider_ref) == (True, first.provider_ref)
        [other] = await place.channel.deliver([replace(make("+8613900000002", 2), possible_duplicate=True)])
        assert other.accepted
        await place.quiet()
        taken = place.server.rang if channel is Channel.VOICE else place.server.sent
        assert Counter(one.to for one in taken) == {VILLAGE: 1, "+8613900000002": 1}
        if channel is Channel.VOICE:  # it has rung in vain: that may be tried again
            place.forget()
            [once_more] = await place.channel.deliver([replace(make(), possible_duplicate=True)])
            assert once_more.provider_ref not in ("", first.provider_ref)


async def test_what_nobody_can_tell_stays_unsure_and_is_handed_over_once(bench: Callable[..., Any]) -> None:
    """Twilio is gone before it said anything, and cannot be asked: the engine hears that it may ring."""
    async with bench() as place:
        place.server.failing = iter([(500, 20500)])
        [receipt] = await place.channel.deliver([call_to()])
        assert (receipt.accepted, receipt.outcome, receipt.unsure) == (False, "temporarily_refused", True)
        assert [one for one in place.server.asked if one[0] == "POST"] == [("POST", place.server.asked[0][1])]
    [receipt] = await place.channel.deliver([call_to(attempt=2)])
    assert (receipt.accepted, receipt.outcome, receipt.unsure) == (False, "provider_down", False)
    await place.channel.close()


REFUSALS = {
    (400, 21211): "invalid_number",
    (400, 21610): "opted_out",
    (400, 21215): "misconfigured",
    (400, 99999): "temporarily_refused",
    (401, 20003): "credentials_refused",
    (402, 0): "balance_exhausted",
    (404, 20404): "misconfigured",
    (429, 20429): "over_concurrency",
    (418, 0): "temporarily_refused",
    (503, 0): "provider_down",
    (599, 0): "provider_down",
}


async def test_a_refusal_is_a_row_of_the_table_and_is_sent_once(bench: Callable[..., Any]) -> None:
    """Each way Twilio refuses has its outcome, and nothing is sent again for it."""
    async with bench() as place:
        found = {}
        for refusal in REFUSALS:
            place.server.failing = iter([refusal])
            [receipt] = await place.channel.deliver([call_to()])
            assert (receipt.accepted, receipt.unsure) == (False, False)
            found[refusal] = receipt.outcome
        assert len(place.server.asked) == len(REFUSALS)
        assert place.server.rang == []
    assert found == REFUSALS


def test_every_row_that_the_error_table_names_exists() -> None:
    """An outcome that the engine does not know would count as no report."""
    outcomes = load_configuration(Path(__file__).resolve().parents[2] / "config").outcomes
    assert error_table().outcomes() <= outcomes.keys()
    assert {"key_pressed", "heard_no_key"}.isdisjoint(error_table().outcomes())


# --- callbacks -----------------------------------------------------------------------------------------------------


async def test_late_doubled_and_reordered_callbacks_end_a_call_once(bench: Callable[..., Any]) -> None:
    """Each call has one end, whatever the order in which its steps come, and no step back is believed."""
    faults = Faults(late=0.4, late_by=(1_000, 90_000), doubled=0.6, doubled_after=(1, 60_000), reordered=0.6)
    async with bench(voice=VoiceHabit.HANGS_UP, faults=faults) as place:
        await place.channel.deliver([call_to(f"+861390000{at:04}", at) for at in range(1, 31)])
        await place.quiet()
        assert len(place.server.callbacks.told) > 30 * 4
        assert set(place.server.callbacks.refused) <= {0}
    assert Counter(attempt for attempt, _ in place.outcomes) == dict.fromkeys(range(1, 31), 1)
    assert {found for _, found in place.outcomes} == {"hung_up_early"}


async def test_a_callback_is_believed_only_from_twilio(bench: Callable[..., Any]) -> None:
    """No signature, another's, another address, another form, another account, another method: nothing is heard."""
    async with bench() as place:
        await place.channel.deliver([call_to()])
        await place.quiet()
        [key] = [one for one in place.server.callbacks.told if "Digits" in one.form]
        place.heard.clear()
        form = "&".join(f"{name}={value}" for name, value in key.form.items()).encode()
        sign = place.server.callbacks._validator.compute_signature
        good = HookRequest("POST", "key/1", (), {"x-twilio-signature": sign(key.url, key.form)}, form, key.url)
        other = {**key.form, "AccountSid": "AC" + "0" * 32}
        forged = [
            replace(good, headers={}),
            replace(good, headers={"x-twilio-signature": "a" * 28}),
            replace(good, url=good.url.replace("/key/1", "/key/2")),
            replace(good, body=form.replace(b"Digits=1", b"Digits=2")),
            replace(good, body=b"\xff"),
            replace(
                good,
                headers={"x-twilio-signature": sign(key.url, other)},
                body="&".join(f"{name}={value}" for name, value in other.items()).encode(),
            ),
            replace(good, headers={**good.headers, "x-twilio-webhooks-signature-settings": "algorithm=NONE"}),
        ]
        assert {(await place.channel.hook(one)).status for one in forged} == {403}
        assert (await place.channel.hook(replace(good, method="GET"))).status == 405
        assert place.heard == []


async def test_what_is_sent_again_a_day_later_is_no_news(bench: Callable[..., Any]) -> None:
    """A key that was overheard answers nothing: not twice, and not for a later night."""
    async with bench(speed=600) as place:
        await place.channel.deliver([call_to()])
        await place.quiet()
        [key] = [one for one in place.server.callbacks.told if "Digits" in one.form]
        assert (await place.server.callbacks.again(key)).status == 200
        assert [found for _, found in place.outcomes].count("key_pressed") == 1
        place.heard.clear()
        place.channel._hooks._door._now = lambda: place.clock.now() + 90_000_000
        place.channel._hooks._door._heard.clear()
        assert (await place.server.callbacks.again(key)).status == 200
        assert place.heard == []


# --- messages ------------------------------------------------------------------------------------------------------


WORDS = ("收到", "1", "Y", "１", " 收到 ", "收 到。", "ok", "TD")


async def test_a_message_is_delivered_and_what_is_written_back_is_passed_on(bench: Callable[..., Any]) -> None:
    """The receipt is delivery and no answer; a reply goes to the engine as it was written, and once."""
    async with bench(Channel.SMS, faults=Faults(doubled=1.0, doubled_after=(1, 500))) as place:
        [receipt] = await place.channel.deliver([text_to()])
        assert receipt.accepted
        await place.quiet()
        assert place.outcomes == [(1, "delivered")]
        for words in WORDS:
            await place.server.post.write(VILLAGE, words)
            await place.quiet()
    replies = [one for one in place.heard if isinstance(one, Reply)]
    assert {(reply.channel, reply.address) for reply in replies} == {(Channel.SMS, VILLAGE)}
    assert tuple(reply.text for reply in replies) == WORDS


async def test_a_phone_that_is_off_and_one_that_has_opted_out(bench: Callable[..., Any]) -> None:
    """Undelivered by its code; STOP is passed on, and what Twilio then refuses is a matter of this route alone."""
    async with bench(Channel.SMS, text=TextHabit.UNREACHABLE) as place:
        place.server.people.script(VILLAGE, text=TextHabit.OPTS_OUT)
        await place.channel.deliver([text_to(), text_to("+8613900000002", 2)])
        await place.quiet()
        assert set(place.outcomes) == {(1, "delivered"), (2, "switched_off")}
        assert [one.text for one in place.heard if isinstance(one, Reply)] == ["STOP"]
        [receipt] = await place.channel.deliver([text_to(attempt=3)])
    assert (receipt.accepted, receipt.outcome) == (False, "opted_out")


async def test_senders_come_from_a_pool(bench: Callable[..., Any]) -> None:
    """One receiver always sees the same number; over many, all numbers are used. A messaging service has its own pool."""
    service = "MG" + "1" * 32
    async with bench(Channel.SMS) as place:
        await place.channel.deliver([text_to(f"+861390000{at % 20:04}", at) for at in range(1, 61)])
        by_number: dict[str, set[str]] = {}
        for one in place.server.sent:
            by_number.setdefault(one.to, set()).add(one.sender)
    assert all(len(senders) == 1 for senders in by_number.values())
    assert set().union(*by_number.values()) == {"+12025550100", "+12025550101"}
    async with bench(Channel.SMS, messaging_service=service) as place:
        await place.channel.deliver([text_to()])
        assert [one.sender for one in place.server.sent] == [service]


# --- secrets -------------------------------------------------------------------------------------------------------


async def test_no_log_line_and_no_error_holds_a_secret_or_a_number(
    bench: Callable[..., Any],
    twilio_server: Any,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Everything that can go wrong goes wrong, at the most talkative level: neither token nor account nor number is said."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, logger="uvicorn")  # the other side's
    rest, token = twilio_server("rest"), twilio_server("callbacks").TOKEN
    for channel, make in ((Channel.VOICE, call_to), (Channel.SMS, text_to)):
        async with bench(channel, voice=VoiceHabit.NEVER) as place:
            place.server.failing = iter([*REFUSALS, (500, 20500), "hang", "cut", ""])
            batch = [make(f"+86139000000{at:02}", at) for at in range(1, len(REFUSALS) + 5)]
            await place.channel.deliver(batch)
            await place.channel.hang_up([one.attempt_id for one in batch])
            await place.channel.hook(HookRequest("POST", "key/1", (), {}, b"Digits=1&From=%2B8613900000001", PUBLIC))
            await place.quiet()
    said = caplog.text + "".join(capsys.readouterr()) + repr(place.channel._options)
    ours = "\n".join(line for line in said.splitlines() if "ASGI" not in line)
    assert "twilio.refused_callback" in ours
    secrets = (token, rest.AUTHORIZATION.removeprefix("Basic "), "8613900000")
    assert [one for one in secrets if one in ours] == []


# --- the kind ------------------------------------------------------------------------------------------------------


async def test_health_and_balance_are_asked_without_ringing(bench: Callable[..., Any]) -> None:
    """One GET; wrong credentials are said as what they are."""
    async with bench() as place:
        probe = await place.channel.probe()
        assert (probe.healthy, probe.balance) == (True, "12.50 USD")
        assert [method for method, _ in place.server.asked] == ["GET"]
    async with bench(account_sid="AC" + "1" * 32) as place:
        probe = await place.channel.probe()
        assert (probe.healthy, probe.why) == (False, "credentials_refused")


def test_check_names_what_would_fail_at_three_in_the_morning() -> None:
    """Every fault at once, with its key; what Twilio cannot do in mainland China is said for either channel."""
    kind: Any = kind_of("twilio")
    options = TwilioOptions(account_sid="AC" + "0" * 32, address="http://gateway.example")
    facts = RouteFacts("voice", Channel.VOICE, "warning-dispatch.toml: routes[0]")
    wheres = [one.where.removeprefix(facts.where) for one in kind.check(options, facts)]
    assert wheres == [
        ".options.auth_token",
        ".hook_url",
        ".options.from_numbers",
        ".options.address",
        "",
    ]
    assert kind.limits(options, facts) == RouteLimits(rate=60, public_cloud=True)
    assert kind.cannot_ring == ("+86",)
    fast = kind.check(options, replace(facts, rate=600))
    assert any(one.where.endswith(".rate_per_minute") for one in fast)
    text = "\n".join(str(one) for one in kind.check(options, facts))
    assert "+86" in text
    sms = kind.check(options, replace(facts, channel=Channel.SMS, hook_url="https://x.example/hooks/sms"))
    assert "不能带链接" in "\n".join(str(one) for one in sms)
    public = replace(facts, hook_url="https://x.example/hooks/voice")
    assert kind.addresses(options, public, b"") == {"inbound": "https://x.example/hooks/voice/inbound"}
    assert [kind.hears(options.model_copy(update={"hears": one}), public) for one in (True, False)] == [True, False]
    good = TwilioOptions(account_sid="AC" + "0" * 32, from_numbers=("+12025550100",))
    ready = replace(facts, hook_url="https://x.example/hooks/voice", secret=lambda _name: "t", rate=60)
    assert [one.what for one in kind.check(good, ready) if not one.what.startswith("信息")] == []


def test_the_shipped_settings_example_is_true() -> None:
    """The Twilio routes that stand commented in the shipped settings can be read as they stand."""
    text = (Path(__file__).resolve().parents[2] / "config" / "warning-dispatch.toml").read_text("utf-8")
    example = text.partition("# --- Twilio 示例")[2].partition("\n")[2].partition("# --- Twilio 示例完")[0]
    lines = [line.removeprefix("#").removeprefix(" ") for line in example.splitlines()]
    routes = tomllib.loads("\n".join(lines))["routes"]
    assert [route["channel"] for route in routes] == ["voice", "sms"]
    for route in routes:
        RouteSettings.model_validate(route)
        TwilioOptions.model_validate(route["options"])


def test_every_option_is_explained() -> None:
    """Whoever reads docs/twilio.md has seen every option there is."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "twilio.md").read_text("utf-8")
    assert [name for name in TwilioOptions.model_fields if f"`{name}`" not in page] == []
