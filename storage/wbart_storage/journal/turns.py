"""Whose turn it is to commit the letters of an inbox, and how long the others wait.

Anybody may commit them all; but a hundred who try at once read all letters a hundred times, to
lose the same slot, and whoever asks too often takes the time from him who is at work. So the
owner of the oldest letter goes first, and the longer the log has stood still, the more of the
others try it too, for the first may be dead.
"""

from __future__ import annotations

import math
import random

from wbart_storage.journal.readback import Wait

_LEAST, _MOST = 0.005, 2.0
"""Bounds in seconds of what is taken for the time of a request."""
_PAUSE = 6
"""A pause is at most so many requests long when many wait, and never longer than _LONGEST."""
_LONGEST = 3.0
_ALONE = 5.0
"""So many seconds at most the first in the line has alone, and then the first two, four, eight."""
_TOGETHER = 8
"""How many letters are read in the time of a request, by somebody under load."""


class Turns:
    """The turns of one committer while his letter waits.

    Time is counted in the pauses that he made, in the measure of what a request takes here.
    """

    def __init__(self, seconds: float) -> None:
        """seconds is what one request took, under the load that there is."""
        self._request = min(max(_LEAST, seconds), _MOST)
        self._waited = 0.0
        self._rank, self._line = 0, 1
        self._seq = -1

    def must_look(self, seq: int) -> bool:
        """Whether the inbox is to be listed: the log, now at seq, has moved, or we might lead."""
        if seq != self._seq:
            self._seq, self._waited = seq, 0.0
            return True
        return self._leads()

    def leads(self, rank: int, line: int) -> bool:
        """Whether the owner of the letter of that rank (0: the oldest) in a line should try now."""
        self._rank, self._line = rank, line
        return self._leads()

    def pause(self, wait: Wait) -> None:
        """Wait for a random moment, at most as long as the line makes sensible."""
        bound = self._request * min(_PAUSE, 1 + self._line / 4)
        seconds = random.uniform(0, min(bound, _LONGEST))
        wait(seconds)
        self._waited += seconds

    def _leads(self) -> bool:
        """The first needs time to list, to read, to create and to delete."""
        alone = min(_ALONE, self._request * (4 + self._line / _TOGETHER))
        return self._waited >= alone * math.log2(1 + self._rank)
