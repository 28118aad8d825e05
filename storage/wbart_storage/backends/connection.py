"""One file system of fsspec, as a store needs it: shared with nobody, and fresh after a fork."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from fsspec import AbstractFileSystem

from wbart_storage.services.kinds import service_of
from wbart_storage.services.service import UNCACHED, Service
from wbart_storage.translate import translated


class Connection:
    """Builds the file system that `fs` gives, and builds it anew in the child of a fork.

    fsspec caches listings and instances, and then serves what other machines have long changed
    with credentials that have long been exchanged; ours does neither, whatever options say.
    """

    def __init__(
        self,
        protocol: str,
        options: Mapping[str, Any],
        kind: type | None = None,
        args: Sequence[Any] = (),
    ) -> None:
        self.protocol = protocol
        self.service: Service = service_of(protocol)
        self._made_of = kind, tuple(args), {**options, **UNCACHED}
        self._built = [self._build()]

    @classmethod
    def like(cls, fs: AbstractFileSystem) -> Connection:
        """A connection of its own to what fs is connected to."""
        protocol = fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0]
        return cls(protocol, fs.storage_options, type(fs), fs.storage_args)

    def __reduce__(self) -> tuple[object, ...]:
        kind, args, options = self._made_of
        return type(self), (self.protocol, options, kind, args)

    @property
    def fs(self) -> Any:
        """The file system of this process. Typed by nobody: fsspec's types are wrong in places."""
        process, fs = self._built[-1]
        if process != os.getpid():
            # The parent's stays in the list, for its end would close what the parent still uses.
            self._built.append(self._build())
            fs = self._built[-1][1]
        return fs

    def _build(self) -> tuple[int, Any]:
        with translated(f"{self.protocol}://"):
            return os.getpid(), self.service.connect(*self._made_of)
