"""Every exception that fsspec and its backends document comes out as one of ours.

The tables are compared with what the libraries really hold: a release that adds an exception or
an error code turns these tests red, until somebody has decided what it means.
"""

from __future__ import annotations

import errno
import inspect
import os
import pickle
from types import ModuleType
from typing import Any

import adlfs
import aiohttp
import azure.core.exceptions
import botocore.exceptions
import fsspec.exceptions
import gcsfs.retry
import google.auth.exceptions
import pytest
import requests.exceptions
from s3fs.errors import ERROR_CODE_TO_EXCEPTION, translate_boto_error

import wbart_storage.errors
from wbart_manifest.digest import Digest
from wbart_storage.errors import (
    AccessDenied,
    BlobCorrupt,
    BlobMissing,
    KeyInvalid,
    ObjectExists,
    ObjectMissing,
    StorageError,
    StoreFull,
    StoreMissing,
    StoreRefused,
    StoreUnavailable,
)
from wbart_storage.translate import beyond_end, translate, translated

KEY = "o/aa/x"


def made(kind: type[BaseException]) -> BaseException:
    """An instance without its constructor, which every library spells differently."""
    body = {"__str__": lambda self: "planted", "__init__": lambda self: None}
    plain: Any = type(kind.__name__, (kind,), {**body, "__module__": kind.__module__})
    error: BaseException = plain.__new__(plain)
    return error


def all_of(*modules: ModuleType) -> list[type[BaseException]]:
    found = {
        kind
        for module in modules
        for kind in vars(module).values()
        if inspect.isclass(kind)
        and issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and kind.__module__.split(".")[0] == module.__name__.split(".")[0]
    }
    return sorted(found, key=lambda kind: kind.__qualname__)


FOREIGN = all_of(
    botocore.exceptions,
    azure.core.exceptions,
    google.auth.exceptions,
    aiohttp,
    requests.exceptions,
    gcsfs.retry,
    fsspec.exceptions,
    adlfs.spec,
)


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_documented_exception_comes_out_as_ours(kind: type[BaseException]) -> None:
    with pytest.raises(StorageError) as caught, translated(KEY):
        raise made(kind)

    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, kind)


def test_the_enumeration_found_the_libraries() -> None:
    families = [kind.__module__.split(".")[0] for kind in FOREIGN]

    assert len(FOREIGN) > 150
    for family in ("botocore", "azure", "google", "aiohttp", "requests", "gcsfs", "fsspec"):
        assert family in families


TRANSIENT = {
    "botocore": {
        "ConnectTimeoutError", "ConnectionClosedError",
        "ConnectionError", "EndpointConnectionError", "FlexibleChecksumError", "ChecksumError",
        "HTTPClientError", "IncompleteReadError", "ProxyConnectionError", "ReadTimeoutError",
        "ResponseStreamingError", "SSLError",
    },
    "azure": {
        "IncompleteReadError", "ServiceRequestError", "ServiceRequestTimeoutError",
        "ServiceResponseError", "ServiceResponseTimeoutError",
    },
    "google": {"TimeoutError", "TransportError"},
    "gcsfs": {"ChecksumError"},
    "fsspec": {"FSTimeoutError"},
    "requests": {
        "ChunkedEncodingError", "ConnectTimeout", "ConnectionError", "ContentDecodingError",
        "ProxyError", "ReadTimeout", "RetryError", "SSLError", "Timeout",
    },
}  # fmt: skip


@pytest.mark.parametrize("family", sorted(TRANSIENT))
def test_exactly_what_may_pass_is_transient(family: str) -> None:
    transient = {
        kind.__name__
        for kind in FOREIGN
        if kind.__module__.split(".")[0] == family and translate(made(kind), KEY).transient
    }

    assert transient == TRANSIENT[family]


@pytest.mark.parametrize(
    "kind",
    [
        botocore.exceptions.NoCredentialsError,
        botocore.exceptions.PartialCredentialsError,
        botocore.exceptions.TokenRetrievalError,
        botocore.exceptions.ProfileNotFound,
        azure.core.exceptions.ClientAuthenticationError,
        google.auth.exceptions.DefaultCredentialsError,
        google.auth.exceptions.RefreshError,
    ],
)
def test_credentials_that_do_not_reach_are_denied(kind: type[BaseException]) -> None:
    assert type(translate(made(kind), KEY)) is AccessDenied


# S3: s3fs turns a ClientError into a builtin and keeps it as the cause.

S3_CODES: dict[str, type[StorageError]] = {
    **dict.fromkeys(
        (
            "AccessDenied", "AccountProblem", "AllAccessDisabled", "ExpiredToken",
            "CrossLocationLoggingProhibited", "IllegalLocationConstraintException",
            "InvalidAccessKeyId", "InvalidObjectState", "InvalidSecurity", "InvalidToken",
            "NotSignedUp", "RequestTimeTooSkewed", "SignatureDoesNotMatch",
            "TokenRefreshRequired", "403", "InvalidPayer", "InvalidBucketState",
            "MethodNotAllowed", "RequestTorrentOfBucketError", "405",
        ),
        AccessDenied,
    ),
    **dict.fromkeys(
        (
            "BadDigest", "IncompleteBody", "InternalError", "OperationAborted",
            "RequestTimeout", "RestoreAlreadyInProgress", "ServiceUnavailable", "SlowDown",
            "409", "500", "503",
        ),
        StoreUnavailable,
    ),
    **dict.fromkeys(
        (
            "NoSuchBucketPolicy", "NoSuchKey", "NoSuchLifecycleConfiguration", "NoSuchUpload",
            "NoSuchVersion", "404",
        ),
        ObjectMissing,
    ),
    **dict.fromkeys(
        ("PreconditionFailed", "412", "BucketAlreadyExists", "BucketAlreadyOwnedByYou"),
        ObjectExists,
    ),
    "KeyTooLongError": KeyInvalid,
    "NoSuchBucket": StoreMissing,
    "NotImplemented": StoreRefused,
    "501": StoreRefused,
}  # fmt: skip


def s3_error(code: str, status: int = 0, **more: str) -> BaseException:
    error = botocore.exceptions.ClientError(
        {
            "Error": {"Code": code, "Message": "planted", **more},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "PutObject",
    )
    translated_by_s3fs: BaseException = translate_boto_error(error)
    return translated_by_s3fs


@pytest.mark.parametrize("code", sorted(ERROR_CODE_TO_EXCEPTION))
def test_every_code_that_s3fs_knows_is_decided(code: str) -> None:
    assert type(translate(s3_error(code), KEY)) is S3_CODES.get(code, StorageError)


def test_every_decided_code_is_one_that_s3fs_knows() -> None:
    assert S3_CODES.keys() <= ERROR_CODE_TO_EXCEPTION.keys()


def test_a_lost_create_is_told_from_a_race_that_is_still_open() -> None:
    with_condition = s3_error("PreconditionFailed", 412, Condition="If-None-Match")
    without = s3_error("PreconditionFailed", 412)
    assert isinstance(with_condition, FileExistsError)
    assert (type(without), getattr(without, "errno", None)) == (OSError, errno.EINVAL)

    assert type(translate(with_condition, KEY)) is ObjectExists
    assert type(translate(without, KEY)) is ObjectExists
    conflict = translate(s3_error("ConditionalRequestConflict", 409), KEY)
    assert type(conflict) is StoreUnavailable
    assert conflict.transient


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, StorageError), (401, AccessDenied), (403, AccessDenied), (404, ObjectMissing),
        (408, StoreUnavailable), (409, StoreUnavailable), (412, ObjectExists),
        (429, StoreUnavailable), (500, StoreUnavailable), (502, StoreUnavailable),
        (503, StoreUnavailable), (504, StoreUnavailable), (507, StoreFull),
    ],
)  # fmt: skip
def test_a_status_without_a_known_code_is_understood(
    status: int, expected: type[StorageError]
) -> None:
    request = requests.Response()
    request.status_code = status
    of_azure = made(azure.core.exceptions.HttpResponseError)
    vars(of_azure)["status_code"] = status
    of_aiohttp = made(aiohttp.ClientResponseError)
    vars(of_aiohttp)["status"] = status
    for error in (
        s3_error("SomethingNew", status),
        gcsfs.retry.HttpError({"code": status, "message": "planted"}),
        gcsfs.retry.HttpError({"code": str(status), "message": "planted"}),
        requests.exceptions.HTTPError("planted", response=request),
        of_azure,
        of_aiohttp,
    ):
        assert type(translate(error, KEY)) is expected, error


def gcs_says(status: int, content: bytes = b"{}") -> BaseException:
    with pytest.raises(Exception) as caught:
        gcsfs.retry.validate_response(status, content, KEY)
    return caught.value


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (403, AccessDenied), (404, ObjectMissing), (412, ObjectExists), (429, StoreUnavailable),
        (500, StoreUnavailable), (502, StoreUnavailable), (503, StoreUnavailable),
        (401, AccessDenied), (400, StorageError),
    ],
)  # fmt: skip
def test_what_gcsfs_makes_of_a_status_is_understood(
    status: int, expected: type[StorageError]
) -> None:
    assert type(translate(gcs_says(status), KEY)) is expected


def azure_says(kind: Any, code: str, status: int) -> BaseException:
    error = made(kind)
    vars(error).update(error_code=code, status_code=status)
    return error


@pytest.mark.parametrize(
    ("kind", "code", "status", "expected"),
    [
        ("ResourceExistsError", "BlobAlreadyExists", 409, ObjectExists),
        ("ResourceExistsError", "", 409, StoreUnavailable),
        ("ResourceModifiedError", "ConditionNotMet", 412, ObjectExists),
        ("ResourceNotFoundError", "BlobNotFound", 404, ObjectMissing),
        ("ResourceNotFoundError", "ContainerNotFound", 404, StoreMissing),
        ("HttpResponseError", "AuthorizationFailure", 403, AccessDenied),
        ("HttpResponseError", "ServerBusy", 503, StoreUnavailable),
        ("HttpResponseError", "OperationTimedOut", 500, StoreUnavailable),
        ("ClientAuthenticationError", "AuthenticationFailed", 403, AccessDenied),
    ],
)
def test_what_azure_says_is_understood(
    kind: str, code: str, status: int, expected: type[StorageError]
) -> None:
    error = azure_says(getattr(azure.core.exceptions, kind), code, status)

    assert type(translate(error, KEY)) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError("no number"), ObjectMissing),
        (FileExistsError("no number"), ObjectExists),
        (PermissionError("no number"), AccessDenied),
        (IsADirectoryError("no number"), ObjectMissing),
        (NotADirectoryError("no number"), ObjectMissing),
        (TimeoutError(), StoreUnavailable),
        (ConnectionResetError(), StoreUnavailable),
        (BrokenPipeError(), StoreUnavailable),
        (NotImplementedError(), StoreRefused),
        (ImportError("install s3fs"), StoreRefused),
        (ValueError("odd"), StorageError),
        (KeyError("odd"), StorageError),
        (RuntimeError("This class is not fork-safe"), StorageError),
    ],
)
def test_builtins_are_understood(error: Exception, expected: type[StorageError]) -> None:
    assert type(translate(error, KEY)) is expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EFBIG, StoreFull),
        (errno.EACCES, AccessDenied), (errno.EPERM, AccessDenied), (errno.EROFS, AccessDenied),
        (errno.ENOENT, ObjectMissing), (errno.EEXIST, ObjectExists), (errno.EIO, StorageError),
        (errno.EBUSY, StoreUnavailable), (errno.ETIMEDOUT, StoreUnavailable),
        (errno.ESTALE, StoreUnavailable), (errno.EMFILE, StoreUnavailable),
        (errno.EHOSTUNREACH, StoreUnavailable), (errno.ENAMETOOLONG, KeyInvalid),
    ],
)  # fmt: skip
def test_errnos_are_understood(number: int, expected: type[StorageError]) -> None:
    translation = translate(OSError(number, os.strerror(number)), KEY)

    assert type(translation) is expected
    assert KEY in str(translation)


def test_ours_and_control_flow_pass_untouched() -> None:
    ours = StoreFull("mine")
    with pytest.raises(StoreFull) as caught, translated(KEY):
        raise ours
    assert caught.value is ours
    with pytest.raises(KeyboardInterrupt), translated(KEY):
        raise KeyboardInterrupt
    wrapped = RuntimeError("outside")
    wrapped.__cause__ = ours
    assert translate(wrapped, KEY) is ours


def test_a_circle_of_causes_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    assert type(translate(one, KEY)) is StorageError


def test_messages_are_one_line_and_carry_no_secrets() -> None:
    text = "GET https://me:pass@host/b/x?X-Amz-Signature=abc&token=def\r\nfailed"

    assert str(translate(ValueError(text), KEY)) == f"{KEY}: GET https://host/b/x failed"
    assert str(translate(ValueError(), KEY)) == f"{KEY}: ValueError"


def test_a_range_behind_the_end_is_known_by_code_and_by_status() -> None:
    assert beyond_end(s3_error("InvalidRange", 416))
    assert beyond_end(s3_error("416"))
    assert beyond_end(azure_says(azure.core.exceptions.HttpResponseError, "InvalidRange", 416))
    assert beyond_end(gcsfs.retry.HttpError({"code": 416}))
    assert not beyond_end(s3_error("NoSuchKey", 404))
    assert not beyond_end(ValueError("416"))


def our_errors() -> list[StorageError]:
    kinds = [
        kind
        for kind in vars(wbart_storage.errors).values()
        if inspect.isclass(kind) and issubclass(kind, StorageError)
    ]
    digests = (Digest("blake3", bytes(32)), Digest("blake3", bytes(31) + b"1"))
    values = {BlobCorrupt: digests, BlobMissing: digests[:1]}
    return [kind(*values.get(kind, ("word",) * _arity(kind))) for kind in kinds]


def _arity(kind: type[StorageError]) -> int:
    """How many values the class speaks of; those that take any message take one."""
    code = getattr(kind.__init__, "__code__", None)
    return code.co_argcount - 1 if code else 1


@pytest.mark.parametrize("error", our_errors(), ids=lambda error: str(type(error).__name__))
def test_our_errors_cross_process_borders_whole(error: StorageError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
    assert "\n" not in str(error)
    assert type(error).__name__ in (wbart_storage.errors.__doc__ or "")
