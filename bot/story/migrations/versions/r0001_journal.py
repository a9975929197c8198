"""The journal, the outbox and the memories of what came in."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("stream", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("issue", sa.BigInteger()),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
        sa.Column("wake_at", sa.String()),
        sa.Column("updated_at", sa.String(), nullable=False),
        sa.Column("lease_owner", sa.String()),
        sa.Column("lease_fence", sa.BigInteger(), nullable=False),
        sa.Column("lease_expires", sa.String()),
    )
    op.create_index("streams_wake_at", "streams", ["wake_at"])
    op.create_index("streams_state", "streams", ["state"])
    op.create_table(
        "events",
        sa.Column("stream", sa.String(), sa.ForeignKey("streams.stream"), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seq", name="events_pkey"),
    )
    op.create_table(
        "effects",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("key", sa.String(), nullable=False, unique=True),
        sa.Column("stream", sa.String(), sa.ForeignKey("streams.stream"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String()),
        sa.Column("claim_owner", sa.String()),
        sa.Column("claim_expires", sa.String()),
        sa.Column("result", sa.Text()),
        sa.Column("error", sa.Text(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("effects_status", "effects", ["status", "position"])
    op.create_index("effects_stream", "effects", ["stream", "position"])
    op.create_table(
        "seen",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("at", sa.String(), nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("guid", sa.String(), primary_key=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("received_at", sa.String(), nullable=False),
        sa.Column("handled_at", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error_id", sa.String(), nullable=False),
    )
    op.create_index("deliveries_error_id", "deliveries", ["error_id", "handled_at"])
