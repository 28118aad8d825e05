"""A collection's journal in words: what each op did, read by folding the records again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wbart.cli import words
from wbart.fold.journal import CollectionFold
from wbart.fold.outcome import Outcome
from wbart.fold.state import CollectionState
from wbart_storage.clock import rfc3339
from wbart_storage.journal.record import Intent, Record

Op = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """One op that was granted."""

    seq: int
    at: str
    """RFC 3339."""
    actor: str
    op: str
    versions: tuple[int, ...]
    """Numbers of the versions that it is about."""
    what: str
    """In words."""

    def facts(self) -> dict[str, object]:
        """For machines."""
        return {
            "seq": self.seq,
            "at": self.at,
            "actor": self.actor,
            "op": self.op,
            "versions": [f"v{number}" for number in self.versions],
            "what": self.what,
        }


def happenings(records: Iterable[Record], name: str) -> Iterator[Happening]:
    """All that happened, oldest first. Intents that were refused, void or repeated are not told."""
    fold = CollectionFold(name)
    state = fold.initial()
    seen: set[str] = set()
    fence = 0
    for record in records:
        if record.epoch < fence:
            continue
        for intent in record.intents:
            if intent.txid not in seen:
                seen.add(intent.txid)
                yield from _granted(state, intent, record, fold.apply(state, intent, record))
                fence = max(fence, intent.fence)


def _granted(
    state: CollectionState, intent: Intent, record: Record, answer: object
) -> Iterator[Happening]:
    if not isinstance(answer, list):
        return
    for op, outcome in zip(intent.ops, answer, strict=True):
        kind = str(op.get("op"))
        tell = _TELL.get(kind)
        what = kind if tell is None else tell(op, outcome)
        if what is not None:
            yield Happening(
                record.seq,
                rfc3339(record.hlc),
                intent.actor,
                kind,
                _versions(op, outcome),
                words.one_line(what),
            )


def _versions(op: Op, outcome: Outcome) -> tuple[int, ...]:
    number = outcome.get("version", op.get("version"))
    return (number,) if isinstance(number, int) else tuple(op.get("purged", ()))


def _create(op: Op, outcome: Outcome) -> str | None:
    if not outcome.get("created"):
        return None
    kind = "of links " if op.get("kind") == "portfolio" else ""
    return f"made the collection {kind}(type {op['type']})"


def _log(op: Op, outcome: Outcome) -> str:
    name = f"v{outcome['version']}"
    if not outcome.get("new"):
        what = f"stored {name} again: nothing changed"
    else:
        manifest = op.get("manifest", {})
        files = words.count(int(manifest.get("count", 0)), "file")
        what = f"stored {name}: {files}, {words.size(int(manifest.get('size', 0)))}"
    aliases = [alias for alias in op.get("aliases", ()) if alias != "latest"]
    return what + (f"; aliases {', '.join(aliases)}" if aliases else "")


def _alias(op: Op, outcome: Outcome) -> str | None:
    return _moved("alias", op, outcome)


def _tag(op: Op, outcome: Outcome) -> str | None:
    return _moved("tag", op, outcome)


def _moved(noun: str, op: Op, outcome: Outcome) -> str | None:
    if not outcome.get("changed"):
        return None
    signed = [f"+{text}" for text in op.get("add", ())]
    signed += [f"-{text}" for text in op.get("remove", ())]
    return f"v{op['version']}: {noun} {' '.join(signed)}"


def _edit(op: Op, outcome: Outcome) -> str | None:
    if not outcome.get("changed"):
        return None
    changed = [key for key in ("description", "metadata", "ttl") if key in op]
    return f"v{op['version']}: changed {', '.join(changed)}"


def _delete(op: Op, outcome: Outcome) -> str | None:
    return f"deleted v{op['version']}" if outcome.get("changed") else None


def _restore(op: Op, outcome: Outcome) -> str | None:
    return f"restored v{op['version']}" if outcome.get("changed") else None


def _purge(op: Op, outcome: Outcome) -> str | None:
    return f"gave up v{op['version']} for good" if outcome.get("changed") else None


def _link(op: Op, outcome: Outcome) -> str:
    source = op["source"]
    path = f"{source['entity']}/{source['project']}/{source['collection']}:v{source['version']}"
    return f"linked {path} as v{outcome['version']}"


def _unlink(op: Op, outcome: Outcome) -> str:
    return f"unlinked v{op['version']}"


def _linked(op: Op, outcome: Outcome) -> str:
    return f"v{op['version']} was linked into {_target(op)}"


def _unlinked(op: Op, outcome: Outcome) -> str:
    return f"v{op['version']} was unlinked from {_target(op)}"


def _target(op: Op) -> str:
    target = op["target"]
    return f"{target['entity']}/{target['project']}/{target['collection']}"


def _collection(op: Op, outcome: Outcome) -> str | None:
    if not outcome.get("changed"):
        return None
    if "deleted" in op:
        return "deleted the collection" if op["deleted"] else "restored the collection"
    changed = [key for key in ("description", "type", "tags") if key in op]
    return f"changed the collection's {', '.join(changed)}"


def _rename(op: Op, outcome: Outcome) -> str | None:
    return f"renamed {op['before']} to {op['name']}" if outcome.get("changed") else None


def _aside(op: Op, outcome: Outcome) -> None:
    """What only readies a rename, or clears up after one."""
    return


def _fence(op: Op, outcome: Outcome) -> str:
    return f"a sweep passed (epoch {op['epoch']})"


_TELL: Mapping[str, Callable[[Op, Outcome], str | None]] = {
    "create": _create,
    "version": _log,
    "alias": _alias,
    "tag": _tag,
    "edit": _edit,
    "delete": _delete,
    "restore": _restore,
    "purge": _purge,
    "link": _link,
    "unlink": _unlink,
    "linked": _linked,
    "unlinked": _unlinked,
    "collection": _collection,
    "rename": _rename,
    "reserve": _aside,
    "release": _aside,
    "abandon": _aside,
    "fence": _fence,
}
"""What each op is called; None when it changed nothing."""
