"""A night of mail on a real SMTP server: 2,000 villages, every kind of refusal, each mail delivered once or reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from warning_dispatch.configuration import Configuration
from warning_dispatch.delivery.email.channel import EmailChannel
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.plan import CallChain, Ladder, Rung
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, Role, UnitLevel
from warning_dispatch.ports import Dispatch, Receipt, Reply

RED_CITY = "12379-red-rain-city.xml"
A = Role.PRIMARY
MINUTE = 60_000
FULL_NIGHT = {"counties": 2, "townships": 10, "villages": 100}


@dataclass
class Relay:
    """A mail server with whims. The number in an address decides how it is treated."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    """(recipient, Message-ID) of everything it took, whether it said so or not."""
    lost_answers: set[str] = field(default_factory=set)
    tried: Counter[str] = field(default_factory=Counter)
    senders: int = 0
    contents: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Now and then it hangs up between two mails."""
        self.senders += 1
        if self.senders % 150 == 0:
            server.transport.abort()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Unknown users, a greylist, a closing server."""
        self.tried[address] += 1
        match kind_of(address):
            case "unknown":
                return "550 5.1.1 no such user"
            case "grey" if self.tried[address] == 1:
                return "451 4.7.1 greylisted, come back in a minute"
            case "closing" if self.tried[address] == 1:
                return "421 4.3.2 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        """A filter; and answers that are lost, of a mail that was taken and of one that was not."""
        self.contents += 1
        address = envelope.rcpt_tos[0]
        kind, first = kind_of(address), address not in self.lost_answers
        if kind == "spam":
            return "554 5.7.1 not this content"
        if kind in {"taken", "dropped"} and first:
            self.lost_answers.add(address)
            if kind == "taken":
                self._keep(envelope)
            server.transport.abort()
            return "250 OK"
        self._keep(envelope)
        return "250 OK"

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        self.kept.append((envelope.rcpt_tos[0], str(message_from_bytes(content)["Message-ID"])))


KINDS = {0: "unknown", 1: "grey", 2: "grey", 3: "spam", 4: "closing", 5: "taken", 6: "dropped"}


def kind_of(address: str) -> str:
    """How the relay treats an address: one in 20 of each kind, the others are fine."""
    code = address.split("@", maxsplit=1)[0].rpartition(".")[2]
    return KINDS.get(int(code[-3:]) % 20 if code[-3:].isdigit() else 99, "fine")


class AnyPort(Controller):
    """A controller that takes whatever port is free."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def listening(relay: Relay) -> Iterator[int]:
    """The relay on loopback; gives its port."""
    controller = AnyPort(relay, hostname="127.0.0.1", port=0, ready_timeout=10, server_hostname="localhost")
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def by_mail(configuration: Configuration) -> CallChain:
    """The city's chain, whose villages are called up by mail alone."""

    def mailed(ladder: Ladder) -> Ladder:
        rungs = (Rung(0, int(A), (Channel.EMAIL,)),)
        return replace(ladder, rungs=rungs, repeat=replace(ladder.repeat, every=(24 * 60 * MINUTE,), rungs=()))

    chain = configuration.chain("city")
    tiers = tuple(
        replace(one, ladders={colour: mailed(ladder) for colour, ladder in one.ladders.items()})
        if one.select.level is UnitLevel.VILLAGE
        else one
        for one in chain.tiers
    )
    return replace(chain, tiers=tiers)


def a_town(town: Callable[..., Any], configuration: Configuration, shape: dict[str, int]) -> Any:
    """Every village's head has a mail address."""
    codes = [
        f"{county}{100 + township}{200 + village}"
        for county in ("141121", "141122")[: shape["counties"]]
        for township in range(shape["townships"])
        for village in range(shape["villages"])
    ]
    place = town(chains=[by_mail(configuration)], mail=[(code, A) for code in codes], **shape)
    assert {code for code in codes if (f"{code}@", A) in place.numbers} == set(codes)
    return place, codes


class Mailed:
    """The engine between the simulated phones and a real mail server, in virtual time."""

    def __init__(self, place: Any, channel: EmailChannel) -> None:
        self.place = place
        self.channel = channel
        self.receipts: list[Receipt] = []
        self.repeats: list[Dispatch] = []
        self._inbox = Inbox()

    async def play(self, minutes: float, step: float = 10) -> None:
        """Let time pass, `step` seconds at once."""
        for _ in range(int(minutes * 60 / step)):
            now = self.place.clock.now()
            inbox, self._inbox = self._inbox, Inbox()
            batch: Sequence[Dispatch] = self.place.engine.turn(now, inbox).batch
            mails = [one for one in batch if one.channel is Channel.EMAIL]
            self.repeats.extend(one for one in mails if one.possible_duplicate)
            receipts = list(await self.channel.deliver(mails)) if mails else []
            self.receipts.extend(receipts)
            self._inbox.receipts.extend(receipts)
            others = [one for one in batch if one.channel is not Channel.EMAIL]
            self._inbox.receipts.extend(self.place.network.accept(others, now))
            if not batch:
                self.place.clock.advance_to(now + int(step * 1_000))


@pytest.mark.slow
async def test_two_thousand_mails_each_delivered_once_or_reported(
    town: Callable[..., Any], configuration: Configuration
) -> None:
    """发得出: whoever can be reached is, once; whoever cannot is reported; a doubt goes again and says that it does.

    4xx, 5xx, greylisting, a server that closes, connections that break before and after the content: after some hours
    every village has its mail or a finding, and only where an answer was lost may there be two, under one Message-ID.
    """
    place, codes = a_town(town, configuration, FULL_NIGHT)
    assert len(codes) == 2_000
    relay = Relay()
    with listening(relay) as port:
        route = EmailRoute("127.0.0.1", port, "alert@bureau.cn", security="none", connections=4)
        channel = EmailChannel(route, place.clock, tokens=Tokens(b"route"))
        night = Mailed(place, channel)
        place.warning(RED_CITY)
        await night.play(60)
        await channel.close()
    kinds = {code: kind_of(f"primary.{code}@") for code in codes}
    arrived = Counter(address.split("@")[0].split(".")[1] for address, _ in set(relay.kept))
    copies = Counter(address.split("@")[0].split(".")[1] for address, _ in relay.kept)
    for code, kind in kinds.items():
        assert arrived[code] == (0 if kind in {"unknown", "spam"} else 1), (code, kind)
        assert copies[code] == (2 if kind == "taken" else arrived[code]), (code, kind)
    doubtful = {code for code, kind in kinds.items() if kind in {"taken", "dropped"}}
    assert {one.address.split("@")[0].split(".")[1] for one in night.repeats} == doubtful
    assert {code for code, _, _ in place.findings()} == {code for code, kind in kinds.items() if kind == "unknown"}
    assert {outcome for _, _, outcome in place.findings()} == {"bounced"}
    waiting = place.query("SELECT count(*) FROM attempt WHERE channel = ? AND state = 1", Channel.EMAIL.value)
    assert waiting == [(sum(kind == "spam" for kind in kinds.values()),)]  # refused each time, tried ever more rarely
    assert max(relay.tried.values()) <= 25
    assert "route_down" not in place.alarms()  # refusals of one in five, but never in a row: the relay works


async def test_an_answer_by_mail_counts_for_what_that_mail_said(
    town: Callable[..., Any], configuration: Configuration
) -> None:
    """应答: from the address and in the thread that was written to; "没收到" and a stranger's thread count for nobody."""
    place, codes = a_town(town, configuration, {"counties": 1, "townships": 1, "villages": 10})
    relay = Relay()
    with listening(relay) as port:
        channel = EmailChannel(EmailRoute("127.0.0.1", port, "a@bureau.cn", security="none"), place.clock)
        night = Mailed(place, channel)
        place.warning(RED_CITY)
        await night.play(10)
        await channel.close()
    first, second = [code for code in codes if kind_of(f"primary.{code}@") == "fine"][:2]
    sent = {
        str(code): int(str(key))
        for code, key in place.query(
            """SELECT u.code, a.id FROM attempt a JOIN attempt_callee ac ON ac.attempt_id = a.id
            JOIN callee c ON c.id = ac.callee_id JOIN unit u ON u.id = c.unit_id WHERE a.channel = ?""",
            Channel.EMAIL.value,
        )
    }

    def reply(text: str, attempt_id: int) -> int:
        answer = Reply(Channel.EMAIL, "PRIMARY@sample.invalid", text, place.clock.now(), attempt_id)
        done = place.engine.answer(place.clock.now(), Inbox(replies=[answer]))
        return int(done.result)

    assert reply("没收到", sent[first]) == 0
    assert reply("收到", 999_999) == 0
    assert reply("收到", sent[first]) == 1
    assert place.state(first) is CalleeState.ACKNOWLEDGED
    assert place.answers(first) == [(Means.EMAIL, True)]
    assert place.state(second) is not CalleeState.ACKNOWLEDGED
    assert reply("收到", sent[first]) == 0
    assert place.answers(second) == []
