"""Tables of base libraries. Numbers of records are given by us, because sealed values are bound to
them; the number of an entity is that of its first record."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Json, Key, metadata

_stale = text("stale > 0")

share_libraries = Table(
    "share_libraries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(48), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("former", Text, nullable=True),
    Column("phase", String(16), nullable=False),
    Column("after", Key, nullable=False),
    Column("tally", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(160), nullable=False),
)
"""``phase``: what is being done anew for all records since the declaration or the ranks changed
(``keys``, then ``groups``; empty: nothing), up to record ``after``; ``former``: the declaration
by which they were matched before. ``tally``: how many there are of what, as last counted."""

share_library_feeds = Table(
    "share_library_feeds",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("code", String(48), nullable=False),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("spec", Json, nullable=False),
    Column("removed_at", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("forced", Boolean, nullable=False),
    Column("ran_at", Instant, nullable=True),
    Column("state", String(16), nullable=False),
    Column("tally", Json, nullable=False),
    Column("error", Json, nullable=True),
    UniqueConstraint("library", "code"),
    Index("ix_share_library_feeds_resource", "resource"),
    Index("ix_share_library_feeds_due_at", "due_at"),
)
"""``spec``: columns by field, ranks of fields, the column of validity. ``forced``: the next run
takes whatever is gone. ``state`` and ``tally`` are of the last run."""

share_library_records = Table(
    "share_library_records",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("feed", Key, ForeignKey(share_library_feeds.c.id), nullable=False),
    Column("mark", String(32), nullable=False),
    Column("entity", Key, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("body", Json, nullable=False),
    Column("sealed", Text, nullable=True),
    Column("since", Instant, nullable=True),
    Column("known_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    UniqueConstraint("feed", "mark"),
    Index("ix_share_library_records_entity", "entity"),
    Index("ix_share_library_records_library", "library", "id"),
)
"""Rows of sources. ``mark``: a keyed digest of feed and key; ``digest``: of what the row says."""

share_library_versions = Table(
    "share_library_versions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("record", Key, ForeignKey(share_library_records.c.id), nullable=False),
    Column("body", Json, nullable=True),
    Column("sealed", Text, nullable=True),
    Column("since", Instant, nullable=True),
    Column("known_at", Instant, nullable=False),
    Index("ix_share_library_versions_record", "record", "id"),
)
"""What records said before; without a body, that they were gone."""

share_library_keys = Table(
    "share_library_keys",
    metadata,
    Column("key", BigInteger, nullable=False),
    Column("record", Key, nullable=False),
    PrimaryKeyConstraint("key", "record"),
)
"""By what records are found: keyed digests of blocks, and of what is searched for. Record 0: so
many share the key that it tells nothing."""

share_library_links = Table(
    "share_library_links",
    metadata,
    Column("one", Key, nullable=False),
    Column("other", Key, nullable=False),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("merge", Boolean, nullable=False),
    Column("points", Integer, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("state", String(16), nullable=False),
    PrimaryKeyConstraint("one", "other"),
    Index("ix_share_library_links_other", "other"),
    Index("ix_share_library_links_state", "library", "state", "points"),
)
"""Pairs of records that are alike, the lower number first. ``state``: ``proposed`` and ``blocked``
(they had to stay apart) wait for somebody; empty where there is nothing to do."""

share_library_rulings = Table(
    "share_library_rulings",
    metadata,
    Column("one", Key, nullable=False),
    Column("other", Key, nullable=False),
    Column("together", Boolean, nullable=False),
    Column("step", Key, nullable=False),
    PrimaryKeyConstraint("one", "other"),
    Index("ix_share_library_rulings_other", "other"),
)
"""What somebody has said of pairs of records: that they are of the same, or that they are not."""

share_library_entities = Table(
    "share_library_entities",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("records", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("stale", Integer, nullable=False),
    Index("ix_share_library_entities_library", "library", "id"),
    Index(
        "ix_share_library_entities_stale",
        "library",
        "id",
        sqlite_where=_stale,
        postgresql_where=_stale,
    ),
)
"""``stale``: counts on with each change that the library's table has not got yet."""

share_library_conflicts = Table(
    "share_library_conflicts",
    metadata,
    Column("entity", Key, nullable=False),
    Column("field", String(48), nullable=False),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("state", String(16), nullable=False),
    Column("gap", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("chosen", Key, nullable=True),
    Column("chosen_print", String(32), nullable=True),
    Column("reason", Text, nullable=True),
    Column("decided_by", String(160), nullable=True),
    Column("decided_at", Instant, nullable=True),
    PrimaryKeyConstraint("entity", "field"),
    Index("ix_share_library_conflicts_state", "library", "state", "gap", "entity", "field"),
)
"""Fields about which sources disagree. ``state``: open, decided or gone; ``gap``: by how many ranks
those who disagree are weaker. A decision holds as long as ``chosen_print`` is what sources say."""

share_library_steps = Table(
    "share_library_steps",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("library", Key, ForeignKey(share_libraries.c.id), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(160), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entity", Key, nullable=False),
    Column("other", Key, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_share_library_steps_library", "library", "id"),
    Index("ix_share_library_steps_entity", "entity", "id"),
    Index("ix_share_library_steps_other", "other", "id"),
)
"""Appended only. By the platform: ``merged`` (records of ``other`` came to ``entity``, with the
evidence), ``parted`` (records left ``entity`` for ``other``). By people: ``joined``, ``split``,
``kept_apart``, ``decided``, ``reopened``. Values of records are not among the details."""
