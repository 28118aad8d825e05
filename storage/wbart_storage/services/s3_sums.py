"""Whether what S3 was sent is what it then had, found out without counting an MD5 if possible.

Each body goes with its CRC-32, which takes an eighth of the time. A server that looks at it may
say so in its answer. To one that says nothing a wrong one is sent once a process, with a body of
five bytes: who refuses that refuses what is spoilt on the way. Of all others the ETag is compared.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from wbart_storage.errors import StorageError
from wbart_storage.services.arrival import fits_etag
from wbart_storage.translate import error_code

_BODY = b"wbart"
_REFUSALS = frozenset({"BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"})

Answer = Mapping[str, Any]
Trial = Callable[[bytes, str], object]
"""Sends a body with a checksum to where it does no harm; raises when the server refuses it."""

_known: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def sum_of(data: bytes) -> str:
    """The CRC-32 as S3 has it."""
    return b64encode(crc32(data).to_bytes(4, "big")).decode()


def arrived(fs: Any, answer: Answer, data: bytes, checksum: str, trial: Trial) -> bool:
    """Whether the server has the data that it was sent with that checksum, by its answer."""
    if "ChecksumCRC32" in answer:
        return told(answer, checksum)
    return _refuses_spoilt(fs, trial) or fits_etag(answer, data)


def told(answer: Answer, checksum: str) -> bool:
    """Whether the answer says that this is the CRC-32 of what the server has."""
    return bool(answer.get("ChecksumCRC32") == checksum)


def _refuses_spoilt(fs: Any, trial: Trial) -> bool:
    """Whether a body with a wrong checksum is refused; each file system's server is asked once."""
    # No lock: to ask twice does no harm, and one that is held in a fork is never let go of.
    if fs not in _known:
        try:
            trial(_BODY, sum_of(b"other"))
            _known[fs] = False
        except StorageError as error:
            if error_code(error) not in _REFUSALS:
                return False  # nothing is proven: the next one asks again
            _known[fs] = True
    return _known[fs]
