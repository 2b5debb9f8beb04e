"""Who may push messages, and that each way of proving it holds: key, signature, certificate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.signing import signature
from warning_dispatch.web.application import create_app
from warning_dispatch.web.push import Pusher

SECRET = "a secret of two systems"
BODY = b"<alert>\xe7\xba\xa2\r\n</alert>"
SUBJECT = "CN=gateway,O=CMA"
PUSHERS = (
    Pusher("gateway", "push:gateway", "key", api_key="sender"),
    Pusher("province", "push:province", "hmac", secret=SECRET, window=300_000),
    Pusher("county", "push:county", "mtls", proxies=("10.1.0.0/16",), subjects=(SUBJECT,)),
)


@pytest.fixture
def app(office: Any, clock: VirtualClock) -> Any:
    """The application with three configured senders."""
    return create_app(
        office,
        office,
        public_url="http://127.0.0.1:8080",
        live_page=False,
        body_limit=1_000,
        clock=clock,
        pushers=PUSHERS,
    )


@pytest.fixture
def client(app: Any) -> Iterator[TestClient]:
    """A sender somewhere in the network."""
    with TestClient(app, client=("192.0.2.7", 4711)) as client:
        yield client


def signed(clock: VirtualClock, body: bytes = BODY, *, off: int = 0, secret: str = SECRET) -> dict[str, str]:
    """The headers of a signed message; `off`: seconds by which its clock is."""
    seconds = clock.now() // 1000 + off
    return {
        "X-Warning-Source": "province",
        "X-Warning-Timestamp": str(seconds),
        "X-Warning-Signature": signature(secret, seconds, body),
    }


def test_the_owner_of_a_key_is_its_source(client: TestClient, office: Any) -> None:
    """A key that belongs to a configured source speaks for that source; any other one for none."""
    office.keys["other"] = {"alerts"}
    for key in ("sender", "other"):
        answer = client.post("/api/v1/alerts", content=BODY, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 202
    assert [source for _, source in office.raw] == ["push:gateway", "api"]


def test_a_signed_message_is_taken_in(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """The signature is over the moment and the raw bytes; the window covers clocks that differ a little."""
    for off in (0, 299, -299):
        assert client.post("/api/v1/alerts", content=BODY, headers=signed(clock, off=off)).status_code == 202
    assert office.raw == [(BODY, "push:province")] * 3


def test_a_copied_request_does_nothing(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """Somebody who replays a signed request gets the first answer; nothing is taken in again."""
    headers = signed(clock)
    answers = [client.post("/api/v1/alerts", content=BODY, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert len(office.raw) == 1
    clock.advance_to(clock.now() + 301_000)
    late = client.post("/api/v1/alerts", content=BODY, headers=headers)
    assert (late.status_code, late.json()["kind"]) == (401, "signature_time")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"X-Warning-Signature": "sha256=" + "0" * 64}, "signature"),
        ({"X-Warning-Signature": ""}, "signature"),
        ({"X-Warning-Timestamp": ""}, "signature"),
        ({"X-Warning-Timestamp": "1e9"}, "signature"),
        ({"X-Warning-Timestamp": "١٢٣"}, "signature"),
        ({"X-Warning-Timestamp": "9" * 40}, "signature"),
        ({"X-Warning-Timestamp": "1000"}, "signature_time"),
        ({"X-Warning-Source": "nobody"}, "source"),
        ({"X-Warning-Source": "gateway"}, "source"),
    ],
)
def test_what_is_not_signed_right_is_refused(
    client: TestClient, office: Any, clock: VirtualClock, change: Mapping[str, str], kind: str
) -> None:
    """401 with what to do; nothing is kept of a message that anybody can have sent."""
    headers = {name: value.encode() for name, value in {**signed(clock), **change}.items()}
    answer = client.post("/api/v1/alerts", content=BODY, headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (401, kind)
    assert answer.json()["remedy"]
    assert office.raw == []


def test_a_signature_is_for_these_bytes_and_this_secret(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """Another body or another secret: refused. A key does not stand in for a signature."""
    headers = signed(clock)
    assert client.post("/api/v1/alerts", content=BODY + b" ", headers=headers).status_code == 401
    wrong = signed(clock, secret="somebody else's secret")
    assert client.post("/api/v1/alerts", content=BODY, headers=wrong).status_code == 401
    unsigned = {"X-Warning-Source": "province", "Authorization": "Bearer sender"}
    assert client.post("/api/v1/alerts", content=BODY, headers=unsigned).status_code == 401
    assert office.raw == []


def test_a_certificate_counts_only_from_the_proxy(app: Any, office: Any) -> None:
    """The subject is believed from the configured proxies by the address of the connection, never by what a header says."""
    headers = {"X-Warning-Source": "county", "X-Client-Subject": SUBJECT}
    forged = headers | {"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3", "Authorization": "Bearer sender"}
    with TestClient(app, client=("10.1.2.3", 1)) as proxy, TestClient(app, client=("192.0.2.7", 1)) as stranger:
        assert proxy.post("/api/v1/alerts", content=BODY, headers=headers).status_code == 202
        for said in ("", "CN=other", SUBJECT.lower()):
            other = headers | {"X-Client-Subject": said}
            assert proxy.post("/api/v1/alerts", content=BODY, headers=other).status_code == 401
        answer = stranger.post("/api/v1/alerts", content=BODY, headers=forged)
        assert (answer.status_code, answer.json()["kind"]) == (401, "certificate")
    assert office.raw == [(BODY, "push:county")]


def test_a_message_with_a_name_is_taken_in_once(client: TestClient, office: Any) -> None:
    """A sender that is not sure whether it was heard sends again under the same Idempotency-Key."""
    headers = {"Authorization": "Bearer sender", "Idempotency-Key": "x" * 500}
    answers = {client.post("/api/v1/alerts", content=BODY, headers=headers).text for _ in range(2)}
    assert len(answers) == len(office.raw) == 1


def test_a_sender_can_say_that_it_is_there(client: TestClient, office: Any, clock: VirtualClock) -> None:
    """A heartbeat proves who sends it, takes nothing in, and counts as being seen."""
    signed_heartbeat = client.post("/api/v1/heartbeats", headers=signed(clock, b""))
    assert signed_heartbeat.json() == {"source": "push:province", "seen": True}
    assert client.post("/api/v1/heartbeats", headers={"Authorization": "Bearer sender"}).status_code == 200
    assert client.post("/api/v1/heartbeats").status_code == 401
    assert office.heartbeats == ["push:province", "push:gateway"]
    assert office.raw == []


def test_too_much_is_refused_before_it_is_signed(client: TestClient, clock: VirtualClock) -> None:
    """The size is bounded for everybody."""
    body = b"x" * 1_001
    assert client.post("/api/v1/alerts", content=body, headers=signed(clock, body)).status_code == 413
