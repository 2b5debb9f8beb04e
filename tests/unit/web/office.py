"""An in-memory double of both ports the web stands on (ReadModels and Desk), honest in what it counts and refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from warning_dispatch.clock import VirtualClock
from warning_dispatch.errors import NotFoundError, RefusedError, StoreError
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.sources import Publication
from warning_dispatch.model.states import (
    LIVE_CALLOUT,
    UNREACHED,
    AttemptState,
    CalleeState,
    CallOutState,
    Means,
    Purpose,
)
from warning_dispatch.model.unit import Channel, ReceiverEntry, Role
from warning_dispatch.model.views import (
    AddedReceiver,
    AlarmList,
    AlarmRow,
    AlertRow,
    AttemptRow,
    CalleeRow,
    CallOutView,
    CurvePoint,
    Health,
    IntakeResult,
    LinkUnit,
    LinkView,
    PhoneView,
    SuperiorList,
    TaskRow,
    TierView,
    UnreachedRow,
    UnreachedView,
)
from warning_dispatch.ports import ListAccount

START = 1_785_000_000_000
TOKEN = "abcdefghij234567"
RAINSTORM = {"zh_CN": "暴雨", "en": "Rainstorm"}
TITLES = {
    "leaders": {"zh_CN": "市领导", "en": "City leaders"},
    "departments": {"zh_CN": "市直部门", "en": "City departments"},
    "counties": {"zh_CN": "县（市、区）", "en": "Counties"},
    "townships": {"zh_CN": "乡镇（街道）", "en": "Townships"},
    "villages": {"zh_CN": "村（社区）", "en": "Villages"},
}
HIDDEN = (CalleeState.SUPERSEDED,)


@dataclass
class CallOutRecord:
    """One call-out with everything that is counted from its rows."""

    frame: CallOutView
    callees: list[CalleeRow] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    delivered: int = 0


class Tasks:
    """ports.TaskDesk and the reading of the work list in one: `tasks` is an attribute of the desk and a call of the reader."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def __call__(self, *, limit: int = 100) -> Sequence[TaskRow]:
        """The list."""
        return self._office.work[:limit]

    async def take(self, attempt_id: int, *, actor: str) -> int:
        """In hand for two minutes."""
        task = self._found(attempt_id)
        if task.taken_by not in ("", actor):
            raise RefusedError(f"{task.taken_by} 正在打这个电话 / taken")
        self._put(attempt_id, taken_until=self._office.clock.now() + 120_000, taken_by=actor)
        self._office.tasks_done.append(("take", attempt_id, actor, ""))
        return self._office.clock.now() + 120_000

    async def number(self, attempt_id: int, *, actor: str) -> str:
        """In clear."""
        self._found(attempt_id)
        self._office.tasks_done.append(("number", attempt_id, actor, ""))
        return f"+8626010000{attempt_id:03d}"

    async def finish(self, attempt_id: int, result: str, *, actor: str, note: str = "") -> None:
        """Off the list."""
        self._office.work.remove(self._found(attempt_id))
        self._office.tasks_done.append((result, attempt_id, actor, note))

    def _found(self, attempt_id: int) -> TaskRow:
        found = next((one for one in self._office.work if one.attempt_id == attempt_id), None)
        if found is None:
            raise NotFoundError(f"没有人工任务 {attempt_id} / there is no task {attempt_id}")
        return found

    def _put(self, attempt_id: int, **changes: object) -> None:
        work = self._office.work
        at = next(n for n, one in enumerate(work) if one.attempt_id == attempt_id)
        work[at] = replace(work[at], **changes)


class Office:
    """Both ports over plain lists. Tests set it up with the `add_` methods and the engine's part with `answer`."""

    def __init__(self, clock: VirtualClock) -> None:
        """An empty office whose keys are "reader", "sender", "actor"."""
        self.clock = clock
        self.records: dict[int, CallOutRecord] = {}
        self.links: dict[str, LinkView] = {}
        self.rows: list[AlertRow] = []
        self.raised: list[AlarmRow] = []
        self.claims: list[tuple[list[int], str]] = []
        self.raw: list[tuple[bytes, str]] = []
        self.published: list[Publication] = []
        self.heartbeats: list[str] = []
        self.items: dict[str, IntakeResult] = {}
        self.acts: list[tuple[str, int, str, str, str]] = []
        self.acknowledged: list[tuple[int, int, str, str, Means]] = []
        self.confirmations: list[str] = []
        self.shown: list[int | None] = []
        self.accounts: list[ListAccount] = []
        self.added: list[tuple[int, ReceiverEntry, str, str]] = []
        self.lists: list[SuperiorList] = []
        self.work: list[TaskRow] = []
        self.tasks_done: list[tuple[str, int, str, str]] = []
        self.unreached_rows: list[UnreachedRow] = []
        self.verdict = Disposition.ACCEPTED
        self.keys = {
            "registers": {"register"},
            "reader": {"read"},
            "sender": {"alerts"},
            "actor": {"read", "act"},
            "tv": {"feed"},
        }
        self.database = True
        self.turned_at = clock.now()

    @property
    def tasks(self) -> Tasks:
        """Both ports' work list."""
        return Tasks(self)

    def add_task(self, unit: str, *, role: Role = Role.PRIMARY, waited: int = 65_000, **changes: object) -> int:
        """A task; its number."""
        number = len(self.work) + len(self.tasks_done) + 1
        task = TaskRow(
            attempt_id=number,
            callout_id=1,
            hazard_name=RAINSTORM,
            colour=Colour.RED,
            units=(unit,),
            path="吕梁市",
            role=role,
            phone="138****0001",
            script=f"您好，这里是气象叫应值班室，向您报告。\n请{unit}知悉并指挥防范。您收到了吗？",
            language="zh_CN",
            since=self.clock.now() - waited,
            taken_until=None,
            taken_by="",
            next_at=self.clock.now() + 55_000,
        )
        self.work.append(replace(task, **changes))
        return number

    # --- setting up -----------------------------------------------------------------------------------------

    def add_callout(
        self, *, colour: Colour = Colour.RED, tiers: Sequence[str] = tuple(TITLES), **changes: object
    ) -> int:
        """A running call-out without callees; its id."""
        callout_id = len(self.records) + 1
        frame = CallOutView(
            id=callout_id,
            alert_id=callout_id,
            plan_name="city",
            plan_title={"zh_CN": "市级叫应方案", "en": "City plan"},
            hazard="rainstorm",
            hazard_name=RAINSTORM,
            colour=colour,
            issuer="吕梁市气象台",
            headline="吕梁市气象台发布暴雨红色预警信号",
            state=CallOutState.RUNNING,
            purpose=Purpose.CALL,
            round=1,
            started_at=self.clock.now(),
            ended_at=None,
            voice_until=self.clock.now() + 6 * 3_600_000,
            validity_guessed=True,
            tiers=tuple(_empty_tier(name) for name in tiers),
            attempts=0,
            handed=0,
            delivered=0,
            first_attempt_at=None,
        )
        self.records[callout_id] = CallOutRecord(replace(frame, **changes))
        return callout_id

    def add_callee(
        self,
        callout_id: int,
        tier: str,
        name: str,
        *,
        path: str = "",
        code: str = "",
        state: CalleeState = CalleeState.WAITING,
    ) -> int:
        """One unit of a call-out; its id."""
        record = self.records[callout_id]
        callee_id = callout_id * 100_000 + len(record.callees) + 1
        opened = None if state is CalleeState.WAITING else self.clock.now()
        row = CalleeRow(
            callee_id=callee_id,
            unit_code=code or f"1411{callee_id:08}",
            unit_name=name,
            path=path,
            tier=tier,
            state=state,
            calls=0,
            last_outcome="",
            opened_at=opened,
            next_at=None,
            answered_at=None,
        )
        record.callees.append(row)
        return callee_id

    def open_tier(self, callout_id: int, tier: str) -> None:
        """The gate opens: everyone of the tier is being called."""
        record = self.records[callout_id]
        tiers = tuple(replace(t, opened_at=self.clock.now()) if t.name == tier else t for t in record.frame.tiers)
        record.frame = replace(record.frame, tiers=tiers)
        for row in [row for row in record.callees if row.tier == tier and row.state is CalleeState.WAITING]:
            self.change(callout_id, row.callee_id, state=CalleeState.CALLING, opened_at=self.clock.now())

    def change(self, callout_id: int, callee_id: int, **changes: object) -> None:
        """Alter one callee's row."""
        callees = self.records[callout_id].callees
        index = self._index(callout_id, callee_id)
        callees[index] = replace(callees[index], **changes)

    def answer(self, callout_id: int, callee_id: int) -> None:
        """A human said received."""
        self.change(callout_id, callee_id, state=CalleeState.ACKNOWLEDGED, answered_at=self.clock.now())

    def add_attempt(self, callout_id: int, callee_id: int, outcome: str, channel: Channel = Channel.VOICE) -> None:
        """One try on a callee that has ended."""
        record = self.records[callout_id]
        row = record.callees[self._index(callout_id, callee_id)]
        now = self.clock.now()
        attempt = AttemptRow(
            id=len(record.attempts) + 1,
            unit_name=row.unit_name,
            channel=channel,
            role=Role.PRIMARY,
            masked="100****0000",
            state=AttemptState.ENDED,
            outcome=outcome,
            due_at=now,
            claimed_at=now,
            ended_at=now,
            possible_duplicate=False,
        )
        record.attempts.append(attempt)
        record.delivered += outcome not in ("no_answer", "switched_off", "busy", "empty_number")
        self.change(callout_id, callee_id, calls=row.calls + 1, last_outcome=outcome)

    def end(self, callout_id: int, state: CallOutState = CallOutState.CANCELLED) -> None:
        """The call-out is over, and so are its links."""
        record = self.records[callout_id]
        record.frame = replace(record.frame, state=state, ended_at=self.clock.now())
        for token, link in self.links.items():
            if link.callout_id == callout_id:
                self.links[token] = replace(link, callout_state=state)

    @staticmethod
    def link_unit(callee_id: int = 1, name: str = "郝家墕村", path: str = "临县 白文镇", **changes: object) -> LinkUnit:
        """A village behind a link, not confirmed yet."""
        return replace(LinkUnit(callee_id, path, name, CalleeState.CALLING, None, None), **changes)

    def add_link(self, callout_id: int = 1, callee_id: int = 1, *, token: str = TOKEN, **changes: object) -> str:
        """A receiver's link, to one village if no `units` are named; its token."""
        link = LinkView(
            callout_id=callout_id,
            units=(self.link_unit(callee_id),),
            language="zh_CN",
            hazard_name=RAINSTORM,
            colour=Colour.RED,
            issuer="吕梁市气象台",
            sent=START,
            headline="吕梁市气象台发布暴雨红色预警信号",
            description="预计未来3小时，临县、兴县、方山县降雨量将达100毫米以上，山洪、滑坡、泥石流风险很高。",
            instruction="立即组织沿河、沟口、陡坡下的群众转移到安全地点，停止户外作业。",
            area_names=("临县", "兴县", "方山县"),
            expires=None,
            drill=False,
            callout_state=CallOutState.RUNNING,
        )
        self.links[token] = replace(link, **changes)
        return token

    def _index(self, callout_id: int, callee_id: int) -> int:
        for index, row in enumerate(self._record(callout_id).callees):
            if row.callee_id == callee_id:
                return index
        raise NotFoundError(f"Call-out {callout_id} has no callee {callee_id}.")

    def _record(self, callout_id: int) -> CallOutRecord:
        if callout_id not in self.records:
            raise NotFoundError(f"There is no call-out {callout_id}.")
        return self.records[callout_id]

    # --- ReadModels -----------------------------------------------------------------------------------------

    def callouts(self, *, live_only: bool = False, limit: int = 100) -> Sequence[CallOutView]:
        """Newest first."""
        views = [self.callout(callout_id) for callout_id in sorted(self.records, reverse=True)]
        return [view for view in views if not live_only or view.state in LIVE_CALLOUT][:limit]

    def callout(self, callout_id: int) -> CallOutView:
        """Counted from its rows."""
        record = self._record(callout_id)
        tiers = tuple(_counted(tier, record.callees) for tier in record.frame.tiers)
        first = min((attempt.due_at for attempt in record.attempts), default=None)
        tries = len(record.attempts)
        return replace(
            record.frame, tiers=tiers, attempts=tries, handed=tries, delivered=record.delivered, first_attempt_at=first
        )

    def callees(
        self, callout_id: int, *, states: Sequence[CalleeState] = (), tier: str = "", limit: int = 100, offset: int = 0
    ) -> Sequence[CalleeRow]:
        """In the order of their codes."""
        rows = sorted(self._record(callout_id).callees, key=lambda row: row.unit_code)
        rows = [row for row in rows if (not states or row.state in states) and tier in ("", row.tier)]
        return rows[offset : offset + limit]

    def superior_lists(self, callout_id: int) -> Sequence[SuperiorList]:
        """As the test set them."""
        self._record(callout_id)
        return self.lists

    def unreached(
        self, callout_id: int, *, now: int, unit_code: str = "", limit: int = 100, offset: int = 0
    ) -> UnreachedView:
        """Those of the lists that the unit holds; `now` is the office's own."""
        assert now == self.clock.now()
        lists = [one for one in self.superior_lists(callout_id) if unit_code in ("", one.holder_code, one.unit_code)]
        if not lists:
            raise NotFoundError(f"Nobody is called below {unit_code}.")
        codes = {one.unit_code for one in lists}
        rows = [row for row in self.unreached_rows if row.superior_code in codes]
        last = max((row.estimate for row in rows if row.estimate), default=None)
        return UnreachedView(callout_id, tuple(lists), tuple(rows[offset : offset + limit]), len(rows), last)

    def latest_attempts(self, callout_id: int, *, limit: int = 20) -> Sequence[AttemptRow]:
        """Newest first."""
        return self._record(callout_id).attempts[::-1][:limit]

    def curve(self, callout_id: int) -> Sequence[CurvePoint]:
        """One point per moment something was answered."""
        at = Counter(row.answered_at for row in self._record(callout_id).callees if row.answered_at is not None)
        points, answered = [], 0
        for moment in sorted(at):
            answered += at[moment]
            points.append(CurvePoint(moment, answered))
        return points

    def alarms(self, *, limit: int = 50, open_only: bool = False, callout_id: int | None = None) -> AlarmList:
        """Newest first."""
        asked = [one for one in self.raised[::-1] if not open_only or one.claimed_at is None]
        found = [one for one in asked if callout_id in (None, one.callout_id)]
        return AlarmList(tuple(found[:limit]), len(found))

    def alerts(self, *, limit: int = 100) -> Sequence[AlertRow]:
        """Newest first."""
        return self.rows[::-1][:limit]

    def alert(self, alert_id: int) -> AlertRow:
        """By its id."""
        for row in self.rows:
            if row.id == alert_id:
                return row
        raise NotFoundError(f"There is no alert {alert_id}.")

    def link(self, token: str) -> LinkView:
        """By its token."""
        if token not in self.links:
            raise NotFoundError("There is no such link.")
        return self.links[token]

    def name_of_key(self, key: str) -> str:
        """Keys are their own names."""
        return key if key in self.keys else ""

    def publications(self, *, before: int | None = None, limit: int = 50) -> Sequence[Publication]:
        """Newest first."""
        return [one for one in self.published[::-1] if before is None or one.number < before][:limit]

    def publication(self, number: int) -> Publication:
        """By its number."""
        for one in self.published:
            if one.number == number:
                return one
        raise NotFoundError(f"There is no publication {number}.")

    def scopes_of_key(self, key: str) -> frozenset[str]:
        """Empty for an unknown key."""
        return frozenset(self.keys.get(key, ()))

    # --- Desk -----------------------------------------------------------------------------------------------

    async def take_in(self, raw: bytes, source: str, item: str = "") -> IntakeResult:
        """Keep it, with the verdict the test chose; what is called the same is taken in once."""
        self._must_write()
        if item and item in self.items:
            return self.items[item]
        self.raw.append((raw, source))
        quarantined = self.verdict is Disposition.QUARANTINED
        row = AlertRow(
            id=len(self.rows) + 1,
            received_at=self.clock.now(),
            identifier=f"sample-{len(self.rows) + 1}",
            sender="141100",
            status="Actual",
            msg_type="Alert",
            hazard="rainstorm",
            colour=None if quarantined else Colour.RED,
            headline="",
            disposition=self.verdict,
            reasons=("unknown sender",) if quarantined else (),
            callouts=(),
        )
        self.rows.append(row)
        result = IntakeResult(row.id, row.disposition, row.reasons, row.callouts)
        if item:
            self.items[item] = result
        return result

    async def source_seen(self, source: str) -> None:
        """Keep it."""
        self.heartbeats.append(source)

    async def confirm_link(self, token: str, shown: int | None = None) -> LinkView:
        """Confirm once; a second time changes nothing; too late is refused."""
        self.shown.append(shown)
        self._must_write()
        link = self.link(token)
        if link.last_confirmed is None:
            if not link.open:
                raise RefusedError("The call-out is over.")
            now = self.clock.now()
            units = (
                unit if unit.confirmed_at else replace(unit, confirmed_at=now, confirmed_means=Means.LINK)
                for unit in link.units
            )
            link = replace(link, units=tuple(units))
            self.links[token] = link
            self.confirmations.append(token)
        return link

    async def acknowledge(self, callout_id: int, callee_id: int, *, actor: str, reason: str, means: Means) -> None:
        """Record an answer; a call-out that is over refuses."""
        self._must_write()
        self._index(callout_id, callee_id)
        if self._record(callout_id).frame.state not in LIVE_CALLOUT:
            raise RefusedError("The call-out is over.")
        self.answer(callout_id, callee_id)
        self.acknowledged.append((callout_id, callee_id, actor, reason, means))

    async def release(self, alert_id: int, *, actor: str, reason: str) -> IntakeResult:
        """Record the release of a message that is there."""
        self._must_write()
        self.alert(alert_id)
        self.acts.append(("release", alert_id, actor, reason, ""))
        return IntakeResult(alert_id, Disposition.ACCEPTED, ("released_by_an_officer",), ())

    async def act(self, act: str, callout_id: int, *, actor: str, reason: str, unit_code: str = "") -> None:
        """Record the act; one without a reason is refused."""
        self._record(callout_id)
        if not reason:
            raise RefusedError("A reason is needed.")
        self.acts.append((act, callout_id, actor, reason, unit_code))

    async def add_receiver(self, callout_id: int, entry: ReceiverEntry, *, actor: str, reason: str) -> AddedReceiver:
        """Keep it; a call-out that is over refuses."""
        self._must_write()
        if self._record(callout_id).frame.state not in LIVE_CALLOUT:
            raise RefusedError("The call-out is over.")
        self.added.append((callout_id, entry, actor, reason))
        return AddedReceiver(len(self.added), len(entry.endpoints), (callout_id,))

    async def list_written(self, account: ListAccount) -> None:
        """Keep the account."""
        self._must_write()
        self._record(account.callout_id)
        self.accounts.append(account)

    async def claim_alarms(self, alarm_ids: Sequence[int] | None, *, actor: str) -> Sequence[int]:
        """Everything asked for that is there; one without an actor is refused."""
        if not actor.strip():
            raise RefusedError("A claim needs an actor.")
        claimed = [one.id for one in self.raised if alarm_ids is None or one.id in alarm_ids]
        self.claims.append((claimed, actor))
        return claimed

    def health(self) -> Health:
        """As the test set it."""
        return Health(self.turned_at, self.database)

    def _must_write(self) -> None:
        if not self.database:
            raise StoreError


def superior_list(code: str, name: str, *, holder: str = "") -> SuperiorList:
    """The list of a superior that has not answered itself."""
    return SuperiorList(
        code, name, "临县", CalleeState.UNANSWERED, holder, "临县" if holder else "", 5, 3, 0, 0, 0, 2, 0
    )


def unreached_row(callee_id: int, *, superior: str, estimate: int | None) -> UnreachedRow:
    """A village that nobody could call yet."""
    return UnreachedRow(
        callee_id=callee_id,
        unit_code=f"{superior}{200 + callee_id}",
        unit_name=f"村{callee_id}",
        path="临县 白文镇",
        tier="villages",
        superior_code=superior,
        state=CalleeState.UNCALLED,
        since=START,
        calls=0,
        last_outcome="",
        next_at=None,
        estimate=estimate,
        phones=(PhoneView(Role.PRIMARY, "138****5678"),),
    )


def _empty_tier(name: str) -> TierView:
    return TierView(name, TITLES.get(name, {"zh_CN": name}), None, *(0,) * 12)


def _counted(tier: TierView, rows: Sequence[CalleeRow]) -> TierView:
    mine = Counter(row.state for row in rows if row.tier == tier.name and row.state not in HIDDEN)
    counts = {state.name.lower(): mine[state] for state in CalleeState if state not in HIDDEN}
    return replace(tier, callees=sum(mine.values()), **counts)


def unreached_of(office: Office, callout_id: int) -> int:
    """How many callees of a call-out are unreached, counted row by row."""
    return sum(row.state in UNREACHED for row in office.records[callout_id].callees)
