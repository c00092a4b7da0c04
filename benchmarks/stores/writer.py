"""Appends commits to a store in a process of its own: python writer.py URL NAME COUNT.

It says when it is ready, waits for a line, and tells how many seconds it took.
"""

from __future__ import annotations

import sys
import time

import topic

from gridgov.hooks import Host


def main(url: str, name: str, count: int) -> None:
    host = Host(discover=True)
    store = host.open_store(url)
    commits = [topic.commit(f"{name}-{number}") for number in range(count)]
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    for each in commits:
        store.append(each)
    print(time.perf_counter() - began, flush=True)
    store.close()
    host.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
