"""The contract of an object store as tests that any store can inherit, and faults to plant.

A store's test file is a subclass of StoreContract with a `store` fixture::

    class TestMine(StoreContract):
        @pytest.fixture
        def store(self) -> ObjectStore:
            return MyObjects(...)

Say `pytest.register_assert_rewrite("wbart_storage.testing")` in conftest.py, or its asserts fail
without telling why. A test for an ability that the store has not is skipped.
"""

from wbart_storage.testing.chapter import DATA
from wbart_storage.testing.contract import StoreContract
from wbart_storage.testing.faulty import Fault, Faulty, faults
from wbart_storage.testing.writing import race

__all__ = ["DATA", "Fault", "Faulty", "StoreContract", "faults", "race"]
