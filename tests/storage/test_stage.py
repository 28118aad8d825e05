"""The stage: what it holds gets into the store whole, once, and from whichever session has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.storage.blobstore import blake3, noise
from tests.storage.staging import Rig, read_back, rigged, write_files

from wbart_manifest.location import PACKED, WHOLE, Location
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import BlobMissing
from wbart_storage.files.stamp import stamp
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.objects import ObjectStore

FILES = {**{f"f{n:02}": noise(1000, n) for n in range(30)}, "big": noise(50_000, 99)}


@pytest.fixture(params=["local", "memory"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> ObjectStore:
    (tmp_path / "store").mkdir()
    return LocalObjects(tmp_path / "store") if request.param == "local" else MemoryObjects()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "root", FILES)


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return tmp_path / "local"


def ready(rig: Rig) -> list[str]:
    return sorted(path.name for path in rig.stage.session.ready.iterdir())


def keys(store: ObjectStore) -> list[str]:
    return [each.key for each in store.list("")]


def test_what_is_sent_is_told_and_leaves_the_stage(
    store: ObjectStore, root: Path, local: Path
) -> None:
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        sent = rig.publish(wanted)

        assert sorted(sent) == keys(store)
        assert ready(rig) == []
        assert read_back(store, wanted) == FILES


def test_only_what_is_wanted_is_sent(store: ObjectStore, root: Path, local: Path) -> None:
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        sent = rig.stage.publish(store, [], [blake3(FILES["big"])])

        assert sent == [blob_key(blake3(FILES["big"]).hex())] == keys(store)
        packs = {each.location.object.hex() + ".zip" for each in wanted} - {".zip"}
        assert set(ready(rig)) == packs


def test_what_the_store_has_is_not_sent_again(store: ObjectStore, root: Path, local: Path) -> None:
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        rig.publish(wanted)
        assert rig.publish(wanted) == []


def test_two_sessions_that_staged_the_same_both_publish(
    store: ObjectStore, root: Path, local: Path
) -> None:
    with rigged(store, local) as one, rigged(store, local / "other") as two:
        wanted = one.seal(one.folder(root)), two.seal(two.folder(root))
        one.publish(wanted[0])
        two.publish(wanted[1])
        one.stage.tidy(store)
        two.stage.tidy(store)

        assert wanted[0] == wanted[1]
        assert read_back(store, wanted[0]) == FILES
        assert ready(one) == ready(two) == []


def test_what_neither_has_is_missing(store: ObjectStore, local: Path) -> None:
    gone = blake3(b"gone")
    with rigged(store, local) as rig:
        for packs, blobs in (([gone], []), ([], [gone])):
            with pytest.raises(BlobMissing) as caught:
                rig.stage.publish(store, packs, blobs)
            assert caught.value.digest.raw == gone


def test_what_another_moves_away_in_between_is_there(
    store: ObjectStore, root: Path, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = blake3(FILES["big"])
    with rigged(store, local) as rig:
        rig.seal(rig.folder(root))
        find = rig.stage.session.find

        def find_and_lose(name: str) -> Path | None:
            found = find(name)
            if found is not None:
                store.put(blob_key(digest.hex()), found)
                found.unlink()
            return found

        monkeypatch.setattr(rig.stage.session, "find", find_and_lose)
        rig.stage.publish(store, [], [digest])

    assert store.get(blob_key(digest.hex())) == FILES["big"]


def test_tidy_removes_what_the_store_has(store: ObjectStore, root: Path, local: Path) -> None:
    store.put(blob_key(blake3(FILES["big"]).hex()), FILES["big"])
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        rig.stage.tidy(store)
        packs = {each.location.object.hex() + ".zip" for each in wanted} - {".zip"}

        assert set(ready(rig)) == packs


def test_a_local_store_takes_the_staged_file_itself(
    store: ObjectStore, root: Path, local: Path
) -> None:
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        staged = rig.stage.staged_file(Location(WHOLE), blake3(FILES["big"]))
        assert staged is not None
        inode = staged.stat().st_ino
        rig.publish(wanted)

    if isinstance(store, LocalObjects):
        assert store.path(blob_key(blake3(FILES["big"]).hex())).stat().st_ino == inode


def test_a_stage_tells_what_it_holds(store: ObjectStore, root: Path, local: Path) -> None:
    with rigged(store, local) as rig:
        wanted = rig.seal(rig.folder(root))
        assert all(rig.stage.holds(each.location, each.digest) for each in wanted)
        rig.publish(wanted)
        assert not any(rig.stage.holds(each.location, each.digest) for each in wanted)
        assert not rig.stage.holds(Location(PACKED, blake3(b"x"), 1, 1), blake3(b"y"))


def test_what_was_added_and_removed_again_is_not_sent(
    store: ObjectStore, root: Path, local: Path
) -> None:
    with rigged(store, local) as rig:
        taken = [each for each in rig.folder(root) if each.location.kind == PACKED]
        rig.stage.packs.seal()
        token = taken[0].location.object
        kept = [each for each in taken if each.location.object == token][::2]
        before = rig.stage.packs.pack_id(token)
        rig.stage.packs.keep_only(token, [each.location for each in kept])
        wanted = rig.seal(kept)
        rig.publish(wanted)

        assert read_back(store, wanted) == {each.path: FILES[each.path] for each in kept}
        assert before is not None
        assert pack_key(before.hex()) not in keys(store)
        others = b"".join(store.get(key) for key in keys(store))
        removed = {each.path for each in taken if each.location.object == token}
        removed -= {each.path for each in kept}
        assert not any(FILES[path] in others for path in removed)


def test_a_copy_is_what_was_hashed(store: ObjectStore, root: Path, local: Path) -> None:
    with rigged(store, local) as rig:
        digest, status = rig.stage.large(str(root / "big"))
        staged = rig.stage.staged_file(Location(WHOLE), digest)

        assert digest == blake3(FILES["big"])
        assert stamp(status) == stamp((root / "big").stat())
        assert staged is not None
        assert staged.read_bytes() == FILES["big"]
