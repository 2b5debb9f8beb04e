"""What pages, commands and reports are told of a campaign. Numbers are masked everywhere but on a filing sheet."""

from __future__ import annotations

from dataclasses import dataclass

from warning_dispatch.errors import Finding
from warning_dispatch.model.renewal import CampaignState, FilingState, HandIn, LetterKind, ProofState, Unready
from warning_dispatch.model.unit import Channel, Role, UnitKind, UnitLevel


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign. Times in ms, `due` a day as 2027-04-20; `overdue`: the day is over and the campaign is not."""

    id: int
    title: str
    due: str
    state: CampaignState
    opened_at: int
    opened_by: str
    closed_at: int | None
    approval: str
    total: int
    filed: int
    waiting: int
    overdue: bool


# --- a registrar's page -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """One number of a person. `number_id` names it in what is handed in; `proved`: its holder has confirmed it.

    `mobile`: takes text. `proof`: where a test message stands, None: none was sent. `finding`: a word of the outcome table.
    """

    number_id: int
    masked: str
    mail: bool
    mobile: bool
    proved: bool
    proof: ProofState | None
    finding: str


@dataclass(frozen=True, slots=True)
class FiledPerson:
    """One receiver as a page shows it. `name` in clear behind the step only, else 张*. `receiver_id` 0: proposed, not in force."""

    receiver_id: int
    role: Role
    name: str
    post: str
    language: str
    numbers: tuple[ShownNumber, ...]
    serves_from: str
    serves_until: str
    verified_on: str


@dataclass(frozen=True, slots=True)
class FiledUnit:
    """One unit on a registrar's page. A hand-in names the `version` it was made from: who comes second is told.

    `people`: in force; `proposed`: handed in and waiting for approval. `place`: the names above it, the nearest last.
    `note`: why it was returned. `by`: who handed it in last, as a role and never as a person.
    """

    filing_id: int
    unit_code: str
    name: str
    kind: UnitKind
    level: UnitLevel
    place: tuple[str, ...]
    state: FilingState
    version: int
    people: tuple[FiledPerson, ...]
    proposed: tuple[FiledPerson, ...]
    how: HandIn | None
    by: str
    handed_in_at: int | None
    note: str
    problems: tuple[Unready, ...]


@dataclass(frozen=True, slots=True)
class AwaitingFiling:
    """A filing that waits for approval: what is in force, and what would be."""

    filing_id: int
    version: int
    unit_code: str
    name: str
    place: tuple[str, ...]
    how: HandIn
    handed_in_at: int
    by: str
    before: tuple[FiledPerson, ...]
    after: tuple[FiledPerson, ...]


@dataclass(frozen=True, slots=True)
class RenewalPage:
    """The phone-sized page behind a registrar's link.

    `open` False: the campaign is over or the link has expired (it was closed, or its holder was replaced); nothing can be handed in. `step_needed`: the last four digits of the
    phone are asked for once (renewal_ports.RenewalDesk.pass_step); before that names are masked and nothing can be done.
    `own` names the registrar's unit; `units`: its own first, then those below it, by code. `filed` and `total` count them.
    """

    campaign_id: int | None
    title: str
    due: str
    open: bool
    step_needed: bool
    own: str
    units: tuple[FiledUnit, ...]
    awaiting: tuple[AwaitingFiling, ...]
    filed: int
    total: int


@dataclass(frozen=True, slots=True)
class ProofPage:
    """The page behind a test message: is this your number? `units`: for which it would stand on file."""

    open: bool
    state: ProofState
    masked: str
    channel: Channel
    units: tuple[str, ...]
    bureau: str


@dataclass(frozen=True, slots=True)
class PersonWords:
    """A person as a form, a workbook or a command gives it, in the words it was written in.

    `kept`: `number_id`s of numbers that stay (their clear text never was on the page); `phones` and `mails` are new ones.
    `receiver_id`: who of those on file it is; 0: somebody new.
    """

    role: str
    name: str
    post: str = ""
    phones: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    kept: tuple[int, ...] = ()
    language: str = ""
    receiver_id: int = 0
    serves_from: str = ""
    serves_until: str = ""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What became of one unit's hand-in. `refused`: why it was not taken, in both languages; empty: it was.

    `tests`: test messages that go to new or unproved numbers. `version`: of the filing afterwards.
    """

    unit_code: str
    state: FilingState
    version: int
    tests: int = 0
    refused: str = ""

    @property
    def waits(self) -> bool:
        """Whether somebody must approve it first."""
        return self.state is FilingState.HANDED_IN


@dataclass(frozen=True, slots=True)
class WorkbookHandIn:
    """What a workbook that was handed in says. `taken` False: nothing was written (problems, or only looked at).

    `units`: how many it names, `changed`: how many of them differ, with `lines` (masked, at most some dozens) of what does.
    """

    taken: bool
    units: int
    changed: int
    lines: tuple[str, ...]
    problems: tuple[Finding, ...]
    notices: tuple[Finding, ...]
    results: tuple[HandedIn, ...]


# --- progress ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tally:
    """How far one part of a campaign is. `returned` is part of `open`; `late`: filed after the day it was due."""

    total: int = 0
    filed: int = 0
    late: int = 0
    handed_in: int = 0
    returned: int = 0
    asked: int = 0
    lapsed: int = 0
    withdrawn: int = 0
    changed: int = 0

    @property
    def open(self) -> int:
        """Not handed in yet."""
        return self.asked + self.returned

    @property
    def percent(self) -> int:
        """Filed of those that count, rounded down: 100 means all."""
        counted = self.total - self.withdrawn
        return 100 if counted <= 0 else 100 * self.filed // counted


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One county, one department line or one level with its tally. `key`: division code, sector or level."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class ProofTally:
    """Test messages of a campaign."""

    asked: int = 0
    proved: int = 0
    denied: int = 0
    undelivered: int = 0
    lapsed: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """更新进度. `overdue`: the day is over; then whoever is open is late. `nobody_to_ask`: filings whose registrar has no address."""

    campaign: CampaignView
    tally: Tally
    counties: tuple[ProgressRow, ...]
    lines: tuple[ProgressRow, ...]
    levels: tuple[ProgressRow, ...]
    proofs: ProofTally
    letters: tuple[tuple[LetterKind, int], ...]
    nobody_to_ask: int
    units_proved: int


@dataclass(frozen=True, slots=True)
class FilingRow:
    """One filing in a list. `registrar`: who was asked; `asked`: letters handed over so far."""

    filing_id: int
    unit_code: str
    name: str
    county: str
    kind: UnitKind
    level: UnitLevel
    sector: str
    registrar: str
    state: FilingState
    how: HandIn | None
    handed_in_at: int | None
    filed_at: int | None
    letters: int
    proved: bool
    problems: tuple[Unready, ...]


@dataclass(frozen=True, slots=True)
class ClosingReport:
    """更新备案工作小结: the campaign as it stands or, once closed, as it ended. `open_units`: what remains, unit by unit."""

    progress: Progress
    hand_ins: tuple[tuple[HandIn, int], ...]
    open_units: tuple[FilingRow, ...]
    problem_units: tuple[FilingRow, ...]


# --- the sheet --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SheetPerson:
    """A receiver on a filing sheet, in clear: the sheet is an export and journalled as one."""

    role: Role
    name: str
    post: str
    mobiles: tuple[str, ...]
    landlines: tuple[str, ...]
    mails: tuple[str, ...]
    proved: bool
    verified_on: str


@dataclass(frozen=True, slots=True)
class SheetUnit:
    """A unit on a filing sheet: with its people, and where its filing stands (None: never filed)."""

    unit_code: str
    name: str
    people: tuple[SheetPerson, ...]
    state: FilingState | None
    filed_at: int | None


@dataclass(frozen=True, slots=True)
class FilingSheet:
    """备案表 of a unit, for its stamp. `units`: itself first, then the villages of a township.

    `printed_by` and `printed_at` (ms) are its watermark.
    """

    title: str
    unit_name: str
    place: tuple[str, ...]
    due: str
    units: tuple[SheetUnit, ...]
    printed_by: str
    printed_at: int
