"""W&B's form and digests. The digests are those that W&B's own tests expect of it."""

import hashlib
import json
from typing import Any

import pytest
from tests.manifest.trees import BLAKE3, file, reference
from xxhash import xxh3_128_digest

from wbart_manifest.canonical_json import encode_object
from wbart_manifest.entry import Entry, Reference
from wbart_manifest.errors import (
    DigestInvalid,
    EntryClash,
    ManifestCorrupt,
    ManifestUnsupported,
    PathInvalid,
)
from wbart_manifest.wandb_digest import (
    MD5,
    XXH128,
    ManifestDigest,
    from_text,
    to_text,
    wandb_hasher,
)
from wbart_manifest.wandb_json import dump, load, manifest_digest


def md5_file(path: str, data: bytes, extra: bytes = b"") -> Entry:
    md5 = hashlib.md5(data).digest()
    return Entry(path, len(data), b"\0" * 32, wandb=md5, extra=extra)


def seen(path: str, uri: str, digest: str, size: int | None = None, **extra: object) -> Entry:
    return Entry(path, size, b"", Reference(uri, digest, encode_object(extra)))


def local(path: str, data: bytes) -> Entry:
    return seen(path, f"file:///x/{path}", to_text(hashlib.md5(data).digest()), len(data))


def tree(top: str = "") -> list[Entry]:
    files = {"file1.txt": b"hello", "nest/file2.txt": b"my", "nest/nest/file3.txt": b"dude"}
    return [local(top + path, data) for path, data in files.items()]


GOLDEN = {
    "64e7c61456b10382e2f3b571ac24b659": [],
    "a00c2239f036fb656c1dcbf9a32d89b4": [md5_file("file1.txt", b"hello")],
    "585b9ada17797e37c9cbab391e69b8c5": [md5_file("great-file.txt", b"hello")],
    "a757208d042e8627b2970d72a71bed5b": [md5_file("subdir/file1.txt", b"hello")],
    "410ade94865e89ebe1f593f4379ac228": [
        seen("ref", "ref://example.com/somefile.txt", "ref://example.com/somefile.txt")
    ],
    "48237ccc050a88af9dcd869dd5a7e9f4": [
        seen("file1.txt", "http://example.com/file1.txt", "abc", 256, etag='"abc"')
    ],
    "72414374bfd4b0f60a116e7267845f71": tree(),
    "f718baf2d4c910dc6ccd0d9c586fa00f": tree("top/"),
    "8aec0d6978da8c2b0bf5662b3fd043a4": [
        seen("my_object.pb", "gs://my-bucket/my_object.pb", "1234567890abcde", 10, versionID="1")
    ],
}


@pytest.mark.parametrize("wanted", sorted(GOLDEN))
def test_a_manifest_has_the_digest_that_wandb_gives_it(wanted: str) -> None:
    assert manifest_digest(GOLDEN[wanted], BLAKE3) == wanted


def test_a_file_has_the_digest_that_wandb_gives_it() -> None:
    assert to_text(hashlib.md5(b"hello").digest()) == "XUFAKrxLKna5cZ2REBfFkg=="
    assert from_text("XUFAKrxLKna5cZ2REBfFkg==") == hashlib.md5(b"hello").digest()
    state = wandb_hasher(MD5)
    state.update(b"hello")
    assert state.digest() == hashlib.md5(b"hello").digest()


def test_xxh128_takes_the_same_lines() -> None:
    state = wandb_hasher(XXH128)
    state.update(b"hello")
    assert state.digest() == xxh3_128_digest(b"hello")
    manifest = ManifestDigest(XXH128)
    manifest.add("a", "b")

    assert manifest.hexdigest() == xxh3_128_digest(b"wandb-artifact-manifest-v1\na:b\n").hex()


@pytest.mark.parametrize(
    "text", ["", "XUFA", "XUFAKrxLKna5cZ2REBfFkg=", "abc!", "é" * 24, "A" * 44]
)
def test_a_text_that_is_no_wandb_digest_is_refused(text: str) -> None:
    with pytest.raises(DigestInvalid):
        from_text(text)


def test_an_unknown_wandb_algorithm_is_refused() -> None:
    with pytest.raises(DigestInvalid, match="SHA1"):
        wandb_hasher("SHA1")


def dumped(entries: list[Entry], **options: Any) -> Any:
    return json.loads(b"".join(dump(entries, BLAKE3, **options)))


def test_the_json_is_what_wandb_writes() -> None:
    entries = [
        seen("a", "s3://b/a", "etag", 10, versionID="1"),
        md5_file("b", b"hello"),
        reference("c"),
        file("d", 0),
    ]

    assert dumped(entries) == {
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": {
            "a": {"digest": "etag", "ref": "s3://b/a", "size": 10, "extra": {"versionID": "1"}},
            "b": {"digest": "XUFAKrxLKna5cZ2REBfFkg==", "size": 5},
            "c": {"digest": "etag", "ref": "s3://bucket/c"},
            "d": {"digest": "blake3:" + "00" * 32, "size": 0},
        },
    }
    assert list(dumped(entries)["contents"]) == ["a", "b", "c", "d"]
    config = {"storageRegion": "eu"}
    assert dumped([], policy_config=config)["storagePolicyConfig"] == config


def test_xxh128_files_say_so_in_their_extra() -> None:
    entries = [md5_file("a", b"x", b'{"k":1}'), reference("b")]
    contents = dumped(entries, wandb_algorithm=XXH128)["contents"]

    assert contents["a"]["extra"] == {"k": 1, "alg": "XXH128"}
    assert "extra" not in contents["b"]


def test_a_large_manifest_is_written_in_pieces() -> None:
    entries = [file(f"{number:05d}") for number in range(3000)]
    pieces = list(dump(entries, BLAKE3))

    assert len(pieces) > 3
    assert [row.path for row in load(b"".join(pieces))] == [entry.path for entry in entries]


def document(**changes: object) -> bytes:
    contents = {"b": {"digest": "y"}, "a/ü": {"digest": "x", "size": 3}}
    return json.dumps({"version": 1, "contents": contents, **changes}).encode()


def test_rows_come_in_order_and_typed() -> None:
    whole = {
        "digest": "e",
        "size": 3,
        "ref": "s3://x",
        "extra": {"etag": "e"},
        "birthArtifactID": "QXJ0",
        "local_path": "/ignored",
    }
    plain, full = load(document(contents={"z": whole, "a": {"digest": "x"}}))

    assert (plain.path, plain.digest, plain.size, plain.ref) == ("a", "x", None, None)
    assert (plain.extra, plain.birth_artifact_id) == ({}, None)
    assert (full.size, full.ref, full.extra) == (3, "s3://x", {"etag": "e"})
    assert full.birth_artifact_id == "QXJ0"


@pytest.mark.parametrize("version", [1, 1.0])
def test_the_version_is_a_number_equal_to_one(version: float) -> None:
    assert len(load(document(version=version))) == 2


@pytest.mark.parametrize("version", [0, 2, 1.5, -1])
def test_another_version_is_unsupported(version: float) -> None:
    with pytest.raises(ManifestUnsupported, match="version"):
        load(document(version=version, contents="of another shape"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"version":1}',
        b'{"version":1,"contents":[]}',
        b'{"version":1,"contents":{"a":{}}}',
        document(version="1"),
        document(version=True),
        document(version=None),
        document(contents={"a": {"digest": 1}}),
        document(contents={"a": {"digest": "x", "size": "3"}}),
        document(contents={"a": {"digest": "x", "size": 1.5}}),
        document(contents={"a": {"digest": "x", "size": -1}}),
        document(contents={"a": {"digest": "x", "size": 1 << 63}}),
        document(contents={"a": {"digest": "x", "ref": 1}}),
        document(contents={"a": {"digest": "x", "extra": []}}),
        document()[:-1],
        b'{"version":1,"contents":{"a":{"digest":"x","extra":' + b'{"a":' * 100_000,
    ],
)
def test_what_is_not_a_manifest_is_corrupt(data: bytes) -> None:
    with pytest.raises(ManifestCorrupt) as caught:
        load(data)

    assert "\n" not in str(caught.value)


def test_a_file_that_is_a_folder_does_not_come_in() -> None:
    with pytest.raises(EntryClash):
        load(document(contents={"a": {"digest": "x"}, "a/b": {"digest": "x"}}))
    with pytest.raises(PathInvalid):
        load(document(contents={"../a": {"digest": "x"}}))
