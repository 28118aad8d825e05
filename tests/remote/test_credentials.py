"""Credentials come from where the libraries look for them, and never get into a store."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.remote.web import web
from tests.servers import Server

from wbart.cli import exit_codes
from wbart.cli.main import main
from wbart_storage.errors import AccessDenied, StoreRefused
from wbart_storage.foreign.gs import open_gs
from wbart_storage.opening import open_objects
from wbart_storage.services.gcs_credentials import with_token


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine on which nobody has logged in anywhere."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return monkeypatch


def test_s3_looks_into_the_environment(
    bare: pytest.MonkeyPatch, serving: Callable[[str], Server]
) -> None:
    server = serving("ministack")
    bare.setenv("AWS_ACCESS_KEY_ID", server.options["key"])
    bare.setenv("AWS_SECRET_ACCESS_KEY", server.options["secret"])
    bare.setenv("AWS_ENDPOINT_URL", server.endpoint)
    bare.setenv("AWS_DEFAULT_REGION", "eu-central-1")

    store = open_objects(f"{server.bucket()}/x")
    store.put("a/b", b"x")

    assert store.get("a/b") == b"x"


def test_azure_looks_into_the_environment(
    bare: pytest.MonkeyPatch, serving: Callable[[str], Server]
) -> None:
    server = serving("azurite")
    bare.setenv("AZURE_STORAGE_CONNECTION_STRING", server.options["connection_string"])

    store = open_objects(f"{server.bucket()}/x")
    store.put("a/b", b"x")

    assert store.get("a/b") == b"x"


def test_gcs_looks_into_the_environment(
    bare: pytest.MonkeyPatch, serving: Callable[[str], Server]
) -> None:
    server = serving("fakegcs")
    bare.setenv("STORAGE_EMULATOR_HOST", server.endpoint)

    store = open_objects(f"{server.bucket()}/x", {"token": "anon"})
    store.put("a/b", b"x")

    assert store.get("a/b") == b"x"


LOOKING = """
import sys
from google.auth.compute_engine import _metadata
from wbart_storage.opening import open_objects
_metadata.detect_gce_residency_linux = lambda: False  # wherever the tests run
store = open_objects(sys.argv[1], {"endpoint_url": sys.argv[2]})
store.put("a/b", b"x")
fs = store.connection.fs
print(fs.credentials.token, fs.project, store.get("a/b"))
"""


def looking(server: Server, metadata: str, home: Path) -> str:
    """What a process says that has no credentials, and metadata at that address."""
    asked = [sys.executable, "-c", LOOKING, f"{server.bucket()}/x", server.endpoint]
    host = metadata.removeprefix("http://")
    mine = {"HOME": str(home), "GCE_METADATA_IP": host, "GCE_METADATA_HOST": host}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOOGLE_")}
    ran = subprocess.run(asked, env={**kept, **mine}, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout.strip()


def test_a_silent_metadata_server_is_asked_once(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)

        said = looking(serving("fakegcs"), f"127.0.0.1:{silent.getsockname()[1]}", tmp_path)

        assert said == "anon  b'x'"
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize(
    "content", [None, b"", b"\xff\xfe{", b"[]", b'{"type": "service_account"}']
)
def test_credentials_of_google_that_are_of_no_use_are_denied(
    bare: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "key.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    bare.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    ways: list[Callable[[], object]] = [lambda: open_objects("gs://bucket/x"), lambda: open_gs({})]

    for opening in ways:
        with pytest.raises(AccessDenied, match="credentials of Google") as caught:
            opening()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("project", ["", "mine"])
def test_credentials_that_name_no_project_leave_it_as_it_is(
    bare: pytest.MonkeyPatch, tmp_path: Path, project: str
) -> None:
    file = tmp_path / "login.json"
    login = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
    file.write_text(json.dumps({"type": "authorized_user", **login}))
    bare.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    bare.delenv("GOOGLE_CLOUD_PROJECT", raising=False)

    given = {"project": project} if project else {}
    assert with_token(given).get("project", "") == project


def test_a_metadata_server_says_who_asks(serving: Callable[[str], Server], tmp_path: Path) -> None:
    account = "/computeMetadata/v1/instance/service-accounts"
    token = json.dumps({"access_token": "of-ours", "expires_in": 3600, "token_type": "Bearer"})
    mark = {"Metadata-Flavor": "Google"}
    text = {**mark, "Content-Type": "application/text"}
    named = {**mark, "Content-Type": "application/json"}
    with web() as server:
        server.page("/", headers=mark)
        server.page("/computeMetadata/v1/project/project-id", b"ours", headers=text)
        about = json.dumps({"email": "me@ours", "scopes": []}).encode()
        server.page(f"{account}/default/?recursive=true", about, headers=named)
        scope = "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage.full_control"
        server.page(f"{account}/default/token?scopes={scope}", token.encode(), headers=named)

        said = looking(serving("fakegcs"), server.url, tmp_path)

    assert "compute_engine" in said
    assert said.endswith(" ours b'x'")
    assert server.paths[0] == "/"
    assert any("/token" in path for path in server.paths)


@pytest.mark.parametrize(
    "url", ["s3://bucket/x", "az://container/x", "abfss://c@account.dfs.core.windows.net/x"]
)
def test_no_credentials_at_all_are_denied_at_once(bare: pytest.MonkeyPatch, url: str) -> None:
    start = time.monotonic()

    with pytest.raises(AccessDenied) as caught:
        open_objects(url).get("wbart.json")

    assert time.monotonic() - start < 15
    assert "\n" not in str(caught.value)


def test_wrong_credentials_end_with_the_exit_code_of_permission(
    serving: Callable[[str], Server],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    server = serving("seaweedfs")
    wrong = {**server.options, "key": "nobody"}
    monkeypatch.setenv("WBART_STORAGE_OPTIONS", json.dumps(wrong))
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path))

    code = main(["init", f"{server.bucket()}/x"])

    assert code == exit_codes.NO_PERMISSION
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hunter2@bucket/x",
        "s3://AKIA:hun/hunter2@bucket/x",
        "s3://hunter2@bucket/x",
        "gs://hunter2@bucket/x",
        "az://account:hunter2@container/x",
        "sftp://user:hunter2@host/x",
        "az://container/x?sig=hunter2",
        "s3://bucket/x?X-Amz-Signature=hunter2",
        "gs://bucket/x#hunter2",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StoreRefused) as caught:
        open_objects(url)

    assert "hunter2" not in str(caught.value)


def test_nothing_of_the_options_gets_into_the_store_or_the_cache(
    server: Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    options = dict(server.options)
    if "project" in options:
        options["project"] = "nobody-else-says-so"  # paths of tests say "test"
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("nothing to hide")
    url = f"{bucket}/x"
    monkeypatch.setenv("WBART_STORAGE_OPTIONS", json.dumps(options))
    monkeypatch.setenv("WBART_STORE", url)
    for name in ("CACHE", "DATA"):
        monkeypatch.setenv(f"WBART_{name}_DIR", str(tmp_path / name))

    assert main(["init", url]) == exit_codes.DONE
    assert main(["put", str(source), "-n", "data"]) == exit_codes.DONE

    objects = open_objects(url, options)
    written = {stat.key: objects.get(stat.key) for stat in objects.list("")}
    written |= {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "wbart.json" in written
    for value in map(str, options.values()):
        assert [name for name, data in written.items() if value.encode() in data] == []
    assert not set(json.loads(written["wbart.json"])) & set(server.options)
    capsys.readouterr()
