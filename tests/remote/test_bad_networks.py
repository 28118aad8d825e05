"""`wbart put` and `wbart get` over a network that spoils every second request.

They finish with every byte right, or end with exit code 8 and go on from there the next time.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Server
from tests.servers.proxy import Fault, proxied

from wbart.cli import exit_codes
from wbart_storage.store import create_store

EACH = 0.1
"""Each of seven faults falls on one in ten of the requests that it is for."""
FAULTS = [
    Fault("cut", EACH),
    Fault("hang", EACH, seconds=2),
    Fault("status", EACH, status=500),
    Fault("status", EACH, status=503, code="SlowDown"),
    Fault("status", EACH, status=429, code="TooManyRequests"),
    Fault("short", EACH),
    Fault("flip", EACH, "GET", r"(/|%2F)[okt](/|%2F)[0-9a-f]{2}(/|%2F)"),
]
MOST_TRIES = 6
_MAIN = "import sys; from wbart.cli.main import main; sys.exit(main())"
SIZES = [100] * 4985 + [1_500_000] * 12 + [20_000_000] * 3
FEW = [100] * 300 + [1_500_000] * 2


def wbart(
    folder: Path, options: Mapping[str, Any], *words: str
) -> subprocess.CompletedProcess[str]:
    """Run the real command; it must end with a sentence when it ends badly."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "WBART_STORAGE_OPTIONS": json.dumps(dict(options)),
        "WBART_CACHE_DIR": str(folder / "cache"),
        "WBART_DATA_DIR": str(folder / "data"),
        "HOME": str(folder),
    }
    command = [sys.executable, "-c", _MAIN, *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280
    )
    if done.returncode:
        assert "Traceback" not in done.stderr
        assert done.stderr.splitlines()[-1].startswith("wbart: ")
    return done


def until_done(folder: Path, options: Mapping[str, Any], *words: str) -> int:
    """Run the command until it is done; how often it ended with exit code 8 before."""
    told = ""
    for tries in range(MOST_TRIES):
        done = wbart(folder, options, *words)
        if done.returncode == exit_codes.DONE:
            return tries
        told = done.stderr
        assert done.returncode == exit_codes.UNAVAILABLE, told
    raise AssertionError(f"not done after {MOST_TRIES} tries: {told}")


def fill(folder: Path, sizes: list[int]) -> dict[str, str]:
    """Write files of random bytes; the digest of each by its path."""
    chance, digests = random.Random(7), {}
    for number, size in enumerate(sizes):
        path = folder / f"{number % 50:02d}" / f"{number:05d}"
        path.parent.mkdir(parents=True, exist_ok=True)
        data = chance.randbytes(size)
        path.write_bytes(data)
        digests[str(path.relative_to(folder))] = hashlib.sha256(data).hexdigest()
    return digests


def digests_in(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("seaweedfs", SIZES), ("ministack", FEW), ("azurite", FEW), ("fakegcs", FEW)],
)
def test_files_go_there_and_back_with_every_byte_right(
    name: str, sizes: list[int], serving: Callable[[str], Server], tmp_path: Path
) -> None:
    server = serving(name)
    url = f"{server.bucket()}/store"
    create_store(url, storage_options=server.options)
    wanted = fill(tmp_path / "in", sizes)

    with proxied(server, FAULTS, seed=5) as proxy:
        options = proxy.server.options
        puts = until_done(tmp_path, options, "--store", url, "put", "in", "-n", "data")
        (tmp_path / "cache").rename(tmp_path / "elsewhere")
        gets = until_done(tmp_path, options, "--store", url, "get", "data", "out")
        looks = until_done(tmp_path, options, "--store", url, "verify", "data")
        spoilt = {each.fault for each in proxy.requests}

    assert digests_in(tmp_path / "out") == wanted
    assert len(spoilt) > 2
    told = f"put ended with exit code 8 {puts} times, get {gets} times, verify {looks} times"
    sys.stdout.write(f"{name}: {told}\n")
