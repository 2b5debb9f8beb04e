"""Settings of what keeps an installation well: copies of its database, how long things are kept."""

from __future__ import annotations

from pydantic import Field

from warning_dispatch.tomlfiles import Shape


class BackupSettings(Shape):
    """[backup] 备份."""

    folder: str = ""
    """Where `db backup` puts its copies; empty: `backups` in the state directory."""
    keep: int = Field(default=14, ge=1, le=3_660)
    """Copies kept; the oldest go when a new one is there."""
    max_age_h: int = Field(default=26, ge=0, le=8_784)
    """`check` finds fault when the newest copy is older; 0: copies are made by other means."""


class RetentionSettings(Shape):
    """[retention] 保存期限."""

    days: int = Field(default=180, ge=180, le=36_500)
    """What is over and older is destroyed; 180 days are the least."""
