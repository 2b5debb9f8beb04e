"""What `check` looks at, one area after the other; a broken area never hides the next.

Findings must be mended before the season. Notices are for knowing: among them that only simulated routes are configured,
so that nobody will be called.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warning_dispatch.bootstrap.installation import email_route
from warning_dispatch.bootstrap.source_rules import rules_finder
from warning_dispatch.cli.accounts import opened_people
from warning_dispatch.cli.office import database_file, opened_database
from warning_dispatch.cli.source_inspection import Keys, outlet_findings, source_findings
from warning_dispatch.configuration import Configuration, load_configuration
from warning_dispatch.configuration.bureau import BUREAU
from warning_dispatch.delivery.texts import TextBook, sample_facts, self_findings, texts_findings
from warning_dispatch.errors import DispatchError, Finding, FindingsError
from warning_dispatch.escalation.budgets import HOUR, MINUTE
from warning_dispatch.escalation.timing import busiest_hour, latest_ring
from warning_dispatch.ingest.gazetteer import load_gazetteer
from warning_dispatch.login_settings import is_loopback
from warning_dispatch.model.colour import Colour
from warning_dispatch.model.plan import CallChain, Ladder
from warning_dispatch.model.register import Register
from warning_dispatch.model.unit import Channel, UnitLevel
from warning_dispatch.registry.findings import INFORMATION, register_findings
from warning_dispatch.routing.selection import own_selections, wanted
from warning_dispatch.settings import SETTINGS_FILE, Settings, config_folder, load_settings
from warning_dispatch.store.accounts import scopes_by_name
from warning_dispatch.store.database import reading
from warning_dispatch.store.keys import KeyRing
from warning_dispatch.store.register import unusable_endpoints
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sealing import AesSealer
from warning_dispatch.tomlfiles import both

USUAL_LANGUAGES = ("zh_CN", "en")
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


@dataclass(slots=True)
class Inspection:
    """Everything found, by area."""

    findings: list[tuple[str, Finding]] = field(default_factory=list)
    notices: list[tuple[str, Finding]] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    units: int = 0
    receivers: int = 0

    @property
    def ready(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.findings

    def found(self, area: str, *findings: Finding) -> None:
        """Sort findings: what begins as information is a notice."""
        for finding in findings:
            kind = self.notices if finding.what.startswith(INFORMATION) else self.findings
            kind.append((area, finding))

    def failed(self, area: str, error: DispatchError) -> None:
        """An area that could not be looked at."""
        findings = error.findings if isinstance(error, FindingsError) else (Finding(area, str(error)),)
        self.found(area, *findings)


def inspect(config: Path | None) -> Inspection:
    """Look at everything.

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
    _texts(result, folder, configuration, settings.texts.languages if settings else USUAL_LANGUAGES)
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


def _texts(result: Inspection, folder: Path, configuration: Configuration | None, languages: Sequence[str]) -> None:
    """Every text of every warning that can start a call-out; each thing wrong is said once."""
    try:
        book = TextBook(folder / "messages", tuple(languages))
    except DispatchError as error:
        result.failed("texts", error)
        return
    for finding in self_findings(book):
        result.found("texts", finding)
    if configuration is None:
        return
    warnings = {
        (key, colour)
        for chain in configuration.chains
        for trigger in chain.triggers
        for key in trigger.hazards
        for colour in trigger.colours
    }
    seen: set[Finding] = set()
    for key, colour in sorted(warnings):
        hazard = configuration.hazards.hazards[key]
        for finding in texts_findings(book, sample_facts((hazard.name, hazard.english), colour)):
            if finding not in seen:
                seen.add(finding)
                result.found("texts", finding)


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
    if bad:
        what = both(f"{len(bad)} 个号码在呼叫中查明是坏的", f"{len(bad)} numbers were found to be wrong by calls")
        result.found("register", Finding("contacts", what, "warning-dispatch contacts findings"))
    if not any(unit.code == settings.ingest.within for unit in register.units):
        what = both("名册里没有本市", "the register does not hold our own area")
        result.found("register", Finding(f"{SETTINGS_FILE}: ingest.within", f"{what} ({settings.ingest.within})"))
    return register


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
    where = f"{SETTINGS_FILE}: routes"
    result.found("routes", *_missing_routes(settings, configuration, where))
    result.found("routes", *_budget_findings(settings, configuration, where))
    result.found("routes", *_mail_findings(settings))
    sample = register is not None and any(entry.sample for entry in register.receivers)
    if settings.reaches_people and sample:
        what = both("名册里有样本号码，真实线路拒绝拨打", "sample numbers in the register: real routes refuse them")
        result.found("routes", Finding(where, what, "warning-dispatch contacts import …"))
    if not settings.reaches_people:
        what = f"{INFORMATION}" + both(
            "只有模拟线路：不会真正拨出，叫不到任何人", "simulated routes only: nobody is really called"
        )
        result.found("routes", Finding(where, what, both("接入真实线路前属正常", "as it should be before real routes")))
    elif not any(route.channel == "voice" and route.adapter != "simulated" for route in settings.routes):
        what = f"{INFORMATION}" + both("语音仍是模拟线路", "voice still goes to a simulated route")
        result.found("routes", Finding(where, what))
    if sample and not settings.reaches_people:
        what = f"{INFORMATION}" + both("名册是样本", "the register is a sample")
        result.found("register", Finding("contacts", what))


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


def _missing_routes(settings: Settings, configuration: Configuration | None, where: str) -> Iterator[Finding]:
    """Channels that a ladder wants and no route carries."""
    carried: set[str] = {route.channel for route in settings.routes}
    wanted: dict[str, str] = {}
    for chain in configuration.chains if configuration else ():
        for tier in chain.tiers:
            for ladder in tier.ladders.values():
                for rung in (*ladder.rungs, *ladder.repeat.rungs, *ladder.slow.rungs):
                    for channel in rung.channels:
                        wanted.setdefault(channel.key, f"chains/{chain.name}: {tier.name}")
    for key, asker in wanted.items():
        if key not in carried:
            what = both(f"没有 {key} 线路，而 {asker} 要用", f"no route for {key}, which {asker} wants")
            yield Finding(where, what, both("补一条 [[routes]]", "add a [[routes]]"))


def _budget_findings(settings: Settings, configuration: Configuration | None, where: str) -> Iterator[Finding]:
    """Ladders that by themselves ring a number more often than all voice routes together may: rungs would be late.

    Of a minute and an hour; what a whole night of repeats comes to is what the limits of day and night are for.
    """
    limits = [one for route in settings.routes if (one := route.number_limits) is not None]
    for chain in configuration.chains if configuration and limits else ():
        for tier in chain.tiers:
            for colour, ladder in tier.ladders.items():
                name = f"chains/{chain.name}: {tier.name}.{colour.key}"
                kept = 0 if colour is Colour.RED else sum(one.reserve_for_red for one in limits)
                yield from _too_often(where, name, ladder, MINUTE, sum(one.minute for one in limits))
                yield from _too_often(where, name, ladder, HOUR, sum(one.hour for one in limits) - kept)


def _too_often(where: str, name: str, ladder: Ladder, span: int, most: int) -> Iterator[Finding]:
    busiest = max(busiest_hour(ladder, span=span).values(), default=0)
    if busiest > most:
        chinese, english = _SPANS[span]
        what = both(
            f"{name} 的阶梯在{chinese}内最多呼一个号码 {busiest} 次，各语音线路合计只许 {most} 次，多出的要等",
            f"the ladder of {name} rings one number {busiest} times in {english}, the voice routes allow {most}",
        )
        yield Finding(where, what, both("放宽 per_number 或拉开阶梯", "raise per_number or stretch the ladder"))


_SPANS = {MINUTE: ("一分钟", "a minute"), HOUR: ("一小时", "an hour")}


def _mail_findings(settings: Settings) -> Iterator[Finding]:
    """What the mail route would stumble over when the daemon starts."""
    if not settings.reaches_people:
        return
    try:
        email_route(settings)
    except FindingsError as error:
        yield from error.findings
