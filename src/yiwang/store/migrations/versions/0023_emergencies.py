"""Emergencies: plans, incidents, their tasks, the command log and alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "emergency_plans",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(length=128), nullable=False),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_plans")),
    )
    op.create_index("ix_emergency_plans_code_active", "emergency_plans", ["code", "active"])
    op.create_table(
        "incidents",
        sa.Column("no", KEY, autoincrement=True, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("plan_code", sa.String(length=128), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("level_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("started_by", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("grid", KEY, nullable=True),
        sa.Column("place_name", sa.String(length=300), nullable=False),
        sa.Column("commanders", sa.Text(), nullable=False),
        sa.Column("review", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["plan"], ["emergency_plans.id"], name=op.f("fk_incidents_plan")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_running_no", "incidents", ["running", "no"])
    op.create_table(
        "incident_cases",
        sa.Column("incident", KEY, autoincrement=False, nullable=False),
        sa.Column("case", KEY, autoincrement=False, nullable=False),
        sa.Column("running", KEY, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.no"], name=op.f("fk_incident_cases_incident")
        ),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_incident_cases_case")),
        sa.PrimaryKeyConstraint("incident", "case", name=op.f("pk_incident_cases")),
    )
    op.create_index("ix_incident_cases_case", "incident_cases", ["case"])
    op.create_index("ix_incident_cases_running", "incident_cases", ["running"], unique=True)
    op.create_table(
        "incident_tasks",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("incident", KEY, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("function", sa.String(length=64), nullable=False),
        sa.Column("named", sa.String(length=64), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("photos_needed", sa.Integer(), nullable=False),
        sa.Column("text_needed", sa.Boolean(), nullable=False),
        sa.Column("escalate", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation", KEY, nullable=True),
        sa.Column("handler", sa.String(length=64), nullable=False),
        sa.Column("handler_name", sa.String(length=128), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("watch_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("photos", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.no"], name=op.f("fk_incident_tasks_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_tasks")),
    )
    op.create_index(
        "ix_incident_tasks_incident_code",
        "incident_tasks",
        ["incident", "code", "round"],
        unique=True,
    )
    op.create_index(
        "ix_incident_tasks_organisation", "incident_tasks", ["organisation", "incident"]
    )
    op.create_index("ix_incident_tasks_watch_at", "incident_tasks", ["watch_at"])
    op.create_table(
        "incident_log",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("incident", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("task", KEY, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.no"], name=op.f("fk_incident_log_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_log")),
    )
    op.create_index("ix_incident_log_incident_id", "incident_log", ["incident", "id"])
    op.create_table(
        "incident_photos",
        sa.Column("task", KEY, autoincrement=False, nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("incident", KEY, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["task"], ["incident_tasks.id"], name=op.f("fk_incident_photos_task")
        ),
        sa.PrimaryKeyConstraint("task", "sha", name=op.f("pk_incident_photos")),
    )
    op.create_index("ix_incident_photos_incident_sha", "incident_photos", ["incident", "sha"])
    op.create_table(
        "alerts",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("incident", KEY, nullable=False),
        sa.Column("identifier", sa.String(length=128), nullable=False),
        sa.Column("chain", KEY, nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=160), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("xml", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.no"], name=op.f("fk_alerts_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_identifier", "alerts", ["identifier"], unique=True)
    op.create_index("ix_alerts_incident_id", "alerts", ["incident", "id"])
    op.create_index("ix_alerts_public_id", "alerts", ["public", "id"])
