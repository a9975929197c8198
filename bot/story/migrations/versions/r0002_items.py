"""The views of the backlog's items."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "items",
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "number", name="items_pkey"),
    )
    op.create_index("items_rank", "items", ["repository", "state", "base", "since", "number"])
    op.create_index("items_oldest", "items", ["repository", "state", "since"])
    op.create_table(
        "item_keys",
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("repository", "key", "number", name="item_keys_pkey"),
    )
    op.create_index("item_keys_place", "item_keys", ["repository", "source", "place"])
    op.create_index("item_keys_number", "item_keys", ["repository", "number"])
