"""Settings of all tests."""

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("wbart_storage.testing")

pytest_plugins = ["tests.servers.fixtures"]

# How long an example takes is the machine's affair: a test tells what is right, not how fast.
settings.register_profile("wbart", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wbart")
