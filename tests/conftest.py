"""Settings of all tests."""

import pytest

pytest.register_assert_rewrite("wbart_storage.testing")

pytest_plugins = ["tests.servers.fixtures"]
