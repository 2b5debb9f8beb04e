"""What the engine needs of the store for the yearly refresh of the register. See engine/storage.py."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from warning_dispatch.model.register import PeopleCounts
from warning_dispatch.model.renewal import CampaignState, FilingState, HandIn, LetterKind, ProofState
from warning_dispatch.model.unit import Channel, EndpointEntry, PersonKey, ReceiverEntry
from warning_dispatch.renewal.filing import FilingEvent
from warning_dispatch.renewal.rules import RenewalRules


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign. `reminded`: the last reminder sent, in days from the day due."""

    id: int
    title: str
    due: str
    state: CampaignState
    rules: RenewalRules
    opened_at: int
    reminded: int | None


@dataclass(frozen=True, slots=True)
class FilingRecord:
    """A filing as it is decided about. `proposed`: the unit's people as they would be; `compared`: with what state of the file."""

    id: int
    campaign_id: int | None
    unit_id: int
    unit_code: str
    registrar_id: int
    state: FilingState
    version: int
    how: HandIn | None = None
    changed: bool = False
    handed_in_at: int | None = None
    handed_in_by: str = ""
    filed_at: int | None = None
    decided_by: str = ""
    note: str = ""
    proposed: tuple[ReceiverEntry, ...] | None = None
    compared: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of a registrar. `units`: registrars that it answers for; the first of them names the letter."""

    number_id: int
    channel: Channel
    receiver_id: int
    language: str
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter to be sent. It is left out where the number has had one of its kind on that day."""

    campaign_id: int | None
    kind: LetterKind
    channel: Channel
    number_id: int
    unit_id: int
    language: str
    day: str
    due_at: int
    link_id: int | None = None
    proof_id: int | None = None


@dataclass(frozen=True, slots=True)
class LetterRecord:
    """A letter that is claimed, with what its text must say. `wanted` False: what it asks for has been done meanwhile.

    `units`: how many filings the link has open; `unit_name`: as which the person is addressed.
    """

    id: int
    kind: LetterKind
    channel: Channel
    number_id: int
    language: str
    token: str
    unit_name: str
    units: int
    title: str
    due: str
    wanted: bool
    route: str
    tries: int
    repeat: bool


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """A test message. `number_id` is what its holder proves; `fresh`: it has just been made."""

    id: int
    number_id: int
    channel: Channel
    unit_id: int
    state: ProofState
    campaign_id: int | None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class LinkHolder:
    """Who is behind a registrar's link.

    `units`: keys of the registrars' units that it answers for. Its number is in force there, or was until the link itself
    named the successor, a day ago at most or in a filing that came back. `expired`: the campaign is closed, or there is none.
    """

    id: int
    campaign_id: int
    number_id: int
    channel: Channel
    receiver_id: int
    expired: bool
    units: frozenset[int]


class CampaignRows(Protocol):
    """Campaigns and their filings."""

    def open_one(self) -> CampaignRecord | None:
        """The campaign that is open, locked: there is at most one."""
        ...

    def add(self, title: str, due: str, rules: RenewalRules, now: int, actor: str) -> CampaignRecord:
        """A new one."""
        ...

    def set_reminded(self, campaign_id: int, step: int) -> bool:
        """This reminder is being sent; False: somebody else was quicker."""
        ...

    def close(self, campaign_id: int, now: int, actor: str) -> None:
        """Freeze it: its links expire, letters that have not gone are dropped, proofs that nobody answered lapse."""
        ...

    def write_report(self, campaign_id: int, today: str) -> str:
        """The closing report as it is now, kept with the campaign; as JSON, without people."""
        ...

    def ask_all(self, campaign_id: int) -> int:
        """A filing for every unit in force, each with the unit that is asked; how many."""
        ...

    def filings_of(self, campaign_id: int | None, unit_codes: Sequence[str]) -> Mapping[str, FilingRecord]:
        """By unit code; units that have none get one (ASKED), unknown units are left out.

        Without a campaign: a new one, unless one of the unit still waits for approval.
        """
        ...

    def filings(self, filing_ids: Sequence[int]) -> Mapping[int, FilingRecord]:
        """By id."""
        ...

    def save(self, records: Sequence[FilingRecord]) -> None:
        """Write them back; the version is the record's."""
        ...

    def move_all(self, campaign_id: int, event: FilingEvent, now: int) -> int:
        """Every filing of a campaign that the event moves, in one statement; how many.

        UNIT_GONE and UNIT_BACK: only of units that have left the register, or are in force again.
        """
        ...

    def of_number(self, number_id: int) -> Sequence[FilingRecord]:
        """Filings (of the open campaign, or without one) of units that have the number, or of what waits those that propose it."""
        ...

    def proposed(self) -> frozenset[str]:
        """Every address that is proposed and waits for approval."""
        ...

    def unit_ids(self, unit_codes: Sequence[str]) -> Mapping[str, int]:
        """Keys of units in force."""
        ...

    def superiors(self, unit_ids: Sequence[int]) -> Mapping[int, int | None]:
        """The unit above each."""
        ...


class PeopleRows(Protocol):
    """The people of some units, in clear, and how they are replaced."""

    def of_units(self, unit_ids: Sequence[int]) -> Mapping[int, tuple[ReceiverEntry, ...]]:
        """Everybody in force, in the order of the register; a unit without people has an empty tuple."""
        ...

    def replace(
        self, people: Mapping[int, tuple[ReceiverEntry, ...]], now: int, *, actor: str, source: str
    ) -> PeopleCounts:
        """By unit; history included."""
        ...

    def verify(
        self, unit_ids: Sequence[int], since: str, day: str, how: str, *, kept: Collection[PersonKey] = ()
    ) -> None:
        """Everybody in force there was made sure of on this day; who was since another day (`since`) keeps that.

        Not those who are `kept`: nothing was said of them.
        """
        ...

    def proved(self, unit_ids: Sequence[int]) -> frozenset[str]:
        """Addresses in force at these units that their holders have confirmed."""
        ...


class LetterRows(Protocol):
    """Letters, links and whom they go to."""

    def recipients(self, campaign_id: int, unit_ids: Sequence[int] | None, *, overdue: bool) -> Sequence[Recipient]:
        """Whom to write to for filings that are to be handed in; one for each number and channel. `unit_ids`: only of these units."""
        ...

    def approvers(self, campaign_id: int) -> Sequence[Recipient]:
        """Whom to tell that filings of units below theirs wait for approval, likewise."""
        ...

    def links(self, campaign_id: int, recipients: Sequence[Recipient], now: int) -> Sequence[int]:
        """The link of each, made where there is none."""
        ...

    def of_link(self, link_id: int, now: int) -> Recipient | None:
        """Where a link was sent; None: it has expired, or answers for nobody any more."""
        ...

    def add(self, letters: Sequence[NewLetter]) -> int:
        """How many are new."""
        ...

    def waiting(self, channel: Channel, now: int) -> int:
        """How many could go; none while a message of a call-out waits for this channel."""
        ...

    def numbers_ready(self, channel: Channel, now: int) -> Sequence[int]:
        """Numbers that some letter could go to."""
        ...

    def claim(
        self, channel: Channel, limit: int, now: int, lease_until: int, but: Collection[int] = ()
    ) -> Sequence[LetterRecord]:
        """Lease the next ones, but for those to some numbers; of another worker's claims those that lapsed, as repeats."""
        ...

    def set_route(self, routes: Sequence[tuple[int, str]]) -> None:
        """(letter, route)."""
        ...

    def give_back(self, letter_ids: Sequence[int]) -> None:
        """Claimed, but there is no room: they wait on."""
        ...

    def drop(self, letter_ids: Sequence[int], now: int) -> None:
        """Not wanted any more."""
        ...

    def hand(self, letter_ids: Sequence[int], now: int, report_by: int) -> None:
        """The carrier took them; of a call the final report is overdue after `report_by`."""
        ...

    def end_overdue(self, now: int, outcome: str) -> int:
        """Calls of which no report came, or whose claim was lost: their lines are free. How many.

        A test call is not repeated by itself; whoever asked for it asks again.
        """
        ...

    def finish(self, outcomes: Sequence[tuple[int, str]], now: int) -> None:
        """(letter, outcome): the carrier's last word."""
        ...

    def deliver(self, letter_ids: Sequence[int], at: int) -> None:
        """The carrier says that they arrived."""
        ...

    def again(self, letters: Sequence[tuple[int, int, bool]]) -> None:
        """(letter, not before, unsure): refused for the route's sake, or lost; tried again."""
        ...

    def tries_of(self, letter_ids: Sequence[int]) -> Mapping[int, int]:
        """How often each has been tried."""
        ...

    def calls_among(self, letter_ids: Sequence[int]) -> frozenset[int]:
        """Those of the letters that are calls."""
        ...

    def sent_by(self, letter_ids: Sequence[int]) -> Mapping[int, tuple[int, str]]:
        """Letter → number and route."""
        ...

    def endpoints_of(self, letter_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        """Letter → endpoints in force of its number on its channel, for findings."""
        ...

    def proofs_of(self, letter_ids: Sequence[int]) -> Mapping[int, int]:
        """Letter → the proof it asks for, of those that do."""
        ...

    def holder(self, token: str, now: int) -> LinkHolder | None:
        """Who is behind a link at this moment."""
        ...

    def note_try(self, link_id: int) -> int:
        """An answer to the step, before it is looked at; how many by now since one was right."""
        ...

    def note_use(self, link_id: int, now: int) -> None:
        """It was used."""
        ...


class ProofRows(Protocol):
    """Test messages and what holders said; and what call-outs prove by the way."""

    def ask(
        self, wanted: Sequence[tuple[int, EndpointEntry, bool]], campaign_id: int | None, now: int
    ) -> Sequence[ProofRecord]:
        """(unit, channel and address, sample): a proof to be asked for each, new where none is under way."""
        ...

    def by_token(self, token: str) -> ProofRecord | None:
        """Which one a link is of."""
        ...

    def by_numbers(self, blind_indexes: Sequence[bytes]) -> Sequence[ProofRecord]:
        """Those under way for numbers."""
        ...

    def load(self, proof_ids: Sequence[int]) -> Sequence[ProofRecord]:
        """By id."""
        ...

    def end(self, proof_ids: Sequence[int], state: ProofState, means: str, now: int) -> int:
        """From ASKED into a last state; how many were."""
        ...

    def lapse(self, asked_before: int, now: int) -> int:
        """Those nobody answered in time."""
        ...

    def left(self, unit_ids: Sequence[int]) -> Mapping[int, str]:
        """Those under way of these units whose number is in force nowhere, with its address."""
        ...

    def prove_numbers(self, number_ids: Sequence[int], now: int) -> int:
        """Every endpoint in force of these numbers is proved; how many were not before."""
        ...

    def carry_over(self, unit_ids: Sequence[int], since: int) -> None:
        """Endpoints of these units whose number was proved since a moment, before it was in force."""
        ...

    def prove_by_answers(
        self, attempts: Sequence[int], tokens: Sequence[str], blind_indexes: Sequence[bytes], now: int
    ) -> None:
        """Endpoints that real answers prove: of calls by key, of links that one number only can have had, of replies.

        What others hold at this moment is left for another time.
        """
        ...
