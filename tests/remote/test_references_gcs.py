"""References to GCS, against a real server: generations, prefixes, changes."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, listing
from tests.remote.web import options_of, reaching
from tests.servers import Server

from wbart.errors import IntegrityError, ReferenceChanged, ReferenceMissing
from wbart.recording.surroundings import enter, leave
from wbart_storage.errors import StorageError
from wbart_storage.foreign import fetch as foreign_fetch


class Far:
    """A bucket of the server, and a house that may refer to it."""

    def __init__(self, house: House, server: Server) -> None:
        self.house = house
        self.url = server.bucket()
        self.fs = server.fs()

    def put(self, key: str, data: bytes = b"hello") -> str:
        self.fs.pipe_file(f"{self.url}/{key}", data)
        return f"{self.url}/{key}"

    def generation(self, key: str) -> str:
        return str(self.fs.info(f"{self.url}/{key}")["generation"])

    def version(self, uri: str, *given: Any, **more: Any) -> Any:
        artifact = self.house.draft()
        artifact.add_reference(uri, *given, **more)
        return self.house.save(artifact)

    def paths(self, uri: str, *given: Any, **more: Any) -> list[str]:
        return [entry.path for entry in self.house.draft().add_reference(uri, *given, **more)]


@pytest.fixture
def far(
    serving: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Far]:
    monkeypatch.chdir(tmp_path)
    home = House.build(tmp_path)
    server = serving("fakegcs")
    enter(home.workspace)
    with reaching(home, reference_options=options_of(server)) as house:
        yield Far(house, server)
    leave(home.workspace)


def test_an_object_is_one_entry_with_its_tag_and_generation(far: Far) -> None:
    uri = far.put("d/a b.txt")

    (entry,) = far.house.draft().add_reference(uri)

    assert (entry.path, entry.ref, entry.size) == ("a b.txt", uri, 5)
    assert entry.digest == far.fs.info(uri)["etag"]
    assert entry.extra == {"versionID": far.generation("d/a b.txt")}


def test_a_prefix_is_a_folder_and_ends_at_its_slash(far: Far) -> None:
    for key in ("data/a", "data/d/b", "data/empty", "data2/c", "data.txt"):
        far.put(key, b"" if key.endswith("empty") else b"hello")

    assert far.paths(f"{far.url}/data") == ["a", "d/b", "empty"]
    assert far.paths(f"{far.url}/data/", "top") == ["top/a", "top/d/b", "top/empty"]
    assert sorted(far.paths(far.url)) == [
        "data.txt", "data/a", "data/d/b", "data/empty", "data2/c",
    ]  # fmt: skip
    with pytest.raises(ReferenceMissing, match="nothing lies at"):
        far.paths(f"{far.url}/dat")
    with pytest.raises(ValueError, match="Exceeded 2 objects"):
        far.paths(f"{far.url}/data", max_objects=2)
    artifact = far.version(f"{far.url}/data")
    assert listing(artifact.download("out")) == {"a": "hello", "d/b": "hello", "empty": ""}


def test_an_object_that_changed_is_an_error_that_names_both_generations(far: Far) -> None:
    uri = far.put("a")
    artifact = far.version(uri)
    before = far.generation("a")
    far.put("a", b"other")

    with pytest.raises(IntegrityError, match=f"version was {before} and is") as caught:
        artifact.download("out")

    assert isinstance(caught.value, ReferenceChanged)
    assert listing("out") == {}
    artifact.download("out", allow_missing_references=True)


def test_an_object_that_is_gone_is_missing_or_passed_over(far: Far) -> None:
    uri = far.put("a")
    artifact = far.version(uri)
    far.fs.rm_file(uri)

    with pytest.raises(ReferenceMissing, match=f"reference is gone: {uri}"):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {}


def test_a_generation_can_be_pinned(far: Far) -> None:
    uri = far.put("a")
    pinned = f"{uri}#{far.generation('a')}"

    artifact = far.version(pinned)

    assert (artifact.get_entry("a").ref, artifact.get_entry("a").path) == (uri, "a")
    assert listing(artifact.download("out")) == {"a": "hello"}
    with pytest.raises(ReferenceMissing):
        far.paths(f"{uri}#1")
    unchecked = far.version(pinned, checksum=False)
    assert listing(unchecked.download("out2")) == {"a": "hello"}
    far.put("a", b"other")
    with pytest.raises(ReferenceMissing):
        unchecked.download("out3")


def test_a_key_that_looks_pinned_is_found_again(far: Far) -> None:
    far.put("d/k#12", b"odd")

    artifact = far.version(f"{far.url}/d")

    assert listing(artifact.download("out")) == {"k#12": "odd"}


def test_a_large_object_comes_in_ranges(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    data = os.urandom(10_500)
    artifact = far.version(far.put("big", data))

    assert (Path(artifact.download("out")) / "big").read_bytes() == data
    far.put("big", data[:-1])
    with pytest.raises(IntegrityError):
        artifact.download("out2")


def test_what_is_or_claims_to_be_gzip_comes_as_it_lies_there(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    packed = gzip.compress(os.urandom(2500))
    stored = {"packed": packed, "claims": b"no gzip at all", "plain": packed}
    for key, data in stored.items():
        encoding = {} if key == "plain" else {"content_encoding": "gzip"}
        far.fs.pipe_file(f"{far.url}/d/{key}", data, fixed_key_metadata=encoding)

    root = Path(far.version(f"{far.url}/d").download("out"))

    assert {path.name: path.read_bytes() for path in root.iterdir()} == stored


def test_without_checksum_an_object_or_a_prefix_comes_unverified(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    far.put("d/a")
    one, all_ = (
        far.version(f"{far.url}/d/a", checksum=False),
        far.version(f"{far.url}/d", checksum=False),
    )

    assert listing(one.download("out")) == {"d/a": "hello"}
    assert listing(all_.download("out2")) == {"d/a": "hello"}
    assert caplog.text.count("unverified") == 2


def test_a_bucket_that_is_not_there_is_missing(far: Far) -> None:
    with pytest.raises((ReferenceMissing, StorageError)):
        far.paths("gs://no-such-bucket-here/a")
