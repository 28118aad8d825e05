"""The inbox of a collection: intents that whoever gets the next slot commits for all.

A letter's name tells its age, epoch and txid, so that a listing alone says which are still to be
committed. Letters are only ever a way into the log: one that stays behind does no harm, since a
log takes each txid once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from wbart_storage.errors import ObjectMissing, StorageError, StoreUnsupported
from wbart_storage.journal import canonical, readback
from wbart_storage.journal.fold import Tally
from wbart_storage.journal.readback import Wait
from wbart_storage.journal.record import (
    VERSION,
    Intent,
    intent_document,
    intent_size,
    versioned,
)
from wbart_storage.journal.seal import seal, unseal
from wbart_storage.keys import inbox_key, inbox_prefix
from wbart_storage.objects import ObjectStore
from wbart_storage.reread import reads, reread

log = logging.getLogger(__name__)

_SEAL = "wbart-letter-sum-v1"
_NAME = re.compile(r"[0-9]{15}-([0-9]{10})-([0-9a-f]{32})\.json")


class Letter(msgspec.Struct, frozen=True):
    """An intent in the inbox, as its name tells it. Key order is the order of commit."""

    key: str
    txid: str
    epoch: int
    size: int


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: int
    intent: Intent


class Inbox:
    """The letters of one collection."""

    def __init__(self, store: ObjectStore, prefix: str, algorithm: str, wait: Wait) -> None:
        self._store = store
        self._prefix = prefix
        self._algorithm = algorithm
        self._reads = reads(store)
        self._wait = wait

    def letter(self, intent: Intent, epoch: int) -> Letter:
        """The letter that would hold the intent, for its place among the others."""
        milliseconds = min(max(int(intent.ts * 1000), 0), 10**15 - 1)
        name = f"{milliseconds:015d}-{epoch:010d}-{intent.txid}"
        return Letter(inbox_key(self._prefix, name), intent.txid, epoch, 0)

    def put(self, letter: Letter, intent: Intent) -> None:
        """Put the intent into the inbox. From now on anybody may commit it, at any time."""
        document = {"epoch": letter.epoch, "intent": intent_document(intent), "v": VERSION}
        data = seal(document, _SEAL, self._algorithm)
        readback.create(self._store, letter.key, data, self._wait)

    def letters(self) -> list[Letter]:
        """All letters, in order."""
        folder = inbox_prefix(self._prefix)
        letters = []
        for stat in self._store.list(folder):
            found = _NAME.fullmatch(stat.key.removeprefix(folder))
            if found is not None:
                letters.append(Letter(stat.key, found[2], int(found[1]), stat.size))
        return letters

    def waiting(self, mine: Sequence[Letter], tally: Tally[Any]) -> list[Letter]:
        """The letters still to be committed, in order, mine among them, sent or not.

        Those that are done for are deleted by the first in the line, lest everybody does it.
        """
        letters = {letter.txid: letter for letter in [*self.letters(), *mine]}
        line: list[Letter] = []
        over: list[Letter] = []
        for letter in sorted(letters.values(), key=lambda letter: letter.key):
            done = letter.txid in tally.txids or letter.epoch < tally.fence
            (over if done else line).append(letter)
        if line and line[0] in mine:
            self.discard(over)
        return line

    def open(self, letter: Letter) -> Intent | None:
        """The intent in the letter; None if it is gone, damaged, or of a newer form."""
        try:
            return reread(self._reads, lambda: self._read(letter), StoreUnsupported, ValueError)
        except ObjectMissing:
            return None
        except (StoreUnsupported, ValueError) as error:
            log.warning("letter %s stays where it is: %s", letter.key, error)
            return None

    def discard(self, letters: Iterable[Letter]) -> None:
        """Delete letters that are in the log or can never be; what stays is harmless."""
        keys = [letter.key for letter in letters]
        try:
            if keys:
                self._store.delete(keys)
        except StorageError as error:
            log.info("%d letters not deleted from the inbox: %s", len(keys), error)

    def _read(self, letter: Letter) -> Intent:
        data = self._store.get(letter.key)
        versioned(canonical.decode(data), letter.key)
        document = unseal(data, _SEAL)
        body = msgspec.convert(versioned(document, letter.key), _Body)
        intent_size(body.intent)  # as deep as it will lie in a record
        if (body.intent.txid, body.epoch) != (letter.txid, letter.epoch):
            raise ValueError("it is not what its name says")
        return body.intent
