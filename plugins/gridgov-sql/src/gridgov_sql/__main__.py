"""``python -m gridgov_sql upgrade URL``: bring an older store up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gridgov.errors import GridgovError
from gridgov_sql._opening import upgrade

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; give 0, or 1 after a message on what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m gridgov_sql", description="Care for stores of gridgov.")
    wanted = parser.add_subparsers(required=True, metavar="COMMAND")
    one = wanted.add_parser("upgrade", help="bring an older store up to date; make a backup first")
    one.add_argument("url", metavar="URL", help="sqlite:///street.db or postgresql://user@host/street")
    found = parser.parse_args(arguments)
    try:
        upgrade(found.url)
    except GridgovError as error:
        print(error, file=sys.stderr)
        return 1
    print("the store is up to date")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
