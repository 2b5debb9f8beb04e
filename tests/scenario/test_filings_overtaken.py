"""被赶过的报送: the register moves on while a page, a link or a test message of before is still about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from filings import NEW, PEOPLE, TOWNSHIP, UNITS, VILLAGES, WATER, Filing, number, person

from warning_dispatch.engine.renewal_import import file_by_import
from warning_dispatch.errors import RefusedError
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import RegisterChanges
from warning_dispatch.model.renewal import FILING_PATH, PROOF_PATH, Approval, FilingState, LetterState, ProofState
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.model.unit import Role
from warning_dispatch.store.database import writing
from warning_dispatch.store.register import replace_register

VILLAGE = VILLAGES[0]
MENDED = PersonWords("A", "接任", phones=(number(78),))
MINUTE = 60_000


@pytest.fixture
def filing(make_refresh: Callable[..., Any]) -> Filing:
    """Without approval."""
    return Filing(make_refresh)


@pytest.fixture
def approved(make_refresh: Callable[..., Any]) -> Filing:
    """New numbers are approved by the superior's registrar, or by the bureau."""
    return Filing(make_refresh, Approval.NEW_NUMBERS)


def later(filing: Filing, minutes: int = 10) -> None:
    """Time passes, and nothing else happens."""
    filing.world.clock.advance_to(filing.world.clock.now() + minutes * MINUTE)


# --- a unit that comes back -------------------------------------------------------------------------------


def put(filing: Filing, *left_out: str) -> None:
    """The register is replaced by the whole one but for some units."""
    units = tuple(one for one in UNITS if one.code not in left_out)
    people = tuple(one for one in PEOPLE if one.unit_code not in left_out)
    with writing(filing.world.database) as connection:
        replace_register(connection, filing.world.sealer, Register(units, people), filing.world.clock.now())
    later(filing)


def test_a_unit_ended_by_mistake_is_asked_again_when_it_is_back(filing: Filing) -> None:
    """What it had filed before does not count: its people are those of another import; the registrar files it anew."""
    filing.confirm()
    put(filing, VILLAGE)
    filing.world.look()
    assert filing.state(VILLAGE) is FilingState.WITHDRAWN
    put(filing)
    filing.world.look()
    assert filing.state(VILLAGE) is FilingState.ASKED
    assert filing.query("SELECT count(*) FROM filing WHERE state = ? AND filed_at IS NOT NULL", FilingState.ASKED) == [
        (0,)
    ]
    assert not any(one.refused for one in filing.confirm())
    assert filing.state(VILLAGE) is FilingState.FILED


def test_an_import_that_brings_a_unit_back_files_it(filing: Filing) -> None:
    """In the import's own transaction, though nobody has looked at the calendar in between; the journal counts it."""
    put(filing, VILLAGE)
    filing.world.look()
    put(filing)
    with filing.world.storage.writing() as tx:
        entry = file_by_import(tx, filing.world.clock.now(), [VILLAGE], RegisterChanges((), ()), "张工")
    assert entry is not None
    assert (entry["units_back"], entry["filed"]) == (1, 1)
    assert filing.state(VILLAGE) is FilingState.FILED
    done = filing.world.do(filing.desk.change_as("张工", VILLAGE, [NEW], "换届"))
    assert done.state is FilingState.FILED


def test_a_unit_back_when_the_campaign_is_closed_is_overdue(filing: Filing) -> None:
    """It is in force and was not filed: it must not pass for one that has gone."""
    put(filing, VILLAGE)
    filing.world.look()
    put(filing)
    filing.world.do(filing.desk.close_campaign("张工", "到期"))
    assert filing.state(VILLAGE) is FilingState.LAPSED


# --- somebody added in mid-storm --------------------------------------------------------------------------


@pytest.mark.parametrize("filed", [False, True])
def test_a_page_from_before_the_storm_does_not_undo_who_was_added_in_it(filing: Filing, *, filed: bool) -> None:
    """加人 while a registrar has the page open: what is handed in from it is refused, and the person stays."""
    if filed:
        filing.confirm()
    token, passed = filing.world.registrar(TOWNSHIP)
    unit = next(one for one in filing.page().units if one.unit_code == VILLAGE)
    added = person(VILLAGE, "风雨里加的人", 90, Role.DEPUTY)
    with filing.world.storage.writing() as tx:
        unit_id = tx.campaigns.unit_ids([VILLAGE])[VILLAGE]
        tx.endpoints.add_receiver(unit_id, added, filing.world.clock.now(), actor="值班员")
    words = [PersonWords("A", "村甲", post="主任", kept=tuple({one.number_id for one in unit.people[0].numbers}))]
    with pytest.raises(RefusedError, match="刷新"):
        filing.world.do(filing.desk.correct(token, VILLAGE, unit.version, words, passed=passed))
    (result,) = filing.world.do(filing.desk.confirm_as_is(token, [(VILLAGE, unit.version)], passed=passed))
    assert "刷新" in result.refused
    assert filing.on_file(VILLAGE) == ["村甲", "风雨里加的人"]
    assert not any(one.refused for one in filing.confirm())


# --- a registrar who was replaced -------------------------------------------------------------------------


def shut(filing: Filing, token: str, passed: str) -> bool:
    """Whether a link of the township's shows nobody and takes nothing."""
    page = filing.world.read.renewal_page(token, passed)
    works = (
        lambda: filing.desk.confirm_as_is(token, [(VILLAGE, 0)], passed=passed),
        lambda: filing.desk.own_sheet(token, TOWNSHIP, passed=passed),
    )
    if page.open:
        return False
    for work in works:
        with pytest.raises(RefusedError, match="联系气象局"):
            filing.world.do(work())
    return (page.units, page.awaiting, page.own) == ((), (), "")


def test_the_link_of_whoever_was_replaced_opens_nothing(filing: Filing) -> None:
    """The bureau entered another one: from that moment the old link is shut; the successor's own comes with the next reminder."""
    token, passed = filing.world.registrar(TOWNSHIP)
    filing.world.do(filing.desk.change_as("张工", TOWNSHIP, [NEW], "换届"))
    assert shut(filing, token, passed)
    filing.world.until_day("2027-04-14")
    letters = filing.world.letters_to(number(77), FILING_PATH)
    assert [one.text.count("2个单位") for one in letters] == [1]
    fresh = letters[0].link.rsplit("/", 1)[-1]
    step = filing.world.do(filing.desk.pass_step(fresh, "0077"))
    assert [one.unit_code for one in filing.world.read.renewal_page(fresh, step).units] == [TOWNSHIP, *VILLAGES]
    assert not filing.world.letters_to(number(3), FILING_PATH)[1:]


def test_who_names_the_successor_has_a_day_to_finish_the_page(filing: Filing) -> None:
    """First the own successor, then the villages; the day after it is the successor's, and filing again does not lengthen it."""
    token, passed = filing.world.registrar(TOWNSHIP)
    filing.successor(TOWNSHIP)
    later(filing, 20 * 60)
    assert not any(one.refused for one in filing.confirm())
    later(filing, 5 * 60)
    assert shut(filing, token, passed)


def test_who_named_the_successor_may_mend_what_comes_back(filing: Filing) -> None:
    """A stranger's number: nobody else of the unit has been told, so the old link is open until that is mended."""
    token, passed = filing.world.registrar(TOWNSHIP)
    filing.successor(TOWNSHIP)
    filing.world.post()
    later(filing, 48 * 60)
    assert shut(filing, token, passed)
    filing.reply(77, "不是我")
    filing.world.post()
    assert "退回" in filing.world.letters_to(number(3), FILING_PATH)[-1].text
    filing.successor(TOWNSHIP, words=MENDED)
    assert filing.state(TOWNSHIP) is FilingState.FILED
    assert shut(filing, token, passed)


def test_who_answers_for_two_units_keeps_the_other(make_refresh: Callable[..., Any]) -> None:
    """One phone, two offices: replaced in one of them the link still files for the other, and for that one only."""
    filing = Filing(make_refresh)
    filing.world.do(filing.desk.change_as("张工", WATER, [PersonWords("A", "镇甲", phones=(number(3),))], ""))
    filing.world.do(filing.desk.close_campaign("张工", "重开"))
    filing.world.do(filing.desk.open_campaign("张工", "", "2027-04-30"))
    filing.world.post()
    token, passed = filing.world.registrar(TOWNSHIP)
    assert len(filing.page().units) == 4
    filing.world.do(filing.desk.change_as("张工", TOWNSHIP, [NEW], "换届"))
    page = filing.world.read.renewal_page(token, passed)
    assert (page.open, [one.unit_code for one in page.units]) == (True, [WATER])


def test_what_comes_back_is_not_told_to_whoever_has_left(approved: Filing) -> None:
    """The registrar who handed it in was replaced meanwhile: whoever answers now is written to."""
    approved.successor(VILLAGE)
    done = approved.world.do(approved.desk.change_as("张工", TOWNSHIP, [MENDED], "换届"))
    assert done.state is FilingState.FILED
    (waiting,) = approved.world.read.awaiting()
    approved.world.do(approved.desk.send_back_as("张工", waiting.filing_id, waiting.version, "姓名不符"))
    approved.world.post()
    assert len(approved.world.letters_to(number(3), FILING_PATH)) == 1
    assert "退回" in approved.world.letters_to(number(78), FILING_PATH)[-1].text


# --- a number that was replaced ---------------------------------------------------------------------------


def denied_by_link(filing: Filing, index: int) -> Any:
    """The holder of a number opens the link in the test message and says that it is not theirs."""
    told = filing.world.letters_to(number(index), PROOF_PATH)[-1]
    return filing.world.do(filing.desk.deny(told.link.rsplit("/", 1)[-1]))


@pytest.mark.parametrize("by_link", [True, False])
def test_a_no_to_a_number_that_was_replaced_changes_nothing(filing: Filing, *, by_link: bool) -> None:
    """Typed wrong, mended ten minutes later; the stranger says no an hour later: the mended filing stays filed."""
    filing.successor(VILLAGE)
    filing.world.post()
    later(filing)
    filing.successor(VILLAGE, words=MENDED)
    filing.world.post()
    if by_link:
        assert denied_by_link(filing, 77).state is ProofState.LAPSED
    else:
        filing.reply(77, "不是我")
    assert filing.state(VILLAGE) is FilingState.FILED
    assert not filing.page().units[1].note
    denied_by_link(filing, 78)
    assert filing.state(VILLAGE) is FilingState.RETURNED  # the number that is in force still can


def test_a_test_message_to_a_number_that_was_replaced_is_not_sent(filing: Filing) -> None:
    """Mended before it went: nobody disturbs the stranger."""
    filing.successor(VILLAGE)
    filing.successor(VILLAGE, words=MENDED)
    filing.world.post()
    assert not filing.world.letters_to(number(77))
    assert filing.query("SELECT count(*) FROM letter WHERE state = ?", LetterState.DROPPED) == [(1,)]


def test_a_no_counts_for_what_waits_only_where_it_is_proposed(approved: Filing) -> None:
    """A proposal that was replaced by another one is not sent back for a number that the new one does not have."""
    approved.successor(VILLAGE)
    approved.world.post()
    later(approved)
    approved.successor(VILLAGE, words=MENDED)
    approved.world.post()
    denied_by_link(approved, 77)
    assert approved.state(VILLAGE) is FilingState.HANDED_IN
    denied_by_link(approved, 78)
    assert approved.state(VILLAGE) is FilingState.RETURNED


def test_a_number_that_another_unit_waits_with_is_asked_on(approved: Filing) -> None:
    """One new person for two villages: taken out of one of them, the answer still counts for the other."""
    for village in VILLAGES:
        approved.successor(village)
    approved.world.post()
    approved.world.do(approved.desk.change_as("张工", VILLAGE, [MENDED], ""))
    approved.reply(77, "1")
    (waiting,) = approved.world.read.awaiting()
    approved.world.do(approved.desk.approve_as("张工", [(waiting.filing_id, waiting.version)]))
    assert [one.numbers[0].proved for one in approved.page().units[2].people] == [True]
