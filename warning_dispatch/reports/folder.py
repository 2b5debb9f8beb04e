"""The folder of the printable lists: owner only, written whole or not at all, old ones removed.

Names and numbers lie here in clear, so a file belongs to its owner from its first byte on, and a list that is not
accounted for never gets its name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

DAY = 86_400_000
_OURS = re.compile(r"\d{8}-\d{4}_callout-\d+_round-\d+\.(html|csv)(\.part)?")
_UNFINISHED = ".part"


class ListFolder:
    """Where lists lie."""

    def __init__(self, folder: Path, keep_days: int) -> None:
        """`keep_days`: an older list is removed. The folder is made when the first list comes."""
        self.folder = folder
        self._keep_days = keep_days

    def holds(self, name: str) -> bool:
        """Whether a list of that name lies here."""
        return (self.folder / name).is_file()

    def write(self, contents: Mapping[str, bytes], account: Callable[[], None]) -> tuple[Path, ...]:
        """Write files of one list, replacing older ones of the same names; where they lie. Raises OSError.

        1. Whole, under other names, on the disk. 2. `account` notes it: what it raises undoes everything. 3. They get
        their names.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = {self.folder / f"{name}{_UNFINISHED}": self.folder / name for name in contents}
        try:
            for path, content in zip(unfinished, contents.values(), strict=True):
                _write_whole(path, content)
            account()
            for path, final in unfinished.items():
                path.replace(final)
        except BaseException:
            for path in unfinished:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            raise
        return tuple(unfinished.values())

    def remove_old(self, now: int) -> int:
        """Remove lists of ours that are older than they may be; how many. Nothing else in the folder is touched."""
        oldest = now - self._keep_days * DAY
        removed = 0
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            if _OURS.fullmatch(path.name) and path.is_file() and path.stat().st_mtime_ns // 1_000_000 < oldest:
                path.unlink(missing_ok=True)
                removed += 1
        return removed


def _write_whole(path: Path, content: bytes) -> None:
    """A new file that only its owner may read, on the disk when this returns."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
