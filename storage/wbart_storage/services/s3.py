"""Buckets of S3 and of what speaks like it, through s3fs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from wbart_storage.errors import StorageError
from wbart_storage.in_flight import in_flight
from wbart_storage.objects import ObjectStat
from wbart_storage.services.arrival import fits_etag
from wbart_storage.services.s3_end import ends_on_its_loop
from wbart_storage.services.s3_parts import S3Parts
from wbart_storage.services.s3_sums import sum_of, told
from wbart_storage.services.service import (
    CONNECT_SECONDS,
    CONNECTIONS,
    PART_SIZE,
    PARTS_AT_ONCE,
    READ_SECONDS,
    Page,
    seconds,
    stats_below,
)
from wbart_storage.translate import refused

_ALONE = 64 << 20
"""Up to so many bytes go in one request. A process that dies among parts leaves them for ever."""
_SUMMED = 1 << 20
"""From so many bytes on an MD5 takes longer than it is worth, where a server tells the CRC-32."""
_MOST_PARTS = 9_000  # S3 takes 10,000
_CONFIG: Mapping[str, object] = {
    # One second try inside; the patience is `Retry`'s. Unbound it is 25 requests of 15 s each.
    "retries": {"total_max_attempts": 2, "mode": "standard"},
    "connect_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "max_pool_connections": CONNECTIONS,
}


class S3:
    """See `wbart_storage.services.service.Service`."""

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if kind is None:
            from s3fs import S3FileSystem

            kind = S3FileSystem
        config = {**_CONFIG, **(options.get("config_kwargs") or {})}
        # Ten parts of 50 MiB at once, as s3fs would have it, are 1 GiB of memory.
        given = {"max_concurrency": PARTS_AT_ONCE, **options, "config_kwargs": config}
        fs: Any = ends_on_its_loop(kind(*args, **given))
        fs.retries = 1  # its own loop around botocore's; no option sets it
        return fs

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> bool:
        if len(data) > _ALONE:
            _in_parts(fs, path, BytesIO(data), len(data))
            return True
        bucket, key, _ = fs.split_path(path)
        checksum = sum_of(data) if len(data) >= _SUMMED else ""
        more = {"IfNoneMatch": "*"} if exclusive else {}
        if checksum:
            more["ChecksumCRC32"] = checksum
        answer = fs.call_s3("put_object", Bucket=bucket, Key=key, Body=data, **more)
        return bool(checksum and told(answer, checksum)) or fits_etag(answer, data)

    def upload_file(self, fs: Any, path: str, source: Path) -> bool:
        size = source.stat().st_size
        if size <= _ALONE:
            return self.upload(fs, path, source.read_bytes(), False)
        with source.open("rb") as file:
            _in_parts(fs, path, file, size)
        return True

    def stat(self, fs: Any, root: str, key: str) -> ObjectStat:
        bucket, base, _ = fs.split_path(f"{root}/")
        # fs.info lists after a miss.
        answer = fs.call_s3("head_object", Bucket=bucket, Key=base + key)
        return ObjectStat(key, answer["ContentLength"], seconds(answer["LastModified"]))

    def page(self, fs: Any, root: str, prefix: str, delimiter: str, token: Any) -> Page:
        bucket, base, _ = fs.split_path(f"{root}/")
        further = {"ContinuationToken": token} if token else {}
        if delimiter:
            further["Delimiter"] = delimiter
        answer = fs.call_s3("list_objects_v2", Bucket=bucket, Prefix=base + prefix, **further)
        objects = [
            # Whole seconds, since that is all that HEAD tells.
            ObjectStat(each["Key"], each["Size"], seconds(each["LastModified"]) // 1)
            for each in answer.get("Contents", ())
        ]
        folders = [each["Prefix"] for each in answer.get("CommonPrefixes", ())]
        if _keeps_folders(answer):
            folders = [each for each in folders if self._holds(fs, root, each[len(base) :])]
        following = answer.get("NextContinuationToken") if answer.get("IsTruncated") else None
        return Page(stats_below(base, objects, folders), following)

    def delete(self, fs: Any, root: str, keys: Sequence[str]) -> None:
        bucket, base, _ = fs.split_path(f"{root}/")
        named = [{"Key": base + key} for key in keys]
        answer = fs.call_s3(
            "delete_objects", Bucket=bucket, Delete={"Objects": named, "Quiet": True}
        )
        for each in answer.get("Errors", ()):
            if each.get("Code") != "NoSuchKey":
                key = each.get("Key", "")[len(base) :]
                raise refused(each.get("Code", ""), key, each.get("Message", ""))

    def _holds(self, fs: Any, root: str, folder: str) -> bool:
        page = self.page(fs, root, folder, "", None)
        while not page.stats and page.following is not None:
            page = self.page(fs, root, folder, "", page.following)
        return bool(page.stats)


def _in_parts(fs: Any, path: str, source: BinaryIO, size: int) -> None:
    """Put all of source at path in parts, each checked by itself; whole or not at all."""
    root, _, key = path.rpartition("/")
    parts = S3Parts(lambda: fs, root)
    step = max(PART_SIZE, -(-size // _MOST_PARTS))
    upload = parts.begin(key)

    def pieces() -> Iterator[tuple[int, bytes]]:
        return enumerate(iter(lambda: source.read(step), b""), 1)

    try:
        with ThreadPoolExecutor(PARTS_AT_ONCE) as executor:
            sent = [
                *in_flight(
                    executor, lambda piece: parts.part(key, upload, *piece), pieces(), PARTS_AT_ONCE
                )
            ]
        parts.complete(key, upload, sent)
    except BaseException:
        with suppress(StorageError):
            parts.abort(key, upload)
        raise


def _keeps_folders(answer: Mapping[str, Any]) -> bool:
    """Whether the server has folders beneath, and lists them when they are long empty."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("server", "")).startswith("SeaweedFS")


SERVICE = S3()
