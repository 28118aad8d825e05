from __future__ import annotations

import os
import socket
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from tests.artifacts.house import House, listing

from wbart_manifest.errors import EntryClash, PathInvalid
from wbart_storage.errors import AccessDenied, SourceChanged, StorageError


def paths(artifact: Any) -> list[str]:
    return [entry.path for entry in artifact.manifest]


def test_a_file_is_added_under_its_own_name(house: House) -> None:
    artifact = house.draft()

    entry = artifact.add_file(house.file("in/a.txt"))

    assert (entry.path, entry.size, entry.ref) == ("a.txt", 5, None)
    assert entry.digest.startswith("blake3:")
    assert artifact.size == 5


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_is_the_files_own(house: House, name: str | None) -> None:
    artifact = house.draft()

    assert artifact.add_file(str(house.file("a.txt")), name).path == "a.txt"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x//y", "x/y"),
        ("./x", "x"),
        ("x/", "x"),
        (Path("x/y"), "x/y"),
        (PurePosixPath("x/y"), "x/y"),
        (PureWindowsPath("x\\y"), "x/y"),
    ],
)
def test_names_become_canonical(house: House, name: Any, path: str) -> None:
    artifact = house.draft()

    assert artifact.add_file(house.file("a.txt"), name).path == path


@pytest.mark.parametrize("name", ["/x", "..", "../x", "a/../x", ".", "C:/x", "a\nb", "x" * 300])
def test_names_that_lead_out_or_nowhere_are_refused(house: House, name: str) -> None:
    artifact = house.draft()

    with pytest.raises(PathInvalid, match="Invalid artifact path") as caught:
        artifact.add_file(house.file("a.txt"), name)

    assert "\n" not in str(caught.value)
    assert paths(artifact) == []


def test_a_path_that_is_no_file_is_refused(house: House) -> None:
    pipe = house.folder / "pipe"
    os.mkfifo(pipe)
    loop = house.folder / "loop"
    loop.symlink_to(loop)
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    server.close()

    for path in (house.folder, house.folder / "nothing", pipe, loop, house.folder / "socket"):
        with pytest.raises(ValueError, match="Path is not a file"):
            house.draft().add_file(path)


@pytest.mark.parametrize("policy", ["mutable", "immutable", None])
def test_what_becomes_of_the_file_later_does_not_matter(house: House, policy: str | None) -> None:
    file = house.file("a.txt", "as it was")
    artifact = house.draft()
    artifact.add_file(file, policy=policy)
    file.write_text("changed!!")

    house.save(artifact)

    assert listing(artifact.download("out")) == {"a.txt": "as it was"}


def test_any_other_policy_is_refused(house: House) -> None:
    with pytest.raises(ValueError, match="Invalid policy"):
        house.draft().add_file(house.file("a.txt"), policy="fluid")


def test_the_same_content_again_is_fine(house: House) -> None:
    artifact = house.draft()
    first = artifact.add_file(house.file("a.txt"))

    assert artifact.add_file(house.file("b.txt"), "a.txt") == first
    assert len(artifact.manifest) == 1


def test_other_content_at_the_same_path_needs_overwrite(house: House) -> None:
    artifact = house.draft()
    artifact.add_file(house.file("a.txt"))
    other = house.file("b.txt", "other")

    with pytest.raises(ValueError, match=r"Cannot add the same path twice: 'a\.txt'"):
        artifact.add_file(other, "a.txt")
    assert artifact.size == 5
    artifact.add_file(other, "a.txt", overwrite=True)

    house.save(artifact)
    assert listing(artifact.download("out")) == {"a.txt": "other"}


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a"), ("a", "a/b/c")]
)
def test_a_file_cannot_be_a_folder_too(house: House, first: str, second: str) -> None:
    artifact = house.draft()
    artifact.add_file(house.file("x"), first)

    with pytest.raises(EntryClash, match="both a file and the folder"):
        artifact.add_file(house.file("y", "other"), second)

    assert paths(house.save(artifact)) == [first]


def test_a_path_may_turn_from_file_to_folder_and_back(house: House) -> None:
    artifact = house.draft({"a/b/c": "1"})
    for path, gone in [("a", "a"), ("a/b", "a"), ("a/b/d", "a/b"), ("a", "a"), ("a/x", "a")]:
        artifact.remove(gone)
        artifact.add_file(house.file("x"), path)
        assert paths(artifact) == [path]


def test_a_version_knows_its_files_from_its_folders_in_the_next_draft(house: House) -> None:
    draft = house.version({"a/b": "1", "c": "2"}).new_draft()

    for path in ("a", "c/d"):
        with pytest.raises(EntryClash):
            draft.add_file(house.file("x"), path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x.tar.gz", "5d41402abc4b2a76b971.tar.gz"),
        ("d/x.txt", "d/5d41402abc4b2a76b971.txt"),
        (".hidden", "5d41402abc4b2a76b971.hidden"),
        ("plain", "5d41402abc4b2a76b971"),
    ],
)
def test_a_temporary_files_name_comes_from_its_content(house: House, name: str, path: str) -> None:
    entry = house.draft().add_file(house.file("a.txt"), name, is_tmp=True)

    assert entry.path == path


def test_empty_files_and_large_files_come_back_as_they_were(house: House) -> None:
    large = os.urandom(3 << 20)
    artifact = house.draft()
    artifact.add_file(house.file("empty", ""))
    artifact.add_file(house.file("large", large))

    out = Path(house.save(artifact).download("out"))

    assert (out / "empty").read_bytes() == b""
    assert (out / "large").read_bytes() == large


def test_what_was_removed_or_replaced_is_not_stored(house: House) -> None:
    artifact = house.draft({f"{number}": f"{number}" * 50 for number in range(40)})
    for number in range(1, 40):
        artifact.remove(str(number))
    with pytest.raises(EntryClash):
        artifact.add_file(house.file("x", "clashing content"), "0")

    house.save(artifact)

    stored = b"".join(path.read_bytes() for path in house.objects("k") + house.objects("o"))
    assert b"0" * 50 in stored
    assert b"1" * 50 not in stored
    assert b"clashing content" not in stored
    assert listing(artifact.download("out")) == {"0": "0" * 50}


def test_what_clashed_is_not_stored(house: House) -> None:
    artifact = house.draft({f"{number}": f"{number}" * 50 for number in range(40)})
    with pytest.raises(EntryClash):
        artifact.add_file(house.file("x", "clashing content"), "0")

    house.save(artifact)

    stored = b"".join(path.read_bytes() for path in house.objects("k") + house.objects("o"))
    assert b"clashing content" not in stored
    assert artifact.verify_stored().checked == 40


def test_a_file_that_cannot_be_read_is_named_and_nothing_is_added(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact, file = house.draft(), house.file("secret.txt")
    really = os.open

    def refuse(path: Any, *args: Any, **more: Any) -> int:
        if str(path).endswith("secret.txt"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *args, **more)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AccessDenied, match=r"secret\.txt: Permission denied"):
        artifact.add_file(file)

    assert paths(artifact) == []


@pytest.mark.parametrize("size", [10, 2 << 20])
def test_a_file_that_vanishes_while_it_is_added_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    artifact, file = house.draft(), house.file("gone.bin", b"x" * size)
    really = os.open

    def vanish(path: Any, *args: Any, **more: Any) -> int:
        if str(path).endswith("gone.bin"):
            file.unlink(missing_ok=True)
        return really(path, *args, **more)

    monkeypatch.setattr(os, "open", vanish)
    with pytest.raises(SourceChanged, match=r"vanished while it was read: .*gone\.bin"):
        artifact.add_file(file)

    assert paths(artifact) == []


def test_a_file_that_changes_while_it_is_read_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact, file = house.draft(), house.file("busy.txt", "x")
    really, grown = os.pread, [0]

    def grow(fd: int, count: int, offset: int) -> bytes:
        data = really(fd, count, offset)
        grown[0] += 1
        with file.open("a") as more:
            more.write("x" * grown[0])
        return data

    monkeypatch.setattr(os, "pread", grow)
    with pytest.raises(StorageError, match=r"changed while it was read: .*busy\.txt"):
        artifact.add_file(file)

    assert paths(artifact) == []


def test_the_name_of_an_added_path_is_found_as_given_and_as_it_resolves(house: House) -> None:
    artifact = house.draft()
    artifact.add_file("a.txt" if house.file("a.txt") else "", "x/y")
    artifact.add_dir(house.tree("in", {"sub/b": "1"}), "top")
    (house.folder / "link").symlink_to("in")

    assert artifact.get_added_local_path_name("a.txt") == "x/y"
    assert artifact.get_added_local_path_name(str(house.folder / "a.txt")) == "x/y"
    assert artifact.get_added_local_path_name("./in/../a.txt") == "x/y"
    assert artifact.get_added_local_path_name("in/sub/b") == "top/sub/b"
    assert artifact.get_added_local_path_name("link/sub/b") == "top/sub/b"
    assert artifact.get_added_local_path_name("nothing") is None


def test_skip_cache_changes_nothing_about_the_content(house: House) -> None:
    artifact = house.draft()
    artifact.add_file(house.file("a.txt"), skip_cache=True)

    assert listing(house.save(artifact).download("out", skip_cache=True)) == {"a.txt": "hello"}
