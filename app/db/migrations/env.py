"""Alembic's entry: runs on the connection that `app.db.migrate` hands in, and on nothing else."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
