"""Foreign objects in a bucket of S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wbart_storage.errors import ObjectExists, ObjectMissing, StorageError
from wbart_storage.foreign.foreign import Foreign, Page, Reading, bare, changed
from wbart_storage.foreign.uri import Target
from wbart_storage.services.s3_end import ends_on_its_loop
from wbart_storage.services.service import UNCACHED
from wbart_storage.translate import translated

_OPTIONS: Mapping[str, object] = {
    "config_kwargs": {
        "retries": {"total_max_attempts": 3, "mode": "standard"},
        "connect_timeout": 5,
        "read_timeout": 30,
        "max_pool_connections": 64,
    },
}
_VIRTUAL_HOSTS = (".cwobject.com", ".cwlota.com")
"""CoreWeave: buckets are names of hosts there, never parts of a path."""
_NO_VERSION = (None, "", "null")


def open_s3(options: Mapping[str, object]) -> Any:
    """A file system of S3 that caches nothing, its patience bounded."""
    from s3fs import S3FileSystem

    mine = {**_OPTIONS, **options, **UNCACHED}
    host = str(options.get("endpoint_url", "")).rstrip("/").partition("://")[2]
    if host.endswith(_VIRTUAL_HOSTS):
        config = dict(_OPTIONS["config_kwargs"])  # type: ignore[call-overload]
        mine["config_kwargs"] = {**config, "s3": {"addressing_style": "virtual"}}
    fs = ends_on_its_loop(S3FileSystem(**mine))
    fs.retries = 2
    return fs


class S3Bucket:
    """One bucket. Digests are its entity tags; an MD5 where it was stored in one piece."""

    def __init__(self, fs: Any, at: Target) -> None:
        self._fs = fs
        self._at = at

    def look(self, name: str, version: str = "") -> Foreign:
        uri = self._at.at(name, version).uri
        with translated(uri):
            head = self._fs.call_s3("head_object", **self._named(name, version))
        return Foreign(
            self._at.of(name),
            name,
            int(head["ContentLength"]),
            str(head.get("ETag", "")),
            _version(head) or version,
            not head["ContentLength"] and "x-directory" in str(head.get("ContentType", "")),
        )

    def open(self, seen: Foreign, start: int = 0, end: int | None = None) -> Reading:
        from fsspec.asyn import sync

        if not seen.size and seen.size is not None:
            now = self.look(seen.name, seen.version)
            return Reading(iter(()), now.size, now.etag, now.version)
        asked = self._named(seen.name, seen.version)
        if seen.etag and not seen.version:
            asked["IfMatch"] = f'"{bare(seen.etag)}"'
        asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        try:
            with translated(self._at.at(seen.name, seen.version).uri):
                found: Any = sync(self._fs.loop, self._read, asked)
        except ObjectExists:  # how stores are told of 412: the entity tag is another
            raise changed(seen, self.look(seen.name)) from None
        answer, data = found
        total = str(answer.get("ContentRange", "")).rpartition("/")[2]
        etag = str(answer.get("ETag", ""))
        return Reading(
            iter((data,)),
            int(total) if total.isdigit() else int(answer["ContentLength"]),
            etag,
            _version(answer),
            _md5(etag, answer),
        )

    def page(
        self, prefix: str, *, delimiter: str = "", token: str | None = None, versions: bool = False
    ) -> Page:
        asked = {"Bucket": self._at.bucket, "Prefix": prefix, "MaxKeys": 1000}
        if delimiter:
            asked["Delimiter"] = delimiter
        with translated(self._at.of(prefix)):
            if versions:
                return self._versions(asked, token)
            if token is not None:
                asked["ContinuationToken"] = token
            answer = self._fs.call_s3("list_objects_v2", **asked)
        following = answer.get("NextContinuationToken") if answer.get("IsTruncated") else None
        return self._page(answer, answer.get("Contents", ()), following)

    def keeps_versions(self, name: str) -> bool:
        """Asks the bucket; where that is not allowed or not known, its object tells for all."""
        try:
            with translated(self._at.base):
                answer = self._fs.call_s3("get_bucket_versioning", Bucket=self._at.bucket)
        except StorageError as error:
            if error.transient:
                raise
            return bool(self.look(name).version)
        return bool(answer.get("Status"))  # Suspended, too: what was kept before is still there

    def _versions(self, asked: dict[str, Any], token: str | None) -> Page:
        if token is not None:
            asked["KeyMarker"], asked["VersionIdMarker"] = token.split("\n")
        answer = self._fs.call_s3("list_object_versions", **asked)
        following = None
        if answer.get("IsTruncated"):
            following = f"{answer['NextKeyMarker']}\n{answer.get('NextVersionIdMarker', '')}"
        newest = (each for each in answer.get("Versions", ()) if each.get("IsLatest"))
        return self._page(answer, newest, following)

    def _page(self, answer: Mapping[str, Any], found: Any, token: str | None) -> Page:
        objects = [
            Foreign(
                self._at.of(each["Key"]),
                each["Key"],
                int(each["Size"]),
                str(each.get("ETag", "")),
                _version(each),
            )
            for each in found
        ]
        return Page(objects, [each["Prefix"] for each in answer.get("CommonPrefixes", ())], token)

    def _named(self, name: str, version: str) -> dict[str, Any]:
        if not name:
            raise ObjectMissing(self._at.base)
        named = {"Bucket": self._at.bucket, "Key": name}
        return {**named, "VersionId": version} if version else named

    async def _read(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
        answer = await self._fs._call_s3("get_object", **asked)
        async with answer["Body"] as body:
            return answer, bytes(await body.read())


def _version(answer: Mapping[str, Any]) -> str:
    version = answer.get("VersionId")
    return "" if version in _NO_VERSION else str(version)


def _md5(etag: str, answer: Mapping[str, Any]) -> str:
    """The entity tag where it is an MD5: of one piece, and not of what a key has encrypted."""
    tag = bare(etag).lower()
    if str(answer.get("ServerSideEncryption", "AES256")) != "AES256":
        return ""
    if answer.get("SSECustomerAlgorithm") or len(tag) != 32 or set(tag) - set("0123456789abcdef"):
        return ""
    return tag
