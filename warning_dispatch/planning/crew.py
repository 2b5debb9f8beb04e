"""推演的人手: storms in as many processes as there are cores. What comes out does not depend on how many there were.

The processes are ours alone (no pool of the library: that one plays to the end of its list before a program may stop). They
are killed when nobody wants the result any more, and they leave when whoever began them has died.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection, wait

from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.planning.question import Question
from warning_dispatch.planning.results import Result, StormSum, sum_up, units_of
from warning_dispatch.planning.storm import Standing, play
from warning_dispatch.planning.town import Town, town_of

APART = 1_000_003
"""Between the seeds of two storms; the first has the seed that was given."""
WORTH_A_CREW = 4
"""Storms; fewer are played faster than a process begins."""
NICE = 10
"""How far the crew stands back: the engine and people's pages go first."""
YOUNG = 50_000
"""Containers that must be new before the collector looks at them."""
LOOK_UP = 2.0
"""Seconds between two looks whether the parent lives."""
GONE = "a process of planning has ended before its storm"
Told = Callable[[int, int], None]
"""(storms played, storms in all): progress."""
Place = tuple[Question, Town, Standing | None]
"""What a storm is played on, and from where it goes on."""


class Player:
    """One process that plays storms, one after the other."""

    def __init__(self) -> None:
        """It begins at once, with nothing to play on."""
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self._process = context.Process(target=_play_on, args=(theirs,), name="planning", daemon=True)
        self._process.start()
        theirs.close()

    def take(self, places: Sequence[Place]) -> None:
        """From now on it plays on these."""
        self.line.send(tuple(places))

    def begin(self, at: int, seed: int) -> None:
        """Play one storm on a place; `heard` gives the result."""
        self.line.send((at, seed))

    def heard(self) -> StormSum:
        """The result of the storm that was begun; waits for it. RuntimeError when the process has died."""
        try:
            found: StormSum = self.line.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError(GONE) from error
        return found

    def close(self) -> None:
        """Nobody wants it any more. Whoever still waits for it in another thread is told by the end of the line."""
        self._process.kill()
        self._process.join()


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
        places: list[Place] = [(question, town, None) for question, town in board]
        with _crew(places, workers) as players:
            for number, found in _dealt(players, [(at, seed_of(seed, nth)) for at, nth in work]):
                sums[work[number]] = found
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
def _crew(board: Sequence[Place], workers: int) -> Iterator[list[Player]]:
    """Players that know the board; gone afterwards, whatever they were at."""
    players = [Player() for _ in range(workers)]
    try:
        for player in players:
            player.take(board)
        yield players
    finally:
        for player in players:
            player.close()


def _dealt(players: Sequence[Player], work: Sequence[tuple[int, int]]) -> Iterator[tuple[int, StormSum]]:
    """(number of the work, its result) as they come; whoever has finished is given the next."""
    at_line: dict[Connection, tuple[Player, int]] = {}
    coming = iter(enumerate(work))
    for player in players:
        _give(player, coming, at_line)
    while at_line:
        for line in wait(list(at_line)):
            player, number = at_line.pop(line)  # type: ignore[call-overload] # we wait for nothing else
            found = player.heard()
            _give(player, coming, at_line)
            yield number, found


def _give(
    player: Player, coming: Iterator[tuple[int, tuple[int, int]]], at_line: dict[Connection, tuple[Player, int]]
) -> None:
    following = next(coming, None)
    if following is not None:
        number, (at, seed) = following
        player.begin(at, seed)
        at_line[player.line] = player, number


def stand_back() -> None:
    """In a process of the crew, first of all: the others go first, and nobody stays when whoever began it has died."""
    os.nice(NICE)
    threading.Thread(target=_leave_with, args=(os.getppid(),), name="parent", daemon=True).start()


def _leave_with(parent: int) -> None:
    never = threading.Event()
    while os.getppid() == parent:
        never.wait(LOOK_UP)
    os._exit(1)


def _play_on(line: Connection) -> None:
    """A player's life: places come and storms are asked for, until the other end is closed."""
    stand_back()
    places: tuple[Place, ...] = ()
    with closing(line):
        while True:
            try:
                said = line.recv()
            except EOFError:
                return
            if isinstance(said[0], tuple):
                places = said
                gc.freeze()
                gc.set_threshold(
                    YOUNG
                )  # nearly everything goes with its last reference: looking for cycles costs a fifth
                continue
            at, seed = said
            question, town, standing = places[at]
            line.send(one_storm(question, town, seed, standing))
