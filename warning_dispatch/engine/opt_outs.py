"""退订: who wants no more messages by a route gets none by it. Receiving is a duty: calls and other routes go on.

It is remembered by number and route, until the person takes it back; the register has it as a finding, since somebody
ought to ask why.
"""

from __future__ import annotations

from collections.abc import Sequence

from warning_dispatch.engine.answers import is_opt_out
from warning_dispatch.engine.ledger import Ledger
from warning_dispatch.engine.records import AttemptRecord
from warning_dispatch.ports import Reply

OPTED_OUT = "opted_out"


def take_opt(ledger: Ledger, reply: Reply, blind_index: bytes) -> None:
    """Somebody wrote STOP or TD, or took it back. Of an address that nobody has, nothing is remembered."""
    opt_outs = ledger.tx.opt_outs
    found = opt_outs.sender(blind_index, reply.channel)
    number_id, last_route = found or (0, "")
    route = reply.route or last_route
    if not number_id or not route:
        ledger.note_system({"k": "reply.other", "on": reply.channel.key})
        return
    out = is_opt_out(reply.text)
    changed = opt_outs.add(number_id, route, ledger.now) if out else opt_outs.remove(number_id, route)
    if not changed:
        return
    ledger.note_system({"k": "opted.out" if out else "opted.in", "number": number_id, "route": route})
    for endpoint_id in opt_outs.endpoints(number_id, reply.channel) if out else ():
        ledger.report_finding(endpoint_id, OPTED_OUT, unusable=False)


def keep_opt_outs(ledger: Ledger, attempts: Sequence[AttemptRecord]) -> None:
    """A provider refused these messages because their receivers have told it to: it is not asked again."""
    for one in attempts:
        if one.number_id is not None and ledger.tx.opt_outs.add(one.number_id, one.route, ledger.now):
            ledger.note_system({"k": "opted.out", "number": one.number_id, "route": one.route})
