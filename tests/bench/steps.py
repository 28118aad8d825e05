"""The steps: what wbart does, what the operating system does for the same, and the target.

The command line of each step of ours is here and nowhere else.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import data, hashing
from tests.bench.data import Work

Argv = tuple[str, ...]
WBART: Argv = (sys.executable, "-m", "wbart.cli.main")
HASHING: Argv = (sys.executable, str(Path(hashing.__file__)))


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one round."""

    work: Work
    root: Path
    program: Argv = WBART

    def at(self, name: str) -> str:
        """The folder of that name below the root of the round."""
        return str(self.root / name)

    def wbart(self, verb: str, *rest: str) -> Argv:
        """The command line of wbart for this round's store."""
        return (*self.program, verb, *rest, "-s", self.at("store"), "-q")

    def version(self, number: int) -> str:
        """How the command line names that version."""
        return f"{self.work.name.lower()}:v{number}"


@dataclass(frozen=True, slots=True)
class Rival:
    """What a step is measured against, and how many times its time we may take."""

    name: str
    argv: Callable[[Place], Argv]
    target: float | None = None


def _nothing(place: Place) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Step:
    """One command of ours and its rivals; before and after are not timed."""

    name: str
    ours: Callable[[Place], Argv]
    rivals: tuple[Rival, ...]
    before: Callable[[Place], None] = _nothing
    after: Callable[[Place], None] = _nothing


def put(place: Place) -> Argv:
    """Save the source folder as the next version."""
    name = place.work.name.lower()
    return place.wbart("put", place.at("source"), "-n", name, "-t", "dataset")


def get(place: Place) -> Argv:
    """Download the first version into an empty folder."""
    return place.wbart("get", place.version(0), place.at("out"))


def checkout(place: Place) -> Argv:
    """Turn the downloaded first version into the second."""
    return place.wbart("checkout", place.version(1), place.at("out"))


def verify(place: Place) -> Argv:
    """Compare every byte of the downloaded folder with its digests."""
    return place.wbart("verify", place.at("out"))


def _copy(place: Place) -> Argv:
    return "cp", "-r", place.at("source"), place.at("copy")


def _copy_and_sync(place: Place) -> Argv:
    script = 'cp -r "$1" "$2" && sync -f "$2"'
    return "sh", "-c", script, "sh", place.at("source"), place.at("copy-synced")


def _rsync_nothing(place: Place) -> Argv:
    return "rsync", "-a", place.at("source") + "/", place.at("twin") + "/"


def _rsync_changed(place: Place) -> Argv:
    return "rsync", "-a", "--delete", place.at("source") + "/", place.at("mirror") + "/"


def _hash(place: Place) -> Argv:
    return (*HASHING, place.at("out"))


def _mirror(place: Place) -> None:
    _twin(place)
    _call("cp", "-a", place.at("source"), place.at("mirror"))


def _change(place: Place) -> None:
    data.change(place.work, place.root / "source")
    _twin(place)


def _twin(place: Place) -> None:
    _call("cp", "-a", place.at("source"), place.at("twin"))


def _drop(*names: str) -> Callable[[Place], None]:
    def drop(place: Place) -> None:
        for name in names:
            shutil.rmtree(place.at(name))

    return drop


def _compare(place: Place) -> None:
    """A fast step with a wrong result is no result."""
    _call("diff", "-rq", place.at("source"), place.at("out"))


def _compare_and_drop(place: Place) -> None:
    _compare(place)
    _drop("copy")(place)


def _call(*argv: str) -> None:
    subprocess.run(argv, check=True)


def _add(target: float) -> Step:
    rivals = (Rival("cp -r", _copy, target), Rival("cp -r; sync", _copy_and_sync))
    return Step("add + save", put, rivals, after=_drop("copy", "copy-synced"))


def _download(target: float | None) -> Step:
    return Step("download", get, (Rival("cp -r", _copy, target),), after=_compare_and_drop)


VERIFY = Step("verify", verify, (Rival("2 threads hash", _hash, 1.3),))
UNCHANGED = Step(
    "save, unchanged",
    put,
    (Rival("rsync, no-op", _rsync_nothing, 2.0),),
    before=_mirror,
    after=_drop("twin"),
)
CHANGED = Step(
    "save, 1 % changed",
    put,
    (Rival("rsync, no-op", _rsync_nothing, 3.0),),
    before=_change,
    after=_drop("twin"),
)
CHECKOUT = Step(
    "checkout v0 to v1",
    checkout,
    (Rival("rsync, 1 %", _rsync_changed, 3.0),),
    after=_compare,
)

STEPS: dict[str, tuple[Step, ...]] = {
    "W1": (_add(1.1), _download(None), VERIFY),
    "W2": (_add(0.9), UNCHANGED, _download(1.0), VERIFY, CHANGED, CHECKOUT),
    "W3": (_add(1.1), _download(None), VERIFY),
}
