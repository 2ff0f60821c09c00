"""The extents of lines, areas and observed areas, and their indexes."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SIDES = ("west", "south", "east", "north")
_AT_ONCE = 1000


def upgrade() -> None:
    for table, column in (("locations", "location"), ("features_of_interest", "feature")):
        op.drop_index(f"ix_{table}_shapes", table)
        _extents(table, column, f"""substr({column}, 1, 15) <> '{{"type":"Point"'""")
    for table in ("datastreams", "multi_datastreams"):
        _extents(table, "observed_area", "observed_area IS NOT NULL")


def _extents(table: str, column: str, which: str) -> None:
    for side in SIDES:
        op.add_column(table, sa.Column(side, sa.Float(), nullable=True))
    what = sa.text(which)
    op.create_index(
        f"ix_{table}_extent", table, list(SIDES), sqlite_where=what, postgresql_where=what
    )
    connection = op.get_bind()
    found = connection.execute(sa.text(f"SELECT id, {column} FROM {table} WHERE {which}"))
    sides = ", ".join(f"{side} = :{side}" for side in SIDES)
    change = sa.text(f"UPDATE {table} SET {sides} WHERE id = :id")
    rows = [{"id": id_, **extent} for id_, text in found if (extent := _extent(json.loads(text)))]
    for low in range(0, len(rows), _AT_ONCE):
        connection.execute(change, rows[low : low + _AT_ONCE])


def _extent(shape: Any) -> dict[str, float]:
    """Empty for what is no GeoJSON; such rows are looked at whatever is asked."""
    try:
        positions = list(_positions(shape, 0))
    except (ValueError, TypeError, IndexError):
        return {}
    if not positions:
        return {}
    lons, lats = zip(*positions, strict=True)
    return dict(zip(SIDES, (min(lons), min(lats), max(lons), max(lats)), strict=True))


def _positions(value: Any, depth: int) -> Iterator[tuple[float, float]]:
    if depth > 20:
        raise ValueError
    if isinstance(value, dict):
        for name in ("geometry", "geometries", "coordinates"):
            if value.get(name) is not None:
                yield from _positions(value[name], depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], list | dict):
        for part in value:
            yield from _positions(part, depth + 1)
    elif isinstance(value, list):
        yield float(value[0]), float(value[1])
