"""Install all servers, or start one and keep it: `python -m tests.servers [NAME]`."""

import sys
from signal import pause

from tests.servers.home import home
from tests.servers.kinds import start


def main() -> None:
    if len(sys.argv) < 2:
        print(home())
        return
    with start(sys.argv[1]) as server:
        print(server.bucket(), dict(server.options), flush=True)
        pause()


if __name__ == "__main__":
    main()
