"""What Azure answers where versions are kept, which no server here does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from wbart_storage.errors import StorageError
from wbart_storage.foreign import azure as foreign_azure
from wbart_storage.foreign.azure import AzureContainer
from wbart_storage.foreign.foreign import Foreign
from wbart_storage.foreign.uri import Target

AT = Target("az", "az://c", "c", "")


class Blob(SimpleNamespace):
    def get(self, name: str) -> Any:
        return getattr(self, name)


def blob(name: str, version: str | None = None, current: bool | None = None) -> Blob:
    return Blob(
        name=name, size=5, etag="0x1", version_id=version, is_current_version=current, metadata={}
    )


def test_of_all_versions_the_newest_is_listed_and_deleted_blobs_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Azure says of a version that it is current, and of the others nothing.
    found = [blob("a", "1"), blob("a", "2", True), blob("b", "1")]
    asked: list[tuple[object, ...]] = []

    def run(fs: Any, call: Any, *given: object) -> Any:
        asked.append(given)
        return found, "next"

    monkeypatch.setattr(foreign_azure, "_run", run)

    page = AzureContainer(None, AT).page("d/", versions=True)

    assert page.objects == [Foreign("az://c/a", "a", 5, '"0x1"', "2")]
    assert page.token == "next"
    assert asked == [("d/", "", None, True)]


def test_what_was_written_before_versions_were_kept_is_listed_without_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [blob("a", "2", True), blob("old")]
    monkeypatch.setattr(foreign_azure, "_run", lambda *given: (found, None))

    page = AzureContainer(None, AT).page("", versions=True)

    assert [(each.name, each.version) for each in page.objects] == [("a", "2"), ("old", "")]


@pytest.mark.parametrize("version", ["", "1"])
def test_where_versions_cannot_be_listed_a_blob_tells(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    def run(fs: Any, call: Any, *given: object) -> Any:
        if call.__name__ == "_list":
            raise StorageError("no versions here")
        return blob("a", version)

    monkeypatch.setattr(foreign_azure, "_run", run)

    assert AzureContainer(None, AT).keeps_versions("a") == bool(version)


def test_where_versions_can_be_listed_any_blob_may_have_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(foreign_azure, "_run", lambda *given: ([blob("a")], None))

    assert AzureContainer(None, AT).keeps_versions("a")


async def _nothing() -> bytes:
    return b"hello"


class Client:
    """A blob that keeps its version, and notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def download_blob(self, start: int, length: int | None, **more: object) -> Any:
        self.asked.append(more)
        return SimpleNamespace(properties=blob("a", "2"), readall=_nothing)


def test_a_version_is_asked_for_by_its_id_and_a_tag_as_a_condition() -> None:
    import asyncio

    client = Client()
    fs = SimpleNamespace(
        service_client=SimpleNamespace(get_blob_client=lambda container, name: client)
    )
    container = AzureContainer(fs, AT)

    asyncio.run(container._read(Foreign("az://c/a", "a", 5, '"0x1"', "2"), 0, 5))
    asyncio.run(container._read(Foreign("az://c/a", "a", 5, "0x1"), 0, 5))

    assert client.asked[0] == {"max_concurrency": 1, "decompress": False, "version_id": "2"}
    assert client.asked[1]["etag"] == '"0x1"'
    assert "version_id" not in client.asked[1]
