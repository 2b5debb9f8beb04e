"""/api/v1/callouts/{id}/feedback, and what the list of units says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.clock import VirtualClock
from warning_dispatch.model.feedback import Feedback, FeedbackBrief
from warning_dispatch.web.application import Superiors, create_app

REPORTER = {"Authorization": "Bearer reporter"}
READER = {"Authorization": "Bearer reader"}


@pytest.fixture
def superior(office: Any, loaded: Callable[[str, str], ModuleType]) -> Any:
    """Where reports are kept."""
    office.keys["reporter"] = frozenset({"feedback"})
    return loaded("web_superior_double", "superior_office.py").SuperiorOffice(office)


@pytest.fixture
def system(office: Any, superior: Any, clock: VirtualClock) -> Iterator[TestClient]:
    """Another system."""
    parts = Superiors(superior, superior)
    app = create_app(
        office, office, public_url="http://x", live_page=False, body_limit=1000, clock=clock, superiors=parts
    )
    with TestClient(app) as client:
        yield client


def test_every_report_is_listed_with_counts_by_county(system: TestClient, office: Any, superior: Any) -> None:
    """在岗, 措施, 转移人数, 险情 as they were written, newest first, page by page; a call-out that is none is 404."""
    callout = office.add_callout()
    superior.reports += [
        Feedback(on_post=True, moved=37, measures="转移沿河户"),
        Feedback(dangers="桥已漫水", told="x"),
    ]
    path = f"/api/v1/callouts/{callout}/feedback"
    answer = system.get(path, headers=REPORTER, params={"limit": 1}).json()
    assert answer["total"] == 2
    assert answer["next_offset"] == 1
    (newest,) = answer["feedback"]
    assert (newest["dangers"], newest["told"], newest["moved"], newest["unit_name"]) == (
        "桥已漫水",
        "x",
        None,
        "白文镇",
    )
    assert newest["reported_at"].endswith("+08:00")
    (count,) = answer["counts"]
    assert (count["county_name"], count["tier"], count["moved"], count["on_post"]) == ("临县", "townships", 37, 1)
    last = system.get(path, headers=REPORTER, params={"offset": 1}).json()
    assert (last["feedback"][0]["measures"], last["next_offset"]) == ("转移沿河户", None)
    assert system.get(path, headers=REPORTER, params={"county": "141125"}).json()["feedback"] == []
    assert system.get("/api/v1/callouts/99/feedback", headers=REPORTER).status_code == 404
    assert system.get(path, headers=REPORTER, params={"county": "1" * 7}).status_code == 422


@pytest.mark.parametrize(("key", "status"), [("reader", 403), ("actor", 403), ("nobody", 401)])
def test_words_that_may_name_people_need_a_scope_of_their_own(
    system: TestClient, office: Any, key: str, status: int
) -> None:
    """A key that reads call-outs does not read what people wrote."""
    path = f"/api/v1/callouts/{office.add_callout()}/feedback"
    assert system.get(path, headers={"Authorization": f"Bearer {key}"}).status_code == status


def test_the_list_of_units_says_what_was_reported(system: TestClient, office: Any, superior: Any) -> None:
    """For whoever may read: numbers and yes or no, and not a word of it; null where nothing was reported."""
    callout = office.add_callout()
    told, silent = (office.add_callee(callout, "villages", name) for name in ("甲村", "乙村"))
    superior.brief[told] = FeedbackBrief(2, office.clock.now(), on_post=True, moved=37, dangers=True, told=False)
    rows = system.get(f"/api/v1/callouts/{callout}/callees", headers=READER).json()["callees"]
    found = {row["id"]: row["feedback"] for row in rows}
    assert found[silent] is None
    assert found[told].pop("reported_at").endswith("+08:00")
    assert found[told] == {"reports": 2, "on_post": True, "moved": 37, "dangers": True, "told": False, "replied": False}


def test_the_published_description_names_each_field(system: TestClient) -> None:
    """What another system's programmer reads: the path, its parameters, and what each number counts."""
    described = system.get("/api/openapi.json").json()
    listed = described["paths"]["/api/v1/callouts/{callout_id}/feedback"]["get"]
    assert {one["name"] for one in listed["parameters"]} == {"callout_id", "county", "limit", "offset"}
    assert "scope feedback" in listed["description"]
    schemas = described["components"]["schemas"]
    assert "转移人数" in schemas["FeedbackDocument"]["properties"]["moved"]["description"]
    assert "do not add" in schemas["FeedbackCountDocument"]["description"]
    assert "feedback" in schemas["CalleeDocument"]["properties"]
