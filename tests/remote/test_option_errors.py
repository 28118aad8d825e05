"""What is wrong with an option is told in one line, at once, and never its value."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.remote.test_bad_networks import wbart
from tests.servers import Server

from wbart.cli import exit_codes
from wbart_storage.errors import OptionInvalid, StorageError
from wbart_storage.opening import open_objects
from wbart_storage.translate import translate

SECRET = "ya29.verysecret"


@pytest.mark.parametrize("scheme", ["s3", "gs", "az", "abfs"])
def test_an_unknown_option_is_named_before_anything_is_asked(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: asked.append(args))
    monkeypatch.setattr(socket.socket, "connect", lambda *args: asked.append(args))

    with pytest.raises(OptionInvalid, match="has no storage option 'endpoint'") as caught:
        open_objects(f"{scheme}://bucket/root", {"endpoint": SECRET})

    assert SECRET not in str(caught.value)
    assert asked == []


@pytest.mark.parametrize(
    "options", [{"nonsense": SECRET}, {"client_kwargs": {"nonsense": SECRET}}], ids=["own", "inner"]
)
def test_an_unknown_option_ends_with_exit_code_2(
    options: Mapping[str, object], serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving("ministack")
    given = {**server.options, **options}
    if "client_kwargs" in options:
        given["client_kwargs"] = {**server.options.get("client_kwargs", {}), "nonsense": SECRET}

    done = wbart(tmp_path, given, "--store", f"{server.bucket()}/store", "ls")

    assert done.returncode == exit_codes.USAGE
    [line] = done.stderr.splitlines()
    assert "no storage option 'nonsense'" in line
    assert SECRET not in line
    assert json.dumps(given)  # it went through the environment


@pytest.mark.parametrize(
    "said",
    [
        f"HTTPSConnectionPool(host='h', port=443): with url: /tokeninfo?access_token={SECRET} (x)",
        f"GET https://h/x?X-Amz-Signature={SECRET} failed",
        f"cannot use access_token={SECRET}&a=b",
    ],
)
def test_a_token_in_a_message_is_not_passed_on(said: str) -> None:
    assert SECRET not in str(translate(OSError(said), "key"))


def test_an_answer_in_xml_is_not_passed_on() -> None:
    said = "Server failed.\nErrorCode:AuthenticationFailed\nContent: <?xml version='1.0'?><Error/>"
    told = translate(OSError(said), "key")

    assert isinstance(told, StorageError)
    assert str(told) == "key: Server failed. ErrorCode:AuthenticationFailed"
