"""Every error that wbart can raise has an exit code, and the table is the documented one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import wbart
import wbart_manifest
import wbart_storage
from wbart.cli import exit_codes
from wbart.cli.exit_codes import CODES, code_of, exit_code
from wbart_manifest.errors import WbartError


def _load_everything() -> None:
    """Import every module, so that no error class hides in one that was not imported."""
    for package in (wbart_manifest, wbart_storage, wbart):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", ".testing")):
                importlib.import_module(module.name)


def _tree(class_: type[BaseException]) -> Iterator[type[BaseException]]:
    yield class_
    for child in class_.__subclasses__():
        yield from _tree(child)


def _ours() -> list[type[BaseException]]:
    _load_everything()
    found = {each for each in _tree(WbartError) if each.__module__.startswith("wbart")}
    return sorted(found, key=lambda each: each.__name__)


DOCUMENTED = {
    "AccessDenied": 7,
    "AliasInvalid": 2,
    "AliasProtected": 11,
    "ArgumentTypeInvalid": 2,
    "ArtifactFinalizedError": 6,
    "ArtifactNotFound": 4,
    "ArtifactNotLoggedError": 6,
    "AuthenticationError": 7,
    "BlobCorrupt": 5,
    "ConfigCorrupt": 5,
    "BlobMissing": 5,
    "CacheCorrupt": 5,
    "CollectionNotFound": 4,
    "Conflict": 6,
    "DemoFailed": 1,
    "DigestInvalid": 2,
    "EntryClash": 6,
    "FolderUnsafe": 11,
    "HasAliases": 11,
    "IntegrityError": 5,
    "JournalCorrupt": 5,
    "KindClash": 6,
    "LockTimeout": 9,
    "ManifestCorrupt": 5,
    "ManifestUnsupported": 10,
    "MetadataInvalid": 2,
    "NameInvalid": 2,
    "NotCached": 12,
    "ObjectChanged": 5,
    "ObjectExists": 6,
    "ObjectMissing": 5,
    "Offline": 12,
    "OptionInvalid": 2,
    "OutcomeUnknown": 8,
    "PathInvalid": 2,
    "PathNotFound": 4,
    "ProjectNotFound": 4,
    "RefAmbiguous": 2,
    "RefInvalid": 2,
    "ReferenceChanged": 5,
    "ReferenceMissing": 4,
    "ReferenceRefused": 11,
    "RunNotFound": 4,
    "SettingInvalid": 2,
    "SourceChanged": 1,
    "StoreFull": 1,
    "StoreMissing": 10,
    "StoreRefused": 11,
    "StoreUnavailable": 8,
    "StoreUnsupported": 10,
    "TagInvalid": 2,
    "TtlInvalid": 2,
    "TypeClash": 6,
    "UnknownOp": 10,
    "UnsupportedError": 2,
    "VerifyFailed": 5,
    "VerifyMissing": 5,
    "WbartError": 1,
}


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_the_code_of_a_class_never_changes(name: str) -> None:
    by_name = {each.__name__: each for each in _ours()}

    assert code_of(by_name[name]) == DOCUMENTED[name]


def test_every_error_of_ours_is_in_the_table_or_below_one_that_is() -> None:
    vague = {"WbartError", "Error", "CommError", "ModelError", "StorageError"}
    for class_ in _ours():
        nearest = next(each.__name__ for each in class_.__mro__ if each.__name__ in CODES)
        assert nearest not in vague or class_.__name__ in vague | {"DemoFailed"}, (
            f"{class_.__name__} has no exit code of its own: add it to CODES, or here"
        )


def test_the_table_names_only_classes_that_there_are() -> None:
    builtin = {"FileExistsError", "FileNotFoundError", "OSError", "PermissionError"}

    assert set(CODES) - builtin <= {each.__name__ for each in _ours()}


def test_no_two_errors_share_a_name() -> None:
    names = [each.__name__ for each in _ours()]

    assert len(names) == len(set(names))


def test_every_code_in_use_is_documented() -> None:
    documented = {
        int(line.split("|")[1])
        for line in (exit_codes.__doc__ or "").splitlines()
        if line.startswith("| ") and line.split("|")[1].strip().isdigit()
    }

    assert documented == {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 130}
    assert set(CODES.values()) <= documented


def test_what_the_operating_system_says_has_codes_too() -> None:
    assert exit_code(FileNotFoundError()) == 4
    assert exit_code(PermissionError()) == 7
    assert exit_code(OSError()) == 1
    assert exit_code(ZeroDivisionError()) == 1


def test_an_error_that_only_wraps_another_has_the_code_of_that() -> None:
    from wbart.errors import CommError
    from wbart_storage.errors import StoreUnavailable

    assert exit_code(CommError("failed", StoreUnavailable("later"))) == 8
    assert exit_code(CommError("failed", CommError("failed, too"))) == 1
