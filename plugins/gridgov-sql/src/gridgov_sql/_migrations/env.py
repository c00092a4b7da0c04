"""What alembic runs: the migrations, on the connection that it was given."""

from alembic import context

from gridgov_sql import _schema as t

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=t.metadata,
    version_table=t.revisions.name,
)
context.run_migrations()
