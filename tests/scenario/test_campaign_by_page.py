"""年度更新备案 by the pages themselves: real desk, real database, the registrar's browser; every promise of the page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH, Approval, FilingState
from warning_dispatch.model.unit import Role, Unit
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.web.application import Renewal, create_app

ROOT = Path(__file__).resolve().parents[2]
TOWN = "141124101"
NEW = 7_654_321


def few_units() -> tuple[Unit, ...]:
    """The city with its offices, 临县 with its, and one township with its villages."""
    units = read_register(ROOT / "contacts").units
    return tuple(one for one in units if len(one.area) <= 6 or one.area.startswith(TOWN))


class Office:
    """What the rest of the application stands on is not asked."""


class Site:
    """The world with a browser before it."""

    def __init__(self, world: Any) -> None:
        self.world = world
        world.do(world.desk.open_campaign("张工", "2027年度", "2027-04-20"))
        world.post()
        nobody: Any = Office()
        self.app = create_app(
            nobody,
            nobody,
            public_url="http://testserver",
            live_page=True,
            body_limit=1_000,
            clock=world.clock,
            renewal=Renewal(world.read, world.desk),
        )
        self.browser = self.fresh_browser()

    def fresh_browser(self) -> TestClient:
        """Somebody else's."""
        return TestClient(self.app, follow_redirects=True)

    def entered(self, unit: str, role: Role = Role.PRIMARY) -> str:
        """The registrar of a unit opens the link on the phone and enters its last digits: the page's path."""
        address = self.world.numbers[unit, role]
        path = FILING_PATH + self.world.token(address)
        page = self.browser.post(path, data={"do": "step", "four": address[-4:]})
        assert page.status_code == 200
        return str(path)

    def unit(self, path: str, code: str) -> Any:
        """As the desk shows it, the step behind."""
        token = path.rsplit("/", 1)[-1]
        passed = next(iter(self.browser.cookies.values()))
        page = self.world.read.renewal_page(token, passed)
        return next(one for one in page.units if one.unit_code == code)


@pytest.fixture
def site(make_refresh: Callable[..., Any]) -> Site:
    """A campaign has begun in a township of 临县."""
    units = few_units()
    return Site(make_refresh(units, sample_receivers(units, 1)))


def form_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form."""
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is None or ("checkbox" in tag and " checked" not in tag):
            continue
        fields.setdefault(name[1], []).append(value[1] if value else "on")
    for name, options in re.findall(r'<select name="([^"]*)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = [chosen[1] if chosen else "primary"]
    return fields


def test_a_township_confirms_itself_and_its_villages_on_one_page(site: Site) -> None:
    """Less than 20 kB, masked; what is ticked is filed, and the campaign counts it."""
    path = site.entered(TOWN)
    page = site.browser.get(path)
    assert len(page.content) < 20_000
    boxes = re.findall(r'name="u" value="([^"]*)"', page.text)
    assert len(boxes) > 20
    assert not re.search(r"\+?862\d{9}|260\d{8}", page.text)
    done = site.browser.post(path, data={"do": "confirm", "u": boxes})
    assert "全部单位都已报送" in done.text
    tally = site.world.read.progress().tally
    assert (tally.filed, tally.changed) == (len(boxes), 0)


def test_a_bad_number_then_a_good_one_then_its_holder_says_yes(site: Site) -> None:
    """The error stands beside its field; the new number gets a test message; one press behind it proves the number."""
    path = site.entered(TOWN)
    village = next(one for one in few_units() if one.superior == TOWN)
    address = f"{path}/u/{village.code}/correct"
    form = form_of(site.browser.get(address).text)
    form["p0.phone"] = ["1380"]
    wrong = site.browser.post(address, data=form)
    assert wrong.status_code == 422
    assert re.search(
        r'<span class="bad"[^>]*>[^<]+</span>\s*<input name="p0.phone" type="tel" value="1380"', wrong.text
    )
    assert site.unit(path, village.code).state is FilingState.ASKED
    form["p0.phone"] = [sample_mobile(NEW)]
    done = site.browser.post(address, data=form)
    assert done.status_code == 200
    assert "已备案" in done.text
    site.world.post()
    [letter] = site.world.letters_to(sample_mobile(NEW), PROOF_PATH)
    holder, proof = site.fresh_browser(), PROOF_PATH + letter.link.rsplit("/", 1)[-1]
    assert village.name in holder.get(proof).text
    assert not any(one.proved for person in site.unit(path, village.code).people for one in person.numbers)
    assert "已确认，谢谢" in holder.post(proof, data={"do": "prove"}).text
    assert any(one.proved for person in site.unit(path, village.code).people for one in person.numbers)


def test_a_successor_waits_for_the_superior_where_that_is_the_rule(make_refresh: Callable[..., Any]) -> None:
    """The county sees before and after, sends it back with a word, then approves; until then the old one stands."""
    units = few_units()
    site = Site(make_refresh(units, sample_receivers(units, 1), rules=RenewalRules(Approval.ALL)))
    path = site.entered(TOWN)
    before = site.unit(path, TOWN).people[0]
    address = f"{path}/u/{TOWN}/successor"
    data = {
        "version": str(site.unit(path, TOWN).version),
        "who": str(before.receiver_id),
        "name": "样本接",
        "phone": "",
    }
    nothing = site.browser.post(address, data=data)
    assert nothing.status_code == 422
    assert re.search(r'<span class="bad"[^>]*>[^<]+</span>\s*<input name="phone"', nothing.text)
    waits = site.browser.post(address, data={**data, "phone": sample_mobile(NEW)})
    assert "已报送，待审核" in waits.text
    assert before.name in waits.text
    assert "样本接" in waits.text
    town, site.browser = site.browser, site.fresh_browser()
    county = site.entered("141124")
    approvals = site.browser.get(f"{county}/approve").text
    assert "样本接" in approvals
    [(filing, version)] = re.findall(r'name="f" value="(\d+):(\d+)"', approvals)
    site.browser.post(f"{county}/approve", data={"back": f"{filing}:{version}", "note": "职务没写"})
    returned = town.get(f"{path}/u/{TOWN}").text
    assert "退回原因：职务没写" in returned
    current = re.search(r'name="version" value="(\d+)"', town.get(address).text)
    assert current is not None
    town.post(address, data={**data, "version": current[1], "post": "镇长", "phone": sample_mobile(NEW)})
    [(filing, version)] = re.findall(r'name="f" value="(\d+):(\d+)"', site.browser.get(f"{county}/approve").text)
    assert "没有待审核的了" in site.browser.post(f"{county}/approve", data={"f": f"{filing}:{version}"}).text
    filed = town.get(f"{path}/u/{TOWN}").text
    assert "已备案" in filed
    assert "样本接" in filed
    assert before.name not in filed


def test_the_form_that_was_downloaded_comes_back_filled_in(site: Site) -> None:
    """The template names the page's units; what was filled in is looked at first, then taken."""
    path = site.entered(TOWN)
    template = io.BytesIO(site.browser.get(f"{path}/template.xlsx").content)
    rows = [
        [str(cell) for cell in row]
        for row in CalamineWorkbook.from_filelike(template).get_sheet_by_name("责任人").to_python()
    ]
    heads = next(row for row in rows if "姓名" in row)
    mine = next(row for row in rows if TOWN in row)
    for key, value in {"姓名": "样本表", "职务": "镇长", "手机": sample_mobile(NEW), "样本": "是"}.items():
        mine[next(place for place, head in enumerate(heads) if head.startswith(key))] = value
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    file = {"file": ("白文镇.csv", written.getvalue().encode())}
    looked = site.browser.post(f"{path}/workbook", files=file, data={"look": "1"})
    assert looked.status_code == 200
    assert "还没有提交：1 个单位" in looked.text
    assert site.unit(path, TOWN).state is FilingState.ASKED
    assert "已收下" in site.browser.post(f"{path}/workbook", files=file).text
    assert [one.name for one in site.unit(path, TOWN).people] == ["样本表"]


def test_the_sheet_is_on_record_before_it_is_shown(site: Site) -> None:
    """In clear, with the township's villages; looking at pages before it left no line."""
    path = site.entered(TOWN)
    site.browser.get(f"{path}/u/{TOWN}")
    page = site.browser.post(f"{path}/u/{TOWN}/sheet")
    assert page.status_code == 200
    assert site.world.numbers[TOWN, Role.PRIMARY].removeprefix("+86") in page.text
    assert page.text.count("<tr>") > 20


def test_closed_is_closed(site: Site) -> None:
    """After the end nothing is taken, and the page says whom to ring; a link of nobody is told kindly."""
    path = site.entered(TOWN)
    site.world.do(site.world.desk.close_campaign("张工", "到期"))
    page = site.browser.post(path, data={"do": "confirm", "u": f"{TOWN}:1"})
    assert page.status_code == 409
    assert "值班电话" in page.text
    assert site.browser.get("/f/aaaaaaaaaaaaaaaa").status_code == 404
    assert "已结束" in site.browser.get("/campaign").text


def test_the_bureau_sees_it_all(site: Site) -> None:
    """Progress by county and line, who is open, and the sheet with a reason; all from the real readings."""
    path = site.entered(TOWN)
    site.browser.post(path, data={"do": "confirm", "u": f"{TOWN}:{site.unit(path, TOWN).version}"})
    assert "临县" in site.browser.get("/campaign").text
    assert "白文镇" in site.browser.get("/campaign/filings?state=filed").text
    sheet = site.browser.post(f"/campaign/sheet/{TOWN}", data={"actor": "张工", "reason": "盖章存档"})
    assert "张工 打印于" in sheet.text
    for page in ("/campaign", "/campaign/filings?state=all", "/campaign/awaiting"):
        assert site.browser.get(page + ("&" if "?" in page else "?") + "lang=en").status_code == 200
