"""Inbound messages: bytes become alerts. The way in is `read_parts`; each dialect is one pure parser."""

from __future__ import annotations

from warning_dispatch.ingest.reading import read_message, read_parts

__all__ = ["read_message", "read_parts"]
