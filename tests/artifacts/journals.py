"""A journal in memory for tests of the fold: commits ops, folds them, checks the round trip."""

from __future__ import annotations

from typing import Any

from wbart.fold.journal import CollectionFold
from wbart.fold.outcome import granted
from wbart.fold.state import CollectionState
from wbart_storage.journal import canonical
from wbart_storage.journal.record import Intent, Record

Json = dict[str, Any]


class Journal:
    """Commits one intent a record, ten seconds apart, as Ann."""

    def __init__(self, type_: str = "dataset", kind: str = "sequence") -> None:
        self.fold = CollectionFold("x")
        self.state = self.fold.initial()
        self.seq = -1
        self.now = 1000.0
        self.commit({"op": "create", "type": type_, "kind": kind})

    def answer(self, *ops: Json) -> object:
        """Commit, and return what the fold answers."""
        self.seq += 1
        self.now += 10.0
        intent = Intent(f"{self.seq:032x}", "ann", self.now, ops)
        record = Record(
            seq=self.seq, prev="", epoch=0, ts="", hlc=self.now, tool="t", intents=(intent,)
        )
        return self.fold.apply(self.state, intent, record)

    def commit(self, *ops: Json) -> Json:
        """Commit, and return the outcome of the last op; raises what was refused."""
        return granted(self.answer(*ops))[-1]

    def version(self, content: str, **more: object) -> Json:
        """Log a version of that content."""
        return self.commit(version_op(f"{self.seq:032x}", content, **more))

    def reloaded(self) -> CollectionState:
        """The state after a trip through a checkpoint."""
        data = canonical.encode(self.fold.dump(self.state))
        return self.fold.load(canonical.decode(data))


def version_op(id_: str, content: str, **more: object) -> Json:
    manifest = {"root": content, "count": 2, "size": 10}
    return {"op": "version", "id": id_, "digest": content, "manifest": manifest, **more}


def link_op(id_: str, source: str, number: int = 0, **more: object) -> Json:
    place = {"entity": "e", "project": "p", "collection": "c"}
    return {"op": "link", "id": id_, "source": {**place, "version": number, "id": source}, **more}
