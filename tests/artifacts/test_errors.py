"""The public tree: its shape, its codes, its builtin parents, its way across processes."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from wbart import errors
from wbart.report import VerifyReport
from wbart_manifest.errors import WbartError
from wbart_storage.errors import ObjectChanged, StorageError, StoreUnavailable

CLASSES = sorted(
    (cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, WbartError)),
    key=lambda cls: cls.__name__,
)


def test_every_class_derives_from_the_one_root() -> None:
    assert len(CLASSES) > 30

    assert [cls for cls in CLASSES if not issubclass(cls, WbartError)] == []


def test_every_class_is_drawn_in_the_docstring() -> None:
    drawn = set(re.findall(r"── (\w+)", errors.__doc__ or ""))

    assert drawn == {cls.__name__ for cls in CLASSES}


@pytest.mark.parametrize("cls", CLASSES)
def test_the_code_is_the_name_in_snake_case(cls: type[errors.Error]) -> None:
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    assert cls.code == snake


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_crosses_a_process_border_whole(cls: type[errors.Error]) -> None:
    error = cls("artifact 'x:v3' is gone")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is cls
    assert str(again) == str(error)
    assert again.message == error.message


def test_what_a_store_raises_is_a_comm_error_with_the_exception_underneath() -> None:
    with pytest.raises(errors.CommError) as caught:
        raise StoreUnavailable("no answer") from OSError("cable")
    assert caught.value.message == "no answer"
    assert repr(caught.value.exc) == "OSError('cable')"

    assert issubclass(StorageError, errors.Error)
    assert not issubclass(StorageError, errors.ModelError)
    missing = pickle.loads(pickle.dumps(ObjectChanged("s3://b/k", "other etag")))
    assert (missing.message, missing.exc) == ("s3://b/k has changed: other etag", None)


def test_a_comm_error_keeps_what_lies_underneath() -> None:
    cause = OSError("cable")

    error = errors.CommError("no answer", cause)

    assert (error.message, error.exc, str(error)) == ("no answer", cause, "no answer")


@pytest.mark.parametrize(
    "cls",
    [
        errors.ArtifactNotFound,
        errors.TypeClash,
        errors.NameInvalid,
        errors.RefInvalid,
        errors.AliasInvalid,
        errors.VerifyFailed,
    ],
)
def test_where_the_pages_promise_both_it_is_both(cls: type[errors.CommError]) -> None:
    assert issubclass(cls, errors.CommError)
    assert issubclass(cls, ValueError)
    assert str(cls("plain 'text'")) == "plain 'text'"


def test_missing_files_are_a_file_not_found_error() -> None:
    report = VerifyReport(checked=0, size=0, missing=("a.txt",))

    error = errors.VerifyMissing("a.txt is missing", report)

    assert isinstance(error, FileNotFoundError)
    assert error.report is report
    assert str(error) == "a.txt is missing"


class Thing:
    @property
    def entity(self) -> str:
        raise errors.ArtifactNotLoggedError("Artifact.entity", self)


def test_not_logged_hides_the_attribute_from_hasattr() -> None:
    thing = Thing()

    assert not hasattr(thing, "entity")
    assert getattr(thing, "entity", "default") == "default"


def test_not_logged_names_the_attribute_and_the_artifact() -> None:
    thing = Thing()

    with pytest.raises(errors.ArtifactNotLoggedError) as caught:
        _ = thing.entity

    assert (caught.value.name, caught.value.obj) == ("entity", thing)
    assert str(caught.value).startswith(
        "'Artifact.entity' used prior to logging artifact or while in offline mode. "
        "Call Artifact.wait() before accessing"
    )


def test_finalized_says_that_nothing_can_be_modified() -> None:
    error = errors.ArtifactFinalizedError("Artifact.add_file")

    assert error.name == "add_file"
    assert "Can't modify finalized artifact" in str(error)
