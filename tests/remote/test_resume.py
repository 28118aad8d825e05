"""A command that the network broke off goes on from there when it is run again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.remote.test_bad_networks import digests_in, fill, wbart
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

from wbart.cli import exit_codes
from wbart_storage.store import create_store

LARGE = 24
SIZES = [1_500_000] * LARGE
OBJECTS = r"(/|%2F)[ok](/|%2F)[0-9a-f]{2}(/|%2F)"
SECOND = r"log/0{12}/0{19}1\.json"
"""The slot of the second record."""
METHOD = {"s3": "PUT", "az": "PUT", "gs": "POST"}


@pytest.mark.parametrize("name", ["ministack", "azurite", "fakegcs"])
def test_a_put_that_broke_off_sends_what_is_missing_when_run_again(
    name: str, serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving(name)
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)
    wanted = fill(tmp_path / "in", SIZES)
    method = METHOD[server.protocol]

    with proxied(server) as proxy:
        options = proxy.server.options
        dead = Fault("status", method=method, path=OBJECTS, after=LARGE // 2, status=503)
        proxy.faults = [dead]
        broken = wbart(tmp_path, options, "--store", url, "put", "in", "-n", "data")
        assert broken.returncode == exit_codes.UNAVAILABLE
        landed = {each.path for each in proxy.matching(method, OBJECTS) if 200 <= each.status < 300}
        assert 0 < len(landed) < LARGE

        proxy.faults = []
        proxy.forget()
        again = wbart(tmp_path, options, "--store", url, "put", "in", "-n", "data")
        assert again.returncode == exit_codes.DONE, again.stderr
        sent = [each.path for each in proxy.matching(method, OBJECTS)]

        proxy.forget()
        third = wbart(tmp_path, options, "--store", url, "put", "in", "-n", "data")
        assert third.returncode == exit_codes.DONE
        assert proxy.count(method, OBJECTS) == 0

    assert len(sent) == LARGE - len(landed)
    assert not landed & set(sent)
    got = wbart(tmp_path, server.options, "--store", url, "get", "data", "out")
    assert got.returncode == exit_codes.DONE
    assert digests_in(tmp_path / "out") == wanted


def test_a_commit_whose_answer_is_lost_for_good_ends_with_exit_code_8(
    serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving("ministack")
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)
    fill(tmp_path / "in", [100] * 3)
    with proxied(server) as proxy:
        put = partial(wbart, tmp_path, proxy.server.options, "--store", url, "put", "in", "-n")
        for name in ("data", "like"):
            assert put(name).returncode == exit_codes.DONE
        (tmp_path / "in" / "more").write_text("more")
        proxy.forget()
        assert put("like").returncode == exit_codes.DONE
        asked = [each.method for each in proxy.matching(path=f"like/{SECOND}")]
        proxy.faults = [
            Fault("lost", method="PUT", path=SECOND),
            Fault("status", method="GET", path=SECOND, after=asked.index("PUT"), status=503),
        ]
        unsure = put("data")

    assert unsure.returncode == exit_codes.UNAVAILABLE
    told = unsure.stderr.splitlines()[-1]
    assert "may or may not have landed" in told or "may be committed" in told
    again = wbart(tmp_path, server.options, "--store", url, "--json", "put", "in", "-n", "data")
    assert again.returncode == exit_codes.DONE
    assert '"v1"' in again.stdout or '"version": 1' in again.stdout or "data:v1" in again.stdout
