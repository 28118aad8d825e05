"""What other people's exceptions mean to a store. The only place that looks at them.

Nothing foreign is imported: the libraries of S3, GCS and Azure are known by the names of their
classes and by what they keep (an HTTP status, an error code), so that nobody loads three clouds
to read a local folder.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wbart_storage import obstore_errors
from wbart_storage.errors import (
    AccessDenied,
    KeyInvalid,
    ObjectExists,
    ObjectMissing,
    OptionInvalid,
    StorageError,
    StoreFull,
    StoreMissing,
    StoreRefused,
    StoreUnavailable,
)

_NO_STORE = {"NoSuchBucket", "ContainerNotFound"}
_EXISTS = {"PreconditionFailed", "BlobAlreadyExists", "ConditionNotMet"}
_DENIED = {
    "AccessDenied", "AccountProblem", "AllAccessDisabled", "AuthenticationFailed",
    "AuthorizationFailure", "AuthorizationPermissionMismatch", "ExpiredToken",
    "InvalidAccessKeyId", "InvalidToken", "InvalidSecurity", "NotSignedUp",
    "RequestTimeTooSkewed", "SignatureDoesNotMatch", "TokenRefreshRequired",
}  # fmt: skip
_FULL = {"QuotaExceeded", "XMinioStorageFull"}
_PATIENCE = {
    "BadDigest", "BandwidthLimitExceeded", "ConditionalRequestConflict", "IncompleteBody",
    "InternalError", "Md5Mismatch", "OperationAborted", "OperationTimedOut", "RequestLimitExceeded",
    "RequestTimeout", "RestoreAlreadyInProgress", "ServerBusy", "ServiceUnavailable", "SlowDown",
    "Throttling", "ThrottlingException", "TooManyRequests",
}  # fmt: skip

_UNKNOWN_OPTION = re.compile(r"unexpected keyword argument '(\w+)'")
_OTHER_MD5 = re.compile(r"Provided (contentMD5|MD5 hash)\b.* match", re.DOTALL)
_STATUS: dict[int, type[StorageError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: ObjectMissing,
    408: StoreUnavailable,
    # S3 answers 409 to the loser of a race that is still open: who won is not known yet.
    409: StoreUnavailable,
    410: ObjectMissing,
    412: ObjectExists,
    425: StoreUnavailable,
    429: StoreUnavailable,
    501: StorageError,
    507: StoreFull,
}
_ERRNO: dict[int, type[StorageError]] = {
    errno.ENOENT: ObjectMissing,
    errno.ENOTDIR: ObjectMissing,
    errno.EISDIR: ObjectMissing,
    errno.EEXIST: ObjectExists,
    errno.ENAMETOOLONG: KeyInvalid,
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EFBIG: StoreFull,
    errno.EACCES: AccessDenied,
    errno.EPERM: AccessDenied,
    errno.EROFS: AccessDenied,
    errno.EAGAIN: StoreUnavailable,
    errno.EBUSY: StoreUnavailable,
    errno.EMFILE: StoreUnavailable,
    errno.ENFILE: StoreUnavailable,
    errno.ESTALE: StoreUnavailable,
    errno.ENETDOWN: StoreUnavailable,
    errno.ENETUNREACH: StoreUnavailable,
    errno.EHOSTDOWN: StoreUnavailable,
    errno.EHOSTUNREACH: StoreUnavailable,
    errno.ENOSYS: StoreRefused,
    errno.EOPNOTSUPP: StoreRefused,
}
_NAMED: dict[tuple[str, str], type[StorageError]] = {
    ("botocore", "NoCredentialsError"): AccessDenied,
    ("botocore", "PartialCredentialsError"): AccessDenied,
    ("botocore", "CredentialRetrievalError"): AccessDenied,
    ("botocore", "TokenRetrievalError"): AccessDenied,
    ("botocore", "UnauthorizedSSOTokenError"): AccessDenied,
    ("botocore", "ProfileNotFound"): AccessDenied,
    ("botocore", "ConnectionError"): StoreUnavailable,
    ("botocore", "HTTPClientError"): StoreUnavailable,
    ("botocore", "IncompleteReadError"): StoreUnavailable,
    ("botocore", "ChecksumError"): StoreUnavailable,
    ("botocore", "FlexibleChecksumError"): StoreUnavailable,
    ("aiohttp", "ClientResponseError"): StorageError,
    ("aiohttp", "InvalidURL"): StorageError,
    ("aiohttp", "ClientError"): StoreUnavailable,
    ("azure", "ClientAuthenticationError"): AccessDenied,
    ("azure", "ResourceExistsError"): ObjectExists,
    ("azure", "ResourceNotFoundError"): ObjectMissing,
    ("azure", "ServiceRequestError"): StoreUnavailable,
    ("azure", "ServiceResponseError"): StoreUnavailable,
    ("azure", "IncompleteReadError"): StoreUnavailable,
    ("google", "DefaultCredentialsError"): AccessDenied,
    ("google", "RefreshError"): AccessDenied,
    ("google", "TimeoutError"): StoreUnavailable,
    ("google", "TransportError"): StoreUnavailable,
    ("gcsfs", "ChecksumError"): StoreUnavailable,
    ("requests", "ConnectionError"): StoreUnavailable,
    ("requests", "RetryError"): StoreUnavailable,
    ("requests", "Timeout"): StoreUnavailable,
    ("requests", "ChunkedEncodingError"): StoreUnavailable,
    ("requests", "ContentDecodingError"): StoreUnavailable,
    ("socket", "gaierror"): StoreUnavailable,
    ("obstore", "AlreadyExistsError"): ObjectExists,
    ("obstore", "PreconditionError"): ObjectExists,
    ("obstore", "NotFoundError"): ObjectMissing,
    ("obstore", "PermissionDeniedError"): AccessDenied,
    ("obstore", "UnauthenticatedError"): AccessDenied,
    ("obstore", "InvalidPathError"): KeyInvalid,
    ("obstore", "NotSupportedError"): StoreRefused,
    ("obstore", "UnknownConfigurationKeyError"): StoreRefused,
}


def translate(error: BaseException, key: str) -> StorageError:
    """Our exception for what a file system or a client library raised about key.

    Looks at the first thing that speaks along the chain of causes: a service's error code, its
    HTTP status, a known class, an errno. What nobody knows becomes a plain StorageError. What may
    be tried again loses its traceback.
    """
    kind: type[StorageError] | None = None
    for link in _causes(error):
        if isinstance(link, StorageError):
            return link
        code, status = _answer(link)
        if code in _NO_STORE:
            return StoreMissing(code)
        kind = kind or _by_code(code) or _spoilt(link) or _by_status(status) or _by_class(link)
    made = _made(kind or StorageError, key, error)
    if made.transient:
        _let_go(error)
    return made


def refused(code: str, key: str, reason: str) -> StorageError:
    """Our exception for the error code that a service gives for one key of many."""
    if code in _NO_STORE:
        return StoreMissing(code)
    return _made(_by_code(code) or StorageError, key, Exception(f"{code}: {reason}"))


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Let nothing but StorageError out of the block. Ours and control flow pass as they are."""
    try:
        yield
    except StorageError:
        raise
    except Exception as error:
        raise translate(error, key) from error


def error_code(error: BaseException) -> str:
    """The code that a service gave for an error, the first along its causes; empty for none."""
    return next((code for code, _ in map(_answer, _causes(error)) if code), "")


def beyond_end(error: BaseException) -> bool:
    """Whether a service says that a range starts behind the end of an object (416)."""
    return any(
        code in ("InvalidRange", "416") or status == 416
        for code, status in map(_answer, _causes(error))
    )


def _let_go(error: BaseException) -> None:
    """Forget the frames that an error came through.

    fsspec's refer to it, and would keep what was to be sent until somebody looks for cycles.
    """
    for link in _causes(error):
        link.__traceback__ = None


def _made(kind: type[StorageError], key: str, error: BaseException) -> StorageError:
    if kind in (ObjectMissing, ObjectExists, KeyInvalid):
        return kind(key)
    made = kind(f"{key}: {one_line(error)}")
    if isinstance(made, StoreUnavailable):
        made.retry_after = next(filter(None, map(_retry_after, _causes(error))), None)
    return made


def _retry_after(error: BaseException) -> float | None:
    """The seconds in a Retry-After header, where a client library kept the headers."""
    answer = getattr(error, "response", error)
    if isinstance(answer, dict):  # botocore.ClientError
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    else:
        headers = getattr(answer, "headers", None)
    if not isinstance(headers, Mapping):
        return None
    lowered = {str(name).lower(): value for name, value in headers.items()}
    return float(_number(lowered.get("retry-after"))) or None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _answer(error: BaseException) -> tuple[str, int]:
    """The error code and HTTP status that a client library keeps in its exception."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore.ClientError
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return code, _number(status or code)
    if _family(type(error)) == "azure":
        named = getattr(error, "error_code", None)  # an enum of str, or None
        return str(getattr(named, "value", named) or ""), _number(getattr(error, "status_code", 0))
    if _family(type(error)) == "aiohttp":  # ClientResponseError
        return "", _number(getattr(error, "status", 0))
    if _family(type(error)) in ("gcsfs", "google"):  # gcsfs.retry.HttpError, google.api_core
        return "", _number(getattr(error, "code", 0))
    if _family(type(error)) == "requests":  # HTTPError
        return "", _number(getattr(response, "status_code", 0))
    return obstore_errors.answer(error) if obstore_errors.speaks(error) else ("", 0)


def _number(value: object) -> int:
    return int(str(value)) if str(value).isascii() and str(value).isdigit() else 0


def _by_code(code: str) -> type[StorageError] | None:
    for codes, kind in (
        (_EXISTS, ObjectExists),
        (_DENIED, AccessDenied),
        (_FULL, StoreFull),
        (_PATIENCE, StoreUnavailable),
    ):
        if code in codes:
            return kind
    return None


def _spoilt(error: BaseException) -> type[StorageError] | None:
    """What is said of a body that did not arrive as it was sent, where no code of its own is."""
    return StoreUnavailable if _OTHER_MD5.search(str(error)) else None


def _by_status(status: int) -> type[StorageError] | None:
    if status in _STATUS:
        return _STATUS[status]
    if status >= 500:
        return StoreUnavailable
    return StorageError if status >= 400 else None


def _by_class(error: BaseException) -> type[StorageError] | None:
    for base in type(error).__mro__:
        if named := _NAMED.get((_family(base), base.__name__)):
            return named
    if obstore_errors.speaks(error) and (found := obstore_errors.kind(error)) is not None:
        return found
    if isinstance(error, TypeError) and _UNKNOWN_OPTION.search(str(error)):
        return OptionInvalid
    if isinstance(error, NotImplementedError | ImportError):
        return StoreRefused
    if isinstance(error, TimeoutError | ConnectionError):
        return StoreUnavailable
    if not isinstance(error, OSError):
        return None
    # Backends raise FileNotFoundError("text") and the like, without an errno.
    for builtin, number in (
        (FileNotFoundError, errno.ENOENT),
        (FileExistsError, errno.EEXIST),
        (PermissionError, errno.EACCES),
        (IsADirectoryError, errno.EISDIR),
        (NotADirectoryError, errno.ENOTDIR),
    ):
        if isinstance(error, builtin):
            return _ERRNO[number]
    if str(error).startswith("Forbidden"):  # what gcsfs makes of 403
        return AccessDenied
    return _ERRNO.get(error.errno or 0)


def _family(kind: type) -> str:
    return kind.__module__.partition(".")[0]


def one_line(error: BaseException) -> str:
    """The message without line breaks, signatures of URLs, passwords and answers in XML."""
    text = " ".join(obstore_errors.said(error).split()) or type(error).__name__
    if unknown := _UNKNOWN_OPTION.search(text):
        return f"no storage option {unknown[1]!r}"
    text = re.sub(r"\s*(Content: )?<\?xml.*", "", text)
    text = re.sub(r"(url: [^\s?]*)\?\S*", r"\1", text)
    text = re.sub(r"(?i)(\w*(?:token|signature|secret|sig|password)\w*=)[^\s&]+", r"\1…", text)
    text = re.sub(r"(://)[^/@\s]*@", r"\1", text)
    return re.sub(r"(https?://[^\s?]*)\?\S*", r"\1", text)[:500]
