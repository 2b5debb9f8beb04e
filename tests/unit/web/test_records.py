"""The records on the console: what is over, what is handed out of it, and that the journal names who took it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from by_path import loaded
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from warning_dispatch.bootstrap import records_of
from warning_dispatch.engine.acts import Act
from warning_dispatch.model.console_views import CalleeQuery
from warning_dispatch.model.feedback import Feedback
from warning_dispatch.reports import verify_journal
from warning_dispatch.reports.record_pages import STYLE_DIGEST
from warning_dispatch.web.application import create_app
from warning_dispatch.web.console.console import ConsoleParts
from warning_dispatch.web.console.door import Asked, Officer

TESTS = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}


def console_site() -> Any:
    """The module beside the test folders, by its path: tests are no package."""
    return loaded("tests_console_site", TESTS / "console_site.py")


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A red storm that was lifted after some minutes, with feedback."""
    made = console_site().Bureau(tmp_path_factory.mktemp("records"))
    made.callout = made.warn()
    made.play(400)
    first = made.read.page(made.callout, CalleeQuery(limit=1, tier="townships")).rows[0]
    with made.product.storage.writing() as tx:
        tx.feedback.add([first.callee_id], 1, made.clock.now(), Feedback(on_post=True, moved=7, dangers="<b>积水</b>"))
    made.unit = first
    made.units = sum(tier.callees for tier in made.read.callout(made.callout).tiers)
    made.engine.act(made.clock.now(), Act.CANCEL, made.callout, actor="user:wang", reason="雨势减弱")
    made.play(5)
    yield made
    made.close()


@pytest.fixture
def desk(bureau: Any) -> Iterator[TestClient]:
    """An officer's browser."""
    with TestClient(bureau.app(), follow_redirects=False, headers=HTML) as client:
        yield client


class Entrance:
    """Lets in somebody of a part of the area."""

    def __init__(self, *, sees: tuple[str, ...] | None, acts: tuple[str, ...] | None, may_act: bool) -> None:
        self.officer = Officer("user:xian", "县值班", may_act=may_act, sees=sees, acts=acts)

    async def enter(self, request: object, asked: Asked) -> Officer:
        """See door.Entrance."""
        del request, asked
        return self.officer

    async def form(self, request: Any, officer: Officer) -> dict[str, str]:
        """See door.Entrance."""
        del officer
        return {name: str(value) for name, value in (await request.form()).items()}


@pytest.fixture
def county(bureau: Any) -> Iterator[TestClient]:
    """The browser of a county's officer."""
    records = records_of(bureau.settings, bureau.product, bureau.desk, bureau.clock)
    parts = ConsoleParts(
        bureau.read, bureau.desk, Entrance(sees=("141124",), acts=("141124",), may_act=True), records=records
    )
    app = create_app(
        bureau.read, bureau.desk, public_url="http://127.0.0.1", live_page=False, body_limit=1000, clock=bureau.clock,
        console=parts,
    )  # fmt: skip
    with TestClient(app, follow_redirects=False, headers=HTML) as client:
        yield client


def exports(bureau: Any, stream: str = "") -> list[dict[str, Any]]:
    """The exports that a journal tells of."""
    with bureau.product.database.connect() as connection:
        bodies = connection.exec_driver_sql(
            "SELECT body FROM journal_block WHERE stream = ? ORDER BY seq", (stream or f"callout:{bureau.callout}",)
        ).scalars()
        entries = [entry for body in bodies for entry in json.loads(body)]
    return [entry for entry in entries if entry["k"] == "record.exported"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_stands_in_both_languages(desk: TestClient, bureau: Any, language: str) -> None:
    """List, record and season, complete without any script and without a gap."""
    for path in ("records", f"records/{bureau.callout}", "records/season", "records?kind=drills"):
        answer = desk.get(f"/console/{path}", params={"lang": language} if "?" not in path else None)
        assert answer.status_code == 200
        assert "console.records" not in answer.text


def test_what_is_over_is_listed_and_what_runs_is_not(desk: TestClient, bureau: Any) -> None:
    """A running call-out is on the desk, not among the records; drills stand apart."""
    assert f'href="../console/records/{bureau.callout}"' in desk.get("/console/records").text
    assert f"records/{bureau.callout}" not in desk.get("/console/records?kind=drills").text


def test_the_record_shows_figures_feedback_and_acts(desk: TestClient, bureau: Any) -> None:
    """With everything that people wrote escaped."""
    page = desk.get(f"/console/records/{bureau.callout}").text
    assert "&lt;b&gt;积水&lt;/b&gt;" in page
    assert "<b>积水" not in page
    assert "雨势减弱" in page
    assert f"{bureau.units:,}" in page
    assert not re.search(r"\b1\d{10}\b", page)


@pytest.mark.parametrize("path", ["form", "summary", "form?tier=townships", "form?tier=all"])
def test_papers_need_nothing_but_their_one_style(desk: TestClient, bureau: Any, path: str) -> None:
    """A4 pages under a policy that allows nothing from anywhere, with signature lines and masked numbers."""
    before = len(exports(bureau))
    answer = desk.get(f"/console/records/{bureau.callout}/{path}")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src '{STYLE_DIGEST}'")
    assert "<script" not in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    assert " style=" not in answer.text
    for name in ("值班员（签字）", "带班领导（签字）", "负责人（签字）"):
        assert name in answer.text
    assert len(exports(bureau)) == before, "looking at what is masked is no export"


def test_the_form_of_one_unit(desk: TestClient, bureau: Any) -> None:
    """Every attempt of it; a unit that the call-out does not have is not there."""
    answer = desk.get(f"/console/records/{bureau.callout}/units/{bureau.unit.callee_id}/form")
    assert answer.status_code == 200
    assert "单位叫应记录表" in answer.text
    assert bureau.unit.unit_name in answer.text
    assert desk.get(f"/console/records/{bureau.callout}/units/999999/form").status_code == 404


def test_a_workbook_is_handed_out_once_the_journal_knows(desk: TestClient, bureau: Any) -> None:
    """A file that a spreadsheet opens, masked, and an entry with who took it and how much."""
    before = len(exports(bureau))
    answer = desk.post(f"/console/records/{bureau.callout}/workbook", data={})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).sheet_names
    assert sheets[0] == "记录表"
    entries = exports(bureau)[before:]
    assert [(one["kind"], one["actor"], one["units"], one["clear"]) for one in entries] == [
        ("workbook", "王值班", bureau.units, False)
    ]


def test_in_clear_only_with_a_reason(desk: TestClient, bureau: Any) -> None:
    """Promise 11: without a reason nothing is handed out; with one the journal has it."""
    before = len(exports(bureau))
    where = f"/console/records/{bureau.callout}/clear"
    refused = desk.post(where, data={"reason": " ", "as": "form"})
    assert refused.status_code == 422
    assert len(exports(bureau)) == before
    given = desk.post(where, data={"reason": "上级核查", "as": "form", "tier": "townships"})
    assert given.status_code == 200
    assert re.search(r"0?26\d{2,3}[- ]?\d{4}|26\d{9}|2[56]\d \d{4}", given.text), "the sample numbers stand in clear"
    assert "****" not in given.text
    entry = exports(bureau)[-1]
    assert (entry["kind"], entry["why"], entry["clear"]) == ("form", "上级核查", True)


def test_the_journal_goes_out_with_its_verifier(desk: TestClient, bureau: Any) -> None:
    """An archive that verifies itself, its own export included."""
    answer = desk.post(f"/console/records/{bureau.callout}/journal", data={})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        lines = archive.read(f"journal-callout-{bureau.callout}.jsonl").decode().splitlines()
        key = bytes.fromhex(archive.read("journal.pub").decode())
    assert set(names) >= {"verify_journal.py", "journal.pub", "README.txt"}
    faults, facts = verify_journal.verify(lines, key)
    assert faults == []
    assert facts["seal_checked"]
    assert exports(bureau)[-1]["kind"] == "journal"
    assert '"kind":"journal"' in "".join(lines[-4:])


def test_a_county_gets_its_own_part_alone(county: TestClient, bureau: Any) -> None:
    """Pages, papers and workbooks hold the units of their county; the journal of the whole is refused."""
    page = county.get(f"/console/records/{bureau.callout}").text
    assert "临县" in page
    assert "兴县" not in page
    paper = county.get(f"/console/records/{bureau.callout}/form?tier=all").text
    assert "兴县" not in paper
    book = county.post(f"/console/records/{bureau.callout}/workbook", data={}).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_name("逐单位").to_python()[1:]
    assert {row[1] for row in rows} == {"临县"}
    assert exports(bureau)[-1]["within"] == ["141124"]
    assert county.post(f"/console/records/{bureau.callout}/journal", data={}).status_code == 409
    assert (
        county.post(f"/console/records/{bureau.callout}/verdict", data={"verdict": "hit", "reason": "x"}).status_code
        == 409
    )
    assert "兴县" not in county.get("/console/records/season?year=2026").text
    assert f"records/{bureau.callout}" in county.get("/console/records").text
    stranger = bureau.read.page(bureau.callout, CalleeQuery(limit=1, area="141123")).rows[0]
    assert county.get(f"/console/records/{bureau.callout}/units/{stranger.callee_id}/form").status_code == 404


CSRF = re.compile(r'name="csrf" value="([^"]+)"')


def test_a_countys_officer_who_has_logged_in(bureau: Any) -> None:
    """The real door: own part in pages and files, in clear with a reason; another unit, journal and verdict are refused."""
    site = "http://127.0.0.1"
    app = bureau.gated(bureau.login(linxian="141124"))
    with TestClient(app, base_url=site, follow_redirects=False, headers=HTML) as client:
        found = CSRF.search(client.get("/login").text)
        assert found
        fields = {"csrf": found[1], "name": "linxian", "password": console_site().PASSWORD}
        assert client.post("/login", data=fields, headers={"origin": site}).status_code == 303
        page = client.get(f"/console/records/{bureau.callout}")
        assert page.status_code == 200
        assert "兴县" not in page.text
        token = CSRF.search(page.text)
        assert token

        def post(path: str, **sent: str) -> Any:
            form = {"csrf": token[1], **sent}
            return client.post(f"/console/records/{bureau.callout}/{path}", data=form, headers={"origin": site})

        clear = post("clear", **{"as": "form", "tier": "all", "reason": "县政府核查"})
        assert clear.status_code == 200
        assert "兴县" not in clear.text
        entry = exports(bureau)[-1]
        assert (entry["actor"], entry["within"], entry["clear"]) == ("user:linxian@141124", ["141124"], True)
        assert post("journal").status_code == 409
        assert post("verdict", verdict="hit", reason="x").status_code == 409
        no_token = client.post(f"/console/records/{bureau.callout}/workbook", data={}, headers={"origin": site})
        assert no_token.status_code == 403
        assert "兴县" not in client.get("/console/records/season?year=2026").text


def test_a_season_is_filtered_and_handed_out(desk: TestClient, bureau: Any) -> None:
    """Year, span, hazard, drills; a workbook of the same, on the system's record."""
    answer = desk.get("/console/records/season?year=2026&span=season&hazard=rainstorm")
    assert "2026-05-01" in answer.text
    assert "2026-10-15" in answer.text
    assert f"records/{bureau.callout}" in answer.text
    other = desk.get("/console/records/season?year=2025").text
    assert f"records/{bureau.callout}" not in other
    assert f"records/{bureau.callout}" not in desk.get("/console/records/season?year=2026&hazard=snowstorm").text
    for wrong in ("year=2026&span=own&from=x", "year=2026&span=own&from=2026-09-09&to=2026-01-01", "year=99999"):
        assert 400 <= desk.get(f"/console/records/season?{wrong}").status_code < 500
    form = {"year": "2026", "span": "own", "from": "2026-01-01", "to": "2026-12-31", "kind": "", "hazard": ""}
    book = desk.post("/console/records/season/workbook", data=form)
    assert CalamineWorkbook.from_filelike(io.BytesIO(book.content)).sheet_names[0] == "概况"
    assert exports(bureau, "system")[-1]["kind"] == "season"


def test_a_verdict_is_recorded_and_counted(desk: TestClient, bureau: Any) -> None:
    """空报 stands on the record, in the season and in the journal; without a reason it is refused."""
    where = f"/console/records/{bureau.callout}/verdict"
    assert desk.post(where, data={"verdict": "false", "reason": ""}).status_code == 422
    assert desk.post(where, data={"verdict": "perhaps", "reason": "x"}).status_code == 422
    done = desk.post(where, data={"verdict": "false", "reason": "实况 12 毫米"})
    assert done.status_code == 303
    page = desk.get(f"/console/records/{bureau.callout}").text
    assert "检验：空报" in page
    assert "实况 12 毫米" in page
    season = desk.get("/console/records/season?year=2026").text
    assert "100.0%" in season
    desk.post(where, data={"verdict": "hit", "reason": "复核后更正"})
    assert "检验：应验" in desk.get(f"/console/records/{bureau.callout}").text


def test_a_record_that_is_not_there(desk: TestClient) -> None:
    """Pages, papers and acts say so."""
    assert desk.get("/console/records/999").status_code == 404
    assert desk.get("/console/records/999/form").status_code == 404
    assert desk.post("/console/records/999/workbook", data={}).status_code == 404
    assert desk.post("/console/records/999/verdict", data={"verdict": "hit", "reason": "x"}).status_code == 404
