"""Faults injected into the real daemon's processes, and what is left of the twelve promises afterwards.

    python -m faults --times 100        (from the folder tests; `make faults N=100`)

A *night* is one call-out: some workers on one database, one clock that runs faster for all of them, one carrier's log.
Faults come at seeded moments, one after the other; then the call-out is left to finish, and the database and the carrier's own
log are judged (judge.py). What the workers are told from outside stands on a *board* (board.py).
"""
