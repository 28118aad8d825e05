"""What a record of W&B's says of an artifact that a run logged."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from wbart.apis.importers.wandb.contents import ManifestRow
from wbart.apis.importers.wandb.message import Message, loaded
from wbart.errors import ArgumentInvalid
from wbart.ttl import Stored
from wbart_manifest.wandb_digest import MD5

_TYPE, _NAME, _DIGEST, _DESCRIPTION, _METADATA, _ALIASES, _MANIFEST = 4, 5, 6, 7, 8, 11, 12
_USE, _DISTRIBUTED, _FINAL, _CLIENT, _TTL, _TAGS, _ALGORITHM = 10, 13, 14, 15, 18, 19, 20
_ENTRIES, _ENTRIES_FILE = 4, 5
_FOR_EVER: Final = -2
"""W&B's time to live of what never expires."""


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """One version that was logged; raises ValueError where the record is not as it must be."""

    message: Message

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.message.text(_NAME)

    @property
    def type(self) -> str:
        """The collection's type; one that W&B makes by itself, too."""
        return self.message.text(_TYPE)

    @property
    def digest(self) -> str:
        """W&B's digest of the manifest."""
        return self.message.text(_DIGEST)

    @property
    def algorithm(self) -> str:
        """Of the digests: `MD5` or `XXH128`."""
        return self.message.text(_ALGORITHM).removeprefix("MANIFEST_") or MD5

    @property
    def client_id(self) -> str:
        """By which other records of offline runs refer to it."""
        return self.message.text(_CLIENT)

    @property
    def description(self) -> str | None:
        """Free text."""
        return self.message.text(_DESCRIPTION) or None

    @property
    def metadata(self) -> dict[str, Any]:
        """JSON values by name."""
        found = loaded(self.message.text(_METADATA) or "{}")
        return found if isinstance(found, dict) else {}

    @property
    def ttl(self) -> Stored:
        """As journals have it."""
        seconds = self.message.integer(_TTL)
        if seconds == _FOR_EVER:
            return None
        return timedelta(seconds=seconds) // timedelta(seconds=1) if seconds > 0 else "inherit"

    @property
    def aliases(self) -> tuple[str, ...]:
        """Besides `latest`."""
        return tuple(alias for alias in self.message.texts(_ALIASES) if alias != "latest")

    @property
    def tags(self) -> tuple[str, ...]:
        """Labels of the version."""
        return tuple(self.message.texts(_TAGS))

    @property
    def is_used(self) -> bool:
        """Whether the run also takes it in."""
        return bool(self.message.integer(_USE))

    @property
    def is_partial(self) -> bool:
        """Whether it is one of several parts that W&B's server makes a version of."""
        return bool(self.message.text(_DISTRIBUTED)) or not self.message.integer(_FINAL)

    def rows(self) -> Iterator[ManifestRow]:
        """Its entries, from the record or from the file that holds those of large manifests."""
        manifest = self.message.message(_MANIFEST)
        if manifest is None:
            return
        if path := manifest.text(_ENTRIES_FILE):
            yield from _rows_of_file(path)
        for entry in manifest.messages(_ENTRIES):
            size = entry.integer(4)
            yield ManifestRow(
                path=entry.text(1),
                digest=entry.text(2),
                ref=entry.text(3) or None,
                size=size or None,
                local=entry.text(6) or None,
                extra={each.text(1): loaded(each.text(2) or "null")
                       for each in entry.messages(16)},
            )  # fmt: skip


def _rows_of_file(path: str) -> Iterator[ManifestRow]:
    """The entries of a file of JSON lines under gzip. Raises ArgumentInvalid for anything else."""
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield _row(loaded(line.decode()))
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError) as error:
        reason = str(error).partition("\n")[0]
        raise ArgumentInvalid(f"the manifest {path} cannot be read: {reason}") from error


def _row(found: dict[str, Any]) -> ManifestRow:
    ref, local, extra = found.get("ref"), found.get("local_path"), found.get("extra")
    return ManifestRow(
        path=str(found["path"]),
        digest=str(found["digest"]),
        ref=None if ref is None else str(ref),
        size=int(found["size"]) if found.get("size") is not None else None,
        local=None if local is None else str(local),
        extra=extra if isinstance(extra, dict) else {},
    )
