from __future__ import annotations

import pytest

from wbart_storage.errors import KeyInvalid
from wbart_storage.foreign.uri import Target, target


@pytest.mark.parametrize(
    ("uri", "service", "base", "bucket", "key", "version"),
    [
        ("s3://b/d/k", "s3", "s3://b", "b", "d/k", ""),
        ("s3://b", "s3", "s3://b", "b", "", ""),
        ("s3a://b/k", "s3", "s3a://b", "b", "k", ""),
        ("s3://b/k?versionId=v.1", "s3", "s3://b", "b", "k", "v.1"),
        ("s3://b/a b#1%41?x", "s3", "s3://b", "b", "a b#1%41?x", ""),
        ("gs://b/k#12", "gs", "gs://b", "b", "k", "12"),
        ("gs://b/k#x", "gs", "gs://b", "b", "k#x", ""),
        ("az://c/k?versionid=2026-01-01T00:00Z", "az", "az://c", "c", "k", "2026-01-01T00:00Z"),
        ("http://host/x?versionId=1", "http", "", "", "http://host/x?versionId=1", ""),
    ],
)
def test_a_uri_names_service_bucket_key_and_version(
    uri: str, service: str, base: str, bucket: str, key: str, version: str
) -> None:
    assert target(uri) == Target(service, base, bucket, key, version)


def test_azure_has_an_account_in_its_host() -> None:
    blob = target("https://acct.blob.core.windows.net/c/d/k?versionId=v")
    lake = target("abfss://c@acct.dfs.core.windows.net/d/k")

    assert blob is not None
    assert lake is not None
    assert (blob.service, blob.account, blob.bucket, blob.key, blob.version) == (
        "az", "acct", "c", "d/k", "v",
    )  # fmt: skip
    assert blob.uri == "https://acct.blob.core.windows.net/c/d/k?versionId=v"
    assert (lake.account, lake.bucket, lake.key) == ("acct", "c", "d/k")
    assert lake.uri == "abfss://c@acct.dfs.core.windows.net/d/k"


@pytest.mark.parametrize(
    "host", ["acct.blob.core.windows.net.evil.example", "evilblob.core.windows.net", "a/b"]
)
def test_a_host_that_only_looks_like_azure_is_the_web(host: str) -> None:
    found = target(f"https://{host}/c/k")

    assert found is not None
    assert found.service == "http"


@pytest.mark.parametrize("uri", ["s3://b/k?versionId=v", "gs://b/k#12", "s3://b/k", "gs://b/a#1#2"])
def test_a_target_gives_its_uri_back(uri: str) -> None:
    found = target(uri)

    assert found is not None
    assert found.uri == uri


@pytest.mark.parametrize("uri", ["s3:///k", "gs://", "az:///x", "abfs://c@elsewhere/k"])
def test_a_uri_without_a_bucket_is_refused(uri: str) -> None:
    with pytest.raises(KeyInvalid):
        target(uri)


@pytest.mark.parametrize("uri", ["ref://x", "ftp://host/x", "file:///x", "s3"])
def test_of_other_schemes_nothing_is_known(uri: str) -> None:
    assert target(uri) is None
