import json
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from wbart_manifest.errors import PathInvalid
from wbart_manifest.path import canonical, check, check_column, is_below

GOLDEN = Path(__file__).parents[2] / "fixtures" / "golden" / "manifest" / "paths.json"


def golden(kind: str) -> list[Any]:
    return list(json.loads(GOLDEN.read_text(encoding="utf-8"))[kind])


@pytest.mark.parametrize("path", golden("good"))
def test_a_good_path_stays_as_it_is(path: str) -> None:
    assert check(path) == canonical(path) == path
    assert check_column(["a", path]) == b"a\0" + path.encode()


@pytest.mark.parametrize("path", golden("bad"))
def test_a_bad_path_is_refused_alone_and_among_others(path: str) -> None:
    with pytest.raises(PathInvalid) as caught:
        check(path)
    with pytest.raises(PathInvalid):
        check_column(["a", path, "b"])

    assert str(caught.value).startswith("Invalid artifact path: ")
    assert "\n" not in str(caught.value)
    assert caught.value.path == path


@pytest.mark.parametrize("path", golden("hopeless"))
def test_what_has_no_canonical_form_is_refused(path: str) -> None:
    with pytest.raises(PathInvalid):
        canonical(path)


@pytest.mark.parametrize(("path", "wanted"), golden("canonical"))
def test_a_sloppy_path_is_made_canonical(path: str, wanted: str) -> None:
    assert canonical(path) == wanted


def test_every_kind_of_path_object_is_taken() -> None:
    assert canonical(PurePosixPath("a//b/")) == "a/b"
    assert canonical(PureWindowsPath("a\\b")) == "a/b"
    with pytest.raises(PathInvalid):
        canonical(PureWindowsPath("C:\\a"))
    with pytest.raises(PathInvalid):
        canonical(PureWindowsPath("\\\\host\\share\\a"))


def test_the_limits_are_bytes_and_inclusive() -> None:
    assert check("x" * 255)
    assert check("/".join(["y" * 255] * 16))
    with pytest.raises(PathInvalid, match="component longer"):
        check("x" * 256)
    with pytest.raises(PathInvalid, match="component longer"):
        check("é" * 128)
    with pytest.raises(PathInvalid, match="longer than 4096"):
        check("/".join(["y" * 255] * 16) + "/z")


def test_lone_surrogates_are_not_unicode() -> None:
    with pytest.raises(PathInvalid, match="Unicode"):
        check("a\udc80")
    with pytest.raises(PathInvalid, match="Unicode"):
        check_column(["a\udc80"])


def test_what_is_no_text_is_no_path() -> None:
    with pytest.raises(PathInvalid, match="not a str"):
        check(b"a")  # type: ignore[arg-type]


def test_below_means_inside_and_not_beside() -> None:
    assert is_below("a/b", "a")
    assert is_below("a/b/c", "a/b")
    assert is_below("a", "")
    assert not is_below("a", "a")
    assert not is_below("ab", "a")
