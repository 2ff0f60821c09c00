"""What reporters from outside say of themselves: personal data, apart from the case."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text, false, text

from yiwang.store.database import Instant, Json, Key, metadata

case_contacts = Table(
    "case_contacts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("reporter", String(64), nullable=False),
    Column("email", String(320), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("first_name", String(128), nullable=False),
    Column("last_name", String(128), nullable=False),
    Column("device_id", String(255), nullable=False),
    Column("account_id", String(255), nullable=False),
    Column("media_url", Text, nullable=False),
    Column("extra", Json, nullable=False),
    Column("joined", Boolean, nullable=False, server_default=false()),
    Index("ix_case_contacts_case", "case"),
    Index(
        "ix_case_contacts_joined",
        "at",
        "id",
        sqlite_where=text("joined = 1"),
        postgresql_where=text("joined"),
    ),
)
"""``case`` is the one that the report led to first, as ``came_to`` of its source. ``extra``
are attributes that the form of the class does not ask for. ``joined``: the report came to a case
that was there, and has a number of its own (``case-id``)."""
