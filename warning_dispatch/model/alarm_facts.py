"""What an alarm knows besides its kind: ids, codes and counts, kept as they are. Pages and commands find the words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def written(**facts: int | str | Sequence[str] | Mapping[str, int]) -> str:
    """The facts as an alarm keeps them: `written(alert=1, why=["too_old"])`."""
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def facts_of(detail: str) -> Mapping[str, object]:
    """The facts of an alarm's detail; a text that is none is the fact `text`."""
    if not detail:
        return {}
    try:
        found = json.loads(detail)
    except ValueError:
        return {"text": detail}
    return found if isinstance(found, dict) else {"text": detail}
