"""Foreign objects in a bucket of GCS. Its generations pin content, kept or not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from wbart_storage.errors import ObjectMissing
from wbart_storage.foreign.foreign import Foreign, Page, Reading, changed
from wbart_storage.foreign.uri import Target
from wbart_storage.services.service import UNCACHED
from wbart_storage.translate import translated

_FIELDS = "items(name,size,etag,generation),prefixes,nextPageToken"


def open_gs(options: Mapping[str, object]) -> Any:
    """A file system of GCS that caches nothing."""
    from gcsfs.core import GCSFileSystem  # not gcsfs.GCSFileSystem, see `gcs`

    from wbart_storage.services.gcs_credentials import with_token

    return GCSFileSystem(**{**with_token(options), **UNCACHED})


class GsBucket:
    """One bucket. Digests are its entity tags; generations say which content is meant."""

    def __init__(self, fs: Any, at: Target) -> None:
        self._fs = fs
        self._at = at

    def look(self, name: str, version: str = "") -> Foreign:
        if not name:
            raise ObjectMissing(self._at.base)
        with translated(self._at.at(name, version).uri):
            found = self._fs.call(
                "GET", "b/{}/o/{}", self._at.bucket, name, json_out=True, **_pin(version)
            )
        return self._seen(found)

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        from fsspec.asyn import sync

        if not seen.size and seen.size is not None:
            now = self.look(seen.name, seen.version)
            return Reading(iter(()), now.size, "", now.version)
        range_ = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with translated(self._at.at(seen.name, seen.version).uri):
                found: Any = sync(self._fs.loop, self._read, seen, range_)
        except ObjectMissing:
            if seen.version:
                raise changed(seen_version(seen), self.look(seen.name)) from None
            raise
        answer, data = found
        stored = not _is_unpacked(answer)
        total = answer.get("Content-Range", "").rpartition("/")[2]
        size = int(total) if total.isdigit() else len(data)
        return Reading(
            iter((data,)),
            size if stored else None,
            "",
            str(answer.get("X-Goog-Generation", "")),
            _md5(answer.get("X-Goog-Hash", "")) if stored else "",
        )

    def page(
        self, prefix: str, *, delimiter: str = "", token: str | None = None, versions: bool = False
    ) -> Page:
        asked: dict[str, object] = {"prefix": prefix, "maxResults": 1000, "fields": _FIELDS}
        if delimiter:
            asked["delimiter"] = delimiter
        if token is not None:
            asked["pageToken"] = token
        with translated(self._at.of(prefix)):
            found = self._fs.call("GET", "b/{}/o", self._at.bucket, json_out=True, **asked)
        objects = [self._seen(each) for each in found.get("items", ())]
        return Page(objects, list(found.get("prefixes", ())), found.get("nextPageToken"))

    async def _read(self, seen: Foreign, range_: str) -> tuple[Mapping[str, str], bytes]:
        """The bytes as they are stored, though gzip: the size and the MD5 are of those.

        Not by the file system's own call, whose session unpacks whatever says that it is gzip.
        """
        from gcsfs.retry import validate_response

        fs = self._fs
        await fs._set_session()
        path = f"{fs._location}/download/storage/v1/b/{{}}/o/{{}}"
        async with fs.session.get(
            fs._format_path(path, (self._at.bucket, seen.name)),
            params=fs._get_params({"alt": "media", **_pin(seen.version)}),
            headers=fs._get_headers({"Range": range_, "Accept-Encoding": "gzip"}),
            timeout=fs.requests_timeout,
            auto_decompress=False,
        ) as answer:
            data = await answer.read()
            validate_response(answer.status, data, seen.uri)
            return answer.headers, bytes(data)

    def _seen(self, found: Mapping[str, Any]) -> Foreign:
        return Foreign(
            self._at.of(found["name"]),
            found["name"],
            int(found.get("size", 0)),
            str(found.get("etag", "")),
            str(found.get("generation", "")),
        )


def seen_version(seen: Foreign) -> Foreign:
    """What was seen, told apart by its generation alone: its tag changes with its labels."""
    return Foreign(seen.uri, seen.name, version=seen.version)


def _is_unpacked(answer: Mapping[str, str]) -> bool:
    """Whether the service sends what was stored as gzip in another form."""
    stored = answer.get("X-Goog-Stored-Content-Encoding", "identity")
    return stored != "identity" and answer.get("Content-Encoding", "") != stored


def _pin(version: str) -> dict[str, str]:
    return {"generation": version} if version else {}


def _md5(hashes: str) -> str:
    """The MD5 of `crc32c=...,md5=...`; composed objects have none."""
    for each in hashes.split(","):
        name, _, text = each.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(text, validate=True).hex()
            except binascii.Error:
                return ""
    return ""
