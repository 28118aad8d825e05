"""Parts on GCS, through gcsfs: objects below `hints/`, composed into one at the end.

A resumable session would take one part after the other. Composing takes 32 objects at most, so
a longer object is made in steps; what the steps leave is removed like the parts.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from hashlib import md5
from typing import Any
from urllib.parse import quote

from wbart_storage.errors import ObjectMissing, StoreUnavailable
from wbart_storage.keys import check_key, check_prefix
from wbart_storage.objects import Part
from wbart_storage.services.service import Below
from wbart_storage.tokens import token_hex
from wbart_storage.translate import translate, translated

_AT_ONCE = 32
_TYPE = "application/octet-stream"


class GcsParts(Below):
    """Uploads in parts below a bucket's path."""

    def begin(self, key: str) -> str:
        check_key(key)
        return token_hex(16)

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        bucket, name = self._split(_part_key(upload, f"{number:06}"))
        digest = md5(data, usedforsecurity=False).digest()
        # As a stream, which is sent piece by piece and not copied whole into the connection.
        from gcsfs.core import UnclosableBytesIO

        with translated(key):
            # The name stands in the path: `name` is a parameter of gcsfs.
            path = f"{self._fs._location}/upload/storage/v1/b/{quote(bucket)}/o?name={quote(name)}"
            answer = self._fs.call(
                "POST",
                path,
                uploadType="media",
                headers={"Content-Type": _TYPE},
                data=UnclosableBytesIO(data),
                json_out=True,
            )
        stored = _part(answer)
        if stored.size != len(data) or stored.md5 not in (b"", digest):
            raise StoreUnavailable(f"{key}: part {number} did not arrive as it was sent")
        return stored

    def parts(self, key: str, upload: str) -> list[Part]:
        found = [
            _part(each)
            for each in self._listed(key, upload)
            if each["name"].rpartition("/")[2].isdigit()
        ]
        if not found:
            raise ObjectMissing(key)
        return sorted(found, key=lambda part: part.number)

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        names = [each.receipt for each in parts]
        step = 0
        while len(names) > _AT_ONCE:
            bucket, name = self._split(_part_key(upload, f"step-{step}"))
            self._compose(key, bucket, names[:_AT_ONCE], name)
            names, step = [name, *names[_AT_ONCE:]], step + 1
        bucket, name = self._split(check_key(key))
        made = self._compose(key, bucket, names, name)
        if int(made["size"]) != sum(each.size for each in parts):
            raise StoreUnavailable(f"{key}: has {made['size']} bytes, the parts have more")
        self.abort(key, upload)

    def abort(self, key: str, upload: str) -> None:
        for each in self._listed(key, upload):
            try:
                self._fs.rm_file(f"{each['bucket']}/{each['name']}")
            except Exception as error:
                translation = translate(error, key)
                if not isinstance(translation, ObjectMissing):
                    raise translation from error

    def _compose(
        self, key: str, bucket: str, names: Sequence[str], target: str
    ) -> Mapping[str, Any]:
        body = {
            "sourceObjects": [{"name": name} for name in names],
            "destination": {"contentType": _TYPE},
        }
        with translated(key):
            made: Mapping[str, Any] = self._fs.call(
                "POST", "b/{}/o/{}/compose", bucket, target, json=body, json_out=True
            )
            return made

    def _listed(self, key: str, upload: str) -> list[Mapping[str, Any]]:
        bucket, prefix = self._split(check_prefix(_part_key(upload, "")))
        with translated(key):
            found: list[Mapping[str, Any]] = []
            page: Mapping[str, Any] = {}
            while not found or page.get("nextPageToken"):
                page = self._fs.call(
                    "GET",
                    "b/{}/o",
                    bucket,
                    prefix=prefix,
                    pageToken=page.get("nextPageToken"),
                    json_out=True,
                )
                found += page.get("items", [])
                if not page.get("items"):
                    break
            return found

    def _split(self, key: str) -> tuple[str, str]:
        bucket, name, _ = self._fs.split_path(f"{self._root}/{key}")
        return bucket, name


def _part_key(upload: str, name: str) -> str:
    return f"hints/parts/{upload}/{name}"


def _part(told: Mapping[str, Any]) -> Part:
    name = str(told["name"])
    digest = b64decode(told.get("md5Hash", ""))
    return Part(int(name.rpartition("/")[2]), int(told["size"]), digest, name)


PARTS = GcsParts
