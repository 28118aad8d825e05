"""Large files of others: sent from where they lie, as they were when they were added."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.remote.carrier import make_store, opened
from tests.remote.test_transfers_parts import parts_of, under_way
from tests.remote.test_transfers_upload import FEW_PARTS, made
from tests.servers import Server

from wbart_manifest.location import WHOLE, Location
from wbart_storage.clock import SystemClock
from wbart_storage.errors import SourceChanged
from wbart_storage.keys import blob_key
from wbart_storage.objects import Part, Parts
from wbart_storage.staging.lent import Lent
from wbart_storage.staging.multipart import Multipart
from wbart_storage.staging.stage import Stage
from wbart_storage.staging.uploads import Uploads
from wbart_storage.store import Store

HERE = Location(WHOLE)


@pytest.fixture
def bucket(serving: Callable[[str], Server]) -> str:
    return serving("ministack").bucket()


@pytest.fixture
def lending(
    tmp_path: Path, serving: Callable[[str], Server], bucket: str
) -> Iterator[tuple[Stage, Store]]:
    """A stage of a store that is far."""
    server = serving("ministack")
    make_store(bucket, server.options)
    store = opened(bucket, server.options, tmp_path)
    stage = store.stage()
    yield stage, store
    stage.close()


def lent(stage: Stage, source: Path) -> bytes:
    with stage.lent():
        digest, _ = stage.large(str(source))
    return digest


def lent_by(stage: Stage, digest: bytes) -> Lent:
    found = stage.lent_file(HERE, digest)
    assert found is not None
    return found


def test_a_lent_file_is_sent_from_where_it_lies_and_stays(
    lending: tuple[Stage, Store], tmp_path: Path
) -> None:
    stage, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    digest = lent(stage, source)

    assert stage.session.kept() == []
    assert lent_by(stage, digest).paths == (source,)
    assert stage.publish(store.objects, [], [digest]) == [blob_key(digest.hex())]
    assert stage.publish(store.objects, [], [digest]) == []
    assert store.objects.get(blob_key(digest.hex())) == source.read_bytes()


@pytest.mark.parametrize("change", ["a byte", "longer", "shorter", "gone", "a pipe"])
def test_nothing_is_stored_of_a_lent_file_that_has_changed(
    lending: tuple[Stage, Store], tmp_path: Path, change: str
) -> None:
    stage, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    digest, before = lent(stage, source), source.stat()
    with source.open("r+b") as file:
        file.write(b"not what it was")
        file.truncate(before.st_size + {"longer": 1, "shorter": -1}.get(change, 0))
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    if change in ("gone", "a pipe"):
        source.unlink()
    if change == "a pipe":
        os.mkfifo(source)

    with pytest.raises(SourceChanged):
        stage.publish(store.objects, [], [digest])

    assert list(store.objects.list("o/")) == []
    assert list((stage.session.ready.parent / "uploads").glob("*")) == []


def test_what_is_small_or_not_lent_is_copied(lending: tuple[Stage, Store], tmp_path: Path) -> None:
    stage, _ = lending
    small = made(tmp_path / "small", 1)
    large = made(tmp_path / "large", FEW_PARTS)

    held = {lent(stage, small), stage.large(str(large))[0]}

    assert {bytes.fromhex(path.name) for path in stage.session.kept()} == held


def test_what_is_copied_later_is_held_although_it_was_lent_before(
    lending: tuple[Stage, Store], tmp_path: Path
) -> None:
    stage, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    content, digest = source.read_bytes(), lent(stage, source)

    assert not stage.lends(HERE, digest)
    assert not stage.holds(HERE, digest)
    with stage.lent():
        assert stage.lends(HERE, digest)
    stage.large(str(source))
    source.write_bytes(b"the next epoch")

    assert stage.holds(HERE, digest)
    assert stage.publish(store.objects, [], [digest]) == [blob_key(digest.hex())]
    assert store.objects.get(blob_key(digest.hex())) == content


@pytest.mark.parametrize("left", [0, 1, 2])
def test_one_of_several_files_of_the_same_content_is_enough(
    lending: tuple[Stage, Store], tmp_path: Path, left: int
) -> None:
    stage, store = lending
    files = [made(tmp_path / "0", FEW_PARTS)]
    files += [shutil.copyfile(files[0], tmp_path / name) for name in ("1", "2")]
    (digest,) = {lent(stage, each) for each in files}
    for number, each in enumerate(files):
        if number != left:
            each.unlink()

    assert stage.publish(store.objects, [], [digest]) == [blob_key(digest.hex())]


def test_a_damaged_copy_of_a_dead_session_does_not_hide_the_file(
    lending: tuple[Stage, Store], tmp_path: Path
) -> None:
    stage, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    digest = lent(stage, source)
    (stage.session.ready / digest.hex()).write_bytes(bytes(source.stat().st_size))

    assert stage.publish(store.objects, [], [digest]) == [blob_key(digest.hex())]
    assert store.objects.get(blob_key(digest.hex())) == source.read_bytes()


def test_bytes_are_read_from_a_lent_file_only_while_it_is_the_same(
    lending: tuple[Stage, Store], tmp_path: Path
) -> None:
    stage, _ = lending
    source = made(tmp_path / "source", FEW_PARTS)
    known = lent_by(stage, lent(stage, source))
    assert known.read() == source.read_bytes()

    os.truncate(source, 12 << 20)

    with pytest.raises(SourceChanged):
        known.read()
    source.unlink()
    with pytest.raises(SourceChanged):
        known.read()


class Meddled:
    """Parts of a store, where something happens once: as an upload begins, or at a part."""

    def __init__(
        self,
        inner: Parts,
        *,
        beginning: Callable[[], object] | None = None,
        second: Callable[[str, str], object] | None = None,
    ) -> None:
        self._inner = inner
        self._beginning = beginning
        self._second = second
        self._parts = 0

    def begin(self, key: str) -> str:
        if self._beginning is not None:
            self._beginning()
        return self._inner.begin(key)

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        self._parts += 1
        if self._parts == 2 and self._second is not None:
            self._second(key, upload)
        return self._inner.part(key, upload, number, data)

    def parts(self, key: str, upload: str) -> list[Part]:
        return self._inner.parts(key, upload)

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        self._inner.complete(key, upload, parts)

    def abort(self, key: str, upload: str) -> None:
        self._inner.abort(key, upload)


def test_a_file_that_is_cut_between_two_parts_is_no_object(
    lending: tuple[Stage, Store], tmp_path: Path
) -> None:
    stage, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    pieces = lent_by(stage, lent(stage, source)).pieces
    meddled = Meddled(parts_of(store.objects), beginning=lambda: os.truncate(source, 16 << 20))
    multipart = Multipart(store.objects, meddled, Uploads(tmp_path / "uploads", SystemClock()))

    with pytest.raises(SourceChanged):
        multipart.send("o/key", source, lambda _: None, pieces)

    assert list(store.objects.list("o/")) == []
    multipart.close()


def test_an_upload_that_the_server_forgets_begins_anew(
    lending: tuple[Stage, Store], serving: Callable[[str], Server], bucket: str, tmp_path: Path
) -> None:
    _, store = lending
    source = made(tmp_path / "source", FEW_PARTS)
    inner = parts_of(store.objects)
    meddled = Meddled(inner, second=inner.abort)
    multipart = Multipart(store.objects, meddled, Uploads(tmp_path / "uploads", SystemClock()))

    multipart.send("o/key", source, lambda _: None)

    assert store.objects.get("o/key") == source.read_bytes()
    assert list((tmp_path / "uploads").glob("*")) == []
    assert under_way(serving("ministack"), bucket) == []
    multipart.close()
