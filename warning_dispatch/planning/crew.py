"""推演的人手: storms in as many processes as there are cores. What comes out does not depend on how many there were."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager

from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import Result, StormSum, sum_up, units_of
from warning_dispatch.planning.storm import Standing, play
from warning_dispatch.planning.town import Town, town_of

LOOK_UP = 2.0
"""Seconds between two looks whether the parent lives."""
APART = 1_000_003
"""Between the seeds of two storms; the first has the seed that was given."""
WORTH_A_CREW = 4
"""Storms; fewer are played faster than a process begins."""
NICE = 10
"""How far the crew stands back: the engine and people's pages go first."""
YOUNG = 50_000
"""Containers that must be new before the collector looks at them."""
Told = Callable[[int, int], None]
"""(storms played, storms in all): progress."""

_BOARD: list[tuple[Question, Town]] = []
"""In a process of the crew: what it plays on."""


def play_all(
    questions: Sequence[Question],
    book: Phonebook,
    *,
    storms: int,
    seed: int,
    jobs: int | None = None,
    told: Told = lambda _played, _all: None,
    beside: bool = False,
) -> list[Result]:
    """So many storms of each question. The n-th storms of all questions have the same people: what differs is the question.

    `jobs` None: as many processes as there are cores. `beside`: never in this process, which has other things to do. What
    `told` raises ends everything.
    """
    board = [(question.portable(), town_of(question, book)) for question in questions]
    work = [(at, nth) for nth in range(storms) for at in range(len(board))]
    sums: dict[tuple[int, int], StormSum] = {}
    workers = min(jobs or len(os.sched_getaffinity(0)), len(work))
    told(0, len(work))
    if not beside and (workers <= 1 or len(work) < WORTH_A_CREW):
        for at, nth in work:
            question, town = board[at]
            sums[at, nth] = one_storm(question, town, seed_of(seed, nth))
            told(len(sums), len(work))
    else:
        with _crew(board, workers) as pool:
            waiting: dict[Future[StormSum], tuple[int, int]] = {
                pool.submit(_play, at, seed_of(seed, nth)): (at, nth) for at, nth in work
            }
            for done in as_completed(waiting):
                sums[waiting[done]] = done.result()
                told(len(sums), len(work))
    return [
        Result(question, units_of(question, town), tuple(sums[at, nth] for nth in range(storms)))
        for at, (question, town) in enumerate(board)
    ]


def seed_of(seed: int, nth: int) -> int:
    """The seed of the n-th storm (from 0)."""
    return seed + nth * APART


def one_storm(question: Question, town: Town, seed: int, standing: Standing | None = None) -> StormSum:
    """One storm, summed up."""
    return sum_up(question, town, play(question, town, seed, standing))


@contextmanager
def _crew(board: Sequence[tuple[Question, Town]], workers: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that know the board. Whoever goes away in the middle takes what was not begun along."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_take_seats, initargs=(board,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def stand_back() -> None:
    """In a process of the crew, first of all: the others go first, and nobody stays when whoever began it has died."""
    os.nice(NICE)
    threading.Thread(target=_leave_with, args=(os.getppid(),), name="parent", daemon=True).start()


def _leave_with(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(LOOK_UP)
    os._exit(1)


def _take_seats(board: Sequence[tuple[Question, Town]]) -> None:
    stand_back()
    _BOARD[:] = board
    gc.freeze()
    gc.set_threshold(YOUNG)  # nearly everything goes with its last reference: looking for cycles costs a fifth


def _play(at: int, seed: int) -> StormSum:
    question, town = _BOARD[at]
    return one_storm(question, town, seed)
