"""What is written is read, and what is damaged is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.manifest.trees import BLAKE3, TINY, build, entries_of_every_kind, numbered

from wbart_manifest import branch, leaf
from wbart_manifest.canonical_json import decode_object, encode_object
from wbart_manifest.digest import Digest
from wbart_manifest.entry import Entry, Reference, same_content
from wbart_manifest.errors import ManifestCorrupt, ManifestUnsupported, PathInvalid
from wbart_manifest.location import EMPTY, PACKED, RECIPE, REFERENCE, WHOLE, Location
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import FORMAT, MemoryNodes
from wbart_manifest.wandb_json import dump, load

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EXTRAS = st.dictionaries(TEXT, JSON, max_size=3).map(encode_object)
SIZES = st.integers(0, 1 << 50)
IDS = st.sampled_from([b"p" * 32, b"q" * 32, bytes(range(32))])
LOCATIONS = st.none() | st.builds(
    Location,
    st.sampled_from([WHOLE, REFERENCE, EMPTY]),
    offset=st.sampled_from([0, 1 << 40]),
    codec=st.sampled_from([0, 255]),
    epoch=st.sampled_from([0, 7]),
) | st.builds(
    Location,
    st.sampled_from([PACKED, RECIPE]),
    IDS,
    st.integers(0, (1 << 63) - 1),
    st.integers(0, (1 << 63) - 1),
)  # fmt: skip
WANDB = st.sampled_from([b"", b"w" * 16])
FILES = st.builds(
    Entry,
    st.just("x"),
    SIZES,
    st.binary(min_size=32, max_size=32),
    location=LOCATIONS,
    wandb=WANDB,
    extra=EXTRAS,
)
REFERENCES = st.builds(
    Entry,
    st.just("x"),
    st.none() | SIZES,
    st.just(b""),
    st.builds(Reference, TEXT, TEXT, EXTRAS),
    LOCATIONS,
    WANDB,
)
ENTRIES = st.lists(FILES | REFERENCES, max_size=8).map(
    lambda made: [
        Entry(f"f{at}", e.size, e.digest, e.reference, e.location, e.wandb, e.extra)
        for at, e in enumerate(made)
    ]
)


@settings(max_examples=150)
@given(ENTRIES, st.sampled_from([TINY, FORMAT]))
def test_what_is_written_is_read(entries: list[Entry], shape: object) -> None:
    manifest = build(entries, TINY if shape is TINY else FORMAT)

    assert list(Manifest(manifest.nodes, manifest.root, BLAKE3).entries()) == entries


@settings(max_examples=200)
@given(ENTRIES, ENTRIES)
def test_one_digest_means_one_content(one: list[Entry], two: list[Entry]) -> None:
    same = len(one) == len(two) and all(map(same_content, one, two))

    assert (build(one).digest == build(two).digest) == same


@settings(max_examples=200)
@given(ENTRIES)
def test_what_is_dumped_as_wandb_json_is_loaded(entries: list[Entry]) -> None:
    rows = load(b"".join(dump(entries, BLAKE3)))

    assert [row.path for row in rows] == [entry.path for entry in entries]
    assert [row.size for row in rows] == [entry.size for entry in entries]
    for row, entry in zip(rows, entries, strict=True):
        assert row.ref == (None if entry.reference is None else entry.reference.uri)
        extra = entry.extra if entry.reference is None else entry.reference.extra
        assert json.dumps(row.extra, sort_keys=True) == json.dumps(
            decode_object(extra), sort_keys=True
        )


def node_objects() -> list[bytes]:
    nodes = MemoryNodes()
    build(entries_of_every_kind(), FORMAT, nodes)
    tree = build(numbered(60), TINY, nodes)
    return [nodes.get(build(entries_of_every_kind(), FORMAT).root.id), nodes.get(tree.root.id)]


OBJECTS = node_objects()


def read(data: bytes) -> object:
    if data[:6] == branch.MAGIC:
        return branch.decode(data, BLAKE3)
    return leaf.decode(data, BLAKE3)


@settings(max_examples=250)
@given(st.sampled_from(OBJECTS), st.data())
def test_a_damaged_node_is_refused(data: bytes, draw: st.DataObject) -> None:
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, min(start + 8, len(data))))
    damaged = data[:start] + draw.draw(st.binary(max_size=8)) + data[end:]
    if damaged == data:
        assert read(damaged) == read(data)
    else:
        with pytest.raises((ManifestCorrupt, ManifestUnsupported)):
            read(damaged)


@pytest.mark.parametrize("data", OBJECTS)
def test_every_flipped_bit_is_refused(data: bytes) -> None:
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        with pytest.raises((ManifestCorrupt, ManifestUnsupported)):
            read(bytes(damaged))


@settings(max_examples=150)
@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises((ManifestCorrupt, ManifestUnsupported)):
        leaf.decode(noise, BLAKE3)
    with pytest.raises((ManifestCorrupt, ManifestUnsupported)):
        branch.decode(noise, BLAKE3)
    with pytest.raises((ManifestCorrupt, ManifestUnsupported, PathInvalid)):
        load(noise)


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["blake3", "sha256"]))
def test_a_digest_reads_what_it_writes(raw: bytes, algorithm: str) -> None:
    digest = Digest(algorithm, raw)

    assert Digest.parse(str(digest)) == digest
