"""The entry point: Ctrl-C is minded from here on, and the rest is imported only then."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_INTERRUPTED = 130
"""As in `wbart.cli.exit_codes`, which an interrupt may keep from being imported."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process) and return its exit code.

    A program that gives the arguments goes on afterwards, so its memory is left as it is.
    """
    try:
        if arguments is None:
            from wbart.cli.memory import settle

            settle()  # before the imports, which make many objects, too
        from wbart.cli.program import run

        return run(arguments)
    except KeyboardInterrupt:
        # Nothing was begun; a second Ctrl-C must not bring back the traceback.
        os.write(2, b"wbart: interrupted\n")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
