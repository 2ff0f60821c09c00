"""POST: entities with the related entities they bring, in one transaction (18-088, 10.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update

from yiwang.contracts.events import EntitiesChanged
from yiwang.kernel.text import phrase
from yiwang.security.actions import Context
from yiwang.sensing import tables as t
from yiwang.sensing.sta import geometry, payload, several
from yiwang.sensing.sta.errors import BadReference, BadValue, MissingProperty, words
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    HISTORICAL_LOCATION,
    LOCATION,
    MULTI_DATASTREAM,
    OBSERVATION,
    THING,
    TYPES,
    EntityType,
    Property,
    Relation,
)
from yiwang.sensing.store import take_ids

Json = dict[str, Any]
MOST_DEPTH = 12

_RESULT_TYPES = {"OM_Measurement": "number", "OM_CountObservation": "number"}
"""observationType (its last part) → what a datastream accepts; any other accepts anything."""


@dataclass
class Creation:
    """One deep insert. ``observations`` are those the entities brought; they are not stored
    here but through the intake, once the transaction is committed."""

    ctx: Context
    observations: list[Observation] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Where in the request each of them stands."""
    datastreams: int = 0
    _depth: int = 0

    def create(self, type_: EntityType, sent: Any, given: Mapping[str, int], where: str) -> int:
        """Insert one entity and all it brings; returns its id.

        ``given``: relations that the address of the request settles already. Raises BadValue,
        MissingProperty, UnknownProperty, BadReference; then nothing was created.
        """
        if not isinstance(sent, dict):
            raise BadValue(where, name=type_.name, value=_short(sent), wanted=phrase("json_object"))
        self._depth += 1
        if self._depth > MOST_DEPTH:
            wanted = words("levels", most=MOST_DEPTH)
            raise BadValue(where, name=type_.name, value="…", wanted=wanted)
        self.check_names(type_, sent, where)
        row = self._columns(type_, sent, where)
        later: list[tuple[Relation, list[Any]]] = []
        for relation in type_.relations:
            value = sent.get(relation.name)
            at = _at(where, relation.name)
            if relation.many:
                items = self._items(value, at)
                settled = relation.through is not None and relation.name in given
                if items or relation.required or settled:
                    later.append((relation, items))
            elif relation.mine:
                row[relation.mine] = self._one(type_, relation, value, given, at)
        id_ = self._insert(type_, row)
        for relation, items in later:
            self._many(type_, id_, relation, items, given, _at(where, relation.name))
        self._depth -= 1
        return id_

    def move(self, thing: int, locations: list[int], time: int | None = None) -> None:
        """Put a thing at locations, and keep that in its history."""
        now = self.ctx.now if time is None else time
        connection = self.ctx.connection
        row = {"thing": thing, "time": now}
        history = self._insert(HISTORICAL_LOCATION, row)
        links = [{"historical_location": history, "location": id_} for id_ in locations]
        connection.execute(insert(t.historical_location_locations), links)
        self.settle(thing, locations)

    def settle(self, thing: int, locations: list[int]) -> None:
        """Make locations the current ones of a thing."""
        connection = self.ctx.connection
        connection.execute(delete(t.thing_locations).where(t.thing_locations.c.thing == thing))
        links = [{"thing": thing, "location": id_} for id_ in locations]
        connection.execute(insert(t.thing_locations), links)
        query = select(t.locations.c.lon, t.locations.c.lat).where(
            t.locations.c.id.in_(locations), t.locations.c.lon.is_not(None)
        )
        point = connection.execute(query.order_by(t.locations.c.id)).first()
        if point is not None:
            place = update(t.things).where(t.things.c.id == thing)
            connection.execute(place.values(lon=point.lon, lat=point.lat))
        self.datastreams += 1
        self.ctx.emit(EntitiesChanged(THING.name, [thing], ["Locations"]))

    def check_names(self, type_: EntityType, sent: Json, where: str) -> None:
        known = [item.name for item in type_.properties]
        known += [item.name for item in type_.relations]
        for name in sent:
            if name not in known and "@iot." not in name:
                raise type_.unknown(name, _at(where, name), known)

    def _columns(self, type_: EntityType, sent: Json, where: str) -> Json:
        row: Json = {}
        for item in type_.properties:
            if item.column and not item.read_only:
                row[item.column] = self.value(type_, item, sent.get(item.name), where)
        for name in geometry.NAMES & row.keys():
            row |= geometry.columns(name, row[name], _at(where, name))
        return row

    def value(self, type_: EntityType, item: Property, value: Any, where: str) -> Any:
        at = _at(where, item.name)
        if value is None:
            if item.required:
                raise MissingProperty(at, name=item.name, entity=type_.name)
            return None
        if item.kind == "text" and not isinstance(value, str):
            raise BadValue(at, name=item.name, value=_short(value), wanted=phrase("text"))
        if item.kind == "instant":
            return payload.moment(value, at)[0] if isinstance(value, str) else self._no_time(value)
        if item.name in _OBJECTS and not isinstance(value, dict):
            raise BadValue(at, name=item.name, value=_short(value), wanted=phrase("json_object"))
        return value

    def _no_time(self, value: Any) -> int:
        raise BadValue("time", name="time", value=_short(value), wanted=words("time_as_text"))

    def _one(
        self, type_: EntityType, relation: Relation, value: Any, given: Mapping[str, int], at: str
    ) -> int:
        """The entity of a to-one relation: given, referred to, or brought along."""
        if relation.name in given:
            return given[relation.name]
        if value is None:
            raise MissingProperty(at, name=relation.name, entity=type_.name)
        return self._entity(TYPES[relation.target], value, {}, at)

    def _entity(self, type_: EntityType, value: Any, given: Mapping[str, int], at: str) -> int:
        if isinstance(value, dict) and "@iot.id" in value:
            id_ = payload.whole(value["@iot.id"], at)
            table = type_.stored
            found = self.ctx.connection.execute(select(table.c.id).where(table.c.id == id_))
            if found.first() is None:
                raise BadReference(at, entity=type_.name, id=id_)
            return id_
        return self.create(type_, value, given, at)

    def _items(self, value: Any, at: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise BadValue(at, name=at, value=_short(value), wanted=words("a_list"))
        return value

    def _many(
        self,
        type_: EntityType,
        id_: int,
        relation: Relation,
        items: list[Any],
        given: Mapping[str, int],
        at: str,
    ) -> None:
        target = TYPES[relation.target]
        if target is OBSERVATION:
            self._observe(id_, relation, items, at)
            return
        if relation.through is None:
            for index, item in enumerate(items):
                self._own(target, relation, id_, item, f"{at}[{index}]")
            return
        ids = [self._entity(target, item, {}, f"{at}[{i}]") for i, item in enumerate(items)]
        if relation.name in given:
            ids.append(given[relation.name])
        if not ids:
            raise MissingProperty(at, name=relation.name, entity=type_.name)
        if not relation.through.order:
            ids = list(dict.fromkeys(ids))
        if type_ is THING:
            self.move(id_, ids)
        elif type_ is LOCATION and target is THING:
            for thing in ids:
                self.move(thing, [id_])
        else:
            self.link(relation, id_, ids)

    def _own(self, target: EntityType, relation: Relation, id_: int, item: Any, at: str) -> None:
        if isinstance(item, dict) and "@iot.id" in item:
            wanted = words("a_new", target=target.name, inverse=relation.inverse)
            raise BadValue(at, name=relation.name, value="@iot.id", wanted=wanted)
        self.create(target, item, {relation.inverse: id_}, at)

    def link(self, relation: Relation, id_: int, ids: list[int]) -> None:
        through = relation.through
        assert through is not None
        table = through.table
        if through.order:
            several.check_count(self.ctx.connection, id_, len(ids))
        self.ctx.connection.execute(
            insert(table),
            [
                {through.mine: id_, through.theirs: other}
                | ({through.order: place} if through.order else {})
                for place, other in enumerate(ids)
            ],
        )
        if table is t.historical_location_locations and through.mine == "historical_location":
            self.follow(id_)

    def follow(self, history: int) -> None:
        """A historical location made by hand moves the thing when it is its newest."""
        table = t.historical_locations
        made = self.ctx.connection.execute(select(table).where(table.c.id == history)).one()
        newest = select(func.max(table.c.time)).where(table.c.thing == made.thing)
        if made.time >= self.ctx.connection.execute(newest).scalar_one():
            links = t.historical_location_locations.c
            there = select(links.location).where(links.historical_location == history)
            self.settle(made.thing, list(self.ctx.connection.execute(there).scalars()))

    def _observe(self, id_: int, relation: Relation, items: list[Any], at: str) -> None:
        for index, item in enumerate(items):
            observed = payload.decode(msgspec.json.encode(item), self.ctx.now)
            if relation.inverse != FEATURE_OF_INTEREST.name:
                observed.datastream = id_
                observed.multi = relation.inverse == MULTI_DATASTREAM.name
            else:
                observed.feature = id_
            if observed.datastream is None:
                where = f"{at}[{index}]"
                raise MissingProperty(where, name="Datastream", entity=OBSERVATION.name)
            self.observations.append(observed)
            self.places.append(f"{at}[{index}]")

    def _insert(self, type_: EntityType, row: Json) -> int:
        table = type_.stored
        id_ = take_ids(self.ctx.connection, table)
        values = {"id": id_, **row}
        if type_ is THING:
            owner = self.ctx.identity.organisation
            values |= {"created_at": self.ctx.now, "kind": "", "owner": owner}
            self.datastreams += 1
        if type_ is MULTI_DATASTREAM:
            values |= several.columns(row)
            self.datastreams += 1
        if type_ is DATASTREAM:
            values |= datastream_columns(row)
            self.datastreams += 1
        self.ctx.connection.execute(insert(table).values(values))
        return id_


_OBJECTS = frozenset({"properties", "unitOfMeasurement"})


def datastream_columns(row: Json) -> Json:
    """What the intake and the rules need to know of a datastream made over the API."""
    unit = row["unit_of_measurement"]
    symbol = unit.get("symbol") or unit.get("name") or ""
    last = row["observation_type"].rpartition("/")[2]
    return {
        "result_type": _RESULT_TYPES.get(last, "any"),
        "unit": symbol[:64] if isinstance(symbol, str) else "",
        "property": "",
    }


def _at(where: str, name: str) -> str:
    return f"{where}/{name}" if where else name


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode() if not isinstance(value, str) else value
    return text if len(text) <= 60 else text[:59] + "…"


def read_body(content: bytes) -> Any:
    """The JSON of a request. Raises BadValue."""
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        name, wanted = words("the_body"), words("json_document")
        raise BadValue("", name=name, value=str(error), wanted=wanted) from error
