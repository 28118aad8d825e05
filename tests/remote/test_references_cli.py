"""The command and references to servers: `put --ref`, `get`, and how each failure ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Shell
from tests.remote.web import Web, options_of, web
from tests.servers import Server


@pytest.fixture
def far() -> Iterator[Web]:
    with web() as found:
        yield found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    found = Shell(tmp_path)
    found.env["WBART_PRIVATE_REFERENCES"] = "true"
    return found


def test_a_page_is_put_by_its_url_and_comes_back(shell: Shell, far: Web) -> None:
    uri = far.page("/a.txt", b"hello", '"t"')

    shell("put", "--ref", uri, "-n", "data", fresh=True)
    shell("get", "data", "out", fresh=True)
    shown = shell("cat", "data#a.txt", fresh=True)

    assert (shell.folder / "out" / "a.txt").read_text() == "hello"
    assert shown.out == "hello"


def test_a_bucket_is_put_by_its_url_with_options_of_the_environment(
    shell: Shell, serving: Callable[[str], Server]
) -> None:
    server = serving("ministack")
    url, fs = server.bucket(), server.fs()
    for key in ("d/a", "d/e/b"):
        fs.pipe_file(f"{url}/{key}", key.encode())
    shell.env["WBART_REFERENCE_OPTIONS"] = json.dumps(options_of(server))

    shell("put", f"{url}/d", "-n", "data", fresh=True)
    shell("get", "data", "out", fresh=True)
    fs.pipe_file(f"{url}/d/a", b"other")
    changed = shell("get", "data", "out2", code=5, fresh=True)
    fs.rm_file(f"{url}/d/e/b")
    shell("get", "data", "out3", "--allow-missing-references", fresh=True)

    assert (shell.folder / "out" / "e" / "b").read_text() == "d/e/b"
    assert "its ETag was" in changed.err
    assert changed.err.count("\n") == 1
    assert not list((shell.folder / "out3").rglob("b"))


def test_each_failure_ends_with_its_code(shell: Shell, far: Web) -> None:
    uri = far.page("/a", b"hello", '"t"')
    shell("put", "--ref", uri, "-n", "data", fresh=True)

    assert "nothing lies at" in shell("put", "--ref", f"{far.url}/no", code=4, fresh=True).err
    far.page("/denied", status=403)
    shell("put", "--ref", f"{far.url}/denied", code=7, fresh=True)
    assert "must pass name" in shell("put", "--ref", "ref://x/y", code=2, fresh=True).err
    del far.pages["/a"]
    assert "reference is gone" in shell("get", "data", "out", code=4, fresh=True).err
    far.page("/a", b"other", '"new"')
    assert "was t and is new" in shell("get", "data", "out", code=5, fresh=True).err
    del shell.env["WBART_PRIVATE_REFERENCES"]
    assert "private_references" in shell("get", "data", "out", code=11, fresh=True).err


def test_offline_no_reference_is_fetched_but_those_to_files(shell: Shell, far: Web) -> None:
    near = shell.folder / "near"
    near.write_text("1")
    uri = far.page("/a", b"hello", '"t"')
    shell("put", "--ref", uri, "-n", "data", fresh=True)
    asked = len(far.asked)

    put = shell("--offline", "put", "--ref", uri, "-n", "more", code=12, fresh=True)
    get = shell("--offline", "get", "data", "out", code=12, fresh=True)
    shell("--offline", "put", "--ref", near.as_uri(), "-n", "near", fresh=True)
    shell("--offline", "get", "near", "out2", fresh=True)

    assert "offline, and not asked" in put.err
    assert "offline, and not asked" in get.err
    assert len(far.asked) == asked
    assert (shell.folder / "out2" / "near").read_text() == "1"


def test_no_credentials_come_out_of_the_command(shell: Shell, far: Web) -> None:
    far.page("/a?X-Amz-Signature=geheim", b"hello", '"t"')
    uri = far.url.replace("//", "//me:geheim@") + "/a?X-Amz-Signature=geheim"

    put = shell("put", "--ref", uri, "-n", "data", "--json", fresh=True)
    dry = shell("put", "--ref", uri, "-n", "data", "--dry-run", "--json", fresh=True)
    gone = shell("-v", "put", "--ref", uri.replace("/a?", "/b?"), "-n", "x", code=4, fresh=True)
    unnamed = shell("put", "--ref", uri.replace("/a?", "/ä?"), code=2, fresh=True)
    files = shell("files", "data", "--json", fresh=True)

    for ran in (put, dry, gone, unnamed, files):
        assert "geheim" not in ran.out + ran.err
