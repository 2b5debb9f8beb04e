"""config/response.toml: the measures of each stage, read piece by piece and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from warning_dispatch.configuration.hazards import HazardCatalogue
from warning_dispatch.configuration.words import ColourWord, Filled, Key, Some, SpanMs, TargetMs, word
from warning_dispatch.errors import Finding
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.response import Action, Measure, ResponseBook, ResponsePlan, Rule, Who
from warning_dispatch.model.states import STAGES, Stage
from warning_dispatch.tomlfiles import Shape, both, parse, read_toml

LONGEST = 60
"""Characters of a measure in Chinese: one line and a half of a phone."""
MOST = 12
"""Measures that one unit may be asked for in one warning: a page of a phone, below 15 kB."""
EVERY_COLOUR = (Colour.ORANGE, Colour.RED)

StageWord = Annotated[Stage, word("阶段", "stage", {one.key: one for one in STAGES})]
WhoWord = Annotated[Who, word("单位类别", "unit kind", {one.value: one for one in Who})]
MeasureWord = Annotated[Measure, word("措施种类", "kind of measure", {one.value: one for one in Measure})]
_PLANS = TypeAdapter(ResponsePlan)


class ActionShape(Shape):
    """[[actions]]."""

    id: Key
    stage: StageWord
    units: Annotated[tuple[WhoWord, ...], Some]
    sectors: tuple[Key, ...] = ()
    hazards: tuple[Key, ...] = ()
    colours: Annotated[tuple[ColourWord, ...], Some] = EVERY_COLOUR
    measure: MeasureWord | None = None
    zh_CN: Annotated[Filled, Field(max_length=LONGEST)]  # noqa: N815 - the name of the locale, as everywhere in the product
    en: Annotated[Filled, Field(max_length=4 * LONGEST)]


class ResponseShape(Shape):
    """The whole file; the measures are read one by one."""

    begins: dict[ColourWord, StageWord] = Field(default_factory=dict)
    within: dict[ColourWord, SpanMs] = Field(default_factory=dict)
    report_after: dict[ColourWord, TargetMs] = Field(default_factory=dict)


def load_response(path: Path, label: str, hazards: HazardCatalogue | None, findings: list[Finding]) -> ResponseBook:
    """The book; an empty one where there is no such file (nothing is asked of anybody then)."""
    if not path.exists():
        return ResponseBook()
    raw = read_toml(path, label, findings)
    if raw is None:
        return ResponseBook()
    tables = raw.pop("actions", [])
    header = parse(ResponseShape, raw, label, findings)
    if not isinstance(tables, list):
        what = both("措施须写成 [[actions]]", "measures are written as [[actions]]")
        findings.append(Finding(f"{label}: actions", what, both("参照随附文件", "see the shipped file")))
        return ResponseBook()
    shapes = [(at, parse(ActionShape, one, f"{label}: actions[{at}]", findings)) for at, one in enumerate(tables)]
    read = [(f"{label}: actions[{at}]", one) for at, one in shapes if one is not None]
    findings.extend(_doubled(read))
    for where, one in read:
        findings.extend(_misfits(where, one, hazards))
    if header is None:
        return ResponseBook()
    findings.extend(_without_end(label, header))
    rules = tuple(_rule(one) for _, one in read)
    if hazards is not None:
        findings.extend(_too_many(label, rules, hazards))
    return ResponseBook(rules, header.begins, header.within, header.report_after)


def response_to_json(plan: ResponsePlan) -> str:
    """Freeze what a call-out asks."""
    return _PLANS.dump_json(plan).decode()


def response_from_json(text: str) -> ResponsePlan:
    """Thaw it."""
    return _PLANS.validate_json(text)


def _rule(shape: ActionShape) -> Rule:
    words = {"zh_CN": shape.zh_CN, "en": shape.en}
    action = Action(shape.id, shape.stage, tuple(shape.units), shape.sectors, words, shape.measure)
    return Rule(action, shape.hazards, tuple(shape.colours))


def _doubled(read: Iterable[tuple[str, ActionShape]]) -> Iterator[Finding]:
    """Ticks and the journal know a measure by its id."""
    seen: dict[str, str] = {}
    for where, one in read:
        first = seen.setdefault(one.id, where)
        if first != where:
            what = both(f"编号 {one.id} 已在 {first}", f"the id {one.id} already stands at {first}")
            yield Finding(f"{where}.id", what, both("换一个编号", "choose another"))


def _misfits(where: str, one: ActionShape, hazards: HazardCatalogue | None) -> Iterator[Finding]:
    """What one measure says that does not go together, or that the catalogue of hazards does not know."""
    key_unit = Who.KEY_UNIT in one.units
    if key_unit and len(one.units) > 1:
        what = both("重点单位的措施须单独写", "measures of key units stand by themselves")
        yield Finding(f"{where}.units", what, both("分成两条", "make two of it"))
    if key_unit is (one.measure is None):
        what = both("重点单位须写 measure，其他单位不写", "key units need a measure, others have none")
        yield Finding(f"{where}.measure", what, " | ".join(Measure) if key_unit else both("删去", "remove it"))
    if one.sectors and not {Who.KEY_UNIT, Who.DEPARTMENT} & set(one.units):
        what = both("只有部门和重点单位分行业", "only departments and key units have sectors")
        yield Finding(f"{where}.sectors", what, both("删去", "remove it"))
    if hazards is None:
        return
    known: Mapping[str, Any] = hazards.key_sectors if key_unit else hazards.sectors
    yield from _unknown(f"{where}.sectors", one.sectors, known, "key_sectors" if key_unit else "sectors")
    yield from _unknown(f"{where}.hazards", one.hazards, hazards.hazards, "hazards")


def _unknown(where: str, given: Iterable[str], known: Iterable[str], part: str) -> Iterator[Finding]:
    names = tuple(known)
    for name in given:
        if name not in names:
            what = both(f"hazards.toml 的 [{part}] 中没有 {name}", f"hazards.toml: [{part}] has no {name}")
            yield Finding(where, what, both("应为其中之一:", "expected one of ") + ", ".join(names))


def _without_end(label: str, header: ResponseShape) -> Iterator[Finding]:
    """A colour that starts a response must say by when its measures are done."""
    for colour in header.begins:
        if colour not in header.within:
            what = both(f"没有写 {colour.key} 的落实时限", f"does not say by when, for {colour.key}")
            yield Finding(f"{label}: within.{colour.key}", what, both('如 "30m"', 'such as "30m"'))


def _too_many(label: str, rules: Iterable[Rule], hazards: HazardCatalogue) -> Iterator[Finding]:
    """A list on a phone has an end."""
    rules = tuple(rules)
    for who in Who:
        lines = {
            "": None,
            **dict.fromkeys(line for one in rules if who in one.action.who for line in one.action.sectors),
        }
        for hazard in hazards.hazards:
            for line in lines:
                count = sum(
                    who in one.action.who
                    and (not one.action.sectors or line in one.action.sectors)
                    and (not one.hazards or hazard in one.hazards)
                    for one in rules
                )
                if count > MOST:
                    place = f"{who}{f' {line}' if line else ''}, {hazard}"
                    what = both(f"{place} 有 {count} 项措施", f"{place}: {count} measures")
                    yield Finding(f"{label}: actions", what, both(f"最多 {MOST} 项", f"at most {MOST}"))
