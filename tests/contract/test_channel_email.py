"""The e-mail channel against a real SMTP server on loopback: each mail delivered once, or reported."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from warning_dispatch.clock import VirtualClock
from warning_dispatch.delivery.email.channel import IDLE_LIMIT, EmailChannel
from warning_dispatch.delivery.email.route import EmailRoute
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import ChannelPort, Dispatch, Receipt

NOW = 1_784_727_180_000


@dataclass
class Server:
    """A mail server's mind: what it keeps, and how it answers. An answer of None breaks the connection off."""

    kept: list[Envelope] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)
    on_sender: Callable[[int], str | None] = lambda _: "250 OK"
    on_recipient: Callable[[str], str | None] = lambda _: "250 OK"
    on_content: Callable[[int], str | None] = lambda _: "250 OK"
    keep_before_answer: bool = False
    hang_at: str = ""
    senders: int = 0
    contents: int = 0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A new mail begins."""
        self.senders += 1
        self.connections.add(session.peer)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer(server, self.on_sender(self.senders), "MAIL")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Its recipient."""
        answer = await self._answer(server, self.on_recipient(address), "RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - theirs
        """Its content: kept when the answer is yes, or before an answer that never comes."""
        self.contents += 1
        answer = self.on_content(self.contents)
        if self.keep_before_answer or (answer or "").startswith("2"):
            self.kept.append(envelope)
        return await self._answer(server, answer, "DATA")

    async def _answer(self, server: SMTP, answer: str | None, command: str) -> str:
        if self.hang_at == command:
            await asyncio.sleep(30)
        if answer is None:
            server.transport.abort()
            return "421 gone"
        return answer

    def recipients(self) -> list[str]:
        """Everybody a mail was kept for, sorted."""
        return sorted(address for envelope in self.kept for address in envelope.rcpt_tos)


class AnyPort(Controller):
    """A controller that takes whatever port is free."""

    def _trigger_server(self) -> None:
        """Its own first connection needs the port that the system chose."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def listening(server: Server, kind: type[AnyPort] = AnyPort, **settings: Any) -> Iterator[int]:
    """Run the server in a thread on loopback; gives its port."""
    controller = kind(server, hostname="127.0.0.1", port=0, ready_timeout=10, server_hostname="localhost", **settings)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@asynccontextmanager
async def channel_to(port: int, *, tls: ssl.SSLContext | None = None, **settings: Any) -> AsyncIterator[EmailChannel]:
    """The channel under test, closed at the end."""
    values = {"host": "127.0.0.1", "port": port, "sender": "alert@example.cn", "security": "none", "timeout_s": 5.0}
    channel = EmailChannel(EmailRoute(**{**values, **settings}), VirtualClock(NOW), tls=tls)
    yield channel
    await channel.close()


def mails(count: int, first: int = 1) -> list[Dispatch]:
    """A batch; attempt n goes to unit n."""
    return [
        Dispatch(
            attempt_id=number,
            callout_id=1,
            channel=Channel.EMAIL,
            purpose=Purpose.CALL,
            route="smtp",
            address=f"unit{number}@example.cn",
            language="zh_CN",
            text=f"第{number}村\n.单独一个点开头的行\nhttps://jy.example.cn/r/{number}",
            subject="暴雨红色预警",
            link=f"https://jy.example.cn/r/{number}",
        )
        for number in range(first, first + count)
    ]


def outcomes(receipts: Sequence[Receipt]) -> Counter[str]:
    """How many of each outcome, "" for accepted; each attempt is receipted exactly once."""
    numbers = [receipt.attempt_id for receipt in receipts]
    assert len(numbers) == len(set(numbers))
    assert all(receipt.accepted == (receipt.outcome == "") for receipt in receipts)
    return Counter(receipt.outcome for receipt in receipts)


async def test_a_mail_arrives_as_it_was_written() -> None:
    """发得出: the server has the text, the link and the headers, and the receipt names the Message-ID."""
    server = Server()
    with listening(server) as port:
        async with channel_to(port) as channel:
            port_of_ours: ChannelPort = channel
            receipts = await port_of_ours.deliver(mails(1))
    assert outcomes(receipts) == {"": 1}
    assert server.recipients() == ["unit1@example.cn"]
    content = server.kept[0].content
    assert isinstance(content, bytes)
    read = message_from_bytes(content, policy=default)
    assert read["Message-ID"] == receipts[0].provider_ref
    assert read["Auto-Submitted"] == "auto-generated"
    plain = read.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == mails(1)[0].text.splitlines()


async def test_two_hundred_mails_go_over_few_connections_each_once() -> None:
    """One connection carries many mails, no more than the route allows are open, and nobody gets two."""
    server = Server()
    with listening(server) as port:
        async with channel_to(port, connections=3) as channel:
            receipts = await channel.deliver(mails(200))
            again = await channel.deliver(mails(20, first=201))
    assert outcomes(receipts) == {"": 200}
    assert outcomes(again) == {"": 20}
    assert server.recipients() == sorted(f"unit{number}@example.cn" for number in range(1, 221))
    assert len(server.connections) <= 3


async def test_a_refused_recipient_does_not_disturb_the_others() -> None:
    """550 is a bounce, 450 a refusal for now, an impossible address a bounce without asking; the rest arrive."""
    answers = {"unit2@example.cn": "550 5.1.1 no such user", "unit3@example.cn": "450 4.2.0 try later"}
    server = Server(on_recipient=lambda address: answers.get(address, "250 OK"))
    bad = Dispatch(99, 1, Channel.EMAIL, Purpose.CALL, "smtp", "not an address", "zh_CN", "x")
    with listening(server) as port:
        async with channel_to(port, connections=1) as channel:
            receipts = await channel.deliver([*mails(5), bad])
    found = {receipt.attempt_id: receipt.outcome for receipt in receipts}
    assert found == {1: "", 2: "bounced", 3: "mail_deferred", 4: "", 5: "", 99: "bounced"}
    assert server.recipients() == ["unit1@example.cn", "unit4@example.cn", "unit5@example.cn"]
    assert len(server.connections) == 1


async def test_a_refused_content_is_reported_and_the_connection_goes_on() -> None:
    """A server that will not have one text takes the next one."""
    server = Server(on_content=lambda number: "554 5.6.0 not this" if number == 1 else "250 OK")
    with listening(server) as port:
        async with channel_to(port, connections=1) as channel:
            assert outcomes(await channel.deliver(mails(3))) == {"mail_deferred": 1, "": 2}
    assert len(server.kept) == 2


async def test_a_connection_dropped_between_mails_is_replaced_and_nothing_is_lost_or_doubled() -> None:
    """Every tenth MAIL breaks the connection off: the mail in hand goes again over a new one, once."""
    server = Server(on_sender=lambda number: None if number % 10 == 0 else "250 OK")
    with listening(server) as port:
        async with channel_to(port, connections=2) as channel:
            receipts = await channel.deliver(mails(50))
    assert outcomes(receipts) == {"": 50}
    assert server.recipients() == sorted(f"unit{number}@example.cn" for number in range(1, 51))


async def test_421_in_mid_batch_is_a_closing_server_not_a_refused_person() -> None:
    """A server that says good-bye gets its mail over the next connection."""
    server = Server(on_recipient=lambda _: "421 closing" if server.senders % 7 == 0 else "250 OK")
    with listening(server) as port:
        async with channel_to(port, connections=1) as channel:
            assert outcomes(await channel.deliver(mails(20))) == {"": 20}
    assert len(server.recipients()) == 20


async def test_a_mail_whose_fate_is_unknown_is_reported_for_another_try() -> None:
    """Content sent and no answer: it may have arrived. Not lost, not repeated by us, the others go on."""
    server = Server(on_content=lambda number: None if number == 3 else "250 OK", keep_before_answer=True)
    with listening(server) as port:
        async with channel_to(port, connections=1) as channel:
            receipts = await channel.deliver(mails(6))
    assert {receipt.attempt_id: receipt.outcome for receipt in receipts} == {
        1: "",
        2: "",
        3: "temporarily_refused",
        4: "",
        5: "",
        6: "",
    }
    assert server.recipients() == [f"unit{number}@example.cn" for number in range(1, 7)]


async def test_a_server_that_breaks_off_every_time_is_given_up_soon() -> None:
    """A poisoned server is reported as down after a few connections, not after one per mail."""
    server = Server(on_sender=lambda _: None)
    with listening(server) as port:
        async with channel_to(port, connections=2) as channel:
            counts = outcomes(await channel.deliver(mails(100)))
    assert counts.total() == 100
    assert set(counts) <= {"temporarily_refused", "provider_down"}
    assert counts["provider_down"] >= 90
    assert server.senders <= 6


@pytest.mark.parametrize(("command", "outcome"), [("MAIL", "provider_down"), ("DATA", "temporarily_refused")])
async def test_a_server_that_does_not_answer_is_timed_out(command: str, outcome: str) -> None:
    """A silent server costs the time-out and no more; the mail in hand is reported."""
    server = Server(hang_at=command)
    with listening(server) as port:
        async with channel_to(port, timeout_s=0.2) as channel:
            receipts = await channel.deliver(mails(1))
    assert outcomes(receipts) == {outcome: 1}
    assert receipts[0].unsure == (command == "DATA")  # the server may have taken it: promise 4


async def test_a_server_that_is_not_there_takes_the_route_down() -> None:
    """Nobody listens: every mail of the batch is reported, at once."""
    with listening(Server()) as port:
        pass
    async with channel_to(port) as channel:
        assert outcomes(await channel.deliver(mails(30))) == {"provider_down": 30}


async def test_a_server_that_never_greets_takes_the_route_down() -> None:
    """It accepts the connection and says nothing."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent, channel_to(silent.sockets[0].getsockname()[1], timeout_s=0.2) as channel:
        assert outcomes(await channel.deliver(mails(3))) == {"provider_down": 3}


async def test_more_connections_than_the_server_likes_only_slow_the_batch() -> None:
    """A server that turns the second connection away still gets all the mail over the first."""
    greeted = 0

    class OneAtATime(SMTP):
        async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
            nonlocal greeted
            greeted += 1
            if greeted > 1:
                await self.push("421 4.7.0 too many connections")
            else:
                await super().smtp_EHLO(hostname)

    class Picky(AnyPort):
        def factory(self) -> SMTP:
            return OneAtATime(self.handler)

    server = Server()
    with listening(server, Picky) as port:
        async with channel_to(port, connections=4) as channel:
            assert outcomes(await channel.deliver(mails(40))) == {"": 40}
    assert len(server.recipients()) == 40


IN_CLEAR = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
"""The test server warns of what is allowed on loopback only."""


def login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    """Accept one user."""
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"bureau", b"right")
    return AuthResult(success=good, handled=False)


@IN_CLEAR
@pytest.mark.parametrize(("password", "outcome"), [("right", ""), ("wrong", "credentials_refused")])
async def test_a_login_is_used_and_its_refusal_told_apart(password: str, outcome: str) -> None:
    """Wrong credentials are the administrator's affair, not the receiver's."""
    server = Server()
    with listening(server, authenticator=login, auth_required=True, auth_require_tls=False) as port:
        async with channel_to(port, username="bureau", password=password) as channel:
            assert outcomes(await channel.deliver(mails(4))) == {outcome: 4}
    assert len(server.kept) == (4 if password == "right" else 0)


@IN_CLEAR
async def test_a_server_that_wants_a_login_we_have_not_is_a_route_to_mend() -> None:
    """530 on the first command is no fault of any address."""
    server = Server()
    with listening(server, authenticator=login, auth_required=True, auth_require_tls=False) as port:
        async with channel_to(port) as channel:
            assert outcomes(await channel.deliver(mails(2))) == {"credentials_refused": 2}


def self_made_certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate for loopback that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail of a test")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem", folder / "key.pem"


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_starttls_is_used_when_the_certificate_is_trusted(tmp_path: Path) -> None:
    """With the bureau's own authority given, mail goes over an encrypted session."""
    certificate, key = self_made_certificate(tmp_path)
    server = Server()
    trusted = ssl.create_default_context(cafile=str(certificate))
    with listening(server, tls_context=server_tls(certificate, key), require_starttls=True) as port:
        async with channel_to(port, security="starttls", tls=trusted) as channel:
            assert outcomes(await channel.deliver(mails(10))) == {"": 10}
    assert len(server.recipients()) == 10


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Neither an unknown authority nor the wrong host name ever gets a mail or a password."""
    certificate, key = self_made_certificate(tmp_path, host="127.0.0.9")
    server = Server()
    trusted = ssl.create_default_context(cafile=str(certificate))
    with listening(server, tls_context=server_tls(certificate, key)) as port:
        for tls in (None, trusted):
            async with channel_to(port, security="starttls", tls=tls, username="u", password="p") as channel:
                assert outcomes(await channel.deliver(mails(3))) == {"provider_down": 3}
    assert server.senders == 0


async def test_starttls_is_never_left_out() -> None:
    """A server (or somebody in between) that offers no STARTTLS gets nothing in clear."""
    server = Server()
    with listening(server) as port:
        async with channel_to(port, security="starttls") as channel:
            assert outcomes(await channel.deliver(mails(2))) == {"provider_down": 2}
    assert server.senders == 0


async def test_an_idle_connection_is_used_again_but_not_an_old_one() -> None:
    """Kept for half a minute, then a new one: firewalls forget old connections without a word."""
    server = Server()
    clock = VirtualClock(NOW)
    with listening(server) as port:
        route = EmailRoute("127.0.0.1", port, "alert@example.cn", security="none", connections=1)
        channel = EmailChannel(route, clock)
        for _ in range(2):
            assert outcomes(await channel.deliver(mails(1))) == {"": 1}
        assert len(server.connections) == 1
        clock.advance_to(NOW + IDLE_LIMIT)
        assert outcomes(await channel.deliver(mails(1))) == {"": 1}
        await channel.close()
    assert len(server.connections) == 2


async def test_two_batches_at_once_share_the_connections() -> None:
    """Batches that overlap stay within the route's connections, and each gets its own receipts."""
    server = Server()
    with listening(server) as port:
        async with channel_to(port, connections=2) as channel:
            first, second = await asyncio.gather(channel.deliver(mails(30)), channel.deliver(mails(30, first=31)))
            assert await channel.deliver([]) == []
    assert sorted(receipt.attempt_id for receipt in first) == list(range(1, 31))
    assert sorted(receipt.attempt_id for receipt in second) == list(range(31, 61))
    assert outcomes([*first, *second]) == {"": 60}
    assert len(server.connections) <= 2


async def test_no_address_is_ever_logged() -> None:
    """One line per batch with counts; numbers and addresses stay private (promise 11)."""
    server = Server(on_recipient=lambda address: f"550 5.1.1 <{address}> unknown")
    with structlog.testing.capture_logs() as lines:
        with listening(server) as port:
            async with channel_to(port) as channel:
                await channel.deliver(mails(3))
        async with channel_to(port) as channel:
            await channel.deliver(mails(3))
    assert [line for line in lines if line["event"] == "email.batch"] == [
        {"event": "email.batch", "log_level": "info", "mails": 3, "bounced": 3},
        {"event": "email.batch", "log_level": "info", "mails": 3, "provider_down": 3},
    ]
    assert "@" not in str(lines)
