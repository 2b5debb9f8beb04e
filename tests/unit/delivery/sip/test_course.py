"""The course of a call: only a key answers, an end is told once, what rings may be ended and who listens may not."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration.outcomes import load_outcomes
from warning_dispatch.delivery.sip.course import OURS, Act, Course, Heard, Stage, step
from warning_dispatch.delivery.sip.endings import shipped_endings

TABLE = shipped_endings()
ROOT = Path(__file__).resolve().parents[4]
WORDS = {
    Heard.KEY: st.sampled_from("0123456789*#ABCD"),
    Heard.CLOSED: st.sampled_from(["486 Busy Here", "end of file", ""]),
}


def played(course: Course, *heard: tuple[Heard, str, int]) -> tuple[Course, list[tuple[Act, str]]]:
    """A call to its last event: (what happened, its word, when)."""
    done: list[tuple[Act, str]] = []
    for what, word, at in heard:
        one = step(course, what, at, TABLE, word)
        course = one.course
        done += [(act, one.outcome if act is Act.TELL_END else "") for act in one.acts]
    return course, done


ASKED = Course(asks=True, heard_after=10_000)
RINGS, UP = (Heard.RINGING, "", 1_000), (Heard.PICKED_UP, "", 5_000)
GONE = "Connection reset by peer"


def test_a_key_is_told_at_once_and_the_end_no_more() -> None:
    """1 acknowledges, thanks are said, and the end of that call says nothing else."""
    course, done = played(
        ASKED, RINGS, UP, (Heard.KEY, "1", 6_000), (Heard.KEY, "1", 6_100), (Heard.CLOSED, "end of file", 9_000)
    )
    assert course.stage is Stage.OVER
    assert done == [(Act.TELL_KEY, ""), (Act.THANK, "")]


def test_a_wrong_key_hears_it_again() -> None:
    """Any other key is no answer; the text is read again, a few times at the most."""
    keys = [(Heard.KEY, "5", 6_000 + at) for at in range(9)]
    _, done = played(ASKED, UP, *keys, (Heard.CLOSED, "end of file", 60_000))
    assert done == [(Act.SAY_AGAIN, "")] * 3 + [(Act.TELL_END, "heard_no_key")]


def test_a_key_before_anybody_picked_up_is_none() -> None:
    """What a network plays while it rings may hold tones."""
    _, done = played(ASKED, RINGS, (Heard.KEY, "1", 2_000), (Heard.CLOSED, "480 Unavailable", 3_000))
    assert done == [(Act.TELL_END, "out_of_coverage")]


def test_how_long_somebody_listened_decides() -> None:
    """Hung up before one reading was over, or heard to the end: neither is an answer."""
    assert played(ASKED, UP, (Heard.CLOSED, GONE, 9_000))[1] == [(Act.TELL_END, "hung_up_early")]
    assert played(ASKED, UP, (Heard.CLOSED, GONE, 15_000))[1] == [(Act.TELL_END, "heard_no_key")]


def test_what_we_end_is_told_as_ours_whatever_the_network_says() -> None:
    """The ring limit, a withdrawal and a silent trunk have their own outcomes."""
    for why in (Heard.RING_LIMIT, Heard.WITHDRAWN, Heard.TRUNK_SILENT):
        _, done = played(
            ASKED, RINGS, (why, "", 9_000), (why, "", 9_001), (Heard.CLOSED, "Connection reset by user", 9_100)
        )
        assert done == [(Act.HANG_UP, ""), (Act.TELL_END, OURS[why])]


def test_who_listens_is_not_cut_off() -> None:
    """A withdrawal in the moment somebody picked up ends nothing."""
    course, done = played(ASKED, UP, (Heard.WITHDRAWN, "", 6_000), (Heard.RING_LIMIT, "", 7_000))
    assert (course.stage, done) == (Stage.LISTENING, [])


@st.composite
def events(draw: st.DrawFn) -> list[tuple[Heard, str, int]]:
    """Anything in any order."""
    found, at = [], 0
    for what in draw(st.lists(st.sampled_from(list(Heard)), max_size=25)):
        at += draw(st.integers(min_value=0, max_value=20_000))
        found.append((what, draw(WORDS[what]) if what in WORDS else "", at))
    return found


@given(events(), st.booleans())
def test_whatever_happens_only_a_key_answers_and_an_end_is_told_once(
    heard: list[tuple[Heard, str, int]], asks: bool
) -> None:
    """Promise 2: after the key nothing is told; without it at most one end, which acknowledges nothing."""
    course, done = played(Course(asks=asks, heard_after=10_000), *heard)
    told = [outcome for act, outcome in done if act is Act.TELL_END]
    keys = sum(act is Act.TELL_KEY for act, _ in done)
    assert keys + len(told) <= 1
    assert "key_pressed" not in told
    assert not keys or (asks and any(what is Heard.KEY and word == "1" for what, word, _ in heard))
    if any(what in (Heard.CLOSED, Heard.LINE_LOST) for what, _, _ in heard):
        assert course.stage is Stage.OVER
        assert keys + len(told) == 1


def test_every_ending_is_a_row_of_the_outcome_table() -> None:
    """What the tables name is known to the engine, and none of it acknowledges."""
    known = load_outcomes(ROOT / "config" / "outcomes.toml", "outcomes.toml", [])
    assert known is not None
    named = TABLE.named() | set(OURS.values()) | {"hung_up_early", "no_line", "line_lost"}
    assert named <= set(known)
    assert "key_pressed" not in named


def test_endings_by_status_by_text_and_as_a_site_has_it() -> None:
    """A status by itself, its class for one that nobody foresaw, the program's words, and the site's own table first."""
    assert TABLE.outcome("486 Busy Here") == "busy"
    assert TABLE.outcome("599 Whatever") == "temporarily_refused"
    assert TABLE.outcome("699 Never") == "rejected"
    assert TABLE.outcome("Connection timed out") == "provider_down"
    assert TABLE.outcome("") == "temporarily_refused"
    assert TABLE.changed({"480": "switched_off"}).outcome("480 Gone") == "switched_off"
