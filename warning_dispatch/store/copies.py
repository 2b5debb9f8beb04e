"""The folder of dated copies: their names tell when they were made, the newest stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warning_dispatch.errors import RefusedError
from warning_dispatch.tomlfiles import both

_NAME = re.compile(r"warning-dispatch-(\d{8}T\d{6})Z\.backup")
_STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, slots=True)
class DatedCopy:
    """A copy and the moment (ms) at which it was begun."""

    path: Path
    made_at: int


def new_copy(folder: Path, now: int) -> Path:
    """Where the copy of this moment goes; makes the folder, for its owner only. RefusedError when that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        what = both("备份目录不能建立", f"the folder of copies cannot be made ({error.strerror})")
        raise RefusedError(f"{folder}: {what} → [backup] folder") from None
    stamp = datetime.fromtimestamp(now // 1000, UTC).strftime(_STAMP)
    return folder / f"warning-dispatch-{stamp}Z.backup"


def dated_copies(folder: Path) -> Sequence[DatedCopy]:
    """What is there, newest first; files with other names are somebody else's. None when there is no such folder."""
    found = []
    for path in folder.glob("*.backup") if folder.is_dir() else ():
        named = _NAME.fullmatch(path.name)
        if named:
            moment = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
            found.append(DatedCopy(path, int(moment.timestamp()) * 1000))
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def remove_all_but(folder: Path, keep: int) -> Sequence[Path]:
    """Let the newest `keep` stay; the files that went."""
    old = [one.path for one in dated_copies(folder)[keep:]]
    for path in old:
        path.unlink(missing_ok=True)
    return old
