"""PATCH and PUT of stored entities, in one transaction (18-088, 10.3)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from yiwang.kernel.text import phrase
from yiwang.security.actions import Context
from yiwang.sensing import tables as t
from yiwang.sensing.sta import geometry, payload, several
from yiwang.sensing.sta.creation import Creation, datastream_columns
from yiwang.sensing.sta.errors import BadReference, BadValue, MissingProperty, words
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    HISTORICAL_LOCATION,
    LOCATION,
    MULTI_DATASTREAM,
    OBSERVATION,
    THING,
    TYPES,
    EntityType,
    Relation,
)

Json = dict[str, Any]


class Changing:
    """One change. ``datastreams``: how many (multi-)datastreams it touched."""

    def __init__(self, ctx: Context) -> None:
        self._creation = Creation(ctx)
        self._connection = ctx.connection

    @property
    def datastreams(self) -> int:
        return self._creation.datastreams

    def change(self, type_: EntityType, id_: int, sent: Any, whole: bool) -> None:
        """Set the properties and links that are sent; ``whole``: and take the others away.
        Raises BadValue, MissingProperty, UnknownProperty, BadReference; then nothing changed.
        """
        if not isinstance(sent, dict):
            raise BadValue("", name=type_.name, value=str(sent)[:60], wanted=phrase("json_object"))
        self._creation.check_names(type_, sent, "")
        row = self._columns(type_, sent, whole)
        later: list[tuple[Relation, list[int]]] = []
        for relation in type_.relations:
            if relation.name not in sent:
                continue
            if relation.many:
                later.append((relation, self._many(relation, sent[relation.name])))
            elif relation.mine:
                row[relation.mine] = self._reference(relation, sent[relation.name], relation.name)
        self._update(type_, id_, row)
        for relation, ids in later:
            self._relate(type_, id_, relation, ids)
        if type_ is HISTORICAL_LOCATION:
            self._creation.follow(id_)

    def _columns(self, type_: EntityType, sent: Json, whole: bool) -> Json:
        row: Json = {}
        for item in type_.properties:
            if item.column and not item.read_only and (whole or item.name in sent):
                row[item.column] = self._creation.value(type_, item, sent.get(item.name), "")
        for name in geometry.NAMES & row.keys():
            row |= geometry.columns(name, row[name], name)
        return row

    def _update(self, type_: EntityType, id_: int, row: Json) -> None:
        table = type_.stored
        if type_ in (DATASTREAM, MULTI_DATASTREAM):
            mine = select(table).where(table.c.id == id_)
            before = dict(self._connection.execute(mine).mappings().one())
            if type_ is MULTI_DATASTREAM:
                row |= several.columns(before | row)
            elif not before["property"]:
                row |= datastream_columns(before | row)
            self._creation.datastreams += 1
        if type_ is LOCATION and "location" in row:
            row["feature"] = None
        if row:
            self._connection.execute(update(table).where(table.c.id == id_).values(row))
        if type_ is LOCATION and "location" in row:
            self._place_things(id_)

    def _place_things(self, location: int) -> None:
        """Things at a location that was changed are where it is now."""
        links = t.thing_locations.c
        things = select(links.thing).where(links.location == location)
        for thing in list(self._connection.execute(things).scalars()):
            there = select(links.location).where(links.thing == thing)
            self._creation.settle(thing, list(self._connection.execute(there).scalars()))

    def _many(self, relation: Relation, value: Any) -> list[int]:
        if relation.target == OBSERVATION.name or not isinstance(value, list):
            wanted = words("links")
            raise BadValue(relation.name, name=relation.name, value="…", wanted=wanted)
        places = enumerate(value)
        return [self._reference(relation, v, f"{relation.name}[{i}]") for i, v in places]

    def _reference(self, relation: Relation, value: Any, at: str) -> int:
        if value is None:
            raise MissingProperty(at, name=relation.name, entity=relation.target)
        if not isinstance(value, dict) or "@iot.id" not in value:
            raise BadValue(at, name=relation.name, value="…", wanted=words("link"))
        id_ = payload.whole(value["@iot.id"], at)
        table = TYPES[relation.target].stored
        if self._connection.execute(select(table.c.id).where(table.c.id == id_)).first() is None:
            raise BadReference(at, entity=relation.target, id=id_)
        return id_

    def _relate(self, type_: EntityType, id_: int, relation: Relation, ids: list[int]) -> None:
        through = relation.through
        if through is None:
            target = TYPES[relation.target].stored
            mine = update(target).where(target.c.id.in_(ids))
            self._connection.execute(mine.values({relation.theirs: id_}))
            self._creation.datastreams += 1
        elif type_ is THING and ids:
            self._creation.move(id_, list(dict.fromkeys(ids)))
        elif type_ is LOCATION and relation.target == THING.name:
            for thing in ids:
                self._creation.move(thing, [id_])
        elif relation.required and not ids:
            raise MissingProperty(relation.name, name=relation.name, entity=type_.name)
        elif relation.required:
            table = through.table
            self._connection.execute(delete(table).where(table.c[through.mine] == id_))
            self._creation.link(relation, id_, ids if through.order else list(dict.fromkeys(ids)))
        elif ids:
            self._add(relation, id_, ids)

    def _add(self, relation: Relation, id_: int, ids: list[int]) -> None:
        """Links of a relation that the other side holds: those that are not there yet."""
        through = relation.through
        assert through is not None
        if through.repeated:
            wanted = words("inverse_instead", inverse=relation.inverse, target=relation.target)
            raise BadValue(relation.name, name=relation.name, value="…", wanted=wanted)
        columns = through.table.c
        there = select(columns[through.theirs]).where(columns[through.mine] == id_)
        new = set(ids) - set(self._connection.execute(there).scalars())
        if new:
            pairs = [{through.mine: id_, through.theirs: other} for other in sorted(new)]
            self._connection.execute(insert(through.table), pairs)
