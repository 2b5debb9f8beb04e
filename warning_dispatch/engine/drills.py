"""演练: composed, released, begun, ended. The same engine calls; what is different is decided here.

A drill's call-out has the purpose DRILL: it waits behind every real one in every queue, has no share in the reserve of
budgets, counts for no warning, and is counted apart. What a real warning does to it: drill_interrupts.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from warning_dispatch.drilling.calendar import due_reminder, is_past, next_year
from warning_dispatch.drilling.life import DrillEvent, Release, is_missed, move, release
from warning_dispatch.drilling.plans import announcing
from warning_dispatch.engine.drill_composing import Composer
from warning_dispatch.engine.drill_interrupts import end_drill, silence
from warning_dispatch.engine.drill_records import DrillContent, DrillRecord, LiveDrill, NewDrill
from warning_dispatch.engine.frozen import texts_to_json
from warning_dispatch.engine.launch import note_start, open_orphans
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import BY_ITSELF, NewCallOut
from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.escalation.callout import OVER
from warning_dispatch.model.alarm_facts import written
from warning_dispatch.model.drills import DrillDay, DrillKind, DrillRequest, DrillState
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import CallOutState, Purpose
from warning_dispatch.model.texts import AlertFacts, FrozenTexts
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import fitted

NOBODY_BEFORE = Round()
"""A drill takes over from nobody."""


@dataclass(frozen=True, slots=True)
class DrillParts:
    """What drills are carried out with. `announce`: the texts that tell people beforehand, with the drill's hour (ms)."""

    compose: Composer
    freeze_texts: Callable[[AlertFacts], FrozenTexts]
    announce: Callable[[AlertFacts, int], FrozenTexts]
    plan_from_json: Callable[[str], CallChain]
    plan_to_json: Callable[[CallChain], str]
    at_once: int


class Drills:
    """Carries drills out."""

    def __init__(self, parts: DrillParts) -> None:
        """See DrillParts."""
        self._parts = parts

    # --- people's acts ------------------------------------------------------------------------------------

    def compose(self, ledger: Ledger, asked: DrillRequest, actor: str) -> int:
        """Write a drill down; its id. One on paper runs from now on, the others wait for their release.

        DrillError with everything that is wrong with it; then nothing was written and nobody is called.
        """
        _require(actor)
        content = self._parts.compose(ledger, asked)
        state = DrillState.COMPOSED
        announce_at = asked.starts_at - asked.announce if asked.starts_at is not None and asked.announce else None
        drill_id = ledger.tx.drills.insert(
            NewDrill(asked.kind, state, content, asked.starts_at, announce_at, ledger.now, actor.strip())
        )
        if asked.day_id is not None and not ledger.tx.drills.hold_day(asked.day_id, drill_id):
            raise NotFoundError(f"演练日历里没有 {asked.day_id} / there is no day {asked.day_id} → drill calendar")
        ledger.note_system({"k": "drill.composed", "id": drill_id, "kind": asked.kind.name, "by": actor})
        if asked.kind is DrillKind.PAPER:
            ledger.tx.drills.begun(drill_id, None, ledger.now)
        return drill_id

    def release(self, ledger: Ledger, drill_id: int, actor: str) -> bool:
        """One person more releases it; whether nobody is missing any more. Without an hour of its own it begins now."""
        drill = self._load(ledger, drill_id)
        by = release(drill.kind, drill.state, drill.first_by, actor)
        self._require_time(ledger, drill)
        state = move(drill.state, DrillEvent.RELEASED) if by.complete else drill.state
        ledger.tx.drills.released(drill_id, by, state, ledger.now)
        ledger.note_system({"k": "drill.released", "id": drill_id, "by": actor, "complete": by.complete})
        if by.complete:
            self._go_on(ledger, _released(drill, by, state))
        return by.complete

    def stop(self, ledger: Ledger, drill_id: int, actor: str, reason: str) -> None:
        """An officer ends it, or withdraws one that has not begun: nothing of it goes out any more."""
        _require(actor)
        if not reason.strip():
            raise RefusedError("须写明理由 / a reason is needed (--reason)")
        drill = self._load(ledger, drill_id)
        event = DrillEvent.STOPPED if drill.state is DrillState.RUNNING else DrillEvent.WITHDRAWN
        state = move(drill.state, event)
        live = LiveDrill(drill.id, drill.kind, drill.state, drill.announced_id, drill.callout_id)
        silence(ledger, live, actor=actor, reason=reason)
        end_drill(ledger, drill_id, state, actor, reason)

    def keep_report(self, ledger: Ledger, drill_id: int, report: str, score: int | None) -> None:
        """What came of it, once it is over; one on paper is over by it."""
        drill = self._load(ledger, drill_id)
        if drill.kind is DrillKind.PAPER and drill.state is DrillState.RUNNING:
            end_drill(ledger, drill_id, move(drill.state, DrillEvent.FINISHED), BY_ITSELF, "")
        ledger.tx.drills.keep_report(drill_id, report, score)

    def add_day(self, ledger: Ledger, day: DrillDay, actor: str) -> int:
        """Enter a day in the calendar; its id."""
        _require(actor)
        key = ledger.tx.drills.add_day(day, ledger.now, actor.strip())
        ledger.note_system({"k": "drill.day", "id": key, "day": day.day, "by": actor})
        return key

    def drop_day(self, ledger: Ledger, day_id: int, actor: str) -> None:
        """Take a day out of the calendar."""
        _require(actor)
        if not ledger.tx.drills.drop_day(day_id):
            raise NotFoundError(f"演练日历里没有 {day_id} / there is no day {day_id} → drill calendar")
        ledger.note_system({"k": "drill.day_dropped", "id": day_id, "by": actor})

    def play(self, ledger: Ledger, content: DrillContent) -> int:
        """Begin a drill at once, on a database that has simulated phones only; its call-out."""
        new = NewDrill(DrillKind.PAPER, DrillState.RELEASED, content, None, None, ledger.now, BY_ITSELF)
        drill_id = ledger.tx.drills.insert(new)
        self._begin(ledger, self._load(ledger, drill_id))
        return self._load(ledger, drill_id).callout_id or 0

    # --- by itself ----------------------------------------------------------------------------------------

    def tend(self, ledger: Ledger, today: str) -> None:
        """What is due: announcements, drills whose hour has come, drills that are over, reminders of the calendar.

        `today`: in wall time, 2026-05-12.
        """
        for live in ledger.tx.drills.live():
            if live.state is DrillState.RUNNING:
                self._finish(ledger, live)
            else:
                self._go_on(ledger, self._load(ledger, live.id))
        self._remind(ledger, today)

    def _go_on(self, ledger: Ledger, drill: DrillRecord) -> None:
        """A released drill: announced, begun, or missed, as the hour says."""
        now, starts_at = ledger.now, drill.starts_at
        if starts_at is not None and now < starts_at:
            if drill.announce_at is not None and drill.announce_at <= now and drill.announced_id is None:
                self._announce(ledger, drill, starts_at)
            return
        live = LiveDrill(drill.id, drill.kind, drill.state, drill.announced_id, drill.callout_id)
        silence(ledger, live, actor=BY_ITSELF, reason="its_hour")  # an announcement that comes after its drill is none
        if starts_at is not None and is_missed(starts_at, now):
            end_drill(ledger, drill.id, move(drill.state, DrillEvent.MISSED), BY_ITSELF, DrillEvent.MISSED)
            ledger.alarm("drill_missed", written(drill=drill.id), about=f"drill {drill.id}")
            return
        if self._must_wait(ledger, drill):
            end_drill(ledger, drill.id, move(drill.state, DrillEvent.REAL_WARNING), BY_ITSELF, DrillEvent.REAL_WARNING)
            ledger.alarm("drill_called_off", written(drill=drill.id), about=f"drill {drill.id}")
            return
        self._begin(ledger, drill)

    @staticmethod
    def _must_wait(ledger: Ledger, drill: DrillRecord) -> bool:
        """A real warning stands, or another drill with real phones is under way."""
        others = [one for one in ledger.tx.drills.live() if one.id != drill.id and one.callout_id is not None]
        return ledger.tx.drills.warned() or bool(others)

    def _require_time(self, ledger: Ledger, drill: DrillRecord) -> None:
        """RefusedError when it could not begin now."""
        if drill.starts_at is not None and is_missed(drill.starts_at, ledger.now):
            raise RefusedError("演练时间已过，请重新拟定 / its hour has passed: compose it anew")
        if drill.starts_at is not None and ledger.now < drill.starts_at:
            return
        if ledger.tx.drills.warned():
            raise RefusedError(
                "有真实预警的叫应还没办结，不能演练 / a real warning's call-out is not closed yet: no drill now → callout list --live"
            )
        if self._must_wait(ledger, drill):
            raise RefusedError("另一场演练正在进行 / another drill is under way → drill list")

    def _begin(self, ledger: Ledger, drill: DrillRecord) -> None:
        """The drill's call-out, on the engine that calls for real warnings."""
        content, now = drill.content, ledger.now
        facts = replace(content.facts, sent=now, expires=now + content.valid, drill=True)
        plan = self._parts.plan_from_json(content.plan)
        texts = self._parts.freeze_texts(facts)
        callout_id = self._launch(ledger, drill, plan, texts, content.valid)
        ledger.tx.drills.begun(drill.id, callout_id, now)
        ledger.note_system({"k": "drill.begun", "id": drill.id, "callout": callout_id})
        if ledger.callout(callout_id).filling:
            ledger.filling = True
        else:
            ledger.started.append(callout_id)

    def _announce(self, ledger: Ledger, drill: DrillRecord, starts_at: int) -> None:
        """People are told beforehand, by SMS and without being asked for anything."""
        if ledger.tx.drills.warned():
            return
        plan = announcing(self._parts.plan_from_json(drill.content.plan), drill.content.colour)
        facts = replace(drill.content.facts, sent=ledger.now, drill=True)
        callout_id = self._launch(ledger, drill, plan, self._parts.announce(facts, starts_at), starts_at - ledger.now)
        if ledger.callout(callout_id).filling:
            ledger.filling = True
        ledger.tx.drills.announced(drill.id, callout_id)
        ledger.note_system({"k": "drill.announced", "id": drill.id, "callout": callout_id})

    def _launch(self, ledger: Ledger, drill: DrillRecord, plan: CallChain, texts: FrozenTexts, lasts: int) -> int:
        content = drill.content
        notices = {tier.name for tier in plan.tiers if tier.notice}
        coverage = fitted(content.coverage, plan, content.colour)
        coverage = tuple(replace(one, notice=one.name in notices) for one in coverage)
        new = NewCallOut(
            alert_id=None,
            chain_id=None,
            plan_name=content.plan_name,
            plan=self._parts.plan_to_json(plan),
            texts=texts_to_json(texts),
            hazard=content.hazard,
            colour=content.colour,
            issuer_area=content.issuer_area,
            purpose=Purpose.DRILL,
            round=1,
            supersedes_id=None,
            started_at=ledger.now,
            voice_until=ledger.now + lasts,
            validity_guessed=False,
            confidential=content.confidential,
            named=content.people,
        )
        callout_id = ledger.tx.callouts.insert(new)
        filled = ledger.tx.callouts.fill(callout_id, plan, coverage, NOBODY_BEFORE, self._parts.at_once)
        note_start(ledger, callout_id, new, filled)
        open_orphans(ledger, callout_id, plan, ledger.tx.branches.first(callout_id))
        return callout_id

    @staticmethod
    def _finish(ledger: Ledger, live: LiveDrill) -> None:
        """A drill whose call-out has come to its end: everybody has answered, or its time is over."""
        if live.callout_id is None:
            return
        state = ledger.callout(live.callout_id).state
        if state is CallOutState.COMPLETE:
            silence(ledger, live, actor=BY_ITSELF, reason=DrillEvent.FINISHED)
        elif state not in OVER:
            return
        end_drill(ledger, live.id, move(live.state, DrillEvent.FINISHED), BY_ITSELF, DrillEvent.FINISHED)

    # --- the calendar -------------------------------------------------------------------------------------

    @staticmethod
    def _remind(ledger: Ledger, today: str) -> None:
        """What stands in the calendar and is near; a yearly day that is over is entered for the next year."""
        rows = ledger.tx.drills
        for day in rows.days():
            if is_past(day.day, today):
                if day.yearly:
                    again = DrillDay(0, next_year(day.day), day.title, day.kind, day.note, yearly=True)
                    rows.add_day(again, ledger.now, BY_ITSELF)
                rows.follow_day(day.id)
                if not day.held:
                    detail = written(day=day.day, title=day.title)
                    ledger.alarm("drill_not_held", detail, about=f"drill day {day.id}")
                continue
            before = due_reminder(day.day, today, day.told)
            if before is not None:
                rows.told_day(day.id, before)
                if not day.held:
                    detail = written(day=day.day, title=day.title, days=before)
                    ledger.alarm("drill_due", detail, about=f"drill day {day.id} {before}")

    @staticmethod
    def _load(ledger: Ledger, drill_id: int) -> DrillRecord:
        drill = ledger.tx.drills.load(drill_id)
        if drill is None:
            raise NotFoundError(f"没有演练 {drill_id} / there is no drill {drill_id} → drill list")
        return drill


def _released(drill: DrillRecord, by: Release, state: DrillState) -> DrillRecord:
    return replace(drill, first_by=by.first, second_by=by.second, state=state)


def _require(actor: str) -> None:
    if not actor.strip():
        raise RefusedError("须写明操作人 / an actor is needed (--actor)")
