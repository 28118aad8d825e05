"""Buckets of Google Cloud Storage, through gcsfs and its JSON API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import Any, BinaryIO
from urllib.parse import quote

from wbart_storage.objects import ObjectStat
from wbart_storage.services.arrival import base64_md5
from wbart_storage.services.service import (
    CONNECT_SECONDS,
    READ_SECONDS,
    Page,
    seconds,
    split_root,
    stats_below,
)

_BATCH = 100
"""Calls in one batch request, at most, says the API."""
_BYTES = "application/octet-stream"


class Gcs:
    """See `wbart_storage.services.service.Service`."""

    def connect(self, kind: Any, args: Sequence[Any], options: Mapping[str, Any]) -> Any:
        if kind is None:
            # Not gcsfs.GCSFileSystem: that asks each bucket for its layout over gRPC first, which
            # stalls for tens of seconds wherever only the JSON API answers.
            from gcsfs.core import GCSFileSystem

            from wbart_storage.services.gcs_credentials import with_token

            kind = GCSFileSystem
            options = with_token(options)
        from aiohttp import ClientTimeout

        patience = ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS)
        fs: Any = kind(*args, **{"requests_timeout": patience, **options})
        once = getattr(kind._request, "__wrapped__", None)
        if once is not None:
            # Its six tries take 33 s, for wrong credentials too, and no option lessens them.
            fs._request = partial(once, fs)
        return fs

    def upload(self, fs: Any, path: str, data: bytes, exclusive: bool) -> bool:
        digest = base64_md5(data)
        if not exclusive:
            return self._put(fs, path, BytesIO(data), digest)
        bucket, key = path.split("/", 1)
        # Ours, since gcsfs ends the data at the first "--==0==" in it.
        boundary = token_hex(24)
        # The letters of a key need no escape. The service refuses what has another MD5.
        head = f'{{"name": "{key}", "md5Hash": "{digest}"}}'
        body = (
            (
                f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{head}\r\n"
                f"--{boundary}\r\nContent-Type: {_BYTES}\r\n\r\n"
            ).encode()
            + data
            + f"\r\n--{boundary}--\r\n".encode()
        )
        answer = fs.call(
            "POST",
            f"{fs._location}/upload/storage/v1/b/{quote(bucket, safe='')}/o",
            uploadType="multipart",
            ifGenerationMatch="0",
            headers={"Content-Type": f'multipart/related; boundary="{boundary}"'},
            data=BytesIO(body),
            json_out=True,
        )
        return bool(answer.get("md5Hash", digest) == digest)

    def upload_file(self, fs: Any, path: str, source: Path) -> bool:
        digest = base64_md5(source)
        with source.open("rb") as file:
            return self._put(fs, path, file, digest)

    def stat(self, fs: Any, root: str, key: str) -> ObjectStat:
        bucket, base = split_root(root)
        answer = fs.call("GET", "b/{}/o/{}", bucket, base + key, json_out=True)
        return ObjectStat(key, int(answer["size"]), seconds(answer["updated"]))

    def page(self, fs: Any, root: str, prefix: str, delimiter: str, token: Any) -> Page:
        bucket, base = split_root(root)
        answer = fs.call(
            "GET",
            "b/{}/o",
            bucket,
            prefix=base + prefix or None,
            delimiter=delimiter or None,
            pageToken=token,
            json_out=True,
        )
        objects = [
            ObjectStat(each["name"], int(each["size"]), seconds(each["updated"]))
            for each in answer.get("items") or ()
        ]
        folders = answer.get("prefixes") or ()
        return Page(stats_below(base, objects, folders), answer.get("nextPageToken") or None)

    def delete(self, fs: Any, root: str, keys: Sequence[str]) -> None:
        from fsspec.asyn import sync

        bucket, base = split_root(root)
        paths = [f"{bucket}/{base}{key}" for key in keys]
        outcomes: Any = sync(fs.loop, fs._delete_files, paths, _BATCH)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not _is_absence(outcome):
                raise outcome

    def _put(self, fs: Any, path: str, data: BinaryIO, digest: str) -> bool:
        bucket, key = path.split("/", 1)
        answer = fs.call(
            "POST",
            f"{fs._location}/upload/storage/v1/b/{quote(bucket, safe='')}/o",
            uploadType="media",
            name=key,
            headers={"Content-Type": _BYTES},
            data=data,
            json_out=True,
        )
        return bool(answer.get("md5Hash", digest) == digest)


def _is_absence(error: Exception) -> bool:
    return isinstance(error, FileNotFoundError) or "No such object" in str(error)


SERVICE = Gcs()
