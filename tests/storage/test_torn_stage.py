"""What an interrupted session left is read before it is believed."""

from pathlib import Path

import pytest

from wbart_manifest.digest import Digest
from wbart_manifest.location import WHOLE, Location
from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import SystemClock
from wbart_storage.errors import BlobMissing
from wbart_storage.staging.session import Session
from wbart_storage.staging.stage import Stage


@pytest.fixture
def store(tmp_path: Path) -> LocalObjects:
    return LocalObjects(tmp_path / "store")


def begin(store: LocalObjects) -> Stage:
    return Stage(
        Session(store.staging(), SystemClock()), "blake3", pack_size=1 << 20, min_members=16
    )


def interrupted(store: LocalObjects, data: bytes) -> tuple[bytes, Path]:
    """What a session left that was killed after it had staged a large blob."""
    digest = Digest.of(data).raw
    stage = begin(store)
    stage.hold(digest, data)
    path = stage.session.ready / digest.hex()
    stage.close()
    assert path.exists()
    return digest, path


def test_a_whole_file_of_an_interrupted_session_is_used_again(store: LocalObjects) -> None:
    digest, _ = interrupted(store, b"x" * 3_000_000)
    stage = begin(store)

    assert stage.holds(Location(WHOLE), digest)
    assert len(stage.publish(store, [], [digest])) == 1
    stage.close()


@pytest.mark.parametrize("torn", [b"", b"x" * 1000, b"\0" * 3_000_000])
def test_a_torn_file_of_an_interrupted_session_is_not_believed(
    store: LocalObjects, torn: bytes
) -> None:
    digest, path = interrupted(store, b"x" * 3_000_000)
    path.write_bytes(torn)
    stage = begin(store)

    assert not stage.holds(Location(WHOLE), digest)
    with pytest.raises(BlobMissing):
        stage.publish(store, [], [digest])
    assert not path.exists()
    stage.close()
