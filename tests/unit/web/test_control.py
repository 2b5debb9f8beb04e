"""The local socket's application."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from starlette.testclient import TestClient

from warning_dispatch.errors import RefusedError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.register import Register, RegisterCounts
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.register_import import RegisterImport
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.states import CalleeState, Means
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.model.views import AlarmRow
from warning_dispatch.web.control import create_control_app


def test_a_message_comes_in_from_a_file(control: TestClient, office: Any) -> None:
    """The same answer as the API's, with its source kept; quarantined is 422."""
    answer = control.post("/alerts?source=file:a.xml", content=b"<alert/>")
    assert answer.status_code == 202
    assert answer.json()["alert_id"] == 1
    assert office.raw == [(b"<alert/>", "file:a.xml")]
    office.verdict = Disposition.QUARANTINED
    assert control.post("/alerts", content=b"x").status_code == 422
    assert control.post("/alerts", content=b"x" * 1001).status_code == 413


def test_an_act_reaches_the_desk(control: TestClient, office: Any) -> None:
    """Name, actor, reason and unit arrive as given."""
    callout = office.add_callout()
    body = {"callout_id": callout, "actor": "值班员", "reason": "误发", "unit_code": "141124"}
    assert control.post("/acts/cancel", json=body).json() == {"callout_id": callout, "act": "cancel", "done": True}
    assert office.acts == [("cancel", callout, "值班员", "误发", "141124")]


def test_a_release_reaches_the_desk(control: TestClient, office: Any) -> None:
    """The command's way to the daemon; without a reason it is refused."""
    control.post("/alerts", content=b"x")
    answer = control.post("/alerts/1/release", json={"actor": "值班员", "reason": "已核实"})
    assert (answer.status_code, answer.json()["alert_id"]) == (200, 1)
    assert office.acts == [("release", 1, "值班员", "已核实", "")]
    assert control.post("/alerts/1/release", json={"actor": "值班员", "reason": " "}).status_code == 422
    assert control.post("/alerts/7/release", json={"actor": "x", "reason": "y"}).status_code == 404


def test_errors_say_their_own_words_and_kind(control: TestClient, office: Any) -> None:
    """Refused 409, not found 404, wrong input 422: each with what the command prints."""
    callout = office.add_callout()
    refused = control.post("/acts/cancel", json={"callout_id": callout, "actor": "x"})
    assert (refused.status_code, refused.json()) == (409, {"error": "A reason is needed.", "kind": "RefusedError"})
    missing = control.post("/acts/cancel", json={"callout_id": 99, "actor": "x", "reason": "y"})
    assert (missing.status_code, missing.json()["kind"]) == (404, "NotFoundError")
    assert control.post("/acts/cancel", json={"callout_id": callout, "actor": "", "reason": "y"}).status_code == 422
    office.database = False
    assert control.post("/alerts", content=b"x").status_code == 503


def test_an_answer_is_recorded_by_callee_or_by_unit(control: TestClient, office: Any) -> None:
    """A person at a terminal knows the unit's code, a program the callee's id; both together are refused."""
    callout = office.add_callout()
    one = office.add_callee(callout, "villages", "村", code="141124100201", state=CalleeState.UNANSWERED)
    two = office.add_callee(callout, "villages", "村", code="141124100202", state=CalleeState.UNANSWERED)
    said = {"callout_id": callout, "actor": "镇值班室", "reason": "电话告知"}
    assert control.post("/ack", json=said | {"callee_id": one}).json()["callee_id"] == one
    by_unit = control.post("/ack", json=said | {"unit_code": "141124100202", "means": "superior"})
    assert by_unit.json()["callee_id"] == two
    assert [entry[-1] for entry in office.acknowledged] == [Means.OPERATOR, Means.SUPERIOR]
    assert control.post("/ack", json=said | {"unit_code": "1"}).status_code == 404
    assert control.post("/ack", json=said | {"unit_code": "1", "callee_id": 1}).status_code == 422
    assert control.post("/ack", json=said).status_code == 422


def test_a_list_is_accounted_for(control: TestClient, office: Any) -> None:
    """Counts, actor and reason; a call-out that is not there is not found."""
    callout = office.add_callout()
    body = {
        "callout_id": callout,
        "round": 1,
        "actor": "值班员",
        "reason": "备用",
        "units": 9,
        "people": 20,
        "phones": 25,
    }
    assert control.post("/lists", json=body).json() == {"callout_id": callout, "noted": True}
    [account] = office.accounts
    assert (account.actor, account.phones) == ("值班员", 25)
    assert control.post("/lists", json={**body, "callout_id": 99}).status_code == 404
    assert control.post("/lists", json={**body, "reason": ""}).status_code == 422


def test_nothing_can_be_read(control: TestClient) -> None:
    """The socket is for acts; reading is the read models' business."""
    for path in ("/", "/alerts", "/callouts", "/docs", "/openapi.json"):
        assert control.get(path).status_code in (404, 405)


RECEIVER = {"unit_code": "141124100", "role": "deputy", "name": "样本甲", "phones": ["+8626010000007"]}


def test_a_receiver_is_added(control: TestClient, office: Any) -> None:
    """The words are read at the edge; the desk gets a person with numbers as they are dialled."""
    callout = office.add_callout()
    office.add_callee(callout, "townships", "白文镇", code="141124100")
    body = {"callout_id": callout, **RECEIVER, "actor": "值班员", "reason": "镇里报来"}
    answer = control.post("/receivers", json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "callout_id": callout,
        "unit_code": "141124100",
        "receiver_id": 1,
        "endpoints": 2,
        "called": [callout],
    }
    [(_, entry, actor, reason)] = office.added
    assert (entry.name, actor, reason) == ("样本甲", "值班员", "镇里报来")


def test_every_finding_about_a_receiver_comes_back(control: TestClient, office: Any) -> None:
    """422 with the list, for the command to print; nothing was added."""
    callout = office.add_callout()
    body = {"callout_id": callout, **RECEIVER, "name": "", "phones": ["12"], "actor": "值班员", "reason": "镇里报来"}
    answer = control.post("/receivers", json=body)
    assert answer.status_code == 422
    assert answer.json()["kind"] == "ReceiverError"
    assert [one["where"] for one in answer.json()["findings"]] == ["--name", "--unit", "--phone"]
    assert office.added == []
    assert control.post("/receivers", json={**body, "actor": " "}).status_code == 422


def test_a_claim_reaches_the_desk(control: TestClient, office: Any) -> None:
    """By number, or all of them by saying null; nobody claims without a name, and nothing is claimed by accident."""
    office.raised = [AlarmRow(key, 0, "quarantined", "x", None, "") for key in (1, 2)]
    assert control.post("/alarms/claim", json={"alarm_ids": [2], "actor": "值班员"}).json() == {"claimed": [2]}
    assert control.post("/alarms/claim", json={"alarm_ids": None, "actor": "值班员"}).json() == {"claimed": [1, 2]}
    assert office.claims == [([2], "值班员"), ([1, 2], "值班员")]
    for wrong in ({"actor": "x"}, {"alarm_ids": [], "actor": "x"}, {"alarm_ids": [1], "actor": ""}):
        assert control.post("/alarms/claim", json=wrong).status_code == 422


def test_a_register_is_taken_over_by_the_daemon(office: Any) -> None:
    """What the command read and compared arrives as it was, numbers and roles and all; a refusal comes back in its own words."""
    unit = Unit("141124", "临县", UnitKind.DIVISION, UnitLevel.COUNTY, "141124", None)
    phone = EndpointEntry(Channel.VOICE, "+8626011111111")
    entry = ReceiverEntry("141124", Role.PRIMARY, "样本甲", "书记", "zh_CN", (phone,), sample=True)
    register = Register((unit,), (entry,))
    coming = RegisterImport(
        register,
        "王登记员",
        seen=3,
        shifts=(Shift("141124", "样本甲", 1, 2),),
        changes=changes_between(Register((), ()), register),
        named=("141124",),
        partly=("141124",),
        kept=(("141124", Role.PRIMARY, "样本甲"),),
        days_stand=True,
    )
    taken: list[RegisterImport] = []

    def take(one: RegisterImport) -> RegisterCounts:
        if taken:
            raise RefusedError("名册刚刚有变动")
        taken.append(one)
        return RegisterCounts(1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0)

    body = TypeAdapter(RegisterImport).dump_json(coming)
    with TestClient(create_control_app(office, office, body_limit=10, register=take)) as client:
        answer = client.post("/register", content=body)
        assert (answer.status_code, answer.json()["receivers_added"]) == (200, 1)
        assert client.post("/register", content=body).json() == {"error": "名册刚刚有变动", "kind": "RefusedError"}
        assert client.post("/register", content=b"{}").status_code == 422
    assert taken == [coming]


def test_the_work_list_is_acted_on(control: TestClient, office: Any) -> None:
    """Taken, its number, its result; each with an actor, and what is no task or no result is refused."""
    task = office.add_task("王副市长")
    taken = control.post(f"/tasks/{task}/take", json={"actor": "li"}).json()
    assert taken["until"] == office.clock.now() + 120_000
    assert control.post(f"/tasks/{task}/number", json={"actor": "li"}).json()["number"] == "+8626010000001"
    assert control.post(f"/tasks/{task}/results/maybe", json={"actor": "li"}).status_code == 422
    assert control.post(f"/tasks/{task}/results/busy", json={"actor": ""}).status_code == 422
    done = control.post(f"/tasks/{task}/results/told-deputy", json={"actor": "li", "note": "刘"}).json()
    assert done["result"] == "told-deputy"
    assert office.tasks_done[-1] == ("told-deputy", task, "li", "刘")
    assert control.post(f"/tasks/{task}/take", json={"actor": "li"}).status_code == 404
