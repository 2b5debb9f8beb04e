"""表头: which row of a sheet holds the column names, and what each column means, however the office calls it. Pure.

A name is compared without blanks, brackets and marks ("手机号码（必填）" is 手机号码). A name can carry a role ("A岗手机",
"分管负责人电话"): then one row names several people of a unit. Two header rows ("A岗" above "姓名 | 手机") are read as one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from warning_dispatch.model.unit import Role
from warning_dispatch.registry.grids import Grid, texts

LOOKED_AT = 20
"""A header stands among so many first rows."""


class Field(StrEnum):
    """What a column can mean."""

    UNIT_CODE = "unit_code"
    UNIT = "unit"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    ROLE = "role"
    NAME = "name"
    POST = "post"
    MOBILE = "mobile"
    PHONE = "phone"
    LANDLINE = "landline"
    DUTY_PHONE = "duty_phone"
    MAIL = "email"
    LANGUAGE = "language"
    SAMPLE = "sample"
    SERVES_FROM = "serves_from"
    SERVES_UNTIL = "serves_until"
    VERIFIED_ON = "verified_on"
    VERIFIED_HOW = "verified_how"
    DAY = "day"
    BEGINS = "begins"
    ENDS = "ends"
    KIND = "kind"
    SUPERIOR = "superior"
    SECTOR = "sector"
    CALLED = "called"
    CERTIFIED_ON = "certified_on"
    REVIEW_ON = "review_on"
    MEASURES = "measures"
    CERTIFICATE = "certificate"
    IGNORED = "ignored"


NUMBERS = (Field.MOBILE, Field.PHONE, Field.LANDLINE, Field.DUTY_PHONE)
"""Columns that hold phone numbers."""

_ALIASES: Mapping[Field, str] = {
    Field.UNIT_CODE: "单位编码 编码 单位代码 代码 区划代码 行政区划代码 统计用区划代码 行政编码 code unitcode",
    Field.UNIT: "单位 单位名称 名称 部门 部门名称 所属单位 工作单位 责任单位 接收单位 机构名称 所在单位 unit unitname",
    Field.COUNTY: "县 区 县区 县市区 区县 县市 所属县 所属县区 所属区县 县名 县级 county",
    Field.TOWNSHIP: "乡镇 乡 镇 街道 乡镇街道 乡镇街办 所属乡镇 乡镇名称 乡级 township",
    Field.VILLAGE: "村 社区 村社区 村名 村居 行政村 村委会 村民委员会 村社区名称 村居名称 所属村 村级 village",
    Field.ROLE: "角色 岗位 岗 责任岗 ab岗 ab角 责任类别 责任人类别 责任人类型 人员类别 责任人角色 role",
    Field.NAME: "姓名 名字 负责人 责任人 联系人 接收人 接收责任人 负责人姓名 责任人姓名 联系人姓名 信息员 联络员 联络员姓名 "
    "主要负责人 值班人员 值班员 值班人 name",
    Field.POST: "职务 职位 职务职称 职称 行政职务 现任职务 post title",
    Field.MOBILE: "手机 手机号 手机号码 移动电话 手机电话 联系手机 手机1 手机2 mobile",
    Field.PHONE: "电话 联系电话 联系方式 电话号码 号码 联系号码 联系电话手机 phone tel telephone",
    Field.LANDLINE: "座机 固定电话 固话 办公电话 办公室电话 座机号码 单位电话 办公座机 landline",
    Field.DUTY_PHONE: "值班电话 值班室电话 24小时值班电话 值班座机 值班固话 值班室",
    Field.MAIL: "邮箱 电子邮箱 电子邮件 邮件 email e-mail mail",
    Field.LANGUAGE: "语言 language",
    Field.SAMPLE: "样本 sample",
    Field.SERVES_FROM: "任职起 任职开始 起始日期 开始日期 生效日期 有效期起 servesfrom",
    Field.SERVES_UNTIL: "任职止 任职结束 截止日期 结束日期 失效日期 有效期止 servesuntil",
    Field.VERIFIED_ON: "核实日期 核实时间 确认日期 verifiedon",
    Field.VERIFIED_HOW: "核实方式 确认方式 verifiedhow",
    Field.DAY: "日期 值班日期 day date",
    Field.BEGINS: "起 开始 接班 开始时间 起始时间 begins",
    Field.ENDS: "止 结束 交班 结束时间 终止时间 ends",
    Field.KIND: "类别 单位类别 kind",
    Field.SUPERIOR: "上级 上级编码 上级代码 上级单位编码 superior parentcode",
    Field.SECTOR: "行业 条线 行业条线 sector",
    Field.CALLED: "叫应 是否叫应 called",
    Field.CERTIFIED_ON: "认定日期 认定时间 certifiedon",
    Field.REVIEW_ON: "复核日期 下次复核 下次复核日期 reviewon",
    Field.CERTIFICATE: "证书编号 认定证书编号 认定编号 认定文号 证书号 certificate",
    Field.MEASURES: "应采取措施 防御措施 应对措施 措施 measures",
    Field.IGNORED: "序号 编号 备注 说明 性别 传真 微信 微信号 年龄 民族 政治面貌 问题 no 行号 remark remarks problem",
}
_BY_NAME: Mapping[str, Field] = {name: field for field, names in _ALIASES.items() for name in names.split()}
_ROLE_WORDS: tuple[tuple[re.Pattern[str], Role], ...] = (
    (re.compile(r"^(?:a岗|a角|第一责任人|主要负责人|主要领导|正职)(?:责任人|负责人)?(?=.)"), Role.PRIMARY),
    (re.compile(r"^(?:b岗|b角|第二责任人|分管负责人|分管领导|副职|备岗)(?:责任人|负责人)?(?=.)"), Role.DEPUTY),
    (re.compile(r"^(?:值班室|值班)(?=姓名|手机|邮箱)"), Role.DUTY),
)
_ONLY_ROLE = {
    "a岗": Role.PRIMARY,
    "a角": Role.PRIMARY,
    "b岗": Role.DEPUTY,
    "b角": Role.DEPUTY,
    "分管负责人": Role.DEPUTY,
}
"""A column that is called by the role alone holds the name."""
_MARKS = re.compile(r"[\s*＊:：·.、,，/_\-—()（）【】\[\]]|\(.*?\)|（.*?）")
_BRACKETS = re.compile(r"[(（【\[].*?[)）】\]]")


@dataclass(frozen=True, slots=True)
class HeaderColumn:
    """One column: where it stands (0 first), its name as written, what it means, of which role (None: the row's own)."""

    index: int
    title: str
    field: Field | None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet. `first_data`: the row (from 0) behind it; `titles`: how many rows stand before it."""

    columns: tuple[HeaderColumn, ...]
    first_data: int
    titles: int

    def fields(self) -> set[Field]:
        """Everything the sheet speaks of."""
        return {column.field for column in self.columns if column.field is not None}


def plain_title(title: str) -> str:
    """A column's name as it is compared."""
    text = unicodedata.normalize("NFKC", title).lower()
    return _MARKS.sub("", _BRACKETS.sub("", text)) or _MARKS.sub("", text)


def meaning(title: str) -> tuple[Field | None, Role | None]:
    """What a column of that name holds, and whose."""
    plain = plain_title(title)
    if plain in _ONLY_ROLE:
        return Field.NAME, _ONLY_ROLE[plain]
    field = _BY_NAME.get(plain) or _BY_NAME.get(plain.rstrip("0123456789一二"))
    if field is not None:
        return field, None
    for pattern, role in _ROLE_WORDS:
        found = pattern.match(plain)
        rest = plain[found.end() :] if found else ""
        inner = _BY_NAME.get(rest) or _BY_NAME.get(rest.rstrip("0123456789一二"))
        if inner is not None:
            return inner, role
    return None, None


def find_header(grid: Grid) -> Header | None:
    """The row (or two) with the most names that are known; None when no row looks like a header."""
    best: tuple[int, Header] | None = None
    for row in range(min(LOOKED_AT, len(grid.rows))):
        for header in (_one_row(grid, row), _two_rows(grid, row)):
            if header is None:
                continue
            known = sum(1 for column in header.columns if column.field not in (None, Field.IGNORED))
            if known > 1 and (best is None or known > best[0]):
                best = (known, header)
    return best[1] if best else None


def _one_row(grid: Grid, row: int) -> Header:
    titles = texts(grid.rows[row])
    return Header(tuple(_columns(titles)), row + 1, row)


def _two_rows(grid: Grid, row: int) -> Header | None:
    """The row with the one below it, where a cell of the upper one spans several columns of the lower one."""
    spans = [(first, last) for top, first, last in grid.wide if top == row]
    if row + 1 >= len(grid.rows) or not spans:
        return None
    upper, lower = texts(grid.rows[row]), texts(grid.rows[row + 1])
    width = max(len(upper), len(lower))
    upper += [""] * (width - len(upper))
    lower += [""] * (width - len(lower))
    for first, last in spans:
        upper[first : last + 1] = [upper[first]] * (min(last, width - 1) - first + 1)
    titles = []
    for above, below in zip(upper, lower, strict=True):
        joined = above + below if above != below else above
        titles.append(next((one for one in (joined, below, above) if one and meaning(one)[0] is not None), joined))
    return Header(tuple(_columns(titles)), row + 2, row)


def _columns(titles: Sequence[str]) -> list[HeaderColumn]:
    return [HeaderColumn(index, title, *meaning(title)) for index, title in enumerate(titles) if title]
