"""预估: what is to be expected of every call-out that runs, kept with it: when it begins, and while it runs.

Looked at now and then, beside the engine: read on a snapshot, played by a process that stands back, written by the writer's
last lane. Nothing of a call-out waits for it, and nothing depends on it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import sqlalchemy
import structlog

from warning_dispatch.bootstrap.planning import phonebook, seen
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.configuration import Configuration
from warning_dispatch.daemon import Regular
from warning_dispatch.engine.engine import Done
from warning_dispatch.engine.lanes import Lane, Writer
from warning_dispatch.errors import DispatchError
from warning_dispatch.escalation.order import place
from warning_dispatch.model.estimate import SHARES, Estimate
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.states import BranchState, CalleeState, CallOutState, Purpose
from warning_dispatch.model.unit import Channel
from warning_dispatch.model.views import CallOutView
from warning_dispatch.planning.asking import Ground
from warning_dispatch.planning.crew import GONE, Player, seed_of
from warning_dispatch.planning.habits import learned
from warning_dispatch.planning.launching import MOST_UNITS, SEED, hour_of
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import Result, StormSum, estimate_of, units_of
from warning_dispatch.planning.storm import Standing
from warning_dispatch.planning.town import Seat, Town, Wing
from warning_dispatch.ports import Sealer
from warning_dispatch.store.database import reading, writing
from warning_dispatch.store.estimate_rows import keep_estimate
from warning_dispatch.store.planning_rows import CalledNow, called_now
from warning_dispatch.store.readings import TableReadings
from warning_dispatch.store.sql import Sql

EVERY: Final = 5.0
"""Seconds between two looks."""
ANEW: Final = 30_000
"""ms after which what is expected of a running call-out is worked out anew."""
STORMS: Final = 4
BOOK_KEPT: Final = 180_000
SEEN_KEPT: Final = 6 * 3_600_000
LIVE_SEEN: Final = 50
DOWN: Final = "down"
_GONE = (CalleeState.STOPPED, CalleeState.SUPERSEDED, CalleeState.WAIVED, CalleeState.INFORMED)


@dataclass(frozen=True, slots=True)
class CalledTown:
    """A running call-out as planning plays it."""

    town: Town
    standing: Standing


def called_town(called: CalledNow, plan: CallChain, book: Phonebook, now: int) -> CalledTown:
    """Whoever is still to answer or has, in the branches they are called in, as they stand now."""
    records = [one for one in called.callees if one.callee.state not in _GONE and not plan.tiers[one.tier].notice]
    seat_of = {one.id: at for at, one in enumerate(records)}
    wing_of = {one.id: at for at, one in enumerate(called.branches)}
    members: dict[int, list[int]] = {one.id: [] for one in called.branches}
    below: dict[int, list[int]] = {}
    for record in records:
        members[record.branch_id].append(seat_of[record.id])
    wings, standing = [], []
    for at, branch in enumerate(called.branches):
        superior = seat_of.get(branch.superior_callee_id or 0)
        before = wing_of.get(branch.superior_branch_id or 0)
        if superior is not None:
            below.setdefault(superior, []).append(at)
        wings.append(Wing(branch.tier, tuple(members[branch.id]), branch.needed, superior, before))
        alone = superior is None and before is None and branch.gate_at is None
        standing.append((branch.state is BranchState.OPEN or alone, branch.gate_at))
    seats = tuple(
        Seat(
            called.codes[record.unit_id],
            record.tier,
            wing_of[record.branch_id],
            record.county,
            endpoints := book.endpoints.get(called.codes[record.unit_id], ()),
            record.reach,
            max(1, len({one.receiver_id for one in endpoints if one.role & plan.tiers[record.tier].answering})),
            tuple(below.get(at, ())),
        )
        for at, record in enumerate(records)
    )
    by_number: dict[int, dict[int, None]] = {}
    for at, seat in enumerate(seats):
        for one in seat.endpoints:
            by_number.setdefault(one.number_id, {})[at] = None
    places = tuple(place(plan.tiers, index) for index in range(len(plan.tiers)))
    town = Town(seats, tuple(wings), places, book.numbers, {key: tuple(one) for key, one in by_number.items()})
    return CalledTown(town, Standing(tuple(one.callee for one in records), tuple(standing), now))


class Estimator:
    """Keeps an estimate with every call-out that runs."""

    def __init__(
        self,
        database: sqlalchemy.Engine,
        sealer: Sealer,
        read: TableReadings,
        configuration: Configuration,
        ground: Ground,
        simulated: Sequence[str],
        clock: Clock,
    ) -> None:
        """`ground`: what the installation gives every question; `simulated`: routes that teach nothing."""
        self._database, self._sealer, self._read = database, sealer, read
        self._configuration, self._ground = configuration, ground
        self._simulated, self._clock = tuple(simulated), clock
        self._player: Player | None = None
        self._round = threading.Lock()
        self._over = False
        self._book: tuple[int, Phonebook] | None = None
        self._seen: tuple[int, Seen] | None = None
        self._log = structlog.get_logger("planning")

    def regular(self, every: float = EVERY) -> Regular:
        """As the daemon looks at it."""
        return Regular("estimates", every, self.look)

    async def look(self, writer: Writer) -> None:
        """Begin a round in a thread of its own, unless one is going on: neither the loop nor a stop waits for storms."""
        if self._round.acquire(blocking=False):
            threading.Thread(target=self._go_round, args=(writer,), name="estimates", daemon=True).start()

    def _go_round(self, writer: Writer) -> None:
        """1. Which call-outs need one. 2. Read each, play it, have it written. What fails is logged, and comes again."""
        try:
            views = self._due()
            if not views:
                self._rest()
            for view in views:
                found = self._work_out(view)
                if found is not None:
                    writer.submit(Lane.INTAKE, partial(self._write, view.id, found))
        except (
            DispatchError,
            OSError,
            RuntimeError,
        ) as error:  # also a process that died: the next round makes another
            if not (self._over or writer.stopping):
                self._log.warning("estimate.failed", error=str(error))
            self._rest()
        finally:
            self._round.release()

    def _write(self, callout_id: int, estimate: Estimate, _now: int = 0) -> Done[None]:
        with writing(self._database) as connection:
            keep_estimate(Sql(connection), callout_id, estimate)
        return Done(None)

    def look_now(self) -> int:
        """The same where nothing else runs (tests); how many were worked out."""
        views = self._due()
        for view in views:
            found = self._work_out(view)
            if found is not None:
                self._write(view.id, found)
        return len(views)

    def close(self) -> None:
        """Send the process home, for good."""
        self._over = True
        self._rest()

    def _due(self) -> list[CallOutView]:
        views = [
            view
            for view in self._read.callouts(live_only=True, limit=LIVE_SEEN)
            if view.state is CallOutState.RUNNING and view.purpose in (Purpose.CALL, Purpose.DRILL)
        ]
        kept = self._read.estimates([view.id for view in views])
        now = self._clock.now()
        return [
            view
            for view in views
            if sum(tier.callees for tier in view.tiers) <= MOST_UNITS
            and (view.id not in kept or now - kept[view.id].now.made_at >= ANEW)
        ]

    def _work_out(self, view: CallOutView) -> Estimate | None:
        now = self._clock.now()
        plan = self._read.plan(view.id)
        with reading(self._database) as connection:
            called = called_now(Sql(connection), view.id)
        place_ = called_town(called, plan, self._phonebook(now), now)
        if not place_.town.seats:
            return None
        question = self._question(view, plan, now)
        played = self._play(question, place_)
        result = Result(question, units_of(question, place_.town), tuple(played))
        self._log.debug("estimate.made", callout=view.id, units=result.total)
        return estimate_of(result, now, SHARES)

    def _question(self, view: CallOutView, plan: CallChain, now: int) -> Question:
        voice = [one for one in self._read.routes() if one.channel is Channel.VOICE and one.state != DOWN]
        lines = None if any(one.lines is None for one in voice) else sum(one.lines or 0 for one in voice)
        hazards: Mapping[str, object] = self._configuration.hazards.hazards
        hazard = self._configuration.hazards.hazards[view.hazard if view.hazard in hazards else next(iter(hazards))]
        return Question(
            chain=plan,
            hazard=hazard,
            colour=view.colour,
            areas=(self._ground.within,),
            within=self._ground.within,
            lines=replace(self._ground.lines, voice=lines),
            habits=learned(self._taught(now), hour_of(now)),
            outcomes=self._ground.outcomes,
            validity=max(0, view.voice_until - view.started_at),
            hour=hour_of(view.started_at),
            name=plan.name,
            began=view.started_at,
        ).portable()

    def _phonebook(self, now: int) -> Phonebook:
        """The register, read anew when the last look at it is some minutes old."""
        if self._book is None or now - self._book[0] > BOOK_KEPT:
            self._book = now, phonebook(self._database, self._sealer, now)
        return self._book[1]

    def _taught(self, now: int) -> Seen:
        """What past call-outs taught; it goes through all of their calls, and changes by the day."""
        if self._seen is None or now - self._seen[0] > SEEN_KEPT:
            self._seen = now, seen(self._database, self._simulated)
        return self._seen[1]

    def _play(self, question: Question, place_: CalledTown) -> list[StormSum]:
        if self._over:
            raise RuntimeError(GONE)
        if self._player is None:
            self._player = Player()
        player = self._player
        player.take([(question, place_.town, place_.standing)])
        found = []
        for nth in range(STORMS):
            player.begin(0, seed_of(SEED, nth))
            found.append(player.heard())
        return found

    def _rest(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()


def estimator_of(product: Product, ground: Ground, simulated: Collection[str], clock: Clock) -> Estimator:
    """The estimator of an installation."""
    return Estimator(
        product.database, product.sealer, product.read, product.configuration, ground, tuple(simulated), clock
    )
