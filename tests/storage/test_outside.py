"""Which options apply to a URI, and that no service's library is loaded before its first URI."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from wbart_storage.errors import Offline, ReferenceRefused
from wbart_storage.foreign import s3 as foreign_s3
from wbart_storage.foreign.outside import Outside
from wbart_storage.foreign.uri import Target


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, object]]:
    """The options of each file system of S3 that was opened."""
    seen: list[Mapping[str, object]] = []

    def note(options: Mapping[str, object]) -> Any:
        seen.append(dict(options))
        return object()

    monkeypatch.setattr(foreign_s3, "open_s3", note)
    return seen


def at(outside: Outside, uri: str) -> None:
    where = outside.target(uri)
    assert where is not None
    outside.at(where)


def test_the_longest_beginning_of_a_url_counts_most(opened: list[Mapping[str, object]]) -> None:
    outside = Outside({"s3://mine": {"key": "c"}, "s3": {"key": "a", "anon": False}, "s3://m": {}})

    for uri in ("s3://mine/k", "s3://mine2/k", "s3://m/k", "s3://mine/other"):
        at(outside, uri)

    assert opened == [{"key": "c", "anon": False}, *[{"key": "a", "anon": False}] * 2]


def test_it_pickles_without_its_connections(opened: list[Mapping[str, object]]) -> None:
    outside = Outside({"s3": {"key": "a"}})
    at(outside, "s3://b/k")

    again = pickle.loads(pickle.dumps(outside))
    at(again, "s3://b/k")

    assert opened == [{"key": "a"}] * 2


def test_options_make_azure_of_a_url() -> None:
    outside = Outside({"http://127.0.0.1:1/acct/": {"service": "az"}})

    found = outside.target("http://127.0.0.1:1/acct/c/d/k?versionId=v")

    assert found == Target("az", "http://127.0.0.1:1/acct/c", "c", "d/k", "v")
    other = outside.target("http://127.0.0.1:1/acct2/c/d")
    assert other is not None
    assert other.service == "http"


def test_a_service_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ReferenceRefused):
        Outside().at(Target("ftp", "ftp://h", "h", "k"))


def test_offline_nobody_is_asked_and_the_error_tells_no_secret() -> None:
    outside = pickle.loads(pickle.dumps(Outside(offline=True)))

    for uri in ("http://me:geheim@h:8/p?sig=geheim", "s3://me:geheim@b/k", "gs://b/k", "az://c/k"):
        with pytest.raises(Offline, match=r"not asked: \w+://[hbc](:8)?$"):
            at(outside, uri)


def test_no_library_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from wbart_storage.foreign.outside import Outside; "
        "o = Outside(); o.at(o.target('https://host/x')); "
        "assert not {'fsspec', 's3fs', 'gcsfs', 'adlfs', 'aiohttp'} & set(sys.modules); "
        "o.at(o.target('s3://b/k')); "
        "assert 's3fs' in sys.modules and not {'gcsfs', 'adlfs'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
