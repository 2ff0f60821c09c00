"""Tables of device management. A thing stays what it was; what is managed stands beside it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from yiwang.store.database import Instant, Json, Key, metadata

device_details = Table(
    "device_details",
    metadata,
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), primary_key=True),
    Column("supplier", String(128), nullable=False, default=""),
    Column("model", String(128), nullable=False, default=""),
    Column("serial", String(128), nullable=False, default=""),
    Column("gateway", String(128), nullable=False, default=""),
    Column("network", String(128), nullable=False, default=""),
    Column("installed_on", String(10), nullable=True),
    Column("firmware", String(64), nullable=False, default=""),
    Column("retired_at", Instant, nullable=True),
    Column("retired_why", Text, nullable=False, default=""),
    Index("ix_device_details_serial", "serial"),
)
"""What is known of a device beyond SensorThings; a device without a row has none of it.
``gateway`` and ``network`` say over what it speaks: when that fails, many fall silent at once."""

device_hardware = Table(
    "device_hardware",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=True),
    Column("code", String(128), nullable=False),
    Column("serial", String(128), nullable=False),
    Column("model", String(128), nullable=False),
    Column("supplier", String(128), nullable=False),
    Column("firmware", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("who", String(160), nullable=False),
    Index("ix_device_hardware_thing", "thing", "since"),
)
"""Which hardware stood at a thing when: written from its first replacement on. ``until`` is
NULL for what stands there now; ``why`` and ``who`` tell of its coming."""

device_groups = Table(
    "device_groups",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("note", Text, nullable=False, default=""),
    Column("rule", Json, nullable=True),
    Column("created_at", Instant, nullable=False),
)
"""``rule`` is a filter (kind, area, supplier) that devices belong to by what they are; NULL:
the members are written down."""

device_group_members = Table(
    "device_group_members",
    metadata,
    Column("group", Key, ForeignKey("device_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_device_group_members_thing", "thing"),
)

device_states = Table(
    "device_states",
    metadata,
    Column("thing", Key, primary_key=True, autoincrement=False),
    Column("at", Instant, primary_key=True, autoincrement=False),
    Column("state", Integer, nullable=False),
    Column("before", Integer, nullable=False),
    Index("ix_device_states_at", "at"),
)
"""Every change of a device's health, appended by the sweep and never changed. ``state`` and
``before`` are places in ``health.STATES``; -1 stands for "not there yet"."""

device_watch = Table(
    "device_watch",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
)
"""When somebody listened: while the platform was down, nobody was online or silent."""

device_online_days = Table(
    "device_online_days",
    metadata,
    Column("start", Instant, primary_key=True, autoincrement=False),
    Column("until", Instant, nullable=False),
    Column("sums", LargeBinary, nullable=False),
)
"""What ``device_states`` and ``device_watch`` say of a finished day of the city, summed for each
device (``online.Sums``): it can be left out, and is made again."""

device_troubles = Table(
    "device_troubles",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("thing", Key, nullable=False),
    Column("trouble", String(16), nullable=False),
    Column("since", Instant, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("cleared_at", Instant, nullable=True),
    Column("cleared_why", String(64), nullable=False, default=""),
    Column("subject", String(200), nullable=False),
    Column("outage", Key, nullable=True),
    Column("values", Json, nullable=False),
    Index("ix_device_troubles_thing", "thing", "id"),
    Index(
        "ix_device_troubles_open",
        "subject",
        unique=True,
        sqlite_where=text("cleared_at IS NULL"),
        postgresql_where=text("cleared_at IS NULL"),
    ),
    Index("ix_device_troubles_outage", "outage"),
)
"""What is wrong with devices. ``subject`` (``silence:7``, ``outage:street:3``) has one open
row at most. ``outage``: the trouble of many devices that this one is a part of."""

device_days = Table(
    "device_days",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("datastream", Key, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("least", Float, nullable=False),
    Column("median", Float, nullable=False),
    Column("most", Float, nullable=False),
    Index("ix_device_days_datastream", "datastream", "day"),
)
"""One line a day of each datastream that counts numbers; ``day`` is days since 1970-01-01 of
the city's calendar."""

maintenance_plans = Table(
    "maintenance_plans",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False),
    Column("kind", String(128), nullable=True),
    Column("group", Key, ForeignKey("device_groups.id"), nullable=True),
    Column("every", Integer, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("what", Text, nullable=False),
    Column("organisation", Key, nullable=True),
    Column("owner", Key, nullable=True),
    Column("starts_on", String(10), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""Every ``every`` days or months (``unit``), for the devices of a kind, a group, or both.
``organisation`` does it; ``owner`` is the organisation whose devices it is for, with those below
it (null: all)."""

maintenance_works = Table(
    "maintenance_works",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("plan", Key, ForeignKey("maintenance_plans.id"), nullable=True),
    Column("what", Text, nullable=False),
    Column("things", Json, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("announced_at", Instant, nullable=False),
    Column("announced_by", String(160), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(160), nullable=False),
    Index("ix_maintenance_works_until_at", "until_at"),
)
"""Work announced on ``things`` (ids). ``ended_at``: when it was over or called off before its
time, which is then in ``until_at``."""

maintenance_records = Table(
    "maintenance_records",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("plan", Key, ForeignKey("maintenance_plans.id"), nullable=True),
    Column("done_on", String(10), nullable=False),
    Column("who", String(128), nullable=False),
    Column("what", Text, nullable=False),
    Column("result", String(16), nullable=False),
    Column("parts", Text, nullable=False),
    Column("next_due", String(10), nullable=True),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", String(160), nullable=False),
    Index("ix_maintenance_records_thing", "thing", "id"),
    Index("ix_maintenance_records_plan", "plan", "thing", "done_on"),
)

firmware_campaigns = Table(
    "firmware_campaigns",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False),
    Column("kind", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("planned_on", String(10), nullable=True),
    Column("note", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

firmware_records = Table(
    "firmware_records",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("version", String(64), nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("source", String(16), nullable=False),
    Column("campaign", Key, ForeignKey("firmware_campaigns.id"), nullable=True),
    Column("note", Text, nullable=False),
    Index("ix_firmware_records_thing", "thing", "id"),
    Index("ix_firmware_records_campaign", "campaign"),
)
"""What was put on devices. ``outcome`` is done or failed; ``source``: hand, csv or reported."""
