"""The 12379 profile in the forms that producers really write."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warning_dispatch.errors import UnreadableAlertError
from warning_dispatch.ingest import read_message
from warning_dispatch.model.alert import Alert, AlertArea, AlertStatus, MsgType, ReadAlert
from warning_dispatch.model.colour import Colour

Sample = Callable[..., bytes]
CITY, COUNTIES = "12379-red-rain-city", "12379-red-rain-counties"
SENT = "2026-07-22 22:03:00+08:00"


def read(raw: bytes) -> ReadAlert:
    """The one alert of a message."""
    (only,) = read_message(raw)
    return only


def codes(found: ReadAlert) -> list[str]:
    """The codes of what is odd."""
    return [problem.code for problem in found.problems]


def essentials(found: ReadAlert) -> list[str]:
    """The codes of what keeps it from dialling by itself."""
    return [problem.code for problem in found.problems if problem.essential]


def test_namespace_of_the_vendor(sample: Sample) -> None:
    """The vendor's namespace changes nothing."""
    raw = sample(CITY, ("<alert>", '<alert xmlns="http://com.icss.amp">'))
    assert read(raw) == read(sample(CITY))


def test_root_named_after_the_status(sample: Sample) -> None:
    """One producer names the root after the status; the message is read, and noted."""
    found = read(sample(CITY, ("<alert>", "<Actual>"), ("</alert>", "</Actual>")))
    assert found.alert == read(sample(CITY)).alert
    assert codes(found) == ["root-name"]


def test_everything_missing_is_told_at_once(sample: Sample) -> None:
    """A message without identity is refused with all its gaps, each with its place."""
    raw = sample(
        CITY,
        ("<identifier>14110041600000_20260722220506</identifier>", ""),
        ("<sender>吕梁市气象台</sender>", "<sender> </sender>"),
        ("<senderCode>14110041600000</senderCode>", ""),
        (f"<sendTime>{SENT}</sendTime>", "<sendTime>+08:00</sendTime>"),
    )
    with pytest.raises(UnreadableAlertError) as caught:
        read_message(raw)
    assert [finding.where for finding in caught.value.findings] == [
        "/alert/identifier",
        "/alert/sender",
        "/alert/sendTime",
    ]


@pytest.mark.parametrize(
    "written", ["", "+08:00", "null+08:00", "0001-01-01 00:00:00+08:00", "2026-13-01 00:00:00", "昨天"]
)
def test_unusable_time_of_sending_is_refused(sample: Sample, written: str) -> None:
    """Without a time of sending there is no identity; the time of receipt never stands in for it."""
    with pytest.raises(UnreadableAlertError, match="sendTime"):
        read_message(sample(CITY, (SENT, written)))


@pytest.mark.parametrize(
    ("written", "status", "noted"),
    [
        ("Actual", AlertStatus.ACTUAL, []),
        (" actual\n", AlertStatus.ACTUAL, ["status-form"]),
        ("TEST", AlertStatus.TEST, ["status-form"]),
        ("Exercise", AlertStatus.EXERCISE, []),
        ("Draft", AlertStatus.DRAFT, []),
        ("Actual2", AlertStatus.UNKNOWN, ["status-unknown"]),
        ("Unknown", AlertStatus.UNKNOWN, ["status-unknown"]),
        ("", AlertStatus.UNKNOWN, ["status-unknown"]),
    ],
)
def test_status(sample: Sample, written: str, status: AlertStatus, noted: list[str]) -> None:
    """Case and blanks are forgiven; a word that is no status is UNKNOWN and never Actual."""
    found = read(sample(CITY, ("<status>Actual<", f"<status>{written}<")))
    assert found.alert.status is status
    assert codes(found) == noted
    assert bool(essentials(found)) == (status is AlertStatus.UNKNOWN)


def test_two_statuses_need_a_human(sample: Sample) -> None:
    """A message that says Actual and Test may not dial by itself."""
    found = read(sample(CITY, ("</status>", "</status><status>Test</status>")))
    assert essentials(found) == ["duplicate-element"]


@pytest.mark.parametrize(("written", "kind"), [("update", MsgType.UPDATE), ("Renew", MsgType.UNKNOWN)])
def test_msg_type(sample: Sample, written: str, kind: MsgType) -> None:
    """A message type in another case is read; one that is none needs a human."""
    found = read(sample(COUNTIES, (">Update<", f">{written}<")))
    assert found.alert.msg_type is kind
    assert bool(essentials(found)) == (kind is MsgType.UNKNOWN)


@pytest.mark.parametrize("written", ["RED", "red", "红色", "红"])
def test_severity_is_a_colour_word(sample: Sample, written: str) -> None:
    """The colour word is read in any case and in Chinese."""
    found = read(sample(CITY, (">Red<", f">{written}<")))
    assert found.alert.infos[0].colour is Colour.RED
    assert found.alert.infos[0].severity == written
    assert codes(found) == []


@pytest.mark.parametrize(
    ("severity", "noted"),
    [
        ("Unknown", ["colour-from-headline"]),
        ("", ["severity-form", "colour-from-headline"]),
        ("Extreme", ["severity-form"]),
        ("Ⅰ级", ["severity-form"]),
    ],
)
def test_headline_tells_the_colour_when_severity_does_not(sample: Sample, severity: str, noted: list[str]) -> None:
    """A red is never lost for want of a proper severity."""
    found = read(sample(CITY, (">Red<", f">{severity}<")))
    assert found.alert.infos[0].colour is Colour.RED
    assert codes(found) == noted
    assert not essentials(found)


@pytest.mark.parametrize(("severity", "headline"), [("Orange", "红色"), ("Red", "橙色")])
def test_higher_colour_counts(sample: Sample, severity: str, headline: str) -> None:
    """Where severity and headline disagree the higher one counts, and it is noted."""
    raw = sample(CITY, (">Red<", f">{severity}<"), ("发布暴雨红色预警信号[", f"发布暴雨{headline}预警信号["))
    found = read(raw)
    assert found.alert.infos[0].colour is Colour.RED
    assert codes(found) == ["colour-conflict"]


def test_colour_that_cannot_be_told_is_noted(sample: Sample) -> None:
    """No colour anywhere: readable, without one, and whoever judges it asks a human."""
    raw = sample(CITY, (">Red<", ">Unknown<"), ("暴雨红色预警信号[Ⅰ级/特别严重]", "暴雨预警"))
    found = read(raw)
    assert found.alert.infos[0].colour is None
    assert found.alert.infos[0].event_name == "暴雨"
    assert codes(found) == ["colour-unknown"]


def areas_of(sample: Sample, names: str, geocode: str) -> tuple[tuple[AlertArea, ...], list[str]]:
    """The areas of the four-county sample with other lists, and what is odd."""
    raw = sample(
        COUNTIES,
        ("<areaDesc>离石区,方山县,临县,兴县<", f"<areaDesc>{names}<"),
        ("141102000000,141128000000,141124000000,141123000000", geocode),
    )
    found = read(raw)
    return found.alert.infos[0].areas, codes(found)


LISHI, FANGSHAN = AlertArea("离石区", ("141102000000",)), AlertArea("方山县", ("141128000000",))


@pytest.mark.parametrize("comma", [",", "\uff0c", "\u3001", ";", " , ", "\uff0c\n  "])
def test_commas_of_every_kind(sample: Sample, comma: str) -> None:
    """ASCII and full-width commas, pause marks and semicolons part a list."""
    areas, noted = areas_of(sample, f"离石区{comma}方山县", f"141102000000{comma}141128000000{comma}")
    assert areas == (LISHI, FANGSHAN)
    assert noted == []


def test_repeated_areas_count_once(sample: Sample) -> None:
    """Producers write the same code twice; it is one area."""
    areas, noted = areas_of(sample, "离石区,离石区", "141102000000,141102000000")
    assert areas == (LISHI,)
    assert noted == []


def test_one_code_under_two_names_keeps_both_names(sample: Sample) -> None:
    """A name is not lost because its code is wrong."""
    areas, noted = areas_of(sample, "离石区,方山县", "141102000000,141102000000")
    assert areas == (LISHI, AlertArea("方山县", ("141102000000",)))
    assert noted == ["area-code-repeated"]


def test_lists_of_different_length_are_kept_whole(sample: Sample) -> None:
    """Codes are never paired with the wrong names."""
    areas, noted = areas_of(sample, "离石区和方山县", "141102000000,141128000000")
    assert areas == (AlertArea("离石区和方山县", ("141102000000", "141128000000")),)
    assert noted == ["area-lists-differ"]


@pytest.mark.parametrize("code", ["1411", "141102", "141102001", "141102001000", "14110200100012"])
def test_digits_are_kept_as_given(sample: Sample, code: str) -> None:
    """Codes are not trimmed or filled here: zeros mean something."""
    areas, noted = areas_of(sample, "离石区", code)
    assert areas == (AlertArea("离石区", (code,)),)
    assert noted == []


def test_full_width_digits(sample: Sample) -> None:
    """Full-width digits are digits, and noted."""
    wide = "".join(chr(0xFF10 + int(digit)) for digit in "141102000000")
    areas, noted = areas_of(sample, "离石区", wide)
    assert areas == (LISHI,)
    assert noted == ["area-code-form"]


def test_what_is_no_code_is_left_out(sample: Sample) -> None:
    """An area whose code cannot be read keeps its name."""
    areas, noted = areas_of(sample, "离石区,方山县", "141102000000,FS")
    assert areas == (LISHI, AlertArea("方山县"))
    assert noted == ["area-code-ignored"]


@pytest.mark.parametrize("names", ["离石区", ""])
def test_no_code_at_all_is_noted(sample: Sample, names: str) -> None:
    """Where it is has to be found from names or shapes, or by a human."""
    raw = sample(
        COUNTIES,
        ("<areaDesc>离石区,方山县,临县,兴县<", f"<areaDesc>{names}<"),
        ("141102000000,141128000000,141124000000,141123000000", ""),
    )
    assert codes(read(raw))[-1] == "area-missing"


@pytest.mark.parametrize(
    ("written", "references", "noted"),
    [
        ("14110041600000_20260722184007", ("14110041600000_20260722184007",), []),
        ("14110041600000_20260722184007_1", ("14110041600000_20260722184007_1",), []),
        (
            "14110041600000_20260722184007, 14110041600000_20260722184007\uff0c14110041600000_20260722190000",
            ("14110041600000_20260722184007", "14110041600000_20260722190000"),
            [],
        ),
        (
            "吕梁市气象台,14110041600000_20260722184007,2026-07-22T18:38:00+08:00",
            ("14110041600000_20260722184007",),
            ["references-form"],
        ),
        ("LL-2026-17", ("LL-2026-17",), ["references-form"]),
        ("", (), ["references-missing"]),
        ("14110041600000_20260722213512", ("14110041600000_20260722213512",), ["references-self"]),
    ],
)
def test_references(sample: Sample, written: str, references: tuple[str, ...], noted: list[str]) -> None:
    """References are bare identifiers, however the producer wrote them."""
    found = read(sample(COUNTIES, ("<references>14110041600000_20260722184007<", f"<references>{written}<")))
    assert found.alert.references == references
    assert codes(found) == noted


def test_times_are_read_leniently(sample: Sample) -> None:
    """Every leniency is noted at its element; what cannot be read is ignored, not guessed."""
    raw = sample(
        CITY,
        (SENT, "2026-07-22T22:03"),
        ("2026-07-22 22:05:06+08:00", " "),
        ("<onset/>", "<onset>soon</onset>"),
        ("<expires/>", "<expires>+08:00</expires>"),
    )
    found = read(raw)
    info = found.alert.infos[0]
    assert found.alert.sent == read(sample(CITY)).alert.sent
    assert (info.effective, info.onset, info.expires) == (None, None, None)
    assert [(problem.code, problem.path) for problem in found.problems] == [
        ("time-zone-assumed", "/alert/sendTime"),
        ("time-blank", "/alert/info/effective"),
        ("time-unreadable", "/alert/info/onset"),
        ("time-blank", "/alert/info/expires"),
    ]


@pytest.mark.parametrize("name", ["audenceprt", "audiencePrt", "phone"])
def test_telephone_numbers_are_never_read(sample: Sample, name: str) -> None:
    """Numbers inside a message reach neither the alert nor the notes."""
    raw = sample(
        CITY,
        ("<audenceprt>,</audenceprt>", f"<{name}>00000000000,</{name}>"),
        ("<sendTime>", "<phone>00000000000</phone><sendTime>"),
    )
    assert "00000000000," not in repr(read(raw))
    assert read(raw) == read(sample(CITY))


def test_sender_code_from_the_identifier(sample: Sample) -> None:
    """The issuer's code stands in the identifier too."""
    found = read(sample(CITY, ("<senderCode>14110041600000</senderCode>", "")))
    assert found.alert.sender_code == "14110041600000"
    assert codes(found) == ["sender-code-derived"]


def test_sender_code_that_differs_is_noted(sample: Sample) -> None:
    """Code and identifier of different issuers are noted."""
    found = read(sample(CITY, ("<senderCode>14110041600000", "<senderCode>14112441600000")))
    assert found.alert.sender_code == "14112441600000"
    assert codes(found) == ["sender-code-differs"]


def test_inner_is_kept(sample: Sample) -> None:
    """The classification reaches the alert, so that Inner can be kept inside."""
    assert read(sample(CITY, (">None<", ">Inner<"))).alert.classification == "Inner"


def test_lifting_headline_without_cancel_lifts(sample: Sample) -> None:
    """An Update that only lifts a warning must not dial as a red."""
    raw = sample(COUNTIES, ("变更发布暴雨红色", "解除暴雨红色"))
    found = read(raw)
    assert codes(found) == ["lifted-without-cancel"]
    assert [info.lifts for info in found.alert.infos] == [True]


def test_cancel_without_info_is_read(sample: Sample) -> None:
    """A Cancel needs no info; an Alert without one needs a human."""
    text = sample("12379-red-rain-city-cancel").decode()
    head, _, rest = text.partition("<info>")
    bare = head + rest.partition("</info>")[2]
    assert read(bare.encode()).problems == ()
    alert: Alert = read(bare.encode()).alert
    assert alert.infos == ()
    assert "info-missing" in codes(read(bare.replace(">Cancel<", ">Alert<").encode()))


def test_notes_of_a_kind_are_bounded_and_essentials_survive(sample: Sample) -> None:
    """A thousand trifles do not drown the one thing that matters."""
    trifles = ",".join(["x"] * 1000 + ["141100000000"])
    raw = sample(CITY, ("141100000000", trifles), ("<status>Actual", "<status>Live"))
    found = read(raw)
    assert len(found.problems) < 100
    assert essentials(found) == ["status-unknown"]
