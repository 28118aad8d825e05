"""Multipart uploads of S3, through s3fs.

A part goes with its CRC-32, taken here: s3fs would take it on the one thread that serves all
requests of the process. A server that has looked at it says so in its answer; the ETag of any
other is compared with the MD5, which takes eight times as long to count.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any
from zlib import crc32

from wbart_storage.errors import ObjectMissing, StoreUnavailable
from wbart_storage.keys import check_key
from wbart_storage.objects import Part
from wbart_storage.parts import Connected
from wbart_storage.translate import translated

_MD5 = re.compile(r"[0-9a-f]{32}")


class S3Parts:
    """Uploads in parts below a bucket's path."""

    def __init__(self, fs: Connected, root: str) -> None:
        self._connected = fs
        self._root = root

    @property
    def _fs(self) -> Any:
        return self._connected()

    def begin(self, key: str) -> str:
        return str(self._call("create_multipart_upload", key)["UploadId"])

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        checksum = b64encode(crc32(data).to_bytes(4, "big")).decode()
        answer = self._call(
            "upload_part",
            key,
            UploadId=upload,
            PartNumber=number,
            Body=data,
            ChecksumCRC32=checksum,
        )
        if not _arrived(answer, checksum, data):
            raise StoreUnavailable(f"{key}: part {number} did not arrive as it was sent")
        return _part({**answer, "PartNumber": number, "Size": len(data)})

    def parts(self, key: str, upload: str) -> list[Part]:
        found: list[Part] = []
        more: Mapping[str, object] = {}
        while True:
            answer = self._call("list_parts", key, UploadId=upload, **more)
            found += map(_part, answer.get("Parts", []))
            if not answer.get("IsTruncated"):
                return found
            more = {"PartNumberMarker": answer["NextPartNumberMarker"]}

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        named = []
        for each in parts:
            etag, _, checksum = each.receipt.partition(" ")
            more = {"ChecksumCRC32": checksum} if checksum else {}
            named.append({"PartNumber": each.number, "ETag": etag, **more})
        upload_parts = {"Parts": named}
        self._call("complete_multipart_upload", key, UploadId=upload, MultipartUpload=upload_parts)

    def abort(self, key: str, upload: str) -> None:
        try:
            self._call("abort_multipart_upload", key, UploadId=upload)
        except ObjectMissing:
            return

    def _call(self, method: str, key: str, **arguments: object) -> Mapping[str, Any]:
        bucket, path, _ = self._fs.split_path(f"{self._root}/{check_key(key)}")
        with translated(key):
            answer: Mapping[str, Any] = self._fs.call_s3(
                method, Bucket=bucket, Key=path, **arguments
            )
            return answer


def _arrived(answer: Mapping[str, Any], checksum: str, data: bytes) -> bool:
    """Whether the server has what was sent, as far as it tells."""
    told = answer.get("ChecksumCRC32")
    if told is not None:
        return bool(told == checksum)
    # With keys of its own the server's ETag is an MD5 of nothing that we know.
    plain = answer.get("ServerSideEncryption", "AES256") == "AES256"
    stored = _part({**answer, "PartNumber": 0, "Size": 0}).md5
    if not plain or "SSECustomerAlgorithm" in answer or not stored:
        return True
    return stored == md5(data, usedforsecurity=False).digest()


def _part(told: Mapping[str, Any]) -> Part:
    etag = str(told["ETag"])
    plain = etag.strip('"').lower()
    digest = bytes.fromhex(plain) if _MD5.fullmatch(plain) else b""
    receipt = f"{etag} {told.get('ChecksumCRC32', '')}".rstrip()
    return Part(told["PartNumber"], told["Size"], digest, receipt)
