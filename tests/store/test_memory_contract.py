from gridgov.store import MemoryStore
from gridgov.testing import OutboxContract, PortableContract, StoreContract


class TestMemoryStore(StoreContract):
    durable = False

    def open(self, tmp_path):
        return MemoryStore()


class TestMemoryOutbox(OutboxContract):
    durable = False

    def open(self, tmp_path):
        return MemoryStore()


class TestMemoryCopies(PortableContract):
    def open(self, tmp_path):
        return MemoryStore()
