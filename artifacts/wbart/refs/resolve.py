"""Which version is meant: pure lookups in the state of a collection.

Expiry is judged here, at read time: a version whose TTL has run out is treated as deleted, though
nothing was written yet. `latest`, when nobody holds it or its holder has expired, is the newest
live version; that is our choice, where W&B leaves it to its server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wbart import names
from wbart.errors import ArtifactNotFound, RefAmbiguous
from wbart.fold import alias_log
from wbart.fold.state import CollectionState, Version
from wbart.refs.refpath import Ref
from wbart.refs.selector import Selector
from wbart.ttl import expiry

Condition = Literal["committed", "deleted", "expired", "purged"]


def expires(version: Version, default_ttl: int | None = None) -> float | None:
    """When the version's TTL runs out, in seconds since the epoch; None: never.

    What a registry holds never expires. A membership ends with its source, not by itself.
    """
    if version.source is not None or version.in_registry:
        return None
    return expiry(version.created_at, version.ttl, default_ttl)


def resolve(
    state: CollectionState, ref: Ref, now: float, default_ttl: int | None = None, place: str = ""
) -> Version:
    """The live version that the REF means; ArtifactNotFound or RefAmbiguous otherwise."""
    return View(state, now, default_ttl, place).get(ref.selector, ref.at)


@dataclass(frozen=True, slots=True)
class View:
    """A collection as it stands for a reader: the state, the time, and what an unset TTL means."""

    state: CollectionState
    now: float
    """Seconds since the epoch."""
    default_ttl: int | None = None
    """Seconds; None: what inherits its TTL never expires."""
    place: str = ""
    """`entity/project`, for messages."""

    def expires(self, version: Version) -> float | None:
        """When the version's TTL runs out; None: never. What a registry holds never expires."""
        return expires(version, self.default_ttl)

    def condition(self, version: Version) -> Condition:
        """What a reader may say of the version."""
        if not version.live:
            return version.state
        ends = self.expires(version)
        return "expired" if ends is not None and ends <= self.now else "committed"

    def is_live(self, version: Version) -> bool:
        """Whether it can be used: committed, and its TTL has not run out."""
        return self.condition(version) == "committed"

    def live(self) -> Iterator[Version]:
        """The live versions, newest first."""
        return (version for version in reversed(self.state.versions) if self.is_live(version))

    def expired(self) -> list[Version]:
        """The versions that should be put into the trash, oldest first."""
        return [each for each in self.state.versions if self.condition(each) == "expired"]

    def newest(self) -> Version | None:
        """The newest live version."""
        return next(self.live(), None)

    def find(self, selector: Selector, at: float | None = None) -> Version | None:
        """The live version that the selector means, now or as aliases stood at a time.

        Raises RefAmbiguous when a digest cut short fits different content.
        """
        found = self._meant(selector, at)
        return found if found is not None and self.is_live(found) else None

    def get(self, selector: Selector, at: float | None = None) -> Version:
        """As `find`; ArtifactNotFound says whether it never was, is deleted, or has expired."""
        found = self._meant(selector, at)
        if found is not None and self.is_live(found):
            return found
        shown = f"{self.state.name}{selector}"
        if found is None:
            where = f" in {self.place!r}" if self.place else ""
            raise ArtifactNotFound(f"artifact membership {shown!r} not found{where}")
        which = "" if selector.kind == "version" else f" (v{found.number})"
        raise ArtifactNotFound(f"artifact {shown!r}{which} is {self.condition(found)}")

    def _meant(self, selector: Selector, at: float | None) -> Version | None:
        versions = self.state.versions
        if selector.kind == "alias":
            return self._by_alias(selector.value, at)
        if selector.kind == "digest":
            return self._by_digest(selector.value, at)
        if selector.kind == "id":
            number = self.state.ids.get(selector.value)
        else:
            number = names.version_number(selector.value)
        if number is None or number >= len(versions):
            return None
        return versions[number] if at is None or versions[number].created_at <= at else None

    def _by_alias(self, alias: str, at: float | None) -> Version | None:
        if at is None:
            number = self.state.aliases.get(alias)
        else:
            number = alias_log.holder_at(self.state, alias, at)
        found = None if number is None else self.state.versions[number]
        if alias != names.LATEST:
            return found
        if at is None:
            return found if found is not None and self.is_live(found) else self.newest() or found
        return found or next(self._live_at(at), None)

    def _live_at(self, at: float) -> Iterator[Version]:
        """Those that were there at the time, newest first, as far as their last deletion tells."""
        for version in reversed(self.state.versions):
            deleted = version.deleted_at
            if version.created_at <= at and (deleted is None or deleted > at):
                yield version

    def _by_digest(self, prefix: str, at: float | None) -> Version | None:
        """The newest live version of that content, else the newest dead one."""
        cut = prefix if ":" in prefix else None
        fits = [
            version
            for version in reversed(self.state.versions)
            if (version.digest if cut else version.digest.partition(":")[2]).startswith(prefix)
            and version.digest
            and (at is None or version.created_at <= at)
        ]
        live = [version for version in fits if self.is_live(version)]
        wanted = live or fits
        if len({version.digest for version in wanted}) > 1:
            raise RefAmbiguous(
                f"digest {prefix!r} fits several versions of {self.state.name!r}: "
                + ", ".join(f"v{version.number}" for version in wanted[:5])
            )
        return wanted[0] if wanted else None
