"""Foreign objects in a container of Azure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from wbart_storage.errors import ObjectExists, ObjectMissing, StorageError, StoreRefused
from wbart_storage.foreign.foreign import Foreign, Page, Reading, changed
from wbart_storage.foreign.uri import Target
from wbart_storage.services.service import UNCACHED
from wbart_storage.translate import translated


def open_azure(options: Mapping[str, object], account: str) -> Any:
    """A file system of Azure that caches nothing, for the account that a URI names.

    Raises StoreRefused when the options are another account's: its key must not travel there.
    """
    from adlfs import AzureBlobFileSystem

    named = {"account_name": account} if account else {}
    fs = AzureBlobFileSystem(**{**named, **options, **UNCACHED})
    reached = fs.service_client.account_name
    if account and reached not in (None, account):
        raise StoreRefused(f"the options for Azure are of account {reached}, not {account}")
    return fs


class AzureContainer:
    """One container. Digests are its entity tags."""

    def __init__(self, fs: Any, at: Target) -> None:
        self._fs = fs
        self._at = at

    def look(self, name: str, version: str = "") -> Foreign:
        if not name:
            raise ObjectMissing(self._at.base)
        with translated(self._at.at(name, version).uri):
            return self._seen(_run(self._fs, self._properties, name, version))

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        if not seen.size and seen.size is not None:
            now = self.look(seen.name, seen.version)
            return Reading(iter(()), now.size, now.etag, now.version)
        try:
            with translated(self._at.at(seen.name, seen.version).uri):
                found, data = _run(self._fs, self._read, seen, start, end)
        except ObjectExists:  # how stores are told of 412: the entity tag is another
            raise changed(seen, self.look(seen.name)) from None
        md5 = bytes(found.content_settings.content_md5 or b"")
        # Where a range was asked for, the size is that of the range.
        total = str(found.content_range or "").rpartition("/")[2]
        return Reading(
            iter((data,)),
            int(total) if total.isdigit() else int(found.size),
            str(found.etag),
            str(found.version_id or ""),
            md5.hex(),
        )

    def page(
        self, prefix: str, *, delimiter: str = "", token: str | None = None, versions: bool = False
    ) -> Page:
        with translated(self._at.of(prefix)):
            found, following = _run(self._fs, self._list, prefix, delimiter, token, versions)
        objects, folders = list[Foreign](), list[str]()
        for each in found:
            if each.get("size") is None:  # a BlobPrefix
                folders.append(each.name)
            # What was written before versions were kept has none, and is nobody's old content.
            elif not versions or each.is_current_version or not each.version_id:
                objects.append(self._seen(each))
        return Page(objects, folders, following or None)

    def keeps_versions(self, name: str) -> bool:
        """Nothing tells but a listing of versions, which some kinds of account refuse."""
        try:
            self.page(name, versions=True)
        except StorageError:
            return bool(self.look(name).version)
        return True

    def _seen(self, found: Any) -> Foreign:
        metadata = found.metadata or {}
        return Foreign(
            self._at.of(found.name),
            found.name,
            int(found.size),
            f'"{str(found.etag).strip(chr(34))}"',
            str(found.version_id or ""),
            str(metadata.get("hdi_isfolder", "")).lower() == "true",
        )

    def _blob(self, name: str) -> Any:
        return self._fs.service_client.get_blob_client(self._at.bucket, name)

    async def _properties(self, name: str, version: str) -> Any:
        async with self._blob(name) as blob:
            return await blob.get_blob_properties(version_id=version or None)

    async def _read(self, seen: Foreign, start: int, end: int | None) -> tuple[Any, bytes]:
        from azure.core import MatchConditions

        match: dict[str, object] = {"version_id": seen.version or None}
        if seen.etag and not seen.version:
            match = {"etag": f'"{seen.tag}"', "match_condition": MatchConditions.IfNotModified}
        length = None if end is None else end - start
        async with self._blob(seen.name) as blob:
            answer = await blob.download_blob(
                start, length, max_concurrency=1, **_as_stored(), **match
            )
            return answer.properties, bytes(await answer.readall())

    async def _list(
        self, prefix: str, delimiter: str, token: str | None, versions: bool
    ) -> tuple[list[Any], str | None]:
        include = ["metadata", "versions"] if versions else ["metadata"]
        asked = {"name_starts_with": prefix, "include": include, "results_per_page": 1000}
        async with self._fs.service_client.get_container_client(self._at.bucket) as container:
            if delimiter:
                pages = container.walk_blobs(delimiter=delimiter, **asked).by_page(token)
            else:
                pages = container.list_blobs(**asked).by_page(token)
            async for page in pages:
                return [each async for each in page], pages.continuation_token
        return [], None


@cache
def _as_stored() -> Mapping[str, object]:
    """What lets gzip come as it lies there; clients before 12.28 unpack it, whatever is asked."""
    from azure.storage.blob import __version__

    major, minor = (int(each) for each in __version__.split(".")[:2])
    return {"decompress": False} if (major, minor) >= (12, 28) else {}


def _run(fs: Any, call: Any, *given: object) -> Any:
    from fsspec.asyn import sync

    return sync(fs.loop, call, *given)
