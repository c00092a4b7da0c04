"""Older stores brought up to date, by alembic, without any file that a user would have to write.

Everything happens in the transaction of the caller: an upgrade that fails leaves the older store as it was. A new
store is not migrated into being; a test sees to it that both ways lead to the same tables.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from gridgov_sql import _schema as t

__all__ = ["migrate"]


def migrate(connection: sa.Connection, found: int) -> None:
    """Bring the tables behind *connection*, which are of version *found*, up to date."""
    config = Config()
    # A percent sign in a folder's name would be read as a reference.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    if not sa.inspect(connection).has_table(t.revisions.name):
        # The first version did not write down where it stood.
        command.stamp(config, f"{found:04}")
    command.upgrade(config, "head")
