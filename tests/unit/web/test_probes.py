"""/healthz and /readyz."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from warning_dispatch.clock import ScaledClock, VirtualClock
from warning_dispatch.errors import StoreError
from warning_dispatch.model.views import Health
from warning_dispatch.web.application import create_app


class SecondsClock(VirtualClock):
    """A clock that stands still, and whose milliseconds last as long as real ones."""

    def real_seconds(self, ms: int) -> float:
        """As the machine's."""
        return ms / 1000


def prober(office: Any, clock: Any) -> TestClient:
    """A client on an application with this clock."""
    return TestClient(create_app(office, office, public_url="http://x", live_page=False, body_limit=1, clock=clock))


def test_alive_is_always_said(office: Any, clock: VirtualClock) -> None:
    """/healthz speaks for the process only."""
    office.database = False
    answer = prober(office, clock).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_needs_a_late_turn_and_a_database(office: Any, doubles: Any) -> None:
    """10 s without a turn, an engine that never turned, or a database that cannot be written: 503 that says which."""
    clock = SecondsClock(doubles.START)
    client = prober(office, clock)
    assert client.get("/readyz").status_code == 200
    clock.advance_to(doubles.START + 10_000)
    assert client.get("/readyz").json()["status"] == "ready"
    clock.advance_to(doubles.START + 11_000)
    late = client.get("/readyz")
    assert late.status_code == 503
    assert late.json()["engine"] == {"ok": False, "turned_at": "2026-07-26T01:20:00+08:00", "seconds_ago": 11.0}
    office.turned_at = clock.now()
    office.database = False
    assert client.get("/readyz").json()["database"] == {"ok": False}
    office.database, office.turned_at = True, 0
    assert client.get("/readyz").json()["engine"]["turned_at"] is None


def test_a_fast_clock_does_not_make_a_live_engine_look_dead(office: Any) -> None:
    """In a demo at 600 times speed ten seconds are ten seconds of the machine."""
    clock = ScaledClock(office.turned_at, 600)
    office.turned_at = clock.now() - 600_000
    assert prober(office, clock).get("/readyz").status_code == 200


def test_a_database_that_fails_to_answer_is_not_ready(office: Any, clock: VirtualClock) -> None:
    """The probe itself never fails."""

    class Dead(type(office)):  # type: ignore[misc]
        def health(self) -> Health:
            raise StoreError

    dead = Dead(clock)
    answer = prober(dead, clock).get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["detail"] == "The database cannot be used."
