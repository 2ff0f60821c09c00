"""Lines, areas and observed areas are found by their extents, and nothing is missed by that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from alembic import command
from sqlalchemy import select, text, update

from tests.sensing.sta.conftest import Service, datastream, location, sensor, thing
from tests.sensing.sta.test_multi import multi
from yiwang.sensing import tables as t
from yiwang.sensing.sta import nearby
from yiwang.sensing.sta.query import parse
from yiwang.sensing.sta.schema import DATASTREAM, FEATURE_OF_INTEREST, LOCATION, EntityType
from yiwang.store import migrate as migrations
from yiwang.store.database import Database

Json = dict[str, Any]


def area(west: float, south: float, side: float = 1.0) -> Json:
    return json.loads(shapely.to_geojson(shapely.box(west, south, west + side, south + side)))


def looked_at(service: Service, type_: EntityType, condition: str) -> list[int]:
    """The entities whose geometries are looked at for a condition."""
    node = parse(f"$filter={condition}").filter
    assert node is not None
    with service.database.read() as connection:
        found = nearby.near(connection, type_, node, "$filter")
    assert found is not None
    return found.ids.tolist()


BOX = "geography'POLYGON((10 50,11 50,11 51,10 51,10 50))'"


def test_only_what_meets_the_box_is_looked_at(service: Service) -> None:
    shapes = [area(10.5, 50.5), area(20, 50), area(10.5, 60)]
    shapes += [{"type": "LineString", "coordinates": [[0, 40], [20, 60]]}]
    shapes += [{"type": "Feature", "properties": {}, "geometry": area(10.9, 50.9)}]
    shapes += [{"type": "GeometryCollection", "geometries": [area(0, 0), area(10, 50)]}]
    inner = {"type": "GeometryCollection", "geometries": [area(10, 50)]}
    shapes += [{"type": "GeometryCollection", "geometries": [inner]}]
    for shape in shapes:
        service.add("Locations", {**location(), "location": shape})
    condition = f"st_intersects(location,{BOX})"
    assert looked_at(service, LOCATION, condition) == [1, 4, 5, 6, 7]
    found = service.get(f"Locations?$filter={condition}&$orderby=id")["value"]
    assert [item["@iot.id"] for item in found] == [1, 4, 5, 6, 7]
    near = "geo.distance(location,geography'POINT(19.5 50.5)') lt 0.6"
    assert looked_at(service, LOCATION, near) == [2, 4]
    service.send("PATCH", "Locations(2)", {"location": area(10, 50)})
    service.send("PATCH", "Locations(1)", {"location": {"type": "Point", "coordinates": [0, 0]}})
    assert looked_at(service, LOCATION, condition) == [2, 4, 5, 6, 7]


def test_observed_areas(service: Service) -> None:
    streams = [{**datastream(), "observedArea": area(west, 50)} for west in (10.5, 20)]
    streams += [datastream(), {**datastream(), "observedArea": {"type": "nothing", "a": [1]}}]
    streams += [{**datastream(), "observedArea": {"type": "Point", "coordinates": [10.5, 50.5]}}]
    more = [multi(Sensor=sensor(), observedArea=area(10.5, 50))]
    service.add("Things", thing(Datastreams=streams, MultiDatastreams=more))
    condition = f"st_intersects(observedArea,{BOX})"
    found = service.get(f"Datastreams?$filter={condition}&$orderby=id")["value"]
    assert [item["@iot.id"] for item in found] == [1, 5]
    assert looked_at(service, DATASTREAM, condition) == [1, 4, 5]
    assert len(service.get(f"MultiDatastreams?$filter={condition}")["value"]) == 1
    service.send("PATCH", "Datastreams(1)", {"observedArea": area(30, 30)})
    service.send("PATCH", "Datastreams(2)", {"observedArea": area(10.2, 50.2, 0.1)})
    found = service.get(f"Datastreams?$filter=st_within(observedArea,{BOX})&$orderby=id")["value"]
    assert [item["@iot.id"] for item in found] == [2, 5]
    service.send("PATCH", "Datastreams(2)", {"observedArea": None})
    assert looked_at(service, DATASTREAM, condition) == [4, 5]


def test_a_feature_made_from_an_area(service: Service) -> None:
    streams = [{**datastream(), "Observations": [{"result": 1}]}]
    place = {**location(), "location": area(10.5, 50.5)}
    service.add("Things", thing(Locations=[place], Datastreams=streams))
    condition = f"st_intersects(feature,{BOX})"
    assert len(service.get(f"FeaturesOfInterest?$filter={condition}")["value"]) == 1
    with service.database.read() as connection:
        made = connection.execute(select(t.features_of_interest)).one()
    assert (made.west, made.south, made.east, made.north) == (10.5, 50.5, 11.5, 51.5)
    assert looked_at(service, FEATURE_OF_INTEREST, condition) == [1]


def test_nothing_is_missed(service: Service) -> None:
    """Against shapely over all of many shapes; also where extents are not known."""
    numbers = np.random.default_rng(7)
    shapes = []
    for _ in range(120):
        points = numbers.uniform((0, 0), (20, 20), (int(numbers.integers(2, 5)), 2))
        points = points[0] + (points - points[0]) * numbers.uniform(0, 0.4)
        shapes.append(shapely.LineString(points) if len(points) < 3 else shapely.Polygon(points))
    for shape in shapes:
        body = {**location(), "location": json.loads(shapely.to_geojson(shape.envelope))}
        service.add("Locations", body)
    envelopes = [shape.envelope for shape in shapes]
    for known in (True, False):
        for west, south in numbers.uniform(0, 18, (12, 2)):
            box = shapely.box(west, south, west + 2, south + 2)
            condition = f"st_intersects(location,geography'{box.wkt}')"
            asked = f"Locations?$filter={condition}&$top=200&$orderby=id"
            found = [item["@iot.id"] for item in service.get(asked)["value"]]
            meeting = shapely.intersects(envelopes, box)
            assert found == (np.flatnonzero(meeting) + 1).tolist()
            assert (len(looked_at(service, LOCATION, condition)) < 60) is known
        with service.database.write() as connection:
            connection.execute(update(t.locations).values(west=None))


def test_the_index_of_extents_is_used(service: Service) -> None:
    if not service.database.is_sqlite:
        names = service.database.engine.dialect.get_indexes
        with service.database.read() as connection:
            assert "ix_locations_extent" in {one["name"] for one in names(connection, "locations")}
        return
    for type_, column in ((LOCATION, "location"), (DATASTREAM, "observed_area")):
        for statement, _ in nearby._statements(type_, column)[:2]:
            with service.database.read() as connection:
                made = statement._kept.for_(connection.dialect).text
                plan = connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {made}", (0.0,) * made.count("?")
                ).all()
            assert f"INDEX ix_{type_.stored.name}_extent" in str(plan), plan


def test_a_database_of_before_is_measured(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    shapes = [area(1, 2), {"type": "Point", "coordinates": [5, 6]}, "on the corner"]
    shapes.append(
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [[1, 2, 9], [3, 4, 9]]},
        }
    )
    config = migrations._config()
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
        for id_, shape in enumerate(shapes, 1):
            row = {"id": id_, "location": json.dumps(shape, separators=(",", ":"))}
            connection.execute(
                text(
                    "INSERT INTO locations (id, name, description, encoding_type, location)"
                    " VALUES (:id, '', '', '', :location)"
                ),
                row,
            )
    migrations.migrate(database)
    with database.read() as connection:
        rows = connection.execute(select(t.locations).order_by(t.locations.c.id)).all()
    found = [(row.west, row.south, row.east, row.north) for row in rows]
    assert found == [(1, 2, 2, 3), (None,) * 4, (None,) * 4, (1, 2, 3, 4)]
    database.close()
