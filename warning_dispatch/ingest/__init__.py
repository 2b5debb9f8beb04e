"""Inbound messages: bytes become alerts. The way in is `read_message`; each dialect is one pure parser."""

from __future__ import annotations

from warning_dispatch.ingest.reading import read_message

__all__ = ["read_message"]
