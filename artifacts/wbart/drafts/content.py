"""What an artifact holds while it can still be changed, and the rules for adding to it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from wbart.drafts import snapshot
from wbart.drafts.draft import Draft
from wbart.drafts.intake import Intake, abandon, entry_of
from wbart.drafts.second import WandbDigests, wandb_digests
from wbart.errors import ArgumentInvalid
from wbart_manifest.entry import Entry
from wbart_manifest.errors import EntryClash
from wbart_manifest.location import PACKED
from wbart_manifest.manifest import Manifest
from wbart_manifest.path import canonical, check_column
from wbart_storage.disk import source_error
from wbart_storage.errors import StorageError
from wbart_storage.progress import Progress, silent
from wbart_storage.staging.foreknown import Foreknown
from wbart_storage.staging.ingest import Taken
from wbart_storage.staging.staged_packs import is_token

if TYPE_CHECKING:
    from wbart.committed import Committed
    from wbart.workspace import Workspace

_POLICIES = ("mutable", "immutable", None)

log = logging.getLogger(__name__)


class Content:
    """A draft and its intake. The workspace is asked for when the first file comes.

    Until then the algorithm of its digests is asked for alone, which opens and makes no store.
    """

    def __init__(
        self,
        workspace: Callable[[], Workspace],
        algorithm: Callable[[], str],
        digests: WandbDigests | None,
    ) -> None:
        self.digests = digests
        self.intake: Intake | None = None
        self._find_workspace = workspace
        self._find_algorithm = algorithm
        self._bound: Workspace | None = None
        self._draft: Draft | None = None
        self._added: dict[str, str] = {}
        self._added_folders: list[tuple[str, str]] = []
        self._edits = 0
        self._whole: snapshot.Whole | None = None
        self.sends_early = False
        """Whether packs go to a distant store before the draft is saved. Set before any file comes,
        by who saves it for sure, and knows of no version that may have the same content."""
        self.foreknown: Foreknown | None = None
        """Files that were hashed before the workspace was there, by who knew they would come."""

    @property
    def draft(self) -> Draft:
        """The entries so far."""
        if self._draft is None:
            self._draft = Draft(self.workspace.store.algorithm)
        return self._draft

    def manifest(self) -> Manifest:
        """The entries as they are now. To look at an empty draft opens and makes no store."""
        if self._draft is not None or self._bound is not None:
            return self.draft.manifest()
        return Draft(self._find_algorithm()).manifest()

    def get(self, path: str) -> Entry | None:
        """The entry of the path so far; opens and makes no store either."""
        return self._draft.get(path) if self._draft is not None else None

    @property
    def workspace(self) -> Workspace:
        """Where the draft's bytes go."""
        if self._bound is None:
            self._bound = self._find_workspace()
        return self._bound

    def start_from(self, at: Committed) -> None:
        """Begin with the entries of a committed version."""
        self._bound = at.workspace
        self._draft = Draft(at.manifest.algorithm, at.manifest)
        algorithm = at.source.wandb["algorithm"] if at.source.wandb else None
        self.digests = wandb_digests(algorithm)

    def move_to(self, workspace: Workspace) -> None:
        """Take all that is held along into another workspace's store, if it is another."""
        bound = self._bound or workspace
        if bound.store.config.store_id == workspace.store.config.store_id:
            self._bound = workspace
            return
        from wbart.drafts.moving import moved

        draft, intake = moved(self, workspace)
        self.close()
        self._draft, self.intake, self._bound = draft, intake, workspace

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | os.PathLike[str] | None,
        *,
        is_tmp: bool = False,
        policy: str | None = "mutable",
        overwrite: bool = False,
    ) -> Entry:
        """Take one file in. Its bytes are held from now on, whatever becomes of it."""
        check_policy(policy)
        if not os.path.isfile(local_path):
            raise ArgumentInvalid(f"Path is not a file: {os.fspath(local_path)!r}")
        path = canonical(_text(name) if name else os.path.basename(local_path))
        if is_tmp:
            path = _temporary_name(path, local_path)
        intake = self._open()
        with intake.stage.lent(policy == "immutable"):
            taken = intake.ingest.file(os.fspath(local_path))
        entry = self.put(entry_of(taken, path, self._extra), overwrite=overwrite)
        self._added[os.fspath(local_path)] = path
        return entry

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None,
        *,
        policy: str | None = "mutable",
        merge: bool = False,
        progress: Progress = silent,
    ) -> None:
        """Take a folder in, all files below it or, when one fails or clashes, none."""
        check_policy(policy)
        if not os.path.isdir(local_path):
            raise ArgumentInvalid(f"Path is not a directory: {os.fspath(local_path)!r}")
        root, prefix = os.path.abspath(local_path), _folder_prefix(name)
        draft, intake = self.draft, self._open()
        try:
            with draft.whole_or_not(), intake.stage.lent(policy == "immutable"):
                self._add_folder(intake, root, prefix, merge, progress)
        except BaseException:
            self._draft = draft
            intake.removed |= intake.stage.packs.tokens
            raise
        self._added_folders.append((root, prefix))

    def _add_folder(
        self, intake: Intake, root: str, prefix: str, merge: bool, progress: Progress
    ) -> None:
        changes = intake.prints.changes(root)
        fresh = self.draft.is_empty
        alone = not prefix and fresh
        before = snapshot.find(intake, root, self.digests) if alone else None
        if before is not None:
            self._draft = Draft(before.algorithm, before)
            self._add_changed(intake, root, progress)
        else:
            for batch in intake.ingest.folder(root, progress):
                if fresh:
                    self._place_all(batch, prefix)
                else:
                    self._put_all(batch, prefix, merge)
        if alone:
            self._whole = snapshot.Whole(root, changes, self._edits)

    def keep_snapshot(self, manifest: Manifest, workspace: Workspace) -> None:
        """Remember the manifest that was committed, if the draft is one folder and no more."""
        whole = self._whole
        if whole is not None and whole.edits == self._edits and self.intake is not None:
            try:
                snapshot.keep(self.intake, whole, manifest, self.digests, workspace.store)
            except StorageError as error:  # the version is there; the next one takes longer
                log.warning("%s: going on without a snapshot", error)

    def end_snapshot(self) -> None:
        """Have the folder looked at file by file the next time: the store has lost some of it."""
        if self._whole is not None and self.intake is not None:
            self.intake.prints.record(self._whole.root, [])

    def _add_changed(self, intake: Intake, root: str, progress: Progress) -> None:
        gone: list[str] = []
        for batch in intake.ingest.changed(root, gone, progress):
            self._place_all(batch, "")
        for path in gone:
            self.draft.discard(path)

    def _place_all(self, batch: list[Taken], prefix: str) -> None:
        """Put in what clashes with nothing, since all of it comes from one folder of the disk."""
        self._edits += len(batch)
        for entry in self._entries(batch, prefix):
            self.draft.replace(entry)

    def _put_all(self, batch: list[Taken], prefix: str, overwrite: bool) -> None:
        for entry in self._entries(batch, prefix):
            self.put(entry, overwrite=overwrite)

    def _entries(self, batch: list[Taken], prefix: str) -> Iterator[Entry]:
        paths = [prefix + taken.path for taken in batch]
        check_column(paths)
        extra = self._extra
        return (entry_of(taken, path, extra) for taken, path in zip(batch, paths, strict=True))

    def add_data(self, data: bytes, path: str, *, overwrite: bool) -> Entry:
        """Take bytes in that are no file."""
        taken = self._open().ingest.data(data)
        return self.put(entry_of(taken, canonical(path), self._extra), overwrite=overwrite)

    def put(self, entry: Entry, *, overwrite: bool) -> Entry:
        """Put an entry in; what it replaces is not to be stored."""
        self._edits += 1
        held = self.draft.get(entry.path) if overwrite else None
        try:
            found = self.draft.put(entry, overwrite=overwrite)
        except EntryClash:
            self._forget(entry)
            raise
        if held is not None:
            self._forget(held)
        return found

    def remove(self, path: str) -> None:
        """Remove an entry, or all below a folder. Raises FileNotFoundError for neither."""
        self._edits += 1
        removed = self.draft.remove(path) if self._draft is not None else []
        if not removed:
            raise FileNotFoundError(f"No such file or directory: {path!r}")
        for entry in removed:
            self._forget(entry)

    def local_name(self, local_path: str | os.PathLike[str]) -> str | None:
        """The path under which a local file was added, compared as given and as it resolves."""
        text = os.fspath(local_path)
        if text in self._added:
            return self._added[text]
        full = os.path.realpath(text)
        for added, path in self._added.items():
            if os.path.realpath(added) == full:
                return path
        for root, prefix in self._added_folders:
            below = os.path.relpath(full, os.path.realpath(root))
            if self.get(prefix + below) is not None:
                return prefix + below
        return None

    def abandon(self) -> None:
        """Have the intake closed at the next safe moment; may be called at any other."""
        if self.intake is not None:
            abandon(self.intake)
            self.intake = None

    def close(self) -> None:
        """Let go of the intake."""
        if self.intake is not None:
            self.intake.close()
            self.intake = None

    @property
    def _extra(self) -> bytes:
        return self.digests.extra if self.digests is not None else b""

    def _open(self) -> Intake:
        if self.intake is None:
            self.workspace.store.config.check_writable()
            second = self.digests.second if self.digests is not None else None
            store, jobs = self.workspace.store, self.workspace.jobs
            self.intake = Intake(
                store, second, jobs, early=self.sends_early, foreknown=self.foreknown
            )
        return self.intake

    def _forget(self, entry: Entry) -> None:
        location = entry.location
        if self.intake is None or location is None or location.kind != PACKED:
            return
        if is_token(location.object):
            self.intake.removed.add(location.object)


def check_policy(policy: str | None) -> None:
    """Raise ArgumentInvalid unless the policy is one that exists.

    Both hold the bytes from the moment of adding, but for large immutable files on their way to
    a distant store: on a local store that is the one copy that is made anyway.
    """
    if policy not in _POLICIES:
        raise ArgumentInvalid(
            f"Invalid policy {policy!r}. Policy may only be 'mutable' or 'immutable'."
        )


def _folder_prefix(name: str | os.PathLike[str] | None) -> str:
    if name is None or os.fspath(name) in ("", ".", "./"):
        return ""
    return canonical(_text(name)) + "/"


def _text(path: str | os.PathLike[str]) -> str | PurePath:
    """A path of an artifact in the form in which `canonical` knows its separators."""
    return path if isinstance(path, PurePath) else os.fspath(path)


def _temporary_name(path: str, local_path: str | os.PathLike[str]) -> str:
    """W&B's name for a temporary file: the stem gives way to 20 hex digits of its MD5."""
    import hashlib

    folder, slash, base = path.rpartition("/")
    try:
        with Path(local_path).open("rb") as file:
            digits = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    except OSError as error:
        raise source_error(error, local_path) from error
    _, dot, rest = base.partition(".")
    return f"{folder}{slash}{digits.hexdigest()[:20]}{dot}{rest}"
