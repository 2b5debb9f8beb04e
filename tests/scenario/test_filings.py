"""报送: a registrar with a phone in the hand, and everything that comes between the form and the register."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import xlsxwriter
from filings import COUNTY, NEW, PEOPLE, TOWNSHIP, UNITS, VILLAGES, WATER, Filing, number

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.errors import NotFoundError, ReceiverError, RefusedError
from warning_dispatch.model.register import Register
from warning_dispatch.model.renewal import (
    FILING_PATH,
    PROOF_PATH,
    Approval,
    FilingState,
    HandIn,
    LetterState,
    ProofState,
    Unready,
)
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.model.unit import Channel
from warning_dispatch.ports import Tap
from warning_dispatch.simulation.population import Script, TextHabit, VoiceHabit
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.register import replace_register
from warning_dispatch.store.register_history import changes_of_unit
from warning_dispatch.store.sql import Sql


@pytest.fixture
def filing(make_refresh: Callable[..., Any]) -> Filing:
    """Without approval."""
    return Filing(make_refresh)


@pytest.fixture
def approved(make_refresh: Callable[..., Any]) -> Filing:
    """New numbers are approved by the superior's registrar, or by the bureau."""
    return Filing(make_refresh, Approval.NEW_NUMBERS)


# --- the page ---------------------------------------------------------------------------------------------


def test_a_township_files_for_all_its_villages_on_one_page(filing: Filing) -> None:
    """One message with one link; one tap confirms the township and its villages; the register says who made sure, and when."""
    assert len(filing.world.letters_to(number(3), FILING_PATH)) == 1
    assert "3个单位" in filing.world.letters_to(number(3))[0].text
    assert not filing.world.letters_to(number(5))
    page = filing.page()
    assert [one.unit_code for one in page.units] == [TOWNSHIP, *VILLAGES]
    assert all(one.state is FilingState.FILED and not one.refused for one in filing.confirm())
    page = filing.page()
    assert (page.filed, page.total) == (3, 3)
    assert page.units[1].people[0].verified_on == "2027-04-06"
    assert page.units[1].how is HandIn.AS_IS


def test_a_page_shows_no_number_and_before_the_step_no_name(filing: Filing) -> None:
    """A link that was forwarded shows units and 镇*; numbers are masked even for the registrar."""
    token = filing.world.token(number(3))
    forwarded = filing.world.read.renewal_page(token)
    assert forwarded.step_needed
    assert [one.name for one in forwarded.units[0].people] == ["镇*", "镇*"]
    assert filing.page().units[0].people[0].name == "镇甲"
    assert number(3)[3:] not in str(filing.page())


def test_a_forwarded_link_can_do_nothing(filing: Filing) -> None:
    """Without the last four digits everything is refused; after eight wrong tries even the right ones are."""
    token = filing.world.token(number(3))
    desk, do = filing.desk, filing.world.do
    for work in (
        lambda: desk.confirm_as_is(token, [(TOWNSHIP, 0)]),
        lambda: desk.correct(token, TOWNSHIP, 0, [NEW], passed="abc"),
        lambda: desk.own_sheet(token, TOWNSHIP),
        lambda: desk.hand_in_workbook(token, b"", "x.xlsx"),
        lambda: desk.approve(token, []),
    ):
        with pytest.raises(RefusedError, match="后四位"):
            do(work())
    for _ in range(8):
        with pytest.raises(RefusedError, match="不对"):
            do(desk.pass_step(token, "9999"))
    with pytest.raises(RefusedError, match="太多"):
        do(desk.pass_step(token, "0003"))
    assert filing.state(TOWNSHIP) is FilingState.ASKED


def test_looking_changes_nothing(filing: Filing) -> None:
    """A preview fetches every page: no row changes by it."""
    token = filing.world.token(number(3))
    filing.successor(VILLAGES[0])
    filing.world.post()
    proof = filing.world.letters_to(number(77), PROOF_PATH)[0].link.rsplit("/", 1)[-1]
    tables = ("filing", "proof", "renewal_link", "letter", "endpoint", "journal_block")
    before = [filing.query(f"SELECT * FROM {table}") for table in tables]
    filing.world.read.renewal_page(token)
    filing.world.read.proof_page(proof)
    filing.world.read.progress()
    assert [filing.query(f"SELECT * FROM {table}") for table in tables] == before


def test_a_link_is_of_its_units_only(filing: Filing) -> None:
    """The water bureau cannot file for the township, nor see its sheet; an invented link is none."""
    token, passed = filing.world.registrar(WATER)
    (result,) = filing.world.do(filing.desk.confirm_as_is(token, [(TOWNSHIP, 0)], passed=passed))
    assert "不归这个链接" in result.refused
    with pytest.raises(RefusedError, match="不归这个链接"):
        filing.world.do(filing.desk.own_sheet(token, TOWNSHIP, passed=passed))
    with pytest.raises(NotFoundError):
        filing.world.read.renewal_page("a" * 16)


# --- changes ----------------------------------------------------------------------------------------------


def test_a_successor_is_in_the_register_with_history_and_a_test_message(filing: Filing) -> None:
    """The person goes, the other comes, the others stay; the history and the journal say so; the new number is asked."""
    result = filing.successor(TOWNSHIP)
    assert (result.state, result.tests) == (FilingState.FILED, 2)  # the new one, and the deputy nobody has confirmed
    assert filing.on_file(TOWNSHIP) == ["接任", "镇乙"]
    with reading(filing.world.database) as connection:
        history = changes_of_unit(Sql(connection), filing.world.sealer, TOWNSHIP)
    assert {(one.source, one.actor.split(":")[0]) for one in history} == {("page", "link")}
    filing.world.post()
    (told,) = filing.world.letters_to(number(77), PROOF_PATH)
    assert "白文镇" in told.text
    assert "回复1" in told.text


def test_the_second_of_two_is_told_who_was_quicker(filing: Filing) -> None:
    """A and B have the page open; B confirms what A has just changed: refused, with how and when."""
    token, passed = filing.world.registrar(TOWNSHIP)
    seen = filing.page().units
    filing.successor(VILLAGES[0])
    results = filing.world.do(
        filing.desk.confirm_as_is(token, [(one.unit_code, one.version) for one in seen], passed=passed)
    )
    assert [bool(one.refused) for one in results] == [False, True, False]
    assert "刚才已有人报送（换人" in results[1].refused
    assert filing.on_file(VILLAGES[0]) == ["接任"]


def test_everything_wrong_is_said_at_once(filing: Filing) -> None:
    """A number that is none, a role nobody knows, nobody at all: with the person's place, and never with a number."""
    token, passed = filing.world.registrar(TOWNSHIP)
    people = [PersonWords("A", "甲", phones=("12345",)), PersonWords("X", "", phones=(number(9),))]
    with pytest.raises(ReceiverError) as refused:
        filing.world.do(filing.desk.correct(token, TOWNSHIP, 0, people, passed=passed))
    said = str(refused.value)
    assert "第 1 人" in said
    assert "第 2 人" in said
    assert "12345" not in said
    with pytest.raises(ReceiverError, match="至少要有一个"):
        filing.world.do(filing.desk.correct(token, TOWNSHIP, 0, [], passed=passed))
    assert filing.state(TOWNSHIP) is FilingState.ASKED


def test_numbers_that_stay_need_not_be_typed_again(filing: Filing) -> None:
    """A correction of a name refers to the masked number by its id; the endpoint keeps its row."""
    unit = filing.page().units[0]
    token, passed = filing.world.registrar(TOWNSHIP)
    people = [
        PersonWords(one.role.key, f"{one.name}改", kept=tuple(each.number_id for each in one.numbers))
        for one in unit.people
    ]
    filing.world.do(filing.desk.correct(token, TOWNSHIP, unit.version, people, passed=passed))
    after = filing.world.read.people_of_unit(TOWNSHIP)
    assert [one.entry.endpoints for one in after] == [one.endpoints for one in PEOPLE if one.unit_code == TOWNSHIP]
    alien = [PersonWords("A", "甲", kept=(10_000,))]
    with pytest.raises(ReceiverError, match="不在册"):
        filing.world.do(filing.desk.correct(token, TOWNSHIP, 1, alien, passed=passed))


def test_between_campaigns_a_change_goes_the_same_way(make_refresh: Callable[..., Any]) -> None:
    """A filing without a campaign, filed at once, with history, journal and a test message."""
    world = make_refresh(UNITS, PEOPLE)
    done = world.do(world.desk.change_as("张工", TOWNSHIP, [NEW], "调任"))
    assert (done.state, done.tests) == (FilingState.FILED, 1)
    with reading(world.database) as connection:
        found = Sql(connection).rows("SELECT campaign_id, state, handed_in_by FROM filing")
    assert [tuple(one) for one in found] == [(None, FilingState.FILED, "张工")]
    world.post()
    assert len(world.letters_to(number(77), PROOF_PATH)) == 1


def test_the_unit_left_while_its_page_was_open(filing: Filing) -> None:
    """An import took it out of the register: the hand-in is refused, the filing withdrawn, the rest goes on; back, it is filed."""
    token, passed = filing.world.registrar(TOWNSHIP)
    left = tuple(unit for unit in UNITS if unit.code != VILLAGES[1])
    people = tuple(entry for entry in PEOPLE if entry.unit_code != VILLAGES[1])
    with writing(filing.world.database) as connection:
        replace_register(connection, filing.world.sealer, Register(left, people), filing.world.clock.now())
    filing.world.look()
    units = [(code, 0) for code in (TOWNSHIP, *VILLAGES)]
    results = filing.world.do(filing.desk.confirm_as_is(token, units, passed=passed))
    assert [bool(one.refused) for one in results] == [False, False, True]
    assert filing.state(VILLAGES[1]) is FilingState.WITHDRAWN
    assert filing.world.read.progress().tally.withdrawn == 1
    with writing(filing.world.database) as connection:
        replace_register(connection, filing.world.sealer, Register(UNITS, PEOPLE), filing.world.clock.now())
    filing.world.look()
    assert not any(one.refused for one in filing.confirm())
    assert filing.state(VILLAGES[1]) is FilingState.FILED


def test_the_campaign_was_closed_while_a_page_was_open(filing: Filing) -> None:
    """What was open lapses; the page says that it is over, and the button does nothing."""
    token, passed = filing.world.registrar(TOWNSHIP)
    filing.confirm(WATER)
    report = filing.world.do(filing.desk.close_campaign("张工", "到期"))
    assert (report.progress.tally.filed, report.progress.tally.lapsed) == (1, 4)
    assert not filing.world.read.renewal_page(token, passed).open
    with pytest.raises(RefusedError, match="失效"):
        filing.world.do(filing.desk.confirm_as_is(token, [(TOWNSHIP, 0)], passed=passed))
    assert filing.world.post() == 0


def test_closed_by_mistake_and_opened_anew_everybody_is_asked_anew(filing: Filing) -> None:
    """On the same day: the old links have expired, so each registrar gets the new one."""
    filing.world.do(filing.desk.close_campaign("张工", "截止日写错"))
    filing.world.do(filing.desk.open_campaign("张工", "", "2027-04-30"))
    filing.world.post()
    first, second = filing.world.letters_to(number(3), FILING_PATH)
    assert first.link != second.link
    assert "4月30日" in second.text
    assert all(not one.refused for one in filing.confirm())


# --- approval ---------------------------------------------------------------------------------------------


def test_until_it_is_approved_the_old_data_stays_in_force(approved: Filing) -> None:
    """The county's registrar sees before and after on the page, approves, and then the new one is called."""
    assert approved.successor(TOWNSHIP).waits
    assert approved.on_file(TOWNSHIP) == ["镇甲", "镇乙"]
    assert [one.name for one in approved.page().units[0].proposed] == ["接任", "镇乙"]
    token, passed = approved.world.registrar(COUNTY)
    (waiting,) = approved.page(COUNTY).awaiting
    assert (waiting.before[0].name, waiting.after[0].name) == ("镇甲", "接任")
    (done,) = approved.world.do(approved.desk.approve(token, [(waiting.filing_id, waiting.version)], passed=passed))
    assert done.state is FilingState.FILED
    assert approved.on_file(TOWNSHIP) == ["接任", "镇乙"]


def test_the_superior_is_told_that_something_waits(approved: Filing) -> None:
    """One letter a day however much is handed in, even to whoever has filed long ago; none when it was decided meanwhile."""
    approved.confirm(COUNTY)
    approved.successor(TOWNSHIP)
    approved.successor(VILLAGES[0], words=PersonWords("A", "接任二", phones=(number(78),)))
    approved.world.post()
    letters = [one for one in approved.world.letters_to(number(1), FILING_PATH) if "审核" in one.text]
    assert [one.text.split("下级有")[1][:4] for one in letters] == ["2个单位"]
    approved.world.until_day("2027-04-07")
    approved.successor(VILLAGES[1], words=PersonWords("A", "接任三", phones=(number(79),)))
    for one in approved.world.read.awaiting():
        approved.world.do(approved.desk.approve_as("张工", [(one.filing_id, one.version)]))
    approved.world.post()
    assert len([one for one in approved.world.letters_to(number(1), FILING_PATH) if "审核" in one.text]) == 1


def test_what_brings_no_new_number_waits_for_nobody(approved: Filing) -> None:
    """Confirming and correcting a name are in force at once."""
    assert all(one.state is FilingState.FILED for one in approved.confirm())


def test_nobody_approves_their_own(approved: Filing) -> None:
    """Not the township its village's, not the water bureau the township's; the bureau may."""
    approved.successor(VILLAGES[0])
    (waiting,) = approved.world.read.awaiting()
    for unit in (TOWNSHIP, WATER):
        token, passed = approved.world.registrar(unit)
        work = approved.desk.approve(token, [(waiting.filing_id, waiting.version)], passed=passed)
        (result,) = approved.world.do(work)
        assert "不由本单位审核" in result.refused
    (done,) = approved.world.do(approved.desk.approve_as("张工", [(waiting.filing_id, waiting.version)]))
    assert done.state is FilingState.FILED


def test_the_register_changed_before_it_was_approved(approved: Filing) -> None:
    """What was compared with an older state would undo somebody's work: refused, to be sent back."""
    approved.successor(TOWNSHIP)
    (waiting,) = approved.world.read.awaiting()
    people = tuple(replace(one, name="抢修") if one.name == "镇乙" else one for one in PEOPLE)
    with writing(approved.world.database) as connection:
        replace_register(connection, approved.world.sealer, Register(UNITS, people), approved.world.clock.now())
    (result,) = approved.world.do(approved.desk.approve_as("张工", [(waiting.filing_id, waiting.version)]))
    assert "又有变动" in result.refused
    assert approved.on_file(TOWNSHIP) == ["镇甲", "抢修"]


def test_what_is_sent_back_is_told_to_whoever_handed_it_in(approved: Filing) -> None:
    """With the reason on the page, and a letter; handed in again it waits again."""
    approved.successor(TOWNSHIP)
    (waiting,) = approved.world.read.awaiting()
    token, passed = approved.world.registrar(COUNTY)
    send_back = approved.desk.send_back
    with pytest.raises(RefusedError, match="原因"):
        approved.world.do(send_back(token, waiting.filing_id, waiting.version, " ", passed=passed))
    approved.world.do(send_back(token, waiting.filing_id, waiting.version, "姓名和文件不符", passed=passed))
    unit = approved.page().units[0]
    assert (unit.state, unit.note, unit.proposed) == (FilingState.RETURNED, "姓名和文件不符", ())
    approved.world.post()
    assert "退回" in approved.world.letters_to(number(3), FILING_PATH)[-1].text
    assert approved.successor(TOWNSHIP).waits
    with pytest.raises(RefusedError, match="刷新"):
        approved.world.do(send_back(token, waiting.filing_id, waiting.version, "x", passed=passed))


def test_a_number_proved_while_it_waited_is_proved_when_it_is_in_force(approved: Filing) -> None:
    """The holder answers before anybody has approved: the answer is not lost."""
    approved.successor(TOWNSHIP)
    approved.world.post()
    approved.reply(77, "收到")
    (waiting,) = approved.world.read.awaiting()
    approved.world.do(approved.desk.approve_as("张工", [(waiting.filing_id, waiting.version)]))
    assert proved(approved, 77)


# --- proofs -----------------------------------------------------------------------------------------------


def proved(filing: Filing, index: int) -> bool:
    """Whether every endpoint in force of a number is proved."""
    found = filing.query(
        "SELECT proved_at FROM endpoint WHERE valid_until IS NULL AND number_id = (SELECT id FROM number WHERE blind_index = ?)",
        filing.world.sealer.blind_index(number(index)),
    )
    return bool(found) and all(row[0] is not None for row in found)


@pytest.mark.parametrize("text", ["1", " １。", "收到", "是", "好的"])
def test_a_reply_proves_a_number(filing: Filing, text: str) -> None:
    """收到 or 1 in any spelling; anything else is no answer."""
    filing.successor(TOWNSHIP)
    filing.world.post()
    assert not proved(filing, 77)
    filing.reply(77, text)
    assert proved(filing, 77) == (text != "是")


def test_a_link_proves_a_number_and_only_its_own(filing: Filing) -> None:
    """A tap in the test message; the registrar's own link proves the registrar's number by the step."""
    filing.successor(TOWNSHIP)
    filing.world.post()
    (told,) = filing.world.letters_to(number(77), PROOF_PATH)
    page = filing.world.read.proof_page(told.link.rsplit("/", 1)[-1])
    assert (page.open, page.units) == (True, ("白文镇",))
    filing.world.engine.answer(filing.world.clock.now(), Inbox(taps=[Tap(told.link, filing.world.clock.now())]))
    assert proved(filing, 77)
    assert not proved(filing, 4)
    filing.page(WATER)
    assert proved(filing, 2)


@pytest.mark.parametrize("by_link", [True, False])
def test_a_successor_who_says_no_sends_the_filing_back(filing: Filing, by_link: bool) -> None:
    """不是我: the filing is returned, who handed it in is told, the unit stands as denied; the number goes on being used."""
    filing.successor(VILLAGES[0])
    filing.world.post()
    (told,) = filing.world.letters_to(number(77), PROOF_PATH)
    if by_link:
        page = filing.world.do(filing.desk.deny(told.link.rsplit("/", 1)[-1]))
        assert (page.state, page.open) == (ProofState.DENIED, False)
    else:
        filing.reply(77, "不是我")
    unit = filing.page().units[1]
    assert unit.state is FilingState.RETURNED
    assert Unready.DENIED in unit.problems
    assert "不是本人" in unit.note
    assert filing.query("SELECT min(usable) FROM endpoint WHERE valid_until IS NULL") == [(1,)]
    filing.world.clock.advance_to(filing.world.clock.now() + 3_600_000)
    filing.world.post()
    assert "退回" in filing.world.letters_to(number(3), FILING_PATH)[-1].text
    filing.reply(77, "1")
    assert Unready.DENIED not in filing.page().units[1].problems  # the person thought again


def test_a_test_message_can_be_asked_for_once_a_day(filing: Filing) -> None:
    """Nobody is bombarded; a landline is proved by a key in the next drill, and says so."""
    filing.confirm()
    filing.world.post()
    unit = filing.page().units[1]
    token, passed = filing.world.registrar(TOWNSHIP)
    number_id = unit.people[0].numbers[0].number_id
    for _ in range(3):
        filing.world.do(filing.desk.ask_proof(token, VILLAGES[0], number_id, passed=passed))
    filing.world.post()
    assert len(filing.world.letters_to(number(5), PROOF_PATH)) == 1
    filing.world.until_day("2027-04-07", "09:00")
    filing.world.do(filing.desk.ask_proof(token, VILLAGES[0], number_id, passed=passed))
    filing.world.post()
    assert len(filing.world.letters_to(number(5), PROOF_PATH)) == 2
    with pytest.raises(RefusedError, match="座机"):
        filing.world.do(filing.desk.ask_proof(token, VILLAGES[0], 99, passed=passed))


def test_a_landline_is_proved_by_a_key_where_the_registrar_asks(filing: Filing) -> None:
    """One test call a day, by day; 1 proves the number; listening, or no answer, proves nothing and denies nothing."""
    unit = filing.page().units[0]
    token, passed = filing.world.registrar(TOWNSHIP)
    for index, habit in ((3, VoiceHabit.HEARS), (4, VoiceHabit.ANSWERS)):
        filing.world.carrier.network.set_script(number(index), Script((habit,), (TextHabit.IGNORES,)))
        person_ = unit.people[index - 3]
        for _ in range(2):
            filing.world.do(
                filing.desk.ask_proof(token, TOWNSHIP, person_.numbers[0].number_id, voice=True, passed=passed)
            )
    filing.world.until_day("2027-04-06", "10:00")
    calls = [one for one in filing.world.carrier.handed if one.channel is Channel.VOICE]
    assert sorted(one.address for one in calls) == [number(3), number(4)]
    assert "按1" in calls[0].text
    assert proved(filing, 4)
    states = dict(filing.query("SELECT channel, max(state) FROM proof GROUP BY channel"))
    assert states == {Channel.VOICE: ProofState.PROVED}
    assert filing.query("SELECT state FROM proof ORDER BY state") == [(ProofState.ASKED,), (ProofState.PROVED,)]
    assert filing.query("SELECT DISTINCT state FROM letter WHERE channel = 1") == [(LetterState.ENDED,)]


def test_whoever_wants_no_messages_gets_none(filing: Filing) -> None:
    """退订 on a letter counts for letters, too: no reminder by that route, and the register says so; mail goes on."""
    filing.reply(3, "退订")
    filing.world.until_day("2027-04-14")
    assert len(filing.world.letters_to(number(3), FILING_PATH)) == 1
    assert len(filing.world.letters_to(number(2), FILING_PATH)) == 2
    findings = filing.query("SELECT DISTINCT finding FROM endpoint WHERE finding <> '' AND usable = 1")
    assert findings == [("opted_out",)]


# --- workbooks --------------------------------------------------------------------------------------------


def workbook(*rows: tuple[str, ...]) -> bytes:
    """An office's workbook."""
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    sheet = book.add_worksheet("责任人")
    for index, row in enumerate((("单位编码", "姓名", "角色", "手机", "样本"), *rows)):
        for column, cell in enumerate(row):
            sheet.write_string(index, column, cell)
    book.close()
    return memory.getvalue()


def test_a_workbook_is_handed_in_from_the_page(filing: Filing) -> None:
    """First looked at, then taken: the units it names are filed, with history and test messages."""
    content = workbook((VILLAGES[0], "新人", "A岗", number(88), "是"), (VILLAGES[1], "村乙", "A岗", number(6), "是"))
    token, passed = filing.world.registrar(TOWNSHIP)
    hand_in = filing.desk.hand_in_workbook
    looked = filing.world.do(hand_in(token, content, "白文镇.xlsx", dry_run=True, passed=passed))
    assert (looked.taken, looked.units, looked.changed) == (False, 2, 1)
    assert number(88)[-8:] not in str(looked.lines)
    assert filing.state(VILLAGES[0]) is FilingState.ASKED
    taken = filing.world.do(hand_in(token, content, "白文镇.xlsx", passed=passed))
    assert taken.taken
    assert {one.unit_code: one.state for one in taken.results} == dict.fromkeys(VILLAGES, FilingState.FILED)
    assert filing.on_file(VILLAGES[0]) == ["新人"]
    assert filing.page().units[1].how is HandIn.WORKBOOK
    assert filing.state(TOWNSHIP) is FilingState.ASKED


def test_a_workbook_with_a_problem_is_not_taken_at_all(filing: Filing) -> None:
    """Somebody else's unit, a number that is none, bytes that are no workbook: every problem, and nothing written."""
    token, passed = filing.world.registrar(TOWNSHIP)
    content = workbook(
        (VILLAGES[0], "新人", "A岗", number(88), "是"),
        (WATER, "水乙", "A岗", number(89), "是"),
        (VILLAGES[1], "村丙", "A岗", "12345", "是"),
    )
    read = filing.world.do(filing.desk.hand_in_workbook(token, content, "x.xlsx", passed=passed))
    said = "\n".join(map(str, read.problems))
    assert not read.taken
    assert "不归本单位报送" in said
    assert WATER in said
    assert len(read.problems) >= 2
    assert filing.state(VILLAGES[0]) is FilingState.ASKED
    broken = filing.world.do(filing.desk.hand_in_workbook(token, b"PK\x03\x04 no", "x.xlsx", passed=passed))
    assert broken.problems
    with pytest.raises(RefusedError, match="太大"):
        filing.world.do(filing.desk.hand_in_workbook(token, b"x" * (9 << 20), "x.xlsx", passed=passed))


def test_a_workbook_with_new_numbers_waits_for_approval_too(approved: Filing) -> None:
    """However it comes: what brings a new number is looked at first."""
    token, passed = approved.world.registrar(TOWNSHIP)
    content = workbook((VILLAGES[0], "新人", "A岗", number(88), "是"))
    read = approved.world.do(approved.desk.hand_in_workbook(token, content, "x.xlsx", passed=passed))
    assert [one.waits for one in read.results] == [True]
    assert approved.on_file(VILLAGES[0]) == ["村甲"]


# --- the sheet --------------------------------------------------------------------------------------------


def test_a_filing_sheet_is_on_the_record_before_it_is_seen(filing: Filing) -> None:
    """The township with its villages, in clear, watermarked; the journal knows who took it, and no name."""
    token, passed = filing.world.registrar(TOWNSHIP)
    sheet = filing.world.do(filing.desk.own_sheet(token, TOWNSHIP, passed=passed))
    assert [one.unit_code for one in sheet.units] == [TOWNSHIP, *VILLAGES]
    assert sheet.units[1].people[0].mobiles == (number(5),)
    assert sheet.printed_at == filing.world.clock.now()
    bodies = "".join(str(row[0]) for row in filing.query("SELECT body FROM journal_block"))
    assert "sheet.exported" in bodies
    assert "镇甲" not in bodies
    assert number(5)[-8:] not in bodies
