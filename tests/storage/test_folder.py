"""A folder that files are written into: whole, in place, and never outside."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.descriptors import opened
from tests.storage.blobstore import noise

from wbart_storage.errors import AccessDenied, FolderUnsafe, StorageError, StoreFull
from wbart_storage.files import folder as folder_module
from wbart_storage.files.buffered import write_all
from wbart_storage.files.folder import Folder

Write = Callable[[Folder, str], None]


def at_once(folder: Folder, path: str) -> None:
    folder.write(path, b"new")


def in_pieces(folder: Folder, path: str) -> None:
    with folder.replacing(path, direct=False) as fd:
        write_all(fd, b"n")
        write_all(fd, b"ew")


def linked(folder: Folder, path: str) -> None:
    source = Path(folder.root).parent / "source"
    source.write_bytes(b"new")
    folder.link(path, str(source))


WRITES = pytest.mark.parametrize("write", [at_once, in_pieces, linked])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def folder(root: Path) -> Iterator[Folder]:
    with Folder(str(root)) as made:
        yield made


def below(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


@WRITES
@pytest.mark.parametrize("path", ["file", "a/b/c/file"])
def test_a_file_is_written_with_the_folders_above_it(
    folder: Folder, root: Path, write: Write, path: str
) -> None:
    write(folder, path)
    assert (root / path).read_bytes() == b"new"


@WRITES
def test_what_was_there_is_replaced(folder: Folder, root: Path, write: Write) -> None:
    (root / "file").write_text("old and longer")
    with (root / "file").open() as reader:
        write(folder, "file")
        assert reader.read() == "old and longer"
    assert (root / "file").read_bytes() == b"new"
    assert below(root) == ["file"]


def test_the_status_is_that_of_what_was_written(folder: Folder, root: Path) -> None:
    for _ in range(2):
        status = folder.write("a/file", b"12345")
        assert status == (root / "a/file").stat() == folder.status("a/file")
        assert status.st_size == 5


def test_files_obey_the_mask_of_the_process(folder: Folder, root: Path) -> None:
    before = os.umask(0o027)
    try:
        folder.write("file", b"x")
        with folder.replacing("other", direct=False) as fd:
            write_all(fd, b"x")
    finally:
        os.umask(before)
    assert {(root / name).stat().st_mode & 0o777 for name in ("file", "other")} == {0o640}


@WRITES
def test_a_link_where_a_file_belongs_is_replaced(
    folder: Folder, root: Path, tmp_path: Path, write: Write
) -> None:
    (tmp_path / "outside").write_text("mine")
    (root / "file").symlink_to(tmp_path / "outside")
    write(folder, "file")

    assert not (root / "file").is_symlink()
    assert (root / "file").read_bytes() == b"new"
    assert (tmp_path / "outside").read_text() == "mine"


@WRITES
@pytest.mark.parametrize("planted", ["a", "a/b"])
def test_a_link_where_a_folder_belongs_is_refused(
    folder: Folder, root: Path, tmp_path: Path, write: Write, planted: str
) -> None:
    (tmp_path / "outside").mkdir()
    (root / planted).parent.mkdir(exist_ok=True)
    (root / planted).symlink_to(tmp_path / "outside")
    with pytest.raises(FolderUnsafe, match=planted):
        write(folder, "a/b/c/file")

    assert below(tmp_path / "outside") == []


def test_a_link_planted_between_two_writes_is_not_followed(
    folder: Folder, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    folder.write("a/1", b"x")
    os.rename(root / "a", tmp_path / "moved")
    (root / "a").symlink_to(tmp_path / "outside")
    folder.write("a/2", b"x")

    assert below(tmp_path / "outside") == []
    assert below(tmp_path / "moved") == ["1", "2"]


@WRITES
def test_a_file_where_a_folder_belongs_is_refused(folder: Folder, root: Path, write: Write) -> None:
    (root / "a").write_text("mine")
    with pytest.raises(FolderUnsafe, match="a"):
        write(folder, "a/file")
    assert (root / "a").read_text() == "mine"


@WRITES
def test_a_folder_where_a_file_belongs_is_refused(folder: Folder, root: Path, write: Write) -> None:
    (root / "a/b").mkdir(parents=True)
    with pytest.raises(FolderUnsafe, match="a folder lies"):
        write(folder, "a")
    assert below(root) == ["a", "a/b"]


@WRITES
def test_a_pipe_where_a_file_belongs_is_replaced(folder: Folder, root: Path, write: Write) -> None:
    os.mkfifo(root / "file")
    write(folder, "file")
    assert (root / "file").read_bytes() == b"new"


def test_a_block_that_raises_changes_nothing(folder: Folder, root: Path) -> None:
    (root / "file").write_text("old")

    def interrupted() -> None:
        with folder.replacing("file", direct=False) as fd:
            write_all(fd, b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert below(root) == ["file"]
    assert (root / "file").read_text() == "old"


@WRITES
@pytest.mark.parametrize(
    ("number", "expected"), [(errno.ENOSPC, StoreFull), (errno.EACCES, AccessDenied)]
)
@pytest.mark.parametrize("old", [True, False])
def test_a_disk_that_refuses_leaves_no_litter(
    folder: Folder,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: Write,
    number: int,
    expected: type[Exception],
    old: bool,
) -> None:
    if old:
        (root / "file").write_text("old")

    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    before = below(root)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link" if write is linked else "write", refuse)
        with pytest.raises(expected, match="file"):
            write(folder, "file")
    assert below(root) == before


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="file"):
        Folder(str(tmp_path / "file"))
    with pytest.raises(StorageError, match="gone"):
        Folder(str(tmp_path / "gone"), create=False)


def test_a_root_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with Folder(str(tmp_path / "link")) as folder:
        folder.write("file", b"x")
    assert below(tmp_path / "real") == ["file"]


def test_a_symbolic_link_leads_to_the_source(
    folder: Folder, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("source").write_text("x")
    folder.link("a/link", "source", symbolic=True)

    assert (root / "a/link").readlink() == tmp_path / "source"


def test_many_folders_need_few_descriptors(folder: Folder, root: Path) -> None:
    before = opened()
    for number in range(300):
        folder.write(f"a/{number}/b/c/file", b"x")
    for number in range(300):
        folder.write(f"a/{number}/b/c/file", b"y")

    assert len(opened() - before) <= folder_module._OPEN_FOLDERS
    assert {path.read_bytes() for path in root.rglob("file")} == {b"y"}
    assert len(list(root.rglob("file"))) == 300


def test_a_path_deeper_than_the_open_folders_is_written(folder: Folder, root: Path) -> None:
    path = "/".join("d" * 100) + "/file"
    folder.write(path, b"x")
    assert (root / path).read_bytes() == b"x"


def test_nothing_stays_open(root: Path) -> None:
    before = opened()
    with Folder(str(root)) as folder:
        folder.write("a/b/c", b"x")
    assert opened() <= before


def test_what_is_not_there_has_no_status(folder: Folder, root: Path) -> None:
    (root / "file").write_text("")
    assert folder.status("gone") is None
    assert folder.status("file/below") is None
    assert below(root) == ["file"]


def test_files_and_empty_folders_are_removed(folder: Folder, root: Path) -> None:
    for path in ("a/b/c/file", "a/other"):
        folder.write(path, b"x")
    folder.remove("a/b/c/file")
    folder.remove_empty("a/b/c")
    folder.remove("gone")

    assert below(root) == ["a", "a/other"]
    folder.write("a/b/c/file", b"again")
    assert (root / "a/b/c/file").read_bytes() == b"again"


def test_nothing_is_removed_through_a_link(folder: Folder, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside/empty").mkdir(parents=True)
    (tmp_path / "outside/file").write_text("mine")
    (root / "a").symlink_to(tmp_path / "outside")
    with pytest.raises(FolderUnsafe):
        folder.remove("a/file")
    folder.remove_empty("a/empty")

    assert below(tmp_path / "outside") == ["empty", "file"]


def test_a_folder_is_not_removed_as_a_file(folder: Folder, root: Path) -> None:
    (root / "a").mkdir()
    with pytest.raises(StorageError, match="a"):
        folder.remove("a")


def test_o_direct_that_is_refused_is_done_without(
    folder: Folder, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Callable[..., int] = os.open

    def refuse(path: str, flags: int, *rest: int, **named: int) -> int:
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return opened(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)
    with folder.replacing("file", direct=True) as fd:
        write_all(fd, noise(10_000))
    assert (root / "file").read_bytes() == noise(10_000)
