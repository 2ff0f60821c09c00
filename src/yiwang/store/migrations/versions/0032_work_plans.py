"""Supervised tasks: work plans, their tasks, milestones, reports and history."""

import sqlalchemy as sa
from alembic import op

from yiwang.store.database import Key

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

WATCHED = sa.text("watch_at IS NOT NULL")


def _id() -> sa.Column[int]:
    return sa.Column("id", Key, autoincrement=True, nullable=False)


def upgrade() -> None:
    _plans()
    op.create_table(
        "plan_milestones",
        _id(),
        sa.Column("task", Key, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("report", Key, nullable=True),
        sa.ForeignKeyConstraint(["task"], ["plan_tasks.id"], name=op.f("fk_plan_milestones_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_milestones")),
    )
    op.create_index("ix_plan_milestones_task", "plan_milestones", ["task"])
    op.create_table(
        "plan_reports",
        _id(),
        sa.Column("task", Key, nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["plan_tasks.id"], name=op.f("fk_plan_reports_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_reports")),
    )
    op.create_index("ix_plan_reports_task_id", "plan_reports", ["task", "id"])
    op.create_table(
        "plan_missing",
        _id(),
        sa.Column("task", Key, nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("report", Key, nullable=True),
        sa.ForeignKeyConstraint(["task"], ["plan_tasks.id"], name=op.f("fk_plan_missing_task")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_missing")),
        sa.UniqueConstraint("task", "period", name=op.f("uq_plan_missing_task")),
    )
    op.create_table(
        "plan_changes",
        _id(),
        sa.Column("plan", Key, nullable=False),
        sa.Column("task", Key, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["work_plans.id"], name=op.f("fk_plan_changes_plan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_changes")),
    )
    op.create_index("ix_plan_changes_plan_id", "plan_changes", ["plan", "id"])


def _plans() -> None:
    op.create_table(
        "work_plans",
        _id(),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("starts", sa.String(10), nullable=False),
        sa.Column("ends", sa.String(10), nullable=False),
        sa.Column("owner", Key, nullable=True),
        sa.Column("case_class", sa.String(128), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(160), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_plans")),
    )
    op.create_table(
        "plan_tasks",
        _id(),
        sa.Column("plan", Key, nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("lead", Key, nullable=False),
        sa.Column("joint", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(32), nullable=False),
        sa.Column("rhythm", sa.String(8), nullable=False),
        sa.Column("case", Key, nullable=True),
        sa.Column("percent", sa.Integer(), nullable=True),
        sa.Column("reached", sa.Float(), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("seen_to", sa.BigInteger(), nullable=True),
        sa.Column("watch_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["work_plans.id"], name=op.f("fk_plan_tasks_plan")),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_plan_tasks_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_tasks")),
        sa.UniqueConstraint("case", name=op.f("uq_plan_tasks_case")),
    )
    op.create_index("ix_plan_tasks_plan_id", "plan_tasks", ["plan", "id"])
    op.create_index(
        "ix_plan_tasks_watch_at",
        "plan_tasks",
        ["watch_at"],
        sqlite_where=WATCHED,
        postgresql_where=WATCHED,
    )
