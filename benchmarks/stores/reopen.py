"""Opens a street in a process of its own and tells how long it took: python reopen.py STORE.db."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import history

from gridgov import open_office
from gridgov.testing import NOON
from gridgov_sql import open_sqlite


def main(path: str) -> None:
    setup = history.setup()
    open_sqlite(f"sqlite:///{path}").close()  # imports and plugins are not what is measured
    began = time.perf_counter()
    store = open_sqlite(f"sqlite:///{path}")
    with open_office(setup, store, discover=False, clock=lambda: NOON) as office:
        seconds = time.perf_counter() - began
        open_count = len(list(office._memory.under("case:")))
        position = office.position
    store.close()
    # Not ru_maxrss: that begins with what the parent had used.
    (line,) = [line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM")]
    kibibytes = int(line.split()[1])
    told = {"seconds": seconds, "position": position, "open": open_count, "mebibytes": kibibytes / 1024}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
