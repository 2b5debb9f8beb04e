"""Adapters to the database: tables, rows, sealing, journal, migrations."""
