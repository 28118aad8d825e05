"""References to S3, against real servers: versioned buckets, prefixes, changes, ranges."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.artifacts.house import House, listing
from tests.remote.web import options_of, reaching
from tests.servers import Server

from wbart.errors import IntegrityError, ReferenceMissing
from wbart.recording.surroundings import enter, leave
from wbart_storage.foreign import s3 as foreign_s3


@dataclass
class Far:
    """A bucket of a server, a house that may refer to it, and what it was asked."""

    house: House
    url: str
    fs: Any
    calls: list[str]

    @property
    def bucket(self) -> str:
        return self.url.partition("://")[2]

    def put(self, key: str, data: bytes = b"hello", **more: Any) -> str:
        """Put an object; its URI."""
        made = self.fs.call_s3("put_object", Bucket=self.bucket, Key=key, Body=data, **more)
        assert made["ETag"]
        return f"{self.url}/{key}"

    def versions(self) -> None:
        """Keep old content from now on."""
        enabled = {"Status": "Enabled"}
        self.fs.call_s3(
            "put_bucket_versioning", Bucket=self.bucket, VersioningConfiguration=enabled
        )

    def delete(self, key: str, **more: Any) -> None:
        self.fs.call_s3("delete_object", Bucket=self.bucket, Key=key, **more)

    def version(self, uri: str, *given: Any, **more: Any) -> Any:
        artifact = self.house.draft()
        artifact.add_reference(uri, *given, **more)
        return self.house.save(artifact)

    def paths(self, uri: str, *given: Any, **more: Any) -> list[str]:
        return [entry.path for entry in self.house.draft().add_reference(uri, *given, **more)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.chdir(tmp_path)
    built = House.build(tmp_path)
    enter(built.workspace)
    yield built
    leave(built.workspace)


@pytest.fixture(params=["ministack", "seaweedfs"])
def far(
    request: pytest.FixtureRequest,
    serving: Callable[[str], Server],
    home: House,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Far]:
    server = serving(request.param)
    calls: list[str] = []
    real = foreign_s3.open_s3

    def counted(options: Any) -> Any:
        fs = real(options)
        call = fs._call_s3

        async def count(method: str, *given: Any, **more: Any) -> Any:
            calls.append(method)
            return await call(method, *given, **more)

        fs._call_s3 = count
        fs.call_s3 = lambda *given, **more: _sync(fs.loop, count, *given, **more)
        return fs

    monkeypatch.setattr(foreign_s3, "open_s3", counted)
    url = server.bucket()
    with reaching(home, reference_options=options_of(server)) as house:
        yield Far(house, url, server.fs(), calls)


def _sync(*given: Any, **more: Any) -> Any:
    from fsspec.asyn import sync

    return sync(*given, **more)


HELLO = "5d41402abc4b2a76b9719d911017c592"


def test_an_object_is_one_entry_with_its_tag(far: Far) -> None:
    uri = far.put("d/a b#c%41.txt")

    (entry,) = far.house.draft().add_reference(uri)

    assert (entry.path, entry.ref) == ("a b#c%41.txt", uri)
    assert (entry.digest, entry.size, entry.extra) == (HELLO, 5, {"etag": HELLO})
    assert far.calls == ["head_object"]


def test_a_prefix_is_a_folder_and_ends_at_its_slash(far: Far) -> None:
    for key in ("data/a", "data/d/b", "data2/c", "data.txt", "x/data/e"):
        far.put(key)

    assert far.paths(f"{far.url}/data") == ["a", "d/b"]
    assert far.paths(f"{far.url}/data/") == ["a", "d/b"]
    assert far.paths(f"{far.url}/data", "top") == ["top/a", "top/d/b"]
    assert sorted(far.paths(far.url)) == sorted(
        ["data/a", "data/d/b", "data2/c", "data.txt", "x/data/e"]
    )
    for nothing in ("dat", "data3", "none/"):
        with pytest.raises(ReferenceMissing, match="nothing lies at"):
            far.paths(f"{far.url}/{nothing}")


def test_objects_of_no_bytes_stay_and_markers_of_folders_go(far: Far) -> None:
    far.put("d/", b"", ContentType="application/x-directory")
    far.put("d/empty", b"")
    far.put("d/deep/", b"")
    far.put("d/deep/a")

    artifact = far.version(f"{far.url}/d")

    assert [entry.path for entry in artifact.manifest] == ["deep/a", "empty"]
    assert listing(artifact.download("out")) == {"deep/a": "hello", "empty": ""}
    single = far.version(f"{far.url}/d/empty", "one")
    assert listing(single.download("one")) == {"one": ""}


def test_a_marker_alone_is_nothing(far: Far) -> None:
    far.put("d/", b"")

    with pytest.raises(ReferenceMissing):
        far.paths(f"{far.url}/d/")


def test_too_many_objects_raise_before_anything_is_added(far: Far) -> None:
    for index in range(4):
        far.put(f"d/{index}")
    artifact = far.house.draft()

    with pytest.raises(ValueError, match="Exceeded 3 objects"):
        artifact.add_reference(f"{far.url}/d", max_objects=3)
    assert list(artifact.manifest) == []

    assert len(artifact.add_reference(f"{far.url}/d", max_objects=4)) == 4


def test_without_versions_a_changed_object_is_an_error_with_both_tags(far: Far) -> None:
    uri = far.put("a", b"hello")
    artifact = far.version(uri)
    far.put("a", b"other")

    with pytest.raises(IntegrityError, match=f"its ETag was {HELLO} and is 795f3202b17c") as caught:
        artifact.download("out")

    assert uri in str(caught.value)
    assert listing("out") == {}
    artifact.download("out", allow_missing_references=True)
    assert far.calls.count("get_object") == 2


def test_a_deleted_object_is_missing_or_passed_over(far: Far) -> None:
    uri = far.put("a")
    artifact = far.version(uri)
    far.delete("a")

    with pytest.raises(ReferenceMissing, match=f"reference is gone: {uri}"):
        artifact.download("out")
    artifact.download("out", allow_missing_references=True)

    assert listing("out") == {}


def test_versions_are_kept_in_extra_and_fetched_whatever_came_later(far: Far) -> None:
    far.versions()
    for key in ("one", "d/a", "d/b"):
        far.put(key, b"old " + key.encode())
    single, prefix = far.version(f"{far.url}/one"), far.version(f"{far.url}/d", "d")
    for key in ("one", "d/a", "d/b", "d/c"):
        far.put(key, b"new")
    far.delete("d/b")

    extras = [entry.extra for entry in (*single.manifest, *prefix.manifest)]
    assert all(set(extra) == {"etag", "versionID"} for extra in extras)
    assert listing(single.download("out")) == {"one": "old one"}
    assert listing(prefix.download("out2")) == {"d/a": "old d/a", "d/b": "old d/b"}
    assert far.paths(f"{far.url}/d") == ["a", "c"]


def test_a_version_can_be_pinned_and_a_version_that_is_gone_is_named(far: Far) -> None:
    far.versions()
    uri = far.put("a", b"old")
    pin = str(far.fs.info(f"{far.bucket}/a")["VersionId"])
    far.put("a", b"new")

    artifact = far.version(f"{uri}?versionId={pin}")

    assert artifact.get_entry("a").ref == uri
    assert artifact.get_entry("a").extra["versionID"] == pin
    assert listing(artifact.download("out")) == {"a": "old"}
    far.delete("a", VersionId=pin)
    with pytest.raises(ReferenceMissing, match=pin):
        artifact.download("out2")
    artifact.download("out2", allow_missing_references=True)
    with pytest.raises(ReferenceMissing):
        far.version(f"{uri}?versionId={pin}")


def test_without_checksum_a_pinned_version_is_kept_and_downloaded(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    far.versions()
    uri = far.put("d/a", b"old")
    pinned = f"{uri}?versionId={far.fs.info(f'{far.bucket}/d/a')['VersionId']}"

    first = far.version(uri, checksum=False)
    far.put("d/a", b"new")
    second = far.version(pinned, checksum=False)

    assert (first.version, second.version) == ("v0", "v1")
    assert far.version(pinned, checksum=False).version == "v1"
    assert listing(first.download("out")) == {"d/a": "new"}
    assert listing(second.download("out2")) == {"d/a": "old"}
    assert caplog.text.count("unverified") == 2


def test_without_checksum_a_prefix_is_one_entry_and_is_listed_at_download(far: Far) -> None:
    far.put("d/a")
    artifact = far.version(f"{far.url}/d", checksum=False)
    far.put("d/e/b", b"more")
    far.put("d2/c")

    assert [entry.path for entry in artifact.manifest] == ["d"]
    assert listing(artifact.download("out")) == {"d/a": "hello", "d/e/b": "more"}


def test_a_large_object_comes_in_ranges(far: Far) -> None:
    data = os.urandom(20 << 20)
    far.put("big", data)
    artifact = far.version(f"{far.url}/big")
    far.calls.clear()

    root = Path(artifact.download("out"))

    assert (root / "big").read_bytes() == data
    assert far.calls == ["get_object"] * 3


def test_an_object_of_many_parts_has_a_tag_that_is_no_md5(far: Far) -> None:
    data = os.urandom(11 << 20)
    path = f"{far.bucket}/parts"
    far.fs.pipe_file(path, data, chunksize=5 << 20)
    artifact = far.version(f"{far.url}/parts")

    assert "-" in artifact.get_entry("parts").digest
    assert (Path(artifact.download("out")) / "parts").read_bytes() == data


def test_what_is_there_already_is_not_fetched_again(far: Far) -> None:
    far.put("a")
    artifact = far.version(f"{far.url}/a")
    artifact.download("out")
    far.calls.clear()

    artifact.download("out")
    assert far.calls == []
    assert artifact.verify("out").ok
    (Path("out") / "a").write_text("hellO")
    artifact.download("out")
    assert listing("out") == {"a": "hello"}


def test_bytes_that_are_not_those_of_the_md5_are_an_error(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.put("a")
    artifact = far.version(f"{far.url}/a")
    real = foreign_s3.S3Bucket._read

    async def flipped(self: Any, asked: Any) -> Any:
        answer, data = await real(self, asked)
        return answer, bytes([data[0] ^ 1]) + data[1:]

    monkeypatch.setattr(foreign_s3.S3Bucket, "_read", flipped)

    with pytest.raises(IntegrityError, match=f"not {HELLO}"):
        artifact.download("out")
    assert listing("out") == {}


def test_a_bucket_that_is_not_there_is_missing(far: Far) -> None:
    with pytest.raises(ReferenceMissing):
        far.paths("s3://no-such-bucket-here/a")
    with pytest.raises(ReferenceMissing):
        far.paths("s3://no-such-bucket-here")


def test_a_thousand_objects_are_one_listing(far: Far) -> None:
    keys = [f"{index:05}" for index in range(1100)]
    far.fs.pipe({f"{far.bucket}/d/{key}": b"" for key in keys}, batch_size=64)

    entries = far.house.draft().add_reference(f"{far.url}/d", max_objects=1100)

    assert [entry.path for entry in entries] == keys
    # One for the name itself, one that tells whether versions are kept.
    asked = ["get_bucket_versioning", "head_object", "list_objects_v2", "list_objects_v2"]
    assert sorted(far.calls) == asked


def test_an_object_older_than_the_versions_of_the_others_hides_none(far: Far) -> None:
    far.put("d/a", b"older than versions")
    far.versions()
    far.put("d/b", b"old")
    artifact = far.version(f"{far.url}/d")
    far.put("d/b", b"new")

    assert "versionID" not in artifact.get_entry("a").extra
    assert artifact.get_entry("b").extra["versionID"]
    assert listing(artifact.download("out")) == {"a": "older than versions", "b": "old"}


@pytest.mark.parametrize("kept", [False, True])
def test_where_nobody_may_ask_the_bucket_an_object_tells_of_versions(
    far: Far, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    if kept:
        far.versions()
    far.put("d/a")
    real = foreign_s3.open_s3

    def refusing(options: Any) -> Any:
        fs = real(options)
        call = fs.call_s3

        def refuse(method: str, *given: Any, **more: Any) -> Any:
            if method == "get_bucket_versioning":
                raise PermissionError("no")
            return call(method, *given, **more)

        fs.call_s3 = refuse
        return fs

    monkeypatch.setattr(foreign_s3, "open_s3", refusing)

    (entry,) = far.house.draft().add_reference(f"{far.url}/d")
    assert ("versionID" in entry.extra) == kept


@pytest.mark.parametrize("key", ["q?token=1", "q?policy=1", "q#secret=1", "q;token=1"])
def test_a_key_that_looks_like_a_secret_is_no_other_key(far: Far, key: str) -> None:
    far.put("o/q", b"other")
    uri = far.put(f"o/{key}", b"this")

    version = far.version(uri, "x")

    assert version.get_entry("x").ref == uri
    assert listing(version.download("out")) == {"x": "this"}


def test_keys_that_look_like_secrets_are_listed_as_all_others(far: Far) -> None:
    far.put("o/q", b"other")
    far.put("o/q?token=1", b"this")

    version = far.version(f"{far.url}/o")

    assert listing(version.download("out")) == {"q": "other", "q?token=1": "this"}
