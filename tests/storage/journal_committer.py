"""A process of its own that commits to a journal when its stdin ends. Run by the tests.

Arguments: the store's folder, a seed, how many commits. One line of JSON for each goes to stdout.
It imports no more than a committer needs.
"""

from __future__ import annotations

import json
import random
import sys
import time

from tests.storage.numbering import PREFIX, Numbers, new_intent

from wbart_storage.backends.local import LocalObjects
from wbart_storage.clock import SystemClock
from wbart_storage.journal.journal import Journal


def main(root: str, seed: str, commits: str) -> None:
    """Get ready, say so, wait for the start, commit, and tell how it went."""
    chance = random.Random(seed)
    store = LocalObjects(root)
    journal = Journal(
        store, PREFIX, Numbers(), algorithm="blake3", clock=SystemClock(), tool="test"
    )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()
    for _ in range(int(commits)):
        intent = new_intent(chance)
        start = time.monotonic()
        seq, outcome = journal.commit(intent)
        seconds = time.monotonic() - start
        told = {"txid": intent.txid, "seq": seq, "outcome": outcome, "seconds": seconds}
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
