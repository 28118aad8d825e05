"""Whether what was sent is what a service then had: a bit may flip on the way there, too.

Most services refuse a body that does not fit its checksum. Some tell only what they have stored,
and then we compare; by then the object is there, and it is ours, so it is written anew.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import file_digest, md5
from io import BytesIO
from pathlib import Path
from typing import Any

from wbart_storage.errors import StorageError, StoreUnavailable

log = logging.getLogger(__name__)

_TRIES = 3
_PLAIN = re.compile(r"[0-9a-f]{32}")


def until_right(
    key: str, send: Callable[[], bool], again: Callable[[], bool], delete: Callable[[], None]
) -> None:
    """Send once, then again while it did not arrive as it was sent; each says whether it did.

    Raises StoreUnavailable when it never does, and takes away what lies there then.
    """
    right = send()
    for _ in range(_TRIES):
        if right:
            return
        log.warning("%s did not arrive as it was sent, sending it again", key)
        right = again()
    if right:
        return
    try:
        delete()
    except StorageError as error:
        log.warning("%s lies there damaged: %s", key, error)
    raise StoreUnavailable(f"{key} did not arrive as it was sent")


def md5_of(source: bytes | Path) -> bytes:
    """The MD5 of what is sent."""
    if isinstance(source, bytes):
        return md5(source, usedforsecurity=False).digest()
    with source.open("rb") as file:
        return file_digest(file, lambda: md5(usedforsecurity=False)).digest()


def etag_of(source: bytes | Path, part: int | None = None) -> str:
    """What S3 calls what it was sent: its MD5, or for parts of that size the MD5 of theirs."""
    if part is None:
        return md5_of(source).hex()
    sums = []
    with BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        while piece := file.read(part):
            sums.append(md5_of(piece))
    return f"{md5_of(b''.join(sums)).hex()}-{len(sums)}"


def base64_md5(source: bytes | Path) -> str:
    """The MD5 as GCS has it."""
    return b64encode(md5_of(source)).decode()


def fits_etag(answer: Mapping[str, Any], data: bytes) -> bool:
    """Whether S3 tells an ETag that is none of other bytes; most are an MD5.

    With a key of the user's, or one of a key service, it is an MD5 of nothing that we know.
    """
    if answer.get("ServerSideEncryption", "AES256") != "AES256" or "SSECustomerAlgorithm" in answer:
        return True
    etag = str(answer.get("ETag", "")).strip('"').lower()
    return _PLAIN.fullmatch(etag) is None or bytes.fromhex(etag) == md5_of(data)
