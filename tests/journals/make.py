"""Writes the journals of this version: python tests/journals/make.py. Old ones are never written again."""

import gzip
import json
import sys
from pathlib import Path

from gridgov.store import every_record

HERE = Path(__file__).parent


def write(store, path: Path) -> int:
    """Write every record of a store, one JSON object a line."""
    count = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        for record in every_record(store):
            row = {
                "position": record.position,
                "stream": record.stream,
                "stream_version": record.stream_version,
                "name": record.name,
                "shape": record.shape,
                "body": record.body.decode(),
                "tags": record.tags,
                "occurred_at": record.occurred_at.isoformat(),
                "recorded_at": record.recorded_at.isoformat(),
                "by": record.by,
                "command_id": record.command_id,
                "head": record.head.hex(),
            }
            file.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n")
            count += 1
    return count


if __name__ == "__main__":
    from gridgov_sql import open_sqlite

    source, name = sys.argv[1:3]
    store = open_sqlite(f"sqlite:///{source}")
    print(write(store, HERE / f"{name}.jsonl.gz"))
    store.close()
