"""/api/v1: what other systems may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.states import CalleeState, Means

SENDER = {"Authorization": "Bearer sender"}
READER = {"Authorization": "Bearer reader"}
ACTOR = {"Authorization": "Bearer actor"}


@pytest.mark.parametrize("disposition", [d for d in Disposition if d is not Disposition.QUARANTINED])
def test_a_readable_message_is_accepted(client: TestClient, office: Any, disposition: Disposition) -> None:
    """202 with the contract's four fields, whatever a readable message led to; the bytes arrive untouched."""
    office.verdict = disposition
    answer = client.post("/api/v1/alerts", content=b"<alert>\xe7\xba\xa2\r\n</alert>", headers=SENDER)
    assert answer.status_code == 202
    assert answer.json() == {"alert_id": 1, "disposition": disposition.value, "reasons": [], "callouts": []}
    assert office.raw == [(b"<alert>\xe7\xba\xa2\r\n</alert>", "api")]


def test_a_quarantined_message_is_kept_and_answered_with_its_reasons(client: TestClient, office: Any) -> None:
    """422 tells the sender why; the message is kept all the same."""
    office.verdict = Disposition.QUARANTINED
    answer = client.post("/api/v1/alerts", content=b"nonsense", headers=SENDER)
    assert answer.status_code == 422
    assert answer.json()["disposition"] == "quarantined"
    assert answer.json()["reasons"] == ["unknown sender"]
    assert office.raw[0][0] == b"nonsense"


def test_without_a_key_nothing_is_taken_in(client: TestClient, office: Any) -> None:
    """401 with a remedy, before the body counts for anything."""
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic c2VuZGVy"}):
        answer = client.post("/api/v1/alerts", content=b"x", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]
        assert answer.json()["remedy"]
    assert office.raw == []


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("POST", "/api/v1/alerts", "reader"),
        ("GET", "/api/v1/alerts/1", "sender"),
        ("GET", "/api/v1/callouts", "sender"),
        ("GET", "/api/v1/callouts/1", "sender"),
        ("GET", "/api/v1/callouts/1/callees", "sender"),
        ("GET", "/api/v1/callouts/1/unreached", "sender"),
        ("POST", "/api/v1/callouts/1/callees/1/ack", "reader"),
    ],
)
def test_a_key_opens_only_its_scope(client: TestClient, method: str, path: str, key: str) -> None:
    """A feed's key cannot read, a reader's cannot act: 403 names the missing scope."""
    answer = client.request(method, path, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403
    assert answer.json()["kind"] == "forbidden"


def test_too_much_is_refused_announced_or_not(client: TestClient, office: Any) -> None:
    """413 by the announced length, and by counting when none is announced; the limit itself still passes."""

    def stream() -> Iterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    assert client.post("/api/v1/alerts", content=b"x" * 1001, headers=SENDER).status_code == 413
    assert client.post("/api/v1/alerts", content=stream(), headers=SENDER).status_code == 413
    assert office.raw == []
    assert client.post("/api/v1/alerts", content=b"x" * 1000, headers=SENDER).status_code == 202


def test_an_empty_or_compressed_body_is_refused(client: TestClient) -> None:
    """Neither is a message; the answer says what to send."""
    assert client.post("/api/v1/alerts", headers=SENDER).status_code == 400
    packed = client.post("/api/v1/alerts", content=b"x", headers=SENDER | {"Content-Encoding": "gzip"})
    assert packed.status_code == 415


def test_a_message_that_cannot_be_stored_is_not_acknowledged(client: TestClient, office: Any) -> None:
    """202 only after a durable write: a database that cannot write answers 503."""
    office.database = False
    answer = client.post("/api/v1/alerts", content=b"x", headers=SENDER)
    assert answer.status_code == 503
    assert answer.json()["kind"] == "StoreError"


def test_an_alert_can_be_read_back(client: TestClient) -> None:
    """What was taken in is found under its number, with times in +08:00; another number is a clean 404."""
    client.post("/api/v1/alerts", content=b"x", headers=SENDER)
    alert = client.get("/api/v1/alerts/1", headers=READER).json()
    assert alert["disposition"] == "accepted"
    assert alert["colour"] == "red"
    assert alert["received_at"].endswith("+08:00")
    missing = client.get("/api/v1/alerts/2", headers=READER)
    assert missing.status_code == 404
    assert set(missing.json()) == {"error", "remedy", "kind"}


def test_a_message_is_released_by_a_key_that_may_act(client: TestClient, office: Any) -> None:
    """Actor and reason reach the desk; a key that only reads may not, and a number that is none is a clean 404."""
    client.post("/api/v1/alerts", content=b"x", headers=SENDER)
    said = {"actor": "值班员", "reason": "已核实"}
    assert client.post("/api/v1/alerts/1/release", json=said, headers=READER).status_code == 403
    answer = client.post("/api/v1/alerts/1/release", json=said, headers=ACTOR)
    assert (answer.status_code, answer.json()["disposition"]) == (200, "accepted")
    assert office.acts == [("release", 1, "值班员", "已核实", "")]
    assert client.post("/api/v1/alerts/9/release", json=said, headers=ACTOR).status_code == 404
    assert client.post("/api/v1/alerts/1/release", json={"actor": "x"}, headers=ACTOR).status_code == 422


def test_a_callout_shows_its_tiers_with_counts(client: TestClient, office: Any) -> None:
    """Counts per tier and in sum; unreached is its three facts together."""
    callout = office.add_callout(tiers=("townships", "villages"))
    states = [CalleeState.UNCALLED, CalleeState.UNANSWERED, CalleeState.UNCONFIRMED, CalleeState.ACKNOWLEDGED]
    for state in states:
        office.add_callee(callout, "villages", "村", state=state)
    office.add_callee(callout, "townships", "镇", state=CalleeState.DUTY_ANSWERED)
    document = client.get(f"/api/v1/callouts/{callout}", headers=READER).json()
    assert [tier["name"] for tier in document["tiers"]] == ["townships", "villages"]
    assert document["tiers"][1]["unreached"] == document["unreached"] == 3
    assert (document["callees"], document["acknowledged"], document["duty_answered"]) == (5, 1, 1)
    assert document["state"] == "running"
    assert client.get("/api/v1/callouts/99", headers=READER).status_code == 404


def test_callouts_are_listed_newest_first(client: TestClient, office: Any) -> None:
    """All, or only those that run."""
    office.add_callout()
    office.add_callout()
    office.end(2)
    listed = client.get("/api/v1/callouts", headers=READER).json()["callouts"]
    assert [one["id"] for one in listed] == [2, 1]
    live = client.get("/api/v1/callouts?live=true", headers=READER).json()["callouts"]
    assert [one["id"] for one in live] == [1]


def test_callees_are_filtered_and_paged(client: TestClient, office: Any) -> None:
    """By state (repeated, comma separated, or "unreached"), by tier, page after page without loss or repetition."""
    callout = office.add_callout(tiers=("townships", "villages"))
    for number in range(5):
        office.add_callee(callout, "villages", f"村{number}", state=CalleeState.UNANSWERED)
    office.add_callee(callout, "villages", "村", state=CalleeState.UNCALLED)
    office.add_callee(callout, "townships", "镇", state=CalleeState.ACKNOWLEDGED)
    path = f"/api/v1/callouts/{callout}/callees"

    def count(query: str) -> int:
        return len(client.get(f"{path}?{query}", headers=READER).json()["callees"])

    assert count("") == 7
    assert count("state=unreached") == 6
    assert count("state=uncalled,acknowledged") == count("state=uncalled&state=acknowledged") == 2
    assert count("tier=townships") == 1
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        page = client.get(f"{path}?limit=3&offset={offset}", headers=READER).json()
        seen += [callee["id"] for callee in page["callees"]]
        offset = page["next_offset"]
    assert len(seen) == len(set(seen)) == 7


def test_wrong_parameters_are_answered_with_a_remedy(client: TestClient, office: Any) -> None:
    """An unknown state names the known ones; a limit out of range and a number that is none are 422, not 500."""
    callout = office.add_callout()
    unknown = client.get(f"/api/v1/callouts/{callout}/callees?state=asleep", headers=READER)
    assert unknown.status_code == 422
    assert "acknowledged" in unknown.json()["remedy"]
    for path in (f"{callout}/callees?limit=0", f"{callout}/callees?limit=5000", "x"):
        answer = client.get(f"/api/v1/callouts/{path}", headers=READER)
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert client.get("/api/v1/callouts/99/callees", headers=READER).status_code == 404


def test_an_operator_records_an_answer(client: TestClient, office: Any) -> None:
    """Actor and reason arrive at the desk; the callee has answered."""
    callout = office.add_callout()
    callee = office.add_callee(callout, "villages", "村", state=CalleeState.UNANSWERED)
    body = {"actor": "值班员", "reason": "电话告知"}
    answer = client.post(f"/api/v1/callouts/{callout}/callees/{callee}/ack", json=body, headers=ACTOR)
    assert answer.json() == {"callout_id": callout, "callee_id": callee, "recorded": True}
    assert office.acknowledged == [(callout, callee, "值班员", "电话告知", Means.OPERATOR)]
    assert office.callout(callout).tiers[-1].acknowledged == 1


def test_an_answer_needs_an_actor_and_a_reason(client: TestClient, office: Any) -> None:
    """Nothing is recorded in nobody's name."""
    callout = office.add_callout()
    callee = office.add_callee(callout, "villages", "村")
    for body in ({"actor": "值班员"}, {"actor": " ", "reason": "x"}, {"actor": "a", "reason": "b", "means": "key"}):
        answer = client.post(f"/api/v1/callouts/{callout}/callees/{callee}/ack", json=body, headers=ACTOR)
        assert answer.status_code == 422
    assert office.acknowledged == []


def test_an_answer_to_what_is_not_there_or_over_is_refused(client: TestClient, office: Any) -> None:
    """404 for an unknown call-out or callee, 409 when the call-out is over."""
    callout = office.add_callout()
    callee = office.add_callee(callout, "villages", "村")
    body = {"actor": "值班员", "reason": "电话告知"}
    assert client.post(f"/api/v1/callouts/9/callees/{callee}/ack", json=body, headers=ACTOR).status_code == 404
    assert client.post(f"/api/v1/callouts/{callout}/callees/9/ack", json=body, headers=ACTOR).status_code == 404
    office.end(callout)
    late = client.post(f"/api/v1/callouts/{callout}/callees/{callee}/ack", json=body, headers=ACTOR)
    assert late.status_code == 409
    assert late.json()["kind"] == "RefusedError"


def test_refusals_speak_the_callers_language(client: TestClient) -> None:
    """Chinese by default, English when asked for."""
    chinese = client.get("/api/v1/callouts").json()["error"]
    english = client.get("/api/v1/callouts", headers={"Accept-Language": "en-GB,zh;q=0.5"}).json()["error"]
    assert chinese == "没有可用的接口密钥。"
    assert english == "No usable API key was given."


def test_the_interface_is_documented(client: TestClient) -> None:
    """/api/openapi.json lists the contract's paths, and no page loads documentation from elsewhere."""
    paths = client.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/v1/alerts",
        "/api/v1/alerts/{alert_id}",
        "/api/v1/alerts/{alert_id}/release",
        "/api/v1/callouts",
        "/api/v1/callouts/{callout_id}",
        "/api/v1/callouts/{callout_id}/callees",
        "/api/v1/callouts/{callout_id}/unreached",
        "/api/v1/callouts/{callout_id}/callees/{callee_id}/ack",
        "/api/v1/heartbeats",
    }
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
    assert client.get("/api/v1/nothing").json()["kind"] == "not_found"
    assert client.delete("/api/v1/alerts").json()["kind"] == "method"


def listed(office: Any, doubles: Any) -> int:
    """A call-out with a township whose list the county holds, and three villages on it."""
    callout = int(office.add_callout())
    office.lists = [doubles.superior_list("141124100", "白文镇", holder="141124")]
    office.unreached_rows = [
        doubles.unreached_row(number, superior="141124100", estimate=number * 60_000) for number in (1, 2, 3)
    ]
    return callout


def test_the_list_of_a_superior(client: TestClient, office: Any, doubles: Any) -> None:
    """Whose list it is, who holds it, who stands on it with masked phones, and about how long the queue is."""
    callout = listed(office, doubles)
    answer = client.get(f"/api/v1/callouts/{callout}/unreached", params={"unit": "141124"}, headers=READER)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["unit_code"], body["total"], body["estimate_seconds"]) == ("141124", 3, 180)
    assert body["lists"][0]["holder_code"] == "141124"
    assert body["lists"][0]["superior_state"] == "unanswered"
    assert body["units"][0]["state"] == "uncalled"
    assert body["units"][0]["estimate_seconds"] == 60
    assert body["units"][0]["phones"] == [{"role": "primary", "masked": "138****5678"}]


def test_the_list_comes_in_pages(client: TestClient, office: Any, doubles: Any) -> None:
    """`next_offset` leads on, and is null at the end; no unit: the whole call-out."""
    path = f"/api/v1/callouts/{listed(office, doubles)}/unreached"
    first = client.get(path, params={"limit": 2}, headers=READER).json()
    assert ([row["callee_id"] for row in first["units"]], first["next_offset"]) == ([1, 2], 2)
    last = client.get(path, params={"limit": 2, "offset": 2}, headers=READER).json()
    assert ([row["callee_id"] for row in last["units"]], last["next_offset"]) == ([3], None)


def test_a_unit_without_a_list_is_not_found(client: TestClient, office: Any, doubles: Any) -> None:
    """404 in words, not an empty page that looks like good news."""
    path = f"/api/v1/callouts/{listed(office, doubles)}/unreached"
    assert client.get(path, params={"unit": "999"}, headers=READER).status_code == 404
    assert client.get("/api/v1/callouts/9/unreached", headers=READER).status_code == 404
