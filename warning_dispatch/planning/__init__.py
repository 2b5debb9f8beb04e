"""推演: what a chain, a register, lines and habits make of a storm, before there is one. PURE but for its crew of processes.

One storm (`storm`) is played on the very machines of the engine (escalation) by the very people of the simulated network
(simulation): only the database is left out, and with it nine tenths of the time. See docs/planning.md and ADR 35.
"""
