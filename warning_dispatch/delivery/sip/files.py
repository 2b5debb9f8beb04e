"""What a line's process reads when it starts: its configuration and its account, rendered from the options. Pure but for `write`.

The control port is on loopback, always: it has no password, and whoever reaches it can dial. The account holds the trunk's
password in clear, so the file is the owner's alone and is removed as soon as the process has read it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from warning_dispatch.delivery.sip.options import SipOptions

CONFIG, ACCOUNTS, SCRIPT = "config", "accounts", "script.wav"
_MODULES = ("g711.so", "aufile.so", "ctrl_tcp.so")


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where a line lives."""

    index: int
    folder: Path
    sip_port: int
    control_port: int
    address: str
    """Ours, facing the trunk."""
    registers: bool
    password: str = field(default="", repr=False)

    @property
    def script(self) -> Path:
        """What is played to whoever picks up; replaced before each call."""
        return self.folder / SCRIPT


def config_text(place: LinePlace, options: SipOptions) -> str:
    """The configuration."""
    lines = (
        "poll_method epoll",
        f"sip_listen {place.address}:{place.sip_port}",
        f"net_interface {place.address}",
        f"ctrl_tcp_listen 127.0.0.1:{place.control_port}",
        "call_max_calls 1",
        "call_local_timeout 120",
        f"audio_source aufile,{place.script}",
        "ausrc_srate 8000",
        "auplay_srate 8000",
        "ausrc_channels 1",
        "auplay_channels 1",
        "ausrc_format s16",
        f"rtp_ports {options.rtp_from}-{options.rtp_until}",
        "jitter_buffer_delay 0-1",  # any more holds keys back
        f"module_path {options.modules}",
        *(f"module {one}" for one in _MODULES),
        "module_tmp account.so",
        "module_app menu.so",
    )
    return "\n".join(lines) + "\n"


def account_text(place: LinePlace, options: SipOptions) -> str:
    """The account: the user part of its address is what the called phone shows."""
    login = f";auth_user={options.user};auth_pass={place.password}" if options.user else ""
    return (
        f"<sip:{options.shown}@{options.trunk};transport={options.transport}>{login}"
        f";regint={options.register_every_s if place.registers else 0}"
        ";audio_codecs=PCMA/8000/1,PCMU/8000/1;ptime=20;answermode=manual\n"
    )


def write_files(place: LinePlace, options: SipOptions) -> None:
    """Write both; nobody else may read them, from their first moment on."""
    place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(place.folder / CONFIG, config_text(place, options))
    _write(place.folder / ACCOUNTS, account_text(place, options))
    _write(place.folder / "contacts", "")  # else the program makes one of its own with examples


def forget_account(place: LinePlace) -> None:
    """The process has read it."""
    (place.folder / ACCOUNTS).unlink(missing_ok=True)


def replace_script(place: LinePlace, content: bytes) -> None:
    """The next call's script, whole at any moment."""
    new = place.folder / f".{SCRIPT}"
    new.write_bytes(content)
    new.replace(place.script)


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
