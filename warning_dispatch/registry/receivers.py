"""接收责任人: receivers.csv, read with every problem by row and column."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from warning_dispatch.errors import Finding
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role
from warning_dispatch.registry.addresses import AddressRefusedError, read_landline, read_mail, read_mobile
from warning_dispatch.registry.sample_block import is_sample
from warning_dispatch.registry.tables import Column, Row, place, read_table

COLUMNS = (
    Column("unit_code", ("单位编码",)),
    Column("role", ("角色", "岗位")),
    Column("name", ("姓名",)),
    Column("post", ("职务",)),
    Column("mobile", ("手机",)),
    Column("landline", ("座机", "固定电话")),
    Column("email", ("邮箱", "电子邮箱")),
    Column("language", ("语言",)),
    Column("sample", ("样本",), required=False),
)
"""The columns of receivers.csv."""

ROLES_BY_WORD = {
    **dict.fromkeys(("a", "a岗", "primary"), Role.PRIMARY),
    **dict.fromkeys(("b", "b岗", "deputy"), Role.DEPUTY),
    **dict.fromkeys(("值班", "值班电话", "duty"), Role.DUTY),
}
"""What people write for a role, in lower case."""
LANGUAGES_BY_WORD = {"": "zh_CN", "zh_cn": "zh_CN", "zh-cn": "zh_CN", "中文": "zh_CN", "en": "en", "英文": "en"}
"""What people write for a language."""
_SAMPLE = {"": False, "no": False, "否": False, "yes": True, "是": True}
_READERS: tuple[tuple[str, Callable[[str], str], tuple[Channel, ...]], ...] = (
    ("mobile", read_mobile, (Channel.VOICE, Channel.SMS)),
    ("landline", read_landline, (Channel.VOICE,)),
    ("email", read_mail, (Channel.EMAIL,)),
)
LONGEST_NAME = 40
"""Characters of a name."""
_T = TypeVar("_T")


def read_receivers(path: Path, codes: Collection[str] | None) -> tuple[list[ReceiverEntry], list[Finding]]:
    """Every good receiver in the file's order, and every problem.

    `codes` are the codes of all units; None when they are not known, which leaves that column unchecked.
    """
    table = read_table(path, COLUMNS)
    findings = list(table.findings)
    receivers: list[ReceiverEntry] = []
    numbers: dict[tuple[str, Role, str], int] = {}
    for row in table.rows:
        reader = _RowReader(path.name, row)
        entry = reader.entry(codes)
        findings += reader.findings
        if entry is None:
            continue
        identity = (entry.unit_code, entry.role, entry.name)
        if identity in numbers:
            what = f"与第 {numbers[identity]} 行是同一单位、角色和姓名 / same unit, role and name as row {numbers[identity]}"
            findings.append(Finding(place(path.name, row.number), what, "合并为一行 / merge them into one row"))
            continue
        numbers[identity] = row.number
        receivers.append(entry)
    return receivers, findings


class _RowReader:
    """Reads one row and collects what is wrong with it."""

    def __init__(self, file: str, row: Row) -> None:
        """`file` for the places of findings."""
        self._file = file
        self._row = row
        self._cells = row.cells
        self.findings: list[Finding] = []

    def entry(self, codes: Collection[str] | None) -> ReceiverEntry | None:
        """The receiver, or None with its findings."""
        if codes is not None and self._cells["unit_code"] not in codes:
            self._finding(
                "unit_code",
                f"单位编码不存在 / unknown unit code: {self._cells['unit_code'] or '（空 empty）'}",
                "编码见 divisions.csv 和 offices.toml / codes are in divisions.csv and offices.toml",
            )
        role = self._choice("role", ROLES_BY_WORD, "A, B, 值班 (primary, deputy, duty)")
        language = self._choice("language", LANGUAGES_BY_WORD, "zh_CN, en")
        sample = self._choice("sample", _SAMPLE, "yes, no")
        name = self._name(role)
        endpoints = self._endpoints(sample=bool(sample))
        if self.findings or role is None or language is None:
            return None
        post = self._cells["post"]
        return ReceiverEntry(self._cells["unit_code"], role, name, post, language, endpoints, sample=bool(sample))

    def _choice(self, column: str, choices: dict[str, _T], remedy: str) -> _T | None:
        found = choices.get(self._cells[column].lower())
        if found is None:
            self._finding(column, f"不认识 / unknown {column}: {self._cells[column]!r}", remedy)
        return found

    def _name(self, role: Role | None) -> str:
        """A duty room needs no name of a person."""
        name = self._cells["name"] or ("值班室" if role is Role.DUTY else "")
        if not name:
            self._finding("name", "没有姓名 / no name", "填写姓名 / enter the name")
        if len(name) > LONGEST_NAME:
            self._finding("name", f"姓名超过 {LONGEST_NAME} 字 / too long", "只写姓名 / the name only")
        return name

    def _endpoints(self, *, sample: bool) -> tuple[EndpointEntry, ...]:
        endpoints = []
        for column, reader, channels in _READERS:
            written = self._cells[column]
            address = self._address(column, reader, sample=sample) if written else None
            if address is not None:
                endpoints += [EndpointEntry(channel, address) for channel in channels]
        if not any(self._cells[column] for column, _, _ in _READERS):
            what = "没有任何联系方式 / no way to reach this receiver"
            self._finding("mobile", what, "至少填一个号码或邮箱 / enter at least one number or address")
        return tuple(endpoints)

    def _address(self, column: str, reader: Callable[[str], str], *, sample: bool) -> str | None:
        try:
            address = reader(self._cells[column])
        except AddressRefusedError as refused:
            self._finding(column, str(refused), refused.remedy)
            return None
        if is_sample(address) is sample:
            return address
        if sample:
            what = "标为样本，却不是样本号码 / marked as sample, but could reach somebody"
            self._finding(column, what, "真实号码的 sample 列留空 / leave the sample column empty for a real one")
        else:
            what = "是样本号码，打不通任何人 / a sample, which cannot reach anybody"
            self._finding(
                column, what, "填真实号码，或 sample 列写 yes / enter a real one, or yes in the sample column"
            )
        return None

    def _finding(self, column: str, what: str, remedy: str) -> None:
        self.findings.append(Finding(place(self._file, self._row.number, column), what, remedy))
