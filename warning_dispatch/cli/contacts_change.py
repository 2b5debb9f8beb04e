"""`contacts change`: who answers for one unit from now on, entered by the bureau; a filing like any other."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from warning_dispatch.cli.callout import Actor, Reason, UnitCode
from warning_dispatch.cli.campaign_office import open_campaign_reading, open_campaigns
from warning_dispatch.cli.campaign_pictures import handed_in_document
from warning_dispatch.cli.terminal import Terminal, command
from warning_dispatch.errors import NotFoundError
from warning_dispatch.model.renewal_views import PersonWords
from warning_dispatch.registry.filed_people import words_of
from warning_dispatch.registry.receivers import ROLES_BY_WORD
from warning_dispatch.store.people_rows import StoredPerson
from warning_dispatch.tomlfiles import both

app = typer.Typer()


@app.command("change")
@command
def change(
    terminal: Terminal,
    unit: UnitCode,
    role: Annotated[str, typer.Option("--role", help=both("角色：A、B、值班", "A, B, duty"))],
    name: Annotated[str, typer.Option("--name", help=both("姓名", "name"))] = "",
    phone: Annotated[
        list[str] | None, typer.Option("--phone", help=both("电话，可写多次", "a phone; again for more"))
    ] = None,
    mail: Annotated[list[str] | None, typer.Option("--mail", help=both("邮箱，可写多次", "a mail address"))] = None,
    post: Annotated[str, typer.Option("--post", help=both("职务", "post"))] = "",
    leaving: Annotated[
        str,
        typer.Option(
            "--leaving", metavar="NAME", help=both("接替谁（姓名）；不写则接替同角色的人", "whom they replace")
        ),
    ] = "",
    actor: Actor = "",
    reason: Reason = "",
) -> None:
    """换人或更正：替换该单位一个角色的人，其他人不动，立即生效；有更新备案时算该单位已报。 / Somebody else answers, at once."""
    actor, reason = terminal.asked_actor(actor), terminal.asked_reason(reason)
    new = PersonWords(role, name, post, tuple(phone or ()), tuple(mail or ()))
    with open_campaigns(terminal.settings) as office:
        with open_campaign_reading(terminal.settings) as read:
            there = read.people_of_unit(unit)
        people = [*_staying(there, role, leaving), new]
        done = office.change(actor, unit, people, reason)
    words = terminal.say(
        f"{unit}：已变更，新号码发测试信息 {done.tests} 条。",
        f"{unit}: changed; {done.tests} test messages to new numbers.",
    )
    terminal.answer(handed_in_document(done), Text(words))


def _staying(there: tuple[StoredPerson, ...], role: str, leaving: str) -> list[PersonWords]:
    """Everybody but whoever is replaced. NotFoundError: there is nobody of that name."""
    wanted = ROLES_BY_WORD.get(role.strip().lower())
    going = [one for one in there if one.entry.name == leaving] if leaving else []
    if leaving and not going:
        raise NotFoundError(both(f"该单位没有“{leaving}”", f"nobody there is called {leaving}"))
    if not leaving:
        going = [one for one in there if one.entry.role is wanted]
    ids = {one.receiver_id for one in going}
    return [
        words_of(one.entry, [each.number_id for each in one.endpoints], one.receiver_id)
        for one in there
        if one.receiver_id not in ids
    ]
