"""By whose habits storms are played: documented, learned with care, or a bureau's own file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.errors import ConfigError
from warning_dispatch.model.lessons import CallsSeen, Seen, TextsSeen
from warning_dispatch.planning.habit_file import read_habits
from warning_dispatch.planning.habits import HABIT_OF, PRIOR, learned, usual
from warning_dispatch.simulation.population import TextHabit, VoiceHabit

NIGHT, DAY = 3, 14


def test_where_nothing_was_seen_nothing_is_learned() -> None:
    """The documented habits, by night and by day."""
    for hour in (NIGHT, DAY):
        assert learned(Seen(), hour) == usual(hour)
    assert usual(DAY).people.mobile[VoiceHabit.ANSWERS] > usual(NIGHT).people.mobile[VoiceHabit.ANSWERS]


def test_ten_calls_change_little_and_ten_thousand_are_believed() -> None:
    """Nobody answered: ten calls move the share by a twentieth of itself, ten thousand nearly to nothing."""
    before = usual(NIGHT).people.mobile[VoiceHabit.ANSWERS]

    def after(count: int) -> float:
        calls = (CallsSeen(landline=False, night=True, first=True, outcome="no_answer", count=count, took=0),)
        return learned(Seen(1, calls), NIGHT).people.mobile[VoiceHabit.ANSWERS]

    assert after(10) == pytest.approx(before * PRIOR / (PRIOR + 10))
    assert after(10_000) < 0.02


def test_night_and_day_landline_and_mobile_are_learned_apart() -> None:
    """What was seen by night says nothing of the day, a duty room nothing of a mobile."""
    calls = (CallsSeen(landline=True, night=True, first=True, outcome="no_answer", count=500, took=0),)
    taught = learned(Seen(1, calls), NIGHT).people
    assert taught.mobile == usual(NIGHT).people.mobile
    assert taught.landline[VoiceHabit.ANSWERS] < usual(NIGHT).people.landline[VoiceHabit.ANSWERS]
    assert learned(Seen(1, calls), DAY).people.landline == usual(DAY).people.landline


def test_messages_and_superiors_are_learned() -> None:
    """How many messages are answered and how soon, how many units superiors record."""
    texts = (TextsSeen(email=False, night=True, count=1_000, answered=500, after=500 * 60_000),)
    taught = learned(Seen(3, (), texts, told=900, open_below=1_000), NIGHT)
    acts = taught.people.sms[TextHabit.TAPS] + taught.people.sms[TextHabit.REPLIES]
    assert 0.4 < acts < 0.5
    assert taught.people.times.tap[1] < usual(NIGHT).people.times.tap[1]
    assert taught.superiors.works > usual(NIGHT).superiors.works
    assert taught.name == "learned"


@given(
    st.lists(
        st.builds(
            CallsSeen,
            landline=st.booleans(),
            night=st.booleans(),
            first=st.booleans(),
            outcome=st.sampled_from([*HABIT_OF, "no_report"]),
            count=st.integers(1, 100_000),
            took=st.integers(0, 10**9),
        ),
        max_size=20,
    ),
    st.lists(
        st.builds(
            TextsSeen,
            email=st.booleans(),
            night=st.booleans(),
            count=st.integers(10, 100_000),
            answered=st.integers(0, 10),
            after=st.integers(0, 10**9),
        ),
        max_size=5,
    ),
    st.integers(0, 23),
)
def test_whatever_was_seen_makes_people(calls: list[CallsSeen], texts: list[TextsSeen], hour: int) -> None:
    """Shares sum to one, chances are chances: the population itself refuses anything else."""
    learned(Seen(1, tuple(calls), tuple(texts), told=3, open_below=10), hour)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    """Everything else stays as documented."""
    file = tmp_path / "habits.toml"
    file.write_text("[night.sms]\nignores = 0.5\ntaps = 0.5\n[superiors]\nworks = 0.9\n", encoding="utf-8")
    found = read_habits(file, NIGHT)
    assert found.people.sms == {TextHabit.IGNORES: 0.5, TextHabit.TAPS: 0.5}
    assert found.people.mobile == usual(NIGHT).people.mobile
    assert found.superiors.works == 0.9
    assert read_habits(file, DAY).people.sms == usual(DAY).people.sms


def test_a_file_with_wrong_shares_is_refused_whole(tmp_path: Path) -> None:
    """Every finding, by band, in both languages, whatever hour is asked for."""
    file = tmp_path / "habits.toml"
    file.write_text("[night.sms]\nignores = 0.5\n[day.mobile]\nanswers = 2\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_habits(file, NIGHT)
    assert [one.where.split(": ", 1)[1] for one in caught.value.findings] == [
        "night population: sms",
        "day population: mobile",
    ]
    file.write_text("[night.sms]\nsleeps = 1\n[superiors]\nworks = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_habits(file, NIGHT)
    assert len(caught.value.findings) == 2
