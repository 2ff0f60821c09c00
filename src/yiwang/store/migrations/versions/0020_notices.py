"""Notices: deliveries, their attempts, webhooks, preferences and followers."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_followers",
        sa.Column("about", sa.String(length=160), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("about", "recipient", name=op.f("pk_notice_followers")),
    )
    op.create_table(
        "notice_preferences",
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("channels", sa.Text(), nullable=False),
        sa.Column("quiet_starts", sa.Integer(), nullable=True),
        sa.Column("quiet_ends", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_notice_preferences")),
    )
    op.create_table(
        "notice_webhooks",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("narrowed", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret_no", sa.Integer(), nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(length=160), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("last_good_at", sa.BigInteger(), nullable=True),
        sa.Column("last_bad_at", sa.BigInteger(), nullable=True),
        sa.Column("last_answer", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_webhooks")),
    )
    op.create_table(
        "notices",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("webhook", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=128), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("inbox", sa.String(length=64), nullable=True),
        sa.Column("unread", sa.String(length=64), nullable=True),
        sa.Column("limited", sa.String(length=220), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["webhook"], ["notice_webhooks.id"], name=op.f("fk_notices_webhook")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index("ix_notices_about", "notices", ["about"], unique=False)
    op.create_index(
        "ix_notices_failed",
        "notices",
        ["failed", "id"],
        unique=False,
        sqlite_where=sa.text("failed IS NOT NULL"),
        postgresql_where=sa.text("failed IS NOT NULL"),
    )
    op.create_index(
        "ix_notices_inbox_id",
        "notices",
        ["inbox", "id"],
        unique=False,
        sqlite_where=sa.text("inbox IS NOT NULL"),
        postgresql_where=sa.text("inbox IS NOT NULL"),
    )
    op.create_index(
        "ix_notices_limited_ended_at",
        "notices",
        ["limited", "ended_at"],
        unique=False,
        sqlite_where=sa.text("limited IS NOT NULL"),
        postgresql_where=sa.text("limited IS NOT NULL"),
    )
    op.create_index(
        "ix_notices_next_at",
        "notices",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["unread"],
        unique=False,
        sqlite_where=sa.text("unread IS NOT NULL"),
        postgresql_where=sa.text("unread IS NOT NULL"),
    )
    op.create_table(
        "notice_attempts",
        sa.Column(
            "notice",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_notice_attempts_notice")),
        sa.PrimaryKeyConstraint("notice", "no", name=op.f("pk_notice_attempts")),
    )
