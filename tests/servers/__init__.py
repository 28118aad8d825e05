"""Real servers for the tests: buckets of S3, GCS and Azure on the loopback.

`python -m tests.servers` installs them all. A test asks for one by the fixtures in `fixtures.py`.
"""

from tests.servers.kinds import GOOD, KINDS, start
from tests.servers.server import Server

__all__ = ["GOOD", "KINDS", "Server", "start"]
