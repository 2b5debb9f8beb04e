"""报送: a campaign that has begun in a small county, and the pages of its registrars; for every scenario of a filing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.engine.turn import Inbox
from warning_dispatch.model.renewal import Approval, FilingState
from warning_dispatch.model.renewal_views import PersonWords, RenewalPage
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.ports import Reply
from warning_dispatch.renewal.rules import RenewalRules
from warning_dispatch.store.database import reading
from warning_dispatch.store.sql import Sql

COUNTY, TOWNSHIP, WATER = "141124", "141124104", "141124-water"
VILLAGES = ("141124104201", "141124104202")
UNITS = (
    Unit(COUNTY, "临县", UnitKind.DIVISION, UnitLevel.COUNTY, COUNTY, None),
    Unit(WATER, "临县水利局", UnitKind.DEPARTMENT, UnitLevel.COUNTY, COUNTY, COUNTY, "water"),
    Unit(TOWNSHIP, "白文镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, TOWNSHIP, COUNTY),
    *(Unit(code, f"村{code[-1]}", UnitKind.DIVISION, UnitLevel.VILLAGE, code, TOWNSHIP) for code in VILLAGES),
)


def number(index: int) -> str:
    """A sample mobile; the last four digits are the index."""
    return f"+862601000{index:04d}"


def person(unit: str, name: str, index: int, role: Role = Role.PRIMARY) -> ReceiverEntry:
    """Somebody who can be called and written to."""
    endpoints = tuple(EndpointEntry(channel, number(index)) for channel in (Channel.VOICE, Channel.SMS))
    return ReceiverEntry(unit, role, name, "", "zh_CN", endpoints, sample=True)


PEOPLE = (
    person(COUNTY, "县甲", 1),
    person(WATER, "水甲", 2),
    person(TOWNSHIP, "镇甲", 3),
    person(TOWNSHIP, "镇乙", 4, Role.DEPUTY),
    person(VILLAGES[0], "村甲", 5),
    person(VILLAGES[1], "村乙", 6),
)
NEW = PersonWords("A", "接任", phones=(number(77),))


class Filing:
    """A campaign that has begun, and the pages of its registrars."""

    def __init__(self, make: Callable[..., Any], approval: Approval = Approval.NONE, **named: Any) -> None:
        self.world = make(UNITS, PEOPLE, rules=RenewalRules(approval), **named)
        self.world.do(self.world.desk.open_campaign("张工", "", "2027-04-20"))
        self.world.post()

    @property
    def desk(self) -> Any:
        """renewal_ports.RenewalDesk."""
        return self.world.desk

    def page(self, unit: str = TOWNSHIP) -> RenewalPage:
        """What the registrar sees behind the step."""
        found: RenewalPage = self.world.read.renewal_page(*self.world.registrar(unit))
        return found

    def successor(self, unit: str, by: str = TOWNSHIP, words: PersonWords = NEW) -> Any:
        """Somebody new for the first person of a unit."""
        token, passed = self.world.registrar(by)
        shown = next(one for one in self.page(by).units if one.unit_code == unit)
        leaving = shown.people[0].receiver_id
        work = self.desk.name_successor(token, unit, shown.version, leaving, words, passed=passed)
        return self.world.do(work)

    def confirm(self, by: str = TOWNSHIP) -> list[Any]:
        """Everything on the page as it stands."""
        token, passed = self.world.registrar(by)
        units = [(one.unit_code, one.version) for one in self.page(by).units]
        return list(self.world.do(self.desk.confirm_as_is(token, units, passed=passed)))

    def on_file(self, unit: str) -> list[str]:
        """Names in force, from the tables."""
        return [one.entry.name for one in self.world.read.people_of_unit(unit)]

    def state(self, unit: str) -> FilingState:
        """Where the unit's filing stands."""
        rows = {one.unit_code: one for one in self.world.read.filings()}
        return rows[unit].state

    def reply(self, index: int, text: str) -> None:
        """A message comes back from a phone."""
        self.world.engine.answer(
            self.world.clock.now(), Inbox(replies=[Reply(Channel.SMS, number(index), text, self.world.clock.now())])
        )

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the database."""
        with reading(self.world.database) as connection:
            return [tuple(row) for row in Sql(connection).rows(statement, *values)]
