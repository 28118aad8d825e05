"""Whether what S3 was sent is what it then had, found out without counting an MD5 if possible.

Each body goes with its CRC-32, which takes an eighth of the time. A server that looks at it may
say so in its answer. Each client sends a wrong one once, with a body of five bytes: who refuses
that refuses what is spoilt on the way. Of who does neither the ETag is compared.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from wbart_storage.errors import StorageError
from wbart_storage.services.arrival import fits_etag
from wbart_storage.services.s3_signing import signing_of
from wbart_storage.translate import error_code

TRIAL = 10_000
"""The last number of a part that there is, for what is sent to try the server: none of ours."""
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
    refuses = _refuses_spoilt(fs, trial)
    if "ChecksumCRC32" in answer:
        return told(answer, checksum)
    return refuses or fits_etag(answer, data)


def told(answer: Answer, checksum: str) -> bool:
    """Whether the answer says that this is the CRC-32 of what the server has."""
    return bool(answer.get("ChecksumCRC32") == checksum)


def _refuses_spoilt(fs: Any, trial: Trial) -> bool:
    """Whether a body with a wrong checksum is refused; each client's server is asked once.

    If it is without a signature of the body, the bodies of parts are not signed from now on.
    """
    # Of the client, as the signing is: file systems of the same options are equal for fsspec.
    # No lock: to ask twice does no harm, and one that is held in a fork is never let go of.
    client = fs.s3
    if client in _known:
        return _known[client]
    signing = signing_of(client, TRIAL)
    if signing is not None and signing.unsigned != "all":
        signing.unsigned = "trial"
        signing.unsigned = "all" if _refused(trial) else "none"
    unsigned = signing is not None and signing.unsigned == "all"
    refused = unsigned or _refused(trial)
    if refused is not None:
        _known[client] = refused
    return bool(refused)


def _refused(trial: Trial) -> bool | None:
    """Whether the trial was refused for what was wrong; None when it is worth another try."""
    try:
        trial(_BODY, sum_of(b"other"))
    except StorageError as error:
        if error_code(error) in _REFUSALS:
            return True
        return None if error.transient else False
    return False
