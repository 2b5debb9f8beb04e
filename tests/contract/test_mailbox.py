"""The mailbox over a real IMAP server (Debian's dovecot): bounces and answers come in once, and a human's mailbox stays his."""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTP, default
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from imapclient import IMAPClient

from warning_dispatch.delivery.email.mailbox import KEYWORD, MOST_LETTERS, Mailbox, MailboxRoute
from warning_dispatch.delivery.email.tokens import Tokens
from warning_dispatch.model.states import Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Dispatch, Event, Reply, Report

DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(DOVECOT is None, reason="no dovecot here: apt-get install dovecot-imapd (.ci/run does as root)"),
]
TOKENS = Tokens(b"secret of the route")
PASSWORD = "right-horse"
PLAIN_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
ssl = yes
ssl_cert = <{home}/certificate.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
mailbox_list_index = no
first_valid_uid = 1
first_valid_gid = 1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={home}/mail
}}
"""


@dataclass
class Post:
    """A mailbox of a running IMAP server."""

    port: int
    tls_port: int
    trusted: ssl.SSLContext
    user: str

    def client(self) -> IMAPClient:
        """The officer's own mail program."""
        client = IMAPClient("127.0.0.1", port=self.port, ssl=False)
        client.login(self.user, PASSWORD)
        client.select_folder("INBOX")
        return client

    def deliver(self, *mails: EmailMessage) -> None:
        """Letters arrive."""
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail.as_bytes(policy=SMTP))

    def mailbox(
        self, hear: Callable[[Event], None], *, tls: ssl.SSLContext | None = None, **changes: object
    ) -> Mailbox:
        """The part under test."""
        values = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.user,
            "password": PASSWORD,
            "security": "none",
        }
        route = MailboxRoute(**{**values, **changes})  # type: ignore[arg-type] # a table of keyword arguments
        return Mailbox(route, TOKENS, _now, hear, structlog.get_logger("test"), tls=tls)


def _now() -> int:
    return int(time.time_ns() // 1_000_000)  # noqa: TID251 - dovecot dates what arrives by the machine's clock


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, int, ssl.SSLContext]]:
    """Dovecot on loopback, in a folder that its own user may enter."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield from _served(Path(folder))


@pytest.fixture
def post(server: tuple[int, int, ssl.SSLContext], request: pytest.FixtureRequest) -> Post:
    """A mailbox of this test alone."""
    return Post(*server, sha256(request.node.name.encode()).hexdigest()[:12])


def _certificate(home: Path) -> ssl.SSLContext:
    """A certificate of loopback's own making; gives the trust of somebody who was told of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "post office of a test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (home / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    (home / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return ssl.create_default_context(cafile=str(home / "certificate.pem"))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _served(home: Path) -> Iterator[tuple[int, int, ssl.SSLContext]]:
    assert DOVECOT is not None
    port, tls_port, trusted = _free_port(), _free_port(), _certificate(home)
    root = os.geteuid() == 0
    me = getpass.getuser() if not root else "dovecot"
    owner = me if not root else "mail"
    (home / "mail").mkdir()
    if root:
        shutil.chown(home / "mail", owner, owner)
    group = grp.getgrgid(os.getgid()).gr_name if not root else "dovecot"
    conf = home / "dovecot.conf"
    conf.write_text(
        PLAIN_SETTINGS.format(
            home=home,
            port=port,
            tls_port=tls_port,
            user=me,
            group=group,
            mail_user=owner,
            mail_group=owner if root else group,
            password=PASSWORD,
        )
    )
    with subprocess.Popen([DOVECOT, "-F", "-c", str(conf)], stderr=subprocess.PIPE) as server:  # noqa: S603 - our own command
        try:
            _wait_for(port, server, home)
            yield port, tls_port, trusted
        finally:
            server.terminate()


def _wait_for(port: int, server: subprocess.Popen[bytes], home: Path) -> None:
    for _ in range(200):
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert server.poll() is None, server.stderr.read().decode() if server.stderr else ""
        time.sleep(0.05)  # noqa: TID251 - a server of another program starts
    raise AssertionError((home / "log").read_text())


def message_id(attempt: int, address: str = "head@village.cn") -> str:
    """What our mail to an address was called."""
    dispatch = Dispatch(attempt, 1, Channel.EMAIL, Purpose.CALL, "mail", address, "zh_CN", "正文")
    return TOKENS.message_id(dispatch, address, "bureau.cn")


def answer(attempt: int, text: str = "收到", sender: str = "head@village.cn", **headers: str) -> EmailMessage:
    """A person answers our mail."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "alert@bureau.cn", "Re: 暴雨红色预警"
    mail["In-Reply-To"] = message_id(attempt)
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(f"{text}\n\n在 2026年7月22日 写道：\n> 请确认收到\n")
    return mail


def bounce(attempt: int, status: str = "5.1.1", action: str = "failed") -> EmailMessage:
    """A server of the way reports what became of our mail (RFC 3464)."""
    raw = (
        "From: MAILER-DAEMON@relay.cn\r\nTo: alert@bureau.cn\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nI am sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.cn\r\n\r\n"
        f"Final-Recipient: rfc822; head@village.cn\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} said the other side\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id(attempt)}\r\nSubject: x\r\n\r\n--b--\r\n"
    )
    mail = message_from_string(raw, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


async def test_answers_and_bounces_are_told_once(post: Post) -> None:
    """One look tells each letter; the next ones are silent, also after a restart."""
    heard: list[Event] = []
    post.deliver(answer(7), bounce(8), bounce(9, "4.4.1", "delayed"), answer(10, Auto_Submitted="auto-replied"))
    mailbox = post.mailbox(heard.append)
    await mailbox.poll()
    told = [(type(one).__name__, one.attempt_id) for one in heard if isinstance(one, Report | Reply)]
    assert told == [("Reply", 7), ("Report", 8)]
    assert [one.outcome for one in heard if isinstance(one, Report)] == ["bounced"]
    assert [one.text for one in heard if isinstance(one, Reply)] == ["收到"]
    await mailbox.poll()
    await post.mailbox(heard.append).poll()
    assert len(heard) == 2


async def test_what_was_told_and_not_marked_is_told_again_after_a_crash(post: Post) -> None:
    """At least once: a process that dies between the telling and the mark leaves the letter for the next one."""
    heard: list[Event] = []
    post.deliver(answer(7))
    await post.mailbox(heard.append).poll()
    await post.mailbox(heard.append).poll()
    assert [one.attempt_id for one in heard if isinstance(one, Reply)] == [7, 7]


async def test_an_officer_who_reads_the_mailbox_hides_nothing(post: Post) -> None:
    """Read or unread is the officer's affair: we have a mark of our own, move nothing and delete nothing."""
    heard: list[Event] = []
    post.deliver(answer(7), answer(8))
    with post.client() as client:
        client.add_flags(client.search(), [b"\\Seen"])
        client.remove_flags(client.search()[:1], [b"\\Seen"])
    mailbox = post.mailbox(heard.append)
    await mailbox.poll()
    await mailbox.poll()
    assert len(heard) == 2
    with post.client() as client:
        flags = [set(one) for one in client.get_flags(client.search()).values()]
    assert all(KEYWORD in one for one in flags)
    assert [b"\\Seen" in one for one in flags] == [False, True]


async def test_a_storm_of_bounces_is_read_in_one_go(post: Post) -> None:
    """More letters than one look takes: it goes on until the mailbox is read."""
    heard: list[Event] = []
    count = MOST_LETTERS + 20
    post.deliver(*(bounce(number) for number in range(1, count + 1)))
    await post.mailbox(heard.append).poll()
    assert sorted(one.attempt_id for one in heard if isinstance(one, Report)) == list(range(1, count + 1))


async def test_letters_that_nobody_can_read_stop_nothing(post: Post) -> None:
    """Broken, foreign and endless letters are passed over; what stands behind them is heard."""
    heard: list[Event] = []
    foreign = EmailMessage()
    foreign["From"], foreign["Subject"] = "spam@elsewhere.cn", "收到"
    foreign.set_content("收到" * 200_000)
    with post.client() as client:
        client.append("INBOX", b"\x00\xff not a mail at all \r\n" * 20)
        client.append("INBOX", b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\n")
        client.append("INBOX", foreign.as_bytes(policy=SMTP))
    post.deliver(answer(7))
    mailbox = post.mailbox(heard.append)
    await mailbox.poll()
    assert [one.attempt_id for one in heard if isinstance(one, Reply)] == [7]
    assert mailbox.trouble == ""


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"password": "wrong-horse"}, "credentials_refused"),
        ({"port": 1}, "provider_down"),
        ({"folder": "无"}, "provider_down"),
    ],
)
async def test_a_mailbox_that_cannot_be_opened_is_said(
    post: Post, changes: dict[str, object], trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong password, no server, no such folder: a word for the probe, nothing raised, no password anywhere."""
    mailbox = post.mailbox(lambda _: None, **changes)
    await mailbox.poll()
    assert mailbox.trouble == trouble
    said = "".join(capsys.readouterr())
    assert "horse" not in said
    assert "horse" not in repr(mailbox._route)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_password_goes_to_a_server_that_is_vouched_for_and_to_no_other(post: Post, security: str) -> None:
    """With the bureau's own authority the mailbox is read over TLS; a certificate nobody vouches for is refused."""
    heard: list[Event] = []
    post.deliver(answer(7))
    port = post.tls_port if security == "tls" else post.port
    stranger = post.mailbox(heard.append, port=port, security=security)
    await stranger.poll()
    assert (stranger.trouble, heard) == ("provider_down", [])
    known = post.mailbox(heard.append, port=port, security=security, tls=post.trusted)
    await known.poll()
    assert (known.trouble, len(heard)) == ("", 1)
