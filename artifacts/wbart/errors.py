"""Errors of the artifact model: W&B's tree, with every class also what its page promises.

WbartError                           (wbart_manifest.errors)
└── Error                                 W&B's `wandb.errors.Error` (there, too)
    ├── CommError                         W&B's: `.message`, and `.exc`, what lies underneath
    │   ├── … StorageError                the store has not worked (wbart_storage.errors)
    │   └── ModelError                    the store has worked, and the answer is no
    │       ├── AuthenticationError      the store does not know us
    │       ├── NotFound                 also ValueError and LookupError
    │       │   ├── ArtifactNotFound     no such version, alias or digest; or it has gone
    │       │   ├── CollectionNotFound
    │       │   ├── ProjectNotFound
    │       │   ├── TypeNotFound
    │       │   ├── RunNotFound
    │       │   ├── PathNotFound         no such path in the artifact; also KeyError
    │       │   └── ReferenceMissing     what a reference refers to is gone; also FileNotFoundError
    │       │       └── ReferenceChanged … as another has its place; also IntegrityError
    │       ├── ArgumentInvalid          a value breaks a rule; also ValueError
    │       │   ├── NameInvalid          entity, project, collection, type or run id
    │       │   ├── RefInvalid           not a REF or a path of W&B's
    │       │   ├── AliasInvalid
    │       │   ├── TagInvalid
    │       │   ├── MetadataInvalid
    │       │   └── TtlInvalid
    │       ├── ArgumentTypeInvalid      a value of the wrong type; also TypeError
    │       ├── TypeClash                a collection has one type; also ValueError
    │       ├── KindClash                a sequence is no portfolio; also ValueError
    │       ├── HasAliases               a version with aliases is not deleted unasked
    │       ├── AliasProtected           the registry keeps this alias for its admins
    │       ├── Conflict                 somebody changed it first: a precondition failed
    │       │   ├── NameTaken            another collection has the name; also ValueError
    │       │   └── Moved                the name leads to another collection; calls follow it
    │       ├── UnknownOp                a newer wbart's wish, which this one cannot grant
    │       ├── MalformedOp              a wish without what it needs; also ValueError
    │       ├── RefAmbiguous             a digest prefix fits several versions; also ValueError
    │       ├── UploadFailed             logging failed in the background; also ValueError
    │       ├── IntegrityError           other bytes came than the manifest says; also ValueError
    │       ├── VerifyFailed             a folder is not what the version says; also ValueError
    │       │   └── VerifyMissing        … since files are missing; also FileNotFoundError
    │       └── NotCached                offline, and not in the cache
    ├── UsageError
    │   ├── UnsupportedError         needs W&B's server
    │   └── SettingInvalid           a variable, a file or an override; also ValueError
    ├── WaitTimeoutError             the upload goes on
    └── ArtifactStatusError          also AttributeError, so that hasattr() is False
        ├── ArtifactNotLoggedError   before logging
        └── ArtifactFinalizedError   after it

Every class has a `code`: stable, append-only, for machines. Exit codes are the CLI's alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from wbart_manifest.errors import Error as Error
from wbart_storage.errors import CommError as CommError

if TYPE_CHECKING:
    from wbart.report import VerifyReport


class ModelError(CommError):
    """The store has worked, and the answer is no. What only a store can raise is another branch."""

    code: ClassVar[str] = "model_error"


class AuthenticationError(ModelError):
    """The store does not know us, or our credentials have ended."""

    code: ClassVar[str] = "authentication_error"


class NotFound(ModelError, ValueError, LookupError):
    """What was named is not there."""

    code: ClassVar[str] = "not_found"


class ArtifactNotFound(NotFound):
    """No such version, alias or digest; or the version is deleted or expired."""

    code: ClassVar[str] = "artifact_not_found"


class CollectionNotFound(NotFound):
    """No collection of this name, or it is deleted."""

    code: ClassVar[str] = "collection_not_found"


class ProjectNotFound(NotFound):
    """No project of this name under the entity."""

    code: ClassVar[str] = "project_not_found"


class TypeNotFound(NotFound):
    """No collection of this type in the project."""

    code: ClassVar[str] = "type_not_found"


class RunNotFound(NotFound):
    """No run of this id in the project."""

    code: ClassVar[str] = "run_not_found"


class PathNotFound(NotFound, KeyError):
    """The artifact has no such path. A KeyError, as W&B's page says; its str is not quoted."""

    code: ClassVar[str] = "path_not_found"

    def __str__(self) -> str:
        return self.message


class ReferenceMissing(NotFound, FileNotFoundError):
    """What a reference refers to is gone."""

    code: ClassVar[str] = "reference_missing"

    def __str__(self) -> str:
        return self.message


class ArgumentInvalid(ModelError, ValueError):
    """A value breaks a rule; nothing was changed."""

    code: ClassVar[str] = "argument_invalid"


class NameInvalid(ArgumentInvalid):
    """An entity, project, collection, type or run id that may not be called so."""

    code: ClassVar[str] = "name_invalid"


class RefInvalid(ArgumentInvalid):
    """The text is no REF, no `wbart://` URL and no artifact path of W&B's."""

    code: ClassVar[str] = "ref_invalid"


class AliasInvalid(ArgumentInvalid):
    """An alias with characters that would make it unaddressable, or that looks like `v7`."""

    code: ClassVar[str] = "alias_invalid"


class TagInvalid(ArgumentInvalid):
    """A tag that is not words separated by spaces."""

    code: ClassVar[str] = "tag_invalid"


class MetadataInvalid(ArgumentInvalid):
    """Metadata that JSON cannot hold, or more of it than a record may carry."""

    code: ClassVar[str] = "metadata_invalid"


class TtlInvalid(ArgumentInvalid):
    """A time to live below one second, or on something that cannot have one."""

    code: ClassVar[str] = "ttl_invalid"


class ArgumentTypeInvalid(ModelError, TypeError):
    """A value of a type that has no meaning here."""

    code: ClassVar[str] = "argument_type_invalid"


class TypeClash(ModelError, ValueError):
    """A collection has exactly one type, and it is another."""

    code: ClassVar[str] = "type_clash"


class KindClash(ModelError, ValueError):
    """A sequence takes logged versions, a portfolio takes links; not the other way round."""

    code: ClassVar[str] = "kind_clash"


class HasAliases(ModelError):
    """The version still has aliases, and their deletion was not asked for."""

    code: ClassVar[str] = "has_aliases"


class AliasProtected(ModelError):
    """The registry keeps this alias for its admins."""

    code: ClassVar[str] = "alias_protected"


class Conflict(ModelError):
    """Somebody changed it first: what the call relied on is no longer so."""

    code: ClassVar[str] = "conflict"


class NameTaken(Conflict, ValueError):
    """A collection cannot be called so: another one is, was, or lies in the trash."""

    code: ClassVar[str] = "name_taken"


class Moved(Conflict):
    """The name leads to another collection. Whoever commits follows it, so nobody sees this."""

    code: ClassVar[str] = "moved"


class UnknownOp(ModelError):
    """An op of a journal that this release does not know; its whole intent was refused."""

    code: ClassVar[str] = "unknown_op"


class MalformedOp(ModelError, ValueError):
    """An op of a journal that lacks what it needs; its whole intent was refused."""

    code: ClassVar[str] = "malformed_op"


class RefAmbiguous(ModelError, ValueError):
    """A digest prefix fits versions of different content."""

    code: ClassVar[str] = "ref_ambiguous"


class IntegrityError(ModelError, ValueError):
    """Downloaded bytes are not those that the manifest names; nothing of them was kept."""

    code: ClassVar[str] = "integrity_error"


class ReferenceChanged(IntegrityError, ReferenceMissing):
    """What a reference recorded is gone, since other bytes have its place."""

    code: ClassVar[str] = "reference_changed"


class UploadFailed(ModelError, ValueError):
    """Logging failed in the background; the draft made no version. `.exc` says what it was."""

    code: ClassVar[str] = "upload_failed"


class VerifyFailed(ModelError, ValueError):
    """A folder is not what the version says. `report` tells what was found."""

    code: ClassVar[str] = "verify_failed"

    def __init__(self, message: str, report: VerifyReport | None = None) -> None:
        from wbart.report import VerifyReport as Report

        super().__init__(message)
        self.report = report if report is not None else Report(0, 0)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.report)


class VerifyMissing(VerifyFailed, FileNotFoundError):
    """A folder is not what the version says, since files are missing."""

    code: ClassVar[str] = "verify_missing"


class NotCached(ModelError):
    """It is not in the cache, and the network was ruled out."""

    code: ClassVar[str] = "not_cached"


class UsageError(Error):
    """The call makes no sense as it stands."""

    code: ClassVar[str] = "usage_error"


class UnsupportedError(UsageError):
    """It needs W&B's server, which wbart does without."""

    code: ClassVar[str] = "unsupported_error"


class SettingInvalid(UsageError, ValueError):
    """A variable, a line of a file or an override that cannot be read as what it sets."""

    code: ClassVar[str] = "setting_invalid"


class WaitTimeoutError(Error):
    """The artifact was not there in time; its upload goes on."""

    code: ClassVar[str] = "wait_timeout_error"


class ArtifactStatusError(Error, AttributeError):
    """The artifact's state forbids it. `name` is the attribute, `obj` the artifact."""

    code: ClassVar[str] = "artifact_status_error"
    _text: ClassVar[str] = "{!r} does not fit the state of the artifact."

    def __init__(self, fullname: str, obj: object = None) -> None:
        super().__init__(self._text.format(fullname))
        # What speaks of a value keeps it in args, so that it crosses process borders whole.
        self.args = (fullname,)
        self.name = fullname.rpartition(".")[2]
        self.obj = obj

    def __str__(self) -> str:
        return self.message


class ArtifactNotLoggedError(ArtifactStatusError):
    """The attribute or method exists after logging only."""

    code: ClassVar[str] = "artifact_not_logged_error"
    _text: ClassVar[str] = (
        "{!r} used prior to logging artifact or while in offline mode. "
        "Call Artifact.wait() before accessing logged artifact properties."
    )


class ArtifactFinalizedError(ArtifactStatusError):
    """The content of a finalised artifact never changes; draft a new version instead."""

    code: ClassVar[str] = "artifact_finalized_error"
    _text: ClassVar[str] = "{!r} used on logged artifact. Can't modify finalized artifact."
