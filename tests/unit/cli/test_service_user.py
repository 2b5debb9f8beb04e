"""Commands of root are carried out by the service's own account, with what is that account's."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

ACCOUNT = "nobody"
BECOMES = f"""
import os, pwd
from warning_dispatch.cli.service_user import become
become(pwd.getpwnam("{ACCOUNT}"))
print(os.geteuid(), os.environ["HOME"])
"""
ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_command_of_root_looks_for_files_in_the_accounts_home() -> None:
    """The library of PostgreSQL looks for ~/.pgpass where HOME points: in root's home a command cannot log in where the service can."""
    environ = {**os.environ, "HOME": "/root", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", BECOMES]
    said = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - ours
    account = pwd.getpwnam(ACCOUNT)
    assert said.stdout.split() == [str(account.pw_uid), account.pw_dir]
