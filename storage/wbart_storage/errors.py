"""Errors of storage.

CommError                       a call about stored things failed; W&B's, with `.exc`
└── … those of wbart.errors     … for a reason of the model's

StorageError                    a CommError: a store could not do what it was asked
├── KeyInvalid                  not an object key (also a ValueError)
├── ObjectMissing               nothing lies at the key (also a LookupError)
├── ObjectChanged               another object lies where a reference saw one
├── ReferenceRefused            a reference leads where nobody allowed it
├── ObjectExists                a create lost: something lies at the key already
├── BlobMissing                 the store never had it, or swept it (also a LookupError)
├── BlobCorrupt                 it holds other bytes than the digest says
├── StoreMissing                there is no store here (also a LookupError)
├── StoreUnsupported            a newer format, or a feature that this release does not know
├── ConfigCorrupt               wbart.json is damaged, so nothing is known of the store
├── StoreRefused                the backend cannot keep the promises that a store needs
├── OptionInvalid               a storage option that its client does not know (also a ValueError)
├── Offline                     it was not to be asked, and what it said before does not suffice
├── StoreUnavailable            it may do better later (transient)
├── AccessDenied                read-only, or the credentials do not reach (also a PermissionError)
├── StoreFull                   no room left
├── OutcomeUnknown              a create may or may not have landed
├── LockTimeout                 somebody else held the lock for too long
├── SourceChanged               a local file vanished, changed or was unreadable while added
├── FolderUnsafe                a folder that must not be written to: a symlink in the way, …
├── CacheCorrupt                the local cache holds what it should not
├── JournalCorrupt              a journal is damaged: no record, a gap, or a broken chain
└── EpochFenced                 the commit was prepared before a sweep that has since fenced the log

The root of the tree, WbartError, is drawn in wbart_manifest.errors.
Classes that speak of a value keep it in `args`, so that they cross process borders whole.
"""

from __future__ import annotations

import re
from typing import ClassVar

from wbart_manifest.digest import Digest
from wbart_manifest.errors import Error


class CommError(Error):
    """A call about stored things failed; `.exc` is the exception underneath, or None."""

    code: ClassVar[str] = "comm_error"
    _exc: BaseException | None = None

    def __init__(self, message: str, exc: BaseException | None = None) -> None:
        super().__init__(message)
        self._exc = exc

    @property
    def exc(self) -> BaseException | None:
        """What was told when it was raised, else what it was raised from."""
        return self._exc or self.__cause__


class StorageError(CommError):
    """A store could not do what it was asked."""

    code: ClassVar[str] = "storage_error"

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, *args: object) -> None:
        Exception.__init__(self, *args)

    @property
    def message(self) -> str:
        """What is wrong, in one line."""
        return str(self)


class KeyInvalid(StorageError, ValueError):
    """The text is not an object key: it is empty, absolute, climbs out, or has odd letters."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"not an object key: {self.key!r}"


class ObjectMissing(StorageError, LookupError):
    """Nothing lies at the key."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"no object {self.key}"


class ObjectChanged(StorageError):
    """Another object lies where a reference saw one, and the one that it saw is not kept."""

    def __init__(self, uri: str, difference: str) -> None:
        super().__init__(uri, difference)
        self.uri = uri
        self.difference = difference

    def __str__(self) -> str:
        return f"{self.uri} has changed: {self.difference}"


class ReferenceRefused(StorageError):
    """A reference leads where nobody allowed it: a private address, a folder that is not shared."""


class ObjectExists(StorageError):
    """A create lost: an object lies at the key already, whoever put it there."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"object {self.key} exists already"


class BlobMissing(StorageError, LookupError):
    """The store holds no blob of this digest: it never had it, or swept it."""

    def __init__(self, digest: Digest) -> None:
        super().__init__(digest)
        self.digest = digest

    def __str__(self) -> str:
        return f"no blob {self.digest}"


class BlobCorrupt(StorageError):
    """The store returned other bytes than the digest names."""

    def __init__(self, wanted: Digest, got: Digest) -> None:
        super().__init__(wanted, got)
        self.wanted = wanted
        self.got = got

    def __str__(self) -> str:
        return f"blob {self.wanted} holds the bytes of {self.got}"


class StoreMissing(StorageError, LookupError):
    """There is no store at the place; `wbart init` makes one."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place

    def __str__(self) -> str:
        return f"no store at {self.place}"


class StoreUnsupported(StorageError):
    """The store has a newer format, or a feature that this release does not know."""


class ConfigCorrupt(StorageError):
    """What says what the store is, wbart.json, is damaged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"wbart.json is damaged: {self.reason}"


class OptionInvalid(StorageError, ValueError):
    """A storage option that the backend's client does not know; values are never told."""


class Offline(StorageError):
    """The store was not to be asked, and what this machine has of it does not suffice."""


class StoreRefused(StorageError):
    """The backend cannot keep a promise that a store needs, such as exclusive create."""


class StoreUnavailable(StorageError):
    """The backend did not answer, or asked for patience; the same call may succeed later."""

    transient: ClassVar[bool] = True
    retry_after: float | None = None
    """The seconds for which the backend asked."""


class AccessDenied(StorageError, PermissionError):
    """The store is read-only for us: by choice, by file modes, or by credentials."""


class StoreFull(StorageError):
    """The disk, the quota or the account has no room left."""


class OutcomeUnknown(StorageError):
    """A create may or may not have landed, and reading it back was not possible."""


class LockTimeout(StorageError):
    """Somebody else held the lock for longer than we were ready to wait."""


class SourceChanged(StorageError):
    """A local file vanished, changed or could not be read while it was added."""


class FolderUnsafe(StorageError):
    """A folder that must not be written to: a symlink in the way, or a refused root."""


class CacheCorrupt(StorageError):
    """The local cache holds other bytes than it recorded."""


class JournalCorrupt(StorageError):
    """An object of a journal is damaged, missing in the middle, or out of the chain."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(key, reason)
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return f"journal damaged at {self.key}: {self.reason}"


class EpochFenced(StorageError):
    """The intent is older than a sweep's fence and is not in the log, nor ever will be.

    Check its objects against the sweep's candidates, then commit it again with a newer epoch.
    """

    def __init__(self, epoch: int, fence: int) -> None:
        super().__init__(epoch, fence)
        self.epoch = epoch
        self.fence = fence

    def __str__(self) -> str:
        return f"an intent of epoch {self.epoch} came after the fence of epoch {self.fence}"
