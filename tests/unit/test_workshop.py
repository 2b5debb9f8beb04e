"""The house rules as tests: what a reviewer should not have to look for."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "warning_dispatch"
FUNCTION_STOP = 60
MODULE_STOP = 600
VAGUE_NAMES = {"manager", "helper", "util", "common", "base", "data", "process"}
LOCKS = ("requirements.lock", "requirements-dev.lock")
LEFT_BEHIND = {"__pycache__", "build", "dist", "node_modules", "private", "var"}
TEXT = re.compile(r"\.(cfg|css|csv|html|in|j2|js|json|lock|md|mjs|py|service|sh|svg|timer|toml|txt|xml|yml)")
TEXT_WITHOUT_SUFFIX = {"Makefile", "run"}
# Written in halves, so that this file does not find itself.
ODDMENTS = ("TO" + "DO", "FIX" + "ME")
PLACES_OF_ONE_MACHINE = re.compile(
    r"(?<![\w./-])/(?:work|root)/"
    r"|(?<![\w./-])/(?:home|Users)/\w+/"
    r"|\.\./" + "shared"
    r"|py" + "pi\\.org|python" + "hosted|npm" + "js\\.(?:org|com)"
)


def tracked() -> Iterator[Path]:
    """The files of the repository: what git knows, else (no git, no checkout) what lies here."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(  # noqa: S603 - a fixed command on our own tree
            [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0:
            names = listed.stdout.decode().split("\0")
            yield from (ROOT / name for name in names if name and (ROOT / name).is_file())
            return
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part not in (".ci", ".gitignore") for part in parts)
        if path.is_file() and not hidden and not LEFT_BEHIND & set(parts):
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text file of the repository; samples in other encodings are read as well as can be."""
    for path in tracked():
        if TEXT.fullmatch(path.suffix) or path.name in TEXT_WITHOUT_SUFFIX:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8", errors="replace")


def modules() -> Iterator[tuple[str, str]]:
    """Name and source of every module of the package."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def too_long(name: str, source: str) -> Iterator[str]:
    """Every function of a module beyond the stop, as "file:line name (lines)"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_STOP:
                yield f"{name}:{node.lineno} {node.name} ({lines})"


def test_imports_have_one_direction() -> None:
    """The contract in pyproject.toml holds: top may import down, the core stays pure."""
    linter = Path(sys.executable).with_name("lint-imports")
    verdict = subprocess.run(  # noqa: S603 - our own tool on our own tree
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_names_say_something() -> None:
    """No module hides behind a name that says nothing."""
    stems = {name: Path(name).stem for name, _ in modules()} | {
        f"{folder.relative_to(ROOT)}/": folder.name
        for folder in PACKAGE.rglob("*/")
        if (folder / "__init__.py").exists()
    }
    vague = [name for name, stem in stems.items() if stem.strip("_").removesuffix("s") in VAGUE_NAMES]
    assert vague == []


def test_functions_fit_on_a_screen() -> None:
    """No function is longer than the stop; a migration is a list of statements and may be."""
    found = [line for name, source in modules() if "/migrations/" not in name for line in too_long(name, source)]
    assert found == []


def test_modules_can_be_read_in_one_sitting() -> None:
    """No module is longer than the stop."""
    lengths = {name: source.count("\n") + 1 for name, source in modules() if "/migrations/" not in name}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_STOP} == {}


def test_exceptions_to_the_linter_say_why() -> None:
    """Every noqa names its rule and its reason."""
    silent = re.compile(r"#\s*noqa(?!:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+-\s+\S)", re.IGNORECASE)
    found = [
        f"{name}:{number}"
        for name, text in texts()
        if name.endswith(".py") and name != "tests/unit/test_workshop.py"
        for number, line in enumerate(text.splitlines(), 1)
        if silent.search(line)
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    """What is not done stands in the issue list, not in the code."""
    marks = re.compile(r"\b(?:" + "|".join(ODDMENTS) + r")\b")
    assert [name for name, text in texts() if marks.search(text)] == []


def test_the_repository_stands_alone() -> None:
    """No file names a place of one machine or the address of a package registry."""
    found = [
        f"{name}: {hit.group()}" for name, text in texts() if (hit := PLACES_OF_ONE_MACHINE.search(text)) is not None
    ]
    assert found == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_holds_versions_and_hashes_only(name: str) -> None:
    """Every line of a lock is a comment, a version or a hash; every version has a hash."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    shapes = re.compile(r"#.*|[a-z0-9-]+==[\w.]+(?: ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?|")
    assert [line for line in lines if not shapes.fullmatch(line)] == []
    versions = [number for number, line in enumerate(lines) if "==" in line and not line.startswith("#")]
    assert versions
    assert all(lines[number + 1].startswith("    --hash=") for number in versions)


def test_one_version_of_everything() -> None:
    """The development lock holds what the other one holds, at the same versions."""
    pinned = [
        set(re.findall(r"^([a-z0-9-]+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in LOCKS
    ]
    assert pinned[0] - pinned[1] == set()


def test_the_changelog_has_a_place_for_the_next_line() -> None:
    """Whatever alters who gets called, or when, gets a line: there is a section to write it into."""
    assert re.search(r"^## \[?Unreleased\]?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_no_boundaries_and_no_real_register() -> None:
    """Boundaries have no open licence and real registers are personal data: neither is ever tracked."""
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    assert [name for name in names if name.endswith(".geojson") or name.startswith("contacts/private/")] == []


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link in a Markdown file names a file that exists."""
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
    shown = re.compile(r"```.*?```|<!--.*?-->", re.DOTALL)
    broken = [
        f"{name}: {target}"
        for name, text in texts()
        if name.endswith(".md")
        for target in link.findall(shown.sub("", text))
        if not (ROOT / name).parent.joinpath(target).exists()
    ]
    assert broken == []


def test_both_readmes_start_with_the_two_commands() -> None:
    """A stranger finds `make demo` and `make test` in either language, and the Makefile has them."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "storms", "lock", "clean"} <= targets
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert {"make demo", "make test"} <= set(re.findall(r"make [a-z]+", text)), name


def documented_commands() -> set[tuple[str, ...]]:
    """Every command that the pages for people name, as its words."""
    found: set[tuple[str, ...]] = set()
    for name in ("README.md", "README.zh-CN.md", "docs/runbook.zh-CN.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for line in re.findall(r"warning-dispatch ([a-z][^`\n]*)", text):
            first, *others = (re.findall(r"^[a-z-]+(?: [a-z-]+)?", part.strip()) for part in line.split(r"\|"))
            words = first[0].split()
            found.add(tuple(words))
            found |= {(words[0], other[0]) for other in others if other}
    return found


def test_every_command_in_the_documents_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """The duty officer types what the pages say: each command there answers `--help`."""
    from warning_dispatch.cli import main  # noqa: PLC0415 - the rules above must run even when the command cannot

    missing = []
    with pytest.MonkeyPatch.context() as patch:
        for words in sorted(documented_commands()):
            patch.setattr(sys, "argv", ["warning-dispatch", *words, "--help"])
            try:
                code: object = main()
            except SystemExit as stop:
                code = stop.code
            if code not in (0, None):
                missing.append(" ".join(words))
    capsys.readouterr()
    assert missing == []


def test_a_test_cannot_reach_the_network() -> None:
    """Connecting, sending and resolving fail the test at once; 192.0.2.1 is nobody's address."""
    with socket.socket() as stream, pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"):
        stream.connect(("192.0.2.1", 80))
    with (
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
        pytest.raises(pytest.fail.Exception, match=r"192\.0\.2\.1"),
    ):
        datagram.sendto(b"", ("192.0.2.1", 80))
    with pytest.raises(pytest.fail.Exception, match=r"example\.org"):
        socket.getaddrinfo("example.org", 80)


def test_a_test_may_speak_to_itself() -> None:
    """Loopback stays open: the real servers of the tests listen there."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
