"""The watched folder: what is picked up when, what is left alone, and where it goes."""

from __future__ import annotations

import os
import stat
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from lxml import etree

from warning_dispatch.clock import VirtualClock
from warning_dispatch.ingest.folder import AT_ONCE, FolderPlan, WatchedFolder, is_whole
from warning_dispatch.ingest.receipts import receipt, receipt_name
from warning_dispatch.model.alert import Disposition
from warning_dispatch.model.views import IntakeResult

START = 1_785_000_000_000
WHOLE = b"<alert><identifier>1</identifier></alert>\r\n"
NAME = "14110041600000_20260722213512_11B03_RED_ALERT.xml"
STORED = IntakeResult(1, Disposition.STORED, (), ())


class Place:
    """A watched folder and its clock; files are unchanged after five seconds."""

    def __init__(self, path: Path, **changes: object) -> None:
        self.path = path
        self.clock = VirtualClock(START)
        self.folder = WatchedFolder(FolderPlan(path, 5_000, 1_000, **changes), self.clock)

    def drop(self, name: str, raw: bytes = WHOLE, *, age: int = 0) -> Path:
        """A file, changed so many seconds ago."""
        file = self.path / name
        file.write_bytes(raw)
        os.utime(file, (START / 1000 - age, START / 1000 - age))
        return file

    def names(self, *, after: int = 0) -> list[str]:
        """What is ready after so many ms."""
        self.clock.advance_to(self.clock.now() + after)
        return [one.name for one in self.folder.look()]

    def all_away(self) -> None:
        """Take in everything that is ready."""
        for one in self.folder.look():
            self.folder.put_away(one, STORED)

    def done(self) -> list[str]:
        """What was put away."""
        return sorted(one.name for one in self.path.glob("done/*/*"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty folder."""
    return Place(tmp_path)


def test_a_whole_message_is_picked_up_at_once_a_half_one_when_it_stays_so(place: Place) -> None:
    """Nothing half-written is read as it grows; what stays broken is read after all: somebody must be told."""
    place.drop("whole.xml")
    place.drop("half.xml", WHOLE[:20])
    assert place.names() == ["whole.xml"]
    assert place.names(after=4_000) == ["whole.xml"]
    place.drop("half.xml", WHOLE[:25])
    assert place.names(after=4_000) == ["whole.xml"]
    assert place.names(after=5_000) == ["half.xml", "whole.xml"]


def test_an_upload_that_has_just_begun_is_no_message(place: Place) -> None:
    """An empty file waits a minute."""
    place.drop("empty.xml", b"")
    assert place.names() == []
    assert place.names(after=30_000) == []
    assert place.names(after=31_000) == ["empty.xml"]


def test_red_first_then_the_oldest(place: Place) -> None:
    """By the colour in the name, else by a glance inside; a burst is taken in portions."""
    place.drop("a_11B03_BLUE_ALERT.xml", age=9)
    place.drop("b.xml", "<alert><headline>暴雨红色预警</headline></alert>".encode(), age=1)
    place.drop("c_11B03_ORANGE_ALERT.xml", age=2)
    place.drop("d_11B03_ORANGE_UPDATE.xml", age=3)
    assert [name[0] for name in place.names()] == ["b", "d", "c", "a"]
    for number in range(AT_ONCE):
        place.drop(f"{number}_11B03_YELLOW_ALERT.xml")
    found = place.names()
    assert (len(found), found[0]) == (AT_ONCE, "b.xml")


def test_what_is_no_plain_finished_file_is_left_alone(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Hidden files, names of uploads under way, folders, links and pipes: none of our business."""
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.xml"
    secret.write_bytes(WHOLE)
    for name in (".hidden.xml", "a.xml.part", "b.xml.tmp", "c.filepart", "d.xml~"):
        place.drop(name)
    (place.path / "link.xml").symlink_to(secret)
    (place.path / "sub.xml").mkdir()
    os.mkfifo(place.path / "pipe.xml")
    assert place.names(after=60_000) == []
    assert secret.exists()


def test_attachments_go_where_their_message_goes(place: Place) -> None:
    """Beside the message, moved with it; one that comes late follows when it no longer changes; a stranger stays."""
    stem = NAME.removesuffix(".xml")
    for name in (f"{stem}_P_01.jpg", f"{stem}_O02.pdf", "other_P_01.jpg", NAME):
        place.drop(name)
    place.all_away()
    assert place.done() == sorted([NAME, f"{stem}_P_01.jpg", f"{stem}_O02.pdf"])
    place.drop(f"{stem}_P_02.jpg", b"half")
    assert place.names() == []
    assert place.names(after=5_000) == []
    assert f"{stem}_P_02.jpg" in place.done()
    assert [one.name for one in place.path.iterdir() if one.is_file()] == ["other_P_01.jpg"]


def test_a_file_that_was_replaced_meanwhile_is_another_one(place: Place) -> None:
    """Taken in was what was read; the new content is found at the next look."""
    place.drop(NAME)
    (found,) = place.folder.look()
    place.drop(NAME, WHOLE.replace(b"1", b"2"))
    place.folder.put_away(found, STORED)
    (again,) = place.folder.look()
    assert again.item != found.item
    place.folder.put_away(again, STORED)
    place.drop(NAME)
    place.all_away()
    assert place.done() == [NAME, f"{NAME}.1"]


def archive(*names: str, raw: bytes = WHOLE) -> bytes:
    """A zip archive of these members."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as bundle:
        for name in names:
            bundle.writestr(name, raw)
    return packed.getvalue()


def test_an_archive_with_one_message_is_that_message(place: Place) -> None:
    """As the platform uploads it: at once when it is whole, never while it is half; its scans do not count."""
    stem = NAME.removesuffix(".xml")
    raw = archive(NAME, f"{stem}_P_01.jpg", f"{stem}_O_02.xml")
    place.drop(f"{stem}.zip", raw[: len(raw) // 2])
    assert place.names() == []
    place.drop(f"{stem}.zip", raw)
    (found,) = place.folder.look()
    assert found.raw == WHOLE
    place.folder.put_away(found, STORED)
    assert place.done() == [f"{stem}.zip"]


@pytest.mark.parametrize("names", [(), ("a.txt",), ("a.xml", "b.xml"), tuple(f"{n}.txt" for n in range(300))])
def test_any_other_archive_is_read_as_it_is(place: Place, names: tuple[str, ...]) -> None:
    """Nothing or several messages in it: after a while the bytes themselves are taken in, and somebody is told."""
    raw = archive(*names)
    place.drop("a.zip", raw)
    assert place.names() == []
    place.clock.advance_to(place.clock.now() + 5_000)
    (found,) = place.folder.look()
    assert found.raw == raw[:1_001]


def test_an_archive_that_swells_is_read_no_further(place: Place) -> None:
    """A bomb is a small file: the limit counts what comes out of it."""
    place.drop("bomb.zip", archive("a.xml", raw=b"<a>" + b" " * 10_000_000))
    (found,) = place.folder.look()
    assert len(found.raw) == 1_001


def test_a_file_that_is_too_large_is_read_no_further(place: Place) -> None:
    """One byte beyond the limit, which the intake then refuses with a reason; the file itself is kept."""
    place.drop("large.xml", b"<a>" + b"x" * 5_000 + b"</a>")
    place.names()
    place.clock.advance_to(place.clock.now() + 5_000)
    (found,) = place.folder.look()
    assert len(found.raw) == 1_001
    place.folder.put_away(found, STORED)
    assert (next(place.path.glob("done/*/large.xml"))).stat().st_size == 5_007


def test_names_that_are_no_text_are_files_all_the_same(place: Place) -> None:
    """Bytes that are no UTF-8 can be stored and printed, and are moved as they are."""
    (Path(os.fsdecode(os.fsencode(place.path) + b"/\xff\xfe.xml"))).write_bytes(WHOLE)
    (found,) = place.folder.look()
    assert found.item.encode().startswith(rb"\xff\xfe.xml|")
    place.folder.put_away(found, STORED)
    assert len(place.done()) == 1


def test_a_receipt_says_whether_and_why_under_one_name(place: Place) -> None:
    """In the 12379 form; written again after a crash it is the same file; never half of one."""
    place.drop(NAME, age=-1)
    (found,) = place.folder.look()
    place.folder._write_receipt(found, STORED)
    place.folder.put_away(found, STORED)
    (written,) = place.path.glob("receipts/*")
    assert written.name == "14110041600000_20260726012001000_141100-OTH_141100-AMP_20260722213512_AI-1_0.xml"
    root = etree.parse(written)
    assert (root.findtext("data/rows/status"), root.findtext("data/rows/error_code")) == ("0", "")
    refused = IntakeResult(None, Disposition.QUARANTINED, ("含 DOCTYPE\x00",), ())
    root = etree.fromstring(receipt(NAME, refused))
    assert (root.findtext("data/rows/status"), root.findtext("data/rows/error_code")) == ("1", "quarantined")
    assert "含 DOCTYPE?" in (root.findtext("data/rows/note") or "")
    assert receipt_name("../../x y.xml", START, "a", "b") == "x-y_20260726012000000_a_b_0_AI-1_0.xml"


@pytest.mark.parametrize("raw", [WHOLE, b"\xef\xbb\xbf" + WHOLE, b"\r\n" + WHOLE, "<a>红</a>".encode("utf-16")])
def test_a_whole_document_is_known_as_one(raw: bytes) -> None:
    """Whatever stands before it, in whatever encoding."""
    assert is_whole(raw)


def test_no_beginning_of_a_document_is_whole() -> None:
    """Cut anywhere before its last mark, it is not."""
    end = len(WHOLE.rstrip())
    assert [length for length in range(end) if is_whole(WHOLE[:length])] == []


@pytest.mark.parametrize(
    ("folder", "receipts", "file"), [(0o2770, 0o2770, 0o640), (0o755, 0o755, 0o644), (0o700, 0o700, 0o600)]
)
def test_who_brings_messages_can_read_the_receipts(tmp_path: Path, folder: int, receipts: int, file: int) -> None:
    """The service's umask lets nobody; receipts are for those for whom the watched folder is, and for nobody else."""
    tmp_path.chmod(folder)
    place = Place(tmp_path)
    before = os.umask(0o077)
    try:
        place.drop(NAME)
        place.all_away()
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    [written] = (tmp_path / "receipts").iterdir()
    assert stat.S_IMODE((tmp_path / "receipts").stat().st_mode) == receipts
    assert stat.S_IMODE(written.stat().st_mode) == file
    assert written.stat().st_gid == tmp_path.stat().st_gid
