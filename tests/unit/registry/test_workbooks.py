"""Workbooks as offices make them: imported, or refused with words the registrar can act on."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import xlsxwriter

from warning_dispatch.errors import RegisterError
from warning_dispatch.model.register import Register
from warning_dispatch.model.register_changes import changes_between
from warning_dispatch.model.roster import Shift
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.problems import Problems, standing
from warning_dispatch.registry.reading import read_register
from warning_dispatch.registry.receiver_sheets import Rules
from warning_dispatch.registry.sample import sample_receivers
from warning_dispatch.registry.sample_block import sample_mobile
from warning_dispatch.registry.sectors import sector_words
from warning_dispatch.registry.workbook_export import Exported, Stamp, csv_bytes, template_bytes, workbook_bytes
from warning_dispatch.registry.workbook_import import WorkbookRead, merged, placed_shifts, read_workbook

CONTACTS = Path(__file__).resolve().parents[3] / "contacts"
TREE = read_register(CONTACTS).units
TODAY = "2026-07-01"
# Valid in form only: the library's own example; subscriber numbers of landlines never begin with 0.
MOBILE = str(phonenumbers.example_number_for_type("CN", phonenumbers.PhoneNumberType.MOBILE).national_number)
OTHER = MOBILE[:-1] + "8"
LANDLINE = "0358-0000000"


def book(
    folder: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], merge: Sequence[tuple[int, int, int, int]] = ()
) -> Path:
    """A workbook; `merge`: ranges of the first sheet (top, left, bottom, right) whose first cell spans them."""
    path = folder / "office.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, column, cell, made.add_format({"num_format": "yyyy-mm-dd"}))
                    elif cell != "":
                        sheet.write(number, column, cell)
            for top, left, bottom, right in merge if sheet.index == 0 else ():
                sheet.merge_range(top, left, bottom, right, rows[top][left])
    return path


def read(path: Path, *, short_codes: Sequence[str] = (), within: str = "") -> WorkbookRead:
    """A file against the real tree."""
    return read_workbook(path, TREE, Rules(TODAY, short_codes), within)


def clean(path: Path, **how: Any) -> WorkbookRead:
    """The same, when nothing is wrong with it."""
    found = read(path, **how)
    assert [one.finding for one in found.problems] == []
    return found


def people(found: WorkbookRead) -> list[tuple[str, Role, str, list[str]]]:
    """Unit, role, name and numbers of everybody."""
    return [
        (one.unit_code, one.role, one.name, list(dict.fromkeys(each.address for each in one.endpoints)))
        for one in found.receivers
    ]


HEAD = ["县", "乡镇", "村", "姓名", "角色", "联系电话"]


def test_titles_merged_cells_notes_and_mixed_cells(tmp_path: Path) -> None:
    """The list that every county sends: a title, merged townships, numbers as numbers, notes below."""
    rows = [
        ["临县气象灾害预警信息接收责任人统计表", "", "", "", "", ""],
        ["填报单位（盖章）：临县气象局", "", "", "", "", "2026年3月"],
        ["县 (市、区)", "乡镇（街道）", "村（社区）", "姓 名*", "A/B岗", "手机号码（必填）"],
        ["临县", "白文镇", "白文村", "张 某", "A岗", float(MOBILE)],
        ["", "", "", "李某", "B岗", f" {OTHER[:3]} {OTHER[3:7]} {OTHER[7:]}"],
        ["", "", "曜头村委会", "王某", "A岗", f"０３５８-０００００００／{MOBILE}"],
        ["", "", "", "", "", ""],
        ["注：1.手机须24小时开机。", "", "", "", "", ""],
        ["填表人：赵某", "", "", "审核人：", "", "联系电话：" + LANDLINE],
    ]
    merge = [(0, 0, 0, 5), (3, 0, 5, 0), (3, 1, 5, 1), (3, 2, 4, 2), (7, 0, 7, 5)]
    found = clean(book(tmp_path, {"Sheet1": rows}, merge))
    by_name = {unit.name: unit.code for unit in TREE if unit.area.startswith("141124101")}
    village, other = by_name["白文村委会"], next(code for name, code in by_name.items() if name.startswith("曜头"))
    assert people(found) == [
        (village, Role.PRIMARY, "张某", [f"+86{MOBILE}"]),
        (village, Role.DEPUTY, "李某", [f"+86{OTHER}"]),
        (other, Role.PRIMARY, "王某", ["+863580000000", f"+86{MOBILE}"]),
    ]
    assert any("标题" in one.what for one in found.notices)
    assert any("未读入" in one.what and "第 8 至 9 行" in one.what for one in found.notices)


def test_one_row_a_unit_with_a_header_of_two_rows(tmp_path: Path) -> None:
    """A岗 above 姓名 | 职务 | 手机, and the duty room's phone behind: three receivers of one row."""
    rows = [
        ["单位名称", "A岗", "", "", "B岗", "", "值班电话"],
        ["", "姓名", "职务", "手机", "姓名", "手机", ""],
        ["临县水利局", "张某", "局长", MOBILE, "李某", OTHER, LANDLINE],
    ]
    found = clean(book(tmp_path, {"部门": rows}, [(0, 1, 0, 3), (0, 4, 0, 5)]))
    assert people(found) == [
        ("141124-water", Role.PRIMARY, "张某", [f"+86{MOBILE}"]),
        ("141124-water", Role.DEPUTY, "李某", [f"+86{OTHER}"]),
        ("141124-water", Role.DUTY, "值班室", ["+863580000000"]),
    ]
    assert found.receivers[0].post == "局长"


def test_the_name_of_a_sheet_says_where_it_is(tmp_path: Path) -> None:
    """A sheet for each township: 王家庄 is the one of that township, of nine in the prefecture."""
    rows = [["村", "负责人", "职务", "联系方式"], ["王家庄", "张某", "书记", MOBILE]]
    found = clean(book(tmp_path, {"石口镇": rows}))
    assert people(found)[0][:2] == ("141130104214", Role.PRIMARY)


def test_a_name_of_several_units_is_put_before_the_registrar_with_codes(tmp_path: Path) -> None:
    """Never a guess: the codes to choose from stand in the finding."""
    rows = [["村", "负责人", "联系方式"], ["王家庄", "张某", MOBILE]]
    (problem,) = read(book(tmp_path, {"表": rows})).problems
    assert problem.kind == "unknown-unit"
    assert "9 个" in problem.finding.what
    assert "石口镇王家庄村委会" in problem.finding.what or "141102001014" in problem.finding.what
    assert problem.finding.where == "office.xlsx【表】第 2 行 row 2 [A 村]"


def test_an_unknown_name_is_answered_by_the_likely_one(tmp_path: Path) -> None:
    """A wrong character, and the register knows which was meant."""
    rows = [["县", "单位", "姓名", "手机"], ["临县", "临县自然资源句", "张某", MOBILE]]
    (problem,) = read(book(tmp_path, {"表": rows})).problems
    assert "141124-natural_resources" in problem.finding.remedy


def test_an_office_writes_its_own_departments_short(tmp_path: Path) -> None:
    """水利局 in 临县's workbook is 临县水利局; a wrong character is answered by what lies near."""
    rows = [["部门", "负责人", "电话"], ["水利局", "张某", MOBILE], ["自然资源句", "李某", OTHER]]
    found = read(book(tmp_path, {"部门": rows}), within="141124")
    assert [one.unit_code for one in found.receivers] == ["141124-water"]
    assert "141124-natural_resources" in found.problems[0].finding.remedy
    village = [["村", "负责人", "电话"], ["白纹村", "张某", MOBILE]]
    (problem,) = read(book(tmp_path, {"白文镇": village})).problems
    assert "临县白文镇白文村委会 141124101200" in problem.finding.remedy


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_of_either_world(tmp_path: Path, encoding: str) -> None:
    """Saved by a Chinese Windows or by anything else; rare characters survive."""
    path = tmp_path / "office.csv"
    path.write_bytes(f"单位编码,负责人,职务,联系电话\n141124000000,张墕,主任,{MOBILE}\n".encode(encoding))
    found = clean(path)
    assert people(found) == [("141124", Role.PRIMARY, "张墕", [f"+86{MOBILE}"])]


def test_an_old_xls(tmp_path: Path) -> None:
    """What a computer of 2003 saves: merged cells, numbers as numbers."""
    path = tmp_path / "old.xls"
    rows = [["乡镇", "姓名", "手机"], ["白文镇", "张某", float(MOBILE)], ["", "李某", OTHER]]
    path.write_bytes(old_workbook(rows, [(1, 2, 0, 0)]))
    found = read(path)
    assert [(one[0], one[2], one[3]) for one in people(found)] == [
        ("141124101", "张某", [f"+86{MOBILE}"]),
        ("141124101", "李某", [f"+86{OTHER}"]),
    ]
    assert [one.kind for one in found.problems] == ["role-by-order"]
    assert [one.role for one in found.receivers] == [Role.PRIMARY, Role.DEPUTY]


def test_every_problem_with_its_cell_at_once(tmp_path: Path) -> None:
    """One round of corrections; each problem has a name by which it can be accepted."""
    rows = [
        ["单位编码", "姓名", "角色", "手机", "座机", "邮箱", "核实日期"],
        ["999", "张某", "A", MOBILE, "", "", ""],
        ["141124", "", "A", MOBILE, "", "", ""],
        ["141124", "王某", "丙岗", "12345", "", "", ""],
        ["141124", "赵某", "B", MOBILE, f"{LANDLINE}转801", "不是邮箱", "去年"],
        ["141125", "周某", "A", "", "", "", ""],
    ]
    found = read(book(tmp_path, {"表": rows}))
    assert [(one.kind, one.row) for one in found.problems] == [
        ("unknown-unit", 2),
        ("no-name", 3),
        ("unknown-role", 4),
        ("bad-number", 4),
        ("extension", 5),
        ("bad-mail", 5),
        ("bad-day", 5),
        ("no-number", 6),
    ]
    assert found.problems[3].finding.where == "office.xlsx【表】第 4 行 row 4 [D 手机]"
    assert all(one.finding.remedy for one in found.problems)
    assert len(standing(found.problems, ["bad-number", "no-name@3", "unknown-unit"])) == 5
    assert people(found) == [("141124", Role.DEPUTY, "赵某", [f"+86{MOBILE}", "+863580000000"])]


def test_nobody_goes_from_a_unit_of_which_a_row_was_left_out(tmp_path: Path) -> None:
    """Accepting a bad row must not end the person who stands there."""
    stood = ReceiverEntry("141124", Role.PRIMARY, "钱某", "", "zh_CN", (EndpointEntry(Channel.VOICE, f"+86{OTHER}"),))
    rows = [["单位编码", "姓名", "角色", "手机"], ["141124", "钱某", "A", "1"], ["141124", "孙某", "B", MOBILE]]
    found = read(book(tmp_path, {"表": rows}))
    after = merged(Register(TREE, (stood,)), found)
    assert [one.name for one in after.receivers] == ["钱某", "孙某"]
    assert after.receivers[0] == stood


def test_a_workbook_speaks_for_the_units_it_names(tmp_path: Path) -> None:
    """Who is missing there has gone; another county is left alone; with `whole` nothing else stays."""
    phone = (EndpointEntry(Channel.VOICE, f"+86{OTHER}"),)
    stood = tuple(ReceiverEntry(code, Role.PRIMARY, "钱某", "", "zh_CN", phone) for code in ("141124", "141125"))
    found = clean(book(tmp_path, {"表": [["单位编码", "姓名", "手机"], ["141124", "孙某", MOBILE]]}))
    before = Register(TREE, stood)
    assert [(one.unit_code, one.name) for one in merged(before, found).receivers] == [
        ("141124", "孙某"),
        ("141125", "钱某"),
    ]
    assert [one.name for one in merged(before, found, whole=True).receivers] == ["孙某"]
    assert len(merged(before, found, whole=True, within="141124").receivers) == 2


def test_a_form_with_units_and_nobody_ends_nobody(tmp_path: Path) -> None:
    """The template comes back half filled in: what was left empty says nothing."""
    path = tmp_path / "form.xlsx"
    path.write_bytes(template_bytes([unit for unit in TREE if unit.area.startswith("141124101")], TREE))
    found = clean(path)
    assert (found.receivers, found.named) == ((), frozenset())


def test_columns_that_nobody_knows(tmp_path: Path) -> None:
    """A remark is told; numbers under a strange name are not lost in silence."""
    rows = [["单位编码", "姓名", "手机", "小灵通", "党支部"], ["141124", "张某", MOBILE, LANDLINE, "一支部"]]
    found = read(book(tmp_path, {"表": rows}))
    assert [one.kind for one in found.problems] == ["unknown-column"]
    assert "小灵通" in found.problems[0].finding.what
    assert any("党支部" in one.what for one in found.notices)


def test_hidden_columns_and_rows_are_told(tmp_path: Path) -> None:
    """What nobody sees on the screen is read, and said."""
    path = tmp_path / "hidden.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("表")
        for number, row in enumerate(
            [["单位编码", "姓名", "手机"], ["141124", "张某", MOBILE], ["141125", "李某", OTHER]]
        ):
            sheet.write_row(number, 0, row)
        sheet.set_column(2, 2, None, None, {"hidden": True})
        sheet.set_row(2, None, None, {"hidden": True})
    found = clean(path)
    assert len(found.receivers) == 2
    assert any("C 列" in one.what and "1 行（3…）" in one.what for one in found.notices)


def test_short_codes_by_the_list(tmp_path: Path) -> None:
    """The bureau's lines can dial 66123; nobody's can dial what the list does not allow."""
    rows = [["单位编码", "姓名", "手机"], ["141124", "张某", "66123"]]
    path = book(tmp_path, {"表": rows})
    assert read(path).problems[0].kind == "bad-number"
    assert people(clean(path, short_codes=["66*"]))[0][3] == ["66123"]


def test_terms_and_verification(tmp_path: Path) -> None:
    """Days in any usual dress; whose term is over is not taken."""
    rows = [
        ["单位编码", "姓名", "角色", "手机", "任职起", "任职止", "核实日期", "核实方式"],
        ["141124", "张某", "A", MOBILE, "2026年8月1日", "", date(2026, 4, 20), "电话"],
        ["141124", "李某", "B", OTHER, "", "2026.6.30", "", ""],
    ]
    found = clean(book(tmp_path, {"表": rows}))
    (entry,) = found.receivers
    assert (entry.serves_from, entry.verified_on, entry.verified_how) == ("2026-08-01", "2026-04-20", "电话")
    assert any("届满" in one.what for one in found.notices)


def test_units_and_a_roster_beside_the_people(tmp_path: Path) -> None:
    """A key unit comes with its measures, its people and who is on duty; a stranger on the roster is a problem."""
    sheets = {
        "重点单位": [
            ["单位编码", "单位名称", "类别", "认定日期", "复核日期", "应采取措施"],
            ["141124101-k01", "白文某煤业", "重点单位", "2025-05-01", "2027-05-01", "停产撤人"],
        ],
        "人员": [["单位编码", "姓名", "手机"], ["141124101-k01", "张某", MOBILE]],
        "值班表": [
            ["单位编码", "日期", "值班人员", "起", "止"],
            ["141124101-k01", "2026-07-01", "张某、李某", "", ""],
            ["141124101-k01", "2026-07-02", "张某", "20:00", "08:00"],
        ],
    }
    found = clean(book(tmp_path, sheets))
    assert found.units is not None
    (unit,) = found.units
    assert (unit.kind, unit.level, unit.superior) == (UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "141124101")
    assert (unit.certified_on, unit.review_on, unit.measures) == ("2025-05-01", "2027-05-01", "停产撤人")
    problems = Problems()
    shifts = placed_shifts(found, merged(Register(TREE, ()), found), problems)
    hours = [(one.ends - one.begins) // 3_600_000 for one in shifts]
    assert ([one.name for one in shifts], hours) == (["张某", "张某"], [24, 12])
    assert [one.kind for one in problems.found] == ["unknown-person"]


def test_a_key_unit_has_its_certificate_and_a_line_by_name(tmp_path: Path) -> None:
    """煤矿 becomes the catalogue's key; a line that nobody knows is kept and said, with what may be written."""
    sheet = [
        ["单位编码", "单位名称", "类别", "行业", "证书编号", "复核日期"],
        ["141124101-k01", "某煤业", "重点单位", "煤矿", "晋气证1号", "2027-05-01"],
        ["141124101-k02", "某厂", "重点单位", "神秘行业", "", ""],
    ]
    path = book(tmp_path, {"单位": sheet})
    read_in = read_workbook(path, TREE, Rules(TODAY, (), sector_words(CONTACTS.parent / "config")))
    assert read_in.units is not None
    first, second = read_in.units
    assert (first.sector, first.certificate) == ("coal_mine", "晋气证1号")
    assert second.sector == "神秘行业"
    (notice,) = [one for one in read_in.notices if "神秘行业" in one.what]
    assert "尾矿库" in notice.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 no zip at all", "损坏"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "损坏"),
        ("随便写写\n没有表头\n".encode(), "表头"),
        ("样本".encode("utf-16"), "GB18030"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(tmp_path: Path, content: bytes, said: str) -> None:
    """Damaged, locked, without a header, in another encoding: what to do stands beside."""
    path = tmp_path / "broken.xlsx"
    path.write_bytes(content)
    with pytest.raises(RegisterError, match=said) as caught:
        read(path)
    assert all(one.remedy for one in caught.value.findings)


def test_the_real_tree_comes_back_the_same(tmp_path: Path) -> None:
    """吕梁 with generated receivers, exported and read again: nothing differs, to the last number, as .xlsx and .csv."""
    key = Unit(
        "141124101-k01", "某煤业", UnitKind.KEY_UNIT, UnitLevel.TOWNSHIP, "141124101", "141124101", measures="停产"
    )
    units = (*TREE, key)
    register = Register(units, sample_receivers(units, 3))
    content = Exported(register, [Shift("1411-duty", register.receivers[0].name, 0, 1)])
    path = tmp_path / "all.xlsx"
    path.write_bytes(workbook_bytes(content, Stamp("王某", 0, "核对")))
    found = clean(path)
    assert changes_between(register, merged(Register(units, ()), found, whole=True)).nothing
    assert changes_between(register, merged(register, found, whole=True)).nothing
    path = tmp_path / "all.csv"
    path.write_bytes(csv_bytes(content, Stamp("王某", 0, "核对"), "gb18030"))
    assert changes_between(register, merged(register, read_workbook(path, units, Rules(TODAY)), whole=True)).nothing


def test_a_masked_export_shows_no_number() -> None:
    """It is for showing; nobody can be rung from it, and it cannot be imported."""
    phones = (EndpointEntry(Channel.VOICE, sample_mobile(7)), EndpointEntry(Channel.SMS, sample_mobile(7)))
    entry = ReceiverEntry("141124", Role.PRIMARY, "样本甲", "=1+1", "zh_CN", phones, sample=True)
    content = Exported(Register(TREE, (entry,)), masked=True)
    text = csv_bytes(content, Stamp("王某", 0, "核对"), "utf-8-sig").decode("utf-8-sig")
    assert sample_mobile(7)[3:] not in text
    assert "****" in text
    assert "'=1+1" in text
    assert text.startswith("接收责任人名册 · 导出人 王某 · 1970-01-01 08:00:00 · 核对")


# --- an .xls, byte by byte ----------------------------------------------------------------------------------


def old_workbook(rows: Sequence[Sequence[str | float]], merge: Sequence[tuple[int, int, int, int]]) -> bytes:
    """A BIFF8 workbook of one sheet in its compound file; `merge`: (first row, last row, first column, last column)."""
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            place = struct.pack("<HHH", number, column, 0)
            if isinstance(cell, float):
                sheet += record(0x0203, place + struct.pack("<d", cell))
            elif cell:
                sheet += record(0x0204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    sheet += record(0x00E5, struct.pack("<H", len(merge)) + b"".join(struct.pack("<HHHH", *one) for one in merge))
    sheet += record(0x000A, b"")
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = "表"
    size = len(begin) + 4 + 8 + 2 * len(name) + 4
    bound = struct.pack("<IHBB", size, 0, len(name), 1) + name.encode("utf-16-le")
    stream = begin + record(0x0085, bound) + record(0x000A, b"") + sheet
    return compound(stream.ljust(4096, b"\0"))


def record(kind: int, body: bytes) -> bytes:
    """One BIFF record."""
    return struct.pack("<HH", kind, len(body)) + body


def compound(stream: bytes) -> bytes:
    """A compound file with the one stream "Workbook": header, allocation table, directory, content."""
    stream = stream.ljust(-(-len(stream) // 512) * 512, b"\0")
    sectors = len(stream) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + struct.pack("<I", 0xFFFFFFFF) * 108
    entries = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return header + struct.pack("<128I", *table) + entries.ljust(512, b"\0") + stream


def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    """One entry of the directory."""
    text = (name + "\0").encode("utf-16-le")
    ends = struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return text.ljust(64, b"\0") + ends + bytes(36) + struct.pack("<IQ", start, size)
