"""推演席: what the console asks of planning, played by processes of its own, one sheet at a time and never for long."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from warning_dispatch.bootstrap.planning import habits_by_name, phonebook, seen
from warning_dispatch.bootstrap.wiring import Product
from warning_dispatch.clock import Clock
from warning_dispatch.errors import ConfigError, DispatchError, Finding, NotFoundError, RefusedError
from warning_dispatch.model.estimate import SHARES, Estimate
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.planning.asking import Asked, Ground, questions_of
from warning_dispatch.planning.crew import play_all
from warning_dispatch.planning.habits import DEFAULT, LEARNED, learned
from warning_dispatch.planning.launching import DAY_HOURS, MOST_UNITS, SEED, expected, hour_of, launch_question
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import Result, estimate_of
from warning_dispatch.planning.town import town_of
from warning_dispatch.tomlfiles import both
from warning_dispatch.web.console.planning import Sheet, ToBeLaunched

KEPT: Final = 12
"""Sheets that can be looked at again."""
LONGEST: Final = 600_000
"""ms after which a sheet is given up."""
PREVIEW_STORMS: Final = 2
FEW: Final = 600
"""Units whose storms are over before a process would have begun."""
NAMED: Final = (DEFAULT, LEARNED)
PREVIEW_LONGEST: Final = 12_000
PREVIEW_KEPT: Final = 120_000


class _TooLongError(Exception):
    """It took longer than it may."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where the office looks things up, at the moment it is asked."""

    phonebook: Callable[[], Phonebook]
    seen: Callable[[], Seen]


class ProcessOffice:
    """web.console.planning.PlanningOffice: storms in processes beside this one."""

    def __init__(self, ground: Ground, books: Books, clock: Clock) -> None:
        """`ground`: what the installation gives every question."""
        self.ground = ground
        self._books, self._clock = books, clock
        self._lock = threading.Lock()
        self._busy = False
        self._sheets: OrderedDict[int, Sheet] = OrderedDict()
        self._number = 0
        self._previews: dict[ToBeLaunched, tuple[int, Estimate | None]] = {}
        self._log = structlog.get_logger("planning")

    def begin(self, asked: Asked, habits: str, found: Sequence[Finding]) -> int:
        """See the port."""
        book = self._books.phonebook()
        questions = self._questions(asked, habits, book, list(found))
        with self._lock:
            if self._busy:
                what = both("另一项推演正在进行，请等它结束", "another sheet is being played; wait for its end")
                raise RefusedError(what)
            self._busy = True
            self._number += 1
            number = self._number
            self._keep(Sheet(number, asked, habits, self._clock.now(), 0, asked.storms * len(questions)))
        threading.Thread(target=self._work, args=(number, questions, book), name="planning", daemon=True).start()
        return number

    def _questions(self, asked: Asked, habits: str, book: Phonebook, found: list[Finding]) -> list[Question]:
        questions: list[Question] = []
        hour = asked.hour if 0 <= asked.hour < DAY_HOURS else 0
        try:
            chosen = habits_by_name(habits if habits in NAMED else DEFAULT, hour, self._books.seen())
            questions = questions_of(asked, self.ground, chosen, book)
        except ConfigError as error:
            found.extend(error.findings)
        if found:
            raise ConfigError(found)
        return questions

    def sheet(self, number: int) -> Sheet:
        """See the port."""
        with self._lock:
            found = self._sheets.get(number)
        if found is None:
            raise NotFoundError(both(f"没有推演 {number}，请重新推演", f"there is no sheet {number}; ask again"))
        return found

    def sheets(self) -> tuple[Sheet, ...]:
        """See the port."""
        with self._lock:
            return tuple(reversed(self._sheets.values()))

    def before(self, launch: ToBeLaunched) -> Estimate | None:
        """See the port."""
        now = self._clock.now()
        made_at, kept = self._previews.get(launch, (None, None))
        if made_at is not None and 0 <= now - made_at < PREVIEW_KEPT:
            return kept
        estimate = self._estimate(launch, now)
        self._previews = {key: one for key, one in self._previews.items() if now - one[0] < PREVIEW_KEPT}
        if estimate is not None:
            self._previews[launch] = now, estimate
        return estimate

    def _estimate(self, launch: ToBeLaunched, now: int) -> Estimate | None:
        ground = replace(self.ground, lines=replace(self.ground.lines, voice=launch.lines))
        habits = learned(self._books.seen(), hour_of(now))
        question = launch_question(launch.chain, launch.hazard, launch.colour, launch.areas, ground, habits, now)
        book = self._books.phonebook()
        if not 0 < len(town_of(question, book).seats) <= MOST_UNITS or launch.lines == 0:
            return None
        if len(town_of(question, book).seats) <= FEW:
            return expected(question, book, now, PREVIEW_STORMS)
        began = self._clock.monotonic()
        try:
            found = play_all(
                [question],
                book,
                storms=PREVIEW_STORMS,
                seed=SEED,
                jobs=PREVIEW_STORMS,
                told=lambda _played, _all: self._in_time(began, PREVIEW_LONGEST),
                beside=True,
            )
        except _TooLongError:
            return None
        return estimate_of(found[0], now, SHARES)

    def _work(self, number: int, questions: list[Question], book: Phonebook) -> None:
        """The thread of one sheet."""
        began = self._clock.monotonic()

        def told(played: int, _all: int) -> None:
            self._in_time(began, LONGEST)
            self._change(number, played=played)

        sheet = self.sheet(number)
        try:
            results: list[Result] = play_all(
                questions,
                book,
                storms=sheet.asked.storms,
                seed=sheet.asked.seed,
                jobs=max(1, len(os.sched_getaffinity(0)) - 1),
                told=told,
                beside=True,
            )
            self._change(number, results=tuple(results), played=sheet.total)
        except _TooLongError:
            self._change(number, failed="too_long")
        except (DispatchError, OSError, RuntimeError) as error:  # a process that died, a machine without memory
            self._log.error("planning.failed", error=str(error))
            self._change(number, failed="failed")
        finally:
            with self._lock:
                self._busy = False

    def _in_time(self, began: int, longest: int) -> None:
        if self._clock.monotonic() - began > longest:
            raise _TooLongError

    def _keep(self, sheet: Sheet) -> None:
        self._sheets[sheet.number] = sheet
        while len(self._sheets) > KEPT:
            self._sheets.popitem(last=False)

    def _change(self, number: int, **changes: object) -> None:
        with self._lock:
            if number in self._sheets:
                self._sheets[number] = replace(self._sheets[number], **changes)  # type: ignore[arg-type] # fields by name


def planning_office(product: Product, ground: Ground, simulated: Collection[str], clock: Clock) -> ProcessOffice:
    """The office of an installation: its stored register, and what its past call-outs taught."""
    books = Books(
        phonebook=lambda: phonebook(product.database, product.sealer, clock.now()),
        seen=lambda: seen(product.database, tuple(simulated)),
    )
    return ProcessOffice(ground, books, clock)
