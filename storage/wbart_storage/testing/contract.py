"""All chapters of the contract in one class, to be inherited once for each store."""

from __future__ import annotations

from wbart_storage.testing.abilities import Lending
from wbart_storage.testing.reading import Keys, Listing, Reading
from wbart_storage.testing.writing import Creating, Putting


class StoreContract(Creating, Putting, Reading, Listing, Keys, Lending):
    """Every promise of `wbart_storage.objects.ObjectStore`, one test a promise."""
