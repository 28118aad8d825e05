"""References over a network that fails: every byte is right in the end, or the error says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.artifacts.house import House, listing
from tests.remote.web import options_of, reaching
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

from wbart.errors import IntegrityError
from wbart.recording.surroundings import enter, leave
from wbart_storage.errors import AccessDenied

_COUNT = 60


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.chdir(tmp_path)
    built = House.build(tmp_path)
    enter(built.workspace)
    yield built
    leave(built.workspace)


@pytest.mark.parametrize(
    "fault",
    [Fault("status", 0.1, "GET", status=503, code="SlowDown"), Fault("reset", 0.1, "GET"),
     Fault("cut", 0.1, "GET")],
    ids=lambda fault: str(fault.what),
)  # fmt: skip
def test_one_answer_in_ten_is_spoiled_and_all_bytes_come(
    home: House, serving: Callable[[str], Server], fault: Fault
) -> None:
    server = serving("ministack")
    url, fs = server.bucket(), server.fs()
    wanted = {f"{index:02}": f"{index} " * 500 for index in range(_COUNT)}
    fs.pipe({f"{url}/{name}": text.encode() for name, text in wanted.items()})

    with proxied(server, [fault]) as proxy:
        options = options_of(proxy.server)
        with reaching(home, reference_options=options) as house:
            artifact = house.draft()
            artifact.add_reference(url)
            out = listing(house.save(artifact).download("out"))

    assert out == wanted
    assert any(each.fault for each in proxy.requests)


@pytest.mark.parametrize("name", ["ministack", "fakegcs", "azurite"])
def test_a_byte_that_is_flipped_on_the_way_is_noticed(
    home: House, serving: Callable[[str], Server], name: str
) -> None:
    server = serving(name)
    url, fs = server.bucket(), server.fs()
    fs.pipe_file(f"{url}/a", b"hello" * 100)

    with reaching(home, reference_options=options_of(server)) as house:
        artifact = house.draft()
        artifact.add_reference(f"{url}/a")
        house.save(artifact)
    with proxied(server, [Fault("flip", method="GET", path="/a")]) as proxy:
        options = options_of(proxy.server)
        with (
            reaching(home, reference_options=options) as house,
            pytest.raises(IntegrityError, match="the MD5 of its bytes"),
        ):
            house.load(artifact.qualified_name).download("out")
        assert listing("out") == {}
        proxy.faults = [Fault("flip", method="GET", path="/a", times=1)]
        with reaching(home, reference_options=options) as house:
            assert listing(house.load(artifact.qualified_name).download("out")) == {
                "a": "hello" * 100
            }


def test_wrong_credentials_end_at_once_and_are_not_told(
    home: House, serving: Callable[[str], Server]
) -> None:
    server = serving("seaweedfs")
    url = server.bucket()
    options = {"s3": {**server.options, "secret": "geheim"}}

    with (
        reaching(home, reference_options=options) as house,
        pytest.raises(AccessDenied) as caught,
    ):
        house.draft().add_reference(f"{url}/a")

    assert "geheim" not in str(caught.value) + json.dumps(str(caught.value.__cause__))
