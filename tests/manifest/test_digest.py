import hashlib
from types import MappingProxyType

import pytest
from blake3 import blake3

from wbart_manifest.digest import ALGORITHMS, Digest, digest_function, domain, hasher
from wbart_manifest.errors import DigestInvalid, ManifestError, WbartError


def test_a_digest_reads_what_it_writes() -> None:
    digest = Digest.of(b"hello")

    assert str(digest) == "blake3:" + blake3(b"hello").hexdigest()
    assert Digest.parse(str(digest)) == digest
    assert digest.hex == blake3(b"hello").hexdigest()


def test_sha256_is_what_everybody_calls_sha256() -> None:
    assert Digest.of(b"hello", "sha256").hex == hashlib.sha256(b"hello").hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blake3",
        "blake3:",
        "md5:" + "0" * 32,
        "blake3:" + "0" * 63,
        "blake3:" + "0" * 66,
        "blake3:" + "A" * 64,
        "blake3:" + "g" * 64,
        "blake3: " + "0" * 63,
        "BLAKE3:" + "0" * 64,
    ],
)
def test_what_is_not_a_digest_is_refused(text: str) -> None:
    with pytest.raises(DigestInvalid) as caught:
        Digest.parse(text)

    assert isinstance(caught.value, ManifestError)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_a_raw_digest_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(DigestInvalid):
        Digest("blake3", b"short")
    with pytest.raises(DigestInvalid):
        Digest("crc32", b"0" * 32)


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_whole_and_piecewise_and_threaded_agree(algorithm: str) -> None:
    data = bytes(range(256)) * 10_000
    once, twice = hasher(algorithm), hasher(algorithm, threads=2)
    once.update(data[:1000])
    once.update(memoryview(data)[1000:])
    twice.update(bytearray(data))

    assert once.digest() == twice.digest() == digest_function(algorithm)(data)
    assert len(once.digest()) == ALGORITHMS[algorithm]


def test_domains_keep_equal_bytes_apart() -> None:
    assert domain("a", "blake3", b"x", b"y") == Digest.of(b"a\0xy").raw
    assert domain("a", "blake3", b"x") != domain("b", "blake3", b"x")


def test_an_unknown_algorithm_is_refused_by_name() -> None:
    with pytest.raises(DigestInvalid, match="whirlpool"):
        hasher("whirlpool")
    with pytest.raises(DigestInvalid, match="whirlpool"):
        digest_function("whirlpool")


def test_digests_are_ordered_and_hashable() -> None:
    low, high = Digest("blake3", b"\0" * 32), Digest("blake3", b"\1" * 32)

    assert sorted({high, low}) == [low, high]


def test_the_list_of_algorithms_cannot_be_changed() -> None:
    assert isinstance(ALGORITHMS, MappingProxyType)


def test_what_wbart_raises_is_permanent_unless_it_says_so() -> None:
    assert WbartError.transient is False
