"""The tools that carry a folder to a bucket and back: wbart, and those it is measured against.

The command line of each is here and nowhere else. Each runs with its own defaults; none is told
more about the work than where it lies.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import s3fs_copy
from tests.bench.rounds import REPOSITORY, WINGS
from tests.bench.steps import WBART, Argv
from tests.servers import Server
from tests.servers.home import aws, home

S3FS: Argv = (sys.executable, str(Path(s3fs_copy.__file__)))


@dataclass(frozen=True, slots=True)
class Site:
    """Where one tool works: a server, a bucket of its own, and folders below root."""

    server: Server
    bucket: str
    root: Path

    @property
    def url(self) -> str:
        """Where the tool's own objects go."""
        return f"s3://{self.bucket}/place"

    def at(self, name: str) -> str:
        """The folder of that name below the root."""
        return str(self.root / name)


def _none(site: Site) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Tool:
    """How one tool puts the folder `source` to its place and gets it from there into `out`."""

    name: str
    put: Callable[[Site], Argv]
    get: Callable[[Site], Argv]
    environ: Callable[[Site], Mapping[str, str]] = _none
    before: Callable[[Site], Argv | None] = field(default=lambda site: None)
    """What has to be there first, and is not timed."""
    ours: bool = False


def environment(tool: Tool, site: Site) -> dict[str, str]:
    """That of a command of the tool, with nothing of whoever runs the benchmark."""
    # An installed wbart is compiled, whatever the machine that builds it asks for.
    foreign = ("WBART_", "AWS_", "RCLONE_", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    return {**kept, **tool.environ(site)}


def wbart(name: str, client: str, *options: str) -> Tool:
    """wbart, speaking to the bucket through that client."""

    def environ(site: Site) -> Mapping[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join(str(REPOSITORY / wing) for wing in WINGS),
            "WBART_STORAGE_OPTIONS": json.dumps(dict(site.server.options)),
            "WBART_CLIENT": client,
            "WBART_STORE": site.url,
            "WBART_CACHE_DIR": site.at("cache"),
            "WBART_DATA_DIR": site.at("data"),
        }

    return Tool(
        name,
        lambda site: (*WBART, "put", site.at("source"), "-n", "work", "-t", "dataset", "-q"),
        # Another machine gets it: nothing is in its cache.
        lambda site: ("env", f"WBART_CACHE_DIR={site.at('cache-2')}", *WBART, "get", "work:v0",
                      site.at("out"), "-q", *options),
        environ,
        lambda site: (*WBART, "init", site.url, "-q"),
        ours=True,
    )  # fmt: skip


def _aws(name: str, *verb: str) -> Tool:
    def copy(site: Site, source: str, target: str) -> Argv:
        end = ("--only-show-errors", "--endpoint-url", site.server.endpoint)
        return (str(aws()), "s3", *verb, source, target, *end)

    return Tool(
        name,
        lambda site: copy(site, site.at("source"), site.url),
        lambda site: copy(site, site.url, site.at("out")),
        _aws_environ,
    )


def _aws_environ(site: Site) -> Mapping[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": str(site.server.options["key"]),
        "AWS_SECRET_ACCESS_KEY": str(site.server.options["secret"]),
        "AWS_DEFAULT_REGION": str(site.server.options["client_kwargs"]["region_name"]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _rclone(name: str, *options: str) -> Tool:
    def copy(site: Site, source: str, target: str) -> Argv:
        return (str(home() / "bin/rclone"), "copy", source, target, "--quiet", *options)

    return Tool(
        name,
        lambda site: copy(site, site.at("source"), site.url.replace("s3://", "bench:")),
        lambda site: copy(site, site.url.replace("s3://", "bench:"), site.at("out")),
        _rclone_environ,
    )


def _rclone_environ(site: Site) -> Mapping[str, str]:
    said = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ACCESS_KEY_ID": str(site.server.options["key"]),
        "SECRET_ACCESS_KEY": str(site.server.options["secret"]),
        "REGION": str(site.server.options["client_kwargs"]["region_name"]),
        "ENDPOINT": site.server.endpoint,
    }
    named = {f"RCLONE_CONFIG_BENCH_{name}": value for name, value in said.items()}
    return {**named, "RCLONE_CONFIG": os.devnull}


def s3fs_environ(site: Site) -> Mapping[str, str]:
    """What the program beside us needs to know."""
    return {"S3FS_OPTIONS": json.dumps(dict(site.server.options))}


_S3FS = Tool(
    "s3fs",
    lambda site: (*S3FS, "put", site.at("source"), site.url),
    lambda site: (*S3FS, "get", site.url, site.at("out")),
    s3fs_environ,
)

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        wbart("wbart", "fsspec"),
        wbart("wbart obstore", "obstore"),
        wbart("wbart no cache", "obstore", "--no-cache"),
        _aws("aws s3 cp", "cp", "--recursive"),
        _aws("aws s3 sync", "sync"),
        _rclone("rclone"),
        _rclone("rclone 32", "--transfers", "32", "--checkers", "32"),
        _S3FS,
    )
}
