"""出题: what somebody asks of planning, checked as a whole, made into questions. PURE: every finding at once.

The command and the page ask through here, so both refuse the same things in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from warning_dispatch.errors import ConfigError, Finding
from warning_dispatch.escalation.timing import latest_ring
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.phonebook import Phonebook
from warning_dispatch.model.plan import CallChain, Hazard, Outcome
from warning_dispatch.model.unit import UnitKind, UnitLevel
from warning_dispatch.planning.question import Habits, Lines, Question
from warning_dispatch.planning.town import town_of
from warning_dispatch.routing.areas import trim
from warning_dispatch.tomlfiles import both

MOST_STORMS = 2_000
MOST_LINES = 10_000
MOST_SETTINGS = 12
"""Questions at once."""
SHORTEST_CALL = 11_000
"""ms that a call takes in which somebody answers at once (simulation/population.py: the least of ring and listen)."""
HOURS = 24
LINES, AREA = both("线路", "lines"), both("区域", "area")
MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks: one question for each number of lines, and the same for the chain to compare with.

    `lines` empty: those that the routes have. `areas`: division codes.
    """

    chain: CallChain
    hazard: Hazard
    colour: Colour
    areas: tuple[str, ...]
    lines: tuple[int, ...] = ()
    hour: int = 3
    storms: int = 200
    seed: int = 1
    against: CallChain | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """What an installation (or the shipped defaults) gives every question."""

    within: str
    lines: Lines
    outcomes: Mapping[str, Outcome]
    validity: Mapping[Colour, int]
    """Where the hazard does not say (ms)."""


def questions_of(asked: Asked, ground: Ground, habits: Habits, book: Phonebook) -> list[Question]:
    """The questions, those of the chain before those of the other. ConfigError with every finding."""
    found = [*_numbers(asked, ground), *_areas(asked, ground, book)]
    for chain in _chains(asked):
        found += _chain_findings(asked, ground, chain)
    if found:
        raise ConfigError(found)
    questions = [
        _question(asked, ground, habits, chain, lines)
        for chain in _chains(asked)
        for lines in asked.lines or (ground.lines.voice,)
    ]
    found = [one for question in questions for one in _capacity(question, book)]
    if found:
        raise ConfigError(list(dict.fromkeys(found)))
    return questions


def validity_of(asked: Asked, ground: Ground) -> int:
    """How long (ms) the warning is taken to hold: the hazard's own guess, else the installation's."""
    return asked.hazard.validity.get(asked.colour) or ground.validity.get(asked.colour) or 6 * 60 * MINUTE


def _chains(asked: Asked) -> Sequence[CallChain]:
    return [asked.chain] if asked.against is None else [asked.chain, asked.against]


def _question(asked: Asked, ground: Ground, habits: Habits, chain: CallChain, lines: int | None) -> Question:
    return Question(
        chain=chain,
        hazard=asked.hazard,
        colour=asked.colour,
        areas=asked.areas,
        within=ground.within,
        lines=replace(ground.lines, voice=lines),
        habits=habits,
        outcomes=ground.outcomes,
        validity=validity_of(asked, ground),
        hour=asked.hour,
        name=chain.name,
    )


def _numbers(asked: Asked, ground: Ground) -> list[Finding]:
    found = []
    for lines in asked.lines:
        if not 1 <= lines <= MOST_LINES:
            what = both(f"{lines} 条线路打不出电话", f"nobody can be rung by {lines} lines")
            found.append(Finding(LINES, what, f"1 … {MOST_LINES}"))
    if not asked.lines and ground.lines.voice is not None and ground.lines.voice < 1:
        what = both("配置的线路数为 0", "the configured routes have no line")
        found.append(Finding(LINES, what, both("写明 --lines 10,30", "say --lines 10,30")))
    for name, value, low, high in (
        (both("场数", "storms"), asked.storms, 1, MOST_STORMS),
        (both("时间", "hour"), asked.hour, 0, HOURS - 1),
        (both("设置数", "settings"), max(1, len(asked.lines)) * len(_chains(asked)), 1, MOST_SETTINGS),
    ):
        if not low <= value <= high:
            found.append(Finding(name, both(f"{value} 超出范围", f"{value} is out of range"), f"{low} … {high}"))
    return found


def _areas(asked: Asked, ground: Ground, book: Phonebook) -> list[Finding]:
    known = {unit.area for unit in book.units if unit.kind is UnitKind.DIVISION}
    found = []
    if not asked.areas:
        found.append(Finding(AREA, both("没有写明区域", "no area is given"), f"--area {ground.within}"))
    for code in asked.areas:
        ours = code.isascii() and code.isdigit() and (trim(code) in known or ground.within.startswith(trim(code)))
        if not ours:
            what = both(f"名册中没有区划 {code}", f"the register has no division {code}")
            remedy = both("写 4、6、9 或 12 位区划代码", "a division code of 4, 6, 9 or 12 digits")
            found.append(Finding(AREA, what, remedy))
    return found


def _chain_findings(asked: Asked, ground: Ground, chain: CallChain) -> list[Finding]:
    where = both(f"方案 {chain.name}", f"chain {chain.name}")
    if not any(asked.colour in tier.ladders for tier in chain.tiers):
        what = both(f"这个方案没有{asked.colour.chinese}色的呼叫阶梯", f"it has no ladder for {asked.colour.key}")
        colours = ", ".join(sorted({colour.key for tier in chain.tiers for colour in tier.ladders}))
        return [Finding(where, what, colours)]
    validity = validity_of(asked, ground)
    late = [
        (chain.tier(name), moment)
        for name, moment in latest_ring(chain, asked.colour).items()
        if moment is not None and moment >= validity and not chain.tier(name).notice
    ]
    return [
        Finding(
            where,
            both(
                f"{tier.title.get('zh_CN', tier.name)}最迟 {moment // MINUTE} 分钟后才叫，预警只有效 {validity // MINUTE} 分钟",
                f"{tier.name} is called {moment // MINUTE} min after the start at the latest, "
                f"the warning holds {validity // MINUTE} min",
            ),
            both("缩短 hold", "shorten the holds"),
        )
        for tier, moment in late
    ]


def _capacity(question: Question, book: Phonebook) -> list[Finding]:
    """Somebody must be called, and the lines must be able to ring those once who do not answer a text."""
    town = town_of(question, book)
    if not town.seats:
        what = both("这个区域和颜色没有要叫的单位", "nobody is called for this area and colour")
        return [
            Finding(
                both(f"方案 {question.chain.name}", f"chain {question.chain.name}"),
                what,
                both("换区域或方案", "another area or chain"),
            )
        ]
    if not any(seat.endpoints for seat in town.seats):
        what = both("名册里没有联系方式", "the register has no number or address")
        return [Finding(both("名册", "register"), what, "contacts import")]
    lines = question.lines.voice
    if lines is None:
        return []
    people = question.habits.people
    silent = sum(share for habit, share in people.sms.items() if habit.value not in ("taps", "replies"))
    village = sum(question.chain.tiers[seat.tier].select.level is UnitLevel.VILLAGE for seat in town.seats)
    least = round(village * silent**2 * SHORTEST_CALL / lines)  # A and B may both answer their text
    if least <= question.validity:
        return []
    what = both(
        f"{lines} 条线路在预警有效的 {question.validity // MINUTE} 分钟内打不完 {village} 个村，最少要 {least // MINUTE} 分钟",
        f"{lines} lines cannot ring {village} villages within the {question.validity // MINUTE} min that the warning holds: "
        f"{least // MINUTE} min at the least",
    )
    return [Finding(LINES, what, both("增加线路", "more lines"))]
