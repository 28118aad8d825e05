import struct
import zlib
from collections.abc import Sequence

import pytest
from tests.manifest.trees import BLAKE3, entries_of_every_kind, file, numbered, reference
from xxhash import xxh3_64_intdigest

from wbart_manifest import branch, leaf
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.errors import (
    DigestInvalid,
    EntryInvalid,
    ManifestCorrupt,
    ManifestError,
    ManifestUnsupported,
)
from wbart_manifest.location import PACKED, Location
from wbart_manifest.node import MAX_RAW, Node, pack, unpack


def encoded(entries: Sequence[Entry]) -> tuple[bytes, bytes]:
    paths = "\0".join(entry.path for entry in entries).encode()
    logical = leaf.encode_logical(entries, paths, BLAKE3)
    return leaf.leaf_id(logical, len(entries), BLAKE3), leaf.encode(entries, logical, BLAKE3)


def resealed(data: bytes) -> bytes:
    """The same object with a checksum that fits: what a forger would make."""
    return data[:-8] + struct.pack("<Q", xxh3_64_intdigest(data[:-8]))


def test_a_leaf_of_every_kind_of_entry_comes_back_whole() -> None:
    entries = entries_of_every_kind()
    node_id, data = encoded(entries)

    assert leaf.decode(data, BLAKE3) == (node_id, entries)


def test_locations_do_not_touch_the_id_but_all_else_does() -> None:
    entry = Entry("a", 1, b"1" * 32, location=Location(0))
    moved = Entry("a", 1, b"1" * 32, location=Location(PACKED, b"p" * 32, 3, 1))
    others = [
        Entry("b", 1, b"1" * 32),
        Entry("a", 2, b"1" * 32),
        Entry("a", 1, b"2" * 32),
        Entry("a", 1, b"1" * 32, wandb=b"w" * 16),
        Entry("a", 1, b"1" * 32, extra=b'{"k":1}'),
        Entry("a", 1, b"", Reference("u", "d")),
        Entry("a", None, b"", Reference("u", "d")),
        Entry("a", None, b"", Reference("u2", "d")),
        Entry("a", None, b"", Reference("u", "d2")),
        Entry("a", None, b"", Reference("u", "d", b'{"k":1}')),
    ]

    assert encoded([moved])[0] == encoded([entry])[0]
    assert len({encoded([other])[0] for other in [entry, *others]}) == len(others) + 1


def test_a_size_of_nothing_and_an_unknown_size_are_not_the_same() -> None:
    assert encoded([reference("a", 0)])[0] != encoded([reference("a", None)])[0]


@pytest.mark.parametrize(
    "entry",
    [
        Entry("a", None, b"1" * 32),
        Entry("a", -1, b"1" * 32),
        Entry("a", 1 << 63, b"1" * 32),
        Entry("a", 1.5, b"1" * 32),  # type: ignore[arg-type]
        Entry("a", 1, b"1" * 32, wandb=b"short"),
        Entry("a", 1, b"1" * 32, extra=b"{}"),
        Entry("a", 1, b"1" * 32, extra=b'{"k": 1}'),
        Entry("a", 1, b"1" * 32, extra=b'{"b":1,"a":1}'),
        Entry("a", 1, b"1" * 32, extra=b"[1]"),
        Entry("a", 1, b"1" * 32, extra=b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        Entry("a", 1, b"1" * 32, extra=b'{"a":"' + b"x" * (1 << 20) + b'"}'),
        Entry("a", 1, b"1" * 32, Reference("u", "d")),
        Entry("a", 1, b"", Reference("u", "d"), extra=b'{"k":1}'),
        Entry("a", 1, b"", Reference("\ud800", "d")),
        Entry("a", 1, b"", Reference("u", None)),  # type: ignore[arg-type]
        Entry("a", 1, b"", Reference("u", "d", b"null")),
        Entry("a", 1, b"", Reference("u" * (1 << 20), "d")),
        Entry("a", 1, b"1" * 32, location=Location(5)),
        Entry("a", 1, b"1" * 32, location=Location(PACKED)),
        Entry("a", 1, b"1" * 32, location=Location(PACKED, b"short")),
        Entry("a", 1, b"1" * 32, location=Location(0, b"p" * 32)),
        Entry("a", 1, b"1" * 32, location=Location(0, offset=-1)),
        Entry("a", 1, b"1" * 32, location=Location(0, codec=256)),
        Entry("a", 1, b"1" * 32, location=Location(0, epoch=1 << 32)),
    ],
)
def test_an_entry_that_no_manifest_can_hold_is_refused_by_name(entry: Entry) -> None:
    with pytest.raises(EntryInvalid, match="entry 'a' has") as caught:
        encoded([entry])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("digest", [b"", b"1" * 31, b"1" * 64])
def test_a_content_digest_of_the_wrong_length_is_refused(digest: bytes) -> None:
    with pytest.raises(DigestInvalid):
        encoded([Entry("a", 1, digest)])


def test_a_node_of_a_newer_format_is_not_called_corrupt() -> None:
    _, data = encoded([file("a")])
    newer = resealed(data[:6] + b"\2\0" + data[8:])

    with pytest.raises(ManifestUnsupported, match="format 2"):
        leaf.decode(newer, BLAKE3)


def test_a_location_of_a_newer_kind_is_not_called_corrupt() -> None:
    logical = leaf.encode_logical([file("a")], b"a", BLAKE3)
    data = pack(leaf.MAGIC, 1, [*logical, b"\x05", *[b""] * 6], frozenset())

    with pytest.raises(ManifestUnsupported, match="newer kind"):
        leaf.decode(data, BLAKE3)


@pytest.mark.parametrize("keep", [0, 1, 8, 12, 60, -9, -1])
def test_a_node_cut_short_is_corrupt(keep: int) -> None:
    _, data = encoded(numbered(20))

    with pytest.raises(ManifestCorrupt):
        leaf.decode(data[:keep], BLAKE3)


def test_bytes_behind_a_node_are_corrupt_even_with_a_fitting_checksum() -> None:
    _, data = encoded(numbered(20))

    with pytest.raises(ManifestCorrupt):
        leaf.decode(data + b"x", BLAKE3)
    with pytest.raises(ManifestCorrupt, match="do not fill"):
        leaf.decode(resealed(data[:-8] + b"x" + data[-8:]), BLAKE3)


def test_a_branch_is_no_leaf() -> None:
    _, data = encoded([file("a")])

    with pytest.raises(ManifestCorrupt, match="wanted kind"):
        branch.decode(data, BLAKE3)


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    squeezed = zlib.compress(bytes(64 << 20), 9)
    honest = struct.pack("<6sHIB", b"WBTEST", 1, 1, 1) + struct.pack(
        "<BII", 1, 64 << 20, len(squeezed)
    )
    liar = struct.pack("<6sHIB", b"WBTEST", 1, 1, 1) + struct.pack("<BII", 1, 10, len(squeezed))

    with pytest.raises(ManifestCorrupt, match=str(MAX_RAW)):
        unpack(b"WBTEST", 1, resealed(honest + squeezed + bytes(8)))
    with pytest.raises(ManifestCorrupt, match="inflates to more"):
        unpack(b"WBTEST", 1, resealed(liar + squeezed + bytes(8)))


@pytest.mark.parametrize("end", [b"", b"x"])
def test_a_column_that_is_not_one_whole_stream_is_corrupt(end: bytes) -> None:
    squeezed = zlib.compress(b"a" * 100)
    body = squeezed[:-1] if not end else squeezed + end
    head = struct.pack("<6sHIBBII", b"WBTEST", 1, 1, 1, 1, 100, len(body))

    with pytest.raises(ManifestCorrupt, match="inflate"):
        unpack(b"WBTEST", 1, resealed(head + body + bytes(8)))


@pytest.mark.parametrize(
    "columns",
    [
        {0: b"b\0a"},  # not in order
        {0: b"a\0a"},  # twice
        {0: b"a\0a/b"},  # a file that is a folder
        {0: b"a\0../b"},
        {0: b"a"},
        {0: b"a\0\xff"},
        {1: b"\0"},
        {1: b"\0\3"},
        {1: b"\0\1"},  # a reference without a table
        {2: bytes(15)},
        {2: b"\xff" * 16},
        {3: b"1" * 63},
        {4: b"[]"},  # a table without references
        {5: b"[]"},
        {5: b'[[0,{"a":1}],[0,{"a":1}]]'},
        {5: b'[[2,{"a":1}]]'},
        {5: b"[[0,{}]]"},
        {5: b'[[0, {"a":1}]]'},
        {5: b'{"0":1}'},
        {6: b"\1\0"},  # a flag without a digest
        {6: b"\0\0"},
        {6: b"\2\0", 7: b"w" * 16},
        {6: b"\1\1", 7: b"w" * 32},  # flags where there need be none
        {7: b"w" * 16},
        {7: b"w" * 17},
        {8: b"\0"},
        {9: b"p" * 31},
        {9: b"p" * 32, 10: b"\1\0\0\0" * 2},  # an object for a whole file
        {8: b"\1\1", 9: b"p" * 32, 10: b"\1\0\0\0\2\0\0\0"},
        {8: b"\1\1", 9: b"p" * 64, 10: b"\1\0\0\0" * 2},  # one object twice
        {11: bytes(15)},
        {14: bytes(7)},
    ],
)
def test_columns_that_do_not_fit_together_are_corrupt(columns: dict[int, bytes]) -> None:
    entries = [file("a"), file("b")]
    whole = [*leaf.encode_logical(entries, b"a\0b", BLAKE3), b"\0\0", *[b""] * 6]
    for number, column in columns.items():
        whole[number] = column

    with pytest.raises(ManifestCorrupt):
        leaf.decode(pack(leaf.MAGIC, 2, whole, frozenset()), BLAKE3)


@pytest.mark.parametrize(
    "table",
    [
        b'[["u","d",{}],["u","d",{}]]',
        b"[]",
        b'[["u","d",{}] ]',
        b'[["\\u0075","d",{}]]',
        b'[["u","d",{"b":1,"a":1}]]',
        b'[["u","d",[1]]]',
        b'[["u","d",null]]',
        b'[["u",1,{}]]',
        b'[["u","d"]]',
        b"[" * 5000,
    ],
)
def test_a_reference_table_that_is_not_canonical_is_corrupt(table: bytes) -> None:
    columns = leaf.encode_logical([reference("a", 1)], b"a", BLAKE3)
    columns[4] = table

    with pytest.raises(ManifestCorrupt):
        leaf.decode(pack(leaf.MAGIC, 1, [*columns, b"\3", *[b""] * 6], frozenset()), BLAKE3)


def test_an_unknown_size_that_is_not_zero_is_corrupt() -> None:
    columns = leaf.encode_logical([reference("a")], b"a", BLAKE3)
    columns[2] = b"\1" + bytes(7)

    with pytest.raises(ManifestCorrupt, match="unknown size"):
        leaf.decode(pack(leaf.MAGIC, 1, [*columns, b"\3", *[b""] * 6], frozenset()), BLAKE3)


CHILDREN = [Node(b"1" * 32, 1, "a", 3, 30), Node(b"2" * 32, 1, "m", 4, 40, epoch=7)]


def test_a_branch_comes_back_whole_with_the_epochs_of_its_children() -> None:
    logical = branch.encode_logical(2, CHILDREN)
    node_id = branch.branch_id(logical, 2, BLAKE3)

    assert branch.decode(branch.encode(CHILDREN, logical), BLAKE3) == (node_id, 2, CHILDREN)


@pytest.mark.parametrize(
    "columns",
    [
        {0: b""},
        {0: b"\1"},
        {1: b"m\0a"},
        {1: b"a"},
        {1: b"a\0/m"},
        {1: b"a\0\xff"},
        {2: b"1" * 63},
        {3: bytes(16)},
        {3: bytes(15)},
        {4: bytes(15)},
        {5: bytes(7)},
    ],
)
def test_a_branch_whose_columns_do_not_fit_is_corrupt(columns: dict[int, bytes]) -> None:
    whole = [*branch.encode_logical(2, CHILDREN), b""]
    for number, column in columns.items():
        whole[number] = column

    with pytest.raises(ManifestCorrupt):
        branch.decode(pack(branch.MAGIC, 2, whole, frozenset()), BLAKE3)


def test_a_leaf_that_fails_for_no_known_reason_still_fails_as_ours() -> None:
    class Odd:
        def __getattr__(self, name: str) -> object:
            raise AttributeError(name)

    with pytest.raises(ManifestError):
        leaf.encode_logical([Odd()], b"a", BLAKE3)  # type: ignore[list-item]
