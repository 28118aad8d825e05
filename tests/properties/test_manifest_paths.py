"""No bad path gets in by any door."""

import json
import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.trees import BLAKE3, build, file

from wbart_manifest import branch, leaf
from wbart_manifest.errors import ManifestCorrupt, PathInvalid
from wbart_manifest.node import Node, pack
from wbart_manifest.path import canonical, check, check_column
from wbart_manifest.wandb_json import load

PIECES = st.sampled_from(
    [
        "a",
        "b",
        "/",
        "//",
        ".",
        "..",
        "\\",
        "\0",
        "\n",
        "\x7f",
        "\x85",
        "C:",
        ":",
        "é",
        " ",
        "x" * 250,
        "\udc80",
    ]
)
PATHS = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=8)


def is_good(path: str) -> bool:
    """The rules of the format document, said once more in the plainest way."""
    try:
        parts = path.encode().split(b"/")
    except UnicodeEncodeError:
        return False
    return (
        len(path.encode()) <= 4096
        and all(0 < len(part) <= 255 and part not in (b".", b"..") for part in parts)
        and not any(ord(c) < 32 or 127 <= ord(c) < 160 or c == "\\" for c in path)
        and not any(len(p) > 1 and p[1:2] == b":" and p[:1].isalpha() for p in parts)
    )


@settings(max_examples=400)
@given(PATHS)
def test_check_lets_in_what_the_rules_let_in(path: str) -> None:
    try:
        assert check(path) == path
    except PathInvalid:
        assert not is_good(path)
    else:
        assert is_good(path)


@settings(max_examples=250)
@given(PATHS)
def test_canonical_gives_good_paths_or_none(path: str) -> None:
    try:
        found = canonical(path)
    except PathInvalid:
        assert not is_good(path)
    else:
        assert is_good(found)
        assert canonical(found) == found


@settings(max_examples=250)
@given(st.lists(PATHS, max_size=4))
def test_many_are_checked_as_each_is(paths: list[str]) -> None:
    try:
        joined = check_column(paths)
    except PathInvalid:
        assert not all(map(is_good, paths))
    else:
        assert all(map(is_good, paths))
        assert joined == b"\0".join(path.encode() for path in paths)


@settings(max_examples=250)
@given(PATHS)
def test_build_and_edit_and_decode_and_load_take_only_good_paths(path: str) -> None:
    for door in (by_build, by_edit, by_removal, by_wandb_json, by_leaf, by_branch):
        try:
            door(path)
        except (PathInvalid, ManifestCorrupt):
            assert not is_good(path), door
        else:
            assert is_good(path), door


def raw(path: str) -> bytes:
    return path.encode(errors="surrogatepass")


def by_build(path: str) -> None:
    build([file(path)])


def by_edit(path: str) -> None:
    build([file("z" * 9)]).edit([(path, file(path))])


def by_removal(path: str) -> None:
    build([file("z" * 9)]).edit([(path, None)])


def by_wandb_json(path: str) -> None:
    load(json.dumps({"version": 1, "contents": {path: {"digest": "x"}}}).encode())


def by_leaf(path: str) -> None:
    """A leaf by a writer that checks nothing."""
    columns = [raw(path), b"\0", bytes(8), bytes(32), b"", b"", b"", b"", b"\0", *[b""] * 6]
    leaf.decode(pack(leaf.MAGIC, 1, columns, frozenset()), BLAKE3)


def by_branch(path: str) -> None:
    child = Node(b"1" * 32, 1, path, 1, 1)
    columns = [b"\2", raw(path), child.id, struct.pack("<Q", 1), struct.pack("<Q", 1), b""]
    branch.decode(pack(branch.MAGIC, 1, columns, frozenset()), BLAKE3)
