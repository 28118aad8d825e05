"""Servers that ignore conditions hold no store; the command line says so by its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.servers import Server

from wbart.cli import exit_codes
from wbart.cli.main import main
from wbart_storage.config import read_config
from wbart_storage.errors import StoreRefused
from wbart_storage.objects import ObjectStore
from wbart_storage.opening import open_objects
from wbart_storage.store import create_store

_SAID = "lets a second writer overwrite what a first has created"


@pytest.fixture(params=["rclone", "gcpemulator"])
def careless(request: pytest.FixtureRequest, serving: Callable[[str], Server]) -> Server:
    """A server that ignores conditions."""
    return serving(request.param)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Callable[..., tuple[int, str, str]]:
    """The command line; which server it shall reach it is told in its environment."""
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WBART_DATA_DIR", str(tmp_path / "data"))

    def run(server: Server, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("WBART_STORAGE_OPTIONS", json.dumps(server.options))
        code = main([*arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize("attempt", range(3))
def test_a_server_that_ignores_conditions_is_refused_every_time(
    careless: Server, attempt: int
) -> None:
    url = f"{careless.bucket()}/x"

    with pytest.raises(StoreRefused) as caught:
        create_store(url, storage_options=careless.options)

    assert str(caught.value) == f"{url}: the backend {_SAID}"
    assert _left(careless, url) == []


def test_init_says_so_and_ends_with_refused(
    careless: Server, command: Callable[..., tuple[int, str, str]]
) -> None:
    url = f"{careless.bucket()}/x"

    code, out, err = command(careless, "init", url)

    assert (code, out) == (exit_codes.REFUSED, "")
    assert err.startswith(f"wbart: {url}: the backend {_SAID}")
    assert _left(careless, url) == []


def test_one_writer_may_answer_for_it(
    serving: Callable[[str], Server], command: Callable[..., tuple[int, str, str]]
) -> None:
    careless = serving("gcpemulator")
    url = f"{careless.bucket()}/x"

    assert command(careless, "init", url, "--single-writer")[0] == exit_codes.DONE
    code, out, _ = command(careless, "doctor", "--store", url, "--json")

    assert code == exit_codes.DONE
    assert _verdict(out, "store: create") == "note"


def test_doctor_finds_a_store_on_such_a_server_unfit(
    serving: Callable[[str], Server], command: Callable[..., tuple[int, str, str]]
) -> None:
    careless = serving("gcpemulator")
    url = f"{careless.bucket()}/x"
    command(careless, "init", url, "--single-writer")
    _claim_many_writers(open_objects(url, careless.options))

    code, out, _ = command(careless, "doctor", "--store", url, "--json")

    assert code == exit_codes.FAILED
    assert _verdict(out, "store: create") == "bad"


@pytest.mark.parametrize("protocol", ["sftp", "ftp", "smb", "webhdfs", "http"])
def test_init_refuses_protocols_that_cannot_be_trusted(
    protocol: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("WBART_CACHE_DIR", str(tmp_path / "cache"))

    code = main(["init", f"{protocol}://nowhere.invalid/x"])

    assert code == exit_codes.REFUSED
    assert capsys.readouterr().err.startswith(f"wbart: {protocol}://")


def _left(server: Server, url: str) -> list[str]:
    return [stat.key for stat in open_objects(url, server.options).list("")]


def _claim_many_writers(store: ObjectStore) -> None:
    store.put("wbart.json", replace(read_config(store), single_writer=False).dumps())


def _verdict(out: str, subject: str) -> str:
    document = json.loads(out)
    findings = document if isinstance(document, list) else document["items"]
    return next(str(each["verdict"]) for each in findings if each["subject"] == subject)
