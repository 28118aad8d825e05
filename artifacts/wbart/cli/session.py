"""What a command works on: the workspace that the call means, and versions by their REF."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from wbart.cli.call import Call
from wbart.cli.words import one_line
from wbart.errors import RefInvalid
from wbart.recording import surroundings
from wbart.refs.loading import load
from wbart.refs.refpath import Ref
from wbart.settings.settings import Settings
from wbart.workspace import Workspace

if TYPE_CHECKING:
    from wbart.artifact import Artifact
    from wbart.committed import Committed

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


@contextmanager
def opened(
    call: Call, *refs: Ref | None, create: bool = False, settings: Settings | None = None
) -> Iterator[Workspace]:
    """The workspace of the call, current while it is open.

    A store that a ref names goes before that of the call. Only create makes a store. Settings that
    were loaded for the same call and refs are not loaded again.
    """
    settings = settings or load_settings(call, *refs)
    with _words_on_stderr(call.verbose):
        workspace = Workspace.open(settings, create=create)
        surroundings.enter(workspace)
        try:
            yield workspace
        finally:
            surroundings.leave(workspace)


def load_settings(call: Call, *refs: Ref | None) -> Settings:
    """The settings, with what the command line says on top, and the store of the refs above all."""
    stores = {ref.store for ref in refs if ref is not None}
    if len(stores) > 1:
        raise RefInvalid(f"not all in one store: {', '.join(map(str, refs))}")
    store = next(iter(stores), None)
    return Settings.load({**call.overrides, **({"store": store} if store else {})})


def version_ref(text: str) -> Ref:
    """The ref of a version as a whole. Raises RefInvalid, also for one with a #PATH."""
    ref = Ref.parse(text)
    if ref.path is not None:
        raise RefInvalid(f"a whole version is meant here, not a #PATH: {text!r}")
    return ref


def loaded(workspace: Workspace, ref: Ref | str, type: str | None = None) -> Artifact:
    """The version that a reference names. Raises ArtifactNotFound, TypeClash."""
    from wbart.artifact import Artifact

    return Artifact._of(load(workspace, ref, type))


def committed_of(artifact: Artifact) -> Committed:
    """What the journals say of a version that was loaded."""
    return artifact._at("show")


def home_of(workspace: Workspace, ref: Ref) -> tuple[str, str, str]:
    """Entity, project and name of the ref's collection."""
    full = ref.within(workspace.entity, workspace.project, workspace.organization)
    return full.entity or workspace.entity, full.project or workspace.project, full.name


@contextmanager
def _words_on_stderr(verbose: int) -> Iterator[None]:
    """Meanwhile what the library logs, and what it warns of, becomes lines of ours."""
    form = "%(levelname)s %(name)s: %(message)s" if verbose else "wbart: %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(form))
    if not verbose:
        handler.addFilter(_concerns)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(_LEVELS[min(verbose, 2)])
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def _concerns(record: logging.LogRecord) -> bool:
    """Not what a client library warns of: we do it again, or there is an error that tells more."""
    return record.name.startswith("wbart") or record.levelno >= logging.ERROR


def _show_warning(message: Warning | str, *args: Any, **kwargs: Any) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"wbart: {one_line(str(message))}\n")
