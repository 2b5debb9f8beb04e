"""Who listens on a port of this machine, as the kernel tells: whether a control port is a line's own, and on loopback alone."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

LOOPBACK = "0100007F"
"""127.0.0.1 as /proc/net/tcp writes it."""
_LISTENS = "0A"
_PROC = Path("/proc")


def is_own_on_loopback(port: int, pid: int) -> bool:
    """Whether this process listens on the port, on 127.0.0.1 and nowhere else; and nobody beside it."""
    listeners = _listeners(port)
    inodes = _inodes(pid)
    return bool(listeners) and all(address == LOOPBACK and inode in inodes for address, inode in listeners)


def _listeners(port: int) -> list[tuple[str, str]]:
    """(address, inode) of every socket that listens on the port."""
    found = []
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "self" / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                address, _, at = fields[1].partition(":")
                if fields[3] == _LISTENS and int(at, 16) == port:
                    found.append((address, fields[9]))
    return found


def _inodes(pid: int) -> frozenset[str]:
    found = set()
    with suppress(OSError):
        for one in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                target = str(one.readlink())
                if target.startswith("socket:["):
                    found.add(target[len("socket:[") : -1])
    return frozenset(found)


def is_free(address: str, port: int) -> bool:
    """Whether a SIP port can be taken, over UDP and TCP."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as trial:
            if kind is socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((address, port))
            except OSError:
                return False
    return True


def address_towards(host: str, port: int) -> str:
    """Our address on the way to a host; nothing is sent. OSError when there is no way."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.connect(address)
        return str(trial.getsockname()[0])
