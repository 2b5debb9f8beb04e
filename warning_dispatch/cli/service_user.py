"""Commands of root on an installed system are carried out by the service's own account.

The database, the keys and the local socket belong to that account. A command that root runs would leave files behind
that the daemon may not read; so it first becomes the account that owns the state directory. What root alone may read is
handed on: the credentials in /etc/credstore that the service is given (systemd/warning-dispatch.service).
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import tempfile
from pathlib import Path

from warning_dispatch.settings import SETTINGS_FILE, SYSTEM_CONFIG, SYSTEM_STATE, uses_system_config
from warning_dispatch.surroundings import name_credentials, name_home

CREDENTIAL_STORE = Path("/etc/credstore")
CREDENTIAL_PREFIX = "warning-dispatch."
LENT = Path("/run/warning-dispatch")
"""Where a command's copies lie, in memory, for as long as it runs."""


def lacks_config() -> bool:
    """Whether root sits before a machine where the service's account has its state folder but no configuration yet."""
    prepared = os.geteuid() == 0 and SYSTEM_STATE.is_dir() and SYSTEM_STATE.stat().st_uid != 0
    return prepared and SYSTEM_CONFIG.is_dir() and not (SYSTEM_CONFIG / SETTINGS_FILE).exists()


def operating_account() -> str:
    """Whose rights this process has."""
    return pwd.getpwuid(os.geteuid()).pw_name


def become_service_user() -> bool:
    """Become the account that owns the installed state, if we are root and there is one; whether we did."""
    if os.geteuid() != 0 or not uses_system_config():
        return False
    try:
        owner = pwd.getpwuid(SYSTEM_STATE.stat().st_uid)
    except (OSError, KeyError):
        return False
    if owner.pw_uid == 0:
        return False
    folder = _handed_on(owner)
    become(owner)
    if folder is not None:
        name_credentials(folder)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return True


def become(owner: pwd.struct_passwd) -> None:
    """Its rights and its home: the service finds its files there (a password in ~/.pgpass), so do commands."""
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setresgid(owner.pw_gid, owner.pw_gid, owner.pw_gid)
    os.setresuid(owner.pw_uid, owner.pw_uid, owner.pw_uid)
    os.umask(0o077)
    name_home(owner.pw_dir)


def _handed_on(owner: pwd.struct_passwd) -> Path | None:
    """A private folder with copies of our credentials, as systemd makes one for the service; None: there are none."""
    ours = sorted(CREDENTIAL_STORE.glob(f"{CREDENTIAL_PREFIX}*")) if CREDENTIAL_STORE.is_dir() else []
    if not ours:
        return None
    LENT.mkdir(mode=0o700, exist_ok=True)
    os.chown(LENT, owner.pw_uid, owner.pw_gid)  # who may remove what is in it
    folder = Path(tempfile.mkdtemp(dir=LENT))
    for path in ours:
        copy = folder / path.name.removeprefix(CREDENTIAL_PREFIX)
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o400)
        os.chown(copy, owner.pw_uid, owner.pw_gid)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder
