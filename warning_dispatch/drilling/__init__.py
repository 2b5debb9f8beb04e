"""演练: what a drill may do and what it was worth. PURE: no clock, no database, no wire."""
