"""Bodies that cannot be read and numbers that no row can have: a plain refusal, never an apology for a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import create_engine
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.errors import NotFoundError
from warning_dispatch.store.sql import Sql
from warning_dispatch.web.application import create_app


@pytest.fixture
def client(office: Any, clock: VirtualClock) -> TestClient:
    """A system with a key for everything."""
    office.keys["k"] = frozenset({"alerts", "read", "act"})
    app = create_app(office, office, public_url="http://x", live_page=False, body_limit=1_000, clock=clock)
    return TestClient(app, headers={"Authorization": "Bearer k"})


def test_json_that_is_none_is_told_as_such(client: TestClient) -> None:
    """Broken UTF-8 and half an object: 400 or 422 with words about the body."""
    kind = {"Content-Type": "application/json"}
    path = "/api/v1/callouts/1/callees/1/ack"
    broken = client.post(path, content=b"X\xff", headers=kind)
    assert (broken.status_code, broken.json()["kind"]) == (400, "malformed")
    half = client.post(path, content=b'{"actor":', headers=kind)
    assert (half.status_code, half.json()["kind"]) == (422, "invalid")


def test_nested_to_no_end_is_a_plain_refusal(client: TestClient) -> None:
    """A body of brackets is refused like any other that is none, and the next one is answered."""
    deep = b'{"actor":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    kind = {"Content-Type": "application/json"}
    assert 400 <= client.post("/api/v1/callouts/1/callees/1/ack", content=deep, headers=kind).status_code < 500
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_a_number_that_no_row_can_have_is_refused_at_the_door(client: TestClient, number: int) -> None:
    """It is told which part of the address is wrong."""
    answer = client.get(f"/api/v1/callouts/{number}")
    assert (answer.status_code, answer.json()["kind"]) == (422, "invalid")
    assert "callout_id" in answer.json()["error"]


def test_the_database_is_not_asked_for_more_than_it_counts_to() -> None:
    """What comes by another way (a command, the local socket, a page's address) is a row that is not there."""
    with create_engine("sqlite://").connect() as connection, pytest.raises(NotFoundError):
        Sql(connection).value("SELECT 1 WHERE 1 = ?", 2**63)
