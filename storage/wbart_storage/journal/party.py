"""The intents that one committer brings to a log together, and how far each of them has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wbart_storage.journal.inbox import Inbox
from wbart_storage.journal.record import Intent
from wbart_storage.journal.tail import Committed


class Party:
    """Intents of one epoch, each of which goes into the log once, in whatever record."""

    def __init__(self, inbox: Inbox, intents: Sequence[Intent], epoch: int) -> None:
        letters = {inbox.letter(intent, epoch): intent for intent in intents}
        self.epoch = epoch
        self.letters = sorted(letters, key=lambda letter: letter.key)
        """Of those that are not committed yet, sent or not, oldest first."""
        self.intents = {letter.key: intent for letter, intent in letters.items()}
        """What letters hold, by key: ours, and those of others that were read."""
        self.committed: dict[str, Committed] = {}
        """By txid."""

    @property
    def txids(self) -> list[str]:
        """What is still to be looked for in the log."""
        return [letter.txid for letter in self.letters]

    @property
    def done(self) -> bool:
        return not self.letters

    @property
    def own(self) -> list[Intent]:
        """The intents that are not committed yet."""
        return [self.intents[letter.key] for letter in self.letters]

    def settle(self, found: Mapping[str, Committed]) -> None:
        """Note what was found in the log."""
        self.committed |= found
        self.letters = [letter for letter in self.letters if letter.txid not in found]
