"""Install all servers and peers, or start one and keep it: `python -m tests.servers [NAME]`."""

import sys
from signal import pause

from tests.peers.home import PEERS, python_of
from tests.servers.home import home
from tests.servers.kinds import start


def main() -> None:
    if len(sys.argv) < 2:
        for folder in (home(), *(python_of(peer) for peer in PEERS)):
            sys.stdout.write(f"{folder}\n")
        return
    with start(sys.argv[1]) as server:
        sys.stdout.write(f"{server.bucket()} {dict(server.options)}\n")
        sys.stdout.flush()
        pause()


if __name__ == "__main__":
    main()
