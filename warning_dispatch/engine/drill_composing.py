"""Composing a drill: from what somebody asks for to what will be released, with every finding at once.

Nothing is sent here, and nobody is called. What is wrong (an area that does not exist, a plan that cannot come to its end
within the validity, a name on the list who cannot be reached) is said now and not at the moment of the release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from warning_dispatch.drilling.plans import called, with_tiers
from warning_dispatch.engine.drill_records import DrillContent, NamedPerson
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.reading import Reading, read_facts
from warning_dispatch.engine.rounds import HazardFinder
from warning_dispatch.errors import DrillError, Finding
from warning_dispatch.escalation.timing import slowest_end
from warning_dispatch.model.alert import Alert, AlertStatus, MsgType
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.drills import DrillKind, DrillRequest, DrillTier
from warning_dispatch.model.plan import CallChain, Gate, Hazard, Selection, Tier, TierRule
from warning_dispatch.model.texts import AlertFacts
from warning_dispatch.model.unit import ALL_ROLES, Role, Unit
from warning_dispatch.routing.areas import affected_area, level_of, trim
from warning_dispatch.routing.obligations import Round
from warning_dispatch.routing.selection import TierSelection, select, wanted
from warning_dispatch.routing.triggers import for_practice
from warning_dispatch.tomlfiles import both

MINUTE = 60_000
SHORTEST, LONGEST = 5 * MINUTE, 24 * 60 * MINUTE
"""ms that a drill may last."""
NEVER_FEEDS = (AlertStatus.DRAFT, AlertStatus.SYSTEM, AlertStatus.UNKNOWN)
"""Messages that a drill does not go by; past warnings, exercises and tests may be practised."""
NOBODY_BEFORE = Round()
_ROLES = {role.key: role for role in Role} | {"a": Role.PRIMARY, "b": Role.DEPUTY}


@dataclass(frozen=True, slots=True)
class DrillSettings:
    """What drills are composed from. `issuer_name`: in whose name one is that no message asks for."""

    chains: Sequence[CallChain]
    hazards: Mapping[str, Hazard]
    find_hazard: HazardFinder
    within: str
    issuer_name: str
    plan_to_json: Callable[[CallChain], str]
    alert_from_json: Callable[[str], Alert]
    validity: Callable[[Colour], int]


@dataclass(slots=True)
class _Warned:
    """What the drill pretends to warn of."""

    hazard: Hazard
    colour: Colour
    codes: tuple[str, ...]
    issuer_area: str
    facts: Reading | None


class Composer:
    """Judges a request."""

    def __init__(self, settings: DrillSettings) -> None:
        """See DrillSettings."""
        self._settings = settings

    def __call__(self, ledger: Ledger, asked: DrillRequest) -> DrillContent:
        """What will be released. DrillError with everything that is wrong; nothing is written."""
        found: list[Finding] = []
        warned = self._warned(ledger, asked, found)
        names = self._areas(ledger, warned.codes if warned else asked.areas, found)
        plan = self._plan(asked, warned, found) if warned else None
        people, units = self._people(ledger, asked, found)
        _check_times(ledger, asked, found)
        if found or warned is None or plan is None:
            raise DrillError(found)
        chosen = self._chosen_tiers(asked, plan, warned, found)
        plan = with_tiers(plan, chosen)
        coverage = self._coverage(ledger, plan, warned, tuple(names))
        if people is not None:
            plan, coverage = self._for_staff(plan, warned.colour, coverage, units)
        valid = self._valid(asked, warned, plan, found)
        asking = tuple(one for one in coverage if not one.notice)
        if not found and not ledger.tx.rounds.needed(asking, NOBODY_BEFORE):
            found.append(Finding("--area", both("这些区域、层级里没有可叫的单位", "nobody can be called there")))
        if found:
            raise DrillError(found)
        return DrillContent(
            title=asked.title.strip() or self._usual_title(asked.kind, warned, tuple(names.values())),
            hazard=warned.hazard.key,
            colour=warned.colour,
            plan_name=plan.name,
            plan=self._settings.plan_to_json(plan),
            coverage=coverage,
            areas=tuple(names),
            area_names=tuple(names.values()),
            tiers=tuple(DrillTier(tier.name, tier.title) for tier in plan.tiers),
            people=None if people is None else tuple(one.receiver_id for one in people),
            valid=valid,
            alert_id=asked.alert_id,
            issuer_area=warned.issuer_area,
            facts=self._facts(asked, warned, tuple(names.values())),
            confidential=bool(warned.facts and warned.facts.confidential),
        )

    # --- of what ------------------------------------------------------------------------------------------

    def _warned(self, ledger: Ledger, asked: DrillRequest, found: list[Finding]) -> _Warned | None:
        """Hazard, colour and area: those asked for, else those of the message."""
        facts = None if asked.alert_id is None else self._message(ledger, asked.alert_id, found)
        hazard, colour = self._hazard(asked, facts, found), _colour(asked, facts, found)
        codes = asked.areas or (facts.codes if facts else ()) or ((facts.issuer_area,) if facts else ())
        if not codes and asked.alert_id is None:
            found.append(Finding("--area", both("没有写区域", "no area is given"), both("写区划编码", "give a code")))
        if hazard is None or colour is None:
            return None
        return _Warned(hazard, colour, tuple(codes), facts.issuer_area if facts else self._settings.within, facts)

    def _message(self, ledger: Ledger, alert_id: int, found: list[Finding]) -> Reading | None:
        kept = ledger.tx.alerts.kept(alert_id)
        if kept is None:
            what = both(f"没有消息 {alert_id}", f"there is no alert {alert_id}")
            found.append(Finding("--alert", what, "alert list"))
            return None
        alert = self._settings.alert_from_json(ledger.tx.alerts.content(alert_id))
        if alert.status in NEVER_FEEDS or alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE):
            what = both(
                f"消息 {alert_id} 是 {alert.status.value}/{alert.msg_type.value}，不能拿来演练",
                f"alert {alert_id} is {alert.status.value}/{alert.msg_type.value}: no drill goes by it",
            )
            usable = both("用过去的预警、演练或测试消息", "take a past warning, an exercise or a test")
            found.append(Finding("--alert", what, usable))
            return None
        return read_facts(alert, self._settings.within)

    def _hazard(self, asked: DrillRequest, facts: Reading | None, found: list[Finding]) -> Hazard | None:
        hazards = self._settings.hazards
        if asked.hazard:
            hazard = hazards.get(asked.hazard) or next((h for h in hazards.values() if h.name == asked.hazard), None)
            if hazard is None:
                known = "、".join(one.name for one in hazards.values())
                what = both(f"灾种目录中没有 {asked.hazard}", f"no hazard {asked.hazard}")
                found.append(Finding("--hazard", what, known))
            return hazard
        if facts is None:
            if asked.alert_id is None:
                found.append(Finding("--hazard", both("没有写灾种", "no hazard is given")))
            return None
        hazard, _ = self._settings.find_hazard(facts.event_code, facts.event_name, facts.headline)
        if hazard is None:
            what = both("消息里的灾种目录中没有", "the message's hazard is not in the catalogue")
            found.append(Finding("--alert", what, both("用 --hazard 写明", "name it by --hazard")))
        return hazard

    # --- where --------------------------------------------------------------------------------------------

    def _areas(self, ledger: Ledger, codes: Sequence[str], found: list[Finding]) -> Mapping[str, str]:
        """The areas by trimmed code, with their names. Every code that is none of ours is a finding."""
        trimmed = {code: trim(code) if code.isascii() and code.isdigit() else "" for code in codes}
        known = set(ledger.tx.endpoints.known_areas(tuple(trimmed.values()))) if trimmed else set()
        for given, code in trimmed.items():
            if not code or code not in known or not code.startswith(self._settings.within):
                what = both(f"名册里没有区划 {given}", f"the register has no division {given}")
                found.append(Finding("--area", what, both("编码见 divisions.csv", "codes are in divisions.csv")))
        good = tuple(dict.fromkeys(code for code in trimmed.values() if code in known))
        named = ((code, ledger.tx.drills.unit(code)) for code in good)
        return {code: unit.name if unit else code for code, unit in named}

    def _coverage(
        self, ledger: Ledger, plan: CallChain, warned: _Warned, areas: tuple[str, ...]
    ) -> tuple[TierSelection, ...]:
        known = ledger.tx.endpoints.known_areas((*areas, warned.issuer_area))
        affected = affected_area(areas, known.__contains__, self._settings.within)
        active = tuple(index for index, tier in enumerate(plan.tiers) if warned.colour in tier.ladders)
        return select(plan, warned.hazard, affected, active)

    # --- by which plan ------------------------------------------------------------------------------------

    def _plan(self, asked: DrillRequest, warned: _Warned, found: list[Finding]) -> CallChain | None:
        chains = self._settings.chains
        if asked.plan:
            plan = next((one for one in chains if one.name == asked.plan), None)
            if plan is None:
                what = both(f"没有方案 {asked.plan}", f"there is no chain {asked.plan}")
                found.append(Finding("--plan", what, ", ".join(one.name for one in chains)))
            return plan
        level = level_of(warned.issuer_area)
        plan = for_practice(warned.hazard.key, warned.colour, level, chains) if level else None
        if plan is None:
            what = both("没有方案会叫这样的预警", "no chain calls for such a warning")
            found.append(Finding("--plan", what, ", ".join(one.name for one in chains)))
        return plan

    @staticmethod
    def _chosen_tiers(asked: DrillRequest, plan: CallChain, warned: _Warned, found: list[Finding]) -> tuple[str, ...]:
        usable = called(plan, warned.colour)
        for name in asked.tiers:
            if name not in usable:
                what = both(f"方案 {plan.name} 不叫层级 {name}", f"chain {plan.name} calls no tier {name}")
                found.append(Finding("--tier", what, ", ".join(usable)))
        return tuple(name for name in usable if not asked.tiers or name in asked.tiers)

    def _valid(self, asked: DrillRequest, warned: _Warned, plan: CallChain, found: list[Finding]) -> int:
        """How long it lasts; a plan that cannot come to its end in that time is refused."""
        valid = asked.valid
        if valid is None:
            facts = warned.facts
            own = facts.expires - facts.sent if facts and facts.expires is not None else None
            valid = own or warned.hazard.validity.get(warned.colour) or self._settings.validity(warned.colour)
        if not SHORTEST <= valid <= LONGEST:
            what = both("演练时长应在 5 分钟到 24 小时之间", "a drill lasts between 5 minutes and 24 hours")
            found.append(Finding("--valid", what))
            return valid
        slowest = slowest_end(plan, warned.colour)
        if slowest > valid:
            need, have = -(-slowest // MINUTE), valid // MINUTE
            what = both(
                f"方案 {plan.name} 最迟要 {need} 分钟才叫得完，有效期只有 {have} 分钟",
                f"chain {plan.name} may need {need} min to its end, the validity is {have} min",
            )
            remedy = both(f"有效期至少 {need} 分钟，或少选几层", f"make it {need} min, or choose fewer tiers")
            found.append(Finding("--valid", what, remedy))
        return valid

    # --- the named list -----------------------------------------------------------------------------------

    def _people(
        self, ledger: Ledger, asked: DrillRequest, found: list[Finding]
    ) -> tuple[tuple[NamedPerson, ...] | None, tuple[Unit, ...]]:
        """The named list and its units; (None, ()) for a drill without one."""
        if asked.kind is not DrillKind.STAFF:
            if asked.people:
                what = both("名单只用于内部演练", "a named list is for a staff drill")
                found.append(Finding("--people", what, "--kind staff"))
            return None, ()
        if not asked.people:
            what = both("内部演练要有名单", "a staff drill needs a named list")
            found.append(Finding("--people", what, both("单位编码，或 单位编码:A岗", "a unit's code, or code:primary")))
        people: dict[int, NamedPerson] = {}
        units: dict[str, Unit] = {}
        for entry in asked.people:
            code, _, word = entry.partition(":")
            role = _ROLES.get(word.strip().lower().removesuffix("岗"), _CHINESE.get(word.strip()))
            named = ledger.tx.drills.named(code.strip(), role) if role or not word else ()
            unit = ledger.tx.drills.unit(code.strip())
            if not named or unit is None or not unit.callable:
                what = both(f"{entry}：没有这个人，或没有能用的号码", f"{entry}: nobody there, or no usable number")
                found.append(Finding("--people", what, "contacts export"))
                continue
            people |= {one.receiver_id: one for one in named}
            units[unit.code] = unit
        return tuple(people.values()), tuple(units.values())

    def _for_staff(
        self, plan: CallChain, colour: Colour, coverage: Sequence[TierSelection], units: Sequence[Unit]
    ) -> tuple[CallChain, tuple[TierSelection, ...]]:
        """The plan for a named list alone: each unit in the tier it belongs to, the others together at once."""
        kept: list[TierSelection] = []
        placed: set[str] = set()
        for selection in coverage:
            own = [one for one in units if wanted(one, selection) and one.code not in placed]
            if own and not selection.notice:
                placed.update(one.code for one in own)
                kept.append(replace(selection, codes=tuple(one.code for one in own)))
        names = {plan.tiers[one.tier].name for one in kept}
        tiers = list(with_tiers(plan, names).tiers)
        kept = [replace(one, tier=index) for index, one in enumerate(kept)]
        like = next((one for one in plan.tiers if colour in one.ladders and not one.notice), None)
        rest = [one for one in units if one.code not in placed]
        for kind, level in dict.fromkeys((one.kind, one.level) for one in rest) if like else ():
            codes = tuple(one.code for one in rest if (one.kind, one.level) == (kind, level))
            select_ = Selection(kind, level, codes=codes)
            assert like is not None  # noqa: S101 - for the type checker: the loop is empty otherwise
            name = f"staff_{len(tiers)}"
            within = (self._settings.within,)
            kept.append(TierSelection(len(tiers), kind, level, (), codes, within, (), name=name))
            tiers.append(_staff_tier(like, select_, name))
        return replace(plan, tiers=tuple(tiers)), tuple(kept)

    # --- what is said -------------------------------------------------------------------------------------

    def _facts(self, asked: DrillRequest, warned: _Warned, areas: tuple[str, ...]) -> AlertFacts:
        facts, hazard = warned.facts, warned.hazard
        return AlertFacts(
            issuer=facts.issuer_name if facts else self._settings.issuer_name,
            sent=0,
            hazard=hazard.name,
            hazard_english=hazard.english,
            colour=warned.colour,
            msg_type=MsgType.ALERT,
            headline=asked.headline.strip(),
            description=asked.text.strip() or (facts.description if facts else ""),
            instruction=asked.instruction.strip() or (facts.instruction if facts else ""),
            advice=hazard.advice,
            area_names=areas,
            expires=None,
            drill=True,
            hazard_key=hazard.key,
        )

    @staticmethod
    def _usual_title(kind: DrillKind, warned: _Warned, areas: tuple[str, ...]) -> str:
        """As a list names it: 吕梁市暴雨红色全员演练."""
        where = areas[0] if len(areas) == 1 else f"{areas[0]}等{len(areas)}处"
        return f"{where}{warned.hazard.name}{warned.colour.chinese}色{KIND_WORDS[kind]}"


KIND_WORDS: Mapping[DrillKind, str] = {
    DrillKind.PAPER: "推演",
    DrillKind.STAFF: "内部演练",
    DrillKind.EVERYONE: "全员演练",
}
_CHINESE = {role.chinese: role for role in Role}


def _staff_tier(like: Tier, selected: Selection, name: str) -> Tier:
    """Those on the list whom no tier of the plan calls: at once, with the ladder of its first."""
    return replace(
        like,
        name=name,
        title={"zh_CN": "参演人员", "en": "Those taking part"},
        opens_after=None,
        gate=Gate.TIER,
        select=selected,
        rule=TierRule.ALL,
        need=1,
        answering=ALL_ROLES,
        gate_roles=0,
    )


def _colour(asked: DrillRequest, facts: Reading | None, found: list[Finding]) -> Colour | None:
    if asked.colour:
        colour = next((one for one in Colour if asked.colour in (one.key, one.chinese, f"{one.chinese}色")), None)
        if colour is None:
            known = ", ".join(one.key for one in Colour)
            found.append(Finding("--colour", both(f"没有颜色 {asked.colour}", f"no colour {asked.colour}"), known))
        return colour
    if facts is not None and facts.colour is not None:
        return facts.colour
    if asked.alert_id is None or facts is not None:
        found.append(Finding("--colour", both("没有写颜色", "no colour is given")))
    return None


def _check_times(ledger: Ledger, asked: DrillRequest, found: list[Finding]) -> None:
    if asked.kind is DrillKind.PAPER:
        if asked.starts_at is not None or asked.announce:
            what = both("推演马上就做，不预告", "a drill on paper is held at once and is not announced")
            found.append(Finding("--at", what))
        return
    if asked.starts_at is not None and asked.starts_at <= ledger.now:
        found.append(Finding("--at", both("时间已过", "that moment has passed")))
    if asked.announce and asked.starts_at is None:
        what = both("预告要写明演练时间", "an announcement needs the drill's hour")
        found.append(Finding("--announce", what, "--at"))
