"""Errors of every layer. A handler that can go on catches the class that says why.

WbartError                        whatever wbart raises on purpose
├── ManifestError                 the document or its input is wrong; no retry can help (ValueError)
│   ├── DigestInvalid             not a digest: unknown algorithm, wrong length, not hexadecimal
│   ├── PathInvalid               a path that no artifact may hold
│   ├── EntryInvalid              an entry that no manifest can hold, or entries out of order
│   ├── EntryClash                two entries that cannot stand in one artifact
│   ├── ManifestCorrupt           bytes that are not what their name says
│   └── ManifestUnsupported       bytes of a newer format
├── Error                         what the programming model raises, and stores; W&B's `Error`
├── … CommError                   … about stored things, W&B's, too (wbart_storage.errors)
├── … … StorageError              a store could not do what it was asked (wbart_storage.errors)
│   ├── ObjectMissing, BlobMissing, StoreMissing      it is not there (LookupError)
│   ├── ObjectExists                                  somebody else was first
│   ├── BlobCorrupt, CacheCorrupt                     other bytes than the name says
│   ├── StoreUnsupported, StoreRefused                a store that this wbart will not write to
│   ├── AccessDenied, StoreFull                       a person has to act
│   ├── StoreUnavailable, LockTimeout                 it may do better later (transient)
│   ├── OutcomeUnknown                                a write that may or may not have landed
│   └── SourceChanged, FolderUnsafe                   a local file or folder is not fit for use
└── those of wbart.errors         names, states, policies: the programming model
"""

from typing import ClassVar

_SHOWN = 200


class WbartError(Exception):
    """Whatever wbart raises on purpose. Its message is one line, fit for a user."""

    transient: ClassVar[bool] = False
    """Whether the same call may succeed later; retries look at nothing else."""


class Error(WbartError):
    """Whatever the artifact model or a store raises on purpose; W&B's `wandb.errors.Error`."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self._message = message

    @property
    def message(self) -> str:
        """What is wrong, in one line."""
        return self._message


class ManifestError(WbartError, ValueError):
    """A manifest, or what should go into one, is wrong; no retry can help."""


class DigestInvalid(ManifestError):
    """A text or some bytes are not a digest of a known algorithm."""


class PathInvalid(ManifestError):
    """A path that no artifact may hold, and the rule that it breaks."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"Invalid artifact path: {shown(path)} ({reason})")
        self.path = path
        self.reason = reason


class EntryInvalid(ManifestError):
    """An entry that no manifest can hold, or entries that are not in order."""


class EntryClash(ManifestError):
    """Two entries that cannot stand in one artifact: one path twice, or a file that is a folder."""

    def __init__(self, path: str, other: str | None = None) -> None:
        if other is None:
            super().__init__(f"Cannot add the same path twice: {shown(path)}")
        else:
            super().__init__(
                f"{shown(path)} cannot be both a file and the folder of {shown(other)}"
            )
        self.path = path
        self.other = other


class ManifestCorrupt(ManifestError):
    """Bytes that are not what their name says: damaged, cut short or forged."""


class ManifestUnsupported(ManifestError):
    """Bytes of a format that this version of wbart does not know."""


def shown(text: str) -> str:
    """Return text quoted for a message of one line, cut when it is very long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
