"""Files of runs on their way to another store, before any record there speaks of them."""

from __future__ import annotations

from collections.abc import Iterable

from wbart.copying.objects import Carrier, Parcel, Sent, sizes
from wbart.recording.increment import FileFact
from wbart_manifest.digest import Digest
from wbart_storage.errors import BlobMissing
from wbart_storage.keys import blob_key, pack_key
from wbart_storage.store import Store


class RunFiles:
    """Brings files of runs as they lie: whole, or in the packs that hold them; each checked."""

    def __init__(self, source: Store, target: Store, *, jobs: int, dry_run: bool) -> None:
        self._source = source
        self._target = target
        self._jobs = jobs
        self._dry_run = dry_run
        self.same_digests = source.algorithm == target.algorithm
        """Whether files can travel at all: records name them by the digests of their store."""

    def bring(self, files: Iterable[FileFact]) -> Sent:
        """Bring what the target lacks of these; how much that was. It is durable there then.

        Raises BlobMissing, BlobCorrupt.
        """
        if not self.same_digests:
            return Sent()
        lacking = self._lacking({_key(fact): fact for fact in files if fact.size})
        if lacking and not self._dry_run:
            stage = self._target.stage()
            try:
                for _ in Carrier(self._source, self._target, stage, self._jobs).carry(lacking):
                    pass
                stage.tidy(self._target.objects)
            finally:
                stage.close()
        return Sent(len(lacking), sum(each.size for each in lacking))

    def _lacking(self, wanted: dict[str, FileFact]) -> list[Parcel]:
        there = sizes(self._target.objects, wanted, self._jobs)
        absent = [key for key in wanted if key not in there]
        here = sizes(self._source.objects, absent, self._jobs)
        parcels = []
        for key in absent:
            raw = _name(wanted[key])
            if key not in here:
                raise BlobMissing(Digest(self._source.algorithm, raw))
            parcels.append(Parcel(raw, bool(wanted[key].pack), here[key], key, key))
        return parcels


def _name(fact: FileFact) -> bytes:
    """The raw name of the object that holds a file."""
    return bytes.fromhex(fact.pack) if fact.pack else Digest.parse(fact.digest).raw


def _key(fact: FileFact) -> str:
    return (pack_key if fact.pack else blob_key)(_name(fact).hex())
