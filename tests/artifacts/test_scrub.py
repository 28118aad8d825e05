"""Credentials leave a URI before it is stored; what is none stays, to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbart.references.scrub import scrub, storable

NAMES = [
    "X-Amz-Signature", "x-amz-credential", "X-Amz-Security-Token", "X-Amz-SignedHeaders",
    "AWSAccessKeyId", "Signature", "X-Goog-Signature", "X-Goog-Credential", "GoogleAccessId",
    "sig", "skoid", "token", "access_token", "id_token", "refresh_token", "auth_token", "api_key",
    "apikey", "api-key", "access_key", "secret", "client_secret", "password", "pwd", "auth",
    "X%2DAmz%2DSignature", "access%5Ftoken", "private_token", "Policy", "Key-Pair-Id",
    "x-oss-signature", "x-oss-credential", "OSSAccessKeyId", "q-signature", "q-ak", "hdnts", "hmac",
    "jwt", "__token__", "job_token", "download_token", "downloadToken", "pass", "key", "user.token",
    "x-apikey", "secretKey", "signing_key", "upload-credentials",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["https", "s3", "gs", "az", "ref"])
def test_a_parameter_that_is_a_secret_goes(name: str, scheme: str) -> None:
    assert scrub(f"{scheme}://h/p?a=1&{name}=geheim&b=2") == f"{scheme}://h/p?a=1&b=2"
    assert scrub(f"{scheme}://h/p?{name}=geheim") == f"{scheme}://h/p"
    assert "geheim" not in scrub(f"{scheme}://h/p#{name}=geheim")


def test_users_and_passwords_go() -> None:
    assert scrub("https://me:geheim@h:8/p") == "https://h:8/p"
    assert scrub("https://geheim@h/p@q") == "https://h/p@q"
    assert scrub("s3://key:geheim@b/k") == "s3://b/k"
    assert scrub("abfs://me:geheim@acct.dfs.core.windows.net/k") == (
        "abfs://acct.dfs.core.windows.net/k"
    )


@pytest.mark.parametrize("password", ["ge/heim", "ge#heim", "ge?heim", "ge@heim", "ge@/heim"])
def test_passwords_that_nobody_quoted_go_whole(password: str) -> None:
    assert scrub(f"ftp://me:{password}@h/p@q") == "ftp://h/p@q"
    assert scrub(f"s3://me:{password}@b/k") == storable(f"s3://me:{password}@b/k") == "s3://b/k"


def test_a_uri_without_slashes_has_users_too() -> None:
    assert scrub("hf:me:geheim@h/x?u=http://q") == "hf:h/x?u=http://q"


def test_secrets_of_paths_and_in_fragments_go() -> None:
    assert scrub("https://h/a;token=geheim;v=1/b;jsessionid=geheim") == "https://h/a;v=1/b"
    assert scrub("https://h/#/r?token=geheim") == "https://h/#/r"
    assert scrub("https://h/?a=1#/r?b=2&token=geheim") == "https://h/?a=1#/r?b=2"


def test_an_expiry_goes_with_any_signature() -> None:
    assert scrub("https://h/p?Expires=1&x-oss-signature=geheim&a=1") == "https://h/p?a=1"


@pytest.mark.parametrize("scheme", ["s3", "S3A", "gs", "gcs", "az", "abfs", "abfss"])
def test_a_key_of_a_bucket_is_kept_to_the_letter(scheme: str) -> None:
    key = "a;token=1/q?token=1&policy=2#sig=3?key"

    assert storable(f"{scheme}://b/{key}") == f"{scheme}://b/{key}"
    assert storable(f"{scheme}://me:geheim@b/{key}") == f"{scheme}://b/{key}"


def test_a_path_of_the_disk_is_kept_to_the_letter() -> None:
    assert storable("FILE:///a:b@c?token=1") == "FILE:///a:b@c?token=1"


def test_what_is_kept_of_all_others_is_clean() -> None:
    assert storable("https://me@h/p?token=1&a=2") == "https://h/p?a=2"
    assert storable("ref://h/p?token=1") == "ref://h/p"


def test_a_whole_signature_of_azure_goes_and_the_version_stays() -> None:
    uri = "https://a.blob.core.windows.net/c/b?sv=1&st=2&se=3&sr=b&sp=r&sig=x%3D&versionId=4"

    assert scrub(uri) == "https://a.blob.core.windows.net/c/b?versionId=4"


@pytest.mark.parametrize(
    "uri",
    [
        "https://h/p?sp=1&se=2&sv=3&expires=4",
        "s3://b/a b#c%41?versionId=v",
        "gs://b/k#123",
        "abfs://c@acct.dfs.core.windows.net/k",
        "https://h/p?tokens=3&author=me&signatures=no",
        "https://h/p?page_token=1&nextPageToken=2&object_key=3&keyword=4&x-oss-process=image&id=5",
        "https://h/p??a&&b?c;;d",
        "https://h/p;v=1;type=a/token=b",
        "https://h:8/p@q",
        "https://h?x=a:b@c",
        "http://[::1]:80/p@q",
        "s3://arn:aws:s3:us-east-1:1:accesspoint/x/k@v",
        "mailto:me@h",
        "git@h:me/p.git",
        "oci:h:80/p:q@sha256:ab",
        "https://h/p#part",
        "wandb-artifact://abc/d/a%20b%23c",
        "http://[x",
        "no uri",
        "https://h/?",
    ],
)
def test_what_is_no_secret_stays(uri: str) -> None:
    assert scrub(uri) == uri


@given(st.text())
def test_no_text_makes_it_fail_and_twice_is_once(text: str) -> None:
    once = scrub(f"https://h/{text}")

    assert scrub(once) == once
    assert isinstance(scrub(text), str)
    assert storable(storable(f"s3://b/{text}")) == f"s3://b/{text}"
