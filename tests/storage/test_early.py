"""Packs are sent while files are still taken in, and what goes wrong then is made good later."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from threading import Lock

import pytest
from tests.patience import until
from tests.storage.blobstore import noise
from tests.storage.staging import Rig, read_back, rigged, write_files

from wbart_manifest.location import PACKED
from wbart_storage.backends.local import LocalObjects
from wbart_storage.backends.memory import MemoryObjects
from wbart_storage.errors import AccessDenied, StoreUnavailable
from wbart_storage.keys import pack_key
from wbart_storage.objects import ObjectStore
from wbart_storage.staging.early import AT_ONCE, Early, Sent
from wbart_storage.staging.sending import Staged
from wbart_storage.testing.faulty import Faulty

FILES = {f"f{number:03}": noise(1000, number) for number in range(100)}
LIMIT = 30.0


class Watched:
    """A watcher that adds up."""

    def __init__(self) -> None:
        self.size = 0
        self.names: list[bytes] = []

    def sent(self, size: int) -> None:
        self.size += size

    def stored(self, name: bytes) -> None:
        self.names.append(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_files(tmp_path / "root", FILES)


def stored(store: ObjectStore) -> set[str]:
    return {each.key for each in store.list("k/")}


def wait_for(store: ObjectStore, packs: int) -> None:
    until(lambda: len(stored(store)) >= packs, LIMIT)


def ready(rig: Rig) -> list[str]:
    return [path.name for path in rig.stage.session.ready.iterdir()]


def test_packs_are_in_the_store_before_anybody_publishes(root: Path, tmp_path: Path) -> None:
    store = MemoryObjects()
    with rigged(store, tmp_path / "local", early=True) as rig:
        wanted = rig.seal(rig.folder(root))
        packs = sorted({each.location.object for each in wanted})
        wait_for(store, len(packs))
        before = stored(store)
        watched = Watched()
        keys = rig.stage.publish(store, packs, [], watched)

        assert len(packs) > 3
        assert set(keys) == before == stored(store) == {pack_key(name.hex()) for name in packs}
        assert watched.names == packs
        assert watched.size == sum(each.size for each in store.list("k/"))
        assert read_back(store, wanted) == FILES
        assert ready(rig) == []


def test_a_pack_that_failed_early_is_sent_again(root: Path, tmp_path: Path) -> None:
    store = MemoryObjects()
    faulty = Faulty(store, 1)
    with rigged(faulty, tmp_path / "local", early=True) as rig:
        wanted = rig.seal(rig.folder(root))
        rig.publish(wanted)

    assert faulty.harmed
    assert read_back(store, wanted) == FILES


def test_a_store_that_refuses_is_told_when_it_is_published(root: Path, tmp_path: Path) -> None:
    class Refuses(MemoryObjects):
        def put(self, key: str, source: bytes | Path) -> None:
            raise AccessDenied(key)

    with rigged(Refuses(), tmp_path / "local", early=True) as rig:
        wanted = rig.seal(rig.folder(root))
        with pytest.raises(AccessDenied):
            rig.publish(wanted)

        assert len(ready(rig)) == len({each.location.object for each in wanted})


def test_after_an_error_nothing_more_is_begun(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def fails(staged: Staged) -> str:
        asked.append(staged.name)
        raise StoreUnavailable("gone")

    early = Early(lambda _: 1, fails)
    for number in range(50):
        early.begin(bytes([number]))

    assert early.sent() == {}
    assert len(asked) <= AT_ONCE
    early.close()


GIVEN_UP = """
import sys, time
from wbart_storage.staging.early import Early
def send(staged):
    print(staged.name.hex(), flush=True)
    time.sleep(0.05)
    return staged.key
early = Early(lambda _: 1, send)
for number in range(100):
    early.begin(bytes([number]))
sys.exit("given up")
"""


def test_who_gives_up_waits_for_what_is_under_way_alone() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", GIVEN_UP], capture_output=True, text=True, timeout=LIMIT
    )

    assert ran.stderr == "given up\n"
    assert 1 <= len(ran.stdout.split()) <= 10


def test_all_are_sent_two_at_a_time() -> None:
    under_way, most = set[bytes](), 0
    lock = Lock()

    def send(staged: Staged) -> str:
        nonlocal most
        with lock:
            under_way.add(staged.name)
            most = max(most, len(under_way))
        time.sleep(0.001)
        with lock:
            under_way.remove(staged.name)
        return staged.key if staged.name[0] % 2 else ""

    early = Early(lambda staged: staged.name[0], send)
    names = [bytes([number]) for number in range(100)]
    for name in names:
        early.begin(name)

    assert early.sent() == {
        name: Sent(pack_key(name.hex()) if name[0] % 2 else "", name[0]) for name in names
    }
    assert most <= AT_ONCE
    early.close()


def test_nothing_is_sent_early_where_packs_are_moved_into_place(root: Path, tmp_path: Path) -> None:
    store = LocalObjects(tmp_path / "store")
    with rigged(store, tmp_path / "local", early=True) as rig:
        wanted = rig.seal(rig.folder(root))

        assert stored(store) == set()
        rig.publish(wanted)
        assert read_back(store, wanted) == FILES


def test_a_pack_that_is_gone_already_is_not_cut_anew(root: Path, tmp_path: Path) -> None:
    store = MemoryObjects()
    with rigged(store, tmp_path / "local", early=True) as rig:
        taken = rig.folder(root)
        token = taken[0].location.object
        name = rig.stage.packs.pack_id(token)
        assert name is not None
        wait_for(store, 1)
        until(lambda: f"{name.hex()}.zip" not in ready(rig), LIMIT)
        kept = [each for each in taken if each.location.object == token][1:]
        rig.stage.packs.keep_only(token, [each.location for each in kept])
        wanted = rig.seal(kept)
        rig.publish(wanted)

        assert {each.location.object for each in wanted} == {name}
        assert all(each.location.kind == PACKED for each in wanted)
        assert read_back(store, wanted) == {each.path: FILES[each.path] for each in kept}
