"""Reading a register: all or nothing, and every error by file, row and column."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pytest

from warning_dispatch.errors import Finding, RegisterError
from warning_dispatch.model.unit import Channel, Role
from warning_dispatch.registry.reading import read_register

DIVISIONS = """code,name,level,parent_code
141124,临县,county,1411
141124100,临泉镇,township,141124
141124100200,黄白塔村委会,village,141124100
141124100498,某园区虚拟社区,village,141124100
"""
OFFICES = """not_called = ["虚拟社区"]
[city]
code = "1411"
name = "吕梁市"
[bureau]
name = "吕梁市气象局"
[city_offices]
leaders = ["{place}{head}"]
departments = [{ sector = "water", name = "{place}水利局" }]
[county_offices]
departments = [{ sector = "water", name = "{place}水利局" }]
"""
HEADER = "unit_code,role,name,post,mobile,landline,email,language"
# Valid in form only: the library's own example; subscriber numbers of landlines never begin with 0.
MOBILE = str(phonenumbers.example_number_for_type("CN", phonenumbers.PhoneNumberType.MOBILE).national_number)


def folder(tmp_path: Path, *, divisions: str = DIVISIONS, offices: str = OFFICES, receivers: str | bytes = "") -> Path:
    """A register's folder."""
    (tmp_path / "divisions.csv").write_text(divisions, encoding="utf-8")
    (tmp_path / "offices.toml").write_text(offices, encoding="utf-8")
    if receivers:
        content = receivers if isinstance(receivers, bytes) else receivers.encode()
        (tmp_path / "receivers.csv").write_bytes(content)
    return tmp_path


def findings(where: Path) -> tuple[Finding, ...]:
    """What reading refuses it for."""
    with pytest.raises(RegisterError) as caught:
        read_register(where)
    return caught.value.findings


def only(where: Path) -> Finding:
    """The one finding."""
    found = findings(where)
    assert len(found) == 1, found
    return found[0]


def receiver_finding(tmp_path: Path, row: str) -> Finding:
    """The one finding about a row of receivers.csv."""
    return only(folder(tmp_path, receivers=f"{HEADER}\n{row}\n"))


def test_a_whole_register_is_read(tmp_path: Path) -> None:
    """A mobile speaks and writes, a landline only speaks, a mail address only writes."""
    rows = f"141124100200,A,样本甲0001,书记,{MOBILE},0358-0000000,a@HOST.example,\n141124,值班,,,,03580000001,,en\n"
    register = read_register(folder(tmp_path, receivers=f"{HEADER}\n{rows}"))
    first, second = register.receivers
    assert [(each.channel, each.address) for each in first.endpoints] == [
        (Channel.VOICE, f"+86{MOBILE}"),
        (Channel.SMS, f"+86{MOBILE}"),
        (Channel.VOICE, "+863580000000"),
        (Channel.EMAIL, "a@host.example"),
    ]
    assert (first.role, first.language, first.sample) == (Role.PRIMARY, "zh_CN", False)
    assert (second.role, second.language, second.name) == (Role.DUTY, "en", "值班室")


def test_receivers_are_optional(tmp_path: Path) -> None:
    """A tree alone is a register."""
    assert read_register(folder(tmp_path)).receivers == ()


@pytest.mark.parametrize("word", ["A", "a", "A岗", "primary", "B", "deputy", "值班", "值班电话", "duty"])
def test_roles_go_by_their_usual_words(tmp_path: Path, word: str) -> None:
    """The registrar writes what the form says."""
    register = read_register(folder(tmp_path, receivers=f"{HEADER}\n141124,{word},样本甲0001,,{MOBILE},,,\n"))
    assert register.receivers[0].role in Role


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_of_both_worlds_are_read(tmp_path: Path, encoding: str) -> None:
    """A spreadsheet on a Chinese Windows saves GB18030, another puts a mark in front; rare characters survive."""
    rows = f"{HEADER}\n141124100200,A,样本墕圪垯,,{MOBILE},,,\n".encode(encoding)
    register = read_register(folder(tmp_path, receivers=rows))
    assert register.receivers[0].name == "样本墕圪垯"


def test_chinese_headers_are_understood(tmp_path: Path) -> None:
    """The registrar need not know English."""
    rows = f"单位编码,角色,姓名,职务,手机,座机,邮箱,语言\n141124,A,样本甲0001,,{MOBILE},,,\n"
    assert len(read_register(folder(tmp_path, receivers=rows)).receivers) == 1


@pytest.mark.parametrize(
    "content",
    [
        "样本".encode("utf-16"),
        b"PK\x03\x04\x14\x00",
        b"\xff\xff\xff\xff",
        "单位编码".encode()[:-1] + b",\n" + "样本".encode() * 50,
    ],
)
def test_a_wrong_encoding_is_refused_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    """Never half-read a file into garbled names: UTF-16, a workbook, noise, a damaged UTF-8 file."""
    found = only(folder(tmp_path, receivers=content))
    assert found.where == "receivers.csv"
    assert "另存为" in found.remedy


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """A file that was cut to nothing must not empty the register."""
    assert "找不到表头" in only(folder(tmp_path, receivers="\n")).what


def test_a_header_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    """Units, people and some way to reach them; what else is left out is simply empty."""
    assert "单位、姓名、电话" in only(folder(tmp_path, receivers="unit_code,role,post\n141124,A,x\n")).what
    few = f"unit_code,role,name,mobile\n141124,A,样本甲0001,{MOBILE}\n"
    assert len(read_register(folder(tmp_path, receivers=few)).receivers) == 1


def test_a_misspelt_column_of_numbers_is_refused(tmp_path: Path) -> None:
    """A header that nobody reads would lose every number below it."""
    row = f"141124,A,样本甲0001,,{MOBILE},,,,{MOBILE}"
    found = findings(folder(tmp_path, receivers=f"{HEADER},moblie\n{row}\n"))
    assert any("moblie" in finding.what for finding in found)


def test_a_row_longer_than_its_header_is_refused(tmp_path: Path) -> None:
    """An unquoted comma shifts every cell after it."""
    assert "row 2" in receiver_finding(tmp_path, f"141124,A,样本甲0001,书记,主任,{MOBILE},,,zh_CN").where


def test_rows_are_counted_as_the_spreadsheet_counts_them(tmp_path: Path) -> None:
    """Blank lines are no receivers but do count."""
    found = only(folder(tmp_path, receivers=f"{HEADER}\n\n\n999,A,样本甲0001,,{MOBILE},,,\n"))
    assert "第 4 行" in found.where
    assert "[A unit_code]" in found.where


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f"999999,A,样本甲0001,,{MOBILE},,,", "unit_code"),
        (f"141124,C,样本甲0001,,{MOBILE},,,", "role"),
        (f"141124,A,,,{MOBILE},,,", "name"),
        ("141124,A,样本甲0001,,138000,,,", "mobile"),
        ("141124,A,样本甲0001,,,,a b@host.example,", "email"),
        (f"141124,A,样本甲0001,,{MOBILE},,,fr", "language"),
        ("141124,A,样本甲0001,,,,,", "mobile"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path: Path, row: str, column: str) -> None:
    """The registrar finds the cell without searching."""
    found = receiver_finding(tmp_path, row)
    letter = "ABCDEFGH"[HEADER.split(",").index(column)]
    assert found.where == f"receivers.csv 第 2 行 row 2 [{letter} {column}]"
    assert found.remedy


def test_every_error_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    """One round of corrections, not one for each error."""
    where = folder(
        tmp_path,
        divisions=DIVISIONS + "14112410,错,village,141124\n",
        offices=OFFICES.replace('name = "吕梁市气象局"', ""),
        receivers=f"{HEADER}\n141124,C,样本甲0001,,1,,,\n",
    )
    files = [finding.where.split(" ")[0].rstrip(":") for finding in findings(where)]
    assert files == ["offices.toml", "divisions.csv", "receivers.csv", "receivers.csv"]


def test_the_same_person_twice_in_one_role_is_refused(tmp_path: Path) -> None:
    """Two rows of one person are an old and a new number, and nobody can tell which."""
    rows = f"{HEADER}\n141124,A,样本甲0001,,{MOBILE},,,\n141124,primary,样本甲0001,,,0358-0000000,,\n"
    found = only(folder(tmp_path, receivers=rows))
    assert "第 2 行" in found.what
    assert "第 3 行" in found.where


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("141124,黄,county,1411", "code", "重复"),
        ("141125100,孤镇,township,141125", "parent_code", "不存在"),
        ("141124101,错镇,township,141124100", "parent_code", "不符"),
        ("141124101000,错镇,township,141124", "code", "12 位"),
        ("1411 24,错县,county,1411", "code", "不是数字"),
        ("141124101,,township,141124", "name", "没有名称"),
        ("141124101,错镇,hamlet,141124", "level", "hamlet"),
    ],
)
def test_a_bad_division_is_named_by_row_and_column(tmp_path: Path, row: str, column: str, said: str) -> None:
    """Codes are keys: duplicates, orphans and codes of the wrong length would call the wrong people."""
    found = only(folder(tmp_path, divisions=f"{DIVISIONS}{row}\n"))
    assert found.where == f"divisions.csv 第 6 行 row 6 [{column}]"
    assert said in found.what


def test_a_cycle_of_superiors_is_found(tmp_path: Path) -> None:
    """Two townships above each other would wait for each other's gate for ever."""
    rows = "141124101,甲镇,township,141124102\n141124102,乙镇,township,141124101\n"
    found = findings(folder(tmp_path, divisions=DIVISIONS + rows))
    assert ["环" in finding.what for finding in found] == [True, True]


def test_a_missing_file_is_a_finding(tmp_path: Path) -> None:
    """The wrong folder is an answer, not a stack trace."""
    assert {finding.where for finding in findings(tmp_path)} == {"divisions.csv", "offices.toml"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[bureau]", "[bureaux]"), "bureaux"),
        (('code = "1411"', 'code = "141100"'), "city.code"),
        (("[city]", "[city"), "TOML"),
        (
            ('departments = [{ sector = "water", name = "{place}水利局" }]', "departments = [{ sector = '水' }]"),
            "departments[0].sector",
        ),
        (("not_called", 'absent = ["141124-fire"]\nnot_called'), "141124-fire"),
    ],
)
def test_a_bad_list_of_offices_names_its_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """The key is in the finding, and an exception that excepts nothing is a typing error."""
    found = findings(folder(tmp_path, offices=OFFICES.replace(*change)))
    assert any(said in str(finding) for finding in found)


def test_two_departments_of_one_sector_are_refused(tmp_path: Path) -> None:
    """They would have the same code."""
    twice = '[{ sector = "water", name = "a" }, { sector = "water", name = "b" }]'
    offices = OFFICES.replace('[{ sector = "water", name = "{place}水利局" }]', twice, 1)
    assert "city_offices" in only(folder(tmp_path, offices=offices)).where


def test_one_county_may_lack_an_office_or_name_it_otherwise(tmp_path: Path) -> None:
    """Places differ; the pattern is only the rule."""
    offices = f'absent = ["1411-water"]\n{OFFICES}[renamed]\n"141124-water" = "临县水务局"\n'
    units = {unit.code: unit.name for unit in read_register(folder(tmp_path, offices=offices)).units}
    assert "1411-water" not in units
    assert units["141124-water"] == "临县水务局"


def test_sample_numbers_need_their_mark(tmp_path: Path) -> None:
    """An invented number in a real register is a village that nobody can call."""
    assert "样本" in receiver_finding(tmp_path, "141124,A,样本甲0001,,+8626010000001,,,").what
    assert "样本" in receiver_finding(tmp_path, "141124,A,样本甲0001,,,,a@example.invalid,").what


def test_the_sample_mark_refuses_numbers_that_could_reach_somebody(tmp_path: Path) -> None:
    """Practice never wakes real people: what is marked as sample must be harmless."""
    row = f"{HEADER},sample\n141124,A,样本甲0001,,{MOBILE},,,,yes\n"
    found = only(folder(tmp_path, receivers=row))
    assert found.where.endswith("[E mobile]")
