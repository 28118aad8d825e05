"""References to Azure, against a real server: containers by each of their URLs, tags, changes."""

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

from wbart.errors import IntegrityError, ReferenceMissing
from wbart.recording.surroundings import enter, leave
from wbart_storage.errors import StoreRefused
from wbart_storage.foreign import fetch as foreign_fetch

ACCOUNT = "testaccount"


class Far:
    """A container of the server, and a house that may refer to it."""

    def __init__(self, house: House, server: Server) -> None:
        self.house = house
        self.server = server
        self.url = server.bucket()
        self.container = self.url.partition("://")[2]
        self.fs = server.fs()

    def put(self, key: str, data: bytes = b"hello", **metadata: str) -> str:
        self.fs.pipe_file(f"{self.url}/{key}", data)
        if metadata:
            self.fs.setxattrs(f"{self.url}/{key}", **metadata)
        return f"{self.url}/{key}"

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


@pytest.fixture
def far(serving: Callable[[str], Server], home: House) -> Iterator[Far]:
    server = serving("azurite")
    with reaching(home, reference_options=options_of(server)) as house:
        yield Far(house, server)


def test_an_object_is_one_entry_with_its_tag(far: Far) -> None:
    uri = far.put("d/a b#c.txt")
    tag = str(far.fs.info(uri)["etag"]).strip('"')

    (entry,) = far.house.draft().add_reference(uri)

    assert (entry.path, entry.ref, entry.size) == ("a b#c.txt", uri, 5)
    assert (entry.digest, entry.extra) == (tag, {"etag": tag})


@pytest.mark.parametrize(
    "form",
    ["az://{c}/d/a", "abfs://{c}/d/a", f"https://{ACCOUNT}.blob.core.windows.net/{{c}}/d/a",
     f"abfss://{{c}}@{ACCOUNT}.dfs.core.windows.net/d/a"],
)  # fmt: skip
def test_a_container_has_many_urls(far: Far, form: str) -> None:
    far.put("d/a")
    uri = form.format(c=far.container)

    artifact = far.version(uri)

    assert artifact.get_entry("a").ref == uri
    assert listing(artifact.download("out")) == {"a": "hello"}


def test_an_endpoint_of_ones_own_is_said_by_options(far: Far, home: House) -> None:
    far.put("d/a")
    near = f"{far.server.endpoint}/{ACCOUNT}"
    options = {near: {**far.server.options, "service": "az"}}

    with reaching(home, reference_options=options) as house:
        artifact = house.draft()
        (entry,) = artifact.add_reference(f"{near}/{far.container}/d")
        assert entry.ref == f"{near}/{far.container}/d/a"
        assert listing(house.save(artifact).download("out")) == {"a": "hello"}


def test_a_key_never_travels_to_another_account(far: Far) -> None:
    with pytest.raises(StoreRefused, match="are of account testaccount, not other"):
        far.paths("https://other.blob.core.windows.net/c/d/a")


def test_a_prefix_is_a_folder_and_stubs_of_folders_are_left_out(far: Far) -> None:
    far.put("data", b"", hdi_isfolder="true")
    for key in ("data/a", "data/d/b", "data/empty", "data2/c", "data.txt"):
        far.put(key, b"" if key.endswith("empty") else b"hello")
    far.put("data/d", b"", hdi_isfolder="true")

    assert far.paths(f"{far.url}/data") == ["a", "d/b", "empty"]
    assert far.paths(f"{far.url}/data/", "top") == ["top/a", "top/d/b", "top/empty"]
    assert far.paths(far.url) == ["data.txt", "data/a", "data/d/b", "data/empty", "data2/c"]
    with pytest.raises(ReferenceMissing, match="nothing lies at"):
        far.paths(f"{far.url}/dat")
    with pytest.raises(ValueError, match="Exceeded 2 objects"):
        far.paths(f"{far.url}/data", max_objects=2)
    artifact = far.version(f"{far.url}/data")
    assert listing(artifact.download("out")) == {"a": "hello", "d/b": "hello", "empty": ""}


def test_an_object_that_changed_is_an_error_that_names_both_tags(far: Far) -> None:
    uri = far.put("a")
    artifact = far.version(uri)
    before = artifact.get_entry("a").digest
    far.put("a", b"other")

    with pytest.raises(IntegrityError, match=f"its ETag was {before} and is 0x"):
        artifact.download("out")

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


def test_a_large_object_comes_in_ranges(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign_fetch, "PART", 1000)
    data = os.urandom(10_500)
    artifact = far.version(far.put("big", data))

    assert (Path(artifact.download("out")) / "big").read_bytes() == data


def test_what_is_or_claims_to_be_gzip_comes_as_it_lies_there(far: Far) -> None:
    from azure.storage.blob import BlobServiceClient, ContentSettings

    stored = {"packed": gzip.compress(b"hello " * 1000), "claims": b"no gzip at all"}
    with BlobServiceClient.from_connection_string(far.server.options["connection_string"]) as to:
        for key, data in stored.items():
            to.get_blob_client(far.container, f"d/{key}").upload_blob(
                data, content_settings=ContentSettings(content_encoding="gzip")
            )

    root = Path(far.version(f"{far.url}/d").download("out"))

    assert {path.name: path.read_bytes() for path in root.iterdir()} == stored


def test_credentials_of_a_signed_url_are_not_kept(far: Far) -> None:
    far.put("d/a")
    uri = f"https://{ACCOUNT}.blob.core.windows.net/{far.container}/d/a"
    artifact = far.house.draft()

    (entry,) = artifact.add_reference(f"{uri}?sv=2&se=3&sp=r&sig=geheim")

    assert (entry.path, entry.ref) == ("a", uri)
    (entry,) = artifact.add_reference(f"{uri}?sv=2&sig=geheim", checksum=False, name="b")
    assert entry.ref == entry.digest == uri


def test_without_checksum_an_object_or_a_prefix_comes_unverified(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    far.put("d/a")
    one, all_ = (
        far.version(f"{far.url}/d/a", checksum=False),
        far.version(f"{far.url}/d", checksum=False),
    )

    assert one.get_entry("d/a").size is None
    assert listing(one.download("out")) == {"d/a": "hello"}
    assert listing(all_.download("out2")) == {"d/a": "hello"}
    assert caplog.text.count("unverified") == 2


def test_a_container_that_is_not_there_is_missing(far: Far) -> None:
    with pytest.raises(ReferenceMissing):
        far.paths("az://no-such-container/a")
