"""Staged blocks of Azure, through adlfs.

A block's name is its number and the MD5 of its bytes, so that the list of what is staged tells
what is in it. Nothing has to be begun, and what is never committed the service forgets after a
week: there is no call to let go of it that would not show an empty object for a moment.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Sequence
from hashlib import md5
from io import BytesIO
from typing import Any

from fsspec.asyn import sync

from wbart_storage.keys import check_key
from wbart_storage.objects import Part
from wbart_storage.services.service import Below
from wbart_storage.translate import translated

_UPLOAD = "blocks"
_NAME = re.compile(rb"(\d{6})-([0-9a-f]{32})")


class AzureParts(Below):
    """Uploads in parts below a container's path."""

    def begin(self, key: str) -> str:
        check_key(key)
        return _UPLOAD

    def part(self, key: str, upload: str, number: int, data: bytes) -> Part:
        digest = md5(data, usedforsecurity=False)
        name = b64encode(b"%06d-%b" % (number, digest.hexdigest().encode())).decode()
        # As a stream, which is sent piece by piece and not copied whole into the connection.
        self._do(
            key,
            lambda blob: blob.stage_block(name, BytesIO(data), len(data), validate_content=True),
        )
        return Part(number, len(data), digest.digest(), name)

    def parts(self, key: str, upload: str) -> list[Part]:
        staged = self._do(key, lambda blob: blob.get_block_list("uncommitted"))[1]
        return sorted(filter(None, map(_part, staged)), key=lambda part: part.number)

    def complete(self, key: str, upload: str, parts: Sequence[Part]) -> None:
        # Told to adlfs as it tells itself, else it would ask whether this is a folder.
        marks = {"is_directory": "false"}
        names = [_block(each.receipt) for each in parts]
        self._do(key, lambda blob: blob.commit_block_list(names, metadata=marks))

    def abort(self, key: str, upload: str) -> None:
        check_key(key)

    def _do(self, key: str, call: Callable[[Any], Awaitable[Any]]) -> Any:
        container, path, _ = self._fs.split_path(f"{self._root}/{check_key(key)}")

        async def done() -> Any:
            async with self._fs.service_client.get_blob_client(container, path) as blob:
                return await call(blob)

        with translated(key):
            return sync(self._fs.loop, done)


def _block(name: str) -> Any:
    from azure.storage.blob import BlobBlock

    return BlobBlock(name)


def _part(block: Any) -> Part | None:
    named = _NAME.fullmatch(b64decode(block.id))
    if named is None:
        return None  # somebody else's way to name blocks
    number, digest = named.groups()
    return Part(int(number), block.size, bytes.fromhex(digest.decode()), block.id)


PARTS = AzureParts
