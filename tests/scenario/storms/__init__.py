"""Storms: nights in which everything goes wrong, each a pure function of its seed.

A storm is a town on the simulated network, in virtual time, put through one plan (the shipped chains, in half of the
storms with a rule changed). Its seed decides the size of the town and who holds which posts and phones, what people do
when the phone rings, how many lines there are, what the carrier loses, doubles, delays and refuses, which messages
come, what officers do, and where the process dies: before, after or inside a transaction, or between the wire and the
receipts.

After every transaction that wrote something all promises are looked at that can be seen in the tables at one moment
(promises.AT_ANY_MOMENT) and on the wire; after a crash the journal is folded and compared with the tables before the
process starts again. At the end the weather clears and every call-out is closed; then nothing may be left over: the
journal is verified and folded, every answer is traced to a human's act, every hand-over to the carrier's own record.

Where to look: weather.py draws the night, census.py the town, plans.py the chains; night.py plays it; people.py and
forecasters.py meddle; fates.py kills; promises.py judges; visits.py counts what has been visited.

A storm that fails prints its seed and its story. To play it again:

    pytest tests/scenario/test_storms.py -k city --storm-seed 17
"""

from __future__ import annotations

from .budgets import budget_faults
from .night import BrokenPromiseError, Storm
from .visits import ENOUGH, Visits

__all__ = ["ENOUGH", "BrokenPromiseError", "Storm", "Visits", "budget_faults"]
