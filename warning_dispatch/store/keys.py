"""密钥: the keys of one installation. They seal what is personal, find numbers, derive links and sign the journal.

On disk: one folder (0700) with one file per key (0600), each 64 hexadecimal digits; `journal.pub` may be handed to
anybody who wants to verify the journal. Under systemd the same four names are looked for among the service's
credentials first. A key set is whole or refused: half a set would seal what nobody can open.

The data key can be changed (`db rotate-key`): the new one is `data-2.key`, then `data-3.key` …, the highest seals, and all
that are there open. `data.key` is number 1. A key that nothing is sealed with any more is still needed for old backups.
So can the index key (`db rotate-index-key`): `index-2.key` …; only the highest is used, for every blind index is made anew.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import shake_256
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.tomlfiles import both

KEY_BYTES = 32
PUBLIC_KEY_FILE = "journal.pub"
MOST_KEYS = 255
_FILES = {
    "data_key": "data.key",
    "index_key": "index.key",
    "link_key": "link.key",
    "journal_key": "journal.key",
}
_GROUP_AND_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022
_OTHERS = 0o007


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The four secret keys, 32 bytes each. Its repr shows none of them."""

    data_key: bytes = field(repr=False)
    """AES-256-GCM, encryption at rest."""
    index_key: bytes = field(repr=False)
    """HMAC-SHA256, blind index of numbers."""
    link_key: bytes = field(repr=False)
    """HMAC-SHA256, tokens of links and of callbacks."""
    journal_key: bytes = field(repr=False)
    """Seed of the Ed25519 key that seals the journal."""
    data_key_id: int = field(default=1, repr=False)
    """Number of the data key, 1 to 255; it stands in what is sealed."""
    former: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    """Data keys of before, by number: they only open."""
    index_key_id: int = field(default=1, repr=False)
    """Number of the index key, 1 to 255; the database knows with which one its blind indices are made."""

    def __post_init__(self) -> None:
        """Refuse a key of the wrong length."""
        for name, file in _FILES.items():
            if len(getattr(self, name)) != KEY_BYTES:
                raise RefusedError(f"{file}: " + both(f"密钥应为 {KEY_BYTES} 字节", f"a key has {KEY_BYTES} bytes"))

    @property
    def journal_public(self) -> bytes:
        """The public half of the journal's key, 32 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.journal_key).public_key().public_bytes_raw()

    def hook_secret(self, route: str) -> bytes:
        """What signs the callback addresses of a route, 32 bytes."""
        return hmac.digest(self.link_key, f"callbacks of route {route}".encode(), "sha256")

    @classmethod
    def fresh(cls) -> Self:
        """New random keys, in memory only: the demo, and what `create` writes."""
        data, index, link, journal = (secrets.token_bytes(KEY_BYTES) for _ in _FILES)
        return cls(data, index, link, journal)

    @classmethod
    def simulated(cls, seed: int) -> Self:
        """Keys that follow from a seed, for storms that must replay. They protect nothing."""
        stream = shake_256(f"warning-dispatch simulated keys {seed}".encode()).digest(KEY_BYTES * len(_FILES))
        data, index, link, journal = (stream[at : at + KEY_BYTES] for at in range(0, len(stream), KEY_BYTES))
        return cls(data, index, link, journal)

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make new keys and write them; nothing that exists is ever overwritten.

        Raises RefusedError when the folder already holds a key or others can look into it.
        """
        _prepare(folder)
        keys = cls.fresh()
        files = {file: getattr(keys, name) for name, file in _FILES.items()} | {PUBLIC_KEY_FILE: keys.journal_public}
        written: list[Path] = []
        try:
            for file, key in files.items():
                _write_new(folder / file, key)
                written.append(folder / file)
        except OSError as error:
            for path in written:
                path.unlink()
            what = both("密钥写不进去", f"the keys cannot be written ({error.strerror})")
            raise RefusedError(f"{folder}: {what}") from error
        return keys

    @classmethod
    def load(cls, folder: Path, credentials: Path | None = None) -> Self:
        """Read the keys from the service's `credentials` if they hold them, else from `folder`.

        Raises NotFoundError when there are none, RefusedError when the set is incomplete, unreadable as keys, or
        open to other people's eyes.
        """
        if credentials is not None and (found := _present(credentials)):
            _require_all(credentials, found)
            # systemd hands credentials over read-only, owned by root, with an access list that shows as group bits.
            return cls._of(credentials, _OTHERS)
        found = _present(folder)
        if not found:
            raise NotFoundError(f"{folder}: {both('没有密钥', 'there are no keys here')} → warning-dispatch init")
        _require_all(folder, found)
        return cls._of(folder, _GROUP_AND_OTHERS)

    @classmethod
    def _of(cls, folder: Path, forbidden: int) -> Self:
        """Every key of a folder; of data and index keys the one with the highest number is in use."""
        first, index, link, journal = (_read(folder / file, forbidden) for file in _FILES.values())
        data = {1: first} | _numbered(folder, "data", forbidden)
        indices = {1: index} | _numbered(folder, "index", forbidden)
        newest, indexing = max(data), max(indices)
        return cls(data.pop(newest), indices[indexing], link, journal, newest, data, indexing)

    def with_new_data_key(self, folder: Path) -> Self:
        """Make the next data key, write it beside the others, and seal with it from now on. RefusedError when it cannot be."""
        number, key = _next_key(folder, "data", self.data_key_id)
        return replace(self, data_key=key, data_key_id=number, former={**self.former, self.data_key_id: self.data_key})

    def with_new_index_key(self, folder: Path) -> Self:
        """Make the next index key and write it beside the others. RefusedError when it cannot be."""
        number, key = _next_key(folder, "index", self.index_key_id)
        return replace(self, index_key=key, index_key_id=number)


def _numbered(folder: Path, name: str, forbidden: int) -> dict[int, bytes]:
    """The later keys of a kind, by number."""
    found = {}
    for path in folder.glob(f"{name}-*.key"):
        number = path.stem.removeprefix(f"{name}-")
        if not number.isdigit() or not 1 < int(number) <= MOST_KEYS:
            raise RefusedError(f"{path}: {both('密钥的编号应为 2 至 255', 'a key has a number from 2 to 255')}")
        found[int(number)] = _read(path, forbidden)
    return found


def _next_key(folder: Path, name: str, last: int) -> tuple[int, bytes]:
    """A new key of a kind, written beside the others, and its number."""
    number, key = last + 1, secrets.token_bytes(KEY_BYTES)
    path = folder / f"{name}-{number}.key"
    if number > MOST_KEYS:
        raise RefusedError(both("密钥的编号已用完", "there is no further number for a key"))
    try:
        _write_new(path, key)
    except OSError as error:
        what = both("新密钥写不进去", f"the new key cannot be written ({error.strerror})")
        raise RefusedError(f"{path}: {what}") from error
    return number, key


def read_public_key(path: Path) -> bytes:
    """The journal's public key from a `journal.pub` file, 32 bytes. Raises NotFoundError or RefusedError."""
    return _parsed(path, _text(path))


def _prepare(folder: Path) -> None:
    """Make the folder, for the owner only."""
    if _present(folder):
        what = both(
            "已有密钥，绝不覆盖：覆盖后原来加密的再也打不开。确要换新，先把旧的移到安全的地方",
            "keys are here already and are never overwritten: what they sealed could not be opened again. Move them to "
            "a safe place first if you really want new ones",
        )
        raise RefusedError(f"{folder}: {what}")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            folder.chmod(0o700)
    except OSError as error:
        what = both("目录建不了", f"the folder cannot be made ({error.strerror})")
        raise RefusedError(f"{folder}: {what}") from error
    if stat.S_IMODE(folder.stat().st_mode) & _GROUP_AND_OTHERS:
        what = both("其他用户能进入该目录", "other users can look into this folder")
        raise RefusedError(f"{folder}: {what} → chmod 700 {folder}")


def _write_new(path: Path, key: bytes) -> None:
    mode = 0o644 if path.name == PUBLIC_KEY_FILE else 0o600
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(descriptor)


def _present(folder: Path) -> list[str]:
    return [file for file in _FILES.values() if (folder / file).exists()]


def _require_all(folder: Path, found: list[str]) -> None:
    missing = [file for file in _FILES.values() if file not in found]
    if missing:
        names, others = ", ".join(missing), ", ".join(found)
        what = both(
            f"有 {others}，缺 {names}。请从备份恢复全套；新装则移走剩下的，再执行 warning-dispatch init",
            f"{names} is missing beside {others}. Restore the whole set from the backup; for a new installation take "
            "the remains away and run `warning-dispatch init`",
        )
        raise RefusedError(f"{folder}: {what}")


def _read(path: Path, forbidden: int) -> bytes:
    """One secret key. `forbidden`: mode bits it must not have."""
    text = _text(path)
    if stat.S_IMODE(path.stat().st_mode) & forbidden:
        what = both("其他用户能读到该密钥，请考虑换新", "other users can read this key; consider new keys")
        raise RefusedError(f"{path}: {what} → chmod 600 {path}")
    if stat.S_IMODE(path.parent.stat().st_mode) & _WRITABLE_BY_OTHERS:
        what = both("其他用户能调换密钥", "other users can exchange these keys")
        raise RefusedError(f"{path.parent}: {what} → chmod 700 {path.parent}")
    return _parsed(path, text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        what = both("没有这个密钥", "there is no such key")
        raise NotFoundError(f"{path}: {what} → warning-dispatch init") from error
    except (OSError, UnicodeDecodeError) as error:
        what = both(
            "密钥读不出来，是不是用服务的用户执行的", "the key cannot be read. Is the command run as the service's user"
        )
        raise RefusedError(f"{path}: {what}?") from error


def _parsed(path: Path, text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        what = both(
            "不是密钥（应为 64 位十六进制）。请从备份恢复，或在空目录执行 warning-dispatch init",
            "this is not a key (64 hexadecimal digits). Restore it from the backup, or run `warning-dispatch init` in an "
            "empty folder",
        )
        raise RefusedError(f"{path}: {what}")
    return key
