"""What the engine needs of the store, as small Protocols per thing. The store implements them; see store/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from warning_dispatch.engine.records import (
    AwaitedSuperior,
    BranchHold,
    BranchRecord,
    CalleeRecord,
    CallOutRecord,
    ChainRecord,
    Entry,
    FilledBranch,
    Hold,
    KeptAlert,
    MovedAttempt,
    NewAlert,
    NewCallOut,
    StoredAlert,
    TakenOver,
)
from warning_dispatch.engine.storage_alarms import AlarmRows
from warning_dispatch.engine.storage_attempts import AttemptRows
from warning_dispatch.engine.storage_contacts import EndpointRows, FeedbackRows, LinkRows
from warning_dispatch.engine.storage_drills import DrillRows
from warning_dispatch.engine.storage_limits import NumberCallRows, OptOutRows, RouteRows, TurnRows
from warning_dispatch.engine.storage_register import ChoreRows, UpkeepRows
from warning_dispatch.engine.storage_renewal import CampaignRows, LetterRows, PeopleRows, ProofRows
from warning_dispatch.engine.storage_response import ResponseRows
from warning_dispatch.engine.storage_sources import LeaseRows, PublicationRows, SourceRows
from warning_dispatch.engine.timekeeping import ClockRows
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.record_views import Verdict
from warning_dispatch.model.states import CalleeState, CallOutState, ChainState
from warning_dispatch.routing.obligations import Holder, Round
from warning_dispatch.routing.selection import TierSelection


class CalleeRows(Protocol):
    """Callees, in batches. What is loaded to be changed is locked where turns overlap, in the order of ids."""

    def due(self, now: int, limit: int) -> Sequence[CalleeRecord]:
        """Callees of call-outs that run (or await lifting) whose deadline has come, earliest first.

        Free ones only. Of more than `limit` also some that came due last, a fifth as many: a new warning does not stand in line behind
        the thousands of villages of another one.
        """
        ...

    def due_beside(self, records: Sequence[CalleeRecord], now: int) -> Sequence[CalleeRecord]:
        """Further callees of running call-outs whose deadline has come and whose unit shares a phone with one of these."""
        ...

    def next_due(self) -> int | None:
        """The earliest deadline of all."""
        ...

    def load(self, callee_ids: Sequence[int], *, free: bool = False) -> Mapping[int, CalleeRecord]:
        """By id. `free`: without those that another turn or answer has in hand, instead of waiting for them."""
        ...

    def hold(self, callee_ids: Sequence[int]) -> None:
        """Lock these before parts of them are loaded one after the other."""
        ...

    def of_unit(self, callout_id: int, unit_code: str) -> CalleeRecord | None:
        """The callee of a unit in a call-out."""
        ...

    def open_of_unit(self, unit_id: int) -> Sequence[CalleeRecord]:
        """The callees of a unit, over all live call-outs, whose gate is open and that have not finished."""
        ...

    def save(self, records: Sequence[CalleeRecord]) -> None:
        """Write the states back."""
        ...

    def open_branches(self, limits: Sequence[tuple[int, int]], now: int) -> Mapping[int, int]:
        """(branch, unreached at): WAITING → CALLING, due now; branch → how many."""
        ...

    def withdraw_all(self, callout_id: int, into: CalleeState) -> int:
        """Every unfinished callee of a call-out into a final state; how many."""
        ...

    def to_tell(self, callout_id: int) -> Sequence[int]:
        """Whom the lifting of a call-out concerns: those it carries, and those it informed whom no other call-out carries."""
        ...

    def park(self, callout_id: int) -> None:
        """Take the deadlines away while the call-out is paused or awaits lifting; queued voice is let go."""
        ...

    def limit_all(self, callout_id: int, now: int) -> None:
        """Whoever is still being called has reached the limit now: the validity is over."""
        ...

    def unpark(self, callout_id: int, now: int) -> None:
        """Give every open callee a deadline again: now."""
        ...

    def unfinished(self, callout_id: int) -> Sequence[CalleeRecord]:
        """Every unfinished callee of a call-out of few (the bureau's own)."""
        ...

    def newest(self, callee_ids: Sequence[int]) -> Mapping[int, int]:
        """Callee → the callee of the newest round that took over its state; only those that were carried over."""
        ...

    def answerers(self, unit_ids: Sequence[int], roles: int, now: int) -> Mapping[int, int]:
        """How many receivers with one of the roles each unit has (rule "all"), but for those whom its roster leaves out."""
        ...


class BranchRows(Protocol):
    """Branches and their kept counts."""

    def due(self, now: int, limit: int) -> Sequence[BranchRecord]:
        """WAITING branches of RUNNING call-outs whose hold is over."""
        ...

    def next_due(self) -> int | None:
        """The earliest hold of all."""
        ...

    def load(self, branch_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """By id, in order."""
        ...

    def holds(self, branch_ids: Iterable[int]) -> Mapping[int, BranchHold]:
        """What branches mean for those that wait for them."""
        ...

    def set_gates(self, gates: Sequence[tuple[int, int]]) -> None:
        """(branch, moment): arm branches that have no deadline yet."""
        ...

    def first(self, callout_id: int) -> Sequence[BranchRecord]:
        """Branches that wait for nothing."""
        ...

    def of_callout(self, callout_id: int) -> Sequence[BranchRecord]:
        """All of a call-out."""
        ...

    def below_callees(self, callee_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """WAITING branches that wait for one of these superiors."""
        ...

    def below_branches(self, branch_ids: Sequence[int]) -> Sequence[BranchRecord]:
        """WAITING branches that wait for one of these branches as a whole."""
        ...

    def mark_open(self, reasons: Sequence[tuple[int, str]], now: int) -> frozenset[int]:
        """(branch, why): WAITING → OPEN; those that were not open already."""
        ...

    def arm(self, superior_branch_id: int, gate_at: int) -> None:
        """Set the latest opening of everything that waits for (superiors in) this branch."""
        ...

    def set_gate(self, branch_id: int, gate_at: int) -> None:
        """Arm one branch that has no deadline yet."""

    def hasten(self, superior_branch_id: int, gate_at: int) -> None:
        """What waits for (superiors in) this branch opens at `gate_at` at the latest, if it is not due sooner."""
        ...

    def add_counts(self, changes: Mapping[int, tuple[int, int, int]]) -> Sequence[BranchRecord]:
        """Add (answered, unreached, finished) per branch; the branches as they are now."""
        ...

    def mark_answered(self, branch_id: int, now: int) -> bool:
        """Note that the rule is met; True exactly once."""
        ...

    def left(self, callout_id: int) -> Sequence[tuple[BranchRecord, int, int]]:
        """Branches some of whose callees have left: how many without an answer, and how many who had answered."""
        ...

    def set_needed(self, needed: Sequence[tuple[int, int]]) -> None:
        """(needed, branch): how many must answer now."""
        ...

    def recount(self, callout_id: int) -> None:
        """Set all counts of a call-out from its rows (after a bulk change)."""
        ...


class CallOutRows(Protocol):
    """Call-outs."""

    def insert(self, new: NewCallOut) -> int:
        """Write the row; its id."""
        ...

    def fill(
        self, callout_id: int, plan: CallChain, selections: Sequence[TierSelection], round_: Round, at_once: int
    ) -> Sequence[FilledBranch]:
        """Make branches and callees in bulk: of the members of the round, and of all who are only told.

        The uppermost tiers with `at_once` callees together, at least one; those below are left for `fill_on`. A round
        that takes over from others is filled as a whole.
        """
        ...

    def fill_on(self, callout_id: int, plan: CallChain, about: int) -> Sequence[FilledBranch]:
        """Make the next branches with about so many callees together, each branch as a whole."""
        ...

    def take_note(self, callout_id: int, at: int, by: str) -> bool:
        """Who saw first that it runs; False when somebody had."""
        ...

    def judge(self, callout_id: int, verdict: Verdict, at: int, by: str) -> None:
        """检验结论: what became of its warning."""
        ...

    def still_to_answer(self, callout_id: int) -> Sequence[tuple[int, int, int]]:
        """(tier, units that it asks and that have not answered, how many of them nobody can reach)."""
        ...

    def filling(self) -> Sequence[int]:
        """Call-outs that are not filled to the end yet and that no other worker is filling."""
        ...

    def stop_filling(self, callout_id: int) -> None:
        """Leave out whom a call-out was not filled with yet."""
        ...

    def load(self, callout_ids: Sequence[int]) -> Mapping[int, CallOutRecord]:
        """By id."""
        ...

    def frozen(self, callout_id: int) -> tuple[str, str]:
        """The frozen plan and texts as JSON."""
        ...

    def of_hazard(self, hazard: str) -> Sequence[CallOutRecord]:
        """Call-outs (no drills) of a hazard whose callees may carry obligations, oldest first; closed ones among them."""
        ...

    def retire(self, callout_id: int) -> None:
        """Its callees carry nothing any more."""
        ...

    def rehome(self, callout_id: int, chain_id: int, alert_id: int) -> None:
        """The warning that a call-out stands for from now on: its own has ended, another holds its units."""
        ...

    def live_self(self) -> CallOutRecord | None:
        """The bureau's call to itself that nobody has claimed."""
        ...

    def set_colour(self, callout_id: int, colour: Colour) -> None:
        """A self-call becomes more urgent."""
        ...

    def set_state(self, callout_id: int, state: CallOutState, *, next_at: int | None, ended_at: int | None) -> None:
        """Write the state."""
        ...

    def extend(self, callout_id: int, voice_until: int, *, guessed: bool) -> None:
        """The warnings that hold its units move the validity."""
        ...

    def due(self, now: int) -> Sequence[CallOutRecord]:
        """Call-outs that must be looked at themselves."""
        ...

    def next_due(self) -> int | None:
        """The earliest such moment."""
        ...

    def add_finished(self, callout_id: int, count: int) -> CallOutRecord:
        """Add to the count of finished callees; the row as it is now."""
        ...


class RoundRows(Protocol):
    """Several warnings at once: who is carried by what, and what a new round takes over."""

    def needed(self, asking: Sequence[TierSelection], plan: Round) -> bool:
        """Whether any unit wanted is not carried at the holder's colour, and is no higher warning's."""
        ...

    def covers(self, callout_id: int, asking: Sequence[TierSelection]) -> bool:
        """Whether the selections want any unit that the call-out carries."""
        ...

    def carriers(self, callout_id: int) -> int:
        """How many callees of a call-out carry their unit's obligation."""
        ...

    def carries(self, callout_id: int) -> bool:
        """Whether any callee of a call-out carries its unit's obligation."""
        ...

    def held_again(self, callee_ids: Sequence[int]) -> frozenset[int]:
        """Those of the callees whose unit is carried, for the same hazard, by a callee of another call-out."""
        ...

    def uncovered(self, callout_id: int, asking: Sequence[TierSelection]) -> Sequence[int]:
        """Callees that carry although none of the selections wants their unit."""
        ...

    def take_over(self, callout_id: int, plan: Round, now: int) -> TakenOver:
        """Members of a new round take over from the callees that carried their units until now."""
        ...

    def rehome_attempts(self, callout_id: int, lowered: Sequence[int]) -> Sequence[MovedAttempt]:
        """Attempts queued or under way go with the callees taken over (from `lowered` only those under way)."""
        ...

    def leave_queue(self, callee_ids: Sequence[int]) -> None:
        """These callees are not served any more by attempts that wait."""
        ...

    def lift(self, callee_ids: Sequence[int]) -> Sequence[int]:
        """No warning holds them any more; those that were unfinished, now STOPPED."""
        ...

    def relink(self, callout_id: int) -> None:
        """Branches of other call-outs that waited for a callee (or branch) taken over wait for the new one."""
        ...

    def open_before(self, callout_id: int, counted: Sequence[int]) -> Sequence[BranchRecord]:
        """WAITING branches of which somebody was being called already in one of the counted call-outs."""
        ...

    def answered_lately(self, callout_id: int, counted: Sequence[int], since: int) -> Sequence[BranchRecord]:
        """WAITING branches whose superior (or tier before, by its rule) had answered there since a moment."""
        ...

    def superiors(self, callout_id: int) -> Sequence[tuple[BranchRecord, AwaitedSuperior]]:
        """WAITING branches that wait for one callee, of the call-out or for one of it."""
        ...

    def waiting_on(self, callout_id: int) -> Sequence[BranchRecord]:
        """WAITING branches of other call-outs whose superior is called by this one."""
        ...

    def inherit_gates(self, callout_id: int) -> None:
        """No gate of the new round opens later than it would have in the one before."""
        ...

    def answered_from(self, callout_id: int, old: Sequence[int]) -> Sequence[int]:
        """Callees whose answer was taken over from one of these call-outs."""
        ...

    def answered_above_new(self, callout_id: int) -> Sequence[int]:
        """Callees whose answer was taken over and above whom a unit is new: their area has grown."""
        ...


class AlertRows(Protocol):
    """What came in."""

    def keep_raw(self, raw: bytes, source: str, digest: str, now: int) -> int:
        """Keep every byte; the verdict comes later in the same transaction."""
        ...

    def judge_raw(self, raw_id: int, disposition: Disposition, reasons: Sequence[str]) -> None:
        """Write the verdict."""
        ...

    def same_identity(self, issuer: str, identifier: str, sent: int, part: str) -> Sequence[StoredAlert]:
        """Alerts of the same identity, and of the same event of it."""
        ...

    def kept(self, alert_id: int) -> KeptAlert | None:
        """An alert as it was judged."""
        ...

    def link(self, issuer: str, identifier: str, references: Sequence[str]) -> None:
        """The message refers to these."""
        ...

    def linked(self, issuer: str, identifiers: Sequence[str]) -> Sequence[ChainRecord]:
        """The chains of these messages and of all that hang together with them by references, the oldest first."""
        ...

    def head(self, chain_id: int) -> int:
        """The message that counts of a chain."""
        ...

    def merge(self, chain_id: int, into: int, now: int) -> None:
        """The first chain's messages belong to the other from now on; it holds nothing any more."""
        ...

    def new_chain(
        self, root: str, issuer: str, issuer_area: str, hazard: str, colour: int, now: int, part: str = ""
    ) -> int:
        """Begin a chain."""
        ...

    def update_chain(self, chain_id: int, colour: int, state: ChainState, now: int) -> None:
        """The chain's colour and state after a message."""
        ...

    def change_hazard(self, chain_id: int, hazard: str) -> None:
        """An Update names another hazard."""
        ...

    def hold(self, chain_id: int, alert_id: int, hold: Hold | None) -> None:
        """What the chain wants called from now on; None: nobody."""
        ...

    def holders(self, hazard: str, state: ChainState = ChainState.IN_FORCE) -> Sequence[Holder]:
        """Warnings of a hazard in that state that want units called."""
        ...

    def content(self, alert_id: int) -> str:
        """The parsed alert as JSON."""
        ...

    def insert(self, new: NewAlert) -> int:
        """Write the alert."""
        ...

    def rejudge(self, alert_id: int, chain_id: int | None, disposition: Disposition, reasons: Sequence[str]) -> None:
        """A message that had been set aside came again and is acted upon now."""
        ...


class JournalRows(Protocol):
    """The append-only account."""

    def append(self, stream: str, entries: Sequence[Entry], now: int) -> None:
        """One block of a stream, chained and sealed."""
        ...


class Transaction(Protocol):
    """Everything that commits together."""

    @property
    def alone(self) -> bool:
        """Whether nobody else writes meanwhile: what may touch anything is done alone only."""
        ...

    @property
    def callees(self) -> CalleeRows:
        """叫应对象."""
        ...

    @property
    def branches(self) -> BranchRows:
        """分支."""
        ...

    @property
    def callouts(self) -> CallOutRows:
        """叫应."""
        ...

    @property
    def rounds(self) -> RoundRows:
        """Several warnings at once."""
        ...

    @property
    def attempts(self) -> AttemptRows:
        """呼叫记录."""
        ...

    @property
    def endpoints(self) -> EndpointRows:
        """联系方式."""
        ...

    @property
    def routes(self) -> RouteRows:
        """Providers and their limits."""
        ...

    @property
    def number_calls(self) -> NumberCallRows:
        """Calls per number and provider."""
        ...

    @property
    def opt_outs(self) -> OptOutRows:
        """Who wants no more messages by which route."""
        ...

    @property
    def turns(self) -> TurnRows:
        """Fairness between counties."""
        ...

    @property
    def alerts(self) -> AlertRows:
        """预警信息."""
        ...

    @property
    def alarms(self) -> AlarmRows:
        """告警."""
        ...

    @property
    def sources(self) -> SourceRows:
        """预警来源."""
        ...

    @property
    def leases(self) -> LeaseRows:
        """Work that is done once."""
        ...

    @property
    def publications(self) -> PublicationRows:
        """传播."""
        ...

    @property
    def links(self) -> LinkRows:
        """Receivers' links."""
        ...

    @property
    def feedback(self) -> FeedbackRows:
        """反馈."""
        ...

    @property
    def response(self) -> ResponseRows:
        """应急联动."""
        ...

    @property
    def clock(self) -> ClockRows:
        """What depends on the wall clock."""
        ...

    @property
    def campaigns(self) -> CampaignRows:
        """年度更新备案."""
        ...

    @property
    def people(self) -> PeopleRows:
        """The people of a few units."""
        ...

    @property
    def letters(self) -> LetterRows:
        """函件."""
        ...

    @property
    def proofs(self) -> ProofRows:
        """号码证实."""
        ...

    @property
    def chores(self) -> ChoreRows:
        """What is done once a day."""
        ...

    @property
    def upkeep(self) -> UpkeepRows:
        """The register's own days."""
        ...

    @property
    def drills(self) -> DrillRows:
        """演练."""
        ...

    @property
    def journal(self) -> JournalRows:
        """叫应记录."""
        ...


class Storage(Protocol):
    """Where transactions come from."""

    @property
    def many_writers(self) -> bool:
        """Whether other workers may write to the same database, at the same time."""
        ...

    def writing(self, *, shared: bool = False) -> AbstractContextManager[Transaction]:
        """Commit on leaving, roll back on an exception.

        `shared`: other turns and answers may be under way beside it (where there are many writers); else it is alone.
        """
        ...
