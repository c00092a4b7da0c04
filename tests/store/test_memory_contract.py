from gridgov.store import MemoryStore
from gridgov.testing import StoreContract


class TestMemoryStore(StoreContract):
    durable = False

    def open(self, tmp_path):
        return MemoryStore()
