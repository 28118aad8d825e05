"""Committers are killed at every point of a commit: the log stays whole and goes on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.journal_victim import RECORDS, SYSTEM_CALLS, txid_of
from tests.storage.numbering import committed, letters, new_intent, new_journal

from wbart_storage.backends.local import LocalObjects
from wbart_storage.journal.record import Intent

CHANCE = random.Random(3)
FEWEST = {"store": 3, "system": len(SYSTEM_CALLS)}
"""Points that every scene has at least, or the victims were not really threatened."""


def victims(folder: Path, scene: str, level: str) -> int:
    """Let victims die in stores of their own; how many there were, with the survivor."""
    path = os.pathsep.join(filter(None, sys.path))
    subprocess.run(
        [sys.executable, "-m", "tests.crash.journal_victim", folder, scene, level],
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    return len(list(folder.iterdir()))


@pytest.mark.parametrize("scene", RECORDS)
@pytest.mark.parametrize("level", FEWEST)
def test_a_killed_committer_is_in_the_log_once_or_not_at_all(
    tmp_path: Path, scene: str, level: str
) -> None:
    count = victims(tmp_path, scene, level)
    assert count > FEWEST[level]
    landed = [check(tmp_path / str(point), txid_of(point)) for point in range(count)]
    assert landed[0] == 0
    assert landed[-1] == 1
    assert landed == sorted(landed)


def check(root: Path, txid: str) -> int:
    """Check a log after a crash; how often the intent is in it, once all letters are read."""
    store = LocalObjects(root)
    before = committed(store)
    assert new_journal(store).commit(new_intent(CHANCE))[1] == {"number": len(before)}
    while letters(store):
        new_journal(store).commit(new_intent(CHANCE))

    log = committed(store)
    assert log[: len(before)] == before
    assert new_journal(store).read() == log
    found = log.count(txid)

    intent = Intent(txid=txid, actor="victim", ts=1.0, ops=({"op": "take"},))
    _, outcome = new_journal(store).commit(intent)
    assert outcome == {"number": committed(store).index(txid)}
    assert committed(store).count(txid) == 1
    return found
