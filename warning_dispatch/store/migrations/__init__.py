"""The history of the schema (Alembic). A released migration is never edited; see regenerate.py for the time before."""
