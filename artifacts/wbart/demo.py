"""The story that `wbart demo` tells: real data through put, diff, get, checkout, verify, repair.

Each chapter does its step, checks by other means that it did what it says, and says so. Nothing
outside the given folder is read or written, but the data that come with wbart.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from wbart.artifact import Artifact
from wbart.errors import Error
from wbart.recording import surroundings
from wbart.refs.loading import load
from wbart.settings.settings import Settings
from wbart.settings.sizes import human_size
from wbart.workspace import Workspace

OLD, NEW = "2023c", "2025b"
"""The releases of the time zone database."""
VICTIM = "Europe/Berlin"
"""The file that loses a bit."""
_SETTINGS = """\
store = ".wbart"
project = "demo"
cache-dir = ".cache"
data-dir = ".data"
"""
_MARKS = {"added": "A", "changed": "M", "removed": "D"}


class DemoFailed(Error):
    """A step of the demo did not do what it says."""

    code: ClassVar[str] = "demo_failed"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One step: why, the command that does the same, and what came of it."""

    title: str
    command: str
    lines: tuple[str, ...]


def tell(folder: Path, data: Path | None = None) -> Iterator[Chapter]:
    """Go through the story in folder, step by step. Raises DemoFailed at the first that fails."""
    story = _Story(folder, data or find_data())
    with story.opened():
        for chapter in _CHAPTERS:
            yield chapter(story)


def find_data() -> Path:
    """The demo's data: in the wheel beside this module, in a checkout among the fixtures."""
    here = Path(__file__).resolve().parent
    for place in (here / "demo_data", here.parent.parent / "fixtures" / "demo"):
        if place.is_dir():
            return place
    raise DemoFailed("the data of the demo are not installed")


class _Story:
    """Where the story plays: its data, its folder, its own store."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.data = data
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # With this, the commands that are told do the same for whoever types them there.
        (folder / "wbart.toml").write_text(_SETTINGS, encoding="utf-8")
        self.workspace = Workspace.open(Settings.load(environ={}, start=folder))

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Artifacts made meanwhile belong to the story's store."""
        surroundings.enter(self.workspace)
        try:
            yield
        finally:
            surroundings.leave(self.workspace)

    def release(self, name: str) -> Path:
        """The true files of a release."""
        return self.data / f"tzdata-{name}"

    def lay(self, source: Path, target: str) -> None:
        """Put a fresh copy of source into the story's folder."""
        place = self.folder / target
        if source.is_file():
            shutil.copyfile(source, place)
            return
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place)

    def put(self, source: str, name: str, aliases: Sequence[str] = ()) -> tuple[Artifact, int]:
        """Store a path as the next version; the artifact, and how many bytes the store grew."""
        before = self.stored()
        artifact = Artifact(name, type="dataset")
        path = self.folder / source
        if path.is_dir():
            artifact.add_dir(path)
        else:
            artifact.add_file(path)
        workspace = self.workspace
        artifact._save(workspace, workspace.entity, workspace.project, aliases=aliases)
        return artifact, self.stored() - before

    def load(self, ref: str) -> Artifact:
        """A version of the story's store."""
        return Artifact._of(load(self.workspace, ref))

    def stored(self) -> int:
        """Bytes that the store takes."""
        return sum(stat.size for stat in self.workspace.store.objects.list(""))


def _first(story: _Story) -> Chapter:
    story.lay(story.release(OLD), "zoneinfo")
    artifact, grown = story.put("zoneinfo", "tzdata", [OLD])
    _check(artifact.version == "v0", f"the first version is {artifact.version}")
    _check(artifact.file_count == _count(story.release(OLD)), "files are missing in v0")
    return Chapter(
        f"The time zone database, release {OLD}: a folder of many small files",
        f"wbart put zoneinfo -n tzdata -a {OLD}",
        (
            f"tzdata:v0: {artifact.file_count} files, {human_size(artifact.size)}, "
            f"for which the store took {human_size(grown)}",
            f"digest {artifact.digest}",
        ),
    )


def _second(story: _Story) -> Chapter:
    story.lay(story.release(NEW), "zoneinfo")
    artifact, grown = story.put("zoneinfo", "tzdata", [NEW])
    _check(artifact.version == "v1", f"the second version is {artifact.version}")
    _check(grown < artifact.size, "unchanged files were stored again")
    return Chapter(
        f"Two years later the folder is at release {NEW}",
        f"wbart put zoneinfo -n tzdata -a {NEW}",
        (
            f"tzdata:v1: {artifact.file_count} files, {human_size(artifact.size)}; "
            f"the store grew by {human_size(grown)} only",
        ),
    )


def _again(story: _Story) -> Chapter:
    artifact, _ = story.put("zoneinfo", "tzdata")
    _check(artifact.version == "v1", "the same content made a new version")
    return Chapter(
        "The same content once more makes no new version",
        "wbart put zoneinfo -n tzdata",
        ("nothing changed: the content is that of tzdata:v1",),
    )


def _penguins(story: _Story) -> Chapter:
    lines = []
    for number, seasons in enumerate(("2007 and 2008", "2007 to 2009")):
        story.lay(story.data / f"penguins-v{number}" / "penguins.csv", "penguins.csv")
        artifact, _ = story.put("penguins.csv", "penguins")
        _check(artifact.version == f"v{number}", f"penguins is at {artifact.version}")
        rows = len((story.folder / "penguins.csv").read_bytes().splitlines()) - 1
        size = human_size(artifact.size)
        lines.append(f"penguins:v{number}: {rows} penguins measured in {seasons}, {size}")
    return Chapter(
        "A table is a version, too: the penguins of the Palmer Archipelago",
        "wbart put penguins.csv -n penguins",
        tuple(lines),
    )


def _diff(story: _Story) -> Chapter:
    changes = list(story.load("tzdata:v0").diff(story.load("tzdata:v1")))
    counts = Counter(_kind(change.before, change.after) for change in changes)
    wanted = _compare(story.release(OLD), story.release(NEW))
    _check(counts == wanted, f"diff says {dict(counts)}, the files say {dict(wanted)}")
    shown = [f"{_MARKS[_kind(c.before, c.after)]}  {c.path}" for c in islice(changes, 4)]
    return Chapter(
        "What changed between the releases?",
        "wbart diff tzdata:v0 tzdata:v1",
        (
            f"{counts['added']} added, {counts['changed']} changed, {counts['removed']} removed",
            *shown,
            f"… and {len(changes) - len(shown)} more",
        ),
    )


def _get(story: _Story) -> Chapter:
    lines = []
    for ref, place, release in (("tzdata:v0", "then", OLD), (f"tzdata:{NEW}", "now", NEW)):
        artifact = story.load(ref)
        artifact.download(story.folder / place)
        wanted = story.release(release)
        _check(not _compare(wanted, story.folder / place), f"{place} is not release {release}")
        lines.append(f"{ref} -> {place}: {artifact.file_count} files, equal byte for byte")
    return Chapter(
        "Both come back, by number or by alias, every byte checked against its digest",
        f"wbart get tzdata:v0 then; wbart get tzdata:{NEW} now",
        tuple(lines),
    )


def _checkout(story: _Story) -> Chapter:
    artifact = story.load("tzdata:v0")
    place = story.folder / "now"
    plan = artifact.checkout_plan(place)
    artifact.checkout(place)
    _check(not _compare(story.release(OLD), place), "the checkout is not the old release")
    return Chapter(
        f"The folder goes back to {OLD}: only what differs is touched",
        "wbart checkout tzdata:v0 now",
        (f"{len(plan.write)} files written, {len(plan.remove)} removed, {plan.keep} left alone",),
    )


def _verify(story: _Story) -> Chapter:
    report = story.load("tzdata:v0").verify(story.folder / "now", raises=False)
    _check(report.ok, "the folder does not verify")
    return Chapter(
        "Is every byte of the folder what the version says?",
        "wbart verify now",
        (f"{report.checked} files, {human_size(report.size)} read, all as it should be",),
    )


def _flip(story: _Story) -> Chapter:
    offset = _flip_byte(story.folder / "now" / VICTIM)
    report = story.load("tzdata:v0").verify(story.folder / "now", raises=False)
    _check(report.changed == (VICTIM,), f"verify found {report.changed}, not {VICTIM}")
    return Chapter(
        f"Now one bit of {VICTIM} flips, with size and time as before",
        "wbart verify now",
        (
            f"byte {offset} was changed behind wbart's back",
            f"changed  {VICTIM}",
            "verify found it, and exits with 5",
        ),
    )


def _repair(story: _Story) -> Chapter:
    artifact, place = story.load("tzdata:v0"), story.folder / "now"
    report = artifact.verify(place, repair=True, raises=False)
    _check(report.ok and report.repaired == (VICTIM,), f"repaired {report.repaired}")
    _check(not _compare(story.release(OLD), place), "the repaired folder is not the old release")
    again = artifact.verify(place, raises=False)
    _check(again.ok and not again.repaired, "the repaired folder does not verify")
    return Chapter(
        "The store has the right bytes, so the folder can be healed",
        "wbart verify now --repair",
        (f"repaired  {VICTIM}", f"{again.checked} files read again, all as it should be"),
    )


_CHAPTERS: tuple[Callable[[_Story], Chapter], ...] = (
    _first, _second, _again, _penguins, _diff, _get, _checkout, _verify, _flip, _repair,
)  # fmt: skip


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise DemoFailed(message)


def _kind(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _compare(before: Path, after: Path) -> Counter[str]:
    """What differs between two folders, by reading both: the demo's own judge."""
    old, new = _files(before), _files(after)
    counts = Counter(added=len(new - old), removed=len(old - new))
    counts["changed"] = sum(
        not filecmp.cmp(before / path, after / path, shallow=False) for path in old & new
    )
    return +counts


def _files(folder: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(root, name), folder)
        for root, _, names in os.walk(folder)
        for name in names
    }


def _count(folder: Path) -> int:
    return len(_files(folder))


def _flip_byte(path: Path) -> int:
    """Flip the lowest bit of the middle byte; the times of the file stay."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    offset = len(data) // 2
    data[offset] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return offset
