"""Tables of rules: what is installed, what cities tuned, what was found, how far was judged."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, String, Table, UniqueConstraint

from yiwang.store.database import Instant, Json, Key, metadata

rule_packs = Table(
    "rule_packs",
    metadata,
    Column("pack", String(64), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("spec", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

rule_versions = Table(
    "rule_versions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("pack", String(64), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("body", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("installed_at", Instant, nullable=False),
    UniqueConstraint("pack", "rule", "digest"),
)
"""Every wording that a rule ever had, with its texts and the parameters it speaks of; a
finding keeps the one it was raised by."""

parameter_values = Table(
    "parameter_values",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("pack", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("value", Float(53), nullable=True),
    Column("since", Instant, nullable=False),
    Column("who", String(160), nullable=False),
    Column("why", String(1000), nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("origin", String(8), nullable=False),
    Index("ix_parameter_values_pack_name", "pack", "name"),
)
"""The city's own values; ``value`` NULL takes the pack's value back into force. ``origin`` is
``file`` for the city's file, which replaces what it said before, and ``action`` else."""

findings = Table(
    "findings",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("key", String(200), nullable=False, unique=True),
    Column("pack", String(64), nullable=False),
    Column("rule", String(64), nullable=False),
    Column("rule_version", Key, ForeignKey("rule_versions.id"), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("cleared_at", Instant, nullable=True),
    Column("withdrawn_at", Instant, nullable=True),
    Column("judged_at", Instant, nullable=False),
    Column("thing", Key, nullable=False),
    Column("place", Key, nullable=True),
    Column("lon", Float(53), nullable=True),
    Column("lat", Float(53), nullable=True),
    Column("values", Json, nullable=False),
    Column("case_class", String(64), nullable=False),
    Column("one_per", String(200), nullable=False),
    Index("ix_findings_raised_at_id", "raised_at", "id"),
    Index("ix_findings_state_raised_at", "state", "raised_at", "id"),
    Index("ix_findings_pack_rule", "pack", "rule", "raised_at", "id"),
    Index("ix_findings_place", "place", "raised_at", "id"),
    Index("ix_findings_thing", "thing", "raised_at", "id"),
)

judge_position = Table(
    "judge_position",
    metadata,
    Column("judge", String(32), primary_key=True),
    Column("position", Key, nullable=False),
    Column("watermark", Instant, nullable=False),
)
