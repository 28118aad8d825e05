"""`wbart cat`: one file of a version, on stdout."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

import click

from wbart.cli.options import Command, call_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbart.committed import Committed
    from wbart_manifest.entry import Entry


@click.command("cat", cls=Command)
@click.argument("ref", metavar="REF#PATH")
@click.pass_context
def command(ctx: click.Context, ref: str) -> None:
    """Write one file of a version to stdout; its bytes are checked before they are written.

    A large file is written in pieces as it is read: then a wrong digest shows at the end, as an
    error with exit code 5.
    """
    from wbart.cli.session import opened
    from wbart.refs.loading import load
    from wbart.refs.refpath import Ref

    call = call_of(ctx)
    parsed = Ref.parse(ref)
    if parsed.path is None:
        raise click.UsageError(f"name the file: {ref}#PATH", ctx)
    with opened(call, parsed) as workspace:
        at = load(workspace, parsed)
        entry = at.entry(parsed.path)
        if sys.stdout is None:
            raise OSError(errno.EBADF, "stdout is closed")
        for piece in _pieces(at, entry):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _pieces(at: Committed, entry: Entry) -> Iterator[bytes]:
    from wbart.folders.writing import wanted

    if entry.reference is not None:
        yield from _fetched(at, entry)
        return
    blobs = at.workspace.store.blobs
    for piece in blobs.pieces(wanted(entry)):
        yield bytes(piece)


def _fetched(at: Committed, entry: Entry) -> Iterator[bytes]:
    """A reference's bytes: fetched and checked first, then read."""
    from tempfile import TemporaryDirectory

    from wbart.folders.reading import download_entry

    with (
        TemporaryDirectory(prefix="wbart-cat-") as folder,
        open(download_entry(at, entry.path, folder), "rb") as file,
    ):
        while piece := file.read(1 << 20):
            yield piece
