"""How each server is started. The commands are those of shared experience; see each function."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.servers.home import home
from tests.servers.server import Server, free_ports, running

_ACCOUNT = "testaccount"
_ACCOUNT_KEY = "dGVzdCBrZXkgb2YgYSBsb29wYmFjayBzZXJ2ZXI="


def start(name: str) -> AbstractContextManager[Server]:
    """The server of that name, running until the block ends."""
    return _started(name)


@contextmanager
def _started(name: str) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    try:
        yield from KINDS[name](folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _seaweedfs(folder: Path) -> Iterator[Server]:
    """A real distributed store (master, volume server, filer) with its S3 gateway."""
    names = "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc"
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    allowed = {"accessKey": "testkey", "secretKey": "testsecret"}
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    identity = {"name": "admin", "credentials": [allowed], "actions": actions}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    # Each bucket has volumes of its own, seven by default: ten tests would take all there are.
    (folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
    command = [
        str(home() / "bin/weed"), "-logtostderr=true", "-v=0", "server", f"-dir={folder}/data",
        "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
        "-master.volumeSizeLimitMB=256", "-volume.max=1000", "-volume.preStopSeconds=0",
        "-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={folder}/s3.json",
        *(f"-{name if '.grpc' not in name else name.replace('.grpc', '.port.grpc')}"
          f"{'' if '.grpc' in name else '.port'}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    yield from _serve("seaweedfs", "s3", ports["s3"], command, folder, _s3)


def _moto(folder: Path) -> Iterator[Server]:
    """One request at a time, since its creates are not exclusive in threads."""
    [port] = free_ports(1)
    program = Path(__file__).with_name("moto_locked.py")
    command = [str(home() / "bin/python"), str(program), str(port)]
    yield from _serve("moto", "s3", port, command, folder, _s3)


def _ministack(folder: Path) -> Iterator[Server]:
    """By its ASGI application: its own command listens on all addresses."""
    [port] = free_ports(1)
    command = [str(home() / "bin/hypercorn"), "ministack.app:app", "--bind", f"127.0.0.1:{port}"]
    environ = {
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "MINISTACK_HOST": "127.0.0.1",
        "DOCKER_HOST": "unix:///nonexistent",
    }
    yield from _serve("ministack", "s3", port, command, folder, _s3, "/_ministack/health", environ)


def _fakegcs(folder: Path) -> Iterator[Server]:
    [port] = free_ports(1)
    binary = next(home().glob("lib/python*/site-packages/fake_gcs*/**/fake-gcs-server-linux-amd64"))
    binary.chmod(0o755)
    command = [
        str(binary), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port),
        "-backend", "memory", "-external-url", f"http://127.0.0.1:{port}",
        "-public-host", f"127.0.0.1:{port}", "-log-level", "error",
    ]  # fmt: skip
    yield from _serve("fakegcs", "gs", port, command, folder, _gs, "/_internal/healthcheck")


def _gcpemulator(folder: Path) -> Iterator[Server]:
    """Ignores preconditions: no store may be made there."""
    [port] = free_ports(1)
    command = [
        str(home() / "bin/gcp-storage-emulator"), "start", "--host", "127.0.0.1",
        "--port", str(port), "--in-memory",
    ]  # fmt: skip
    yield from _serve("gcpemulator", "gs", port, command, folder, _gs)


def _azurite(folder: Path) -> Iterator[Server]:
    [port] = free_ports(1)
    command = [
        "node", str(home() / "node_modules/azurite/dist/src/blob/main.js"),
        "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder),
        "--silent", "--disableTelemetry", "--skipApiVersionCheck",
    ]  # fmt: skip
    environ = {"AZURITE_ACCOUNTS": f"{_ACCOUNT}:{_ACCOUNT_KEY}"}
    yield from _serve("azurite", "az", port, command, folder, _az, environ=environ)


def _rclone(folder: Path) -> Iterator[Server]:
    """Ignores preconditions: no store may be made there."""
    [port] = free_ports(1)
    (folder / "data").mkdir()
    command = [
        str(home() / "bin/rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}",
        "--auth-key", "testkey,testsecret", "--vfs-cache-mode", "off", str(folder / "data"),
    ]  # fmt: skip
    yield from _serve("rclone", "s3", port, command, folder, _s3)


def _serve(
    name: str,
    protocol: str,
    port: int,
    command: list[str],
    folder: Path,
    options: Callable[[str], Mapping[str, Any]],
    health: str = "/",
    environ: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    address = f"127.0.0.1:{port}"
    with running(command, folder / "log", f"http://{address}{health}", environ) as pid:
        yield Server(name, protocol, port, pid, options(address))


def _s3(address: str) -> Mapping[str, Any]:
    return {
        "key": "testkey",
        "secret": "testsecret",
        "endpoint_url": f"http://{address}",
        "client_kwargs": {"region_name": "eu-central-1"},
    }


def _gs(address: str) -> Mapping[str, Any]:
    return {"endpoint_url": f"http://{address}", "token": "anon", "project": "test"}


def _az(address: str) -> Mapping[str, Any]:
    parts = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": _ACCOUNT,
        "AccountKey": _ACCOUNT_KEY,
        "BlobEndpoint": f"http://{address}/{_ACCOUNT}",
    }
    return {"connection_string": ";".join(f"{name}={value}" for name, value in parts.items())}


KINDS: Mapping[str, Callable[[Path], Iterator[Server]]] = {
    "seaweedfs": _seaweedfs,
    "ministack": _ministack,
    "moto": _moto,
    "fakegcs": _fakegcs,
    "azurite": _azurite,
    "rclone": _rclone,
    "gcpemulator": _gcpemulator,
}
GOOD = ("seaweedfs", "ministack", "moto", "fakegcs", "azurite")
"""Those that a store may be made on."""
