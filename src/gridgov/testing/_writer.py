"""Writes records into a store that other processes use at the same time: ``python -m gridgov.testing._writer``.

A store contract starts it, because a test module cannot be imported by the processes that it starts.
"""

from __future__ import annotations

import sys

from gridgov.hooks import Host
from gridgov.store import Commit
from gridgov.testing._store_contract import draft

__all__ = ["write"]


def write(url: str, name: str, count: int) -> None:
    """Append *count* commits, each of two records in two streams, through the plugin that opens *url*."""
    host = Host(discover=True)
    try:
        store = host.open_store(url)
        try:
            for number in range(count):
                command = f"{name}-{number}"
                one, two = f"150203005/case:{command}", f"150203005/log:{name}"
                store.append(Commit(drafts=[draft(one, "all", command=command), draft(two, command=command)]))
        finally:
            store.close()
    finally:
        host.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
