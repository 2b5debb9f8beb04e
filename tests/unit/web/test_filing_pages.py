"""/f/{token}: a registrar confirms, corrects and hands in. GET shows, POST changes, and nothing that was written is lost."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from warning_dispatch.errors import Finding
from warning_dispatch.model.renewal import FilingState, ProofState
from warning_dispatch.model.renewal_views import WorkbookHandIn

PATH = "/f/filingtoken23456"
PROOF = "/p/prooftoken234567"
TOWN, VILLAGE, OTHER = "141124101", "141124101205", "141124101206"


@pytest.fixture
def inside(registrar: TestClient, renewal: Any) -> TestClient:
    """The registrar of a township with forty villages, the step behind."""
    renewal.add_township(40)
    answer = registrar.post(PATH, data={"do": "step", "four": "0001"})
    assert answer.status_code == 303
    return registrar


def person(index: int, **fields: str) -> dict[str, str]:
    """Fields of one person of the correction's form."""
    return {f"p{index}.{key}": value for key, value in {"id": "0", "role": "primary", **fields}.items()}


# --- the step ---------------------------------------------------------------------------------------------


def test_before_the_step_nobody_sees_a_name_and_nothing_can_be_done(registrar: TestClient, renewal: Any) -> None:
    """A link that went into a chat group shows how many units it is about, and that is all."""
    renewal.add_township(3)
    page = registrar.get(PATH)
    assert "末四位" in page.text
    assert "样本" not in page.text
    assert "138****" not in page.text
    for path in (
        "",
        f"/u/{VILLAGE}/correct",
        f"/u/{VILLAGE}/successor",
        f"/u/{VILLAGE}/sheet",
        "/workbook",
        "/approve",
    ):
        answer = registrar.post(PATH + path, data={"do": "confirm", "u": f"{TOWN}:1"})
        assert answer.status_code == 409
        assert "末四位" in answer.text
    assert renewal.calls == []


def test_the_step_is_remembered_by_this_browser_only(registrar: TestClient, renewal: Any) -> None:
    """The cookie is out of a script's reach, goes to no other site, and belongs to this one link."""
    renewal.add_township(3)
    wrong = registrar.post(PATH, data={"do": "step", "four": "9999"})
    assert wrong.status_code == 409
    assert "还可以试 4 次" in wrong.text
    right = registrar.post(PATH, data={"do": "step", "four": "0001"})
    assert (right.status_code, right.headers["location"]) == (303, "filingtoken23456")
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "filingtoken23456" not in cookie
    assert "第1村委会" in registrar.get(PATH).text


def test_over_https_the_cookie_insists_on_it(renewal: Any, application: Any) -> None:
    """What proves the step never travels in clear where the bureau's address is https."""
    renewal.add_township(1)
    client = TestClient(
        application("https://testserver", renewal), base_url="https://testserver", follow_redirects=False
    )
    assert "secure" in client.post(PATH, data={"do": "step", "four": "0001"}).headers["set-cookie"].lower()


# --- the list ---------------------------------------------------------------------------------------------


def test_a_township_sees_itself_and_all_its_villages_on_one_small_page(inside: TestClient) -> None:
    """Forty villages with people and masked numbers in less than 20 kB, without script, picture or foreign address."""
    page = inside.get(PATH)
    assert len(page.content) < 20_000
    assert page.text.count('type="checkbox"') == 41
    assert " checked" not in page.text
    assert not re.search(r"<script|<img|<link|https?://|@import|url\(|style=\"", page.text)
    assert re.search(r"138\*{4}\d{4}", page.text)
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_what_is_ticked_is_confirmed_and_nothing_else(inside: TestClient, renewal: Any) -> None:
    """Each unit must be looked at: one that is not ticked stays open."""
    answer = inside.post(PATH, data={"do": "confirm", "u": [f"{VILLAGE}:1", f"{OTHER}:1"]})
    assert (answer.status_code, answer.headers["location"]) == (303, "filingtoken23456")
    assert renewal.calls[-1] == ("confirm", (VILLAGE, OTHER))
    assert sum(one.state is FilingState.FILED for one in renewal.units) == 2
    page = inside.get(PATH).text
    assert page.count('type="checkbox"') == 39
    assert "已备案 2/41" in page


def test_nothing_ticked_is_said_and_hands_nothing_in(inside: TestClient, renewal: Any) -> None:
    """The button alone confirms nothing."""
    answer = inside.post(PATH, data={"do": "confirm"})
    assert answer.status_code == 422
    assert "还没有打勾" in answer.text
    assert renewal.calls[-1][0] == "step"


def test_who_comes_second_is_told_and_the_others_count(inside: TestClient, renewal: Any) -> None:
    """Somebody has handed one of two in meanwhile: that one is named, the other is filed."""
    index = next(i for i, one in enumerate(renewal.units) if one.unit_code == VILLAGE)
    renewal.units[index] = replace(renewal.units[index], version=2)
    answer = inside.post(PATH, data={"do": "confirm", "u": [f"{VILLAGE}:1", f"{OTHER}:1"]})
    assert answer.status_code == 409
    assert "第6村委会：别人刚刚报送过" in answer.text
    assert "somebody else" not in answer.text
    assert renewal.units[index + 1].state is FilingState.FILED


def test_what_cannot_be_right_has_no_box_to_tick(registrar: TestClient, renewal: Any) -> None:
    """A village without anybody is asked for somebody; a bad number and why it was sent back are said in the list."""
    renewal.add_township(6, spoilt=True)
    registrar.post(PATH, data={"do": "step", "four": "0001"})
    page = registrar.get(PATH).text
    assert page.count('type="checkbox"') == 5
    for said in ("没有责任人，请补报", "空号", "退回原因：B岗号码少一位", "已报送 1 个"):
        assert said in page


def test_more_than_forty_villages_stand_on_further_pages(registrar: TestClient, renewal: Any) -> None:
    """An old phone need not load a hundred villages at once."""
    renewal.add_township(99)
    registrar.post(PATH, data={"do": "step", "four": "0001"})
    counts = [registrar.get(f"{PATH}?page={n}").text.count('type="checkbox"') for n in (1, 2, 3, 99)]
    assert counts == [41, 41, 18, 18]
    assert "?page=2" in registrar.get(PATH).text


@pytest.mark.parametrize("agent", ["MicroMessenger", "TelegramBot (like TwitterBot)", ""])
@pytest.mark.parametrize(
    "path",
    [
        "",
        f"/u/{VILLAGE}",
        f"/u/{VILLAGE}/correct",
        f"/u/{VILLAGE}/successor",
        "/workbook",
        "/approve",
        "/template.xlsx",
    ],
)
def test_looking_changes_nothing(inside: TestClient, renewal: Any, agent: str, path: str) -> None:
    """Link previewers and scanners fetch by GET and HEAD, whatever page it is."""
    before = list(renewal.calls)
    for method in ("GET", "HEAD"):
        assert inside.request(method, PATH + path, headers={"User-Agent": agent}).status_code == 200
    assert renewal.calls == before


def test_what_a_machine_posts_ahead_changes_nothing(inside: TestClient, renewal: Any) -> None:
    """A prefetch that posts is refused kindly."""
    answer = inside.post(PATH, data={"do": "confirm", "u": f"{TOWN}:1"}, headers={"Sec-Purpose": "prefetch"})
    assert answer.status_code == 403
    assert "不算数" in answer.text
    assert renewal.calls[-1][0] == "step"


# --- one unit ---------------------------------------------------------------------------------------------


def test_one_unit_has_its_three_buttons(registrar: TestClient, renewal: Any) -> None:
    """A department's registrar comes straight to its unit: confirm, correct, successor; then who, when, and the sheet."""
    renewal.add_one()
    registrar.post(PATH, data={"do": "step", "four": "0001"})
    page = registrar.get(PATH).text
    for said in ("确认无误", "更正", "更换责任人", "打印备案表"):
        assert said in page
    answer = registrar.post(PATH, data={"do": "confirm", "u": "1411-water:1", "at": "1411-water"})
    assert answer.headers["location"] == "filingtoken23456"
    page = registrar.get(PATH).text
    assert "已备案" in page
    assert "登记联系人 于 2026-07-26 01:20 报送（确认无误）" in page
    assert ">确认无误<" not in page


def test_a_unit_of_somebody_else_is_not_there(inside: TestClient) -> None:
    """The link leads to its own units only."""
    assert inside.get(f"{PATH}/u/141125").status_code == 404
    assert inside.post(f"{PATH}/u/141125/correct", data={"version": "1"}).status_code == 404


def test_a_test_message_is_asked_for_once_a_day(inside: TestClient) -> None:
    """The second time it says so."""
    data = {"do": "proof", "unit": VILLAGE, "number": "15"}
    assert inside.post(PATH, data=data).headers["location"] == f"filingtoken23456/u/{VILLAGE}"
    again = inside.post(PATH, data=data)
    assert again.status_code == 409
    assert "今天已经发过" in again.text


def test_a_landline_is_rung_for_its_test(inside: TestClient, renewal: Any, registrars: Any) -> None:
    """It takes no text: the button says that it will ring, and the desk is asked for a call."""
    index = next(i for i, one in enumerate(renewal.units) if one.unit_code == VILLAGE)
    unit = renewal.units[index]
    duty = replace(unit.people[0], numbers=(registrars.number(901, mobile=False),))
    renewal.units[index] = replace(unit, people=(duty, *unit.people[1:]))
    page = inside.get(f"{PATH}/u/{VILLAGE}").text
    assert "打测试电话" in page
    inside.post(PATH, data={"do": "proof", "unit": VILLAGE, "number": "901", "voice": "1"})
    assert renewal.calls[-1] == ("proof", VILLAGE, 901, True)


def test_a_correction_reaches_the_desk_as_it_was_written(inside: TestClient, renewal: Any) -> None:
    """Numbers that stay go by their keys; new ones as written; who is struck out is left out; blanks are nobody."""
    unit = next(one for one in renewal.units if one.unit_code == VILLAGE)
    first, second = unit.people
    data = {"version": "1"}
    data |= person(
        0,
        id=str(first.receiver_id),
        name="样本改",
        post="主任",
        kept=str(first.numbers[0].number_id),
        phone="138 0013 8000",
    )
    data |= person(1, id=str(second.receiver_id), role="deputy", name=second.name, gone="1")
    data |= person(2, role="deputy", name="样本新", phone="13800000001、13800000002")
    data |= person(3)
    answer = inside.post(f"{PATH}/u/{VILLAGE}/correct", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, f"../../../filingtoken23456/u/{VILLAGE}")
    _, code, people = renewal.calls[-1]
    assert code == VILLAGE
    assert [(one.receiver_id, one.name, one.phones, one.kept) for one in people] == [
        (first.receiver_id, "样本改", ("13800138000",), (first.numbers[0].number_id,)),
        (0, "样本新", ("13800000001", "13800000002"), ()),
    ]
    page = inside.get(f"{PATH}/u/{VILLAGE}").text
    assert "已报送，待审核" in page
    assert "已报、待审核的责任人" in page


def test_a_bad_number_stands_beside_its_field_and_nothing_is_lost(inside: TestClient, renewal: Any) -> None:
    """Every error at its own field, everything that was written still there, and nothing half saved."""
    unit = next(one for one in renewal.units if one.unit_code == VILLAGE)
    first, second = unit.people
    data = {"version": "1"}
    data |= person(0, id=str(first.receiver_id), name="", phone="1380013", gone="")
    data |= person(
        1, id=str(second.receiver_id), role="deputy", name=second.name, kept=str(second.numbers[0].number_id)
    )
    answer = inside.post(f"{PATH}/u/{VILLAGE}/correct", data=data)
    assert answer.status_code == 422
    page = answer.text
    assert re.search(r'没有姓名 → 填写姓名</span>\s*<input name="p0.name"', page)
    assert re.search(r'手机号应为 11 位 → 请核对</span>\s*<input name="p0.phone" type="tel" value="1380013"', page)
    assert f'value="{second.name}"' in page
    assert renewal.calls[-1][0] == "step"
    assert unit in renewal.units


def test_who_is_struck_out_before_another_does_not_move_the_errors(inside: TestClient, renewal: Any) -> None:
    """The finding about the first of those who stay is about the second fieldset."""
    unit = next(one for one in renewal.units if one.unit_code == VILLAGE)
    first, second = unit.people
    data = {"version": "1"} | person(0, id=str(first.receiver_id), name="x", gone="1")
    data |= person(1, id=str(second.receiver_id), role="deputy", name="")
    page = inside.post(f"{PATH}/u/{VILLAGE}/correct", data=data).text
    assert re.search(r'没有姓名[^<]*</span>\s*<input name="p1.name"', page)


def test_room_for_one_more_keeps_what_was_written(inside: TestClient, renewal: Any) -> None:
    """The button adds a person to the form and hands nothing in."""
    unit = next(one for one in renewal.units if one.unit_code == VILLAGE)
    data = {"version": "1", "more": "1"} | person(0, id=str(unit.people[0].receiver_id), name="写了一半")
    page = inside.post(f"{PATH}/u/{VILLAGE}/correct", data=data)
    assert page.status_code == 200
    assert 'value="写了一半"' in page.text
    assert page.text.count("<fieldset>") == 2
    assert renewal.calls[-1][0] == "step"


def test_somebody_elses_correction_in_between_is_told(inside: TestClient, renewal: Any) -> None:
    """The version that the form was made from is gone: nothing is overwritten, and what was written stays."""
    index = next(i for i, one in enumerate(renewal.units) if one.unit_code == VILLAGE)
    unit = renewal.units[index]
    renewal.units[index] = replace(unit, version=5)
    kept = str(unit.people[0].numbers[0].number_id)
    data = {"version": "1"} | person(0, id=str(unit.people[0].receiver_id), name="样本改", kept=kept)
    page = inside.post(f"{PATH}/u/{VILLAGE}/correct", data=data)
    assert page.status_code == 422
    assert "别人刚刚报送过" in page.text
    assert 'value="样本改"' in page.text


def test_a_successor_is_named(inside: TestClient, renewal: Any) -> None:
    """Who leaves and who follows, in the role of who leaves; without a choice it is asked for."""
    unit = next(one for one in renewal.units if one.unit_code == VILLAGE)
    leaving = unit.people[1]
    assert (
        f'value="{leaving.receiver_id}" checked'
        in inside.get(f"{PATH}/u/{VILLAGE}/successor?who={leaving.receiver_id}").text
    )
    data = {"version": "1", "name": "样本接", "phone": "13800000003", "serves_from": "2027-05-01"}
    unchosen = inside.post(f"{PATH}/u/{VILLAGE}/successor", data=data)
    assert unchosen.status_code == 422
    assert "请选择谁不再担任" in unchosen.text
    assert 'value="样本接"' in unchosen.text
    bad = inside.post(f"{PATH}/u/{VILLAGE}/successor", data={**data, "who": str(leaving.receiver_id), "phone": "12"})
    assert re.search(r'应为 11 位[^<]*</span>\s*<input name="phone"', bad.text)
    answer = inside.post(f"{PATH}/u/{VILLAGE}/successor", data={**data, "who": str(leaving.receiver_id)})
    assert answer.status_code == 303
    name, code, key, words = renewal.calls[-1]
    assert (name, code, key) == ("successor", VILLAGE, leaving.receiver_id)
    assert (words.role, words.name, words.phones, words.serves_from) == (
        "deputy",
        "样本接",
        ("13800000003",),
        "2027-05-01",
    )


def test_the_sheet_is_in_clear_by_a_press_of_a_button_only(inside: TestClient, renewal: Any) -> None:
    """It is an export: GET never gives it, POST puts it on record first; it has lines for signature and stamp."""
    assert inside.get(f"{PATH}/u/{TOWN}/sheet").status_code == 405
    page = inside.post(f"{PATH}/u/{TOWN}/sheet")
    assert page.status_code == 200
    assert renewal.calls[-1] == ("sheet", TOWN)
    for said in ("备案表", "（签字）", "（盖章）", "13800000001", "登记人 138****0001 打印于", "@page"):
        assert said in page.text
    assert page.headers["cache-control"] == "no-store"


# --- workbook ---------------------------------------------------------------------------------------------


def test_a_workbook_is_looked_at_then_handed_in(inside: TestClient, renewal: Any) -> None:
    """The same file, first only looked at; the page says how many units and what differs."""
    file = {"file": ("白文镇.xlsx", b"PK-some-bytes")}
    looked = inside.post(f"{PATH}/workbook", files=file, data={"look": "1"})
    assert looked.status_code == 200
    assert "还没有提交：41 个单位，其中 2 个有变动" in looked.text
    assert renewal.calls[-1] == ("workbook", "白文镇.xlsx", 13, True)
    taken = inside.post(f"{PATH}/workbook", files=file)
    assert "已收下" in taken.text
    assert renewal.calls[-1][-1] is False
    assert "没有选择文件" in inside.post(f"{PATH}/workbook", files={"file": ("", b"")}).text


def test_every_problem_of_a_workbook_is_told(inside: TestClient, renewal: Any) -> None:
    """With sheet, row and column, in the reader's language; nothing is taken."""
    problem = Finding("责任人 第 3 行 手机", "应为 11 位 / a mobile number has 11 digits", "请核对 / check it")
    renewal.workbook = WorkbookHandIn(False, 41, 0, (), (problem,), (), ())
    page = inside.post(f"{PATH}/workbook", files={"file": ("a.xlsx", b"x")})
    assert page.status_code == 422
    assert "责任人 第 3 行 手机：应为 11 位 → 请核对" in page.text
    english = inside.post(f"{PATH}/workbook?lang=en", files={"file": ("a.xlsx", b"x")}).text
    assert "a mobile number has 11 digits → check it" in english


def test_the_template_has_the_registrars_units(inside: TestClient) -> None:
    """A workbook to fill in, under the unit's name."""
    answer = inside.get(f"{PATH}/template.xlsx")
    assert answer.content.startswith(b"PK")
    assert "%E7%99%BD%E6%96%87%E9%95%87.xlsx" in answer.headers["content-disposition"]


def test_what_is_too_large_is_refused_before_it_is_read(inside: TestClient) -> None:
    """A length beyond what is taken is told at once."""
    headers = {"Content-Length": str(11 << 20), "Content-Type": "multipart/form-data; boundary=x"}
    assert inside.post(f"{PATH}/workbook", content=b"x", headers=headers).status_code == 413


# --- approval ---------------------------------------------------------------------------------------------


def test_the_superior_approves_or_sends_back(inside: TestClient, renewal: Any) -> None:
    """What stands and what would stand, side by side; sending back needs a word of why."""
    renewal.add_waiting()
    assert "下级有 1 份待您审核" in inside.get(PATH).text
    page = inside.get(f"{PATH}/approve").text
    assert "现在登记" in page
    assert "已发测试信息" in page
    silent = inside.post(f"{PATH}/approve", data={"back": "9:2"})
    assert silent.status_code == 422
    assert "请写明要改什么" in silent.text
    assert inside.post(f"{PATH}/approve", data={"back": "9:2", "note": "号码不全"}).status_code == 303
    assert renewal.calls[-1] == ("back", 9, "号码不全", "registrar")
    renewal.add_waiting()
    stale = inside.post(f"{PATH}/approve", data={"f": "9:1"})
    assert stale.status_code == 409
    assert "已经有人处理" in stale.text
    assert inside.post(f"{PATH}/approve", data={"f": "9:2"}).status_code == 303
    assert "没有待审核的了" in inside.get(f"{PATH}/approve").text


# --- what is over, wrong, broken --------------------------------------------------------------------------


def test_over_is_told_kindly_with_whom_to_ring(inside: TestClient, renewal: Any) -> None:
    """A closed campaign or an expired link takes nothing and says where to turn."""
    renewal.open = False
    for answer in (
        inside.get(PATH),
        inside.get(f"{PATH}/u/{VILLAGE}"),
        inside.post(PATH, data={"do": "confirm", "u": f"{TOWN}:1"}),
    ):
        assert "已结束，或者链接已过期" in answer.text
        assert "值班电话" in answer.text
    assert renewal.calls[-1][0] == "step"


@pytest.mark.parametrize("path", ["/f/aaaaaaaaaaaaaaaa", "/f/nonsense", "/p/aaaaaaaaaaaaaaaa", "/p/x"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_wrong_link_says_whom_to_ring(registrar: TestClient, path: str, language: str) -> None:
    """No form of an answer that a person cannot read, whatever the browser accepts."""
    answer = registrar.get(f"{path}?lang={language}", headers={"Accept": "*/*"})
    assert answer.status_code == 404
    assert ("电话" if language == "zh" else "ring") in answer.text


def test_a_database_that_is_away_is_told(inside: TestClient, renewal: Any) -> None:
    """Nothing was recorded, what is on file has not changed, try again."""
    renewal.broken = True
    for answer in (inside.get(PATH), inside.post(PATH, data={"do": "confirm", "u": f"{TOWN}:1"}), inside.get(PROOF)):
        assert answer.status_code == 503
        assert "登记的内容没有变" in answer.text


@pytest.mark.parametrize(
    "path", ["", f"/u/{VILLAGE}", f"/u/{VILLAGE}/correct", f"/u/{VILLAGE}/successor", "/workbook", "/approve"]
)
def test_english_is_complete(inside: TestClient, renewal: Any, path: str) -> None:
    """Every page in the other language, and the language goes along in its links."""
    renewal.add_waiting()
    page = inside.get(f"{PATH}{path}?lang=en").text
    for word in ("更正", "确认", "备案表", "提交", "返回"):
        assert word not in page.replace("2027年度责任人更新备案", "")
    assert "?lang=en" in page


# --- proof ------------------------------------------------------------------------------------------------


def test_one_press_proves_a_number(registrar: TestClient, renewal: Any) -> None:
    """GET shows whose it would be, POST says so, and a second press adds nothing."""
    page = registrar.get(PROOF)
    assert "临县 白文镇 阳坡村" in page.text
    assert page.text.count("<input") == 0
    assert len(page.content) < 10_000
    assert registrar.head(PROOF).status_code == 200
    assert renewal.calls == []
    answer = registrar.post(PROOF, data={"do": "prove"})
    assert (answer.status_code, answer.headers["location"]) == (303, "prooftoken234567")
    assert "已确认，谢谢" in registrar.get(PROOF).text
    registrar.post(PROOF, data={"do": "prove"})
    assert renewal.calls == [("proved", "prooftoken234567")]


def test_a_wrong_number_is_denied(registrar: TestClient, renewal: Any) -> None:
    """Whoever got the message by mistake says so with the other button; a prefetch says nothing."""
    assert registrar.post(PROOF, data={"do": "prove"}, headers={"Purpose": "prefetch"}).status_code == 403
    registrar.post(PROOF, data={"do": "deny"})
    assert renewal.proof.state is ProofState.DENIED
    assert "不是您的号码" in registrar.get(PROOF).text


def test_an_expired_test_message_asks_for_nothing(registrar: TestClient, renewal: Any) -> None:
    """It says that nothing need be done."""
    renewal.proof = replace(renewal.proof, open=False)
    page = registrar.get(PROOF).text
    assert "已经过期" in page
    assert "<button" not in page


def test_tokens_are_secrets_in_the_log(registrar: TestClient, renewal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither of the two links is ever logged."""
    renewal.add_township(1)
    registrar.get(PATH)
    registrar.get(PROOF)
    said = capsys.readouterr()
    assert "filingtoken" not in said.out + said.err
    assert "prooftoken" not in said.out + said.err
