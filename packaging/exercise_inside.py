"""Carries out the steps of the handbook on a fresh system under systemd, as root, and looks whether each does what it says.

    python3 exercise_inside.py first|second|wheel

Runs with the system's own Python and nothing else. /exercise holds the packages, the handbook and what passes from one
machine to the other. The first machine is installed, calls, is hung, upgraded, rolled back; the second is another one; on the
third there is no package but the wheel.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

EXERCISE = Path("/exercise")
HANDBOOK = EXERCISE / "installation.zh-CN.md"
USB = Path("/media/usb")
STATE = Path("/var/lib/warning-dispatch")
UNIT = "warning-dispatch.service"
PATIENCE = 120.0
SHOWN = 3_000
FINE = 200
_BLOCK = re.compile(r"```(\S+)(?: (\S+))?\n(.*?)```", re.DOTALL)
_STEP = re.compile(r"^### (\d+)\. (.*)$", re.MULTILINE)


def say(text: str) -> None:
    """To the log of the machine outside."""
    print(f"[{time.monotonic():7.1f}] {text}", flush=True)


def run(command: str, *, fails: bool = False) -> str:
    """A line of shell as the person at the keyboard; its output."""
    words = ["/bin/bash", "-c", command]
    done = subprocess.run(words, cwd=EXERCISE, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - ours
    said = done.stdout + done.stderr
    if (done.returncode != 0) is not fails:
        say(f"$ {command}\n{said[-SHOWN:]}")
        raise SystemExit(f"{command}: exit code {done.returncode}")
    return said


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.5)
    say(run(f"systemctl --no-pager --full status {UNIT} || true; journalctl --no-pager -n 60 -u {UNIT} || true"))
    raise SystemExit(f"in vain: {what}")


def steps() -> dict[int, tuple[str, list[str], list[str]]]:
    """The handbook's numbered steps: title, commands, what the person sees."""
    text = HANDBOOK.read_text(encoding="utf-8")
    marks = [*_STEP.finditer(text)]
    found = {}
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        part = re.split(r"^## ", text[mark.end() : end], maxsplit=1, flags=re.MULTILINE)[0]
        commands: list[str] = []
        seen: list[str] = []
        for kind, label, body in _BLOCK.findall(part):
            if kind == "sh" and not label:
                commands += body.strip().splitlines()
            elif kind == "text":
                seen += body.strip().splitlines()
        found[int(mark[1])] = (mark[2], commands, seen)
    return found


def labelled(name: str) -> list[str]:
    """The commands of a block that is no step."""
    text = HANDBOOK.read_text(encoding="utf-8")
    return next(
        body.strip().splitlines() for kind, label, body in _BLOCK.findall(text) if (kind, label) == ("sh", name)
    )


def take(number: int) -> None:
    """One step: every command works, and the person sees what is promised."""
    title, commands, seen = steps()[number]
    said = "".join(run(command) for command in commands)
    missing = [line for line in seen if line not in said]
    say(f"step {number}, {title}: {missing or 'as promised'}")
    if missing:
        raise SystemExit(f"step {number}: {missing} not in\n{said[-SHOWN:]}")


def callout() -> dict[str, object]:
    """Call-out 1 as a program sees it."""
    shown: dict[str, object] = json.loads(run("warning-dispatch callout show 1 --json 2>/dev/null"))
    return shown


def counted(shown: dict[str, object], what: str) -> int:
    """Over all tiers of the call-out."""
    tiers = shown["tiers"]
    return sum(int(tier[what]) for tier in tiers) if isinstance(tiers, list) else 0


def attempts() -> int:
    """How often anybody was tried in it."""
    return int(str(callout()["attempts"]))


def property_of(name: str) -> str:
    """What systemd knows of the service."""
    return run(f"systemctl show -p {name} --value {UNIT}").strip()


def require(true: object, what: str) -> None:
    """A promise."""
    if not true:
        raise SystemExit(f"not so: {what}")
    say(f"so it is: {what}")


def sandboxed() -> None:
    """The real daemon runs inside what its unit says."""
    status = Path(f"/proc/{property_of('MainPID')}/status").read_text(encoding="utf-8")
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    require(facts["Uid"].split()[0] != "0", "the daemon is not root")
    require(int(facts["CapEff"], 16) == 0 and int(facts["CapBnd"], 16) == 0, "it has no capability")
    require(facts["NoNewPrivs"].strip() == "1" and facts["Seccomp"].strip() == "2", "its system calls are filtered")
    mounts = Path(f"/proc/{property_of('MainPID')}/mounts").read_text(encoding="utf-8").splitlines()
    [options] = [line.split()[3].split(",") for line in mounts if line.split()[1] == "/"][-1:]
    require("ro" in options, "its system is read-only")


def hung() -> None:
    """The process hangs: systemd hears no more, ends it, starts it anew, and the call-out goes on."""
    folder = Path(f"/run/systemd/system/{UNIT}.d")
    folder.mkdir(parents=True)
    (folder / "quick.conf").write_text("[Service]\nWatchdogSec=5\nTimeoutAbortSec=2\n", encoding="utf-8")
    run(f"systemctl daemon-reload && systemctl restart {UNIT}")
    before, count = attempts(), int(property_of("NRestarts"))
    run(f"kill -STOP {property_of('MainPID')}")
    until(lambda: int(property_of("NRestarts")) == count + 1, "systemd ends what no longer feeds its watchdog")
    until(lambda: property_of("ActiveState") == "active", "and starts it anew")
    require("watchdog" in run(f"journalctl --no-pager -u {UNIT}").lower(), "the log says that it was the watchdog")
    until(lambda: attempts() > before, "the call-out goes on")
    run(f"rm -r {folder} && systemctl daemon-reload")


def first() -> None:
    """From nothing to a call-out that is open, through a hang, an upgrade and back."""
    began = time.monotonic()
    for number in range(1, 6):
        take(number)
    say(f"running {time.monotonic() - began:.0f} s after the first step")
    sandboxed()
    with urllib.request.urlopen("http://127.0.0.1:8411/login", timeout=10) as answer:
        require(answer.status == FINE, "step 6, the pages answer")
    require(run(f"systemctl is-enabled {UNIT}").strip() == "enabled", "it starts with the machine")
    take(7)
    until(lambda: attempts() > 0, "people are called")
    for number in range(8, 11):
        take(number)
    hung()
    before = attempts()
    run(f"touch {STATE}/backups/before-20200101T000000Z-from-0.0.9.backup")  # of an earlier upgrade: not the way back
    take(11)
    until(lambda: property_of("ActiveState") == "active", "it runs again after the upgrade")
    require(callout()["state"] == "running", "the call-out is open across the upgrade")
    until(lambda: attempts() >= before, "nobody was lost")
    run("warning-dispatch db check && warning-dispatch journal verify")
    (EXERCISE / "callout.json").write_text(json.dumps(callout()), encoding="utf-8")
    time.sleep(1)
    take(9)
    newest = max((STATE / "backups").glob("warning-dispatch-*.backup"))
    run(f"cp -a {STATE}/keys /exercise/keys && cp {newest} /exercise/latest.backup")
    run("set -e\n" + "\n".join(labelled("rollback")))
    require(list(STATE.glob("newer-*/warning-dispatch.db")), "the newer database was moved aside")
    require(property_of("ActiveState") == "active", "the older version runs on the copy from before the upgrade")
    require(callout()["state"] == "running", "with the call-out open")


def second() -> None:
    """The first machine is gone: another one goes on from its copy; then everything is taken away again."""
    USB.mkdir(parents=True)
    run(f"cp -a /exercise/keys {USB}/keys && cp /exercise/latest.backup {USB}/")
    for number in range(12, 15):
        take(number)
    before = json.loads((EXERCISE / "callout.json").read_text(encoding="utf-8"))
    now = callout()
    require(counted(now, "callees") == counted(before, "callees"), "every unit of the call-out is here")
    require(counted(now, "acknowledged") >= counted(before, "acknowledged"), "and every answer from before the copy")
    take(15)
    require((now["state"], now["headline"]) == (before["state"], before["headline"]), "the call-out is open here too")
    tried = int(str(now["attempts"]))
    until(lambda: attempts() > tried, "and goes on calling")
    run("warning-dispatch journal verify")
    credentials_only()
    gone()


def wheel() -> None:
    """No package: the one block of the handbook, then its steps as they are. The wheels lie here, for there is no network."""
    os.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(EXERCISE / "wheels"), "PIP_ROOT_USER_ACTION": "ignore"}
    run(f"cd {EXERCISE / 'source'} && set -e\n" + "\n".join(labelled("wheel")))
    for number in range(2, 6):
        take(number)
    require(Path("/etc/warning-dispatch/chains/city.toml").exists(), "init has written the configuration")
    sandboxed()


def credentials_only() -> None:
    """Keys that only root can read: the service gets them as credentials, root's commands too, the account has none on disk."""
    store = Path("/etc/credstore")
    for name in ("data", "index", "link", "journal"):
        run(f"install -m 600 {STATE}/keys/{name}.key {store}/warning-dispatch.{name}.key && rm {STATE}/keys/{name}.key")
    run(f"systemctl restart {UNIT}")
    require(property_of("ActiveState") == "active", "the daemon runs on keys that only root can read")
    run("warning-dispatch journal verify")
    require(not list(Path("/run/warning-dispatch").glob("*")), "and nothing is left of what a command was lent")


def gone() -> None:
    """Removed, the state stays; purged without a word, it stays; purged with a clear yes, it goes."""
    run("apt-get remove --yes warning-dispatch")
    require((STATE / "warning-dispatch.db").exists(), "removed: the record stays")
    run("DEBIAN_FRONTEND=noninteractive apt-get purge --yes warning-dispatch")
    require((STATE / "warning-dispatch.db").exists(), "purged without a clear yes: the record stays")
    require(not Path("/etc/warning-dispatch/warning-dispatch.toml").exists(), "and the configuration goes")
    run("apt-get install --yes ./warning-dispatch_0.1.1_amd64.deb")
    wanted = "warning-dispatch warning-dispatch/remove-state boolean true"
    run(
        f"echo {wanted} | debconf-set-selections && DEBIAN_FRONTEND=noninteractive apt-get purge --yes warning-dispatch"
    )
    require(not STATE.exists(), "purged with a clear yes: all gone")
    require(not Path("/opt/warning-dispatch").exists(), "and no file of the program is left")


if __name__ == "__main__":
    os.environ["LANG"] = "C.UTF-8"
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    {"first": first, "second": second, "wheel": wheel}[sys.argv[1]]()
    (EXERCISE / f"{sys.argv[1]}.passed").touch()
    say(f"{sys.argv[1]} machine: passed")
