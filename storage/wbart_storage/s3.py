"""Buckets of S3 and of what speaks like it, through s3fs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wbart_storage.objects import ObjectStat
from wbart_storage.service import (
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

_MOST_PARTS = 10_000
_CONFIG: Mapping[str, object] = {
    # One second try inside; the patience is `Retry`'s. Unbound it is 25 requests of 15 s each.
    "retries": {"total_max_attempts": 2, "mode": "standard"},
    "connect_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "max_pool_connections": CONNECTIONS,
}


class S3:
    """See `wbart_storage.service.Service`."""

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if kind is None:
            from s3fs import S3FileSystem

            kind = S3FileSystem
        config = {**_CONFIG, **(options.get("config_kwargs") or {})}
        # Ten parts of 50 MiB at once, as s3fs would have it, are 1 GiB of memory.
        given = {"max_concurrency": PARTS_AT_ONCE, **options, "config_kwargs": config}
        fs: Any = kind(*args, **given)
        fs.retries = 1  # its own loop around botocore's; no option sets it
        return fs

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> None:
        fs.pipe_file(path, data, chunksize=PART_SIZE, mode="create" if exclusive else "overwrite")

    def upload_file(self, fs: Any, path: str, source: Path) -> None:
        part = max(PART_SIZE, -(-source.stat().st_size // _MOST_PARTS))
        fs.put_file(str(source), path, chunksize=part)

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


def _keeps_folders(answer: Mapping[str, Any]) -> bool:
    """Whether the server has folders beneath, and lists them when they are long empty."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get("server", "")).startswith("SeaweedFS")


SERVICE = S3()
