"""The keys of an installation: made once, never overwritten, whole, and for nobody else's eyes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from warning_dispatch.errors import NotFoundError, RefusedError
from warning_dispatch.store.keys import KeyRing, read_public_key


def test_created_keys_are_read_back(tmp_path: Path) -> None:
    """What `init` writes is what the daemon loads, and journal.pub is the other half of the journal's key."""
    created = KeyRing.create(tmp_path / "keys")
    assert KeyRing.load(tmp_path / "keys") == created
    assert read_public_key(tmp_path / "keys" / "journal.pub") == created.journal_public
    assert len({created.data_key, created.index_key, created.link_key, created.journal_key}) == 4


def test_files_belong_to_the_owner_only(tmp_path: Path) -> None:
    """Promise 11: keys lie in a 0700 folder, each secret 0600."""
    folder = tmp_path / "keys"
    KeyRing.create(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {0o600}


def test_create_never_overwrites(tmp_path: Path) -> None:
    """A second `init` must not make the register unreadable."""
    before = KeyRing.create(tmp_path / "keys")
    with pytest.raises(RefusedError, match="never overwritten"):
        KeyRing.create(tmp_path / "keys")
    assert KeyRing.load(tmp_path / "keys") == before


def test_create_refuses_a_folder_others_look_into(tmp_path: Path) -> None:
    """Keys are not put among things that are open to all."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "something").touch()
    with pytest.raises(RefusedError, match="chmod 700"):
        KeyRing.create(folder)


def test_no_keys_says_what_to_do(tmp_path: Path) -> None:
    """The remedy stands in the message."""
    with pytest.raises(NotFoundError, match="warning-dispatch init"):
        KeyRing.load(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_readable_by_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Promise 11: a key that others can read protects nothing."""
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "data.key").chmod(mode)
    with pytest.raises(RefusedError, match="chmod 600"):
        KeyRing.load(tmp_path / "keys")


def test_a_folder_writable_by_others_is_refused(tmp_path: Path) -> None:
    """Who can exchange the journal's key can rewrite the journal."""
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(RefusedError, match="chmod 700"):
        KeyRing.load(tmp_path / "keys")


def test_half_a_set_is_refused(tmp_path: Path) -> None:
    """A missing key is named; no new one is put in its place."""
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "link.key").unlink()
    with pytest.raises(RefusedError, match=r"link\.key is missing"):
        KeyRing.load(tmp_path / "keys")


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "zz" * 32])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    """A truncated or mistyped file is found at the start, not at the first number."""
    KeyRing.create(tmp_path / "keys")
    (tmp_path / "keys" / "index.key").write_text(content)
    with pytest.raises(RefusedError, match="64 hexadecimal digits"):
        KeyRing.load(tmp_path / "keys")


def test_credentials_of_the_service_come_first(tmp_path: Path) -> None:
    """Under systemd the credentials win over the folder, with the group bits systemd gives them."""
    in_folder = KeyRing.create(tmp_path / "keys")
    credentials = tmp_path / "credentials"
    handed = KeyRing.create(credentials)
    for path in credentials.glob("*.key"):
        path.chmod(0o440)
    assert handed != in_folder
    assert KeyRing.load(tmp_path / "keys", credentials) == handed


def test_without_credentials_the_folder_serves(tmp_path: Path) -> None:
    """A service with credentials of another kind, or none, uses the folder."""
    in_folder = KeyRing.create(tmp_path / "keys")
    (tmp_path / "credentials").mkdir()
    assert KeyRing.load(tmp_path / "keys", tmp_path / "credentials") == in_folder
    assert KeyRing.load(tmp_path / "keys", tmp_path / "nowhere") == in_folder


def test_half_a_set_of_credentials_is_not_filled_up_from_the_folder(tmp_path: Path) -> None:
    """Two half sets do not make one."""
    KeyRing.create(tmp_path / "keys")
    KeyRing.create(tmp_path / "credentials")
    (tmp_path / "credentials" / "journal.key").unlink()
    with pytest.raises(RefusedError, match=r"journal\.key is missing"):
        KeyRing.load(tmp_path / "keys", tmp_path / "credentials")


def test_repr_shows_no_key() -> None:
    """Promise 11: a key ring in a log line or a traceback gives nothing away."""
    keys = KeyRing.simulated(1)
    assert keys.data_key.hex() not in repr(keys)
    assert repr(keys) == "KeyRing()"


def test_simulated_keys_follow_from_the_seed() -> None:
    """A storm replays from its seed, keys included."""
    assert KeyRing.simulated(7) == KeyRing.simulated(7)
    assert KeyRing.simulated(7) != KeyRing.simulated(8)


def test_a_missing_public_key_is_named(tmp_path: Path) -> None:
    """Who verifies from outside learns which file is wanted."""
    with pytest.raises(NotFoundError, match=r"journal\.pub"):
        read_public_key(tmp_path / "journal.pub")
