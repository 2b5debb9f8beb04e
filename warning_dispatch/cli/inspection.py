"""What `check` looks at, one area after the other; a broken area never hides the next.

Findings must be mended before the season. Notices are for knowing: among them that only simulated routes are configured,
so that nobody will be called.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from warning_dispatch.bootstrap.installation import route_plans
from warning_dispatch.bootstrap.mornings import term_of
from warning_dispatch.bootstrap.source_rules import rules_finder
from warning_dispatch.bootstrap.wiring import vocabulary_of
from warning_dispatch.cli.accounts import opened_people
from warning_dispatch.cli.launching import launch_estimate
from warning_dispatch.cli.machine_inspection import machine_findings
from warning_dispatch.cli.office import database_file, opened_database
from warning_dispatch.cli.outside_inspection import outside_findings
from warning_dispatch.cli.route_inspection import all_route_findings
from warning_dispatch.cli.source_inspection import Keys, outlet_findings, source_findings
from warning_dispatch.clock import SystemClock
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.configuration.bureau import BUREAU
from warning_dispatch.delivery.configured import reaches_people, readable_routes
from warning_dispatch.delivery.templates import Vocabulary
from warning_dispatch.delivery.text_checks import letter_findings, particular_findings, self_findings, texts_findings
from warning_dispatch.delivery.text_samples import sample_facts
from warning_dispatch.delivery.texts import TextBook
from warning_dispatch.delivery.ways import Ways, in_words, ways_of
from warning_dispatch.errors import INFORMATION, DispatchError, Finding, FindingsError
from warning_dispatch.escalation.timing import latest_ring
from warning_dispatch.ingest.gazetteer import load_gazetteer
from warning_dispatch.login_settings import is_loopback
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.estimate import Estimate
from warning_dispatch.model.lessons import Seen
from warning_dispatch.model.phonebook import phonebook_of
from warning_dispatch.model.plan import CallChain
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, UnitLevel
from warning_dispatch.registry.findings import register_findings
from warning_dispatch.registry.readiness import Evidence, Readiness, readiness
from warning_dispatch.routing.selection import own_selections, wanted
from warning_dispatch.settings import SETTINGS_FILE, Settings, config_folder, load_settings
from warning_dispatch.store.accounts import scopes_by_name
from warning_dispatch.store.database import reading
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register import unusable_endpoints
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.store.sql import Sql
from warning_dispatch.tomlfiles import both

USUAL_LANGUAGES = ("zh_CN", "en")
NIGHT = 20_000 * 86_400_000 - 5 * 3_600_000
"""Three in the morning in Beijing of no particular day: the hour for which a season is prepared."""
NOBODY = both("名册为空", "the register is empty")


@dataclass(frozen=True, slots=True)
class Timing:
    """When the villages of a chain ring at the latest, in ms after the message; None: never by time alone.

    Of the bureau's own call it is the director. `tier` is the lowest tier that asks for an answer; `target` is what the
    chain promises.
    """

    chain: CallChain
    colour: Colour
    tier: str
    latest: int | None
    target: int | None

    @property
    def own(self) -> bool:
        """Whether it is the bureau's call to itself."""
        return self.chain.name == BUREAU


@dataclass(frozen=True, slots=True)
class Launch:
    """What the whole area asks of the lines."""

    chain: CallChain
    colour: Colour
    estimate: Estimate


@dataclass(slots=True)
class Inspection:
    """Everything found, by area."""

    findings: list[tuple[str, Finding]] = field(default_factory=list)
    notices: list[tuple[str, Finding]] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    launches: list[Launch] = field(default_factory=list)
    units: int = 0
    receivers: int = 0

    @property
    def ready(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.findings

    def found(self, area: str, *findings: Finding) -> None:
        """Sort findings: what begins as information is a notice."""
        for one in findings:
            if one.what.startswith(INFORMATION):
                self.notices.append((area, one))
            else:
                self.findings.append((area, one if one.remedy else replace(one, remedy=_REMEDIES.get(area, ""))))

    def failed(self, area: str, error: DispatchError) -> None:
        """An area that could not be looked at."""
        findings = error.findings if isinstance(error, FindingsError) else (Finding(area, str(error)),)
        self.found(area, *findings)


_REMEDIES = {
    "settings": both("改正后再查", "mend it, then check again"),
    "configuration": both("改正该文件后再查", "mend that file, then check again"),
    "texts": both("改正该文本后再查", "mend that text, then check again"),
    "keys": both("从另存处拷回密钥，或 init", "bring the keys back from their copy, or `init`"),
    "database": "warning-dispatch db check",
    "register": "warning-dispatch contacts check",
    "bureau": both("补全名册里的值班岗位", "complete the bureau's own posts in the register"),
    "routes": both("补上该项后再查", "fill it in, then check again"),
    "lists": both("改权限或换目录", "mend its permissions or name another"),
    "sources": both("改正该来源后再查", "mend that source, then check again"),
    "outlets": both("改正该传播单位后再查", "mend that outlet, then check again"),
}
"""What to do where a finding does not say it itself."""


def inspect(config: Path | None, *, offline: bool = False) -> Inspection:
    """Look at everything; with `offline` at nothing beyond this machine.

    1. Settings. 2. Chains, hazards, outcomes, and when villages ring. 3. Texts. 4. Keys and database. 5. The register.
    6. Whom the bureau calls itself. 7. How messages are read: certificates, positions. 8. Routes. 9. The folder of the
    printable lists. 10. Sources and outlets. 11. Whether anybody keeps the accounts.
    """
    result = Inspection()
    settings: Settings | None = None
    try:
        settings = load_settings(config)
    except DispatchError as error:
        result.failed("settings", error)
    try:
        folder = settings.config_dir if settings else config_folder(config)
    except DispatchError:
        return result
    configuration = _configuration(result, folder)
    _texts(result, folder, configuration, settings.texts.languages if settings else USUAL_LANGUAGES, settings)
    if settings is None:
        return result
    register = _register(result, settings)
    result.found("bureau", *_bureau(settings, configuration, register))
    _sources(result, settings)
    _routes(result, settings, configuration, register)
    result.found("lists", *list_folder_findings(settings))
    result.found("sources", *source_findings(settings, _keys_in_force(settings)))
    result.found("outlets", *outlet_findings(settings))
    result.found("accounts", *_account_findings(settings))
    for area, finding in machine_findings(settings):
        result.found(area, finding)
    for area, finding in () if offline else outside_findings(settings):
        result.found(area, finding)
    return result


def _sources(result: Inspection, settings: Settings) -> None:
    """How messages are read: the rules of their sources with the certificates, and where divisions lie."""
    try:
        rules_finder(settings.ingest)
    except DispatchError as error:
        result.failed("sources", error)
    try:
        load_gazetteer(settings.contacts_dir)
    except DispatchError as error:
        result.failed("sources", error)


# --- configuration and texts ------------------------------------------------------------------------------


def _configuration(result: Inspection, folder: Path) -> Configuration | None:
    try:
        configuration = load_configuration(folder)
    except DispatchError as error:
        result.failed("configuration", error)
        return None
    result.timings.extend(timings(configuration.chains))
    if configuration.bureau is not None:
        result.timings.extend(timings([configuration.bureau]))
    if not any(chain.triggers for chain in configuration.chains):
        what = both("没有任何触发条件：什么预警都不会叫应", "no trigger at all: no warning will call anybody")
        result.found("configuration", Finding("chains", what))
    return configuration


def timings(chains: Sequence[CallChain]) -> Iterator[Timing]:
    """For each chain and each colour it calls for: the latest moment of its lowest tier."""
    for chain in chains:
        for colour in sorted({colour for tier in chain.tiers for colour in tier.ladders}, reverse=True):
            moments = latest_ring(chain, colour)
            asked = [tier for tier in chain.tiers if tier.name in moments and not tier.notice]
            villages = [tier for tier in asked if tier.select.level is UnitLevel.VILLAGE] or asked
            if villages:
                last = max(villages, key=lambda tier: (moments[tier.name] is None, moments[tier.name] or 0))
                yield Timing(chain, colour, last.name, moments[last.name], chain.target.get(colour))


def _texts(
    result: Inspection,
    folder: Path,
    configuration: Configuration | None,
    languages: Sequence[str],
    settings: Settings | None,
) -> None:
    """Every text of every warning that can start a call-out, and every particular one; each thing wrong is said once."""
    vocabulary = vocabulary_of(configuration) if configuration else Vocabulary(open=True)
    try:
        book = TextBook(folder / "messages", tuple(languages), vocabulary, _ways(result, settings))
    except DispatchError as error:
        result.failed("texts", error)
        return
    signature = max((one.signature for one in route_plans(settings)), key=len, default="") if settings else ""
    found = self_findings(book, signature)
    found.extend(letter_findings(book, signature))
    found.extend(particular_findings(book, signature))
    warnings = {
        (key, colour)
        for chain in (configuration.chains if configuration else ())
        for trigger in chain.triggers
        for key in trigger.hazards
        for colour in trigger.colours
    }
    for key, colour in sorted(warnings):
        hazard = configuration.hazards.hazards[key] if configuration else None
        if hazard is not None:
            facts = replace(sample_facts((hazard.name, hazard.english), colour), hazard_key=key)
            found.extend(texts_findings(book, facts, signature))
    result.found("texts", *dict.fromkeys(found))


def _ways(result: Inspection, settings: Settings | None) -> Ways | None:
    """By which ways people can answer: told as a notice where one of them is missing."""
    if settings is None:
        return None
    routes = readable_routes(settings)
    ways = ways_of(routes, linked=bool(settings.web.public_url))
    carried = {one.facts.channel for one in routes}
    written = carried & {Channel.SMS, Channel.EMAIL}
    if not (ways.linked and written <= ways.replies and ways.call_back is not False):
        what = f"{INFORMATION}" + both(*in_words(ways, carried))
        result.found("routes", Finding(f"{SETTINGS_FILE}: web", what))
    if not (ways.linked or ways.replies & written or Channel.VOICE in carried):
        what = both("没有一种方式能收到应答", "there is no way by which an answer could reach us")
        result.found(
            "routes", Finding(f"{SETTINGS_FILE}: web", what, both("填写 web.public_url 或接上收件", "see above"))
        )
    return ways


# --- database and register --------------------------------------------------------------------------------


def _register(result: Inspection, settings: Settings) -> Register | None:
    """The register in force with its findings; None when it cannot be read."""
    keys: KeyRing | None = None
    try:
        keys = KeyRing.load(settings.keys_dir, settings.credentials_dir)
    except DispatchError as error:
        result.failed("keys", error)
    try:
        with opened_database(settings) as database, reading(database) as connection:
            register = stored_register(connection, AesSealer(keys)) if keys else None
            bad = unusable_endpoints(connection)
            now = SystemClock().now()
            evidence = (
                Evidence(*stored_evidence(Sql(connection), AesSealer(keys), now).evidence()) if keys else Evidence()
            )
    except DispatchError as error:
        result.failed("database", error)
        return None
    if register is None:
        return None
    result.units, result.receivers = len(register.units), len(register.receivers)
    if not register.receivers:
        remedy = "warning-dispatch contacts import … | contacts sample"
        result.found("register", Finding("contacts", NOBODY, remedy))
        return register
    result.found("register", *register_findings(register.units, register.receivers))
    result.found("register", *_readiness(readiness(register, term_of(settings.contacts, now), evidence)))
    if bad:
        what = both(f"{len(bad)} 个号码在呼叫中查明是坏的", f"{len(bad)} numbers were found to be wrong by calls")
        result.found("register", Finding("contacts", what, "warning-dispatch contacts findings"))
    if not any(unit.code == settings.ingest.within for unit in register.units):
        what = both("名册里没有本市", "the register does not hold our own area")
        result.found("register", Finding(f"{SETTINGS_FILE}: ingest.within", f"{what} ({settings.ingest.within})"))
    return register


def _readiness(found: Readiness) -> Iterator[Finding]:
    """Whom nobody could reach today, and how good the register is on the whole."""
    if found.unreachable:
        first = ", ".join(found.unreachable[:3])
        count = len(found.unreachable)
        what = both(f"{count} 个单位今天叫不到（{first} 等）", f"{count} units could not be reached today ({first} …)")
        yield Finding("contacts", what, "warning-dispatch contacts check --all")
    what = f"{INFORMATION}" + both(f"名册得分 {found.score}", f"the register scores {found.score}")
    yield Finding("contacts", what, "warning-dispatch contacts check")


# --- the bureau itself ------------------------------------------------------------------------------------


def _bureau(settings: Settings, configuration: Configuration | None, register: Register | None) -> Iterator[Finding]:
    """Whether there is somebody to tell when something cannot be decided."""
    if not settings.bureau.call_itself:
        what = f"{INFORMATION}" + both("值班叫应已关闭，告警只列在清单上", "the bureau does not call itself")
        yield Finding(f"{SETTINGS_FILE}: bureau.call_itself", what, both("须有人时时看清单", "watch the list"))
        return
    if configuration is None:
        return
    if configuration.bureau is None:
        what = both("没有值班叫应方案，告警时叫不到任何人", "no chain for the bureau's own call: alarms ring nobody")
        yield Finding("chains/bureau.toml", what, both("从随附的默认配置复制", "copy the shipped one"))
    elif register is not None and register.receivers:
        yield from _posts(configuration.bureau, settings.ingest.within, register)


def _posts(chain: CallChain, within: str, register: Register) -> Iterator[Finding]:
    """Every tier of the bureau's own call has a unit, and that unit a phone."""
    with_phone = {
        entry.unit_code
        for entry in register.receivers
        for endpoint in entry.endpoints
        if endpoint.channel is Channel.VOICE
    }
    for selection in own_selections(chain, within):
        tier = chain.tiers[selection.tier]
        found = [unit for unit in register.units if wanted(unit, selection)]
        where = f"chains/{chain.name}: {tier.name}"
        title = both(tier.title["zh_CN"], tier.title["en"])
        if not found:
            what = both("名册里没有这一级，告警时叫不到", "the register does not have this post: nobody to tell")
            yield Finding(
                where, f"{title}: {what}", both("补上 offices.toml 的 [bureau]", "see [bureau] in offices.toml")
            )
        elif not any(unit.code in with_phone for unit in found):
            what = both("没有电话，告警时叫不到", "has no phone: nobody to tell")
            yield Finding(where, f"{found[0].code} {found[0].name}: {what}", both("补报电话", "enter a phone"))


# --- routes -----------------------------------------------------------------------------------------------


def _routes(
    result: Inspection, settings: Settings, configuration: Configuration | None, register: Register | None
) -> None:
    """The routes, and what the largest call-out will ask of them."""
    result.found("routes", *all_route_findings(settings, configuration, register))
    if register is not None and not reaches_people(settings) and any(entry.sample for entry in register.receivers):
        what = f"{INFORMATION}" + both("名册是样本", "the register is a sample")
        result.found("register", Finding("contacts", what))
    if configuration is not None and register is not None and register.units:
        result.launches.extend(largest_launches(settings, configuration, register))


def largest_launches(settings: Settings, configuration: Configuration, register: Register) -> Iterator[Launch]:
    """For each enabled chain: how long the whole area takes at the highest colour it calls for."""
    book = phonebook_of(register)
    for chain in configuration.chains:
        if not chain.triggers:
            continue
        trigger = max(chain.triggers, key=lambda one: max(one.colours))
        hazard, colour = configuration.hazards.hazards[trigger.hazards[0]], max(trigger.colours)
        areas = [settings.ingest.within]
        found = launch_estimate(configuration, settings, chain, hazard, colour, areas, book, Seen(), NIGHT, storms=1)
        if found is not None:
            yield Launch(chain, colour, found)


def _keys_in_force(settings: Settings) -> Keys | None:
    """API keys by name; None when the database cannot be asked, which is a finding of its own."""
    try:
        with opened_database(settings) as database, reading(database) as connection:
            return scopes_by_name(connection)
    except DispatchError:
        return None


def _account_findings(settings: Settings) -> Iterator[Finding]:
    """Somebody must be able to let others in; where only this machine reaches the pages it can wait."""
    try:
        with opened_people(settings) as people:
            if people.has_administrator():
                return
    except DispatchError:
        return  # the database or the keys: findings of their own
    what = both("没有管理员，没有人能管账号", "there is no administrator: nobody can let others in")
    if is_loopback(settings.web.host):
        what = f"{INFORMATION}{what}"
    yield Finding("user", what, "warning-dispatch user add NAME --role administrator")


def list_folder_findings(settings: Settings) -> Iterator[Finding]:
    """Whether a list can be written, without writing one; and that it is better kept on another disk than the database."""
    folder, where = settings.lists_folder, f"{SETTINGS_FILE}: lists.folder"
    there = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        what = both(f"打印名单的目录不能写：{folder}", f"printable lists cannot be written to {folder}")
        yield Finding(where, what, both("改权限或换目录", "mend its permissions or name another"))
        return
    database = database_file(settings.database_url)
    if database is not None and database.is_file() and there.stat().st_dev == database.stat().st_dev:
        what = f"{INFORMATION}" + both(
            "打印名单和数据库在同一块盘，盘坏了两样都没有", "the printable lists lie on the database's disk"
        )
        yield Finding(where, what, both("换到另一块盘或共享目录", "name a folder on another disk"))
