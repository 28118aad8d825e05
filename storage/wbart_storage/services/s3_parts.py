"""Multipart uploads of S3, through s3fs.

A part goes with its CRC-32, taken here: s3fs would take it on the one thread that serves all
requests of the process.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wbart_storage.errors import ObjectMissing, StoreUnavailable
from wbart_storage.keys import check_key
from wbart_storage.objects import Part
from wbart_storage.services.s3_sums import TRIAL, arrived, sum_of
from wbart_storage.services.service import Below
from wbart_storage.translate import translated

_MD5 = re.compile(r"[0-9a-f]{32}")


class S3Parts(Below):
    """Uploads in parts below a bucket's path."""

    def begin(self, key: str) -> str:
        return str(self._call("create_multipart_upload", key)["UploadId"])

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        def send(body: bytes, checksum: str, number: int = TRIAL) -> Mapping[str, Any]:
            told = {"PartNumber": number, "Body": body, "ChecksumCRC32": checksum}
            return self._call("upload_part", key, UploadId=upload, **told)

        checksum = sum_of(data)
        answer = send(data, checksum, number)
        if not arrived(self._fs, answer, data, checksum, send):
            raise StoreUnavailable(f"{key}: part {number} did not arrive as it was sent")
        return _part({**answer, "PartNumber": number, "Size": len(data)})

    def parts(self, key: str, upload: str) -> list[Part]:
        found: list[Part] = []
        more: Mapping[str, object] = {}
        while True:
            answer = self._call("list_parts", key, UploadId=upload, **more)
            found += [_part(each) for each in answer.get("Parts", []) if _is_ours(each)]
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


def _is_ours(told: Mapping[str, Any]) -> bool:
    return bool(told["PartNumber"] != TRIAL)


def _part(told: Mapping[str, Any]) -> Part:
    etag = str(told["ETag"])
    plain = etag.strip('"').lower()
    digest = bytes.fromhex(plain) if _MD5.fullmatch(plain) else b""
    receipt = f"{etag} {told.get('ChecksumCRC32', '')}".rstrip()
    return Part(told["PartNumber"], told["Size"], digest, receipt)


PARTS = S3Parts
