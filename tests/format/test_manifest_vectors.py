"""The bytes of the manifest format, frozen.

The vectors are written by tests/format/make_manifest_vectors.py, and only for a new format.
A node object may be packed differently by another zlib, so ours is not compared with it: it is
read, and its id and entries are compared.
"""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from tests.format.make_manifest_vectors import algorithm_of, cases
from xxhash import xxh3_64_intdigest

from wbart_manifest import branch, leaf
from wbart_manifest.manifest import Manifest
from wbart_manifest.tree import MemoryNodes

FOLDER = Path(__file__).parents[2] / "fixtures" / "golden" / "manifest"
VECTORS: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifests.json").read_text())
CASES = cases()


def test_every_case_has_a_vector_and_every_vector_a_case() -> None:
    assert sorted(VECTORS) == sorted(CASES)


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_a_manifest_has_the_digest_it_always_had(name: str) -> None:
    manifest = Manifest.build(MemoryNodes(), CASES[name], algorithm_of(name))
    wanted = VECTORS[name]

    assert str(manifest.digest) == wanted["digest"]
    assert manifest.root.id.hex() == wanted["root"]
    assert manifest.root.level == wanted["level"]
    assert (manifest.count, manifest.size) == (wanted["count"], wanted["size"])


@pytest.mark.parametrize("name", sorted(name for name in VECTORS if VECTORS[name]["level"] == 1))
def test_an_old_leaf_is_read_for_ever(name: str) -> None:
    node_id, entries = leaf.decode(b64decode(VECTORS[name]["object"]), algorithm_of(name))

    assert node_id.hex() == VECTORS[name]["root"]
    assert entries == CASES[name]


@pytest.mark.parametrize("name", sorted(name for name in VECTORS if VECTORS[name]["level"] > 1))
def test_an_old_branch_is_read_for_ever(name: str) -> None:
    data = b64decode(VECTORS[name]["object"])
    node_id, level, children = branch.decode(data, algorithm_of(name))

    assert node_id.hex() == VECTORS[name]["root"]
    assert level == VECTORS[name]["level"]
    assert sum(child.count for child in children) == len(CASES[name])


@pytest.mark.parametrize(
    ("path", "seed", "wanted"), json.loads((FOLDER / "boundaries.json").read_text())
)
def test_the_boundary_hash_is_xxh3_64_of_the_path(path: str, seed: int, wanted: str) -> None:
    assert f"{xxh3_64_intdigest(path.encode(), seed):016x}" == wanted


def test_the_canonical_bytes_of_a_leaf_are_those_of_the_format_document() -> None:
    """One entry, spelled out by hand: count, then each logical column with its length."""
    [entry] = CASES["one blake3"]
    path = entry.path.encode()
    columns = [path, b"\0", len(path).to_bytes(8, "little"), entry.digest, b"", b"", b"", b""]
    framed = b"".join(len(column).to_bytes(8, "little") + column for column in columns)
    from blake3 import blake3

    wanted = blake3(b"wbart-leaf-v1\0" + (1).to_bytes(8, "little") + framed).hexdigest()

    assert wanted == VECTORS["one blake3"]["root"]
