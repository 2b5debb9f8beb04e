"""One receiver as an officer gives it at 3 a.m.: taken as it is meant, or every problem at once."""

from __future__ import annotations

import pytest

from warning_dispatch.errors import RegisterError
from warning_dispatch.model.unit import Channel, EndpointEntry, Role
from warning_dispatch.registry.addresses import read_phone
from warning_dispatch.registry.one_receiver import ReceiverWords, read_one
from warning_dispatch.registry.sample_block import sample_landline, sample_mobile

MOBILE, LANDLINE = sample_mobile(7), sample_landline(7)


def words(**changes: object) -> ReceiverWords:
    """A deputy with a mobile."""
    given: dict[str, object] = {"unit_code": "141124100203", "role": "deputy", "name": "样本甲", "phones": (MOBILE,)}
    return ReceiverWords(**{**given, **changes})  # type: ignore[arg-type] # the fields of the class


def test_a_mobile_is_rung_and_written_to() -> None:
    """One number, both channels; spaces and the like are taken."""
    entry = read_one(words(phones=(" 0086 26 0100-00007 ",), post=" 副主任 "), called=True, samples=True)
    assert (entry.role, entry.post, entry.language, entry.sample) == (Role.DEPUTY, "副主任", "zh_CN", True)
    assert entry.endpoints == (EndpointEntry(Channel.VOICE, MOBILE), EndpointEntry(Channel.SMS, MOBILE))


def test_a_landline_is_only_rung() -> None:
    """A duty room needs no name."""
    entry = read_one(
        words(role="duty", name="", phones=(LANDLINE,), mails=("zhiban@example.invalid",)), called=True, samples=True
    )
    assert entry.name == "值班室"
    assert [one.channel for one in entry.endpoints] == [Channel.VOICE, Channel.EMAIL]


def test_every_problem_at_once_and_no_number_among_them() -> None:
    """The officer mends all of it in one go; what is said may be written down anywhere."""
    bad = words(
        unit_code=" ", role="boss", name="", language="fr", phones=("12345", "0358-12345678 转 8"), mails=("x",)
    )
    with pytest.raises(RegisterError) as raised:
        read_one(bad, called=False, samples=True)
    places = [one.where for one in raised.value.findings]
    assert places == ["--role", "--language", "--name", "--unit", "--phone (1)", "--phone (2)", "--mail"]
    assert all(one.what and one.remedy for one in raised.value.findings)
    assert "12345" not in str(raised.value)


def test_nobody_without_a_way_to_reach_them() -> None:
    """No phone and no mail: nothing to add."""
    with pytest.raises(RegisterError, match="no way to reach"):
        read_one(words(phones=()), called=True, samples=True)


@pytest.mark.parametrize(
    ("phones", "samples"), [((MOBILE,), False), ((MOBILE, "+8613900000000"), True), ((MOBILE, "+8613900000000"), False)]
)
def test_a_sample_number_is_no_number(phones: tuple[str, ...], samples: bool) -> None:
    """Never where real routes would dial it, never beside a real one."""
    with pytest.raises(RegisterError, match="cannot reach anybody"):
        read_one(words(phones=phones), called=True, samples=samples)


def test_a_number_twice_is_one() -> None:
    """Typed twice, called once."""
    assert len(read_one(words(phones=(MOBILE, MOBILE)), called=True, samples=True).endpoints) == 2


def test_read_phone_tells_the_two_kinds_apart() -> None:
    """The officer does not have to say which it is."""
    assert read_phone(MOBILE) == (MOBILE, True)
    assert read_phone(LANDLINE) == (LANDLINE, False)
