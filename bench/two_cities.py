"""The same made-up city in Yiwang and in FROST: things with a place and one datastream each, and
observations that arrive every 15 minutes from all of them. Loaded past the interfaces of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg

from yiwang.app import Platform
from yiwang.contracts.observations import Incoming
from yiwang.kernel import clock as time
from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.sensing import devices as stock
from yiwang.sensing import service
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.spec import DeviceKind, Devices, Property

PERIOD = 15 * time.MINUTE
START = time.parse("2026-07-01T00:00:00Z")
WEST, SOUTH, WIDTH, HEIGHT = 121.0, 30.9, 0.9, 0.7
AT_ONCE = 1_000_000


def places(things: int) -> np.ndarray:
    """Longitude and latitude of each thing, the same in every run."""
    spread = np.random.default_rng(1).random((things, 2))
    return np.round(spread * (WIDTH, HEIGHT) + (WEST, SOUTH), 6)


def rounds(things: int, observations: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Thing (from 0), time and result, in the order of time, some whole rounds at once."""
    random = np.random.default_rng(2)
    each = max(AT_ONCE // things, 1)
    total = observations // things
    for first in range(0, total, each):
        count = min(each, total - first)
        thing = np.tile(np.arange(things), count)
        at = START + (first + np.repeat(np.arange(count), things)) * PERIOD
        yield thing, at, np.round(random.normal(20, 5, len(thing)), 2)


def ours(home: Path, things: int, observations: int) -> None:
    """Make the home, once."""
    if (home / "loaded").exists():
        return
    settings = Settings(home=home, mqtt_port=0)
    with Platform(settings, SystemClock()) as platform:
        platform.first_administrator()
        caller = platform.caller("bench")
        kind = DeviceKind("meter", (Property("level", "cm"),))
        service.install_kinds(caller, "bench", Devices({"meter": kind}))
        where = places(things)
        with platform.database.write() as connection:
            known = stock.kind_of(connection, "bench.meter")
            stock.add(connection, known, _devices(where), platform.clock.now())
        platform.sensing.changed()
        with platform.database.read() as connection:
            first = min(channel.datastream for channel in stock.channels(connection))
        for thing, at, result in rounds(things, observations):
            rows = Incoming("bench", thing + first, at, result, platform.clock.now())
            receipt = platform.sensing.intake.accept(rows)
            assert receipt.stored == len(thing), receipt.rejected[:1]
            platform.sensing.tend()
    (home / "loaded").touch()


def _devices(where: np.ndarray) -> Iterator[NewDevice]:
    for number, (lon, lat) in enumerate(where.tolist(), 1):
        yield NewDevice(f"m{number}", f"Meter {number}", lon, lat, properties={"floor": number % 9})


def theirs(database: str, things: int, observations: int) -> None:
    """Fill FROST's tables, once; add the indexes that its documentation advises."""
    with psycopg.connect(database, autocommit=True) as connection:
        if connection.execute('SELECT 1 FROM "THINGS" LIMIT 1').fetchone():
            return
        connection.execute('ALTER TABLE "OBSERVATIONS" DISABLE TRIGGER USER')
        _entities(connection, places(things))
        indexes = _without_indexes(connection)
        _observations(connection, things, observations)
        for definition in indexes:
            connection.execute(definition)
        connection.execute('ALTER TABLE "OBSERVATIONS" ENABLE TRIGGER USER')
        connection.execute(
            'UPDATE "DATASTREAMS" SET "PHENOMENON_TIME_START" = %s, "PHENOMENON_TIME_END" = %s, '
            '"RESULT_TIME_START" = %s, "RESULT_TIME_END" = %s',
            [_moment(START), _moment(last(things, observations))] * 2,
        )
        for table in ("THINGS", "LOCATIONS", "SENSORS", "OBS_PROPERTIES", "DATASTREAMS"):
            _settle(connection, table)
        for table in ("FEATURES", "OBSERVATIONS"):
            _settle(connection, table)
        connection.execute(
            'CREATE INDEX "OBS-DS_ID-PHTIME_SE-O_ID" ON "OBSERVATIONS" USING btree '
            '("DATASTREAM_ID", "PHENOMENON_TIME_START" ASC, "PHENOMENON_TIME_END" ASC, "ID" ASC) '
            'WHERE ("DATASTREAM_ID" IS NOT NULL)'
        )
        connection.execute('CREATE INDEX "LOCATIONS_GEOM" ON "LOCATIONS" USING gist ("GEOM")')
        connection.execute("VACUUM ANALYZE")


def _without_indexes(connection: psycopg.Connection) -> list[str]:
    """Drop the indexes of the observations, but the primary key; how to make them again."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes "
        "WHERE tablename = 'OBSERVATIONS' AND indexname <> 'OBSERVATIONS_pkey'"
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def last(things: int, observations: int) -> int:
    """The time of the newest observation."""
    return START + (observations // things - 1) * PERIOD


def _moment(instant: int) -> str:
    return time.render(instant)


def _entities(connection: psycopg.Connection, where: np.ndarray) -> None:
    cursor = connection.cursor()
    cursor.execute(
        'INSERT INTO "SENSORS" ("ID", "NAME", "DESCRIPTION", "ENCODING_TYPE", "METADATA") '
        "VALUES (1, 'meter', 'meter', 'text/plain', 'none')"
    )
    cursor.execute(
        'INSERT INTO "OBS_PROPERTIES" ("ID", "NAME", "DEFINITION", "DESCRIPTION") '
        "VALUES (1, 'level', 'level', 'level')"
    )
    rows = list(enumerate(where.tolist(), 1))
    with cursor.copy('COPY "THINGS" ("ID", "NAME", "DESCRIPTION", "PROPERTIES") FROM STDIN') as out:
        for id_, _ in rows:
            out.write_row((id_, f"Meter {id_}", "", f'{{"floor": {id_ % 9}}}'))
    for table, column in (("LOCATIONS", "LOCATION"), ("FEATURES", "FEATURE")):
        into = f'("ID", "NAME", "DESCRIPTION", "ENCODING_TYPE", "{column}", "GEOM")'
        with cursor.copy(f'COPY "{table}" {into} FROM STDIN') as out:
            for id_, (lon, lat) in rows:
                point = f'{{"type": "Point", "coordinates": [{lon}, {lat}]}}'
                shape = f"SRID=4326;POINT({lon} {lat})"
                out.write_row((id_, f"Meter {id_}", "", "application/geo+json", point, shape))
    cursor.execute('UPDATE "LOCATIONS" SET "GEN_FOI_ID" = "ID"')
    with cursor.copy('COPY "THINGS_LOCATIONS" ("THING_ID", "LOCATION_ID") FROM STDIN') as out:
        for id_, _ in rows:
            out.write_row((id_, id_))
    names = (
        '"ID", "NAME", "DESCRIPTION", "OBSERVATION_TYPE", "SENSOR_ID", "OBS_PROPERTY_ID", '
        '"THING_ID", "UNIT_NAME", "UNIT_SYMBOL", "UNIT_DEFINITION", "LAST_FOI_ID"'
    )
    kind = stock.OBSERVATION_TYPE["number"]
    with cursor.copy(f'COPY "DATASTREAMS" ({names}) FROM STDIN') as out:
        for id_, _ in rows:
            out.write_row((id_, f"Meter {id_}", "", kind, 1, 1, id_, "cm", "cm", "cm", id_))


def _observations(connection: psycopg.Connection, things: int, observations: int) -> None:
    names = (
        '"ID", "PHENOMENON_TIME_START", "PHENOMENON_TIME_END", "RESULT_TIME", "RESULT_TYPE", '
        '"RESULT_NUMBER", "RESULT_STRING", "DATASTREAM_ID", "FEATURE_ID"'
    )
    id_ = 0
    for thing, at, result in rounds(things, observations):
        moments = {instant: _moment(instant) for instant in np.unique(at).tolist()}
        columns = zip(thing.tolist(), at.tolist(), result.tolist(), strict=True)
        lines = []
        for number, instant, value in columns:
            id_ += 1
            moment = moments[instant]
            stream = number + 1
            lines.append(
                f"{id_}\t{moment}\t{moment}\t{moment}\t0\t{value}\t{value}\t{stream}\t{stream}\n"
            )
        with connection.cursor().copy(f'COPY "OBSERVATIONS" ({names}) FROM STDIN') as out:
            for start in range(0, len(lines), 10_000):
                out.write("".join(lines[start : start + 10_000]))


def _settle(connection: psycopg.Connection, table: str) -> None:
    """Let the next id follow the last one loaded."""
    connection.execute(
        f"""SELECT setval(pg_get_serial_sequence('"{table}"', 'ID'), max("ID")) FROM "{table}\""""
    )
