"""The files below a folder: in a manifest's order, links followed or not, nothing odd let in."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from wbart_manifest.errors import PathInvalid
from wbart_storage.backends.local import LocalObjects
from wbart_storage.config import StoreConfig
from wbart_storage.errors import AccessDenied, FolderUnsafe, SourceChanged
from wbart_storage.files import scan as scan_module
from wbart_storage.files.scan import Links, scan, scan_paths


def paths(root: Path, links: Links = "follow") -> list[str]:
    found = [each.path for batch in scan(str(root), links=links) for each in batch]
    if links == "show":
        assert [path for batch in scan_paths(str(root)) for path in batch] == found
    return found


def fill(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def test_files_come_in_bytewise_order_of_their_paths(tmp_path: Path) -> None:
    names = ["b", "a/z", "a.b", "a0", "A", "a/b/c", "é/x", "\U0001f600", "\uff5e", "a/b.c"]
    fill(tmp_path, *names)

    assert paths(tmp_path) == sorted(names, key=str.encode)
    assert paths(tmp_path, "show") == sorted(names, key=str.encode)


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_module, "BATCH", 4)
    fill(tmp_path, *(f"{n // 3}/{n}" for n in range(10)))

    assert [len(batch) for batch in scan(str(tmp_path))] == [4, 4, 2]
    assert [len(batch) for batch in scan_paths(str(tmp_path))] == [4, 4, 2]
    assert [len(batch) for batch in scan_paths(str(tmp_path), 3)] == [3, 3, 3, 1]


def test_empty_folders_leave_no_trace(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    assert paths(tmp_path) == []


def test_the_status_is_that_of_the_file(tmp_path: Path) -> None:
    fill(tmp_path, "file")
    [[found]] = scan(str(tmp_path))

    assert found.stat == (tmp_path / "file").stat()


@pytest.fixture
def linked(tmp_path: Path) -> Path:
    """A folder with a link to a file, to a folder, and to nothing."""
    root = tmp_path / "root"
    fill(root, "own")
    fill(tmp_path, "else/where")
    (root / "file").symlink_to(tmp_path / "else/where")
    (root / "folder").symlink_to(tmp_path / "else")
    return root


def test_links_are_followed(linked: Path) -> None:
    assert paths(linked) == ["file", "folder/where", "own"]
    [[first, *_]] = scan(str(linked))
    assert first.stat == (linked / "file").stat()


def test_links_are_skipped(linked: Path) -> None:
    (linked / "dangling").symlink_to("nothing")
    assert paths(linked, "skip") == ["own"]


def test_links_to_files_alone_are_followed(linked: Path) -> None:
    assert paths(linked, "files") == ["file", "own"]
    [[first, _]] = scan(str(linked), links="files")
    assert first.stat == (linked / "file").stat()

    (linked / "dangling").symlink_to("nothing")
    with pytest.raises(SourceChanged, match="dangling"):
        paths(linked, "files")


def test_links_are_shown_as_they_are(linked: Path) -> None:
    (linked / "dangling").symlink_to("nothing")
    [batch] = scan(str(linked), links="show")

    assert [found.path for found in batch] == ["dangling", "file", "folder", "own"]
    assert [found.stat for found in batch] == [(linked / each.path).lstat() for each in batch]


def test_a_dangling_link_is_refused(linked: Path) -> None:
    (linked / "dangling").symlink_to("nothing")
    with pytest.raises(SourceChanged, match="dangling"):
        paths(linked)


@pytest.mark.parametrize("target", [".", "..", "../..", "../../../root/a"])
def test_a_loop_of_links_is_refused(tmp_path: Path, target: str) -> None:
    fill(tmp_path, "root/a/b/file")
    (tmp_path / "root/a/b/loop").symlink_to(target)
    with pytest.raises(FolderUnsafe, match="loop"):
        paths(tmp_path / "root")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("self")
    with pytest.raises(SourceChanged, match="self"):
        paths(tmp_path)


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_device_link(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [make_fifo, make_socket, make_device_link])
def test_what_is_no_regular_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: object
) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    assert callable(make)
    make(Path("odd"))

    with pytest.raises(SourceChanged, match=r"not a regular file: .*odd"):
        paths(tmp_path)
    assert paths(tmp_path, "show") == ["odd"]


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nothing")

    with pytest.raises(SourceChanged, match=r"link leads nowhere: .*dangling"):
        paths(tmp_path)
    assert paths(tmp_path, "show") == ["dangling"]


def test_a_folder_that_vanishes_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceChanged, match=r"vanished.*gone"):
        paths(tmp_path / "gone")


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(AccessDenied, match=str(tmp_path)):
        paths(tmp_path)


def test_a_name_that_is_not_utf_8_is_found_when_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    assert [os.fsencode(each) for each in paths(tmp_path, "show")] == [b"\xff"]


def test_a_name_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).write_text("x")
    with pytest.raises(PathInvalid, match="UTF-8"):
        paths(tmp_path)


@pytest.mark.parametrize("links", ["follow", "skip", "show"])
def test_stores_below_the_folder_are_no_part_of_it(tmp_path: Path, links: Links) -> None:
    store = LocalObjects(tmp_path / "deep/store")
    store.put("wbart.json", StoreConfig().dumps())
    store.put("o/x", b"1")
    (tmp_path / "deep/wbart.json").write_text('["a file of that name"]')

    assert paths(tmp_path, links) == ["deep/wbart.json"]
    assert "o/x" in paths(tmp_path / "deep/store", links)


def test_files_that_a_download_left_unfinished_are_not_taken_in(tmp_path: Path) -> None:
    names = [".wbart-0123456789abcdef", ".wbart-notes", "a"]
    fill(tmp_path, *names)

    assert paths(tmp_path) == paths(tmp_path, "skip") == [".wbart-notes", "a"]
    assert paths(tmp_path, "show") == names
