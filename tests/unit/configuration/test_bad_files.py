"""Files that cannot be read, wrong catalogues and tables: every finding at once over all files, never a traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warning_dispatch.configuration import load_configuration
from warning_dispatch.errors import ConfigError, Finding

Broken = Callable[[str, str, str], tuple[Finding, ...]]
FindingsOf = Callable[[Path], tuple[Finding, ...]]
HAZARDS, OUTCOMES, CITY = "hazards.toml", "outcomes.toml", "chains/city.toml"
FILES = (HAZARDS, OUTCOMES, CITY)
RAIN_NAME = 'name = "暴雨"\n'

CATALOGUE = {
    "missing": (RAIN_NAME, "", "hazards.rainstorm.name", "missing"),
    "empty": (RAIN_NAME, 'name = " "\n', "hazards.rainstorm.name", "must not be empty"),
    "unknown key": (RAIN_NAME, f'{RAIN_NAME}color = "red"\n', "hazards.rainstorm.color", "unknown key"),
    "colour": ('colours = ["blue"', 'colours = ["green"', "hazards.rainstorm.colours[0]", "unknown colour"),
    "validity": ('red = "6h"', 'red = "6"', "hazards.rainstorm.validity.red", "expected a duration"),
    "sector": ('"emergency", "water"', '"police", "water"', "hazards.rainstorm.sectors", "[sectors] has no police"),
    "code twice": ('"11B04"', '"11b03"', "hazards.snowstorm", "11B03 already belongs to rainstorm"),
    "name twice": ('name = "暴雪"', 'name = "暴雨"', "hazards.snowstorm", "暴雨 already belongs to rainstorm"),
    "alias twice": ('"雷雨大风"', '"暴雨"', "hazards.thunderstorm_gale", "暴雨 already belongs to rainstorm"),
    "advice": (
        'advice = { zh_CN = "立即转移',
        'advice = { cn = "立即转移',
        "hazards.rainstorm.advice.cn",
        "unknown key",
    ),
    "key": ("[hazards.haze]", '[hazards."Haze 1"]', "hazards.Haze 1", "lower-case letters"),
    "no table": ("[sectors]", "hazards_by = 1\n[sectors]", "hazards_by", "unknown key"),
    "sector's name": ('zh_CN = "水利", ', "", "sectors.water.zh_CN", "missing"),
}
TABLE = {
    "next": ('next = "heard"', 'next = "sleep"', "heard_no_key.next", "unknown next step"),
    "gap": ('gap = "60s"', "gap = 60", "busy.gap", "expected a duration"),
    "row": ("[no_answer]", "[no_anwser]", "no_answer", "a row the program needs is missing"),
    "title": ('title = { zh_CN = "占线", en = "busy" }\n', "", "busy.title", "missing"),
    "no table": ("[key_pressed]", "no_key = 1\n[key_pressed]", "no_key", "expected a table"),
    "a mailbox answers": (
        '"转语音信箱", en = "voicemail" }\nnext = "next_rung"',
        '"转语音信箱", en = "voicemail" }\nnext = "acknowledge"',
        "voicemail.next",
        "only key_pressed may mean acknowledge",
    ),
    "a key is nothing": ('next = "acknowledge"', 'next = "heard"', "key_pressed.next", "can only mean acknowledge"),
    "no end": ('next = "heard"', 'next = "delivered"', "heard_no_key.next", "only delivered may mean delivered"),
    "ends": ('next = "heard"', 'next = "heard"\nends = false', "heard_no_key.ends", "ends and next disagree"),
    "at once for ever": ('gap = "60s"\n', "", "busy.gap", "same_number needs a waiting time"),
}


@pytest.mark.parametrize(
    ("old", "new", "key", "words"), [pytest.param(*case, id=name) for name, case in CATALOGUE.items()]
)
def test_a_wrong_catalogue_is_refused(broken: Broken, old: str, new: str, key: str, words: str) -> None:
    """A hazard that cannot be told from another, or concerns nobody, is found at its place."""
    found = broken(HAZARDS, old, new)
    assert [one for one in found if one.where == f"{HAZARDS}: {key}" and words in one.what], list(map(str, found))


@pytest.mark.parametrize(("old", "new", "key", "words"), [pytest.param(*case, id=name) for name, case in TABLE.items()])
def test_a_wrong_outcome_table_is_refused(broken: Broken, old: str, new: str, key: str, words: str) -> None:
    """Promises 1 and 2 hold whatever the table is changed to: a mailbox never answers, nobody is called without end."""
    found = broken(OUTCOMES, old, new)
    assert [one for one in found if one.where == f"{OUTCOMES}: {key}" and words in one.what], list(map(str, found))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"name = \n", "not valid TOML", id="no value"),
        pytest.param(b"[a]\n[a]\n", "not valid TOML", id="table twice"),
        pytest.param('name = "吕梁"\n'.encode("gb18030"), "byte 8 is not UTF-8", id="gb18030"),
        pytest.param(b"\x00\xff\xfe", "is not UTF-8", id="no text"),
        pytest.param(b"\x00", "not valid TOML", id="nul"),
    ],
)
def test_a_file_that_is_no_toml(folder: Path, findings_of: FindingsOf, file: str, content: bytes, words: str) -> None:
    """A file saved in another encoding, or half of it, is one finding with the place, not a traceback."""
    (folder / file).write_bytes(content)
    found = findings_of(folder)
    assert [one for one in found if one.where == file and words in one.what and one.remedy], list(map(str, found))


@pytest.mark.parametrize("file", [HAZARDS, OUTCOMES])
def test_a_missing_file(folder: Path, findings_of: FindingsOf, file: str) -> None:
    """It says which, and what to do; the chains are not blamed for a catalogue that is not there."""
    (folder / file).unlink()
    (only,) = findings_of(folder)
    assert (only.where, "does not exist" in only.what, "copy" in only.remedy) == (file, True, True)


def test_a_folder_in_place_of_a_file(folder: Path, findings_of: FindingsOf) -> None:
    """Whatever the operating system says is a finding."""
    (folder / OUTCOMES).unlink()
    (folder / OUTCOMES).mkdir()
    (only,) = findings_of(folder)
    assert (only.where, "cannot be read" in only.what) == (OUTCOMES, True)


def test_no_chain_at_all(folder: Path, findings_of: FindingsOf) -> None:
    """A daemon without a plan would take in warnings and call nobody."""
    shutil.rmtree(folder / "chains")
    assert [(one.where, "no call chain" in one.what) for one in findings_of(folder)] == [("chains", True)]


def test_an_empty_folder(tmp_path: Path, findings_of: FindingsOf) -> None:
    """All three parts are missing, and all three are named."""
    assert [one.where for one in findings_of(tmp_path)] == [HAZARDS, OUTCOMES, "chains"]


@pytest.mark.parametrize("content", ["", "tiers = []\n", "[tiers]\nname = 1\n", 'ladders = "x"\n[[tiers]]\n'])
def test_a_chain_without_tiers(folder: Path, findings_of: FindingsOf, content: str) -> None:
    """[tiers] for [[tiers]] is an easy slip; the header is looked at all the same."""
    (folder / CITY).write_text(content, encoding="utf-8")
    found = findings_of(folder)
    assert {one.where for one in found} == {CITY, f"{CITY}: name", f"{CITY}: title", f"{CITY}: target"}
    assert any("needs [[tiers]]" in one.what for one in found)


@pytest.mark.parametrize(
    "content", ["", "hazards = 1\nsectors = 2\n", "[hazards]\nrain = 1\n", "[sectors]\nwater = 1\n"]
)
def test_a_catalogue_without_its_parts(folder: Path, findings_of: FindingsOf, content: str) -> None:
    """Values in place of tables are findings too, and only of this file."""
    (folder / HAZARDS).write_text(content, encoding="utf-8")
    found = findings_of(folder)
    assert {one.where.partition(":")[0] for one in found} == {HAZARDS}
    assert len(found) == 2


def test_every_finding_at_once_over_all_files(broken: Broken) -> None:
    """The person who mends the files at night runs `check` once, not once per slip."""
    broken(HAZARDS, RAIN_NAME, "")
    broken(HAZARDS, '"11B04"', '"11B05"')
    broken(HAZARDS, 'zh_CN = "水利", ', "")
    broken(OUTCOMES, 'next = "heard"', 'next = "sleep"')
    broken(OUTCOMES, 'gap = "60s"\n', "")
    broken(CITY, 'red = "60s"', 'red = "60"')
    broken(CITY, '"2h"', '"1m"')
    broken("chains/county.toml", 'opens_after = "townships"', 'opens_after = "towns"')
    found = broken("chains/strict.toml", 'name = "strict"', 'name = "county"')
    assert [one.where for one in found] == [
        "hazards.toml: sectors.water.zh_CN",
        "hazards.toml: hazards.rainstorm.name",
        "hazards.toml: hazards.cold_wave",
        "outcomes.toml: heard_no_key.next",
        "outcomes.toml: busy.gap",
        "chains/city.toml: tiers[0].hold.red",
        "chains/strict.toml: name",
        "chains/city.toml: ladders.leader_orange.voice_for",
        "chains/county.toml: tiers[4].opens_after",
    ]


def test_a_chain_full_of_slips(folder: Path, findings_of: FindingsOf, root: Path) -> None:
    """Header, triggers, tiers and ladders are read piece by piece: no slip hides another."""
    shutil.copy(root / "tests" / "data" / "config_bad" / "many.toml", folder / "chains" / "many.toml")
    label = "chains/many.toml: "
    assert {one.where for one in findings_of(folder)} == {
        label + key
        for key in (
            "name",
            "title.en",
            "target.red",
            "target.purple",
            "colour",
            "triggers[0].hazards",
            "triggers[0].msg_types[0]",
            "triggers[0].issuer",
            "tiers[0].answering_roles[0]",
            "tiers[0].hold.red",
            "tiers[1].opens_after",
            "tiers[1].ladders.red",
            "ladders.quick.unreached_after",
            "ladders.quick.rungs[0].channels[0]",
            "ladders.quick.repeat.every[0]",
            "ladders.quick.repeat.rungs",
        )
    }


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """One copy of the configuration for many spoilt versions of one line."""
    copy = tmp_path_factory.mktemp("spoilt") / "config"
    shutil.copytree(root / "config", copy)
    return copy


VALUES = [
    "1", "-1", "0.5", "nan", "inf", "true", '""', '"x"', '"never"', '"none"', '"5m"', '"99999999h"', "[]", "[[]]", "[1]",
    '["red"]', "{}", '{ red = "5m" }', "{ red = {} }", "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "[{}]",
    '["primary", "primary"]', '"leaders"', '"villages"', '["voice", 1]',
]  # fmt: skip


@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused(scratch: Path, root: Path, data: st.DataObject) -> None:
    """Whatever stands behind an equals sign: a configuration or findings with places, nothing else comes out."""
    file = data.draw(st.sampled_from(FILES))
    text = (root / "config" / file).read_text(encoding="utf-8")
    lines = text.splitlines()
    at = data.draw(st.sampled_from([index for index, line in enumerate(lines) if " = " in line and line[0] != "#"]))
    lines[at] = lines[at].partition(" = ")[0] + " = " + data.draw(st.sampled_from(VALUES))
    (scratch / file).write_text("\n".join(lines), encoding="utf-8")
    found: tuple[Finding, ...] = ()
    refused = False
    try:
        load_configuration(scratch)
    except ConfigError as error:
        found, refused = error.findings, True
    finally:
        (scratch / file).write_text(text, encoding="utf-8")
    assert refused is bool(found)
    assert all(one.where.startswith(("chains/", HAZARDS, OUTCOMES)) and one.what for one in found)
