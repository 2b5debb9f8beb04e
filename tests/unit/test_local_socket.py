"""The control socket asks for no key, so its file must be the owner's alone from the first moment."""

from __future__ import annotations

import stat
from pathlib import Path

from warning_dispatch.bootstrap.installation import private_socket


def test_nobody_else_may_open_the_control_socket(tmp_path: Path) -> None:
    """Whoever may open it may act: mode 0600, without a moment of anything wider."""
    path = tmp_path / "control.sock"
    listener = private_socket(str(path))
    mode = stat.S_IMODE(path.stat().st_mode)
    listener.close()
    assert mode == 0o600
