"""Blobs brought into a folder: all of them, checked, and nothing half written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.descriptors import opened
from tests.patience import until
from tests.storage.blobstore import blake3, noise, put_pack, put_whole

from wbart_manifest.location import WHOLE, Location
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import BlobCorrupt, BlobMissing, FolderUnsafe, StoreFull
from wbart_storage.files.scribes import Scribes
from wbart_storage.files.stamp import changed, stamp
from wbart_storage.keys import blob_key
from wbart_storage.objects import ObjectStore
from wbart_storage.reading import fetch as fetch_module
from wbart_storage.reading.blobs import Blobs, Wanted
from wbart_storage.reading.fetch import Fetch, LinkMode
from wbart_storage.reading.reader import StoreReader

SMALL = {f"d{n % 7}/f{n:03}": noise(100 + n, n) for n in range(200)}
BIG = noise((3 << 20) + 5, 999)
LINKS: list[LinkMode] = ["copy", "reflink", "hardlink", "symlink"]


@pytest.fixture(params=["local", "memory"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> ObjectStore:
    (tmp_path / "store").mkdir()
    return LocalObjects(tmp_path / "store") if request.param == "local" else MemoryObjects()


@pytest.fixture
def wanted(store: ObjectStore, tmp_path: Path) -> list[Wanted]:
    packed = put_pack(store, tmp_path, SMALL)
    return [*packed, put_whole(store, "x/big", BIG), put_whole(store, "empty", b"")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture(params=["threads", "scribes"], autouse=True)
def helped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether scribes write the small files: from the first on, as soon as they are there."""
    by_scribes: bool = request.param == "scribes"
    if by_scribes:
        monkeypatch.setattr(fetch_module, "_FEW", 0)
        monkeypatch.setattr(fetch_module, "Scribes", WaitedFor)
    return by_scribes


class WaitedFor(Scribes):
    """Scribes that are there when they have been started."""

    def start(self) -> None:
        super().start()
        until(lambda: all(each.is_ready() for each in self._starting))


def run(store: ObjectStore, root: Path, wanted: list[Wanted], link: LinkMode = "copy") -> list[str]:
    """The paths that were written."""
    fetch = Fetch(Blobs(StoreReader(store), "blake3"), str(root), jobs=3, link=link)
    return [each.wanted.path for batch in fetch.run(wanted) for each in batch]


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


EVERYTHING = {**SMALL, "x/big": BIG, "empty": b""}


@pytest.mark.parametrize("link", LINKS)
def test_everything_is_written(
    store: ObjectStore, root: Path, wanted: list[Wanted], link: LinkMode
) -> None:
    written = run(store, root, wanted, link)

    assert sorted(written) == sorted(EVERYTHING)
    assert files(root) == EVERYTHING


def test_it_tells_how_the_files_look(store: ObjectStore, root: Path, wanted: list[Wanted]) -> None:
    fetch = Fetch(Blobs(StoreReader(store), "blake3"), str(root), jobs=2)
    for each in (one for batch in fetch.run(wanted) for one in batch):
        status = (root / each.wanted.path).stat()
        assert (each.stamp, each.changed) == (stamp(status), changed(status))


def test_links_lead_to_the_objects_of_a_local_store(
    store: ObjectStore, root: Path, wanted: list[Wanted]
) -> None:
    local = isinstance(store, LocalObjects)
    run(store, root / "hard", wanted, "hardlink")
    run(store, root / "soft", wanted, "symlink")

    assert ((root / "hard/x/big").stat().st_nlink == 2) is local
    assert (root / "soft/x/big").is_symlink() is local


@pytest.mark.parametrize("link", LINKS)
def test_a_lone_small_file_is_written(
    store: ObjectStore, root: Path, wanted: list[Wanted], link: LinkMode
) -> None:
    for number, path in ((0, "d0/f000"), (-1, "empty")):
        assert run(store, root, wanted[number:][:1], link) == [path]
        assert (root / path).read_bytes() == EVERYTHING[path]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", ["damaged", "missing", "short"])
def test_a_bad_blob_is_not_written(
    store: ObjectStore, root: Path, wanted: list[Wanted], link: LinkMode, kind: str
) -> None:
    key = blob_key(wanted[-2].digest.hex())
    if kind == "missing":
        store.delete([key])
    else:
        store.put(key, BIG[:-1] + (b"!" if kind == "damaged" else b""))
    with pytest.raises(BlobMissing if kind == "missing" else BlobCorrupt) as caught:
        run(store, root, wanted[-2:-1], link)

    assert kind == "missing" or caught.value.__notes__ == ["x/big"]
    assert files(root) == {}


def test_a_bad_blob_leaves_what_was_there(
    store: ObjectStore, root: Path, wanted: list[Wanted]
) -> None:
    (root / "x").mkdir(parents=True)
    (root / "x/big").write_text("mine")
    store.put(blob_key(wanted[-2].digest.hex()), BIG[:-1] + b"!")
    with pytest.raises(BlobCorrupt):
        run(store, root, wanted)

    assert (root / "x/big").read_text() == "mine"
    assert not [name for name in files(root) if ".wbart-" in name]


def test_nothing_stays_open_when_it_fails(
    store: ObjectStore, root: Path, wanted: list[Wanted]
) -> None:
    before = opened()
    missing = Wanted("gone", 4 << 20, blake3(b"gone"), Location(WHOLE, length=4 << 20))
    for _ in range(3):
        with pytest.raises(BlobMissing):
            run(store, root, [*wanted, missing])
    assert opened() <= before


def test_a_caller_who_stops_early_leaves_nothing_open(
    store: ObjectStore, root: Path, wanted: list[Wanted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module, "_BATCH_FILES", 5)
    before = opened()
    batches = Fetch(Blobs(StoreReader(store), "blake3"), str(root), jobs=2).run(wanted)
    assert len(next(iter(batches))) == 5
    batches.close()  # type: ignore[attr-defined]

    assert opened() <= before
    found = files(root)
    assert found.items() <= EVERYTHING.items()


@pytest.mark.parametrize("link", LINKS)
def test_a_planted_link_is_not_followed(
    store: ObjectStore, root: Path, wanted: list[Wanted], tmp_path: Path, link: LinkMode
) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "x").symlink_to(tmp_path / "outside")
    with pytest.raises(FolderUnsafe, match="x"):
        run(store, root, wanted, link)
    assert files(tmp_path / "outside") == {}


def test_a_folder_where_a_file_belongs_is_refused(
    store: ObjectStore, root: Path, wanted: list[Wanted]
) -> None:
    (root / "d0/f000/mine").mkdir(parents=True)
    with pytest.raises(FolderUnsafe, match="f000"):
        run(store, root, wanted)
    assert (root / "d0/f000/mine").is_dir()


def full_after(count: int) -> Callable[[int, memoryview], int]:
    write = os.write
    left = count

    def refuse(fd: int, data: memoryview) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    return refuse


@pytest.mark.parametrize("count", [0, 1, 77, 200])
@pytest.mark.parametrize("helped", ["threads"], indirect=True)  # for scribes see test_scribes
def test_a_disk_that_fills_up_leaves_whole_files_only(
    store: ObjectStore,
    root: Path,
    wanted: list[Wanted],
    monkeypatch: pytest.MonkeyPatch,
    count: int,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_after(count))
        with pytest.raises(StoreFull):
            run(store, root, wanted)
    assert files(root).items() <= EVERYTHING.items()

    run(store, root, wanted)
    assert files(root) == EVERYTHING


def test_files_that_are_there_are_replaced(
    store: ObjectStore, root: Path, wanted: list[Wanted]
) -> None:
    for path in EVERYTHING:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("old")
        (root / path).chmod(0o444)
    run(store, root, wanted)
    assert files(root) == EVERYTHING
