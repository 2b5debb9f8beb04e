"""An in-memory double of the ports of the yearly refresh (RenewalReadings and RenewalDesk): one township's registrar.

Honest in what it counts and refuses: versions, the step, what is over; findings as the real desk gives them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from warning_dispatch.clock import VirtualClock
from warning_dispatch.errors import Finding, NotFoundError, ReceiverError, RefusedError, StoreError
from warning_dispatch.model.renewal import (
    TO_HAND_IN,
    CampaignState,
    FilingState,
    HandIn,
    LetterKind,
    ProofState,
    Unready,
)
from warning_dispatch.model.renewal_views import (
    AwaitingFiling,
    CampaignView,
    ClosingReport,
    FiledPerson,
    FiledUnit,
    FilingRow,
    FilingSheet,
    HandedIn,
    PersonWords,
    Progress,
    ProgressRow,
    ProofPage,
    ProofTally,
    RenewalPage,
    SheetPerson,
    SheetUnit,
    ShownNumber,
    Tally,
    WorkbookHandIn,
)
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel

TOKEN, PROOF_TOKEN = "filingtoken23456", "prooftoken234567"
FOUR, PASSED = "0001", "passed-the-step"
TOWN = "141124101"
ROLES = {"primary": Role.PRIMARY, "deputy": Role.DEPUTY, "duty": Role.DUTY}


def number(
    key: int, *, proved: bool = False, finding: str = "", proof: ProofState | None = None, mobile: bool = True
) -> ShownNumber:
    """A phone on file."""
    masked = f"138****{key % 10_000:04d}"
    return ShownNumber(key, masked, mail=False, mobile=mobile, proved=proved, proof=proof, finding=finding)


@dataclass
class RenewalOffice:
    """Both ports. `calls`: every act that was carried out, by name."""

    clock: VirtualClock
    units: list[FiledUnit] = field(default_factory=list)
    waiting: list[AwaitingFiling] = field(default_factory=list)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    open: bool = True
    step: bool = True
    broken: bool = False
    workbook: WorkbookHandIn | None = None
    proof: ProofPage = field(
        default_factory=lambda: ProofPage(
            True, ProofState.ASKED, "138****0001", Channel.SMS, ("临县 白文镇 阳坡村",), "吕梁市气象局"
        )
    )
    _keys: int = 0

    # --- set up -------------------------------------------------------------------------------------------

    def add_township(self, villages: int = 40, *, spoilt: bool = False) -> None:
        """A township and its villages, each with an A and a B; `spoilt`: the first ones have something wrong."""
        self.units = [self._unit(TOWN, "白文镇", UnitLevel.TOWNSHIP, 3)]
        self.units += [
            self._unit(f"{TOWN}{200 + n}", f"第{n + 1}村委会", UnitLevel.VILLAGE, 2) for n in range(villages)
        ]
        if spoilt:
            self._spoil()

    def add_one(self) -> None:
        """A registrar who answers for one department."""
        unit = self._unit("1411-water", "水利局", UnitLevel.CITY, 3)
        self.units = [replace(unit, kind=UnitKind.DEPARTMENT, place=("吕梁市",))]

    def _unit(self, code: str, name: str, level: UnitLevel, people: int) -> FiledUnit:
        kind = UnitKind.DIVISION
        staff = tuple(self._person(role, name) for role in list(Role)[:people])
        place = ("临县",) if level is UnitLevel.TOWNSHIP else ("临县", "白文镇")
        return FiledUnit(
            len(self.units) + int(code[-3:]) if code[-3:].isdecimal() else 1,
            code,
            name,
            kind,
            level,
            place,
            FilingState.ASKED,
            1,
            staff,
            (),
            None,
            "",
            None,
            "",
            (),
        )

    def _person(self, role: Role, unit: str) -> FiledPerson:
        self._keys += 1
        name = "值班室" if role is Role.DUTY else f"样本{unit[1:2]}{self._keys}"
        post = {Role.PRIMARY: "党支部书记", Role.DEPUTY: "村委会委员", Role.DUTY: ""}[role]
        return FiledPerson(
            self._keys, role, name, post, "zh_CN", (number(self._keys, proved=self._keys % 2 == 0),), "", "", ""
        )

    def _spoil(self) -> None:
        nobody, bad, back = self.units[1:4]
        self.units[1] = replace(nobody, people=(), problems=(Unready.NO_PERSON,))
        wrong = replace(bad.people[0], numbers=(number(77, finding="empty_number"),))
        self.units[2] = replace(bad, people=(wrong, *bad.people[1:]), problems=(Unready.BAD_NUMBER,))
        self.units[3] = replace(back, state=FilingState.RETURNED, note="B岗号码少一位，请核对后再报")
        self.units[4] = replace(
            self.units[4],
            state=FilingState.HANDED_IN,
            how=HandIn.CORRECTED,
            by="登记联系人 / the registrar",
            handed_in_at=self.clock.now(),
            proposed=(self._person(Role.PRIMARY, "新"),),
        )

    def add_waiting(self) -> None:
        """A village's successor waits for the township's approval."""
        old, new = self._person(Role.PRIMARY, "第1村"), self._person(Role.PRIMARY, "第1村")
        asked = replace(new, receiver_id=0, numbers=(number(99, proof=ProofState.ASKED),))
        self.waiting = [
            AwaitingFiling(
                9,
                2,
                f"{TOWN}201",
                "第2村委会",
                ("临县", "白文镇"),
                HandIn.SUCCESSOR,
                self.clock.now(),
                "登记联系人 / the registrar",
                (old,),
                (asked,),
            )
        ]

    # --- readings -----------------------------------------------------------------------------------------

    def renewal_page(self, token: str, passed: str = "") -> RenewalPage:
        """See the port."""
        self._up()
        if token != TOKEN:
            raise NotFoundError("no such link")
        return RenewalPage(
            1,
            "2027年度责任人更新备案",
            "2027-04-20",
            self.open,
            self.step and passed != PASSED,
            self.units[0].name,
            tuple(self.units),
            tuple(self.waiting),
            sum(1 for one in self.units if one.state is FilingState.FILED),
            len(self.units),
        )

    def proof_page(self, token: str) -> ProofPage:
        """See the port."""
        self._up()
        if token != PROOF_TOKEN:
            raise NotFoundError("no such link")
        return self.proof

    def campaigns(self) -> Sequence[CampaignView]:
        """See the port."""
        return [self._campaign()]

    def progress(self, campaign_id: int | None = None) -> Progress:
        """See the port."""
        self._known(campaign_id)
        tally = self._tally()
        rows = [
            ProgressRow("141124", "临县", tally),
            ProgressRow("141125", "柳林县", Tally(263, 263, changed=30)),
            ProgressRow("141121", "文水县", Tally(230, 12, 1, 20, 4, 190, 0, 4, 15)),
        ]
        lines = [
            ProgressRow("water", "水利", Tally(14, 9, 0, 1, 0, 4)),
            ProgressRow("emergency", "应急", Tally(14, 14)),
        ]
        levels = [
            ProgressRow("township", "乡镇（街道）", Tally(160, 90, 2, 10, 3, 57)),
            ProgressRow("village", "村（社区）", tally),
        ]
        return Progress(
            self._campaign(),
            Tally(2_860, 1_804, 12, 96, 17, 935, 0, 8, 322),
            tuple(rows),
            tuple(lines),
            tuple(levels),
            ProofTally(800, 611, 7, 22, 3),
            ((LetterKind.ASK, 320), (LetterKind.REMIND, 140)),
            5,
            1_390,
        )

    def filings(
        self,
        campaign_id: int | None = None,
        *,
        states: Sequence[FilingState] = (),
        county: str = "",
        limit: int = 500,
        offset: int = 0,
    ) -> Sequence[FilingRow]:
        """See the port."""
        self._known(campaign_id)
        found = [
            FilingRow(
                one.filing_id,
                one.unit_code,
                one.name,
                "临县",
                one.kind,
                one.level,
                "",
                "白文镇",
                one.state,
                one.how,
                one.handed_in_at,
                None,
                2,
                proved=False,
                problems=one.problems,
            )
            for one in self.units
            if (not states or one.state in states) and one.unit_code.startswith(county)
        ]
        return found[offset : offset + limit]

    def awaiting(self, campaign_id: int | None = None) -> Sequence[AwaitingFiling]:
        """See the port."""
        self._known(campaign_id)
        return self.waiting

    def closing_report(self, campaign_id: int | None = None) -> ClosingReport:
        """See the port."""
        return ClosingReport(self.progress(campaign_id), (), (), ())

    def _campaign(self) -> CampaignView:
        return CampaignView(
            1,
            "2027年度责任人更新备案",
            "2027-04-20",
            CampaignState.OPEN,
            self.clock.now(),
            "registrar",
            None,
            "new_numbers",
            2_860,
            1_804,
            96,
            overdue=True,
        )

    def _tally(self) -> Tally:
        states = Counter(one.state for one in self.units)
        return Tally(
            len(self.units),
            states[FilingState.FILED],
            0,
            states[FilingState.HANDED_IN],
            states[FilingState.RETURNED],
            states[FilingState.ASKED],
        )

    def _known(self, campaign_id: int | None) -> None:
        self._up()
        if campaign_id not in (None, 1):
            raise NotFoundError("no such campaign")

    def _up(self) -> None:
        if self.broken:
            raise StoreError("数据库不可用 / the database is down")

    # --- the desk -----------------------------------------------------------------------------------------

    async def pass_step(self, token: str, last_four: str) -> str:
        """See the port."""
        self._up()
        if last_four != FOUR:
            raise RefusedError("末四位不对，还可以试 4 次 / not the last four digits; 4 tries are left")
        self.calls.append(("step", token))
        return PASSED

    def _check(self, token: str, passed: str) -> None:
        self._up()
        if token != TOKEN:
            raise NotFoundError("no such link")
        if not self.open:
            raise RefusedError("更新备案已结束 / the campaign is over")
        if self.step and passed != PASSED:
            raise RefusedError("请先验证 / the step is missing")

    def _hand_in(self, code: str, version: int, state: FilingState, how: HandIn, **more: object) -> HandedIn:
        index = next(i for i, one in enumerate(self.units) if one.unit_code == code)
        unit = self.units[index]
        if unit.version != version or unit.state not in (*TO_HAND_IN, FilingState.FILED):
            return HandedIn(
                code,
                unit.state,
                unit.version,
                0,
                "别人刚刚报送过，请看现在的内容 / somebody else has just handed it in",
            )
        changed = {
            "state": state,
            "how": how,
            "by": "登记联系人 / the registrar",
            "handed_in_at": self.clock.now(),
            "note": "",
            **more,
        }
        self.units[index] = replace(unit, version=version + 1, **changed)  # type: ignore[arg-type]
        return HandedIn(code, state, version + 1, 0)

    async def confirm_as_is(
        self, token: str, units: Sequence[tuple[str, int]], *, passed: str = ""
    ) -> Sequence[HandedIn]:
        """See the port."""
        self._check(token, passed)
        self.calls.append(("confirm", tuple(code for code, _ in units)))
        return [self._hand_in(code, version, FilingState.FILED, HandIn.AS_IS) for code, version in units]

    async def correct(
        self, token: str, unit_code: str, version: int, people: Sequence[PersonWords], *, passed: str = ""
    ) -> HandedIn:
        """See the port."""
        self._check(token, passed)
        findings = [one for index, person in enumerate(people) for one in self._wrong(index, person)]
        if not people:
            findings.append(Finding("人员 people", "至少要有一个责任人 / at least one person is needed"))
        if findings:
            raise ReceiverError(findings)
        self.calls.append(("correct", unit_code, tuple(people)))
        proposed = tuple(self._proposed(one) for one in people)
        return self._hand_in(unit_code, version, FilingState.HANDED_IN, HandIn.CORRECTED, proposed=proposed)

    async def name_successor(
        self, token: str, unit_code: str, version: int, leaving: int, successor: PersonWords, *, passed: str = ""
    ) -> HandedIn:
        """See the port."""
        self._check(token, passed)
        people = next(one for one in self.units if one.unit_code == unit_code).people
        findings = self._wrong([one.receiver_id for one in people].index(leaving), successor)
        if findings:
            raise ReceiverError(findings)
        self.calls.append(("successor", unit_code, leaving, successor))
        return self._hand_in(
            unit_code, version, FilingState.HANDED_IN, HandIn.SUCCESSOR, proposed=(self._proposed(successor),)
        )

    def _wrong(self, index: int, person: PersonWords) -> list[Finding]:
        where = f"第 {index + 1} 人 / person {index + 1}"
        found = []
        if not person.name and person.role != "duty":
            found.append(Finding(f"{where}: 姓名 name", "没有姓名 / no name", "填写姓名 / enter the name"))
        for place, phone in enumerate(person.phones):
            if not phone.removeprefix("+").isdecimal() or len(phone) < 11:
                what = "手机号应为 11 位 / a mobile number has 11 digits"
                found.append(Finding(f"{where}: 电话 phone ({place + 1})", what, "请核对 / check it"))
        if not person.phones and not person.mails and not person.kept:
            found.append(
                Finding(f"{where}: 电话 phone", "没有任何号码 / no number at all", "至少填一个电话 / enter a phone")
            )
        return found

    def _proposed(self, person: PersonWords) -> FiledPerson:
        keys = (*person.kept, *(900 + index for index, _ in enumerate(person.phones)))
        numbers = tuple(number(key, proof=ProofState.ASKED if key >= 900 else None) for key in keys)
        return FiledPerson(0, ROLES[person.role], person.name, person.post, "zh_CN", numbers, "", "", "")

    async def hand_in_workbook(
        self, token: str, content: bytes, filename: str, *, dry_run: bool = False, passed: str = ""
    ) -> WorkbookHandIn:
        """See the port."""
        self._check(token, passed)
        self.calls.append(("workbook", filename, len(content), dry_run))
        return self.workbook or WorkbookHandIn(not dry_run, 41, 2, ("第1村委会 A岗 样本甲 138****1111",), (), (), ())

    async def ask_proof(
        self, token: str, unit_code: str, number_id: int, *, voice: bool = False, passed: str = ""
    ) -> None:
        """See the port."""
        self._check(token, passed)
        if ("proof", unit_code, number_id, voice) in self.calls:
            raise RefusedError("今天已经发过 / it was sent today already")
        self.calls.append(("proof", unit_code, number_id, voice))

    async def own_sheet(self, token: str, unit_code: str, *, passed: str = "") -> FilingSheet:
        """See the port."""
        self._check(token, passed)
        self.calls.append(("sheet", unit_code))
        return self.sheet("登记人 138****0001")

    def sheet(self, who: str) -> FilingSheet:
        """The sheet of the first unit and all below it."""
        rows = tuple(
            SheetUnit(one.unit_code, one.name, self._clear(one), one.state, self.clock.now()) for one in self.units
        )
        head = self.units[0]
        return FilingSheet("2027年度", head.name, head.place, "2027-04-20", rows, who, self.clock.now())

    def _clear(self, unit: FiledUnit) -> tuple[SheetPerson, ...]:
        return tuple(
            SheetPerson(
                one.role, one.name, one.post, tuple(f"1380000{n.number_id:04d}" for n in one.numbers), (), (), True, ""
            )
            for one in unit.people
        )

    async def approve(self, token: str, filings: Sequence[tuple[int, int]], *, passed: str = "") -> Sequence[HandedIn]:
        """See the port."""
        self._check(token, passed)
        return self._approved(filings, "registrar")

    async def send_back(self, token: str, filing_id: int, version: int, note: str, *, passed: str = "") -> HandedIn:
        """See the port."""
        self._check(token, passed)
        return self._sent_back(filing_id, version, note, "registrar")

    def _approved(self, filings: Sequence[tuple[int, int]], who: str) -> list[HandedIn]:
        self._up()
        results = []
        for key, version in filings:
            found = next((one for one in self.waiting if one.filing_id == key), None)
            if found is None or found.version != version:
                code = found.unit_code if found else "?"
                results.append(HandedIn(code, FilingState.FILED, 3, 0, "已经有人处理 / somebody has decided already"))
                continue
            self.waiting.remove(found)
            self.calls.append(("approve", key, who))
            results.append(HandedIn(found.unit_code, FilingState.FILED, 3))
        return results

    def _sent_back(self, filing_id: int, version: int, note: str, who: str) -> HandedIn:
        self._up()
        found = next(one for one in self.waiting if (one.filing_id, one.version) == (filing_id, version))
        self.waiting.remove(found)
        self.calls.append(("back", filing_id, note, who))
        return HandedIn(found.unit_code, FilingState.RETURNED, version + 1)

    async def prove(self, token: str) -> ProofPage:
        """See the port."""
        return self._proved(token, ProofState.PROVED)

    async def deny(self, token: str) -> ProofPage:
        """See the port."""
        return self._proved(token, ProofState.DENIED)

    def _proved(self, token: str, state: ProofState) -> ProofPage:
        if self.proof_page(token).state is not ProofState.ASKED:
            raise RefusedError("已经答复过 / answered already")
        self.calls.append((state.name.lower(), token))
        self.proof = replace(self.proof, state=state)
        return self.proof

    async def approve_as(self, actor: str, filings: Sequence[tuple[int, int]]) -> Sequence[HandedIn]:
        """See the port."""
        return self._approved(filings, actor)

    async def send_back_as(self, actor: str, filing_id: int, version: int, note: str) -> HandedIn:
        """See the port."""
        return self._sent_back(filing_id, version, note, actor)

    async def change_as(self, actor: str, unit_code: str, people: Sequence[PersonWords], note: str) -> HandedIn:
        """See the port."""
        self.calls.append(("change_as", actor, unit_code, tuple(people), note))
        return HandedIn(unit_code, FilingState.FILED, 2)

    async def sheet_as(self, actor: str, unit_code: str, reason: str) -> FilingSheet:
        """See the port."""
        self._up()
        self.calls.append(("sheet_as", actor, unit_code, reason))
        return self.sheet(actor)

    async def open_campaign(self, actor: str, title: str, due: str) -> CampaignView:
        """See the port."""
        self.calls.append(("open", actor, title, due))
        return self._campaign()

    async def remind_now(self, actor: str, units: Sequence[str] = ()) -> int:
        """See the port."""
        self.calls.append(("remind", actor, tuple(units)))
        return 12

    async def close_campaign(self, actor: str, reason: str) -> ClosingReport:
        """See the port."""
        self.calls.append(("close", actor, reason))
        return self.closing_report()
