"""What a log means: the fold of its records into a state, each intent once."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from wbart_storage.journal.record import Intent, Record
from wbart_storage.journal.slots import Slot, check_chain

S = TypeVar("S")


class Fold(Protocol[S]):
    """Gives a log its meaning. Must be deterministic: all readers reach the same state."""

    def initial(self) -> S:
        """The state before the first record."""
        ...

    def apply(self, state: S, intent: Intent, record: Record) -> object:
        """Change state by the intent, and return a JSON-able outcome for its committer.

        Must not raise, whatever the ops are: an intent that cannot be granted changes nothing,
        and its outcome says so.
        """

    def dump(self, state: S) -> object:
        """The state as JSON-able value; `load` undoes it."""

    def load(self, dumped: object) -> S:
        """The state that was dumped. ValueError, LookupError or TypeError if it is not one."""
        ...


class Tally(Generic[S]):
    """The fold of a log up to some slot: the caller's state, and what the journal must remember.

    It remembers every txid for ever, since an intent that was left over in the inbox, or sent
    again, may come by at any later time; and the newest fence, since older records are void.
    """

    def __init__(self, fold: Fold[S], prefix: str) -> None:
        self.state = fold.initial()
        self.head: Slot | None = None
        self.fence = 0
        self.txids: dict[str, int] = {}
        self._fold = fold
        self._prefix = prefix

    @property
    def seq(self) -> int:
        """The last slot folded in; -1 before the first."""
        return self.head.seq if self.head else -1

    @property
    def hlc(self) -> float:
        """The time of the last slot folded in."""
        return self.head.record.hlc if self.head else 0.0

    def apply(self, slot: Slot) -> dict[str, object]:
        """Fold in the next slot; the outcomes of the intents that are new in it, by txid.

        Raises JournalCorrupt if it is not the next. After any error the tally is of no use.
        """
        check_chain(self._prefix, self.head, slot)
        self.head = slot
        outcomes: dict[str, object] = {}
        if slot.record.epoch < self.fence:
            return outcomes
        for intent in slot.record.intents:
            if intent.txid not in self.txids:
                self.txids[intent.txid] = slot.seq
                outcomes[intent.txid] = self._fold.apply(self.state, intent, slot.record)
                self.fence = max(self.fence, intent.fence)
        return outcomes

    def dump(self) -> dict[str, object]:
        """The tally as JSON-able value: state, fence and txids, the latter in log order."""
        together: dict[int, list[str]] = {}
        for txid, seq in self.txids.items():
            together.setdefault(seq, []).append(txid)
        return {
            "fence": self.fence,
            "state": self._fold.dump(self.state),
            "txids": [[seq, *txids] for seq, txids in together.items()],
        }

    def load(self, dumped: dict[str, object], head: Slot) -> None:
        """Become the tally that was dumped after head; raises as `Fold.load` does."""
        fence, groups = dumped["fence"], dumped["txids"]
        if not isinstance(fence, int) or not isinstance(groups, list):
            raise TypeError("not a tally")
        self.txids = {str(txid): int(seq) for seq, *txids in groups for txid in txids}
        self.state = self._fold.load(dumped["state"])
        self.fence, self.head = fence, head
