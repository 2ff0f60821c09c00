"""Tables of multi-datastreams."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "multi_datastreams",
        sa.Column("id", _key(), autoincrement=False, nullable=False),
        sa.Column("thing", _key(), nullable=False),
        sa.Column("sensor", _key(), nullable=False),
        sa.Column("feature", _key(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("observation_type", sa.String(length=192), nullable=False),
        sa.Column("multi_observation_data_types", sa.Text(), nullable=False),
        sa.Column("unit_of_measurements", sa.Text(), nullable=False),
        sa.Column("observed_area", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["feature"], ["features_of_interest.id"], name=op.f("fk_multi_datastreams_feature")
        ),
        sa.ForeignKeyConstraint(
            ["sensor"], ["sensors.id"], name=op.f("fk_multi_datastreams_sensor")
        ),
        sa.ForeignKeyConstraint(
            ["thing"], ["things.id"], name=op.f("fk_multi_datastreams_thing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_multi_datastreams")),
    )
    for column in ("feature", "sensor", "thing"):
        op.create_index(f"ix_multi_datastreams_{column}", "multi_datastreams", [column])
    op.create_table(
        "multi_datastream_properties",
        sa.Column("multi_datastream", _key(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("observed_property", _key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["multi_datastream"],
            ["multi_datastreams.id"],
            name="fk_multi_datastream",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["observed_property"],
            ["observed_properties.id"],
            name="fk_multi_datastream_observed_property",
        ),
        sa.PrimaryKeyConstraint(
            "multi_datastream", "place", name=op.f("pk_multi_datastream_properties")
        ),
    )
    op.create_index(
        "ix_multi_datastream_properties_observed_property",
        "multi_datastream_properties",
        ["observed_property"],
    )
