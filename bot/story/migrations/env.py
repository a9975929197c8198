"""What Alembic runs: the migrations, on the connection that `upgrade` handed in."""

from alembic import context

from bot.story.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite's too: `upgrade` has begun the one transaction
    transaction_per_migration=False,
)
context.run_migrations()
