"""Exit codes: documented, never renumbered.

| code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | usage: the command line, a setting, a name or a value breaks a rule |
| 3 | partly done |
| 4 | not found: a version, a collection, a local path |
| 5 | verification failed: bytes are not what they should be, or are gone |
| 6 | conflict: what is there already, or somebody else, stands against it |
| 7 | permission or credentials |
| 8 | store or network unavailable; retrying may help |
| 9 | lock time-out |
| 10 | no store here, or its format is too new |
| 11 | refused by policy |
| 12 | not in the cache, and `--offline` |
| 20 | differences found |
| 130 | interrupted |

Classes are named, not imported, so that a command that does not fail imports none of them.
The nearest class of an error's inheritance that has a code decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
PARTLY: Final = 3
NOT_FOUND: Final = 4
NOT_VERIFIED: Final = 5
CONFLICT: Final = 6
NO_PERMISSION: Final = 7
UNAVAILABLE: Final = 8
LOCK_TIMEOUT: Final = 9
NO_STORE: Final = 10
REFUSED: Final = 11
NOT_CACHED: Final = 12
DIFFERENT: Final = 20
INTERRUPTED: Final = 130

CODES: Final[Mapping[str, int]] = MappingProxyType(
    {
        # a few words wrong
        "ArgumentInvalid": USAGE,
        "ArgumentTypeInvalid": USAGE,
        "KeyInvalid": USAGE,
        "ManifestError": USAGE,
        "OptionInvalid": USAGE,
        "RefAmbiguous": USAGE,
        "UsageError": USAGE,
        # not there
        "NotFound": NOT_FOUND,
        # wrong bytes
        "BlobCorrupt": NOT_VERIFIED,
        "BlobMissing": NOT_VERIFIED,
        "CacheCorrupt": NOT_VERIFIED,
        "ConfigCorrupt": NOT_VERIFIED,
        "IntegrityError": NOT_VERIFIED,
        "JournalCorrupt": NOT_VERIFIED,
        "MalformedOp": NOT_VERIFIED,
        "ManifestCorrupt": NOT_VERIFIED,
        "ObjectChanged": NOT_VERIFIED,
        "ObjectMissing": NOT_VERIFIED,
        "VerifyFailed": NOT_VERIFIED,
        # something or somebody in the way
        "ArtifactStatusError": CONFLICT,
        "Conflict": CONFLICT,
        "EntryClash": CONFLICT,
        "EpochFenced": CONFLICT,
        "KindClash": CONFLICT,
        "ObjectExists": CONFLICT,
        "TypeClash": CONFLICT,
        # not for us
        "AccessDenied": NO_PERMISSION,
        "AuthenticationError": NO_PERMISSION,
        # later perhaps
        "OutcomeUnknown": UNAVAILABLE,
        "StoreUnavailable": UNAVAILABLE,
        "WaitTimeoutError": UNAVAILABLE,
        "LockTimeout": LOCK_TIMEOUT,
        # no store that we can use
        "ManifestUnsupported": NO_STORE,
        "StoreMissing": NO_STORE,
        "StoreUnsupported": NO_STORE,
        "UnknownOp": NO_STORE,
        # not without being told
        "AliasProtected": REFUSED,
        "FolderUnsafe": REFUSED,
        "HasAliases": REFUSED,
        "ReferenceRefused": REFUSED,
        "StoreRefused": REFUSED,
        "NotCached": NOT_CACHED,
        "Offline": NOT_CACHED,
        # whatever has nothing of its own
        "CacheUnusable": FAILED,
        "CommError": FAILED,
        "ModelError": FAILED,
        "SourceChanged": FAILED,
        "StoreFull": FAILED,
        "UploadFailed": FAILED,
        "StorageError": FAILED,
        "Error": FAILED,
        "WbartError": FAILED,
        # what the operating system says of a local file
        "FileExistsError": CONFLICT,
        "FileNotFoundError": NOT_FOUND,
        "PermissionError": NO_PERMISSION,
        "OSError": FAILED,
    }
)


def exit_code(error: BaseException) -> int:
    """The exit code of an error; FAILED for one that the table does not know.

    An error that says no more than that something failed has the code of what is underneath it.
    """
    code, beneath = code_of(type(error)), _beneath(error)
    return exit_code(beneath) if code == FAILED and isinstance(beneath, Exception) else code


def _beneath(error: BaseException) -> object:
    """What an error of the model stands for. A store's own says all by its class."""
    is_stores = any(each.__name__ == "StorageError" for each in type(error).__mro__)
    return None if is_stores else getattr(error, "exc", None)


def code_of(class_: type[BaseException]) -> int:
    """The exit code of all errors of a class that have none of their own."""
    return next((CODES[c.__name__] for c in class_.__mro__ if c.__name__ in CODES), FAILED)
