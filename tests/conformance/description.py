"""Twilio's published description of its interface, made fit to hold requests to it.

Of its paths only those that we use are kept. It is silent on two things that a mock needs to be told: that a field of a
form may stand several times, and what a refusal looks like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BASE = "/2010-04-01/Accounts/{AccountSid}"
PATHS = ("/Calls.json", "/Calls/{Sid}.json", "/Messages.json", "/Balance.json")
FORM = "application/x-www-form-urlencoded"
REFUSALS: Mapping[int, Mapping[int, str]] = {
    400: {1: "not as described", 21211: "Invalid 'To' Phone Number", 21610: "unsubscribed recipient"},
    401: {20003: "Authenticate"},
    429: {20429: "Too Many Requests"},
    500: {20500: "Internal Server Error"},
}
"""HTTP status → code → message. Number 1 is what a request gets that breaks the description: a mock takes the lowest."""


def fitted(source: Path) -> str:
    """The description as JSON for the mock."""
    description = json.loads(source.read_text(encoding="utf-8"))
    description["paths"] = {BASE + path: description["paths"][BASE + path] for path in PATHS}
    for method, operation in _operations(description["paths"]):
        _repeat_fields(operation)
        operation["responses"] |= {str(status): _refusal(status) for status in REFUSALS}
        assert method in ("get", "post", "delete")
    return json.dumps(description)


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in paths.values():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield method, operation


def _repeat_fields(operation: Mapping[str, Any]) -> None:
    """A list in a form is its field several times over."""
    form = operation.get("requestBody", {}).get("content", {}).get(FORM)
    if form is None:
        return
    fields = form.get("schema", {}).get("properties", {})
    lists = [name for name, schema in fields.items() if schema.get("type") == "array"]
    form["encoding"] = {**form.get("encoding", {}), **{name: {"style": "form", "explode": True} for name in lists}}


def _refusal(status: int) -> dict[str, Any]:
    examples = {
        str(code): {"value": {"code": code, "message": text, "status": status, "more_info": "https://www.twilio.com"}}
        for code, text in REFUSALS[status].items()
    }
    return {
        "description": "refused",
        "content": {"application/json": {"schema": {"type": "object"}, "examples": examples}},
    }
