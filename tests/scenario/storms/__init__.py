"""Storms: nights in which everything goes wrong, each a pure function of its seed.

A storm is a town on the simulated network, in virtual time, put through one plan: the city's chain, a county's, the
strict one, or city and counties together ("both"), in half of the storms with a rule changed. Its seed decides the size
of the town and who holds which posts and phones, what people do when the phone rings, how many lines there are, what the
carrier loses, doubles, delays and refuses, which messages come, what officers do, when somebody sets the wall clock, and
where the process dies: before, after or inside a transaction, or between the wire and the receipts, and for how long.

What is looked at, and when:
- after every transaction that wrote something: all promises that can be seen in the tables at one moment
  (promises.AT_ANY_MOMENT), what rings, lines and clashes at the carrier; under "both" also what follows from the
  messages, worked out from them alone (oracle.py)
- after every crash, before the process starts again: the journal is folded and compared with the tables
- at the end, when the weather has cleared and every call-out is closed: nothing may be left over, the journal is
  verified and folded, every answer is traced to a human's act, every hand-over to the carrier's own record, and the
  budgets of every phone are counted by that record (aftermath.py, budgets.py)
- over all storms of a run: which moves of the two tables were made (visits.py); a gap fails a run of some hundreds

Where to look: weather.py draws the night, census.py the town, plans.py the chains; night.py plays it; people.py,
forecasters.py and observatories.py meddle, messages.py composes; fates.py kills.

A storm that fails prints its seed and its story. To play it again:

    pytest tests/scenario/test_storms.py -k city --storm-seed 17
"""

from __future__ import annotations

from . import aftermath, promises
from .budgets import budget_faults
from .night import BrokenPromiseError, Storm
from .visits import ENOUGH, UNREACHABLE, Visits

__all__ = ["ENOUGH", "UNREACHABLE", "BrokenPromiseError", "Storm", "Visits", "aftermath", "budget_faults", "promises"]
