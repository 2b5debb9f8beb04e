"""名册的样子: the console's page of the register tells what the command and the morning tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warning_dispatch.bootstrap.mornings import term_of
from warning_dispatch.bootstrap.register_look import TableRegisterLook
from warning_dispatch.model.renewal import PROOF_PATH
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.model.unit import Channel, EndpointEntry, ReceiverEntry, Role, Unit, UnitKind, UnitLevel
from warning_dispatch.registry.readiness import Evidence, Gap, readiness
from warning_dispatch.settings import ContactSettings
from warning_dispatch.store.database import reading
from warning_dispatch.store.readiness_reading import stored_evidence
from warning_dispatch.store.register_reading import stored_register
from warning_dispatch.store.sql import Sql

TOWNSHIP, VILLAGES = "141124104", ("141124104201", "141124104202")
UNITS = (
    Unit(TOWNSHIP, "白文镇", UnitKind.DIVISION, UnitLevel.TOWNSHIP, TOWNSHIP, None),
    *(Unit(code, f"村{code[-1]}", UnitKind.DIVISION, UnitLevel.VILLAGE, code, TOWNSHIP) for code in VILLAGES),
)


def number(index: int) -> str:
    """A sample mobile."""
    return f"+862601000{index:04d}"


PEOPLE = tuple(
    ReceiverEntry(
        unit.code,
        Role.PRIMARY,
        f"样本{index}",
        "",
        "zh_CN",
        tuple(EndpointEntry(channel, number(index)) for channel in (Channel.VOICE, Channel.SMS)),
        sample=True,
    )
    for index, unit in enumerate(UNITS)
)


def test_the_page_counts_who_is_overdue_and_what_is_denied(make_refresh: Callable[..., Any]) -> None:
    """A successor says that it is not them, the others never file: the page's score is that of `contacts check`."""
    world = make_refresh(UNITS, PEOPLE)
    world.do(world.desk.open_campaign("张工", "", "2027-04-20"))
    world.post()
    token, passed = world.registrar(TOWNSHIP)
    shown = next(one for one in world.read.renewal_page(token, passed).units if one.unit_code == VILLAGES[0])
    leaving, words = shown.people[0].receiver_id, PersonWords("A", "接任", phones=(number(77),))
    world.do(world.desk.name_successor(token, VILLAGES[0], shown.version, leaving, words, passed=passed))
    world.post()
    (told,) = world.letters_to(number(77), PROOF_PATH)
    world.do(world.desk.deny(told.link.rsplit("/", 1)[-1]))
    world.until_day("2027-04-22")
    contacts, now = ContactSettings(), world.clock.now()
    with reading(world.database) as connection:
        known = stored_evidence(Sql(connection), world.sealer, now)
        register = stored_register(connection, world.sealer)
    found = TableRegisterLook(contacts, world.database, world.sealer, world.clock).readiness().found
    assert found == readiness(register, term_of(contacts, now), Evidence(*known.evidence()))
    assert Gap.DENIED in found.gaps[VILLAGES[0]]
    assert Gap.NOT_FILED in found.gaps[VILLAGES[1]]
