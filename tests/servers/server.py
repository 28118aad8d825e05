"""A server that runs for a while: where it is, and what storage options reach it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from wbart_storage.services.s3_end import ends_on_its_loop

BUCKET = re.compile("t-[0-9a-f]{20}")
"""What the buckets are called that the tests make."""
_READY = 90.0
_STOP = 2.0


@dataclass(frozen=True)
class Server:
    """A running server that speaks S3 (`s3`), GCS (`gs`) or Azure (`az`)."""

    name: str
    protocol: str
    port: int
    pid: int
    options: Mapping[str, Any]
    """What `storage_options` reach it."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def through(self, port: int) -> Server:
        """The same server, reached by way of another port: a proxy's."""
        old, new = f"127.0.0.1:{self.port}", f"127.0.0.1:{port}"
        options = {
            name: value.replace(old, new) if isinstance(value, str) else value
            for name, value in self.options.items()
        }
        return replace(self, port=port, options=options)

    def bucket(self) -> str:
        """Make a new bucket; returns its URL."""
        name = f"t-{uuid4().hex[:20]}"
        self.fs().mkdir(name)
        return f"{self.protocol}://{name}"

    def fs(self) -> Any:
        """A new, uncached fsspec file system of it, for tests that look behind wbart's back."""
        import fsspec

        uncached = {"use_listings_cache": False, "skip_instance_cache": True}
        fs = fsspec.filesystem(self.protocol, **self.options, **uncached)
        return ends_on_its_loop(fs) if self.protocol == "s3" else fs


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


@contextmanager
def running(
    command: list[str], log: Path, url: str, environ: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a server until the block ends; its process id, once it answers at url."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            cwd=log.parent,
            start_new_session=True,
        )
    try:
        _wait(process, url, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:  # its data is thrown away: no need to be gentle
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _READY
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"server did not start:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True
