"""`Artifact.new_file`: a file object that adds itself when it is closed."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import PurePath
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from wbart.errors import ArgumentInvalid
from wbart_manifest.errors import EntryClash
from wbart_manifest.path import canonical

if TYPE_CHECKING:
    from wbart.drafts.content import Content

_MODES = ("x", "xt", "xb", "w", "wt", "wb")


def new_file(
    content: Content,
    name: str | os.PathLike[str],
    mode: str,
    encoding: str | None,
    check: Callable[[], None],
) -> IO[Any]:
    """A new file; raises ArgumentInvalid when the path is taken and mode is not `w`.

    check is asked once more when the file is closed: it raises when that is too late.
    """
    path = canonical(name if isinstance(name, PurePath) else os.fspath(name))
    if mode not in _MODES:
        raise ArgumentInvalid(f"Invalid mode {mode!r}: a new file is opened with one of {_MODES}")
    if "x" in mode and content.get(path) is not None:
        raise ArgumentInvalid(f"File with name {path!r} already exists")
    descriptor, temporary = tempfile.mkstemp(prefix="wbart-")
    raw = io.FileIO(descriptor, "r+")
    added = _Added(content, path, temporary, "w" in mode, check)
    if "b" in mode:
        return _NewFile(raw, added)
    return _NewText(_NewFile(raw, added), encoding=encoding or "utf-8", newline=None)


class _Added:
    """What happens when a new file is closed: it is added, or given up."""

    def __init__(
        self,
        content: Content,
        path: str,
        temporary: str,
        overwrite: bool,
        check: Callable[[], None],
    ) -> None:
        self.given_up = False
        self._content = content
        self._path = path
        self._temporary = temporary
        self._overwrite = overwrite
        self._check = check

    def finish(self) -> None:
        try:
            if not self.given_up:
                self._check()
                self._content.add_file(self._temporary, self._path, overwrite=self._overwrite)
        except EntryClash as error:
            if error.other is not None:
                raise
            raise ArgumentInvalid(f"File with name {self._path!r} already exists") from error
        finally:
            os.unlink(self._temporary)


class _NewFile(io.BufferedRandom):
    """A binary file that is added when it is closed, unless its `with` block raised."""

    def __init__(self, raw: io.FileIO, added: _Added) -> None:
        super().__init__(raw)
        self.added = added

    def close(self) -> None:
        if self.closed:
            return
        try:
            super().close()
        except BaseException:
            self.added.given_up = True
            raise
        finally:
            self.added.finish()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.added.given_up = self.added.given_up or error is not None
        self.close()


class _NewText(io.TextIOWrapper):
    """The same for text."""

    def __init__(self, binary: _NewFile, *, encoding: str, newline: str | None) -> None:
        super().__init__(binary, encoding=encoding, newline=newline)
        self._binary = binary

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except UnicodeEncodeError as error:
            error.add_note("Please specify an encoding that can hold the text, e.g. utf-8")
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._binary.added.given_up = self._binary.added.given_up or error is not None
        self.close()
